"""One of many that want the same lock: `python -m tests.state.contender KIND PLACE NAME`, told what to do on stdin.

`try` answers `won` or `lost WHO`, `free` answers `free`, `check` answers `ours` or `not ours`.
"""

from __future__ import annotations

import contextlib
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from accessctl.holder import Holder
from accessctl.lock import LocalLock, LockedError, LostLockError
from accessctl.state import RemoteLock, open_store


def answer(line: str) -> None:
    """Say one line, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(kind: str, place: str, name: str, lease: float = 60.0) -> None:
    """Answer each line of stdin with one of stdout."""
    held = contextlib.ExitStack()
    lock = (
        LocalLock(Path(place))
        if kind == "local"
        else RemoteLock(open_store(place, os.environ), ["1001"], lease=lease, beat=lease / 3)
    )
    answer("ready")
    for line in sys.stdin:
        match line.strip():
            case "try":
                try:
                    held.enter_context(lock.hold(Holder(name, datetime.now(UTC))))
                    answer("won")
                except LockedError as error:
                    answer(f"lost {error.what}")
            case "check":
                try:
                    lock.check()
                    answer("ours")
                except LostLockError:
                    answer("not ours")
            case "free":
                held.close()
                answer("free")


if __name__ == "__main__":
    main(*sys.argv[1:4], *map(float, sys.argv[4:]))

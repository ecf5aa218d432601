"""Runs accessctl on a disk that fails at the Nth use of the journal, and from then on.

`python -m tests.failing HOW N TRACE ARGS...`; a use is one write or one fsync of the journal's file, and N = 0 never
comes. HOW is `ENOSPC` or `EIO`, or `half`: then a write takes half of its bytes, as a disk that fills up does. What
the journal and the network were asked to do is written to the file TRACE, a line each, in order.
"""

from __future__ import annotations

import errno
import os
import sys
import threading
from pathlib import Path
from typing import Any

import httpx

from accessctl.__main__ import run

JOURNAL = ".jsonl"


class Disk:
    """The journal's file, and a memory of what was asked of it and of the network."""

    def __init__(self, how: str, last: int) -> None:
        self.how = how
        self.last = last
        self.files: set[int] = set()
        self.uses = 0
        self.asked: list[str] = []
        self._lock = threading.Lock()

    def note(self, what: str) -> None:
        with self._lock:
            self.asked.append(what)

    def fails(self, what: str) -> bool:
        """Count a use of the journal, and tell whether it is to fail."""
        self.note(what)
        with self._lock:
            self.uses += 1
            return 0 < self.last <= self.uses

    def error(self) -> OSError:
        number = errno.EIO if self.how == "EIO" else errno.ENOSPC
        return OSError(number, os.strerror(number))


def watch(disk: Disk) -> None:
    """Let the journal's file stand on this disk."""
    open_, write, fsync, send = os.open, os.write, os.fsync, httpx.Client.send

    def opening(path: Any, *args: Any, **kwargs: Any) -> int:
        handle = open_(path, *args, **kwargs)
        (disk.files.add if str(path).endswith(JOURNAL) else disk.files.discard)(handle)
        return handle

    def writing(handle: int, data: bytes) -> int:
        if handle in disk.files and disk.fails("write"):
            if disk.how != "half":
                raise disk.error()
            return write(handle, data[: len(data) // 2])
        return write(handle, data)

    def syncing(handle: int) -> None:
        if handle in disk.files and disk.fails("fsync"):
            raise disk.error()
        fsync(handle)

    def sending(client: httpx.Client, request: httpx.Request, **more: Any) -> httpx.Response:
        disk.note(f"send {request.method} {request.url.path}")
        return send(client, request, **more)

    os.open, os.write, os.fsync = opening, writing, syncing  # type: ignore[assignment]
    httpx.Client.send = sending  # type: ignore[method-assign]


def main(how: str, last: int, trace: Path, args: list[str]) -> int:
    disk = Disk(how, last)
    watch(disk)
    code = run(args)
    trace.write_text("\n".join(disk.asked))
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), sys.argv[4:]))

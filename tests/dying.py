"""Runs accessctl and kills it, as a power cut would, at the Nth step of its journal and its calls.

`python -m tests.dying N STEPS ARGS...` counts a step before and after every fsync and every request; N = 0
never comes. How many steps there were is written to the file STEPS where the run ends by itself, and what each
was to STEPS.names.

Its clock is slow by an hour, or as many minutes as DYING_SLOW says: the next run then takes what it has sent for
old, and need not wait for what may still be on its way.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from accessctl.__main__ import run
from accessctl.workflow import apply_plan


def main(last: int, steps: Path, args: list[str]) -> int:
    taken: list[str] = []
    lock = threading.Lock()

    def step(name: str) -> None:
        with lock:
            taken.append(name)
            if len(taken) == last:
                os.kill(os.getpid(), signal.SIGKILL)

    def between(call: Any) -> Any:
        def stepping(*args: Any, **kwargs: Any) -> Any:
            name = " ".join(
                [
                    call.__name__,
                    *(f"{one.method} {one.url.path}" for one in (*args, *kwargs.values()) if hasattr(one, "url")),
                ]
            )
            step(f"before {name}")
            try:
                return call(*args, **kwargs)
            finally:
                step(f"after {name}")

        return stepping

    os.fsync = between(os.fsync)
    httpx.Client.send = between(httpx.Client.send)  # type: ignore[method-assign]
    slow = timedelta(minutes=int(os.environ.get("DYING_SLOW", "60")))
    apply_plan.__kwdefaults__["clock"] = lambda: datetime.now(UTC) - slow
    code = run(args)
    steps.write_text(str(len(taken)))
    steps.with_suffix(".names").write_text("\n".join(taken))
    return code


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]))

"""Runs accessctl and kills it, as a power cut would, at the Nth step of its journal and its calls.

`python -m tests.dying N STEPS ARGS...` counts a step before and after every fsync and every request; N = 0
never comes. How many steps there were is written to the file STEPS where the run ends by itself.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import httpx

from accessctl.__main__ import run


def main(last: int, steps: Path, args: list[str]) -> int:
    taken, lock = 0, threading.Lock()

    def step() -> None:
        nonlocal taken
        with lock:
            taken += 1
            if taken == last:
                os.kill(os.getpid(), signal.SIGKILL)

    def between(call: Any) -> Any:
        def stepping(*args: Any, **kwargs: Any) -> Any:
            step()
            try:
                return call(*args, **kwargs)
            finally:
                step()

        return stepping

    os.fsync = between(os.fsync)
    httpx.Client.send = between(httpx.Client.send)  # type: ignore[method-assign]
    code = run(args)
    steps.write_text(str(taken))
    return code


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]))

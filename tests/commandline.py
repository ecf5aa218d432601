"""The command line, run in this process as in one of its own: its streams, its directory and its environment."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from accessctl import __main__ as program

if TYPE_CHECKING:
    from collections.abc import Iterator

    Ended = subprocess.CompletedProcess[str]

OURS = ("ACCESSCTL", "GITHUB_", "CI")
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def environment(**more: str) -> dict[str, str]:
    """Return our environment without its settings, and with `more`."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(OURS)}
    return kept | {"PYTHONWARNINGS": "error", "COLUMNS": "80"} | more


def run_alone(*args: str, cwd: Path, **environ: str) -> Ended:
    """Run the command line in a fresh process."""
    return subprocess.run(
        [sys.executable, "-m", "accessctl", *args],
        cwd=cwd,
        env=environment(**environ),
        capture_output=True,
        text=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
        timeout=120,
    )


def run_here(*args: str, cwd: Path, **environ: str) -> Ended:
    """Run the command line in this process; warnings are errors here anyway. What it started has ended with it."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    with (
        _settings(environment(**environ)),
        _nobody_at_the_terminal(),
        _signals(),
        _threads(),
        contextlib.chdir(cwd),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        code = program.run(args)
    return subprocess.CompletedProcess(args, code, *(one.buffer.getvalue().decode() for one in (out, err)))


@contextlib.contextmanager
def _settings(wanted: dict[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    _become(wanted)
    try:
        yield
    finally:
        _become(before)


def _become(wanted: dict[str, str]) -> None:
    for key in os.environ.keys() - wanted.keys():
        del os.environ[key]
    os.environ.update(wanted)


@contextlib.contextmanager
def _nobody_at_the_terminal() -> Iterator[None]:
    before = sys.stdin
    with Path(os.devnull).open(encoding="utf-8") as nobody:
        sys.stdin = nobody
        try:
            yield
        finally:
            sys.stdin = before


@contextlib.contextmanager
def _signals() -> Iterator[None]:
    before = {one: signal.getsignal(one) for one in SIGNALS}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


@contextlib.contextmanager
def _threads() -> Iterator[None]:
    """Wait for the threads that a process of its own would have ended."""
    before = set(threading.enumerate())
    try:
        yield
    finally:
        for one in set(threading.enumerate()) - before:
            if not one.daemon:
                one.join(60)

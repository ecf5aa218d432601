"""Runs accessctl: with no token of GitHub, and as a good parent that hands signals on and waits."""

from __future__ import annotations

import signal
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import FrameType

    from settings import Settings

# A job's own tokens, and our settings: accessctl needs none of them. Empty ones count as not set.
NOT_ITS = ("KIT_", "ACTIONS_RUNTIME_", "ACTIONS_CACHE_", "INPUT_")
GITHUB_TOKENS = ("GITHUB_TOKEN", "GH_TOKEN")


def accessctl(settings: Settings, *args: str, stdout: Path | None = None, secrets: bool = True) -> int:
    """Run a command in the project's directory. Returns its exit code; `stdout` is a file for its result.

    Without `secrets` it gets no token of Meta either. A job that is cancelled sends a signal: accessctl then
    ends what is in flight, so it is handed on, and waited for.
    """
    command = [settings.get("PROGRAM") or "accessctl", "-C", settings.directory, *args]
    output = stdout.open("wb") if stdout else None
    try:
        with subprocess.Popen(  # noqa: S603  # no shell, and each word is an argument of its own
            command, env=_environment(settings, secrets), stdout=output
        ) as process:
            _hand_on_signals(process)
            return process.wait()
    finally:
        if output:
            output.close()


def _environment(settings: Settings, secrets: bool) -> dict[str, str]:
    def is_its(name: str) -> bool:
        is_secret = name.startswith("ACCESSCTL_") and ("TOKEN" in name or "SECRET" in name)
        return not name.startswith(NOT_ITS) and name not in GITHUB_TOKENS and (secrets or not is_secret)

    return {name: value for name, value in settings.environ.items() if is_its(name)}


def _hand_on_signals(process: subprocess.Popen[bytes]) -> None:
    def hand_on(number: int, _: FrameType | None) -> None:
        process.send_signal(number)

    handler: Callable[[int, FrameType | None], None] = hand_on
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handler)

"""What a step hands to the runner: outputs, the step summary, and its own lines in the log."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from settings import Settings

SUMMARY_BYTES = 900 * 1024  # GitHub takes 1 MiB a step, and throws the whole summary away above that
TOO_LONG = "The summary would be longer than GitHub takes. What it says is in the log and in the plan file.\n"


def say(level: str, text: str) -> None:
    """Print an annotation: `level` is error, warning or notice. Our own words only, and yet escaped."""
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    sys.stdout.write(f"::{level} title=accessctl::{escaped}\n")
    sys.stdout.flush()


def give(settings: Settings, outputs: Mapping[str, str]) -> None:
    """Set outputs of this step. The delimiter is random, so that no value can end itself and begin another."""
    with Path(settings.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as file:
        for name, value in outputs.items():
            end = f"end-{secrets.token_hex(16)}"
            file.write(f"{name}<<{end}\n{value}\n{end}\n")


def summarize(settings: Settings, markdown: str) -> None:
    """Add to the summary of this step, as far as there is room; else say so there."""
    path = Path(settings.environ["GITHUB_STEP_SUMMARY"])
    taken = path.stat().st_size if path.exists() else 0
    fits = taken + len(markdown.encode()) + 1 <= SUMMARY_BYTES
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{markdown}\n" if fits else TOO_LONG)

"""What every test may ask for: a company of its own, and the command line as a user runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.company import Company

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., subprocess.CompletedProcess[str]]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--renew-golden", action="store_true", help="write the golden files anew; read the diff in review")


@pytest.fixture
def company(tmp_path: Path) -> Company:
    """An empty company: a project directory with a world, to be filled by the test."""
    return Company(tmp_path)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run the command line in a fresh process, in `tmp_path`, with nothing of our own environment's settings."""

    def run(*args: str, cwd: Path = tmp_path, **environ: str) -> subprocess.CompletedProcess[str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("ACCESSCTL", "GITHUB_", "CI"))}
        return subprocess.run(
            [sys.executable, "-m", "accessctl", *args],
            cwd=cwd,
            env=kept | {"PYTHONWARNINGS": "error", "COLUMNS": "80"} | environ,
            capture_output=True,
            text=True,
            encoding="utf-8",
            stdin=subprocess.DEVNULL,
            timeout=120,
        )

    return run

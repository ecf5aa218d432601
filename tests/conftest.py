"""What every test may ask for: a company of its own, and the command line as a user runs it."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.commandline import run_alone as run_alone_at
from tests.commandline import run_here
from tests.company import Company

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., subprocess.CompletedProcess[str]]


def pytest_configure() -> None:
    """Let the programs that tests start keep what they compile, or each would compile all of accessctl anew."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--renew-golden", action="store_true", help="write the golden files anew; read the diff in review")


@pytest.fixture
def company(tmp_path: Path) -> Company:
    """An empty company: a project directory with a world, to be filled by the test."""
    return Company(tmp_path)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run the command line in this process, in `tmp_path`, with nothing of our own environment's settings."""
    return partial(run_here, cwd=tmp_path)


@pytest.fixture
def run_alone(tmp_path: Path) -> Run:
    """Run it in a fresh process, where that is the point: what it loads, how it ends, and what it inherits."""
    return partial(run_alone_at, cwd=tmp_path)

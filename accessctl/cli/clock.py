"""The clock that a command goes by: the machine's, or that of the sandbox, which `sandbox forward` sets ahead."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

RIGHT = timedelta()


class Clock:
    """One command's clock, for all of its threads."""

    def __init__(self) -> None:
        self._ahead = RIGHT

    def now(self) -> datetime:
        """Return the time, UTC."""
        return datetime.now(UTC) + self._ahead

    @contextmanager
    def of_sandbox(self, directory: Path, world: str) -> Iterator[None]:
        """Go by the clock of a project's sandbox of a world file inside the block; without a world, by the machine's.

        Raises AccessctlError where the sandbox's clock cannot be read.
        """
        self._ahead = _ahead(directory, Path(world)) if world else RIGHT
        try:
            yield
        finally:
            self._ahead = RIGHT


def _ahead(directory: Path, world: Path) -> timedelta:
    from accessctl.connection import sandbox_state
    from accessctl.errors import AccessctlError
    from accessctl.sandbox import WorldError
    from accessctl.sandbox.store import ahead

    try:
        return ahead(sandbox_state(directory), world)
    except WorldError as error:
        raise AccessctlError(error.what, error.hint) from None

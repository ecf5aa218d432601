"""What a journal needs of the place where its lines are kept."""

from __future__ import annotations

from typing import Protocol


class Ledger(Protocol):
    """Where a journal's lines are kept. Every method but `close` raises OSError where that cannot be used."""

    name: str  # how a person is told of it: a path or a URL

    def read(self) -> bytes:
        """Return all that is there; nothing where there is no journal yet."""
        ...

    def open(self) -> tuple[bytes, int]:
        """Make ready for more; return the whole lines, and how many bytes of a torn last one were cut."""
        ...

    def append(self, line: bytes) -> None:
        """Add a line, with its end; it is durable when this returns."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...

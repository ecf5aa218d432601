"""The append-only record of what apply sent and what came back: JSON lines, each durable before the next step."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

from accessctl.chain import Entry, Head, JournalError, hash_of, read_chain, sealed
from accessctl.remember import remember

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from accessctl.ledger import Ledger

__all__ = ["Entry", "Journal", "JournalError", "read_journal", "remember"]


class Journal:
    """Appends entries; every one is durable when `write` returns. Safe to use from many threads.

    `about` is what every line of this run says beside its own content: the plan, the commit, who started it.
    """

    def __init__(
        self,
        ledger: Ledger,
        run: str,
        *,
        about: Mapping[str, str] | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.ledger = ledger
        self.run = run
        self.head = Head()
        self.torn = 0
        self._about = dict(about or {})
        self._now = now
        self._lock = threading.Lock()
        self._broken: OSError | None = None

    def __enter__(self) -> Self:
        """Go to the journal's end; `torn` then counts the bytes of a torn last line that were cut."""
        try:
            content, self.torn = self.ledger.open()
        except OSError as error:
            self.ledger.close()
            raise self._unwritable(error) from None
        if content:
            self.head = Head(content.count(b"\n"), hash_of(content[:-1].rpartition(b"\n")[2]))
        return self

    def __exit__(self, *_: object) -> None:
        self.ledger.close()

    def write(self, event: str, **content: Any) -> None:
        """Append one entry and wait until it is durable.

        Raises JournalError: the caller must then send nothing.
        """
        entry = {**self._about, "at": self._now().isoformat(), "run": self.run, "event": event, **content}
        with self._lock:
            if self._broken:
                raise self._unwritable(self._broken)
            line = sealed(entry, self.head.hash)
            try:
                self.ledger.append(line + b"\n")
            except OSError as error:
                self._broken = error
                raise self._unwritable(error) from None
            self.head = Head(self.head.lines + 1, hash_of(line))

    def _unwritable(self, error: OSError) -> JournalError:
        return JournalError(
            f"the journal {self.ledger.name} cannot be written: {error.strerror or error}",
            "nothing is sent to Meta without it; make room or make it writable, then run the command again",
        )


def read_journal(ledger: Ledger) -> tuple[Entry, ...]:
    """Return the entries in order; none where there is no journal yet. A torn last line is left out.

    Raises JournalError with the line number for anything else that is not as it was written.
    """
    return read_chain(ledger).entries

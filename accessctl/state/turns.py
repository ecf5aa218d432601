"""A row of numbered records of which the newest counts: who makes the next one has the say.

Only one of two can create the object with the next number, so this is compare-and-swap with the one operation
that every store has. Who creates a number that others have passed meanwhile, because its object was cleared
away, sees the newer ones and has lost.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from accessctl.holder import Holder, holder_of
from accessctl.state.store import StateError

if TYPE_CHECKING:
    from datetime import datetime

    from accessctl.state.store import Store

VERSION = 1
TRIES = 20  # looks at a row whose newest record is replaced while it is fetched


@dataclass(frozen=True, slots=True)
class Turn:
    """The newest record: its number, who holds the lock by it (None: nobody), and how old it may grow.

    `changed` is when it was made, by the store's clock; `seconds` is how long it counts from then on.
    """

    number: int
    holder: Holder | None
    seconds: float
    changed: datetime


class Turns:
    """The row of one lock."""

    def __init__(self, store: Store, lock: str) -> None:
        self.lock = lock
        self._store = store

    def newest(self) -> Turn | None:
        """Return the record that counts, None where the lock was never held. Raises StateError."""
        for _ in range(TRIES):
            found = self._store.list(self.lock)
            if not found:
                return None
            if content := self._store.get(found[-1].name):
                return self._turn(found[-1].name, content, found[-1].changed)
        raise StateError(f"the lock {self.lock} changes faster than it can be read", "run the command again")

    def number(self) -> int:
        """Return the newest number, 0 where there is none. Raises StateError."""
        found = self._store.list(self.lock)
        return _number(found[-1].name) if found else 0

    def follow(self, number: int, holder: Holder | None, seconds: float, beat: int = 0) -> bool:
        """Make the record after `number`; False where somebody else was there first. Raises StateError."""
        document = {"v": VERSION, "seconds": seconds, "beat": beat, "holder": holder.document() if holder else None}
        content = json.dumps(document, sort_keys=True).encode()
        if not self._store.create(self._name(number + 1), content):
            return False
        numbers = [_number(found.name) for found in self._store.list(self.lock)]
        if max(numbers, default=0) != number + 1:
            return False
        self._store.delete(self._name(old) for old in numbers if old < number)
        return True

    def _turn(self, name: str, content: bytes, changed: datetime) -> Turn:
        try:
            document = json.loads(content)
            if document["v"] != VERSION:
                raise StateError(f"the lock {self.lock} was made by another accessctl", "use the newer accessctl")
            holder = holder_of(document["holder"]) if document["holder"] else None
            return Turn(_number(name), holder, float(document["seconds"]), changed)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise StateError(
                f"the lock {self.lock} holds what accessctl did not write", f"look at {self._store.url}/{name}"
            ) from None

    def _name(self, number: int) -> str:
        return f"{self.lock}/{number:012}.json"


def _number(name: str) -> int:
    stem = name.rpartition("/")[2].removesuffix(".json")
    if not (stem.isascii() and stem.isdigit()):
        raise StateError(f"{name} is no record of a lock", "take away what accessctl did not put there")
    return int(stem)

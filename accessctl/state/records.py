"""Records in an object store: an object for each time somebody added, put together when there are many."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC
from typing import TYPE_CHECKING

from accessctl.records import read_rows, write_rows
from accessctl.state.store import StateError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from accessctl.records import Row, Topic
    from accessctl.state.store import Found, Store

PREFIX = "records"
AT_ONCE = 16
TRIES = 5  # reads of a topic whose objects are put together meanwhile
MANY = 50  # objects of one month; from then on they are put together


class ObjectRecords:
    """Keeps rows in a store, below `records/TOPIC/MONTH/`."""

    def __init__(self, store: Store) -> None:
        self.name = f"{store.url}/{PREFIX}"
        self._store = store

    def add(self, topic: Topic, rows: Sequence[Row], now: datetime) -> None:
        """Add rows as one object."""
        try:
            self._store.put(_name(topic, now), write_rows(rows))
        except StateError as error:
            raise OSError(error.reason) from None

    def read(self, topic: Topic) -> tuple[Row, ...]:
        """Return all rows, by the names of their objects, which begin with a time."""
        try:
            for _ in range(TRIES):
                pieces = self._pieces(self._store.list(f"{PREFIX}/{topic.name}"))
                if None not in pieces:  # one was taken away since it was listed: its rows are in a new one
                    return read_rows(b"\n".join(piece or b"" for piece in pieces), topic)
        except StateError as error:
            raise OSError(error.reason) from None
        raise OSError("its objects are put together over and over")

    def tidy(self, topic: Topic, now: datetime) -> None:
        """Take away months that are wholly too old; put those of one month together where they are many."""
        oldest = f"{(now - topic.kept).astimezone(UTC):%Y-%m}"
        months: dict[str, list[Found]] = {}
        try:
            for one in self._store.list(f"{PREFIX}/{topic.name}"):
                months.setdefault(one.name.split("/")[2], []).append(one)
            for month, found in months.items():
                if month < oldest:
                    self._store.delete(one.name for one in found)
                elif len(found) > MANY:
                    self._put_together(topic, found)
        except StateError as error:
            raise OSError(error.reason) from None

    def _put_together(self, topic: Topic, found: Sequence[Found]) -> None:
        """Make one object of many, under a name beside the first: it is there before they go."""
        pieces = self._pieces(found)
        if None in pieces:
            return  # another run is at it
        rows = read_rows(b"\n".join(piece or b"" for piece in pieces), topic)
        self._store.put(f"{found[0].name.removesuffix('.jsonl')[:100]}-{uuid.uuid4().hex[:8]}.jsonl", write_rows(rows))
        self._store.delete(one.name for one in found)

    def _pieces(self, found: Sequence[Found]) -> list[bytes | None]:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(lambda one: self._store.get(one.name), found))


def _name(topic: Topic, now: datetime) -> str:
    moment = now.astimezone(UTC)
    return f"{PREFIX}/{topic.name}/{moment:%Y-%m}/{moment:%Y-%m-%dT%H%M%S.%f}-{uuid.uuid4().hex[:12]}.jsonl"

"""What accessctl notes beside its journal: calls made, notices received, endpoints that are closed, ends foreseen.

Each topic is a pile of rows that only grows. No row depends on another, so any number of runs may add at a time,
without a lock; what is older than a topic's days is of no use and may go. Pure, but for the places behind it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Topic:
    """A kind of row. `name` is part of a file's or an object's name; rows are kept for at least `kept`.

    Where each row `counts`, one that cannot be read is no row that is not there: reading then fails.
    """

    name: str
    kept: timedelta
    counts: bool = False


CALLS = Topic("calls", timedelta(days=31))  # GRAPH_API 5.3 counts 15 days
NOTICES = Topic("notices", timedelta(days=400))
CLOSED = Topic("closed", timedelta(days=400))
ENDINGS = Topic("endings", timedelta(days=400), counts=True)
TOPICS = (CALLS, NOTICES, CLOSED, ENDINGS)


class Records(Protocol):
    """Where rows are kept. Every method raises OSError where the place cannot be used. Safe for many threads."""

    name: str  # how a person is told of it: a path or a URL

    def add(self, topic: Topic, rows: Sequence[Row], now: datetime) -> None:
        """Add rows as one; they are durable when this returns. A row is JSON; two alike count as one."""
        ...

    def read(self, topic: Topic) -> tuple[Row, ...]:
        """Return all rows, in the order in which they were added as far as clocks agree; () where there are none."""
        ...

    def tidy(self, topic: Topic, now: datetime) -> None:
        """Take away what is too old, and put together what is in many pieces. No row is lost."""
        ...


def write_rows(rows: Iterable[Row]) -> bytes:
    """Return rows as lines."""
    lines = (json.dumps(row, ensure_ascii=True, sort_keys=True, separators=(",", ":")) for row in rows)
    return b"".join(line.encode() + b"\n" for line in lines)


def read_rows(content: bytes, topic: Topic) -> tuple[Row, ...]:
    """Return the rows of lines, each once; what a crash has torn, and so nobody relied on, is left out.

    Raises OSError for a whole line that is no row, of a topic in which each counts.
    """
    found: list[Row] = []
    for line in dict.fromkeys(content.split(b"\n")):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):  # also for bytes that are no text
            row = None
        if isinstance(row, dict):
            found.append(row)
        elif topic.counts and line.strip() and (not line.startswith(b"{") or line.endswith(b"}")):
            raise OSError(f"a line of {topic.name} makes no sense")
    return tuple(found)


def is_of_token(row: Row, tokens: Mapping[str, str]) -> bool:
    """Tell whether a row counts for the token of its business, whose fingerprint is in `tokens`, by business.

    Another token may be of another app or person. A row that names none counts for each.
    """
    token = row.get("token")
    return token is None or token == tokens.get(str(row.get("business")), token)


def moment_of(row: Row, key: str = "at") -> datetime | None:
    """Return a time in UTC, None where a row has none that makes sense."""
    value = row.get(key)
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        return moment.astimezone(UTC) if moment is not None and moment.tzinfo is not None else None
    except (ValueError, OverflowError):  # no time, or one beyond all years
        return None

"""Which edges Meta does not open to this app, remembered so that they are not tried again and again. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from accessctl.graph.errors import Trouble
from accessctl.records import moment_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from accessctl.graph.errors import GraphError
    from accessctl.records import Row

AGAIN = timedelta(days=90)  # then it is tried once more: Meta opens and closes edges without a word
GET = "GET"
CODES = frozenset({3, 10, 100, 200})  # GRAPH_API 4.3: no code is documented for a closed edge
# What says that the edge is not there, or not for this app; a mere lack of permission says another thing.
_WORDS = re.compile(
    r"nonexist(?:ing|ent) field|unknown path|capability|deprecated|no longer (?:available|supported)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Closed:
    """An edge of a business, or of its ad accounts, that Meta refused as not there; `at` is when."""

    at: datetime
    code: int


class Memory:
    """What is known to be closed at one Graph URL, and the rows of what is found closed now, to be kept."""

    def __init__(self, rows: Iterable[Row], url: str, now: datetime) -> None:
        self.url = url
        self.now = now
        self.new: list[Row] = []
        self._known = dict(closed_edges(rows, url, now))

    def closed(self, business: str, edge: str) -> Closed | None:
        """Return when an edge of a business was found closed; None where it may be tried."""
        return self._known.get((business, edge))

    def learn(self, business: str, edge: str, error: GraphError) -> bool:
        """Take in a refusal; tell whether it says that the edge is closed."""
        if not is_closed(error):
            return False
        if self.closed(business, edge) is None:
            self.new.append(closed_row(self.url, business, edge, error, self.now))
            self._known[business, edge] = Closed(self.now, error.code)
        return True


def is_closed(error: GraphError) -> bool:
    """Tell whether a refusal says that the edge is not there for this app, whatever is asked of it."""
    if error.trouble is Trouble.CAPABILITY_MISSING:
        return True
    return error.code in CODES and bool(_WORDS.search(error.message))


def closed_row(url: str, business: str, edge: str, error: GraphError, now: datetime) -> Row:
    """Return what is remembered of a refusal."""
    at = now.isoformat(timespec="seconds")
    named = {"url": url, "business": business, "edge": f"{GET} {edge}"}
    return {"at": at, **named, "code": error.code, "subcode": error.subcode}


def closed_edges(rows: Iterable[Row], url: str, now: datetime) -> Mapping[tuple[str, str], Closed]:
    """Return what is closed at one Graph URL to reads, by business and edge; a row without sense says nothing."""
    found: dict[tuple[str, str], Closed] = {}
    for row in sorted(rows, key=lambda one: str(one.get("at"))):
        at, business, edge, code = moment_of(row), row.get("business"), row.get("edge"), row.get("code")
        if row.get("url") != url or at is None or not now - AGAIN < at <= now:
            continue
        if not isinstance(business, str) or not isinstance(edge, str) or not edge.startswith(f"{GET} "):
            continue
        key = business, edge.removeprefix(f"{GET} ")
        if row.get("open") is True:
            found.pop(key, None)
        else:
            found[key] = Closed(at, code if isinstance(code, int) else 0)
    return found

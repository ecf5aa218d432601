"""Listings that come in pages, read to the end or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from accessctl.graph.address import origin
from accessctl.graph.verdict import untrusted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from accessctl.graph.call import Call

PAGE_CAP = 1000  # pages of next to nothing; well filled ones do not count against it
ROW_CAP = 200_000

# What may be taken out of a `next` URL where there is no cursor (GRAPH_API 3.3: offset and time paging).
_PAGING_PARAMS = frozenset({"after", "offset", "__paging_token", "until", "since", "page"})

Row = dict[str, object]
Onward = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, and the parameters that lead to the next page: None at the end.

    `total` is how many rows Meta says the whole listing has, None where it does not say (GRAPH_API 3.3).
    """

    rows: tuple[Row, ...]
    onward: Onward | None
    total: int | None = None


class Trail:
    """The pages of one listing as they are read, one after another.

    An empty page is not the end; only a page without `next` is.
    """

    def __init__(self, call: Call, page_cap: int) -> None:
        self.rows: list[Row] = []
        self._call = call
        self._page_cap = page_cap
        self._pages = 0
        self._seen: set[Onward] = set()
        self._totals: set[int] = set()

    def add(self, page: Page) -> Onward | None:
        """Take in a page; return the way to the next one, None at the end.

        Raises GraphError where the pages run in a circle, or are more than any listing has.
        """
        self.rows += page.rows
        self._pages += 1
        if page.total is not None:
            self._totals.add(page.total)
        if page.onward is None:
            return None
        if page.onward in self._seen:
            raise untrusted(self._call, "leads back to a page that was read before")
        self._seen.add(page.onward)
        if self._pages > self._page_cap + len(self.rows) // 10 or len(self.rows) > ROW_CAP:
            raise untrusted(self._call, f"has no end after {self._pages} pages")
        return page.onward

    @property
    def flaw(self) -> str:
        """Why what was read to the end is not the whole listing; empty where nothing speaks against it.

        An id that comes twice, or a total that is another number: the listing moved while it was read.
        """
        if len({row["id"] for row in self.rows}) != len(self.rows):
            return "lists an id twice"
        wrong = sorted(self._totals - {len(self.rows)})
        return f"has {len(self.rows)} rows, and says that there are {wrong[0]}" if wrong else ""


def read_page(answer: object, call: Call, base_url: str) -> Page:
    """Read one page of a listing; raises GraphError where it cannot be told what it lists."""
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(answer, dict) or not isinstance(data, list):
        raise untrusted(call, "has no list of rows")
    rows = tuple(row for row in data if isinstance(row, dict) and isinstance(row.get("id"), str) and row["id"])
    if len(rows) != len(data):
        raise untrusted(call, "has a row without an id")
    return Page(rows, _onward(answer, call, base_url), _total(answer))


def collect(first: Page, fetch: Callable[[Onward], Page], call: Call, page_cap: int) -> Trail:
    """Read all pages after `first`. Raises GraphError where the end cannot be reached."""
    trail = Trail(call, page_cap)
    onward = trail.add(first)
    while onward is not None:
        onward = trail.add(fetch(onward))
    return trail


def _total(answer: Mapping[str, object]) -> int | None:
    summary = answer.get("summary")
    total = summary.get("total_count") if isinstance(summary, dict) else None
    return total if isinstance(total, int) and not isinstance(total, bool) else None


def _onward(answer: Mapping[str, object], call: Call, base_url: str) -> Onward | None:
    paging = answer.get("paging", {})
    if not isinstance(paging, dict):
        raise untrusted(call, "has a paging block nobody can read")
    if "next" not in paging:
        return None
    cursors = paging.get("cursors")
    after = cursors.get("after") if isinstance(cursors, dict) else None
    if isinstance(after, str) and after:
        return (("after", after),)
    return _from_url(paging["next"], call, base_url)


def _from_url(url: object, call: Call, base_url: str) -> Onward:
    """Take the paging parameters, and nothing else, out of a `next` that has no cursor beside it."""
    here = isinstance(url, str) and origin(url) == origin(base_url)
    found = parse_qs(urlsplit(url).query) if isinstance(url, str) and here else {}
    onward = {name: values for name, values in found.items() if name in _PAGING_PARAMS}
    if not onward or any(len(values) != 1 for values in onward.values()):
        raise untrusted(call, "has more pages, and does not say how to reach them")
    return tuple(sorted((name, values[0]) for name, values in onward.items()))

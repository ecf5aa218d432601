"""Listings that come in pages, read to the end or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from accessctl.graph.address import origin
from accessctl.graph.verdict import untrusted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from accessctl.graph.call import Call

PAGE_CAP = 1000

# What may be taken out of a `next` URL where there is no cursor (GRAPH_API 3.3: offset and time paging).
_PAGING_PARAMS = frozenset({"after", "offset", "__paging_token", "until", "since", "page"})

Row = dict[str, object]
Onward = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, and the parameters that lead to the next page: None at the end."""

    rows: tuple[Row, ...]
    onward: Onward | None


def read_page(answer: object, call: Call, base_url: str) -> Page:
    """Read one page of a listing; raises GraphError where it cannot be told what it lists."""
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(answer, dict) or not isinstance(data, list):
        raise untrusted(call, "has no list of rows")
    rows = tuple(row for row in data if isinstance(row, dict) and isinstance(row.get("id"), str) and row["id"])
    if len(rows) != len(data):
        raise untrusted(call, "has a row without an id")
    return Page(rows, _onward(answer, call, base_url))


def collect(first: Page, fetch: Callable[[Onward], Page], call: Call, page_cap: int) -> tuple[Row, ...]:
    """Return the rows of `first` and of all pages after it.

    An empty page is not the end; only a page without `next` is. Raises GraphError where the pages run in a
    circle or are more than `page_cap`.
    """
    rows, seen, page = list(first.rows), set[Onward](), first
    for _ in range(page_cap):
        if page.onward is None:
            return tuple(rows)
        if page.onward in seen:
            raise untrusted(call, "leads back to a page that was read before")
        seen.add(page.onward)
        page = fetch(page.onward)
        rows += page.rows
    raise untrusted(call, f"has more than {page_cap} pages")


def is_repeating(rows: Sequence[Row]) -> bool:
    """Tell whether an id is listed twice: the listing changed while its pages were read."""
    return len({row["id"] for row in rows}) != len(rows)


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

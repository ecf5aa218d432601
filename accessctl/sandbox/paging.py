"""Pages of a listing: rows in a fixed order, cursors that survive additions and removals."""

from __future__ import annotations

import base64
import binascii
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from accessctl.sandbox.wire import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from accessctl.sandbox.rows import Row
    from accessctl.sandbox.world import Quirks, World

FIRST = "YWZ0ZXI6"  # the cursor before all rows
_AFTER_EMPTY = "~"  # marks the cursor that an empty page hands out


@dataclass(frozen=True, slots=True)
class Page:
    """A page's rows and cursors; `ways` has the parameters that lead to the `next` and `previous` page."""

    rows: tuple[Row, ...]
    cursors: Mapping[str, str]
    ways: Mapping[str, Mapping[str, str]]

    def paging(self, link: Callable[[Mapping[str, str]], str]) -> dict[str, Any]:
        """Return the paging block, empty where there is nothing to say; `link` makes parameters an address."""
        if not (self.rows or self.ways):
            return {}
        block: dict[str, Any] = {"cursors": dict(self.cursors)} if self.cursors else {}
        return block | {name: link(way) for name, way in self.ways.items()}


@dataclass(frozen=True, slots=True)
class Listing:
    """All rows of an edge, in the order of their ids."""

    rows: tuple[Row, ...]
    order: tuple[tuple[int, str], ...]


class Listings:
    """Remembers listings for as long as the world stands: a long one is cut a hundred times."""

    def __init__(self) -> None:
        self._world: World | None = None
        self._known: dict[tuple[str, str, frozenset[str]], Listing] = {}

    def get(
        self, world: World, node: str, edge: str, rows: Callable[[], list[Row]], lost: frozenset[str] = frozenset()
    ) -> Listing:
        """Return a listing, made of `rows()` where this world's is not known yet. The caller sees nothing `lost`."""
        if world is not self._world:
            self._world, self._known = world, {}
        if (node, edge, lost) not in self._known:
            ordered = sorted(rows(), key=lambda row: order(row.id))
            self._known[node, edge, lost] = Listing(tuple(ordered), tuple(order(row.id) for row in ordered))
        return self._known[node, edge, lost]


def cut_page(listing: Listing, params: Mapping[str, str], quirks: Quirks) -> Page:
    """Cut the page that `limit`, `after` and `before`, or else `offset`, ask for. Raise Refusal 100."""
    limit = min(_number("limit", params, quirks.page_size), quirks.max_page_size)
    if quirks.paging == "offset":
        return _by_offset(listing.rows, _number("offset", params, 0, least=0), limit)
    return _by_cursor(listing, params, limit, quirks.empty_pages)


def _by_cursor(listing: Listing, params: Mapping[str, str], limit: int, empty_pages: bool) -> Page:
    rows, total = listing.rows, len(listing.rows)
    if params.get("before"):
        key = _read_cursor(params["before"]).rstrip(_AFTER_EMPTY)
        end = bisect_left(listing.order, order(key))
        return _page(rows, max(0, end - limit), end)
    key = _read_cursor(params.get("after", ""))
    last = key.rstrip(_AFTER_EMPTY)
    start = bisect_right(listing.order, order(last))
    if empty_pages and start < total and not key.endswith(_AFTER_EMPTY):
        after = _cursor(last + _AFTER_EMPTY)
        return Page((), {"before": _cursor(last), "after": after}, {"next": {"after": after}})
    return _page(rows, start, min(start + limit, total))


def _page(rows: tuple[Row, ...], start: int, end: int) -> Page:
    found = rows[start:end]
    before, after = (_cursor(found[0].id), _cursor(found[-1].id)) if found else (_cursor(""), _cursor(""))
    ways = {}
    if found and start:
        ways["previous"] = {"before": before}
    if end < len(rows):
        ways["next"] = {"after": after}
    return Page(found, {"before": before, "after": after}, ways)


def _by_offset(rows: tuple[Row, ...], start: int, limit: int) -> Page:
    """Cut by position, which moves when rows come and go: rows are then missed, or come twice."""
    ways = {}
    if start:
        ways["previous"] = {"offset": str(max(0, start - limit))}
    if start + limit < len(rows):
        ways["next"] = {"offset": str(start + limit)}
    return Page(rows[start : start + limit], {}, ways)


def order(key: str) -> tuple[int, str]:
    """Return what listings are sorted by: ids as numbers."""
    digits = key.removeprefix("act_")
    return len(digits), digits


def _number(name: str, params: Mapping[str, str], default: int, least: int = 1) -> int:
    text = params.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) >= least):
        raise Refusal(100, f"(#100) param {name} must be a whole number from {least} up")
    return int(text)


def _cursor(key: str) -> str:
    return base64.urlsafe_b64encode(b"after:" + key.encode()).decode().rstrip("=")


def _read_cursor(text: str) -> str:
    if not text:
        return ""
    try:
        found = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        found = ""
    if not found.startswith("after:"):
        raise Refusal(100, "(#100) The cursor does not belong to this listing")
    return found.removeprefix("after:")

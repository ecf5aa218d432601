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
    """A page's rows and cursors; `has_more` says that another page follows."""

    rows: tuple[Row, ...]
    before: str
    after: str
    has_more: bool

    def cursors(self) -> dict[str, Any]:
        """Return the paging block but for `next`."""
        return {"cursors": {"before": self.before, "after": self.after}}


@dataclass(frozen=True, slots=True)
class Listing:
    """All rows of an edge, in the order of their ids."""

    rows: tuple[Row, ...]
    order: tuple[tuple[int, str], ...]


class Listings:
    """Remembers listings for as long as the world stands: a long one is cut a hundred times."""

    def __init__(self) -> None:
        self._world: World | None = None
        self._known: dict[tuple[str, str], Listing] = {}

    def get(self, world: World, node: str, edge: str, rows: Callable[[], list[Row]]) -> Listing:
        """Return a listing, made of `rows()` where this world's is not known yet."""
        if world is not self._world:
            self._world, self._known = world, {}
        if (node, edge) not in self._known:
            ordered = sorted(rows(), key=lambda row: _order(row.id))
            self._known[node, edge] = Listing(tuple(ordered), tuple(_order(row.id) for row in ordered))
        return self._known[node, edge]


def cut_page(listing: Listing, params: Mapping[str, str], quirks: Quirks) -> Page:
    """Cut the page that `limit`, `after` and `before` ask for out of all rows. Raise Refusal 100."""
    rows, total = listing.rows, len(listing.rows)
    limit = min(_limit(params.get("limit", ""), quirks.page_size), quirks.max_page_size)
    if params.get("before"):
        key = _read_cursor(params["before"]).rstrip(_AFTER_EMPTY)
        end = bisect_left(listing.order, _order(key))
        return _page(rows[max(0, end - limit) : end], has_more=end < total)
    key = _read_cursor(params.get("after", ""))
    last = key.rstrip(_AFTER_EMPTY)
    start = bisect_right(listing.order, _order(last))
    if quirks.empty_pages and start < total and not key.endswith(_AFTER_EMPTY):
        return Page((), _cursor(last), _cursor(last + _AFTER_EMPTY), has_more=True)
    return _page(rows[start : start + limit], has_more=start + limit < total)


def _page(rows: tuple[Row, ...], *, has_more: bool) -> Page:
    ends = (rows[0].id, rows[-1].id) if rows else ("", "")
    return Page(rows, _cursor(ends[0]), _cursor(ends[1]), has_more)


def _order(key: str) -> tuple[int, str]:
    digits = key.removeprefix("act_")
    return len(digits), digits


def _limit(text: str, default: int) -> int:
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text)):
        raise Refusal(100, "(#100) param limit must be a whole number from 1 up")
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

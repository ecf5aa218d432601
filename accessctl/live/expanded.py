"""The ad accounts of a business, each with its agencies inside, in pages as large as Meta lets them be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.graph import edges
from accessctl.graph.errors import GraphError, Trouble
from accessctl.graph.lacking import named
from accessctl.live.ending import unasked
from accessctl.live.reasons import STOPS_EVERYTHING

if TYPE_CHECKING:
    from collections.abc import Callable

    from accessctl.graph.pages import Onward, Page
    from accessctl.graph.reader import Reader
    from accessctl.graph.secret import Secret
    from accessctl.live.ending import Ends

LARGEST = 100
SMALLEST = 25
GIVE_UP = 3  # stretches that could not be read expanded, after which nobody tries any more


class ExpandedListing:
    """Reads `owned_ad_accounts` with `agencies` inside: one call for a hundred accounts.

    One bad account fails the whole page it is on (GRAPH_API 3.4), and Meta may want fewer rows at once. So
    the page is halved, twice, and then that stretch is read without agencies: its rows have no `agencies`,
    and each account is to be asked by itself. With `is_plain` all of it is read so.
    """

    def __init__(
        self,
        reader: Reader,
        token: Secret,
        business: str,
        tell: Callable[[int], None],
        ends: Ends | None = None,
        *,
        is_plain: bool = False,
    ) -> None:
        self.reader = reader
        self.token = token
        self.path = (business, "owned_ad_accounts")
        self.tell = tell
        self.ends = ends or unasked(business)
        self.limit = self.most = LARGEST
        self.suspect = 0  # so many of the next rows hold one that cannot be read
        self.plain_stretches = GIVE_UP if is_plain else 0
        self.has_worked = False

    def read(self) -> tuple[edges.Row, ...]:
        """Return all rows; those that could not be read expanded have no `agencies`. Raises GraphError."""
        return self.reader.whole(self.path, self._stretch, self.tell)

    def _stretch(self, onward: Onward) -> Page:
        """Read the page that `onward` leads to, as large as may be; grow again after one that came through."""
        while self.plain_stretches < GIVE_UP:
            try:
                page = self._page(edges.OWNED_AD_ACCOUNT_FIELDS, onward, is_named=True)
            except GraphError as error:
                if error.trouble in STOPS_EVERYTHING | {Trouble.THROTTLED}:
                    raise
                if not self._can_shrink(error):
                    break
            else:
                self.has_worked = True
                self.suspect = max(0, self.suspect - len(page.rows))
                self.limit = max(SMALLEST, self.suspect // 2) if self.suspect else min(2 * self.limit, self.most)
                return page
        page = self._page(edges.OWNED_AD_ACCOUNT_FIELDS_PLAIN, onward)
        self.suspect = 0
        self.limit = LARGEST if self.plain_stretches >= GIVE_UP else min(2 * self.limit, self.most)
        return page

    def _can_shrink(self, error: GraphError) -> bool:
        """Halve the page, or give this stretch up; all stretches, where even a small one is too much."""
        lacks_permission = bool(named(error)) and not self.has_worked
        if error.trouble is Trouble.CAPABILITY_MISSING or lacks_permission:  # no page is small enough for that
            self.plain_stretches = GIVE_UP
            return False
        is_too_large = error.trouble is Trouble.TOO_LARGE
        if self.limit > SMALLEST:
            self.suspect = 0 if is_too_large else self.limit
            self.limit //= 2
            self.most = self.limit if is_too_large else self.most
            return True
        self.plain_stretches = GIVE_UP if is_too_large else self.plain_stretches + 1
        return False

    def _page(self, fields: str, onward: Onward, *, is_named: bool = False) -> Page:
        def read(fields: str) -> Page:
            return self.reader.page(self.token, *self.path, onward=onward, fields=fields, limit=self.limit)

        return self.ends.ask(fields, read, is_named=is_named)

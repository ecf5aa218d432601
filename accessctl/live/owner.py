"""The owner's view: the assets a business owns, each with its agencies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.closed import in_plain_words, nothing_known
from accessctl.graph import edges
from accessctl.graph.batch import BatchRead
from accessctl.graph.edges import MalformedError
from accessctl.graph.errors import GraphError, Trouble
from accessctl.graph.secret import Secret
from accessctl.limited import asset_edge
from accessctl.live.ending import unasked
from accessctl.live.expanded import ExpandedListing
from accessctl.live.inturn import read_in_turn
from accessctl.live.reasons import reason_of, reason_unless_it_stops_all
from accessctl.model import Asset, AssetAccess, Business, Kind, frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from accessctl.closed import Closing
    from accessctl.graph.reader import Reader
    from accessctl.live.ending import Ends

MOST = 100  # agencies asked for at once
HALF = 50
NO_PAGE_TOKEN = "Meta hands out no Page token: the token's user has no task on this Page"  # noqa: S105  # a text


class OwnerView:
    """Reads what one business owns. `names` collects the businesses met on the way."""

    def __init__(
        self,
        reader: Reader,
        business: str,
        token: Secret,
        names: dict[str, Business],
        ends: Ends | None = None,
        closing: Closing | None = None,
    ) -> None:
        self.reader = reader
        self.business = business
        self.token = token
        self.names = names
        self.ends = ends or unasked(business)
        self.closing = closing or nothing_known()
        self.page_tokens: dict[Asset, Secret] = {}

    def read(self, kind: Kind, tell: Callable[[int], None] = lambda _: None) -> tuple[AssetAccess, ...]:
        """Return the owned assets of a kind; one that could not be read to the end is unreadable, never empty.

        `tell` is given how many more were read. Raises GraphError or MalformedError where the listing itself
        could not be read to the end.
        """
        return tuple(self._ad_accounts(tell) if kind is Kind.AD_ACCOUNT else self._pages(tell))

    def read_one(self, asset: Asset) -> AssetAccess:
        """Return one asset as it is now; it is unreadable, never empty, where Meta does not answer.

        Raises GraphError where the token itself is refused.
        """
        try:
            token = self.token_for(asset)
        except GraphError as error:
            return self._unreadable(asset, "", reason_unless_it_stops_all(error))
        fields = edges.AGENCY_FIELDS
        return self._completed(asset, "", lambda: self.reader.rows(token, asset.node, "agencies", fields=fields))

    def read_each(self, rows: Sequence[tuple[Asset, edges.Row]]) -> tuple[AssetAccess, ...]:
        """Return these owned assets, each asked for by itself; `rows` are their nodes, Pages with their token."""
        wanted = [(asset, row, self.token if asset.kind is Kind.AD_ACCOUNT else page_token(row)) for asset, row in rows]
        return tuple(self._in_batches(wanted))

    def token_for(self, asset: Asset) -> Secret:
        """Return the token that speaks for an asset: a Page's own, fetched, else the business's.

        A Page's token is fetched once. Raises GraphError (permission) where none is to be had.
        """
        if asset.kind is Kind.AD_ACCOUNT:
            return self.token
        if asset in self.page_tokens:
            return self.page_tokens[asset]
        token = page_token(self.reader.get(self.token, asset.id, fields="id,access_token"))
        if token is None:
            raise GraphError(NO_PAGE_TOKEN, trouble=Trouble.PERMISSION)
        self.page_tokens[asset] = token
        return token

    def _ad_accounts(self, tell: Callable[[int], None]) -> Iterable[AssetAccess]:
        is_shut = self.closing.barred(self.business, asset_edge("GET", Kind.AD_ACCOUNT)) is not None
        rows = ExpandedListing(self.reader, self.token, self.business, tell, self.ends, is_plain=is_shut).read()
        self._note_ends(Kind.AD_ACCOUNT, rows)
        # A block that is not there is no empty one: Meta leaves out what it did not read.
        whole = [row for row in rows if row.get("agencies") is not None]
        if whole:
            self.closing.worked(self.business, asset_edge("GET", Kind.AD_ACCOUNT))
        silent = [(_asset(Kind.AD_ACCOUNT, row), row, self.token) for row in rows if row.get("agencies") is None]
        return [*(self._expanded(row) for row in whole), *self._in_batches(silent)]

    def _expanded(self, row: edges.Row) -> AssetAccess:
        asset = _asset(Kind.AD_ACCOUNT, row)
        return self._completed(asset, edges.read_name(row), self._rest(asset, self.token, row.get("agencies")))

    def _pages(self, tell: Callable[[int], None]) -> Iterable[AssetAccess]:
        def read(fields: str) -> Sequence[edges.Row]:
            return self.reader.rows(self.token, self.business, "owned_pages", fields=fields)

        rows = self.ends.ask(edges.OWNED_PAGE_FIELDS, read)
        self._note_ends(Kind.PAGE, rows)
        return self._in_batches([(_asset(Kind.PAGE, row), row, page_token(row)) for row in rows], tell)

    def _note_ends(self, kind: Kind, rows: Iterable[edges.Row]) -> None:
        for row in rows:
            self.ends.note(_asset(kind, row), row)

    def _in_batches(
        self,
        wanted: Sequence[tuple[Asset, edges.Row, Secret | None]],
        tell: Callable[[int], None] = lambda _: None,
    ) -> Iterable[AssetAccess]:
        """Read the agencies of each asset with its own token, fifty to a request."""
        asked = [(asset, row, token) for asset, row, token in wanted if token is not None]
        reads = [
            BatchRead((asset.node, "agencies"), {"fields": edges.AGENCY_FIELDS, "limit": MOST}, token)
            for asset, _, token in asked
        ]
        of_kinds = [(asset.kind, read) for (asset, _, _), read in zip(asked, reads, strict=True)]
        answers = read_in_turn(self.reader, self.token, self.business, of_kinds, self.closing, tell)
        found = [
            self._unreadable(asset, edges.read_name(row), NO_PAGE_TOKEN)
            for asset, row, token in wanted
            if token is None
        ]
        for (asset, row, token), answer in zip(asked, answers, strict=True):
            found.append(self._completed(asset, edges.read_name(row), self._rest(asset, token, answer)))
        return found

    def _rest(self, asset: Asset, token: Secret, first: object) -> Callable[[], Iterable[edges.Row]]:
        """Return a way to follow an `agencies` block from its first part to its end."""

        def read() -> Iterable[edges.Row]:
            if isinstance(first, GraphError):
                if first.trouble is not Trouble.TOO_LARGE:
                    raise first
                return self.reader.rows(token, asset.node, "agencies", fields=edges.AGENCY_FIELDS, limit=HALF)
            return self.reader.rest(token, asset.node, "agencies", fields=edges.AGENCY_FIELDS, first=first)

        return read

    def _completed(self, asset: Asset, name: str, read: Callable[[], Iterable[edges.Row]]) -> AssetAccess:
        """Take in the agencies of an asset, to the end.

        A Page token that is refused is that Page's trouble; the business's own token is everybody's.
        """
        try:
            return self._with_agencies(asset, name, read())
        except GraphError as refusal:
            error = in_plain_words(refusal, self.closing.known(self.business, asset_edge("GET", asset.kind)))
            stops = asset.kind is Kind.AD_ACCOUNT
            return self._unreadable(asset, name, reason_unless_it_stops_all(error) if stops else reason_of(error))

    def _with_agencies(self, asset: Asset, name: str, rows: Iterable[edges.Row]) -> AssetAccess:
        grants = {}
        try:
            for row in rows:
                agency = edges.read_business(row)
                self.names.setdefault(agency.id, agency)
                grants[agency.id] = edges.read_grant(row)
        except MalformedError as error:
            return self._unreadable(asset, name, reason_of(error))
        return AssetAccess(asset, self.business, name, frozen(dict(sorted(grants.items()))))

    def _unreadable(self, asset: Asset, name: str, reason: str) -> AssetAccess:
        return AssetAccess(asset, self.business, name, unreadable=reason)


def page_token(row: edges.Row) -> Secret | None:
    """Return the Page token on a row of a Page, if there is one."""
    value = row.get("access_token")
    return Secret(value, f"the token of Page {row.get('id')}") if isinstance(value, str) and value else None


def _asset(kind: Kind, row: edges.Row) -> Asset:
    return Asset(kind, edges.read_asset_id(row.get("id")))

"""Where on-behalf-of requests are looked for: at whole businesses where Meta lists them, else ad account by account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.closed import shut
from accessctl.graph import edges
from accessctl.graph.edges import MalformedError
from accessctl.graph.errors import GraphError
from accessctl.live.obo import IN_PROGRESS_OF, ON_ACCOUNT, read_accounts, read_in_progress
from accessctl.live.reasons import reason_unless_it_stops_all
from accessctl.model import Asset, Kind, frozen
from accessctl.obo.requests import IN_PROGRESS, End, OboRequest, OboRequests, Unread, Wish

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from accessctl.closed import Closing
    from accessctl.graph.reader import Reader
    from accessctl.live.read import ActingBusiness
    from accessctl.model import Access, ClosedEdge

INSTEAD = "each declared ad account, and each that it owns, was asked instead"
ONLY_IN_PROGRESS = (
    "Meta lists only requests in progress for a whole business; name an ad account, or give --status, for others"
)
BY_HAND = "look in Business Settings > Requests"
EVERYTHING = Wish()
LISTING = {end: f"GET {edge}" for end, edge in IN_PROGRESS_OF.items()}
LISTING_ON_ACCOUNT = f"GET {ON_ACCOUNT}"
SHOWN = 4  # paths in a sentence


class OboLook:
    """One look at Meta. `closing` knows which edges are closed, and learns of more; `live` who owns what, if read."""

    def __init__(
        self,
        reader: Reader,
        acting: Sequence[ActingBusiness],
        desired: Access,
        closing: Closing,
        live: Access | None = None,
    ) -> None:
        self.reader = reader
        self.acting = {one.business.id: one for one in acting}
        self.desired = desired
        self.live = live
        self.closing = closing
        self._found: dict[str, OboRequest] = {}
        self._notes: list[str] = []
        self._unread: list[Unread] = []
        self._asked: set[Asset] = set()
        self._names: dict[Asset, str] = {}

    def everywhere(self, wish: Wish) -> OboRequests:
        """Look for all requests of the acting businesses. Raises GraphError for what makes all reading pointless."""
        refused = list(self.acting)
        if wish.status in ("", IN_PROGRESS):
            paths = {business: self._in_progress_of(business, wish) for business in self.acting}
            refused = [business for business, found in paths.items() if found]
            if refused:
                self._notes.append(_instead([path for found in paths.values() for path in found]))
            if wish.status == "" and len(refused) < len(self.acting):
                self._notes.append(ONLY_IN_PROGRESS)
        for business in refused:
            accounts = sorted({*self._declared(business), *self._owned(business)})
            self._on_accounts(business, accounts, wish.status)
        return self._result(wish)

    def on_accounts(self, accounts: Iterable[Asset], wish: Wish = EVERYTHING) -> OboRequests:
        """Look for the requests on these ad accounts, each as those acting businesses see it that may."""
        by_business: dict[str, list[Asset]] = {}
        for asset in sorted(set(accounts)):
            for business in self._who_sees(asset):
                by_business.setdefault(business, []).append(asset)
        for business, assets in by_business.items():
            self._on_accounts(business, assets, wish.status)
        # One acting business that reads an ad account is enough.
        seen = {_path(asset) for asset in self._asked}
        self._unread = [one for one in self._unread if one.what not in seen]
        return self._result(wish)

    def _result(self, wish: Wish) -> OboRequests:
        found = sorted(self._found.values(), key=lambda one: (len(one.id), one.id))
        requests = tuple(one for one in found if wish.wants(one, self.acting))
        unread = tuple(sorted(set(self._unread)))
        return OboRequests(requests, tuple(self._notes), unread, frozenset(self._asked), frozen(self._names))

    def _in_progress_of(self, business: str, wish: Wish) -> list[tuple[str, ClosedEdge | None]]:
        """Read the requests in progress of a business; return the edges that gave none, with when they were closed."""
        ends = (wish.end,) if wish.end else tuple(End)
        missed = [end for end in ends if self.closing.known(business, LISTING[end]) or not self._one_end(business, end)]
        return [(f"{business}/{IN_PROGRESS_OF[end]}", self.closing.known(business, LISTING[end])) for end in missed]

    def _one_end(self, business: str, end: End) -> bool:
        one = self.acting[business]
        try:
            with self.closing.around(business, LISTING[end]):
                found = read_in_progress(self.reader, one.token, one.business, end)
        except GraphError as error:
            reason = reason_unless_it_stops_all(error)
            if not self.closing.known(business, LISTING[end]):
                self._unread.append(Unread(f"{business}/{IN_PROGRESS_OF[end]}", reason))
            return False
        self._found |= {request.id: request for request in found}
        return True

    def _on_accounts(self, business: str, accounts: Sequence[Asset], status: str) -> None:
        """Read ad accounts as one business sees them. The first goes alone: where the edge is closed one refusal
        is enough to know it (FAULTS E7)."""
        token = self.acting[business].token
        for some in (accounts[:1], accounts[1:]):
            if not some:
                return
            if closed := self.closing.known(business, LISTING_ON_ACCOUNT):
                reason = f"{shut(closed)}; {BY_HAND}"
                self._unread += [Unread(_path(asset), reason) for asset in some]
                continue
            for asset, answer in zip(some, read_accounts(self.reader, token, some, status), strict=True):
                self._take_in(business, asset, answer)

    def _take_in(self, business: str, asset: Asset, answer: tuple[OboRequest, ...] | GraphError) -> None:
        """Take in the answer on one ad account. It is not counted with others: who has no part in the requests on
        some is refused there, and that says nothing of the edge."""
        if isinstance(answer, GraphError):
            self.closing.refused(business, LISTING_ON_ACCOUNT, answer)
            self._unread.append(Unread(_path(asset), reason_unless_it_stops_all(answer)))
            return
        self.closing.worked(business, LISTING_ON_ACCOUNT)
        self._asked.add(asset)
        self._found |= {request.id: request for request in answer}

    def _declared(self, business: str) -> set[Asset]:
        return {
            asset
            for asset in self.desired.assets
            if asset.kind is Kind.AD_ACCOUNT and business in self._who_sees(asset)
        }

    def _who_sees(self, asset: Asset) -> tuple[str, ...]:
        """Return the acting businesses that may see requests on an ad account: its owner, else who works on it."""
        access = self.desired.assets.get(asset) or (self.live.assets.get(asset) if self.live else None)
        if access is None:
            return tuple(self.acting)
        if access.owner in self.acting:
            return (access.owner,)
        return tuple(business for business in self.acting if business in access.grants)

    def _owned(self, business: str) -> set[Asset]:
        """List the ad accounts a business owns, and keep their names."""
        path = (business, "owned_ad_accounts")
        try:
            rows = self.reader.rows(self.acting[business].token, *path, fields=edges.OWNED_AD_ACCOUNT_FIELDS_PLAIN)
            found = {Asset(Kind.AD_ACCOUNT, edges.read_asset_id(row["id"])): edges.read_name(row) for row in rows}
        except (GraphError, MalformedError) as error:
            self._unread.append(Unread("/".join(path), reason_unless_it_stops_all(error)))
            return set()
        self._names |= found
        return set(found)


def _path(asset: Asset) -> str:
    return f"{asset.node}/{ON_ACCOUNT}"


def _instead(refused: Sequence[tuple[str, ClosedEdge | None]]) -> str:
    """Say which edges gave nothing, since when that is known of Meta, and what was asked instead."""
    paths = [path for path, _ in refused]
    more = f" and {len(paths) - SHOWN} more" if len(paths) > SHOWN else ""
    known = [closed for _, closed in refused if closed]
    verb = "Meta no longer answers" if len(known) == len(refused) else "Meta did not answer"
    since = f" (refused since {min(known, key=lambda one: one.at).at:%Y-%m-%d})" if known else ""
    return f"{verb} {', '.join(paths[:SHOWN])}{more}{since}; {INSTEAD}"

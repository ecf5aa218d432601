"""Where on-behalf-of requests are looked for: at whole businesses where Meta lists them, else ad account by account."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from accessctl.closed import Evidence, evidence_of, in_plain_words, shut, unopened
from accessctl.graph import edges
from accessctl.graph.edges import MalformedError
from accessctl.graph.errors import GraphError, Trouble
from accessctl.limited import page_of
from accessctl.live.obo import IN_PROGRESS_OF, ON_ACCOUNT, read_accounts, read_in_progress
from accessctl.live.reasons import reason_unless_it_stops_all
from accessctl.model import Asset, Kind, frozen
from accessctl.obo.hints import BY_HAND, of_account
from accessctl.obo.requests import IN_PROGRESS, End, NotKnown, OboRequest, OboRequests, Unread, Wish

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from accessctl.closed import Closing
    from accessctl.graph.reader import Reader
    from accessctl.live.read import ActingBusiness
    from accessctl.model import Access, ClosedEdge

INSTEAD = "each declared ad account, and each that it owns or that is shared with it, was asked instead"
ONLY_IN_PROGRESS = (
    "Meta lists only requests in progress for a whole business; name an ad account, or give --status, for others"
)
# By ad account alone: the two listings of a business are the only ones that name ad accounts of strangers.
ELSEWHERE = (
    "Requests on ad accounts that are neither ours, nor shared with us, nor in a manifest cannot be known this way; "
    f"{BY_HAND}"
)
OF_CLIENTS = "which clients own: only who has a part in a request may see it"
OWNED, SHARED = "owned_ad_accounts", "client_ad_accounts"
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
        self._missed: dict[str, list[End]] = {}
        self._refused: dict[tuple[str, Asset], GraphError] = {}
        self._owners: dict[Asset, str] = {}
        self._asked: set[Asset] = set()
        self._names: dict[Asset, str] = {}

    def everywhere(self, wish: Wish) -> OboRequests:
        """Look for all requests of the acting businesses. Raises GraphError for what makes all reading pointless."""
        refused = list(self.acting)
        if wish.status in ("", IN_PROGRESS):
            missed = {business: self._in_progress_of(business, wish) for business in self.acting}
            self._missed = {business: ends for business, ends in missed.items() if ends}
            refused = list(self._missed)
        self._account_by_account(refused, wish.status)
        self._conclude()
        shut_now = {f"{one.business}/{one.edge.partition(' ')[2]}" for one in self.closing.found}
        self._unread = [one for one in self._unread if one.what not in shut_now]
        if self._missed:
            self._notes.append(_instead([path for one in self._missed.items() for path in self._paths(*one)]))
        if wish.status == "" and len(refused) < len(self.acting):
            self._notes.append(ONLY_IN_PROGRESS)
        hidden = self._hidden()
        not_known = (NotKnown(ELSEWHERE, tuple(refused)), *hidden) if refused else hidden
        return replace(self._result(wish), not_known=not_known)

    def on_accounts(
        self, accounts: Iterable[Asset], wish: Wish = EVERYTHING, *, are_named: bool = False
    ) -> OboRequests:
        """Look for the requests on these ad accounts, each as those acting businesses see it that may.

        Where a person has named them, one that Meta does not show us is unread, and not just not known.
        """
        by_business: dict[str, list[Asset]] = {}
        for asset in sorted(set(accounts)):
            for business in self._who_sees(asset):
                by_business.setdefault(business, []).append(asset)
        for business, assets in by_business.items():
            self._on_accounts(business, assets, wish.status)
        self._conclude()
        hidden = () if are_named else self._hidden()
        return replace(self._result(wish), not_known=hidden)

    def _result(self, wish: Wish) -> OboRequests:
        found = sorted(self._found.values(), key=lambda one: (len(one.id), one.id))
        requests = tuple(one for one in found if wish.wants(one, self.acting))
        refused = [(key, error) for key, error in self._refused.items() if not self._is_told(key[1], error)]
        unread = tuple(sorted({*self._unread, *(self._unread_account(*key, error) for key, error in refused)}))
        asked, names = frozenset(self._asked), frozen(self._names)
        return OboRequests(requests, tuple(self._notes), unread, asked=asked, names=names)

    def _is_told(self, asset: Asset, error: GraphError) -> bool:
        """Tell whether another acting business has read an ad account, and who was refused has no part in it: one that
        only could not be heard may see more."""
        return asset in self._asked and _shows_others(error)

    def _conclude(self) -> None:
        """See which edges are closed, now that all were asked."""
        self.closing.conclude([(one, edge) for one in self.acting for edge in (*LISTING.values(), LISTING_ON_ACCOUNT)])

    def _hidden(self) -> tuple[NotKnown, ...]:
        """Take out the ad accounts of clients whose requests Meta plainly shows to others alone."""
        refused = [key for key, error in self._refused.items() if key[1] not in self._asked and _shows_others(error)]
        of_clients = [(business, asset) for business, asset in refused if self._owner(asset) != business]
        hidden = sorted(key for key in of_clients if not self.closing.known(key[0], LISTING_ON_ACCOUNT))
        self._refused = {key: error for key, error in self._refused.items() if key not in hidden}
        nodes = tuple(dict.fromkeys(asset.node for _, asset in hidden))
        more = f" and {len(nodes) - SHOWN} more" if len(nodes) > SHOWN else ""
        text = f"Meta does not show us the requests on {', '.join(nodes[:SHOWN])}{more}, {OF_CLIENTS}"
        return (NotKnown(text, tuple(dict.fromkeys(business for business, _ in hidden)), nodes),) if hidden else ()

    def _in_progress_of(self, business: str, wish: Wish) -> list[End]:
        """Read the requests in progress of a business; return the ends that gave none."""
        ends = (wish.end,) if wish.end else tuple(End)
        return [end for end in ends if self.closing.known(business, LISTING[end]) or not self._one_end(business, end)]

    def _paths(self, business: str, ends: Iterable[End]) -> list[tuple[str, ClosedEdge | None]]:
        """Return the paths of edges that gave nothing, with when they were closed."""
        return [(f"{business}/{IN_PROGRESS_OF[end]}", self.closing.known(business, LISTING[end])) for end in ends]

    def _account_by_account(self, businesses: Sequence[str], status: str) -> None:
        """Read all ad accounts that are declared, or that these businesses own or hold; one of theirs as its owner."""
        owned = {business: self._listed(business, OWNED) for business in businesses}
        self._owners |= {asset: business for business, assets in owned.items() for asset in assets}
        for business in businesses:
            shared = self._listed(business, SHARED) - self._owners.keys()
            self._on_accounts(business, sorted({*self._declared(business), *owned[business], *shared}), status)

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
                self._refused |= {(business, asset): unopened(closed) for asset in some}
                continue
            for asset, answer in zip(some, read_accounts(self.reader, token, some, status), strict=True):
                self._take_in(business, asset, answer)

    def _take_in(self, business: str, asset: Asset, answer: tuple[OboRequest, ...] | GraphError) -> None:
        """Take in the answer on one ad account. A refusal counts with others only where the business owns it: who has
        no part in the requests on a client's is refused there, and that says nothing of the edge."""
        if isinstance(answer, GraphError):
            about = asset.id if self._owner(asset) == business else ""
            self.closing.refused(business, LISTING_ON_ACCOUNT, answer, about)
            reason_unless_it_stops_all(answer)
            self._refused[business, asset] = answer
            return
        self.closing.worked(business, LISTING_ON_ACCOUNT)
        self._asked.add(asset)
        self._found |= {request.id: request for request in answer}

    def _unread_account(self, business: str, asset: Asset, error: GraphError) -> Unread:
        """Say why the requests on an ad account could not be read: the edge is closed, may be so, or as Meta says."""
        if closed := self.closing.known(business, LISTING_ON_ACCOUNT):
            return Unread(_path(asset), f"{shut(closed)}; {BY_HAND}, at {page_of(closed.edge, business)}")
        is_owner = self._owner(asset) == business
        return Unread(_path(asset), (in_plain_words(error, None) if is_owner else error).steady, of_account(error))

    def _owner(self, asset: Asset) -> str:
        """Return who owns an ad account, empty where nobody said."""
        access = self.desired.assets.get(asset) or (self.live.assets.get(asset) if self.live else None)
        return self._owners.get(asset, "") or (access.owner if access else "")

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

    def _listed(self, business: str, edge: str) -> set[Asset]:
        """List the ad accounts a business owns, or that clients share with it, and keep their names."""
        path, token, fields = (business, edge), self.acting[business].token, edges.OWNED_AD_ACCOUNT_FIELDS_PLAIN
        try:
            rows = self.reader.rows(token, *path, fields=fields, summary=edge == SHARED)  # GRAPH_API 3.3
            found = {Asset(Kind.AD_ACCOUNT, edges.read_asset_id(row["id"])): edges.read_name(row) for row in rows}
        except (GraphError, MalformedError) as error:
            self._unread.append(Unread("/".join(path), reason_unless_it_stops_all(error)))
            return set()
        self._names |= found
        self.closing.sighted(business)
        return set(found)


def _shows_others(error: GraphError) -> bool:
    """Tell whether a refusal is one for want of a part in it, as far as Meta's words tell."""
    return error.trouble is Trouble.ABSENT_OR_HIDDEN or evidence_of(error) is Evidence.EITHER


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

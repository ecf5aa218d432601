"""Every pair a review speaks of, settled once as a plan would settle it, and why some assets are not known. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from accessctl.model import AssetAccess, Grant, Status
from accessctl.plan.decide import UNCHANGED, Decision, Outcome
from accessctl.plan.nouns import Reason
from accessctl.plan.settle import UNDECLARED_UNREAD, Planner, Settled
from accessctl.report.nouns import Standing
from accessctl.report.standing import standing_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from accessctl.model import Access, Asset, Policy

Key: TypeAlias = "tuple[Asset, str]"
NOT_LOOKED_AT = "nobody who looks sees what others hold on it"
UNSAID = "nobody said why"


class Pairs:
    """The pairs by key, in no order. `troubles` says of assets why not all is known of them."""

    def __init__(self, desired: Access, live: Access, policy: Policy) -> None:
        self.desired = desired
        self.live = live
        self.found: dict[Key, Settled] = {}
        self.troubles: dict[Asset, str] = {}
        for pair in Planner(desired, live, policy).pairs():
            self._take_in(pair)
        for pair in list(self._left_out()):
            self.found[pair.asset.asset, pair.agency] = pair

    def _take_in(self, pair: Settled) -> None:
        asset, standing = pair.asset.asset, standing_of(pair)
        if standing is Standing.UNREADABLE:
            text = pair.decision.reason.text.removeprefix(UNDECLARED_UNREAD)
            self.troubles.setdefault(asset, pair.live.detail or text or UNSAID)
        seen = self.live.assets.get(asset)
        is_known = pair.declared is not None or (seen is not None and pair.agency in seen.grants)
        if pair.agency and standing is not None and is_known and not (seen and seen.unreadable):
            self.found[asset, pair.agency] = pair

    def _left_out(self) -> Iterator[Settled]:
        """Settle what a plan says once for a whole asset, or leaves out: nothing that is live or declared is lost."""
        for asset, seen in self.live.assets.items():
            if seen.unreadable:
                self.troubles.setdefault(asset, seen.unreadable)
        of_whole_assets = dict(self.troubles)
        for asset in {*self.desired.assets, *self.live.assets}:
            declared, found = self.desired.assets.get(asset), self.live.assets.get(asset)
            access = declared or found
            assert access is not None
            there = {agency for agency, one in found.grants.items() if one.status is not Status.ABSENT} if found else ()
            for agency in {*(declared.grants if declared else ()), *there}:
                if (asset, agency) not in self.found:
                    live = found.grants.get(agency) if found else None
                    grant = declared.grants.get(agency) if declared else None
                    yield self._settle(access, agency, grant, live, of_whole_assets.get(asset, ""))

    def _settle(
        self, access: AssetAccess, agency: str, declared: Grant | None, live: Grant | None, trouble: str
    ) -> Settled:
        if not trouble and declared is None and live is not None and live.status is not Status.UNREADABLE:
            decision = Decision(Outcome.UNMANAGED, Reason("undeclared", "no manifest declares this"))
            return Settled(access, agency, "", live, None, decision)
        text = trouble or (live.detail if live else "") or NOT_LOOKED_AT
        self.troubles.setdefault(access.asset, text)
        unread = Grant(status=Status.UNREADABLE, detail=text)
        return Settled(access, agency, "", unread, declared, Decision(Outcome.BLOCKED, Reason("unreadable", text)))


def declared_pairs(desired: Access) -> dict[Key, Settled]:
    """Return the pairs of manifests alone; nobody looked at what is live."""
    return {
        (asset, agency): Settled(access, agency, "", grant, grant, UNCHANGED)
        for asset, access in desired.assets.items()
        for agency, grant in access.grants.items()
    }

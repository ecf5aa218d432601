"""Walk over every declared asset and every live one, and settle each pair on them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from accessctl.model import ABSENT, AssetAccess, Grant, Side, Status
from accessctl.plan.byhand import ByHand
from accessctl.plan.decide import Decision, Outcome, Pair, decide_as_agency, decide_as_owner
from accessctl.plan.nouns import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from accessctl.model import Access, Policy

UNDECLARED_UNREAD = "no manifest declares it, and it could not be read: "


@dataclass(frozen=True, slots=True)
class Settled:
    """One pair with its decision, before it becomes an action or a row. `agency` "" is the whole asset."""

    asset: AssetAccess
    agency: str
    via: str
    live: Grant
    declared: Grant | None
    decision: Decision


class Planner:
    """Walk every declared asset and every live one, and settle each pair on them."""

    def __init__(self, desired: Access, live: Access, policy: Policy, *, replace_with_gap: bool = False) -> None:
        self.desired = desired
        self.live = live
        self.policy = policy
        self.gaps = {(gap.business, gap.side, gap.kind): gap.reason for gap in live.gaps}
        self.by_hand = ByHand(desired, live, replace_with_gap=replace_with_gap)

    def pairs(self) -> Iterator[Settled]:
        for declared in self.desired.assets.values():
            is_ours = declared.owner in self.policy.acts_as
            yield from self.by_hand.in_order(self.on_owned(declared) if is_ours else self.at_client(declared))
        for found in self.live.assets.values():
            if found.asset not in self.desired.assets:
                yield from self.on_undeclared(found)

    def on_owned(self, declared: AssetAccess) -> Iterator[Settled]:
        found = self.live.assets.get(declared.asset)
        trouble = self.owned_trouble(declared, found)
        if trouble or found is None:
            yield _blocked(declared, "", declared.owner, trouble or Reason("not_listed", ""))
            return
        for agency in sorted(set(declared.grants) | set(found.grants) - {declared.owner}):
            yield self.settle(declared, agency, declared.owner, found.grants.get(agency, ABSENT), decide_as_owner)

    def owned_trouble(self, declared: AssetAccess, found: AssetAccess | None) -> Reason | None:
        """Say why nothing may be planned on an asset of ours, if so."""
        owner = self.desired.businesses[declared.owner]
        if reason := self.gaps.get((declared.owner, Side.OWNER, declared.asset.kind)):
            return Reason("unreadable", reason)
        if found is None or (found.side is not Side.OWNER and found.owner in ("", declared.owner)):
            return Reason(
                "not_listed",
                f"{owner.alias} ({owner.id}) does not list it among the assets it owns: "
                "sold, moved, deleted, hidden from this token, or a wrong id",
            )
        if found.unreadable:
            return Reason(found.reason_code or "unreadable", found.unreadable)
        if found.owner != declared.owner:
            return Reason("other_owner", f"its owner at Meta is {found.owner}, not {owner.alias} ({owner.id})")
        return None

    def at_client(self, declared: AssetAccess) -> Iterator[Settled]:
        found = self.live.assets.get(declared.asset)
        held = found.grants if found else {}
        acting = set(self.policy.acts_as) - {declared.owner}
        # On an exclusive asset any of us may hold what no manifest gives: who could not look cannot tell.
        unseen = {one for one in acting if (one, Side.AGENCY, declared.asset.kind) in self.gaps and declared.exclusive}
        named = set(declared.grants) | (set(held) if found is None or not found.unreadable else set())
        if not named & acting and (reason := self.client_trouble(declared, found, "")):
            yield _blocked(declared, "", min(acting), reason)
            return
        for agency in sorted((set(declared.grants) | set(held) | unseen) & acting):
            if reason := self.client_trouble(declared, found, agency):
                yield _blocked(declared, agency, agency, reason)
            else:
                yield self.settle(declared, agency, agency, held.get(agency, ABSENT), decide_as_agency)

    def client_trouble(self, declared: AssetAccess, found: AssetAccess | None, agency: str) -> Reason | None:
        """Say why nothing may be planned on a client's asset, if so."""
        if reason := self.gaps.get((agency, Side.AGENCY, declared.asset.kind)):
            return Reason("unreadable", reason)
        if found is not None and found.unreadable:
            return Reason(found.reason_code or "unreadable", found.unreadable)
        if found is not None and found.owner not in ("", declared.owner):
            return Reason("other_owner", f"its owner at Meta is {found.owner}, the manifests say {declared.owner}")
        return None

    def on_undeclared(self, found: AssetAccess) -> Iterator[Settled]:
        if found.unreadable:
            grant = Grant(status=Status.UNREADABLE, detail=found.unreadable)
            code = found.reason_code or "unreadable"
            reason = Reason(code, f"{UNDECLARED_UNREAD}{found.unreadable}")
            yield Settled(found, "", found.owner, grant, None, Decision(Outcome.UNMANAGED, reason))
        for agency, grant in sorted(found.grants.items()):
            if grant.status is Status.ABSENT:  # only remembered
                continue
            via = found.owner if found.owner in self.policy.acts_as else agency
            reason = Reason("undeclared_asset", "no manifest declares this asset")
            yield Settled(found, agency, via, grant, None, Decision(Outcome.UNMANAGED, reason))

    def settle(
        self, asset: AssetAccess, agency: str, via: str, live: Grant, decide: Callable[[Pair], Decision]
    ) -> Settled:
        declared = asset.grants.get(agency)
        pair = Pair(asset.asset.kind, declared, live, asset.exclusive, self.policy.decline_unexpected)
        return self.by_hand.instead(Settled(asset, agency, via, live, declared, decide(pair)))


def _blocked(asset: AssetAccess, agency: str, via: str, reason: Reason) -> Settled:
    live = Grant(status=Status.UNREADABLE, detail=reason.text)
    return Settled(asset, agency, via, live, asset.grants.get(agency), Decision(Outcome.BLOCKED, reason))

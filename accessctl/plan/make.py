"""Desired and live access in, plan out. Pure: the same two give the same plan, to the byte."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from accessctl import tasks
from accessctl.model import ABSENT, AssetAccess, Grant, Side, Status
from accessctl.plan.decide import Decision, Outcome, Pair, decide_as_agency, decide_as_owner
from accessctl.plan.headlines import headlines
from accessctl.plan.nouns import (
    COUNTED_AS,
    REMOVING,
    Action,
    AssetRef,
    BusinessRef,
    Plan,
    Reason,
    Row,
    Source,
    State,
    Summary,
    Verb,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from accessctl.model import Access, Policy

    InScope = Callable[[AssetAccess, str], bool]


@dataclass(frozen=True, slots=True)
class _Settled:
    """One pair with its decision, before it becomes an action or a row. `agency` "" is the whole asset."""

    asset: AssetAccess
    agency: str
    via: str
    live: Grant
    declared: Grant | None
    decision: Decision


def make_plan(
    desired: Access,
    live: Access,
    policy: Policy,
    *,
    in_scope: InScope | None = None,
    replace_with_gap: bool = False,
) -> Plan:
    """List what turns `live` into `desired`, asset by asset, widening before narrowing.

    A pair that waits for a person is left alone; so is everything on an asset that was not read to the end.
    An asset that no manifest declares is never touched. `in_scope(asset, agency)` narrows what is planned
    (agency "" asks for the asset itself). Expiry is not judged here: desired access has it already.
    """
    settled = [
        pair
        for pair in _Planner(desired, live, policy).pairs()
        if in_scope is None or in_scope(pair.asset, pair.agency)
    ]
    write = _Writer(desired, live, policy, replace_with_gap)
    actions = tuple(
        sorted((write.action(pair) for pair in settled if isinstance(pair.decision.what, Verb)), key=_order)
    )

    def rows(outcome: Outcome) -> tuple[Row, ...]:
        found = [write.row(pair) for pair in settled if pair.decision.what is outcome]
        return tuple(sorted(found, key=lambda row: (_asset_order(row.asset), row.agency or BusinessRef(""))))

    waiting, blocked, unmanaged = map(rows, (Outcome.WAITING, Outcome.BLOCKED, Outcome.UNMANAGED))
    counts = {"grant": 0, "change": 0, "revoke": 0, "request": 0}
    for action in actions:
        counts[COUNTED_AS[action.verb]] += 1
    declared = [pair for pair in settled if pair.asset.asset in desired.assets]
    summary = Summary(
        **counts,
        waiting=len(waiting),
        blocked=len(blocked),
        unmanaged=len(unmanaged),
        unchanged=sum(
            pair.decision.what is Outcome.UNCHANGED and pair.live.status is not Status.ABSENT for pair in declared
        ),
        live=sum(pair.live.status is Status.CONFIRMED for pair in declared),
    )
    warnings = (*_unread(desired, live), *_renamed(desired, live))
    return Plan(actions, waiting, blocked, unmanaged, summary, headlines(actions, live), warnings)


class _Planner:
    """Walk every declared asset and every live one, and settle each pair on them."""

    def __init__(self, desired: Access, live: Access, policy: Policy) -> None:
        self.desired = desired
        self.live = live
        self.policy = policy
        self.gaps = {(gap.business, gap.side, gap.kind): gap.reason for gap in live.gaps}

    def pairs(self) -> Iterator[_Settled]:
        for declared in self.desired.assets.values():
            if declared.owner in self.policy.acts_as:
                yield from self.on_owned(declared)
            else:
                yield from self.at_client(declared)
        for found in self.live.assets.values():
            if found.asset not in self.desired.assets:
                yield from self.on_undeclared(found)

    def on_owned(self, declared: AssetAccess) -> Iterator[_Settled]:
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
            return Reason("unreadable", found.unreadable)
        if found.owner != declared.owner:
            return Reason("other_owner", f"its owner at Meta is {found.owner}, not {owner.alias} ({owner.id})")
        return None

    def at_client(self, declared: AssetAccess) -> Iterator[_Settled]:
        found = self.live.assets.get(declared.asset)
        held = found.grants if found else {}
        acting = set(self.policy.acts_as) - {declared.owner}
        # On an exclusive asset any of us may hold what no manifest gives: who could not look cannot tell.
        unseen = {one for one in acting if (one, Side.AGENCY, declared.asset.kind) in self.gaps and declared.exclusive}
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
            return Reason("unreadable", found.unreadable)
        if found is not None and found.owner not in ("", declared.owner):
            return Reason("other_owner", f"its owner at Meta is {found.owner}, the manifests say {declared.owner}")
        return None

    def on_undeclared(self, found: AssetAccess) -> Iterator[_Settled]:
        if found.unreadable:
            grant = Grant(status=Status.UNREADABLE, detail=found.unreadable)
            reason = Reason("unreadable", f"no manifest declares it, and it could not be read: {found.unreadable}")
            yield _Settled(found, "", found.owner, grant, None, Decision(Outcome.UNMANAGED, reason))
        for agency, grant in sorted(found.grants.items()):
            via = found.owner if found.owner in self.policy.acts_as else agency
            reason = Reason("undeclared_asset", "no manifest declares this asset")
            yield _Settled(found, agency, via, grant, None, Decision(Outcome.UNMANAGED, reason))

    def settle(
        self, asset: AssetAccess, agency: str, via: str, live: Grant, decide: Callable[[Pair], Decision]
    ) -> _Settled:
        declared = asset.grants.get(agency)
        pair = Pair(asset.asset.kind, declared, live, asset.exclusive, self.policy.decline_unexpected)
        return _Settled(asset, agency, via, live, declared, decide(pair))


class _Writer:
    """Turn settled pairs into the plan's actions and rows, with the names people know."""

    def __init__(self, desired: Access, live: Access, policy: Policy, replace_with_gap: bool) -> None:
        self.desired = desired
        self.live = live
        self.policy = policy
        self.replace_with_gap = replace_with_gap

    def action(self, pair: _Settled) -> Action:
        verb = Verb(pair.decision.what)
        gap = verb is Verb.CHANGE and (self.replace_with_gap or pair.asset.replace_with_gap)
        before, after = _state(pair), _after(pair, verb)
        widens = tasks.MANAGE_LIKE & set(after.tasks) - set(before.tasks if before.status is Status.CONFIRMED else ())
        return Action(
            verb=verb,
            asset=self.asset_ref(pair.asset),
            agency=self.business_ref(pair.agency),
            owner=pair.asset.owner,
            via=self.business_ref(pair.via).alias,
            before=before,
            after=after,
            reason=pair.decision.reason,
            sources=_sources(pair),
            risk=("manage",) * bool(widens)
            + ("gap",) * gap
            + ("asked_before",) * (pair.decision.reason.code == "asked_again"),
            replace_with_gap=gap,
        )

    def row(self, pair: _Settled) -> Row:
        waits = pair.decision.what is Outcome.WAITING
        since = pair.live.since if waits and pair.decision.reason.code != "ask_client" else None
        via = self.business_ref(pair.via)
        return Row(
            asset=self.asset_ref(pair.asset),
            agency=self.business_ref(pair.agency) if pair.agency else None,
            via=via.alias or via.id,
            before=_state(pair),
            after=_after(pair, None) if pair.declared else None,
            reason=pair.decision.reason,
            sources=_sources(pair),
            since=since,
            stale_at=since + self.policy.stale_after if since else None,
        )

    def asset_ref(self, asset: AssetAccess) -> AssetRef:
        found = self.live.assets.get(asset.asset)
        return AssetRef(asset.asset.kind, asset.asset.id, asset.alias, (found and found.name) or asset.name)

    def business_ref(self, business: str) -> BusinessRef:
        declared, found = self.desired.businesses.get(business), self.live.businesses.get(business)
        name = (found and found.name) or (declared and declared.name) or ""
        return BusinessRef(business, declared.alias if declared else "", name)


def _blocked(asset: AssetAccess, agency: str, via: str, reason: Reason) -> _Settled:
    live = Grant(status=Status.UNREADABLE, detail=reason.text)
    return _Settled(asset, agency, via, live, asset.grants.get(agency), Decision(Outcome.BLOCKED, reason))


def _state(pair: _Settled) -> State:
    wanted = pair.declared.tasks if pair.declared else frozenset[str]()
    added = tasks.server_added(pair.asset.asset.kind, wanted, pair.live.tasks)
    detail = pair.live.detail if pair.live.status is Status.UNKNOWN else ""
    return State(pair.live.status, tuple(sorted(tasks.normal(pair.live.tasks))), tuple(sorted(added)), detail)


def _after(pair: _Settled, verb: Verb | None) -> State:
    """What the pair holds once this is done: the declared tasks, and those nobody knows, which are kept."""
    if verb in REMOVING or pair.declared is None or pair.declared.status is Status.ABSENT:
        return State(Status.ABSENT)
    kept = tasks.unknown(pair.asset.asset.kind, pair.live.tasks) if verb is Verb.CHANGE else frozenset[str]()
    status = Status.PENDING if verb is Verb.REQUEST else Status.CONFIRMED
    return State(status, tuple(sorted(pair.declared.tasks | kept)))


def _sources(pair: _Settled) -> tuple[Source, ...]:
    """The lines that say so: the pair's own, else the line of the asset on which it is not named."""
    if pair.declared:
        return tuple(
            Source(
                source.place.file,
                source.place.line,
                rule=source.rule,
                profile=source.profile,
                until=str(source.until or ""),
                reason=source.reason,
            )
            for source in pair.declared.sources
        )
    place = pair.asset.place
    return (Source(place.file, place.line),) if place else ()


def _asset_order(asset: AssetRef) -> tuple[str, bool, str, str]:
    return asset.kind, not asset.alias, asset.alias, asset.id


def _order(action: Action) -> tuple[tuple[str, bool, str, str], int, BusinessRef]:
    """By asset, and on one asset everything that widens before anything that narrows (law 7)."""
    before = set(action.before.tasks) - set(action.before.server_added)
    narrows = action.verb in REMOVING or bool(before - set(action.after.tasks))
    widens = bool(set(action.after.tasks) - before)
    return _asset_order(action.asset), 2 * narrows - (narrows and widens), action.agency


def _unread(desired: Access, live: Access) -> tuple[str, ...]:
    """Say which listings could not be read to the end: access nobody declares may hide there."""
    return tuple(
        f"what {desired.businesses[gap.business].alias} sees of {gap.kind.replace('_', ' ')}s as {gap.side} "
        f"could not be read to the end: {gap.reason}"
        for gap in live.gaps
    )


def _renamed(desired: Access, live: Access) -> tuple[str, ...]:
    """Say which names of the manifests are not the names at Meta: renames happen, and typos."""
    found = []
    for business in desired.businesses.values():
        there = live.businesses.get(business.id)
        if business.name and there and there.name and there.name != business.name:
            found.append(f"{business.alias} ({business.id}) is called '{there.name}' at Meta, not '{business.name}'")
    for asset in desired.assets.values():
        seen = live.assets.get(asset.asset)
        if asset.name and seen and seen.name and seen.name != asset.name:
            found.append(f"{asset.alias} ({asset.asset.node}) is called '{seen.name}' at Meta, not '{asset.name}'")
    return tuple(sorted(found))

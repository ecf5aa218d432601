"""Turn settled pairs into the actions and rows of a plan, with the names people know. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl import tasks
from accessctl.model import AssetAccess, Status
from accessctl.plan.decide import Outcome
from accessctl.plan.nouns import REMOVING, Action, AssetRef, BusinessRef, Row, Source, State, Verb

if TYPE_CHECKING:
    from accessctl.model import Access, Policy
    from accessctl.plan.settle import Settled


class Rows:
    """Writes the actions and rows of one plan."""

    def __init__(self, desired: Access, live: Access, policy: Policy, replace_with_gap: bool) -> None:
        self.desired = desired
        self.live = live
        self.policy = policy
        self.replace_with_gap = replace_with_gap

    def action(self, pair: Settled) -> Action:
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

    def row(self, pair: Settled) -> Row:
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


def _state(pair: Settled) -> State:
    wanted = pair.declared.tasks if pair.declared else frozenset[str]()
    added = tasks.server_added(pair.asset.asset.kind, wanted, pair.live.tasks)
    detail = pair.live.detail if pair.live.status is Status.UNKNOWN else ""
    return State(pair.live.status, tuple(sorted(tasks.normal(pair.live.tasks))), tuple(sorted(added)), detail)


def _after(pair: Settled, verb: Verb | None) -> State:
    """What the pair holds once this is done: the declared tasks, and those nobody knows, which are kept."""
    if verb in REMOVING or pair.declared is None or pair.declared.status is Status.ABSENT:
        return State(Status.ABSENT)
    kept = tasks.unknown(pair.asset.asset.kind, pair.live.tasks) if verb is Verb.CHANGE else frozenset[str]()
    status = Status.PENDING if verb is Verb.REQUEST else Status.CONFIRMED
    return State(status, tuple(sorted(pair.declared.tasks | kept)))


def _sources(pair: Settled) -> tuple[Source, ...]:
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


def asset_order(asset: AssetRef) -> tuple[str, bool, str, str]:
    return asset.kind, not asset.alias, asset.alias, asset.id


def action_order(action: Action) -> tuple[tuple[str, bool, str, str], int, BusinessRef]:
    """By asset, and on one asset everything that widens before anything that narrows (law 7)."""
    before = set(action.before.tasks) - set(action.before.server_added)
    narrows = action.verb in REMOVING or bool(before - set(action.after.tasks))
    widens = bool(set(action.after.tasks) - before)
    return asset_order(action.asset), 2 * narrows - (narrows and widens), action.agency

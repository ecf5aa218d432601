"""Turn settled pairs into the actions and rows of a plan, with the names people know. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from accessctl import tasks
from accessctl.model import Status
from accessctl.plan.byhand import AFTER_BY_HAND, BY_HAND
from accessctl.plan.decide import Outcome
from accessctl.plan.nouns import REMOVING, Action, AssetRef, BusinessRef, Row, Source, State, Verb
from accessctl.plan.refs import Names, source_of, state_of
from accessctl.plan.risk import RUNNING, takes_own_access

if TYPE_CHECKING:
    from accessctl.model import Access, Policy
    from accessctl.plan.settle import Settled

UNDATED = frozenset({"ask_client", BY_HAND, AFTER_BY_HAND})  # nobody was asked: there is no day since when


class Rows:
    """Writes the actions and rows of one plan."""

    def __init__(self, desired: Access, live: Access, policy: Policy, replace_with_gap: bool) -> None:
        self.names = Names(desired, live)
        self.policy = policy
        self.replace_with_gap = replace_with_gap

    def action(self, pair: Settled) -> Action:
        verb = Verb(pair.decision.what)
        gap = verb is Verb.CHANGE and (self.replace_with_gap or pair.asset.replace_with_gap)
        before, after = _state(pair), _after(pair, verb)
        widens = tasks.MANAGE_LIKE & set(after.tasks) - set(before.tasks if before.status is Status.CONFIRMED else ())
        action = Action(
            verb=verb,
            asset=self.names.asset(pair.asset),
            agency=self.names.business(pair.agency),
            owner=pair.asset.owner,
            via=self.names.business(pair.via).alias,
            before=before,
            after=after,
            reason=pair.decision.reason,
            sources=_sources(pair),
            risk=("manage",) * bool(widens)
            + ("gap",) * gap
            + ("asked_before",) * (pair.decision.reason.code == "asked_again"),
            replace_with_gap=gap,
        )
        own = takes_own_access(action, self.policy.acts_as)
        return replace(action, risk=(*action.risk, "own_access")) if own else action

    def row(self, pair: Settled) -> Row:
        waits = pair.decision.what is Outcome.WAITING
        since = pair.live.since if waits and pair.decision.reason.code not in UNDATED else None
        via = self.names.business(pair.via)
        return Row(
            asset=self.names.asset(pair.asset),
            agency=self.names.business(pair.agency) if pair.agency else None,
            via=via.alias or via.id,
            before=_state(pair),
            after=_after(pair, None) if pair.declared else None,
            reason=pair.decision.reason,
            sources=_sources(pair),
            since=since,
            stale_at=since + self.policy.stale_after if since else None,
        )


def _state(pair: Settled) -> State:
    wanted = pair.declared.tasks if pair.declared else frozenset[str]()
    return state_of(pair.asset.asset.kind, wanted, pair.live)


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
        return tuple(source_of(source) for source in pair.declared.sources)
    place = pair.asset.place
    return (Source(place.file, place.line),) if place else ()


def asset_order(asset: AssetRef) -> tuple[str, bool, str, str]:
    return asset.kind, not asset.alias, asset.alias, asset.id


def action_order(action: Action) -> tuple[tuple[str, bool, str, str], int, bool, BusinessRef]:
    """By asset, and on one asset everything that widens before anything that narrows (law 7).

    What was only asked for is not held. Of what does both, whoever stops running the asset comes last: a stopped
    run never leaves it to nobody where somebody ran it and somebody is to.
    """
    is_held = action.before.status is Status.CONFIRMED
    before = set(action.before.tasks) - set(action.before.server_added) if is_held else set()
    after = set(action.after.tasks)
    narrows, widens = action.verb in REMOVING or bool(before - after), bool(after - before)
    stops = narrows and widens and bool(before & RUNNING) and not after & RUNNING
    return asset_order(action.asset), 2 * narrows - (narrows and widens), stops, action.agency

"""Desired and live access in, plan out. Pure: the same two give the same plan, to the byte."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from accessctl.called import quoted
from accessctl.clean import LIMIT
from accessctl.model import AssetAccess, Status
from accessctl.plan.byhand import closed_in
from accessctl.plan.decide import Outcome
from accessctl.plan.headlines import headlines
from accessctl.plan.losing import losing_of
from accessctl.plan.nouns import COUNTED_AS, BusinessRef, Held, Plan, Row, Summary, Verb
from accessctl.plan.risk import flagged
from accessctl.plan.rows import Rows, action_order, asset_order
from accessctl.plan.settle import Planner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from accessctl.model import Access, Gap, Policy
    from accessctl.plan.nouns import Action

    InScope = Callable[[AssetAccess, str], bool]


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
    pairs = Planner(desired, live, policy, replace_with_gap=replace_with_gap).pairs()
    settled = [pair for pair in pairs if in_scope is None or in_scope(pair.asset, pair.agency)]
    write = Rows(desired, live, policy, replace_with_gap)
    planned = (write.action(pair) for pair in settled if isinstance(pair.decision.what, Verb))
    actions = flagged(sorted(planned, key=action_order), live, policy.acts_as)

    def rows(outcome: Outcome) -> tuple[Row, ...]:
        found = [write.row(pair) for pair in settled if pair.decision.what is outcome]
        return tuple(sorted(found, key=lambda row: (asset_order(row.asset), row.agency or BusinessRef(""))))

    waiting, blocked, unmanaged = map(rows, (Outcome.WAITING, Outcome.BLOCKED, Outcome.UNMANAGED))
    counts = {"grant": 0, "change": 0, "revoke": 0, "request": 0}
    for action in actions:
        counts[COUNTED_AS[action.verb]] += 1
    declared = [pair for pair in settled if pair.asset.asset in desired.assets]
    held = Counter(pair.agency for pair in declared if pair.live.status is Status.CONFIRMED)
    summary = Summary(
        **counts,
        waiting=len(waiting),
        blocked=len(blocked),
        unmanaged=len(unmanaged),
        unchanged=sum(
            pair.decision.what is Outcome.UNCHANGED and pair.live.status is not Status.ABSENT for pair in declared
        ),
        live=held.total(),
    )
    return Plan(
        actions,
        waiting,
        blocked,
        unmanaged,
        summary,
        headlines(actions, live),
        _renamed(desired, live),
        _unread(desired, live),
        _held(actions, held),
        losing_of(desired, live, in_scope),
        closed_in(desired, settled),
    )


def _held(actions: Iterable[Action], held: Mapping[str, int]) -> tuple[Held, ...]:
    """Count what the agencies hold from which an action may take something; the guards take shares of it."""
    losing = {action.agency.id for action in actions if action.before.status is Status.CONFIRMED}
    return tuple(Held(agency, held[agency]) for agency in sorted(losing))


def _unread(desired: Access, live: Access) -> tuple[str, ...]:
    """Say which listings could not be read to the end: access nobody declares may hide there."""
    return tuple(gap_line(desired, gap) for gap in live.gaps)


def gap_line(desired: Access, gap: Gap) -> str:
    """Return the sentence of one such listing; it ends with the reason."""
    who = desired.businesses[gap.business].alias
    return f"what {who} sees of {gap.kind.nouns} as {gap.side} could not be read to the end: {gap.reason}"


def _renamed(desired: Access, live: Access) -> tuple[str, ...]:
    """Say which names of the manifests are not the names at Meta: renames happen, and typos."""
    found = []
    for business in desired.businesses.values():
        there = live.businesses.get(business.id)
        if business.name and there and there.name and there.name != business.name:
            found.append(f"{business.alias} ({business.id}) {_other(there.name, business.name)}")
    for asset in desired.assets.values():
        seen = live.assets.get(asset.asset)
        if asset.name and seen and seen.name and seen.name != asset.name:
            found.append(f"{asset.alias} ({asset.asset.node}) {_other(seen.name, asset.name)}")
    return tuple(sorted(found))


def _other(there: str, here: str) -> str:
    return f"is called {quoted(there, LIMIT)} at Meta, not {quoted(here, LIMIT)}"

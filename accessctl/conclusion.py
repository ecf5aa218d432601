"""What a plan of the same access would do with one pair: asked of the planner, never judged anew. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from accessctl.guard import judge
from accessctl.plan.make import make_plan
from accessctl.plan.settle import Planner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from accessctl.model import Access, Asset, AssetAccess, Policy
    from accessctl.plan.decide import Outcome
    from accessctl.plan.nouns import Action, Reason, Verb
    from accessctl.plan.settle import Settled

    InScope = Callable[[AssetAccess, str], bool]


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What becomes of a pair. `what` and `reason` are None for a pair that a plan does not look at.

    `action` is the step, where there is one, and `refused` why the guards would refuse the plan that it is in:
    then nothing of that plan is done. A pair on an asset of which nothing may be planned has the asset's reason.
    """

    what: Verb | Outcome | None = None
    reason: Reason | None = None
    action: Action | None = None
    refused: tuple[str, ...] = ()


NOTHING = Conclusion()


class Conclusions:
    """The plan of all that was read, or of what is in scope, pair by pair."""

    def __init__(self, desired: Access, live: Access, policy: Policy, in_scope: InScope) -> None:
        plan = make_plan(desired, live, policy, in_scope=in_scope)
        self.refused = judge(plan, policy.guards, acting=policy.acts_as).reasons
        self.actions = {action.id: action for action in plan.actions}
        pairs = Planner(desired, live, policy).pairs()
        self.settled = _by_pair(pair for pair in pairs if in_scope(pair.asset, pair.agency))

    def of(self, asset: Asset, agency: str) -> Conclusion:
        """Return what becomes of a pair; agency "" is everybody on an asset of which nothing may be planned."""
        pair = self.settled.get((asset, agency)) or self.settled.get((asset, ""))
        if pair is None:
            return NOTHING
        decision = pair.decision
        action = self.actions.get(f"{decision.what}/{asset.kind}/{asset.id}/{agency}")
        return Conclusion(decision.what, decision.reason, action, self.refused if action else ())


def _by_pair(pairs: Iterable[Settled]) -> dict[tuple[Asset, str], Settled]:
    return {(pair.asset.asset, pair.agency): pair for pair in pairs}

"""What ends more than one asset: a run that has to end, and calls that would be refused as one before them was."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from accessctl.apply.outcomes import GOOD
from accessctl.limited import PARTNERS_PAGE
from accessctl.plan.byhand import edge_of, edges_of
from accessctl.plan.nouns import Verb

if TYPE_CHECKING:
    from accessctl.apply.outcomes import Step
    from accessctl.plan.nouns import Action

# GRAPH_API 0.1 and 1.3: asking for ad accounts was closed to most apps on 8 June 2021.
BY_HAND = (
    "Meta lets only few apps ask for access by this call. Ask by hand, in Business Settings under the kind of asset, "
    f"Add, Request access; or have the client add your business as a partner at {PARTNERS_PAGE}. The next plan sees "
    "either"
)
BY_HAND_AS_OWNER = (
    "Meta does not open this call to your app. Do it by hand, in Business Settings under the asset, Partners; the "
    "next plan has the link of each, and sees what was done"
)
CLOSED = "not tried: Meta does not open this kind of call to this app"
FOR_WANT_OF = "not tried: Meta has just refused others of this kind for want of"
SURE = 2  # so many assets refused alike, and none that was not: it is the token and no asset


class Kept(NamedTuple):
    """Why a kind of call is not made any more, and what to do about it."""

    why: str
    hint: str


@dataclass
class Stops:
    """What ends more than one asset: a dead token ends the run, a closed edge ends its kind of call.

    `edges` are the kinds of call that are closed, `worked` those of which one did what it was for, and `lacking` has
    for each kind what Meta's words named when it refused the call, by the id of the asset.
    """

    run: str = ""
    hint: str = ""  # what to do before the run can go on, where there is something
    cause: BaseException | None = None
    edges: dict[tuple[str, str], Kept] = field(default_factory=dict)
    worked: set[tuple[str, str]] = field(default_factory=set)
    lacking: defaultdict[tuple[str, str], dict[str, Kept]] = field(default_factory=lambda: defaultdict(dict))

    def reason(self, action: Action) -> str:
        """Return why an action is not to be tried, empty where it is."""
        kept = self.kept(action)
        return self.run or (kept.why if kept else "")

    def kept(self, action: Action) -> Kept | None:
        """Return why calls of the action's kind are not made any more, None where they are."""
        if closed := next((self.edges[call] for call in calls_of(action) if call in self.edges), None):
            return closed
        call = call_of(action)
        refused = tuple(self.lacking[call].values())
        return refused[-1] if len(refused) >= SURE and call not in self.worked else None

    def end(self, why: str, cause: BaseException | None = None, hint: str = "") -> None:
        """End the run."""
        self.hint = self.hint if self.run else hint
        self.run = self.run or f"not tried: {why}"
        self.cause = self.cause or cause

    def close(self, action: Action, edge: str) -> str:
        """End all calls of an edge that the action has found closed to the app; return what to do instead."""
        hint = BY_HAND if action.verb is Verb.REQUEST else BY_HAND_AS_OWNER
        self.edges[action.via, edge] = Kept(CLOSED, hint)
        return hint

    def learn(self, step: Step) -> None:
        """Note whether a call of a kind has worked, or was refused by words that name what the token lacks.

        Two assets refused so end all calls of the kind, unless one has worked.
        """
        call = call_of(step.action)
        if step.is_journalled and step.outcome in GOOD:
            self.worked.add(call)
            self.edges.pop(call, None)
        elif step.lacks:
            why = f"{FOR_WANT_OF} {' or '.join(sorted(step.lacks))}"
            self.lacking[call][step.action.asset.id] = Kept(why, step.hint)


def call_of(action: Action) -> tuple[str, str]:
    """Return the kind of call that carries an action out: who makes it, and its edge."""
    return action.via, edge_of(action.verb, action.asset.kind)


def calls_of(action: Action) -> list[tuple[str, str]]:
    """Return the kinds of call that an action may need, its own first: a change with a gap revokes as well."""
    edges = edges_of(action.verb, action.asset.kind, with_gap=action.replace_with_gap)
    return [(action.via, edge) for edge in edges]

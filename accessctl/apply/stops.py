"""What ends more than one asset: a run that has to end, and calls that would be refused as one before them was."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from accessctl.apply.outcomes import GOOD
from accessctl.limited import PARTNERS_PAGE
from accessctl.plan.byhand import edge_of
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
FOR_WANT_OF = "not tried: Meta has just refused another of this kind for want of"


class Kept(NamedTuple):
    """Why a kind of call is not made any more, and what to do about it."""

    why: str
    hint: str


@dataclass
class Stops:
    """What ends more than one asset: a dead token ends the run, a closed edge ends its kind of call.

    `edges` are the kinds of call that are not made any more, `worked` those of which one did what it was for.
    """

    run: str = ""
    hint: str = ""  # what to do before the run can go on, where there is something
    cause: BaseException | None = None
    edges: dict[tuple[str, str], Kept] = field(default_factory=dict)
    worked: set[tuple[str, str]] = field(default_factory=set)

    def reason(self, action: Action) -> str:
        """Return why an action is not to be tried, empty where it is."""
        kept = self.edges.get(call_of(action))
        return self.run or (kept.why if kept else "")

    def end(self, why: str, cause: BaseException | None = None, hint: str = "") -> None:
        """End the run."""
        self.hint = self.hint if self.run else hint
        self.run = self.run or f"not tried: {why}"
        self.cause = self.cause or cause

    def close(self, action: Action) -> str:
        """End all calls of the action's kind, which Meta does not open to the app; return what to do instead."""
        hint = BY_HAND if action.verb is Verb.REQUEST else BY_HAND_AS_OWNER
        self.edges[call_of(action)] = Kept(CLOSED, hint)
        return hint

    def learn(self, step: Step) -> None:
        """End all calls of a step's kind where its refusal names what the token lacks, and none has worked."""
        call = call_of(step.action)
        if step.is_journalled and step.outcome in GOOD:
            self.worked.add(call)
        elif step.lacks and call not in self.worked:
            self.edges[call] = Kept(f"{FOR_WANT_OF} {' or '.join(sorted(step.lacks))}", step.hint)


def call_of(action: Action) -> tuple[str, str]:
    """Return the kind of call that carries an action out: who makes it, and its edge."""
    return action.via, edge_of(action.verb, action.asset.kind)

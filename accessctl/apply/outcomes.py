"""How each action of a plan ended."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from accessctl.model import Status
from accessctl.plan.nouns import COUNTED_AS

if TYPE_CHECKING:
    from accessctl.chain import Head
    from accessctl.graph.errors import Trouble
    from accessctl.plan.nouns import Action, State


class Outcome(StrEnum):
    """The eight ways an action can end."""

    APPLIED = "applied"
    CONVERGED = "converged"  # it was as wanted already; no call was made, or none was needed
    AWAITING_APPROVAL = "awaiting_admin_approval"
    WAITING = "waiting_for_client"
    FAILED = "failed"
    UNKNOWN = "unknown"
    STALE = "stale"
    SKIPPED = "skipped"


GOOD = frozenset({Outcome.APPLIED, Outcome.CONVERGED, Outcome.AWAITING_APPROVAL, Outcome.WAITING})


@dataclass(frozen=True, slots=True)
class Step:
    """One action and how it ended. `text` says what happened, `hint` what to do about it.

    `live` is what was there when we last looked, None where nobody looked; `trouble` is what stood in the
    way, if Meta said so.
    """

    action: Action
    outcome: Outcome
    text: str = ""
    hint: str = ""
    trace: str = ""
    live: State | None = None
    trouble: Trouble | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """All steps of one run, in the order of the plan.

    `stopped_by` is what ended the run early: Ctrl-C, SIGTERM, a journal that cannot be written. `head` is
    where the journal ended after it, None where that is not known.
    """

    run: str
    steps: tuple[Step, ...]
    stopped_by: BaseException | None = None
    head: Head | None = None

    @property
    def exit_code(self) -> int:
        """0 when every step ended well; 4 when one was stale; 5 when one failed, is unknown or was left out."""
        outcomes = {step.outcome for step in self.steps}
        if Outcome.STALE in outcomes:
            return 4
        return 0 if outcomes <= GOOD else 5

    def done(self) -> Counter[str]:
        """Count the steps that took effect, and requests sent, under the summary line's words."""
        reached = (Outcome.APPLIED, Outcome.WAITING)
        return Counter(COUNTED_AS[step.action.verb] for step in self.steps if step.outcome in reached)

    def waiting(self) -> int:
        """Count the pairs that now depend on a person, asked just now or before."""
        return sum(
            step.outcome in (Outcome.WAITING, Outcome.AWAITING_APPROVAL)
            or (step.outcome is Outcome.CONVERGED and step.live is not None and step.live.status is Status.PENDING)
            for step in self.steps
        )

    def outcomes(self) -> Counter[Outcome]:
        """Count the steps by outcome."""
        return Counter(step.outcome for step in self.steps)

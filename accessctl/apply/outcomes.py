"""How each action of a plan ended."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from accessctl.model import Asset, Status
from accessctl.plan.nouns import COUNTED_AS, Verb

if TYPE_CHECKING:
    from datetime import datetime

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

# What each verb has done once it took effect.
DONE_WORDS = {
    Verb.GRANT: "granted",
    Verb.ACCEPT: "accepted",
    Verb.CHANGE: "changed",
    Verb.REVOKE: "revoked",
    Verb.REQUEST: "requested",
    Verb.WITHDRAW: "withdrawn",
    Verb.RELINQUISH: "relinquished",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One action and how it ended. `text` says what happened, `hint` what to do about it.

    `live` is what was there when we last looked, None where nobody looked; `trouble` is what stood in the
    way, if Meta said so; `lacks` are the permissions it named then. `is_journalled` tells that the journal has lines
    of it, because something was sent.
    """

    action: Action
    outcome: Outcome
    text: str = ""
    hint: str = ""
    trace: str = ""
    live: State | None = None
    trouble: Trouble | None = None
    is_journalled: bool = False
    lacks: frozenset[str] = frozenset()

    @property
    def waits(self) -> bool:
        """Whether the pair now depends on a person, asked just now or before."""
        is_pending = self.live is not None and self.live.status is Status.PENDING
        return self.outcome in (Outcome.WAITING, Outcome.AWAITING_APPROVAL) or (
            self.outcome is Outcome.CONVERGED and is_pending
        )


def called(action: Action) -> str:
    """Return what a step is called while it is in flight: `grant mediahouse on de-brand`."""
    asset = action.asset.alias or Asset(action.asset.kind, action.asset.id).node
    return f"{action.verb} {action.agency.alias or action.agency.id} on {asset}"


@dataclass(frozen=True, slots=True)
class Settled:
    """A write of an earlier run that a crash left open, and how it turned out.

    `run` is the run that sent it, if it was sent, at `sent_at`. `outcome` is None where it stays open, because
    nobody could look; `failed` says that it was not applied. `text` says why; `live` is what was there, None
    where nobody looked, as with a write that a later one on the same pair came after.
    """

    action: Action
    run: str
    sent_at: datetime
    outcome: Outcome | None
    text: str = ""
    live: State | None = None

    @property
    def is_clear(self) -> bool:
        """Somebody knows how it ended, or it does not matter any more."""
        return self.outcome is not None and (self.outcome is not Outcome.UNKNOWN or self.live is None)


@dataclass(frozen=True, slots=True)
class Result:
    """All steps of one run, in the order of the plan.

    `stopped_by` is what ended the run early: Ctrl-C, SIGTERM, a journal that cannot be written. `head` is
    where the journal ended after it, None where that is not known. `settled` are the writes that a crash of an
    earlier run had left open, in the order of the journal.
    """

    run: str
    steps: tuple[Step, ...]
    stopped_by: BaseException | None = None
    head: Head | None = None
    settled: tuple[Settled, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 when every step ended well; 4 when one was stale; 5 when one failed, is unknown or was left out.

        A write that a crash left open counts too, where it stays open or is unknown.
        """
        outcomes = {step.outcome for step in self.steps}
        if Outcome.STALE in outcomes:
            return 4
        return 0 if outcomes <= GOOD and all(one.is_clear for one in self.settled) else 5

    def done(self) -> Counter[str]:
        """Count the steps that took effect, and requests sent, under the summary line's words."""
        reached = (Outcome.APPLIED, Outcome.WAITING)
        return Counter(COUNTED_AS[step.action.verb] for step in self.steps if step.outcome in reached)

    def waiting(self) -> int:
        """Count the pairs that now depend on a person, asked just now or before."""
        return sum(step.waits for step in self.steps)

    def outcomes(self) -> Counter[Outcome]:
        """Count the steps by outcome."""
        return Counter(step.outcome for step in self.steps)

"""How a settled pair of a plan reads in a review: what is live beside what is declared. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.model import Status
from accessctl.plan.decide import Outcome
from accessctl.plan.nouns import REMOVING, Verb
from accessctl.report.nouns import Standing

if TYPE_CHECKING:
    from accessctl.plan.settle import Settled

OUTCOMES = {
    Outcome.WAITING: Standing.WAITING,
    Outcome.UNMANAGED: Standing.UNMANAGED,
    Outcome.BLOCKED: Standing.UNREADABLE,
}


def standing_of(pair: Settled) -> Standing | None:
    """Return how the pair stands; None where there is neither access, a request for it, nor a declaration."""
    what, is_there = pair.decision.what, pair.live.status is not Status.ABSENT
    if pair.live.status is Status.UNREADABLE:
        return Standing.UNREADABLE
    if pair.live.status is Status.UNKNOWN:
        return Standing.UNKNOWN
    if what is Outcome.UNCHANGED and not is_there:
        return Standing.ENDED if pair.declared is not None else None
    if what is Outcome.UNCHANGED:
        return Standing.DECLARED
    if isinstance(what, Outcome):
        return OUTCOMES[what]
    return Standing.DRIFT if what in REMOVING or what is Verb.CHANGE else Standing.MISSING

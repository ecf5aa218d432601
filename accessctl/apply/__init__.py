"""The door out: action -> call -> journal entry."""

from accessctl.apply.door import GraphDoor
from accessctl.apply.outcomes import Outcome, Result, Settled, Step
from accessctl.apply.pending import Pending, pending_of, settle
from accessctl.apply.run import Run, sent_since
from accessctl.apply.write import Writer

__all__ = [
    "GraphDoor",
    "Outcome",
    "Pending",
    "Result",
    "Run",
    "Settled",
    "Step",
    "Writer",
    "pending_of",
    "sent_since",
    "settle",
]

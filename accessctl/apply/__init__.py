"""The door out: action -> call -> journal entry."""

from accessctl.apply.door import GraphDoor
from accessctl.apply.outcomes import Outcome, Result, Step
from accessctl.apply.run import Run, sent_since
from accessctl.apply.write import Writer

__all__ = ["GraphDoor", "Outcome", "Result", "Run", "Step", "Writer", "sent_since"]

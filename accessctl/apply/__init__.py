"""The door out: action -> call -> journal entry."""

from accessctl.apply.door import GraphDoor
from accessctl.apply.outcomes import Outcome, Result, Step
from accessctl.apply.run import apply_actions

__all__ = ["GraphDoor", "Outcome", "Result", "Step", "apply_actions"]

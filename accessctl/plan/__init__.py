"""Desired + live -> plan; pure."""

from accessctl.plan.make import make_plan
from accessctl.plan.nouns import Action, Plan, Row, Verb

__all__ = ["Action", "Plan", "Row", "Verb", "make_plan"]

"""A plan as the JSON of its file, for standard output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.plan.document import to_text
from accessctl.render.escape import json_text

if TYPE_CHECKING:
    from accessctl.plan.document import SavedPlan


def plan_json(saved: SavedPlan) -> str:
    """Return the plan file with the same content and digest, in which a CI system finds no command in its log."""
    return json_text(to_text(saved))

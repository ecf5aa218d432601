"""An apply that has ended, as text, JSON and events: what --render writes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from accessctl.render.apply_events import apply_begins, apply_ends
from accessctl.render.events import event_lines
from accessctl.render.result import result_json, result_text

if TYPE_CHECKING:
    from datetime import datetime

    from accessctl.apply.outcomes import Result
    from accessctl.model import Access, Cost
    from accessctl.plan.document import SavedPlan
    from accessctl.render.paper import Paper


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of a plan. `saved` is the plan as it was judged, `desired` tells how owners are called."""

    result: Result
    saved: SavedPlan
    desired: Access
    cost: Cost
    exit_code: int


def ended_text(ended: Ended, paper: Paper) -> str:
    """Return every step, the count, and what is left to do."""
    return result_text(ended.result, ended.saved, paper, ended.desired)


def ended_json(ended: Ended) -> str:
    """Return what `apply --format json` prints."""
    return result_json(ended.result, ended.saved, ended.cost, ended.desired) + "\n"


def ended_events(ended: Ended, now: datetime) -> str:
    """Return the events of `apply --format ndjson`, the steps in the order of the plan."""
    ends = apply_ends(ended.result, ended.saved, ended.cost, ended.exit_code)
    return event_lines([*apply_begins(ended.saved, now), *ends])

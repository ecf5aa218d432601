"""An apply as events: the plan, each step as it ends, and the end, or why it was refused."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from accessctl.apply.outcomes import Outcome
from accessctl.render.events import version_event
from accessctl.render.plan_events import of_plan
from accessctl.render.settled import settled_row

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import datetime

    from accessctl.apply.outcomes import Result, Step
    from accessctl.errors import AccessctlError
    from accessctl.model import Cost
    from accessctl.plan.document import SavedPlan
    from accessctl.render.events import Event


def apply_begins(saved: SavedPlan, now: datetime) -> Iterator[Event]:
    """Yield the events that stand before the first step: the version, and the plan as `plan` tells it."""
    yield version_event("apply")
    yield from of_plan(saved, now)


def step_event(step: Step) -> Event:
    """Return how a step ended, as soon as it has. `text` says what happened, `hint` what to do about it."""
    action, live = step.action, step.live
    return {
        "type": "step",
        "id": action.id,
        "action": action.verb,
        "asset": {"kind": action.asset.kind, "id": action.asset.id},
        "agency": {"id": action.agency.id},
        "outcome": step.outcome,
        "waits": step.waits,
        "text": step.text,
        "hint": step.hint,
        "fbtrace_id": step.trace,
        "live": {"status": live.status, "tasks": list(live.tasks)} if live else None,
    }


def apply_ends(
    result: Result, saved: SavedPlan, cost: Cost, exit_code: int, told: Collection[str] = ()
) -> Iterator[Event]:
    """Yield the steps that were not told while it ran (`told` has the ids of those that were), as after an interrupt.

    Then how writes turned out that a crash had left open, and the end: the counts, and the exit code.
    """
    yield from (step_event(step) for step in result.steps if step.action.id not in told)
    for one in result.settled:
        yield {"type": "settled", **settled_row(one)}
    outcomes, head = result.outcomes(), result.head
    yield {
        "type": "end",
        "run": result.run,
        "plan": saved.digest,
        "journal": {"lines": head.lines, "head": head.digest} if head else None,
        "graph": asdict(cost),
        "summary": {outcome.value: outcomes[outcome] for outcome in Outcome},
        "stopped": result.stopped_by is not None,
        "exit_code": exit_code,
    }


def apply_refused(error: AccessctlError, saved: SavedPlan, cost: Cost) -> Event:
    """Return the end of an apply that has no result: `refused` says why, as a guard, a token or a lock has it."""
    return {
        "type": "end",
        "plan": saved.digest,
        "graph": asdict(cost),
        "stopped": False,
        "refused": error.what,
        "hint": error.hint,
        "exit_code": error.exit_code,
    }

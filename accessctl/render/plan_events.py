"""A plan as events: what it comes to, then each action and each row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.guard import hint
from accessctl.plan.byhand import closed_document
from accessctl.plan.document import to_document
from accessctl.plan.losing import losing_document
from accessctl.plan.rowdocument import action_document, row_document
from accessctl.render.age import age_warnings
from accessctl.render.events import Event, event_lines, version_event

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from accessctl.plan.document import SavedPlan

# The parts of the plan file that say what the plan is, as the event `plan` has them.
ABOUT = ("digest", "created_at", "manifests", "graph", "snapshot", "acts_as", "scope", "guards", "headlines", "unread")


def plan_events(saved: SavedPlan, now: datetime) -> str:
    """Return the stream of `accessctl plan --format ndjson`; its last line counts the lines before it."""
    events = [version_event("plan"), *of_plan(saved, now)]
    return event_lines([*events, {"type": "end", "events": len(events)}])


def of_plan(saved: SavedPlan, now: datetime) -> Iterator[Event]:
    """Yield what a plan comes to, its warnings, its actions in the order of the plan, and all it leaves alone."""
    plan, document = saved.plan, to_document(saved)
    yield {"type": "plan", "plan_format_version": saved.format_version, **_present(document)}
    says = hint(plan, saved.verdict) if saved.verdict.reasons else ""
    yield {"type": "summary", **document["summary"], "verdict": saved.verdict.word, "hint": says}
    for warning in (*plan.warnings, *age_warnings(saved.origin.snapshot, now)):
        yield {"type": "warning", "text": warning}
    for losing in plan.losing:
        yield {"type": "losing", **losing_document(losing)}
    for closed in plan.closed:
        yield {"type": "closed", **closed_document(closed)}
    for action in plan.actions:
        yield {"type": "action", **action_document(action)}
    for word, rows in (("waiting", plan.waiting), ("blocked", plan.blocked), ("unmanaged", plan.unmanaged)):
        for row in rows:
            yield {"type": word, **row_document(row)}


def _present(document: Event) -> Event:
    return {key: document[key] for key in ABOUT if key in document}

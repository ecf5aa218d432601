"""The events of an apply on stdout, each as soon as it happens."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

from accessctl.cli.options import now, show
from accessctl.errors import AccessctlError

if TYPE_CHECKING:
    from accessctl.apply import Result, Step
    from accessctl.model import Cost
    from accessctl.plan.document import SavedPlan


class Stream:
    """Prints events from many threads, a line each. A stdout that is gone or full stops nothing."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._told: set[str] = set()

    def begin(self, judged: SavedPlan) -> None:
        """Print the version and the plan."""
        from accessctl.render.apply_events import apply_begins
        from accessctl.render.events import event_lines

        show(event_lines(apply_begins(judged, now())))

    def step(self, step: Step) -> None:
        """Print how a step has ended."""
        from accessctl.render.apply_events import step_event
        from accessctl.render.events import event_line

        with self._lock, contextlib.suppress(AccessctlError):
            self._told.add(step.action.id)
            show(event_line(step_event(step)))

    def end(self, result: Result, saved: SavedPlan, cost: Cost, exit_code: int) -> None:
        """Print the steps that were not told yet, and the end."""
        from accessctl.render.apply_events import apply_ends
        from accessctl.render.events import event_lines

        show(event_lines(apply_ends(result, saved, cost, exit_code, told=self._told)))

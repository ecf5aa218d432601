"""accessctl wait."""

from __future__ import annotations

import os
import time
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from accessctl.cli.options import (
    HERE,
    allow_unknown_tasks_option,
    load,
    markdown_format_option,
    now,
    seconds,
    show,
    tell,
    tell_warnings,
    way_options,
)
from accessctl.cli.progress import tell_after, watching
from accessctl.cli.waiting import TARGET, listed
from accessctl.counting import count
from accessctl.watch import QUIET

if TYPE_CHECKING:
    from collections.abc import Callable

    from accessctl.connection import Connection
    from accessctl.manifest import Project
    from accessctl.plan.document import SavedPlan
    from accessctl.way import Way
    from accessctl.workflow import Wish


def _some_time(context: click.Context, parameter: click.Parameter, text: str) -> float:
    """Return a time in seconds. Raises BadParameter for none at all: Meta would be asked without a pause."""
    found = seconds(context, parameter, text)
    if not found:
        raise click.BadParameter("no time at all; write at least 1s")
    return found


@click.command("wait", epilog="Example: accessctl wait --for settled --timeout 2h --target agency:mediahouse")
@click.option(
    "--for",
    "goal",
    type=click.Choice(["settled", "stale"]),
    default="settled",
    envvar="ACCESSCTL_WAIT_FOR",
    show_default=True,
    help="Until nothing waits any more, or until something waits for longer than requests.stale_after.",
)
@click.option("--timeout", callback=seconds, default="2h", show_default=True, metavar="TIME", help="When to give up.")
@click.option(
    "--every",
    callback=_some_time,
    default="60s",
    show_default=True,
    metavar="TIME",
    help="How long to pause between two looks.",
)
@TARGET
@markdown_format_option
@allow_unknown_tasks_option
@way_options
def command(
    goal: str,
    timeout: float,
    every: float,
    target: tuple[str, ...],
    format: str,
    allow_unknown_tasks: bool,
    way: Way,
) -> int:
    """Wait until nothing waits for a person at Meta.

    For pipelines: it reads live access again and again, and changes nothing.
    What is not read cannot be settled. Narrow it with --target: each look costs
    as much as a plan. Exit code 0: it came to that, with --for stale also where
    nothing waits any more; 5: time is up, or only you can go on; what still
    waits is printed.
    """
    from accessctl.plan.nouns import Scope
    from accessctl.waiting import is_hopeless, is_settled, waiting_of
    from accessctl.workflow import Wish

    project = load(allow_unknown_tasks=allow_unknown_tasks, warn=False)
    looks = Looks(project, way, Wish(Scope(target)))

    def is_over(saved: SavedPlan) -> bool:
        waits = waiting_of(saved.plan, project.desired, saved.created_at)
        return is_settled(saved.plan) or (goal == "stale" and any(wait.is_stale for wait in waits))

    saved = looks.until(lambda saved: is_over(saved) or is_hopeless(saved.plan), timeout, every)
    show(listed(waiting_of(saved.plan, project.desired, saved.created_at), saved, format))
    tell_warnings(saved.plan.warnings)
    _say_why(saved, is_over=is_over(saved), is_hopeless=is_hopeless(saved.plan))
    return 0 if is_over(saved) else 5


def _say_why(saved: SavedPlan, *, is_over: bool, is_hopeless: bool) -> None:
    """Say beside the result why the wait ended, where that is no good news."""
    if is_over and saved.plan.actions:
        many = len(saved.plan.actions) > 1
        planned = f"{count(len(saved.plan.actions), 'planned action')} {'are' if many else 'is'} not applied"
        tell(f"note: {planned}; only what was sent can wait")
    elif is_hopeless:
        tell("hint: nobody at Meta will answer these any more; the next step is yours")
    elif not is_over:
        tell("hint: time is up; accessctl waiting --nudge prints a message to send to those who have to act")


class Looks:
    """Looks at live access again and again, each time over a connection of its own.

    Time is that of the connection's sleep: in a sandbox inside this process hours pass at once.
    """

    def __init__(self, project: Project, way: Way, wish: Wish) -> None:
        self.project = project
        self.way = way
        self.wish = wish
        self._began = time.monotonic()
        self._skipped = 0.0
        self._told: set[str] = set()
        self._has_looked = False
        self._progress = ""

    @property
    def passed(self) -> float:
        """Seconds since the first look began."""
        return time.monotonic() - self._began + self._skipped

    def until(self, is_over: Callable[[SavedPlan], bool], timeout: float, every: float) -> SavedPlan:
        """Look until it is over or the time is up, and return the last look.

        Raises AccessctlError where that look cannot be had, or where no later one could do better.
        """
        from accessctl.connection import connect

        while True:
            way = replace(self.way, max_wait=max(0.0, min(self.way.max_wait, timeout - self.passed)))
            # A bar or a line for each of a hundred looks would be noise: the first shows how long one takes.
            with (
                nullcontext(QUIET) if self._has_looked else watching() as watch,
                connect(self.project, HERE, way, os.environ, self._tell_once, watch) as connection,
            ):
                saved = self._look(connection, is_last=self.passed >= timeout)
                left = timeout - self.passed
                if saved and (is_over(saved) or left <= 0):
                    return saved
                self._sleep(connection, min(every, max(0.0, left)))

    def _look(self, connection: Connection, *, is_last: bool) -> SavedPlan | None:
        """Return what is live now, or None where a later look may do better than this one."""
        from accessctl.graph.errors import GraphError
        from accessctl.graph.patience import may_pass
        from accessctl.workflow import plan_project

        try:
            saved = plan_project(self.project, connection, self.wish, now() + timedelta(seconds=self._skipped))
        except GraphError as error:
            if is_last or not self._has_looked or not (may_pass(error) or error.trouble == "throttled"):
                raise
            self._tell_once(f"warning: this look failed, the next may not: {error.what}")
            return None
        self._has_looked = True
        self._show_progress(f"accessctl: {len(saved.plan.waiting)} waiting")
        return saved

    def _sleep(self, connection: Connection, pause: float) -> None:
        before = time.monotonic()
        connection.sleep(pause)
        self._skipped += max(0.0, pause - (time.monotonic() - before))

    def _show_progress(self, line: str) -> None:
        """Say how far it is where progress is shown, when that has changed."""
        if line != self._progress:
            self._progress = line
            tell_after(line)

    def _tell_once(self, line: str) -> None:
        """Say what each look has to say, once."""
        if line not in self._told:
            self._told.add(line)
            tell(line)

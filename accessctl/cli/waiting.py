"""accessctl waiting."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from accessctl.cli.connecting import connected
from accessctl.cli.offline import refuse_way
from accessctl.cli.options import (
    allow_unknown_tasks_option,
    load,
    markdown_format_option,
    now,
    paper,
    show,
    target_option,
    tell,
    tell_warnings,
    way_options,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from accessctl.manifest import Project
    from accessctl.plan.document import SavedPlan
    from accessctl.waiting import Wait
    from accessctl.way import Way
    from accessctl.workflow import Wish

TARGET = target_option("Look only at this")


@click.command("waiting", epilog="Example: accessctl waiting --stale --nudge")
@click.option("--stale", is_flag=True, help="Only what waits for longer than requests.stale_after.")
@click.option("--nudge", is_flag=True, help="Print a message for each client, and for second admins, ready to send.")
@click.option(
    "--live",
    metavar="SNAPSHOT",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Look at a file made by snapshot --out instead; no token, no network.",
)
@TARGET
@markdown_format_option
@allow_unknown_tasks_option
@way_options
def command(
    stale: bool,
    nudge: bool,
    live: Path | None,
    target: tuple[str, ...],
    format: str,
    allow_unknown_tasks: bool,
    way: Way,
) -> int:
    """List what waits for whom, how long, and where they click.

    The oldest comes first. What waits is never sent again, so this is where a
    person helps it on. Exit code 0: done; 5: something could not be read, and
    may wait too.
    """
    from accessctl.plan.nouns import Scope
    from accessctl.waiting import waiting_of
    from accessctl.workflow import Wish

    if nudge and format == "markdown":
        raise click.UsageError("a message is plain text; leave out --format markdown, or --nudge")
    if live:
        refuse_way("--live")
    project = load(allow_unknown_tasks=allow_unknown_tasks, warn=False)
    wish = Wish(Scope(target))
    saved = _from_snapshot(project, live, wish) if live else _from_meta(project, way, wish)
    waits = waiting_of(saved.plan, project.desired, saved.created_at)
    shown = tuple(wait for wait in waits if wait.is_stale or not stale)
    show(_messages(shown, format) if nudge else listed(shown, saved, format))
    _say_unread(saved, is_listed=not nudge)
    return 0 if saved.plan.is_whole else 5


def listed(waits: Sequence[Wait], saved: SavedPlan, format: str) -> str:
    """Return what waits in one of the formats of --format."""
    from accessctl.render.waiting import waiting_json, waiting_text
    from accessctl.render.waiting_table import waiting_markdown

    if format == "json":
        return waiting_json(waits, saved.plan, saved.created_at)
    return waiting_markdown(waits, saved.plan) if format == "markdown" else waiting_text(waits, saved.plan, paper())


def _messages(waits: Sequence[Wait], format: str) -> str:
    from accessctl.render.nudge import addressed, nudge_json, nudge_text

    alone = len(waits) - sum(map(len, addressed(waits)))
    if alone:
        tell(f"{alone} of {len(waits)} waiting are in no message, as the next step is yours; see accessctl waiting")
    return nudge_json(waits) if format == "json" else nudge_text(waits)


def _say_unread(saved: SavedPlan, *, is_listed: bool) -> None:
    from accessctl.render.age import age_warnings
    from accessctl.render.waiting import unread_lines

    unread = () if is_listed else unread_lines(saved.plan)
    tell_warnings((*saved.plan.warnings, *age_warnings(saved.origin.snapshot, saved.created_at), *unread))


def _from_meta(project: Project, way: Way, wish: Wish) -> SavedPlan:
    from accessctl.workflow import plan_project

    with connected(project, way) as connection:
        return plan_project(project, connection, wish, now())


def _from_snapshot(project: Project, live: Path, wish: Wish) -> SavedPlan:
    from accessctl.snapshotfile import read_snapshot
    from accessctl.workflow import plan_from_snapshot

    return plan_from_snapshot(project, read_snapshot(live), wish, now())

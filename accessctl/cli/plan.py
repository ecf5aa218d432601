"""accessctl plan."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from accessctl.cli.connecting import connected
from accessctl.cli.offline import refuse_way
from accessctl.cli.options import (
    HERE,
    allow_unknown_tasks_option,
    load,
    now,
    tell,
    tell_warnings,
    way_options,
    wish_options,
)
from accessctl.cli.progress import tell_after
from accessctl.cli.rendering import Output, plan_format_options, refuse_same_file, show_plan

if TYPE_CHECKING:
    from collections.abc import Callable

    from accessctl.manifest import Project
    from accessctl.plan.document import SavedPlan
    from accessctl.way import Way
    from accessctl.workflow import Wish


@click.command("plan", epilog="Example: accessctl plan --sandbox world.yaml --out plan.json")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the plan to this file too.")
@click.option(
    "--live",
    metavar="SNAPSHOT",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Plan from a file made by snapshot --out instead; no token, no network.",
)
@click.option(
    "--base",
    metavar="PLAN",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A plan made by plan --out before this change; say where the guards are looser now.",
)
@click.option(
    "--base-ref",
    metavar="REF",
    help="A commit from before this change; say where the guards are looser than in its accessctl.yaml.",
)
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 when changes are pending.")
@wish_options
@plan_format_options
@allow_unknown_tasks_option
@way_options
def command(
    out: Path | None,
    live: Path | None,
    base: Path | None,
    base_ref: str | None,
    detailed_exitcode: bool,
    target: tuple[str, ...],
    exclude: tuple[str, ...],
    ask_again: tuple[str, ...],
    replace_with_gap: bool,
    output: Output,
    allow_unknown_tasks: bool,
    way: Way,
) -> int:
    """Show what would change, and change nothing.

    Reads live access, or a snapshot of it, and compares it with the manifests.
    A plan made from a snapshot can be saved and reviewed; apply reads live access
    first and carries it out only where that agrees. With --base, a plan made
    before this change, or --base-ref, a commit from before it, the plan says in
    what the change loosens the guards.
    Exit code 0: done; 2: changes are pending (--detailed-exitcode only); 3: a
    guard refuses the plan; 5: something could not be read.
    """
    from accessctl.guard import hint
    from accessctl.plan.nouns import Scope
    from accessctl.planfile import write_plan
    from accessctl.render.age import age_warnings, cost_line
    from accessctl.workflow import Wish, exit_code_of_plan

    wish = Wish(Scope(target, exclude), ask_again, replace_with_gap)
    refuse_same_file(output.renders, out, "--out")
    if live:
        refuse_way("--live")
    project = load(allow_unknown_tasks=allow_unknown_tasks, warn=False)
    compared = _comparison(project, base, base_ref)
    saved = compared(_from_snapshot(project, live, wish) if live else _from_meta(project, way, wish))
    tell_warnings((*saved.plan.warnings, *age_warnings(saved.origin.snapshot, saved.created_at)))
    if saved.cost:
        tell_after(cost_line(saved.cost))
    if out:
        write_plan(out, saved)
    show_plan(saved, output, saved.created_at)
    if saved.verdict.reasons:
        tell(f"hint: {hint(saved.plan, saved.verdict)}")
    return exit_code_of_plan(saved, detailed=detailed_exitcode)


def _comparison(project: Project, base: Path | None, ref: str | None) -> Callable[[SavedPlan], SavedPlan]:
    """Return what adds to a plan in what the guards are looser than before; what is missing for it is told first."""
    from accessctl.baseref import limits_at
    from accessctl.planfile import against_base, against_limits, read_plan

    if base is not None and ref is not None:
        raise click.UsageError("--base and --base-ref both say what to compare the guards with; give one of them")
    if base is not None:
        before = read_plan(base)
        return lambda saved: against_base(saved, before, base)
    if ref is not None:
        limits = limits_at(HERE, ref, project.aliases)
        return lambda saved: against_limits(saved, limits)
    return lambda saved: saved


def _from_meta(project: Project, way: Way, wish: Wish) -> SavedPlan:
    from accessctl.doctor.moving import moving_notes, unread_notices
    from accessctl.webhook.kept import kept_notices
    from accessctl.workflow import plan_project

    with connected(project, way) as connection:
        kept = kept_notices(connection.records, os.environ)
        tell_warnings(unread_notices(kept))
        return plan_project(project, connection, wish, now(), moving_notes(kept, now()))


def _from_snapshot(project: Project, live: Path, wish: Wish) -> SavedPlan:
    from accessctl.snapshotfile import read_snapshot
    from accessctl.workflow import plan_from_snapshot

    return plan_from_snapshot(project, read_snapshot(live), wish, now())

"""accessctl apply."""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from accessctl.cli.connecting import connected
from accessctl.cli.options import (
    allow_unknown_tasks_option,
    format_option,
    load,
    now,
    pace_options,
    paper,
    progress,
    seconds,
    show,
    tell,
    tell_warnings,
    way_options,
    wish_options,
)

if TYPE_CHECKING:
    from accessctl.plan.document import SavedPlan


@click.command("apply", epilog="Example: accessctl apply plan.json --auto-approve")
@click.argument("plan", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--auto-approve", is_flag=True, help="Do not ask; for CI, where the review came before.")
@click.option("--allow-revokes", type=click.IntRange(0), metavar="N", help="Confirm that N revokes are meant.")
@click.option("--expect-digest", default="", metavar="D", help="Refuse any plan but the one with this digest.")
@click.option(
    "--max-plan-age",
    callback=seconds,
    default="24h",
    show_default=True,
    metavar="TIME",
    help="Refuse a PLAN made from what was read longer ago; 0 for no limit. A plan's digest does not cover its time.",
)
@wish_options
@format_option
@allow_unknown_tasks_option
@way_options
@pace_options
def command(
    plan: Path | None,
    auto_approve: bool,
    allow_revokes: int | None,
    expect_digest: str,
    max_plan_age: float,
    target: tuple[str, ...],
    exclude: tuple[str, ...],
    ask_again: tuple[str, ...],
    replace_with_gap: bool,
    format: str,
    allow_unknown_tasks: bool,
    sandbox: str,
    graph_url: str,
    token_command: str,
    parallelism: int,
    max_wait: float,
) -> int:
    """Carry out a plan; the only command that changes access.

    With PLAN, a file made by plan --out, it applies that plan and nothing else.
    Without, it plans, shows the plan, asks, and applies what it has shown.
    A plan made from a snapshot is held against a fresh read of everything first.
    Every write is recorded in a journal before and after: .accessctl/journal.jsonl.
    """
    from accessctl.connection import Way
    from accessctl.gate import check_age, check_fits, check_guards, check_tokens, judge_again
    from accessctl.plan.nouns import Scope
    from accessctl.planfile import read_plan
    from accessctl.render.result import result_json, result_text, step_text
    from accessctl.startedby import started_by
    from accessctl.workflow import Wish, apply_plan, plan_project

    wish = Wish(Scope(target, exclude), ask_again, replace_with_gap)
    if plan and wish != Wish():
        raise click.UsageError("a saved plan is applied as it is; --target and the like belong to plan")
    given = read_plan(plan) if plan else None
    if given:
        check_age(given, now(), timedelta(seconds=max_plan_age))
    project = load(allow_unknown_tasks=allow_unknown_tasks, warn=False)
    way = Way(graph_url, sandbox, token_command, max_wait, parallelism)
    with connected(project, way) as connection:
        saved = given or plan_project(project, connection, wish, now())
        check_fits(saved, project, connection, today=now().date(), expect_digest=expect_digest)
        _show_plan(judged := judge_again(saved, project, allow_revokes), format)
        check_guards(judged)
        if saved.plan.actions:
            check_tokens(saved, connection, now())
            _confirm(saved, auto_approve)
        result = apply_plan(
            saved,
            connection,
            parallelism=parallelism,
            tell=lambda step: progress(step_text(step, paper())),
            warn=lambda line: tell_warnings((line,)),
            started_by=started_by(os.environ),
        )
    if saved.plan.actions or format == "json":
        show(result_json(result, saved, connection.cost) if format == "json" else result_text(result, saved, paper()))
    if result.stopped_by:
        tell("hint: the journal has what was done; run apply again to go on from there")
        raise result.stopped_by
    return result.exit_code or (0 if saved.plan.is_whole else 5)


def _show_plan(judged: SavedPlan, format: str) -> None:
    """Show what is about to be done: on stdout, or beside a result that is JSON."""
    from accessctl.render.age import age_warnings
    from accessctl.render.plan_text import plan_text

    tell_warnings((*judged.plan.warnings, *age_warnings(judged.origin.snapshot, now())))
    (show if format == "text" else tell)(plan_text(judged, paper(), now()))


def _confirm(saved: SavedPlan, auto_approve: bool) -> None:
    """Ask a person, or stop: nobody there is a no."""
    from accessctl.counting import count as paper_count
    from accessctl.errors import RefusedError

    if auto_approve:
        return
    count = paper_count(len(saved.plan.actions), "action")
    if sys.stdin is None or not sys.stdin.isatty():
        raise RefusedError(
            f"nobody is at the terminal to confirm {count}, so nothing was done",
            "review the plan, then pass --auto-approve, best with --expect-digest",
        )
    answer = click.prompt(f"Apply {count}? Only yes will do", default="no", show_default=False, err=True)
    if answer.strip() != "yes":
        raise RefusedError("not confirmed, so nothing was done")

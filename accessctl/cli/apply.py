"""accessctl apply."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from accessctl.cli.connecting import connected
from accessctl.cli.options import (
    allow_unknown_tasks_option,
    load,
    now,
    paper,
    seconds,
    show,
    tell,
    tell_warnings,
    way_options,
    wish_options,
)
from accessctl.cli.progress import shows_steps_beside_stdout, step_words, tell_now
from accessctl.cli.rendering import (
    refuse_same_file,
    refuse_what_is_read,
    remove_old_renders,
    render_option,
    write_result,
)
from accessctl.cli.stream import Stream
from accessctl.counting import count
from accessctl.errors import AccessctlError
from accessctl.render.result_formats import RESULT_FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from accessctl.apply import Result, Step
    from accessctl.connection import Connection
    from accessctl.manifest import Project
    from accessctl.plan.document import SavedPlan
    from accessctl.way import Way


def _digest(_: click.Context, __: click.Parameter, given: str | None) -> str:
    """Return the digest, empty where none is expected. A variable that was not set must not switch this off."""
    if given is not None and not given.strip():
        raise click.BadParameter("it is empty; give the digest that the review has shown, or leave the option out")
    return (given or "").strip()


@click.command("apply", epilog="Example: accessctl apply plan.json --auto-approve")
@click.argument("plan", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--auto-approve", is_flag=True, help="Do not ask; for CI, where the review came before.")
@click.option("--allow-revokes", type=click.IntRange(0), metavar="N", help="Confirm that N revokes are meant.")
@click.option(
    "--expect-digest", metavar="D", callback=_digest, help="Refuse any plan but the one with this digest; never empty."
)
@click.option(
    "--max-plan-age",
    callback=seconds,
    default="24h",
    show_default=True,
    metavar="TIME",
    help="Refuse a PLAN made from what was read longer ago; 0 for no limit. A plan's digest does not cover its time.",
)
@click.option(
    "--lock-timeout",
    callback=seconds,
    default="0s",
    show_default=True,
    metavar="TIME",
    help="How long to wait for another apply that is running.",
)
@wish_options
@click.option(
    "--format",
    type=click.Choice(["text", "json", "ndjson"]),
    default="text",
    show_default=True,
    help="What to print on stdout; ndjson tells each step as it ends.",
)
@render_option(RESULT_FORMATS)
@allow_unknown_tasks_option
@way_options
def command(
    plan: Path | None,
    auto_approve: bool,
    allow_revokes: int | None,
    expect_digest: str,
    max_plan_age: float,
    lock_timeout: float,
    target: tuple[str, ...],
    exclude: tuple[str, ...],
    ask_again: tuple[str, ...],
    replace_with_gap: bool,
    format: str,
    renders: tuple[tuple[str, Path], ...],
    allow_unknown_tasks: bool,
    way: Way,
) -> int:
    """Carry out a plan; the only command that changes access.

    With PLAN, a file made by plan --out, it applies that plan and nothing else.
    Without, it plans, shows the plan, asks, and applies what it has shown.
    A plan made from a snapshot is held against a fresh read of everything first.
    Every write is recorded before and after in a journal: .accessctl/journal.jsonl,
    or where --journal or --state says. What became of every step can be written
    to files with --render, also where not all went well or the run was stopped.
    """
    from accessctl.gate import check_age, check_fits, judge_again
    from accessctl.plan.nouns import Scope
    from accessctl.planfile import read_plan
    from accessctl.render.ended import Ended
    from accessctl.workflow import Wish, plan_project

    wish = Wish(Scope(target, exclude), ask_again, replace_with_gap)
    if plan and wish != Wish():
        raise click.UsageError("a saved plan is applied as it is; --target and the like belong to plan")
    refuse_same_file(renders, plan, "PLAN")
    refuse_what_is_read(renders, way.journal)
    try:
        given = read_plan(plan) if plan else None
        if given:
            check_age(given, now(), timedelta(seconds=max_plan_age))
        project = load(allow_unknown_tasks=allow_unknown_tasks, warn=False)
    finally:
        remove_old_renders(renders)
    with connected(project, way) as connection:
        saved = given or plan_project(project, connection, wish, now())
        check_fits(saved, project, connection, now=now(), expect_digest=expect_digest)
        judged = judge_again(saved, project, allow_revokes)
        stream = Stream() if format == "ndjson" else None
        _show_plan(judged, format, stream)
        with _telling_refusals(stream, judged, connection):
            _confirm(judged, connection, auto_approve)
            result = _carry_out(saved, project, connection, way.parallelism, lock_timeout, stream)
    code = result.exit_code or (0 if saved.plan.is_whole else 5)
    if stream:
        stream.end(result, saved, connection.cost, code)
    elif saved.plan.actions or format == "json":
        _show_result(result, saved, project, connection, format)
    write_result(Ended(result, judged, project.desired, connection.cost, code), renders)
    if result.stopped_by:
        tell(f"hint: {_left(result)}; run apply again to go on from there, with the same options")
        raise result.stopped_by
    return code


@contextmanager
def _telling_refusals(stream: Stream | None, judged: SavedPlan, connection: Connection) -> Iterator[None]:
    """End the events of an apply that has no result with why, as every stream has an end."""
    from accessctl.render.apply_events import apply_refused
    from accessctl.render.events import event_lines

    try:
        yield
    except AccessctlError as error:
        if stream:
            with suppress(AccessctlError):  # what counts is why it was refused
                show(event_lines([apply_refused(error, judged, connection.cost)]))
        raise


def _show_plan(judged: SavedPlan, format: str, stream: Stream | None) -> None:
    """Show what is about to be done: on stdout, or beside a result that is JSON or events."""
    from accessctl.render.age import age_warnings
    from accessctl.render.plan_text import plan_text

    tell_warnings((*judged.plan.warnings, *age_warnings(judged.origin.snapshot, now())))
    (show if format == "text" else tell)(plan_text(judged, paper(), now()))
    if stream:
        stream.begin(judged)


def _confirm(judged: SavedPlan, connection: Connection, auto_approve: bool) -> None:
    """Let the guards and the tokens say no, then ask a person: nobody there is a no."""
    from accessctl.errors import RefusedError
    from accessctl.gate import check_guards, check_tokens

    check_guards(judged)
    if judged.plan.actions:
        check_tokens(judged, connection, now())
    if auto_approve or not judged.plan.actions:
        return
    actions = count(len(judged.plan.actions), "action")
    if sys.stdin is None or not sys.stdin.isatty():
        raise RefusedError(
            f"nobody is at the terminal to confirm {actions}, so nothing was done",
            "review the plan, then pass --auto-approve, best with --expect-digest",
        )
    answer = click.prompt(f"Apply {actions}? Only yes will do", default="no", show_default=False, err=True)
    if answer.strip() != "yes":
        raise RefusedError("not confirmed, so nothing was done")


def _carry_out(
    saved: SavedPlan,
    project: Project,
    connection: Connection,
    parallelism: int,
    lock_timeout: float,
    stream: Stream | None,
) -> Result:
    """Apply the plan, and say what happens meanwhile where that is shown."""
    from accessctl.plan.refs import Names
    from accessctl.startedby import started_by
    from accessctl.workflow import apply_plan

    def stopping(in_flight: int) -> None:
        finishing = f"finishing {count(in_flight, 'call')} in flight" if in_flight else "nothing is in flight; stopping"
        tell_now(connection.watch, f"{finishing}; press Ctrl-C again to stop at once")

    words = step_words(connection.watch)

    def in_words(step: Step) -> str:
        if stream:
            stream.step(step)
        return words(step)

    with _outliving_the_terminal():
        return apply_plan(
            saved,
            connection,
            parallelism=parallelism,
            patience=lock_timeout,
            in_words=in_words,
            stopping=stopping,
            warn=lambda line: tell_warnings((line,)),
            started_by=started_by(os.environ),
            names=Names(project.desired, None),
            clock=now,
        )


@contextmanager
def _outliving_the_terminal() -> Iterator[None]:
    """Go on when the terminal goes away: to stop between two writes helps nobody, and the journal has it all."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


def _show_result(result: Result, saved: SavedPlan, project: Project, connection: Connection, format: str) -> None:
    """Show how each step ended and what is left to do; a terminal has seen the steps end."""
    from accessctl.render.result import result_json, result_text

    if format == "json":
        show(result_json(result, saved, connection.cost, project.desired))
    else:
        with_steps = not shows_steps_beside_stdout(connection.watch)
        show(result_text(result, saved, paper(), project.desired, with_steps=with_steps))


def _left(result: Result) -> str:
    """Say how much of a run that was stopped is left."""
    from accessctl.apply import Outcome

    left = result.outcomes()[Outcome.SKIPPED]
    all_ = count(len(result.steps), "step")
    return f"{left} of {all_} {'was' if left == 1 else 'were'} not tried" if left else f"all {all_} were tried"

"""accessctl plan."""

from __future__ import annotations

import os
from pathlib import Path

import click

from accessctl.cli.options import (
    HERE,
    allow_unknown_tasks_option,
    format_option,
    load,
    now,
    paper,
    show,
    tell,
    tell_warnings,
    way_options,
    wish_options,
)


@click.command("plan", epilog="Example: accessctl plan --sandbox world.yaml --out plan.json")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the plan to this file too.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 when changes are pending.")
@wish_options
@format_option
@allow_unknown_tasks_option
@way_options
def command(
    out: Path | None,
    detailed_exitcode: bool,
    target: tuple[str, ...],
    exclude: tuple[str, ...],
    ask_again: tuple[str, ...],
    replace_with_gap: bool,
    format: str,
    allow_unknown_tasks: bool,
    sandbox: str,
    graph_url: str,
    token_command: str,
) -> int:
    """Show what would change, and change nothing.

    Reads live access and compares it with the manifests. Exit code 0: done;
    2: changes are pending (--detailed-exitcode only); 3: a guard refuses the
    plan; 5: something could not be read.
    """
    from accessctl.connection import Way, connect
    from accessctl.guard import hint
    from accessctl.plan.document import to_text
    from accessctl.plan.nouns import Scope
    from accessctl.planfile import write_plan
    from accessctl.render.plan_text import plan_text
    from accessctl.workflow import Wish, exit_code_of_plan, plan_project

    project = load(allow_unknown_tasks=allow_unknown_tasks, warn=False)
    wish = Wish(Scope(target, exclude), ask_again, replace_with_gap)
    with connect(project, HERE, Way(graph_url, sandbox, token_command), os.environ, tell) as connection:
        saved = plan_project(project, connection, wish, now())
    tell_warnings(saved.plan.warnings)
    if out:
        write_plan(out, saved)
    show(to_text(saved) if format == "json" else plan_text(saved, paper()))
    if saved.verdict.reasons:
        tell(f"hint: {hint(saved.plan, saved.verdict)}")
    return exit_code_of_plan(saved, detailed=detailed_exitcode)

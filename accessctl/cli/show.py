"""accessctl show."""

from __future__ import annotations

from pathlib import Path

import click

from accessctl.cli.options import now, tell_warnings
from accessctl.cli.rendering import Output, plan_format_options, show_plan


@click.command("show", epilog="Example: accessctl show plan.json")
@click.argument("plan", type=click.Path(dir_okay=False, path_type=Path))
@plan_format_options
def command(plan: Path, output: Output) -> int:
    """Show a saved plan again.

    PLAN is a file made by plan --out; one that was changed since is refused.
    """
    from accessctl.planfile import read_plan
    from accessctl.render.age import age_warnings

    saved = read_plan(plan)
    tell_warnings((*saved.plan.warnings, *age_warnings(saved.origin.snapshot, now())))
    show_plan(saved, output, now())
    return 0

"""accessctl show."""

from __future__ import annotations

from pathlib import Path

import click

from accessctl.cli.options import format_option, now, paper, show, tell_warnings


@click.command("show", epilog="Example: accessctl show plan.json")
@click.argument("plan", type=click.Path(dir_okay=False, path_type=Path))
@format_option
def command(plan: Path, format: str) -> int:
    """Show a saved plan again.

    PLAN is a file made by plan --out; one that was changed since is refused.
    """
    from accessctl.plan.document import to_text
    from accessctl.planfile import read_plan
    from accessctl.render.age import age_warnings
    from accessctl.render.plan_text import plan_text

    saved = read_plan(plan)
    tell_warnings((*saved.plan.warnings, *age_warnings(saved.origin.snapshot, now())))
    show(to_text(saved) if format == "json" else plan_text(saved, paper(), now()))
    return 0

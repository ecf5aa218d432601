"""accessctl report."""

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
    paper,
    show,
    target_option,
    tell_warnings,
    way_options,
)
from accessctl.cli.remembering import journal_of
from accessctl.cli.rendering import format_options, write_renders
from accessctl.render.formats import Layout
from accessctl.render.report_formats import REPORT_FORMATS

if TYPE_CHECKING:
    from accessctl.report import Report
    from accessctl.way import Way

AS_OF = click.option(
    "--as-of",
    "--live",
    "as_of",
    metavar="SNAPSHOT",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Who held what when this file was made by snapshot --out; no token, no network.",
)
TARGET = target_option("Only this")


@click.command("report", epilog="Example: accessctl report --sandbox world.yaml --render html=access.html")
@AS_OF
@click.option("--declared", is_flag=True, help="What the manifests declare, and nothing else; no token, no network.")
@TARGET
@format_options(REPORT_FORMATS)
@allow_unknown_tasks_option
@way_options
def command(
    as_of: Path | None,
    declared: bool,
    target: tuple[str, ...],
    format: str,
    renders: tuple[tuple[str, Path], ...],
    allow_unknown_tasks: bool,
    way: Way,
) -> int:
    """Tell who holds what, since when, until when and why.

    The access review: each grant once, live beside declared, with file and line,
    and how much of live access is declared. With --as-of it is that of a
    snapshot's day: what ends by a day is judged by that day, and the journal
    until that moment says since when. Exit code 0: done; 5: something could not
    be read, and the review says what.
    """
    from accessctl.render.forge import forge_of

    if as_of and declared:
        raise click.UsageError("--as-of shows live access, --declared shows none; leave one of them out")
    report = _report(as_of, target, way, declared=declared, allow_unknown_tasks=allow_unknown_tasks)
    layout = Layout(now(), paper(), forge_of(os.environ, str(Path.cwd())))
    if format == "csv":  # all other formats have a place for it
        tell_warnings(report.notes)
    write_renders(report, renders, REPORT_FORMATS, layout)
    show(REPORT_FORMATS[format].render(report, layout))
    return 0 if report.is_whole else 5


def _report(
    as_of: Path | None, target: tuple[str, ...], way: Way, *, declared: bool, allow_unknown_tasks: bool
) -> Report:
    from accessctl.reporting import report_of_live, report_of_manifests

    if as_of:
        return _as_of(as_of, target, way, allow_unknown_tasks=allow_unknown_tasks)
    if declared:
        refuse_way("--declared")
    project = load(allow_unknown_tasks=allow_unknown_tasks)
    if declared:
        return report_of_manifests(project, target, now())
    with connected(project, way) as connection:
        return report_of_live(project, connection, target, now())


def _as_of(as_of: Path, target: tuple[str, ...], way: Way, *, allow_unknown_tasks: bool) -> Report:
    from accessctl.manifest import load_project
    from accessctl.reporting import report_of_snapshot, told_of
    from accessctl.snapshotfile import read_snapshot

    refuse_way("--as-of", but=("sandbox", "state", "journal"))  # these say where the journal is
    snapshot = read_snapshot(as_of)
    project = load_project(HERE, today=snapshot.taken_at.date(), allow_unknown_tasks=allow_unknown_tasks)
    tell_warnings(map(str, project.warnings))
    return report_of_snapshot(project, snapshot, told_of(journal_of(way, snapshot.graph_url)), target, now())

"""accessctl report."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from accessctl.clean import display
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
from accessctl.render.limit import LEAST, Limit
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
OBO = click.option(
    "--obo",
    is_flag=True,
    help="On-behalf-of requests too, beside the grants of their businesses; one call more for each ad account. Those "
    "beside no grant are notes; CSV, whose rows are grants alone, has them on stderr.",
)
TARGET = target_option("Only this")
MAX_CHARS = click.option(
    "--max-chars",
    type=click.IntRange(LEAST),
    metavar="N",
    help="Cut Markdown to so many characters, the odd rows first; what is left out is counted. Not given: no cut.",
)


@click.command("report", epilog="Example: accessctl report --sandbox world.yaml --render html=access.html")
@AS_OF
@click.option("--declared", is_flag=True, help="What the manifests declare, and nothing else; no token, no network.")
@OBO
@TARGET
@format_options(REPORT_FORMATS)
@MAX_CHARS
@allow_unknown_tasks_option
@way_options
def command(
    as_of: Path | None,
    declared: bool,
    obo: bool,
    target: tuple[str, ...],
    format: str,
    renders: tuple[tuple[str, Path], ...],
    max_chars: int | None,
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
    if obo and (as_of or declared):
        raise click.UsageError("--obo reads on-behalf-of requests from Meta, which only a live review does")
    report = _report(as_of, target, way, declared=declared, obo=obo, allow_unknown_tasks=allow_unknown_tasks)
    limit = Limit(max_chars or sys.maxsize)
    layout = Layout(now(), paper(), forge_of(os.environ, str(Path.cwd())), limit=limit)
    if format == "csv":  # all other formats have a place for it
        tell_warnings(report.notes)
    write_renders(report, renders, REPORT_FORMATS, layout)
    show(REPORT_FORMATS[format].render(report, layout))
    return 0 if report.is_whole else 5


def _report(
    as_of: Path | None, target: tuple[str, ...], way: Way, *, declared: bool, obo: bool, allow_unknown_tasks: bool
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
        return report_of_live(project, connection, target, now(), warn=_warn if obo else None)


def _warn(line: str) -> None:
    tell_warnings((line,))


def _as_of(as_of: Path, target: tuple[str, ...], way: Way, *, allow_unknown_tasks: bool) -> Report:
    from accessctl.manifest import load_project
    from accessctl.reporting import report_of_snapshot, told_of
    from accessctl.snapshotfile import read_snapshot

    refuse_way("--as-of", but=("sandbox", "state", "journal"))  # these say where the journal is
    snapshot = read_snapshot(as_of)
    _refuse_other_sandbox(way, snapshot.graph_url)
    project = load_project(HERE, today=snapshot.taken_at.date(), allow_unknown_tasks=allow_unknown_tasks)
    tell_warnings(map(str, project.warnings))
    return report_of_snapshot(project, snapshot, told_of(journal_of(way, snapshot.graph_url)), target, now())


def _refuse_other_sandbox(way: Way, graph_url: str) -> None:
    """Raise UsageError where --sandbox names another than the snapshot is of: its journal has no word on it."""
    is_given = click.get_current_context().get_parameter_source("sandbox") is ParameterSource.COMMANDLINE
    if is_given and graph_url != f"sandbox:{Path(way.sandbox).name}":
        raise click.UsageError(
            f"the snapshot was read from {display(graph_url)}, so --sandbox {display(way.sandbox)} would be ignored; "
            "leave it out"
        )

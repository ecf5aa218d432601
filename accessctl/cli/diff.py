"""accessctl diff."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from accessctl.cli.connecting import connected
from accessctl.cli.offline import refuse_way
from accessctl.cli.options import (
    allow_unknown_tasks_option,
    format_option,
    load,
    now,
    paper,
    show,
    tell_warnings,
    way_options,
)
from accessctl.cli.progress import tell_after

if TYPE_CHECKING:
    from accessctl.model import Access
    from accessctl.snapshot import Snapshot
    from accessctl.way import Way

SNAPSHOT = click.Path(dir_okay=False, path_type=Path)


@click.command("diff", epilog="Example: accessctl diff monday.json friday.json")
@click.argument("a", type=SNAPSHOT)
@click.argument("b", required=False, type=SNAPSHOT)
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 when there are differences.")
@format_option
@allow_unknown_tasks_option
@way_options
def command(
    a: Path,
    b: Path | None,
    detailed_exitcode: bool,
    format: str,
    allow_unknown_tasks: bool,
    way: Way,
) -> int:
    """Compare two snapshots, or one with now.

    A and B are files made by snapshot --out, the earlier one first; they need no
    project and no token. Without B live access is read. Exit code 0: done; 2:
    there are differences (--detailed-exitcode only); 5: something could not be
    compared, because one of the two could not read it.
    """
    from accessctl.render.diff import diff_json, diff_text
    from accessctl.snapshot.compare import compare
    from accessctl.snapshotfile import read_snapshot

    if b:
        refuse_way("two snapshots")
    old = read_snapshot(a)
    new, desired = (read_snapshot(b), None) if b else _now(way, allow_unknown_tasks=allow_unknown_tasks)
    tell_warnings(_oddities(old, new))
    found = compare(old, new, desired)
    show(diff_json(found, old, new) if format == "json" else diff_text(found, old, new, paper()))
    if not found.is_whole:
        return 5
    return 2 if detailed_exitcode and found.changes else 0


def _now(way: Way, *, allow_unknown_tasks: bool) -> tuple[Snapshot, Access]:
    from accessctl.render.age import cost_line
    from accessctl.workflow import take_snapshot

    project = load(allow_unknown_tasks=allow_unknown_tasks, warn=False)
    with connected(project, way) as connection:
        snapshot = take_snapshot(project, connection, now())
    tell_after(cost_line(snapshot.cost))
    return snapshot, project.desired


def _oddities(old: Snapshot, new: Snapshot) -> list[str]:
    """Say what may not have been meant."""
    odd = []
    if new.taken_at < old.taken_at:
        odd.append("the second snapshot was taken before the first; what is given reads as lost")
    if new.graph_url != old.graph_url:
        odd.append(f"the first snapshot is of {old.graph_url}, the second of {new.graph_url}")
    return odd

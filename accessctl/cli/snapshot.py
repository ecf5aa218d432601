"""accessctl snapshot."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from accessctl.cli.connecting import connected
from accessctl.cli.options import (
    allow_unknown_tasks_option,
    format_option,
    load,
    now,
    show,
    tell,
    tell_warnings,
    way_options,
)
from accessctl.cli.progress import tell_after

if TYPE_CHECKING:
    from accessctl.way import Way


@click.command("snapshot", epilog="Example: accessctl snapshot --out live.json --sandbox world.yaml")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file; else to stdout.")
@format_option
@allow_unknown_tasks_option
@way_options
def command(
    out: Path | None,
    format: str,
    allow_unknown_tasks: bool,
    way: Way,
) -> int:
    """Write live access to a file.

    It holds ids, names and tasks, when and how completely they were read, and
    no secret. plan --live plans from it without a token; diff compares two.
    Exit code 5: something could not be read, and the file says what.
    """
    from accessctl.render.age import cost_line
    from accessctl.render.snapshot import snapshot_json, snapshot_text
    from accessctl.snapshot.document import to_text
    from accessctl.snapshotfile import write_snapshot
    from accessctl.workflow import take_snapshot

    project = load(allow_unknown_tasks=allow_unknown_tasks, warn=False)
    with connected(project, way) as connection:
        snapshot = take_snapshot(project, connection, now())
    tell_warnings(snapshot.live.notes)
    if out is None:
        show(to_text(snapshot))
        tell(snapshot_text(snapshot))
    else:
        write_snapshot(out, snapshot)
        show(snapshot_json(snapshot, str(out)) if format == "json" else snapshot_text(snapshot))
    tell_after(cost_line(snapshot.cost))
    return 0 if snapshot.is_complete else 5

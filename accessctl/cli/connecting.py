"""The way to Meta as every command takes it: with its progress shown, its tokens, and its calls counted."""

from __future__ import annotations

import contextlib
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from accessctl.cli.options import HERE, now, tell
from accessctl.cli.progress import watching

if TYPE_CHECKING:
    from collections.abc import Iterator

    from accessctl.connection import Connection
    from accessctl.manifest import Project
    from accessctl.way import Way


@contextmanager
def connected(project: Project, way: Way) -> Iterator[Connection]:
    """Open the way for the project in the current directory, and close it at the end."""
    from accessctl.connection import connect

    with watching() as watch, connect(project, HERE, way, os.environ, tell, watch) as connection:
        try:
            yield connection
        finally:
            _count_calls(connection)


def _count_calls(connection: Connection) -> None:
    """Add this run to the call ledger, by token. Where it cannot be written a run is not worse: doctor says so."""
    from accessctl.calls import row_of
    from accessctl.errors import AccessctlError
    from accessctl.records import CALLS

    moment = now()
    if rows := [row_of(connection.url, *one, moment) for one in connection.session.ends.items()]:
        with contextlib.suppress(OSError, AccessctlError):
            connection.records.add(CALLS, rows, moment)
            connection.records.tidy(CALLS, moment)

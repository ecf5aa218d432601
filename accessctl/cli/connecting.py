"""The way to Meta as every command takes it: with its progress shown, and tokens from the environment."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from accessctl.cli.options import HERE, tell
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
        yield connection

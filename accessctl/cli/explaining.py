"""What who, what and why have in common: the project, and live access where it is asked for."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeVar

import click

from accessctl.cli.options import HERE, allow_unknown_tasks_option, format_option, load, tell, way_options

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from accessctl.explain import Holding
    from accessctl.manifest import Project
    from accessctl.model import Access

# What to say of an asset in no manifest, after live access was read and before.
UNDECLARED = ("nor does Meta list it; check the id", "--with-live looks at Meta too")

F = TypeVar("F", bound="Callable[..., Any]")


def explain_options(function: F) -> F:
    """Add --with-live and what it needs."""
    with_live = click.option("--with-live", is_flag=True, help="Read live access too, and show both.")
    return with_live(format_option(allow_unknown_tasks_option(way_options(function))))


def exit_code(holdings: Sequence[Holding]) -> int:
    """Return 5 where something could not be read, else 0."""
    from accessctl.model import Status

    return 5 if any(one.live is not None and one.live.status is Status.UNREADABLE for one in holdings) else 0


def gather(
    *, with_live: bool, allow_unknown_tasks: bool, sandbox: str, graph_url: str, token_command: str
) -> tuple[Project, Access | None]:
    """Return the project and, if asked for, live access."""
    project = load(allow_unknown_tasks=allow_unknown_tasks)
    if not with_live:
        return project, None
    from accessctl.connection import Way, connect
    from accessctl.workflow import read_access

    with connect(project, HERE, Way(graph_url, sandbox, token_command), os.environ, tell) as connection:
        return project, read_access(project, connection)

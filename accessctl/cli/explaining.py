"""What who, what and why have in common: the project, and live access where it is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from accessctl.cli.connecting import connected
from accessctl.cli.offline import refuse_way
from accessctl.cli.options import (
    allow_unknown_tasks_option,
    format_option,
    load,
    now,
    tell,
    way_options,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from accessctl.explain import Holding
    from accessctl.manifest import Project
    from accessctl.model import Access
    from accessctl.way import Way

# What to say of an asset in no manifest, after live access was read and before.
UNDECLARED = ("nor does Meta list it; check the id", "--with-live looks at Meta too")

F = TypeVar("F", bound="Callable[..., Any]")


def explain_options(function: F) -> F:
    """Add --with-live and --live, and what they need."""
    with_live = click.option("--with-live", is_flag=True, help="Read live access too, and show both.")
    live = click.option(
        "--live",
        metavar="SNAPSHOT",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Show what a file made by snapshot --out has, too; no token, no network.",
    )
    return with_live(live(format_option(allow_unknown_tasks_option(way_options(function)))))


def exit_code(holdings: Sequence[Holding]) -> int:
    """Return 5 where something could not be read, else 0."""
    from accessctl.model import Status

    return 5 if any(one.live is not None and one.live.status is Status.UNREADABLE for one in holdings) else 0


def gather(
    asset: str = "",
    *,
    with_live: bool,
    live: Path | None,
    allow_unknown_tasks: bool,
    way: Way,
) -> tuple[Project, Access | None]:
    """Return the project and, if asked for, live access, read now or as a snapshot has it.

    Of a declared `asset` no more is read than that needs.
    """
    if live and with_live:
        raise click.UsageError("--with-live reads Meta, --live a snapshot; leave one of them out")
    if live:
        refuse_way("--live")
    project = load(allow_unknown_tasks=allow_unknown_tasks)
    if live:
        return project, _from_snapshot(project, live)
    if not with_live:
        return project, None
    from accessctl.plan.nouns import Scope
    from accessctl.selectors import find_asset
    from accessctl.workflow import Wish, read_access

    declared = project.desired.assets.get(find_asset(asset, project.desired)) if asset else None
    wish = Wish(Scope((declared.alias,))) if declared else Wish()
    with connected(project, way) as connection:
        return project, read_access(project, connection, wish)


def _from_snapshot(project: Project, live: Path) -> Access:
    from accessctl.render.age import age, moment
    from accessctl.snapshotfile import read_snapshot
    from accessctl.workflow import access_of

    snapshot = read_snapshot(live)
    tell(f"live access is that of a snapshot taken {age(snapshot.taken_at, now())} ({moment(snapshot.taken_at)})")
    return access_of(project, snapshot)

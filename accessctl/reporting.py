"""The sentence of the access review: read live access, a snapshot or the manifests alone, and say who holds what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl import __version__
from accessctl.plan.nouns import Scope
from accessctl.report import make_report
from accessctl.report.nouns import Origin, Way
from accessctl.selectors import in_scope
from accessctl.workflow import Wish, access_of, acting_of, read_access

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from accessctl.connection import Connection
    from accessctl.history import Told
    from accessctl.ledger import Ledger
    from accessctl.manifest import Project
    from accessctl.model import Access
    from accessctl.report import Report
    from accessctl.snapshot import Snapshot


def report_of_live(
    project: Project,
    connection: Connection,
    targets: Sequence[str],
    now: datetime,
    *,
    warn: Callable[[str], None] | None = None,
) -> Report:
    """Read live access now, and the journal; changes nothing anywhere.

    With `warn`, the on-behalf-of requests too, a call for each ad account of the review; it is told where what is
    remembered of closed edges cannot be read or kept.
    """
    from accessctl.report.since import writes_of

    live = read_access(project, connection, Wish(Scope(tuple(targets))))
    origin = _origin(project, Way.LIVE, now, now, targets, graph=(connection.url, project.graph_version))
    writes = writes_of(told_of(connection.journal), connection.url)
    scope = in_scope(targets, (), project.desired)
    report = make_report(project.desired, live, project.policy, origin, writes=writes, in_scope=scope)
    return report if warn is None else _with_requests(report, live, project, connection, now, warn)


def _with_requests(
    report: Report,
    live: Access,
    project: Project,
    connection: Connection,
    now: datetime,
    warn: Callable[[str], None],
) -> Report:
    from accessctl.closing import closing_of
    from accessctl.obo.look import OboLook
    from accessctl.report.obo import accounts_of, with_requests

    closing = closing_of(connection, lambda: now, warn)
    look = OboLook(connection.reader, connection.acting, project.desired, closing, live)
    return with_requests(report, look.on_accounts(accounts_of(report)), project.desired.businesses)


def report_of_snapshot(
    project: Project, snapshot: Snapshot, told: Sequence[Told], targets: Sequence[str], now: datetime
) -> Report:
    """Say who held what at the moment of a snapshot, by what the journal knew then; asks nobody anything.

    `project` is to be loaded for the day of the snapshot. Raises AccessctlError where the snapshot was taken by
    other businesses than the project acts as.
    """
    from accessctl.report.since import writes_of

    live = access_of(project, snapshot)
    graph = (snapshot.graph_url, snapshot.graph_version)
    origin = _origin(project, Way.SNAPSHOT, snapshot.taken_at, now, targets, graph=graph, snapshot=snapshot.digest)
    writes = writes_of(told, snapshot.graph_url, snapshot.taken_at)
    scope = in_scope(targets, (), project.desired)
    return make_report(project.desired, live, project.policy, origin, writes=writes, in_scope=scope)


def report_of_manifests(project: Project, targets: Sequence[str], now: datetime) -> Report:
    """Say what the manifests declare today."""
    origin = _origin(project, Way.MANIFESTS, now, now, targets)
    scope = in_scope(targets, (), project.desired)
    return make_report(project.desired, None, project.policy, origin, in_scope=scope)


def told_of(journal: Ledger) -> tuple[Told, ...]:
    """Return what a journal tells, in order. Raises JournalError for one that is not as it was written."""
    from accessctl.history import tell
    from accessctl.journal import read_journal

    return tell(read_journal(journal))


def _origin(
    project: Project,
    way: Way,
    read_at: datetime,
    now: datetime,
    targets: Sequence[str],
    *,
    graph: tuple[str, str] = ("", ""),
    snapshot: str = "",
) -> Origin:
    return Origin(
        way=way,
        read_at=read_at,
        made_at=now,
        tool_version=__version__,
        acts_as=acting_of(project),
        manifests=project.digest,
        graph_url=graph[0],
        graph_version=graph[1],
        snapshot=snapshot,
        targets=tuple(targets),
    )

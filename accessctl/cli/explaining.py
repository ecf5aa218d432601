"""What who, what and why have in common: the project, and live access where it is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from accessctl.cli.connecting import connected
from accessctl.cli.offline import refuse_way
from accessctl.cli.options import (
    allow_unknown_tasks_option,
    load,
    markdown_format_option,
    now,
    paper,
    tell,
    tell_warnings,
    way_options,
)
from accessctl.cli.remembering import journal_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from accessctl.connection import Connection
    from accessctl.explain import Holding
    from accessctl.history import WriteTold
    from accessctl.ledger import Ledger
    from accessctl.manifest import Project
    from accessctl.model import Access, Asset, AssetAccess
    from accessctl.obo.requests import OboRequests
    from accessctl.obo.told import OboTold
    from accessctl.plan.refs import Names
    from accessctl.report.nouns import Since
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
    return with_live(live(markdown_format_option(allow_unknown_tasks_option(way_options(function)))))


@dataclass(frozen=True, slots=True)
class Gathered:
    """The project, live access where it was asked for, and the journal's last word and first on each pair.

    `cancels` has the last cancel of an on-behalf-of request of each.

    `targets` are the selectors of what was asked about; what a plan would do is that of a plan with them. `obo`
    are on-behalf-of requests, None where they were not read.
    """

    project: Project
    live: Access | None
    last: Mapping[tuple[Asset, str], WriteTold]
    sinces: Mapping[tuple[Asset, str], Since]
    targets: tuple[str, ...] = ()
    obo: OboRequests | None = None
    cancels: Mapping[tuple[Asset, str], OboTold] = field(default_factory=dict)

    def with_askers(self, holdings: Iterable[Holding], access: AssetAccess) -> tuple[Holding, ...]:
        """Return the pairs on an asset with those of businesses that only an on-behalf-of request names."""
        from accessctl.obo.beside import with_askers

        acts_as = self.project.policy.acts_as
        return with_askers(holdings, access, self.obo, self.live, acts_as) if self.live else tuple(holdings)

    def of_asker(self, holdings: Iterable[Holding], agency: str) -> tuple[Holding, ...]:
        """Return the pairs of an agency with those on ad accounts where only an on-behalf-of request names it."""
        from accessctl.obo.beside import of_asker

        desired, acts_as = self.project.desired, self.project.policy.acts_as
        return of_asker(holdings, agency, self.obo, desired, self.live, acts_as) if self.live else tuple(holdings)

    @property
    def names(self) -> Names:
        """Names as Meta has them, also of those who only ask, beside those of the manifests."""
        from accessctl.model import frozen
        from accessctl.plan.refs import Names

        if self.live is None or self.obo is None:
            return Names(self.project.desired, self.live)
        asking = {end.id: end for one in self.obo.requests for end in (one.receiving, one.requesting)}
        return Names(self.project.desired, replace(self.live, businesses=frozen(asking | dict(self.live.businesses))))

    def unread(self, holdings: Collection[Holding] = ()) -> tuple[str, ...]:
        """Say which on-behalf-of requests could not be read, but those of which a pair says so itself."""
        from accessctl.report.obo import unread_words

        told = {f"{one.asset.asset.node}/onbehalf_requests" for one in holdings if one.obo_unread}
        return tuple(unread_words(one for one in self.obo.unread if one.what not in told)) if self.obo else ()

    def exit_code(self, holdings: Collection[Holding]) -> int:
        """Return 5 where something could not be read, access or on-behalf-of requests, else 0."""
        from accessctl.model import Status

        is_hidden = any(one.live is not None and one.live.status is Status.UNREADABLE for one in holdings)
        return 5 if is_hidden or (self.obo is not None and not self.obo.is_whole) else 0

    def told(self, holdings: Iterable[Holding]) -> tuple[Holding, ...]:
        """Return the pairs with what the journal says of each, and, after a look, what a plan would do."""
        from accessctl.conclusion import Conclusions
        from accessctl.explain import concluded, told
        from accessctl.obo.beside import beside
        from accessctl.selectors import in_scope

        acts_as = self.project.policy.acts_as
        reached = (
            replace(
                one,
                canceled=self.cancels.get((one.asset.asset, one.agency)),
                is_reached=one.asset.owner in acts_as or one.agency in acts_as,
            )
            for one in holdings
        )
        found = beside(told(reached, self.last, self.sinces), self.obo, acts_as)
        if self.live is None:
            return found
        desired = self.project.desired
        scope = in_scope(self.targets, (), desired)
        return concluded(found, Conclusions(desired, self.live, self.project.policy, scope))


def gather(
    asset: str = "",
    *,
    with_live: bool,
    live: Path | None,
    allow_unknown_tasks: bool,
    way: Way,
    obo_on: Callable[[Project, Access], Collection[Asset]] = lambda *_: (),
) -> Gathered:
    """Return the project, the journal and, if asked for, live access, read now or as a snapshot has it.

    Of a declared `asset` no more is read than that needs. `obo_on` says on which ad accounts on-behalf-of requests
    are read too, a call each; a snapshot has none.
    """
    if live and with_live:
        raise click.UsageError("--with-live reads Meta, --live a snapshot; leave one of them out")
    if live:
        refuse_way("--live", but=("state", "journal"))
    project = load(allow_unknown_tasks=allow_unknown_tasks)
    if not live and not with_live:
        return _gathered(project, None, journal_of(way), "")
    targets = _targets(project, asset)
    if live:
        found, url = _from_snapshot(project, live)
        return _gathered(project, found, journal_of(way, url), url, targets)
    from accessctl.model import Kind
    from accessctl.plan.nouns import Scope
    from accessctl.workflow import Wish, read_access

    with connected(project, way) as connection:
        found = read_access(project, connection, Wish(Scope(targets)))
        gathered = _gathered(project, found, connection.journal, connection.url, targets)
        accounts = [asset for asset in obo_on(project, found) if asset.kind is Kind.AD_ACCOUNT]
        return replace(gathered, obo=_requests_on(accounts, project, connection, found)) if accounts else gathered


def itself(asset: str) -> Callable[[Project, Access], Collection[Asset]]:
    """Return what says of an asset, by alias or id, that its requests are read; not of one that nobody knows."""
    from accessctl.selectors import find_asset

    def known(project: Project, live: Access) -> Collection[Asset]:
        key = find_asset(asset, project.desired, live)
        return [key] if key in project.desired.assets or key in live.assets else []

    return known


def _requests_on(accounts: Collection[Asset], project: Project, connection: Connection, live: Access) -> OboRequests:
    from accessctl.closing import closing_of
    from accessctl.obo.look import OboLook

    closing = closing_of(connection, now, lambda line: tell_warnings((line,)))
    return OboLook(connection.reader, connection.acting, project.desired, closing, live).on_accounts(accounts)


def _targets(project: Project, asset: str) -> tuple[str, ...]:
    """Return the selector of a declared asset; nothing, which means all, for any other."""
    from accessctl.selectors import find_asset

    declared = project.desired.assets.get(find_asset(asset, project.desired)) if asset else None
    return (declared.alias,) if declared else ()


def _gathered(
    project: Project, live: Access | None, journal: Ledger, graph_url: str, targets: tuple[str, ...] = ()
) -> Gathered:
    from accessctl.obo.told import last_cancels
    from accessctl.report.since import last_writes, sinces, writes_of
    from accessctl.reporting import told_of

    told = told_of(journal)
    writes = tuple(writes_of(told, graph_url))
    cancels = last_cancels(told, graph_url)
    return Gathered(project, live, last_writes(writes), sinces(writes), targets, cancels=cancels)


def explained(
    format: str,
    *,
    text: Callable[[], str],
    markdown: Callable[[], str],
    json: Callable[[], str],
    found: Gathered,
    holdings: Collection[Holding],
) -> str:
    """Return an explanation in one of the formats of --format, with what could not be read and no pair says.

    JSON is a list of pairs, so it says that on stderr, and of each pair too.
    """
    from accessctl.render.obo import unread_text
    from accessctl.render.obo_markdown import unread_markdown

    if format == "json":
        tell_warnings(found.unread())
        return json()
    if format == "markdown":
        return markdown() + unread_markdown(found.unread(holdings))
    return "\n".join([text(), *unread_text(found.unread(holdings), paper())])


def _from_snapshot(project: Project, live: Path) -> tuple[Access, str]:
    from accessctl.render.age import age, moment
    from accessctl.snapshotfile import read_snapshot
    from accessctl.workflow import access_of

    snapshot = read_snapshot(live)
    tell(f"live access is that of a snapshot taken {age(snapshot.taken_at, now())} ({moment(snapshot.taken_at)})")
    return access_of(project, snapshot), snapshot.graph_url

"""Look at Meta for the project: what it shows, what it foretells, and what only the records beside it know."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from accessctl.closed import NOT_ASKED, not_opened
from accessctl.closing import closing_of, fingerprints
from accessctl.endings import foretold, news
from accessctl.errors import AccessctlError, readable
from accessctl.history import given_up
from accessctl.journal import read_journal, remember
from accessctl.limited import AGENCIES, OBO_WORDS
from accessctl.live.ending import Ends
from accessctl.live.read import read_live
from accessctl.live.wanted import wanted_of
from accessctl.lost import why_unseen, with_evidence
from accessctl.model import Side
from accessctl.records import ENDINGS
from accessctl.selectors import selected
from accessctl.tryagain import reads_tried_again

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from accessctl.chain import Entry
    from accessctl.closed import Closing
    from accessctl.connection import Connection
    from accessctl.endings import Foretold
    from accessctl.live.wanted import Wanted
    from accessctl.manifest import Project
    from accessctl.model import Access, Asset, Ending, Kind, Remembered
    from accessctl.plan.nouns import Scope

LATER = "what this token loses may pass for absent once it is lost: keep records with --state"


def look(
    project: Project,
    connection: Connection,
    scope: Scope,
    now: datetime | None = None,
    ask_again: Sequence[str] = (),
) -> tuple[Access, Mapping[tuple[Asset, str], Remembered]]:
    """Return what Meta shows, and what only the journal knows.

    What Meta foretells is noted when it changes. What a token was to lose by `now`, and cannot see, is unreadable
    and says why, but for pairs that the selectors `ask_again` mean; these make a closed read be tried, too.

    Raises AccessctlError where what was noted cannot be read: a lost asset would pass for an absent one.
    """
    now = now or datetime.now(UTC)
    entries = read_journal(connection.journal)
    known = read_foretold(connection, entries)
    every = {one: _ends(known, one, now) for one in project.policy.acts_as}
    wanted = wanted_of(project.desired, project.policy.acts_as, scope.targets, scope.excludes)
    at = now
    closing = closing_of(connection, lambda: at, scope=scope)
    closing.try_again(reads_tried_again(project.desired, project.policy.acts_as, ask_again))
    live = read_live(connection.reader, connection.acting, wanted, connection.watch, every, closing)
    live = with_closed(live, closing, project.policy.acts_as)
    read = [every[business] for business in wanted.businesses]
    if rows := news(known, live, read, connection.url, now, fingerprints(connection), _whole(wanted, live)):
        try:
            connection.records.add(ENDINGS, rows, now)
            connection.records.tidy(ENDINGS, now)
        except (OSError, AccessctlError) as error:
            reason = getattr(error, "strerror", None) or error
            connection.watch.note(f"warning: {connection.records.name} cannot be written ({reason}), so that {LATER}")
    ours = project.policy.acts_as
    declared = {(one.asset, agency) for one in project.desired.assets.values() for agency in (*one.grants, *ours)}
    again = selected(ask_again, declared, project.desired)
    live = with_evidence(live, project.desired, {business: ends.lost for business, ends in every.items()}, again)
    return live, remember(entries, connection.url)


def with_closed(live: Access, closing: Closing, acts_as: Sequence[str]) -> Access:
    """Return `live` with the calls that are closed to us, and a note on each that kept something from being read.

    The note is the same where it was found just now and where it was known. On-behalf-of requests are no access:
    whether they can be listed is left out.
    """
    needed = [one for one in closing.met if one.edge.startswith("GET ") and one.edge != AGENCIES]
    notes = (*live.notes, *dict.fromkeys(f"{not_opened(one, dated=False)}. {NOT_ASKED}" for one in needed))
    closed = (one for one in closing.closed if one.business in acts_as and one.edge not in OBO_WORDS)
    return replace(live, notes=notes, closed=tuple(closed))


def read_foretold(connection: Connection, entries: Iterable[Entry] | None = None) -> Foretold:
    """Return what the records know of ends, less what the journal says we gave up; `entries` where it was read.

    Raises AccessctlError where they cannot be read.
    """
    with readable(connection.records.name):
        rows = connection.records.read(ENDINGS)
    if not rows:
        return foretold((), connection.url)
    entries = read_journal(connection.journal) if entries is None else entries
    return foretold(rows, connection.url, given_up(entries, connection.url), fingerprints(connection))


def blindness(
    connection: Connection, planned: Iterable[Ending], clock: Callable[[], datetime]
) -> Callable[[str, Asset], str]:
    """Return what tells why the token of a business may not see an asset, empty where it has lost nothing.

    `planned` are ends that a plan knows of. Raises AccessctlError where the records cannot be read.
    """
    known = read_foretold(connection).and_also(planned)

    def told(business: str, asset: Asset) -> str:
        lost, near = known.lost(business, clock()), known.perhaps_lost(business, clock())
        return why_unseen(lost | ({asset: near[asset]} if asset in near else {}), asset)

    return told


def _whole(wanted: Wanted, live: Access) -> set[tuple[str, Kind]]:
    """Return what clients share of which kind with which business, where that was read to the end."""
    gaps = {(gap.business, gap.kind) for gap in live.gaps if gap.side is Side.AGENCY}
    return {(one.business, one.kind) for one in wanted.listings if one.side is Side.AGENCY} - gaps


def _ends(known: Foretold, business: str, now: datetime) -> Ends:
    return Ends(business, is_told=known.is_worth_asking(business, now), lost=known.perhaps_lost(business, now))

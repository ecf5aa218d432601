"""Look at Meta for the project: what it shows, what it foretells, and what only the records beside it know."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from accessctl.closed import AGENCIES, OBO_WORDS, not_opened
from accessctl.closing import closing_of
from accessctl.endings import foretold, news, with_evidence
from accessctl.errors import AccessctlError
from accessctl.journal import read_journal, remember
from accessctl.live.ending import Ends
from accessctl.live.read import read_live
from accessctl.live.wanted import wanted_of
from accessctl.records import ENDINGS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from accessctl.closed import Closing
    from accessctl.connection import Connection
    from accessctl.endings import Foretold
    from accessctl.manifest import Project
    from accessctl.model import Access, Asset, Remembered
    from accessctl.plan.nouns import Scope

LATER = "what this token loses may pass for absent once it is lost: keep records with --state"


def look(
    project: Project, connection: Connection, scope: Scope, now: datetime | None = None
) -> tuple[Access, Mapping[tuple[Asset, str], Remembered]]:
    """Return what Meta shows, and what only the journal knows.

    What Meta foretells is noted when it changes. What a token was to lose by `now`, and cannot see, is unreadable
    and says why. Raises AccessctlError where what was noted cannot be read: a lost asset would pass for an absent
    one.
    """
    now = now or datetime.now(UTC)
    known = read_foretold(connection)
    every = {one: _ends(known, one, now) for one in project.policy.acts_as}
    wanted = wanted_of(project.desired, project.policy.acts_as, scope.targets, scope.excludes)
    at = now
    closing = closing_of(connection, lambda: at)
    live = read_live(connection.reader, connection.acting, wanted, connection.watch, every, closing)
    live = with_closed(live, closing, project.policy.acts_as)
    read = [every[business] for business in wanted.businesses]
    if rows := news(known, live, read, connection.url, now):
        try:
            connection.records.add(ENDINGS, rows, now)
            connection.records.tidy(ENDINGS, now)
        except (OSError, AccessctlError) as error:
            reason = getattr(error, "strerror", None) or error
            connection.watch.note(f"warning: {connection.records.name} cannot be written ({reason}), so that {LATER}")
    live = with_evidence(live, project.desired, {business: ends.lost for business, ends in every.items()})
    return live, remember(read_journal(connection.journal), connection.url)


def with_closed(live: Access, closing: Closing, acts_as: Sequence[str]) -> Access:
    """Return `live` with the calls that are closed to us, and a note on each that kept something from being read.

    On-behalf-of requests are no access: whether they can be listed is left out.
    """
    needed = [one for one in closing.found if one.edge.startswith("GET ") and one.edge != AGENCIES]
    notes = (*live.notes, *dict.fromkeys(map(not_opened, needed)))
    closed = (one for one in closing.closed if one.business in acts_as and one.edge not in OBO_WORDS)
    return replace(live, notes=notes, closed=tuple(closed))


def read_foretold(connection: Connection) -> Foretold:
    """Return what the records know of ends. Raises AccessctlError where they cannot be read."""
    try:
        return foretold(connection.records.read(ENDINGS), connection.url)
    except OSError as error:
        reason = error.strerror or error
        raise AccessctlError(f"{connection.records.name} cannot be read: {reason}", "make it readable") from None


def _ends(known: Foretold, business: str, now: datetime) -> Ends:
    return Ends(business, is_told=known.is_worth_asking(business, now), lost=known.perhaps_lost(business, now))

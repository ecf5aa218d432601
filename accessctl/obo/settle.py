"""Cancels of on-behalf-of requests that a crash left open: each is held against what is live now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from accessctl.apply.outcomes import Outcome
from accessctl.apply.write import PATIENCE
from accessctl.closed import unread
from accessctl.graph.errors import GraphError, Trouble
from accessctl.history import tell
from accessctl.journal import read_journal
from accessctl.limited import SHOW_OBO
from accessctl.live.obo import read_one
from accessctl.live.reasons import STOPS_EVERYTHING
from accessctl.obo.requests import CANCELED, OboRequest, Phase
from accessctl.obo.told import SETTLED, OboTold, about_told

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from accessctl.closed import Closing
    from accessctl.connection import Connection
    from accessctl.journal import Journal
    from accessctl.live.read import ActingBusiness

YOUNG = timedelta(seconds=sum(PATIENCE))  # what was sent within this time may still be on its way


@dataclass(frozen=True, slots=True)
class OboSettled:
    """A cancel that a crash left open, and how it turned out; `outcome` is None where nobody could look."""

    told: OboTold
    outcome: Outcome | None
    text: str = ""
    status: str = ""


def open_cancels(connection: Connection) -> list[OboTold]:
    """Return the cancels at this Graph URL that no run has brought to an end. Raises JournalError."""
    told = tell(read_journal(connection.journal))
    return [one for one in told if isinstance(one, OboTold) and one.run.graph_url == connection.url and not one.outcome]


def settle(
    connection: Connection, journal: Journal, now: datetime, closing: Closing | None = None
) -> Iterator[OboSettled]:
    """Look at each open cancel, say in the journal how it turned out, and give that. Raises JournalError.

    What cannot be read stays open; it is not asked for where `closing` knows that Meta does not open that. Nothing is
    sent to Meta but reads.
    """
    for one in open_cancels(connection):
        closed = closing.barred(one.requesting, SHOW_OBO) if closing else None
        young = now - one.at < YOUNG
        found = OboSettled(one, None, unread(closed)) if closed else _settled(connection, one, is_young=young)
        if found.outcome is not None:
            about_it: dict[str, object] = {"of_run": one.run.id, "request": about_told(one)}
            journal.write(SETTLED, **about_it, outcome=found.outcome, text=found.text, status=found.status)
        yield found


def _settled(connection: Connection, told: OboTold, *, is_young: bool) -> OboSettled:
    """Look at the request of an open cancel, until patience ends where it may still be on its way."""
    acting = next((one for one in connection.acting if one.business.id == told.requesting), None)
    if acting is None:
        return OboSettled(told, None, f"this project has no token of business {told.requesting} any more")
    seen = look(connection, acting, told.request, PATIENCE if is_young else PATIENCE[:1])
    if isinstance(seen, GraphError):
        return OboSettled(told, None, seen.what)
    if seen.status == CANCELED:
        return OboSettled(told, Outcome.APPLIED, "", seen.status)
    if seen.phase is Phase.WAITING:
        return OboSettled(told, Outcome.FAILED, "the request waits as it did before", seen.status)
    return OboSettled(told, *without_cancel(seen), seen.status)


def without_cancel(seen: OboRequest) -> tuple[Outcome, str]:
    """Say what it means for a cancel that its request waits no more and is not canceled, as far as Meta tells.

    What has a known end was not canceled; a status nobody knows may be Meta's newer word for it.
    """
    if seen.phase is Phase.UNKNOWN:
        return Outcome.UNKNOWN, f"the request is now {seen.status}, and nobody here knows what that means"
    return Outcome.FAILED, f"the request is now {seen.status}"


def look(
    connection: Connection, acting: ActingBusiness, request_id: str, pauses: tuple[float, ...]
) -> OboRequest | GraphError:
    """Look until the request waits no more, or the pauses have passed; return what was seen last."""
    seen: OboRequest | GraphError | None = None
    for pause in pauses:
        try:
            connection.sleep(pause)
        except GraphError as error:  # the run is to end: what was seen last stands
            return seen or error
        try:
            seen = read_one(connection.reader, acting.token, request_id)
        except GraphError as error:
            seen = error
        if isinstance(seen, OboRequest) and seen.phase is not Phase.WAITING:
            return seen
        if isinstance(seen, GraphError) and seen.trouble in STOPS_EVERYTHING | {Trouble.CAPABILITY_MISSING}:
            return seen
    assert seen is not None
    return seen

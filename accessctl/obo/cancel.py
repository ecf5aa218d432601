"""Cancel an on-behalf-of request: look, intent, call, a look at what came of it, outcome. Nothing is sent twice."""

from __future__ import annotations

import contextlib
import platform
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from accessctl import __version__
from accessctl.apply.outcomes import Outcome
from accessctl.apply.write import PATIENCE, SETTLED_BY_LOOKING
from accessctl.closed import in_plain_words, not_opened, nothing_known, unopened
from accessctl.errors import AccessctlError, RefusedError, StaleError
from accessctl.graph.errors import GraphError, Trouble
from accessctl.holder import Holder
from accessctl.journal import Journal, read_journal
from accessctl.limited import CANCEL_OBO, SHOW_OBO
from accessctl.live.obo import read_one
from accessctl.live.reasons import STOPS_EVERYTHING
from accessctl.obo.hints import CANCEL_BY_HAND, SEE_BY_HAND, of_cancel, of_request, unreadable
from accessctl.obo.requests import CANCELED, OboRequest, Phase, not_cancelable
from accessctl.obo.settle import OboSettled, look, open_cancels, settle, without_cancel
from accessctl.obo.told import INTENT, OUTCOME, about

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from accessctl.closed import Closing
    from accessctl.connection import Connection
    from accessctl.graph.writer import Answer
    from accessctl.live.read import ActingBusiness

AGAIN = "accessctl obo cancel looks first, and sends it again only where the request still waits"


@dataclass(frozen=True, slots=True)
class By:
    """Who cancels: what the journal says of who started the run; `warn` is told of a lock that is waited for, at
    most `patience` seconds."""

    started_by: Mapping[str, str]
    patience: float = 0.0
    warn: Callable[[str], None] = lambda _: None


@dataclass(frozen=True, slots=True)
class Canceled:
    """How a cancel ended, with the request as it was seen last. `hint` says what to do where it is not done."""

    request: OboRequest
    outcome: Outcome
    text: str = ""
    hint: str = ""
    trace: str = ""
    run: str = ""


def find_request(connection: Connection, request_id: str, closing: Closing | None = None) -> OboRequest:
    """Read a request as the first acting business that may sees it. Raises GraphError where none sees it.

    `closing` knows to which of them the call is closed, and learns of more: these are not asked. That it is not there
    is said only where each of them was told so: one that could not be heard may know it.
    """
    closing, errors = closing or nothing_known(), list[GraphError]()
    for one in connection.acting:
        if closed := closing.barred(one.business.id, SHOW_OBO):
            errors.append(unopened(closed))
            continue
        try:
            with closing.around(one.business.id, SHOW_OBO, request_id):
                return read_one(connection.reader, one.token, request_id)
        except GraphError as refused:
            if refused.trouble in STOPS_EVERYTHING:
                raise
            errors.append(in_plain_words(refused, closing.known(one.business.id, SHOW_OBO)))
    unheard = (one for one in errors if one.trouble is not Trouble.ABSENT_OR_HIDDEN)
    raise unreadable(request_id, next(unheard, errors[0]))


def check_cancelable(request: OboRequest, connection: Connection) -> None:
    """Raise RefusedError for a request that is not ours to cancel, has ended, or has a status nobody knows."""
    acting = [one.business.id for one in connection.acting]
    if reason := not_cancelable(request, acting):
        what = f"on-behalf-of request {request.id} is not canceled: {reason}"
        raise RefusedError(what, of_request(request, acting))


def cancel_request(
    request: OboRequest,
    connection: Connection,
    by: By,
    *,
    graph_version: str,
    told: Callable[[OboSettled], None] = lambda _: None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    closing: Closing | None = None,
) -> Canceled:
    """Cancel a request that was checked and confirmed, alone in this project, with a journal of it.

    What an earlier cancel left open is settled first, and given to `told`; `closing` learns whether Meta opens the
    call. Raises StaleError where the request has moved meanwhile.
    """
    acting = next(one for one in connection.acting if one.business.id == request.requesting.id)
    with _alone(connection, by, clock) as journal:
        for settled in settle(connection, journal, clock()):
            told(settled)
            if settled.outcome is None and settled.told.request == request.id:
                what = f"an earlier cancel of request {request.id} has no known end, and {settled.text}"
                raise AccessctlError(what, "run the command again when it can be read")
        try:
            fresh = read_one(connection.reader, acting.token, request.id)
        except GraphError as error:
            raise error if error.trouble in STOPS_EVERYTHING else unreadable(request.id, error) from None
        if fresh.status == CANCELED:
            return Canceled(fresh, Outcome.CONVERGED, "it was canceled already", run=journal.run)
        if fresh != request and (fresh.phase is not Phase.WAITING or about(fresh) != about(request)):
            raise StaleError(
                f"request {request.id} has moved since it was shown: now {fresh.status}",
                of_request(fresh, [acting.business.id]),
            )
        return _Cancel(fresh, acting, connection, journal, graph_version, closing or nothing_known()).carry_out()


def settle_open(
    connection: Connection,
    by: By,
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    closing: Closing | None = None,
) -> tuple[OboSettled, ...]:
    """Look at each cancel that a crash left open, and say in the journal how it turned out; sends only reads.

    Takes the lock only where there is one. Raises LockedError where another run has it.
    """
    if not open_cancels(connection):
        return ()
    with _alone(connection, by, clock) as journal:
        return tuple(settle(connection, journal, clock(), closing))


@contextmanager
def _alone(connection: Connection, by: By, clock: Callable[[], datetime]) -> Iterator[Journal]:
    """Hold the lock, with the journal open, while the block runs."""
    about_run = by.started_by
    journal = Journal(connection.journal, uuid.uuid4().hex[:12], about=about_run, now=clock)
    who = about_run.get("actor") or platform.node()
    holder = Holder(journal.run, clock(), who, about_run.get("run_url", ""))
    with connection.lock.hold(holder, by.patience, by.warn), contextlib.ExitStack() as opened:
        read_journal(connection.journal)  # checked before it is touched
        yield opened.enter_context(journal)


class _Cancel:
    """One cancel, between two entries of a journal."""

    def __init__(
        self,
        request: OboRequest,
        acting: ActingBusiness,
        connection: Connection,
        journal: Journal,
        version: str,
        closing: Closing,
    ) -> None:
        self.request = request
        self.acting = acting
        self.connection = connection
        self.journal = journal
        self.version = version
        self.closing = closing

    def carry_out(self) -> Canceled:
        """Send the call once and find out what came of it. Raises JournalError; without an intent nothing is sent."""
        business = self.acting.business
        self.journal.write(
            INTENT,
            request=about(self.request),
            status=self.request.status,
            via=business.alias,
            acting={"id": business.id, "alias": business.alias},
            call={"method": "DELETE", "path": self.request.id, "params": {}},
            graph={"url": self.connection.url, "version": self.version},
            tool=__version__,
        )
        try:
            with self.closing.around(business.id, CANCEL_OBO, self.request.id):
                answer: Answer | GraphError = self.connection.writer.cancel(self.acting.token, self.request)
        except GraphError as error:
            answer = error
        found = self._found(answer)
        self.journal.write(
            OUTCOME,
            request=about(self.request),
            outcome=found.outcome,
            text=found.text,
            status=found.request.status if found.request is not self.request else "",
            fbtrace_id=found.trace,
            answer=_answer(answer),
        )
        return found

    def _found(self, answer: Answer | GraphError) -> Canceled:
        """Say what an answer means, and what is seen after it."""
        refused = isinstance(answer, GraphError) and answer.trouble not in SETTLED_BY_LOOKING
        if isinstance(answer, GraphError) and (answer.trouble in STOPS_EVERYTHING or _was_held_back(answer)):
            return self._ended(Outcome.FAILED, answer.what, answer.hint, answer)
        seen = look(self.connection, self.acting, self.request.id, PATIENCE[:1] if refused else PATIENCE)
        if isinstance(answer, GraphError) and refused:
            if isinstance(seen, OboRequest) and seen.status == CANCELED:
                return Canceled(seen, Outcome.CONVERGED, "it was canceled already", "", answer.trace, self.journal.run)
            text, hint = self._refusal(answer)
            return self._ended(Outcome.FAILED, text, hint, answer, seen)
        said = answer.what if isinstance(answer, GraphError) else "Meta said yes"
        if isinstance(seen, GraphError):
            is_gone = not isinstance(answer, GraphError) and seen.trouble is Trouble.ABSENT_OR_HIDDEN
            if is_gone:
                return self._ended(Outcome.APPLIED, "Meta said yes, and shows the request no more", "", answer)
            return self._ended(Outcome.UNKNOWN, f"{said}, and it could not be read back: {seen.what}", AGAIN, answer)
        if seen.status == CANCELED:
            return self._ended(Outcome.APPLIED, "", "", answer, seen)
        if seen.phase is Phase.WAITING:
            return self._ended(Outcome.UNKNOWN, f"{said}, and the request still waits", AGAIN, answer, seen)
        outcome, words = without_cancel(seen)
        hint = SEE_BY_HAND if outcome is Outcome.UNKNOWN else ""
        return self._ended(outcome, f"{said}, but {words}", hint, answer, seen)

    def _refusal(self, error: GraphError) -> tuple[str, str]:
        """Say why Meta does not cancel it (the call is closed, perhaps so, or what Meta says), and what to do."""
        closed = self.closing.just_found(self.acting.business.id, CANCEL_OBO)
        return (not_opened(closed), CANCEL_BY_HAND) if closed else (in_plain_words(error, None).what, of_cancel(error))

    def _ended(
        self,
        outcome: Outcome,
        text: str,
        hint: str,
        answer: Answer | GraphError,
        seen: OboRequest | GraphError | None = None,
    ) -> Canceled:
        request = seen if isinstance(seen, OboRequest) else self.request
        return Canceled(request, outcome, text, hint, answer.trace, self.journal.run)


def _was_held_back(error: GraphError) -> bool:
    """Tell whether the call was certainly not sent."""
    return error.trouble is Trouble.NOT_ALONE


def _answer(answer: Answer | GraphError) -> dict[str, object]:
    """Return Meta's answer as the journal keeps it."""
    return answer.told if isinstance(answer, GraphError) else {"success": True}

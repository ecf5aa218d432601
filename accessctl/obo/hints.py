"""What a person does next where Meta does not show on-behalf-of requests, or refuses to cancel one. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.called import called
from accessctl.graph.errors import HINTS, GraphError, Trouble
from accessctl.limited import REQUESTS_PAGE
from accessctl.obo.requests import Phase

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from accessctl.obo.requests import OboRequest

_T = Trouble

BY_HAND = "look in Business Settings > Requests"
CANCEL_BY_HAND = f"cancel it by hand: Business Settings > Requests, at {REQUESTS_PAGE}"
SEE_BY_HAND = f"see what became of it: Business Settings > Requests, at {REQUESTS_PAGE}"
LIST = "accessctl obo list shows the requests there are"
# S002 has a call that cancels what is pending, GRAPH_API 1.5 none at all that ends what was approved.
NO_CALL_ENDS_IT = "Meta's documents have no call that ends an approved request"
# What stands in HINTS speaks of grants; these speak of one request, and of the requests on an ad account.
OF_REQUEST: Mapping[Trouble, str] = {
    _T.ABSENT_OR_HIDDEN: f"{LIST}; this one may be gone, or one of others",
    _T.PARAMETER: f"check the id, {LIST}; this one may be gone, or the id is that of something else",
    _T.PERMISSION: "check that the token is of a business that sent or got it, or that owns the ad account",
    _T.CAPABILITY_MISSING: f"Meta does not open this call to your app; {BY_HAND}",
    _T.INCOMPLETE: f"run the command again; if that does not help, check the id, {LIST}",
}
OF_ACCOUNT: Mapping[Trouble, str] = {
    _T.ABSENT_OR_HIDDEN: "check the id of the ad account, and that the token's business has access to it",
    _T.PARAMETER: f"check the id of the ad account, or {BY_HAND}",
    _T.PERMISSION: "check that the token is of the owner of the ad account, or of who sent or got a request on it",
    _T.CAPABILITY_MISSING: BY_HAND,
    _T.INCOMPLETE: "run the command again",
}
# A cancel that Meta refused: nothing was carried out. A person is sent to do it only where nothing else helps.
OF_CANCEL: Mapping[Trouble, str] = {
    _T.THROTTLED: "it was not carried out; Meta asks for fewer calls: wait and run the command again",
    _T.PERMISSION: "check that the token is of the business that sent it and has business_management, then run the "
    f"command again; or {CANCEL_BY_HAND}",
    _T.ABSENT_OR_HIDDEN: CANCEL_BY_HAND,
    _T.PARAMETER: CANCEL_BY_HAND,
    _T.CAPABILITY_MISSING: CANCEL_BY_HAND,
}


def of_account(error: GraphError) -> str:
    """Return the next step where the requests on an ad account cannot be listed."""
    return _fitting(error, OF_ACCOUNT)


def of_cancel(error: GraphError) -> str:
    """Return the next step where Meta refused to cancel a request."""
    return _fitting(error, OF_CANCEL)


def of_request(request: OboRequest, acting: Collection[str]) -> str:
    """Return who can do what about a request that is none to cancel here: it answers one, or ends an approved one."""
    match request.phase:
        case Phase.WAITING if request.receiving.id in acting:
            return f"you answer it, in Business Settings > Requests, at {REQUESTS_PAGE}"
        case Phase.WAITING:
            return f"{called(request.receiving)} answers it, in Business Settings > Requests"
        case Phase.APPROVED:
            return f"{NO_CALL_ENDS_IT}; {BY_HAND}, at {REQUESTS_PAGE}"
        case _:
            return "accessctl obo list shows which requests wait"


def unreadable(request_id: str, error: GraphError) -> GraphError:
    """Return the same trouble as one of a request that cannot be read, with a next step that fits it."""
    return GraphError(
        f"on-behalf-of request {request_id} cannot be read: {error.what}",
        _fitting(error, OF_REQUEST),
        trouble=error.trouble,
        code=error.code,
        subcode=error.subcode,
        http_status=error.http_status,
        trace=error.trace,
        message=error.message,
        wait_seconds=error.wait_seconds,
    )


def _fitting(error: GraphError, hints: Mapping[Trouble, str]) -> str:
    """Return the hint for a kind of trouble; one for a code or for Meta's own words knows more, so it stays."""
    return hints.get(error.trouble, error.hint) if error.hint == HINTS[error.trouble] else error.hint

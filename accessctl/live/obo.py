"""On-behalf-of requests as Meta answers them: one by its id, those of an ad account, those of a business."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from accessctl.graph import edges
from accessctl.graph.batch import BatchRead
from accessctl.graph.call import Call
from accessctl.graph.edges import MalformedError
from accessctl.graph.errors import GraphError
from accessctl.graph.verdict import untrusted
from accessctl.obo.requests import FILTERS, End, OboRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from accessctl.graph.call import Value
    from accessctl.graph.edges import Row
    from accessctl.graph.reader import Reader
    from accessctl.graph.secret import Secret
    from accessctl.model import Asset, Business

FIELDS = "id,status,receiving_business,requesting_business,business_owned_object"
ACCOUNT_FIELDS = "id,status,receiving_business,requesting_business"
ON_ACCOUNT = "onbehalf_requests"
# GRAPH_API 1.3: gone from the specification since v6.0, and still in the guide.
IN_PROGRESS_OF = {end: f"{end}_inprogress_onbehalf_requests" for end in End}
LIMIT = 100
LONGEST_STATUS = 200  # characters
_ID = re.compile(r"[0-9]{1,20}", re.ASCII)


def read_one(reader: Reader, token: Secret, request_id: str) -> OboRequest:
    """Read one request. Raises GraphError, also for an answer that is no request."""
    return _request(reader.get(token, request_id, fields=FIELDS), request_id)


def read_accounts(
    reader: Reader, token: Secret, accounts: Sequence[Asset], status: str = ""
) -> tuple[tuple[OboRequest, ...] | GraphError, ...]:
    """Read the requests of each ad account to the end, 50 accounts to an HTTP request; in the order asked.

    `status` is sent where Meta documents it as a filter.
    """
    params: dict[str, Value] = {"fields": ACCOUNT_FIELDS, "limit": LIMIT}
    status = status if status in FILTERS else ""
    params |= {"status": status} if status else {}
    answers = reader.batch([BatchRead((asset.node, ON_ACCOUNT), params) for asset in accounts], token)
    return tuple(_on(reader, token, *pair, status) for pair in zip(accounts, answers, strict=True))


def read_in_progress(reader: Reader, token: Secret, business: Business, end: End) -> tuple[OboRequest, ...]:
    """Read the requests in progress that a business has got, or sent. Raises GraphError.

    Rows may have nothing but an id: these are then read one by one.
    """
    rows = reader.rows(token, business.id, IN_PROGRESS_OF[end], fields=FIELDS)
    bare = [row for row in rows if "status" not in row]
    ids = [str(row["id"]) for row in bare]
    answers = reader.batch([BatchRead((one,), {"fields": FIELDS}) for one in ids], token) if ids else ()
    found = {one: _answered(answer, one) for one, answer in zip(ids, answers, strict=True)}
    return tuple(found[str(row["id"])] if row["id"] in found else _request(row, str(row["id"])) for row in rows)


def _on(
    reader: Reader, token: Secret, account: Asset, answer: Row | GraphError, status: str
) -> tuple[OboRequest, ...] | GraphError:
    """Return the requests of one ad account, of which `answer` is the first page."""
    if isinstance(answer, GraphError):
        return answer
    path, paging = (account.node, ON_ACCOUNT), answer.get("paging")
    try:
        if status and isinstance(paging, dict) and "next" in paging:  # all of it anew, with the filter on each page
            rows = reader.rows(token, *path, fields=ACCOUNT_FIELDS, limit=LIMIT, status=status)
        else:
            rows = reader.rest(token, *path, fields=ACCOUNT_FIELDS, first=answer)
        return tuple(_request(row, str(row["id"]), account.id) for row in rows)
    except GraphError as error:
        return error


def _answered(answer: Row | GraphError, request_id: str) -> OboRequest:
    if isinstance(answer, GraphError):
        raise answer
    return _request(answer, request_id)


def _request(answer: Row, request_id: str, account: str = "") -> OboRequest:
    """Return the request in an answer: a bare object, or alone in a `data` list (GRAPH_API 1.5)."""
    call = Call("GET", (request_id,))
    data = answer.get("data")
    row = data[0] if isinstance(data, list) and len(data) == 1 else answer
    if not isinstance(row, dict) or row.get("id") != request_id or not _ID.fullmatch(request_id):
        raise untrusted(call, "is not the on-behalf-of request asked for")
    status = row.get("status")
    if not isinstance(status, str) or not status or len(status) > LONGEST_STATUS:
        raise untrusted(call, "has no status that can be one")
    try:
        receiving, requesting = (_business(row.get(f"{end}_business")) for end in ("receiving", "requesting"))
        account = account or _account(row.get("business_owned_object"))
    except MalformedError as error:
        raise untrusted(call, f"does not make sense: {error}") from None
    return OboRequest(request_id, account, receiving, requesting, status)


def _business(value: object) -> Business:
    return edges.read_business(value if isinstance(value, dict) else {})


def _account(value: object) -> str:
    """Return the bare id of the ad account; empty where the answer has none."""
    return edges.read_asset_id(value) if value is not None else ""

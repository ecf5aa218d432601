"""What Meta answered, turned into facts. What makes no sense is no fact. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.doctor import facts as f
from accessctl.model import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    Row = dict[str, object]

STATUSES = ("granted", "declined", "expired")  # GRAPH_API 1.6
NO_CLAIMANT = "Meta's answer names none, and it may leave out what the token may not see"
LATEST = 253_402_300_799  # Unix seconds of the last second of the year 9999


def token_facts(answer: Row) -> f.TokenFacts | f.Unread:
    """Return what debug_token says (GRAPH_API 1.6)."""
    data = answer.get("data")
    if not isinstance(data, dict):
        return f.Unread("Meta's answer to GET debug_token has no data")
    error = data.get("error")
    return f.TokenFacts(
        type=text_of(data, "type"),
        app_id=text_of(data, "app_id"),
        app=text_of(data, "application"),
        is_valid=data.get("is_valid") is True,
        error=text_of(error, "message") if isinstance(error, dict) else "",
        expires_at=_seconds(data.get("expires_at")),
        data_access_expires_at=_seconds(data.get("data_access_expires_at")),
        scopes=_words(data.get("scopes")),
        targets=frozen(_targets(data.get("granular_scopes"))),
    )


def _targets(rows: object) -> dict[str, frozenset[str]]:
    """Return the ids of each permission that is narrowed; ad accounts come with and without `act_`."""
    found: dict[str, frozenset[str]] = {}
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict) and isinstance(row.get("target_ids"), list):
            ids = frozenset(one.removeprefix("act_") for one in _words(row["target_ids"]))
            scope = text_of(row, "scope")
            found[scope] = found.get(scope, frozenset()) | ids
    return found


def live_business(row: Row) -> f.LiveBusiness:
    """Return a business as its node shows it (GRAPH_API 1.3)."""
    words = text_of(row, "two_factor_type"), text_of(row, "verification_status")
    return f.LiveBusiness(text_of(row, "id"), text_of(row, "name"), *words)


def app_facts(row: Row, *, not_asked: str = "") -> f.AppFacts:
    """Return an app as its node shows it (GRAPH_API 1.6). `not_asked` is why who claims it was not asked.

    A field that is left out may be one that the token may not see, so only null says that no business claims it.
    """
    told = [row[key] for key in ("owner_business", "business") if key in row and not not_asked]
    found = next((one for one in told if isinstance(one, dict) and text_of(one, "id")), {})
    claimant = text_of(found, "id") or ("" if told and all(one is None for one in told) else None)
    named = claimant, text_of(found, "name"), text_of(found, "verification_status")
    why = "" if claimant is not None else not_asked or NO_CLAIMANT
    return f.AppFacts(text_of(row, "id"), text_of(row, "name"), *named, why)


def granted(answer: Row) -> f.Granted | f.Unread:
    """Return what GET /me/permissions says (GRAPH_API 1.6). A status that nobody knows grants nothing."""
    rows = answer.get("data")
    if not isinstance(rows, list):
        return f.Unread("Meta's answer to GET me/permissions has no rows")
    told = {text_of(row, "permission"): text_of(row, "status") for row in rows if isinstance(row, dict)}
    return f.Granted(*(frozenset(name for name, one in told.items() if one == status) - {""} for status in STATUSES))


def reviewed(answer: Row) -> Mapping[str, str] | f.Unread:
    """Return what App Review says of each permission (GRAPH_API 1.6); the rows have no id."""
    rows = answer.get("data")
    if not isinstance(rows, list):
        return f.Unread("Meta's answer to GET permissions of the app has no rows")
    told = [(text_of(row, "permission"), text_of(row, "status")) for row in rows if isinstance(row, dict)]
    return frozen({permission: status for permission, status in told if permission})


def roles(answer: Row, user: str) -> frozenset[str] | f.Unread:
    """Return the ids of who has a role on the app (GRAPH_API 1.6). What goes on says nothing of who is not in it."""
    rows, paging = answer.get("data"), answer.get("paging")
    if not isinstance(rows, list):
        return f.Unread("Meta's answer to GET roles of the app has no rows")
    found = frozenset(text_of(row, "user") for row in rows if isinstance(row, dict)) - {""}
    goes_on = isinstance(paging, dict) and "next" in paging
    return f.Unread("the app has more roles than one page shows") if goes_on and user not in found else found


def text_of(row: Mapping[str, object], key: str) -> str:
    """Return a text; an id may come as a number."""
    value = row.get(key)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else ""


def _words(value: object) -> frozenset[str]:
    items = value if isinstance(value, list) else []
    return frozenset(str(one) for one in items if isinstance(one, (str, int)) and not isinstance(one, bool))


def _seconds(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= LATEST else None

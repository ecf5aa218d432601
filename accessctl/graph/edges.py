"""What the agencies and clients edges are called, which fields to ask for, and what their rows mean. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from accessctl.model import Asset, Business, Grant, Kind, Status

if TYPE_CHECKING:
    from collections.abc import Mapping

Row = dict[str, object]
NONE_GIVEN = "(none given)"  # where an answer has no status
LONGEST_NAME = 500  # characters, as of a name in the manifests (schemas/manifest.schema.json); FAULTS G10
LONGEST_TASK = 200  # characters (schemas/plan.schema.json)

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:?\d\d)", re.ASCII)
_DIGITS = re.compile(r"[0-9]{1,20}", re.ASCII)
_ACCESS = "permitted_tasks,access_status,access_requested_time,access_updated_time"
AGENCY_FIELDS = f"id,name,{_ACCESS}"  # GRAPH_API 3.1: flat on the row, and only when asked for
CLIENT_FIELDS = "id,name,adaccount_permissions,page_permissions"
OWNED_AD_ACCOUNT_FIELDS = f"id,account_id,name,agencies.limit(100){{{AGENCY_FIELDS}}}"
OWNED_AD_ACCOUNT_FIELDS_PLAIN = "id,account_id,name"
OWNED_PAGE_FIELDS = "id,name,access_token"
PERMISSIONS_FIELD = {Kind.AD_ACCOUNT: "adaccount_permissions", Kind.PAGE: "page_permissions"}


class ClientEdges(NamedTuple):
    """The edges of a business that list one kind of its clients' assets."""

    confirmed: str
    pending: str
    pending_node: str
    fields: str
    pending_fields: str


CLIENT_EDGES: Mapping[Kind, ClientEdges] = {
    Kind.AD_ACCOUNT: ClientEdges(
        "client_ad_accounts",
        "pending_client_ad_accounts",
        "ad_account",
        "id,account_id,name,permitted_tasks",
        "id,ad_account{id,name},permitted_tasks",
    ),
    Kind.PAGE: ClientEdges(
        "client_pages",
        "pending_client_pages",
        "page",
        "id,name,permitted_tasks",
        "id,page{id,name},permitted_tasks",
    ),
}


class MalformedError(Exception):
    """A row that is not what the edge promises: it is no evidence of anything."""


def read_asset_id(value: object) -> str:
    """Return bare digits from an asset id with or without `act_`; the edges disagree (GRAPH_API 3.1)."""
    text = value.removeprefix("act_") if isinstance(value, str) else ""
    return _digits(text, "an asset id")


def read_business(row: Row) -> Business:
    """Return the business a row is about, with its live name."""
    return Business(_digits(row.get("id"), "a business id"), name=read_name(row))


def read_name(row: Row) -> str:
    """Return the live name on a row, empty where there is none.

    A name as long as no manifest could declare it is cut, always at the same place, and ends in an ellipsis: its
    owner chose it, and it stands in every file and report. The id beside it tells two of one beginning apart.
    """
    name = row.get("name")
    return _cut(name) if isinstance(name, str) else ""


def read_grant(row: Row) -> Grant:
    """Return what a row says of a pair; the tasks keep Meta's spelling.

    A row without a task list cannot be compared with anything, so its pair counts as unreadable.
    """
    status, word = read_status(row.get("access_status"))
    tasks = row.get("permitted_tasks")
    since = read_time(row.get("access_requested_time" if status is Status.PENDING else "access_updated_time"))
    if not isinstance(tasks, list) or not all(isinstance(task, str) and task for task in tasks):
        return Grant(status=Status.UNREADABLE, detail="Meta did not say which tasks it has", since=since)
    if any(len(task) > LONGEST_TASK for task in tasks):  # cut, it would be another task
        return Grant(status=Status.UNREADABLE, detail="Meta names a task that is too long to be one", since=since)
    return Grant(_set_of(tuple(tasks)), status, word, since)


@lru_cache(10_000)
def _set_of(tasks: tuple[str, ...]) -> frozenset[str]:
    """Return one set for each list of tasks: most grants have one of a few."""
    return frozenset(tasks)


def read_status(value: object) -> tuple[Status, str]:
    """Return what an access_status means, and Meta's own word where nobody knows (GRAPH_API 3.1).

    Only CONFIRMED is effective; anything with PENDING in it waits.
    """
    if value == "CONFIRMED":
        return Status.CONFIRMED, ""
    if isinstance(value, str) and "PENDING" in value:
        return Status.PENDING, ""
    return Status.UNKNOWN, _cut(value) if isinstance(value, str) and value else NONE_GIVEN


def read_time(value: object) -> datetime | None:
    """Return a time from any of the three forms Meta uses (GRAPH_API 3.2), None for anything else."""
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        return None
    try:
        moment = datetime.fromisoformat(value)
        moment.astimezone(UTC)  # fails for one beyond all years
    except (ValueError, OverflowError):
        return None
    return moment


def read_permissions(row: Row, kind: Kind) -> tuple[tuple[Asset, Row], ...]:
    """Return the assets of one kind that a row of `clients` lists, each with its item."""
    items = row.get(PERMISSIONS_FIELD[kind], [])
    if not isinstance(items, list):
        raise MalformedError(f"{PERMISSIONS_FIELD[kind]} is no list")
    return tuple((Asset(kind, read_asset_id(item.get("id"))), item) for item in map(_object, items))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_NAME else text[: LONGEST_NAME - 1] + "…"


def _object(value: object) -> Row:
    if not isinstance(value, dict):
        raise MalformedError("a list item is no object")
    return value


def _digits(value: object, what: str) -> str:
    if not isinstance(value, str) or not _DIGITS.fullmatch(value):
        raise MalformedError(f"a row has no usable id ({what} is 1 to 20 digits)")
    return value

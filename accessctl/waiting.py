"""Who has to act at Meta before a pair is as declared: whom, on what, since when, where they click. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from accessctl import tasks
from accessctl.limited import PARTNERS_PAGE
from accessctl.model import Asset, Kind, Status
from accessctl.plan.byhand import BY_HAND, asks_client, told_in
from accessctl.plan.nouns import BusinessRef

if TYPE_CHECKING:
    from collections.abc import Sequence

    from accessctl.model import Access
    from accessctl.plan.nouns import Plan, Row

FAR = datetime.max.replace(tzinfo=UTC)
REVIEWS = "https://business.facebook.com/settings/requests/admin_reviews"  # GRAPH_API 7
REQUESTS = "Business Settings > Requests"
PARTNERS = "Business Settings > Partners"
ASK_AGAIN = "accessctl apply --ask-again"


class Whom(StrEnum):
    """Who has to act."""

    CLIENT = "client"
    SECOND_ADMIN = "second_admin"
    US = "us"  # nobody at Meta will: the next step is our own


# By the reason code of a plan's waiting row: who has to act, and where that person clicks.
PLACES = {
    "client_response": (Whom.CLIENT, REQUESTS),
    "ask_client": (Whom.CLIENT, PARTNERS),
    "admin_approval": (Whom.SECOND_ADMIN, REVIEWS),
    "approval_not_wanted": (Whom.SECOND_ADMIN, REVIEWS),
    "request_gone": (Whom.US, ""),
    BY_HAND: (Whom.CLIENT, PARTNERS_PAGE),  # or us, where we are the ones who may do it
}


@dataclass(frozen=True, slots=True)
class Wait:
    """One pair that waits. `business` is the one whose people act: the client, the owner, or our own.

    `tasks` are those asked for or granted, empty where only `row.reason` tells them; of a pair whose client is
    to change something, `missing` are to be added and `extra` to be taken away. `where` is empty where nobody
    at Meta can click anything. `days` are whole ones, None where nobody knows since when.
    """

    row: Row
    whom: Whom
    business: BusinessRef
    tasks: tuple[str, ...]
    where: str
    todo: str
    days: int | None
    is_stale: bool
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()


def waiting_of(plan: Plan, desired: Access, now: datetime) -> tuple[Wait, ...]:
    """Return all that waits in a plan, the oldest first; what waits since nobody knows when comes last."""
    return tuple(_wait(row, desired, now) for row in sorted(plan.waiting, key=_age))


def is_settled(plan: Plan) -> bool:
    """Tell whether nothing waits. What could not be read may wait: then nobody can say so."""
    return plan.is_whole and not plan.waiting


def is_hopeless(plan: Plan) -> bool:
    """Tell whether all that waits is our own step to take, so that no time will settle it."""
    waits = [PLACES.get(row.reason.code, (Whom.US, ""))[0] for row in plan.waiting]
    return plan.is_whole and bool(waits) and set(waits) == {Whom.US}


def _age(row: Row) -> tuple[datetime, Kind, str, str, str]:
    return row.since or FAR, row.asset.kind, row.asset.alias, row.asset.id, row.agency.id if row.agency else ""


def _wait(row: Row, desired: Access, now: datetime) -> Wait:
    whom, where = PLACES.get(row.reason.code, (Whom.US, ""))
    if row.reason.code == BY_HAND:
        whom, where = Whom.CLIENT if asks_client(row) else Whom.US, told_in(row)[0]
    missing, extra = _difference(row)
    return Wait(
        row=row,
        whom=whom,
        business=_actor(row, whom, desired),
        tasks=_tasks(row),
        where=where,
        todo=_todo(row, missing, extra),
        days=max(0, (now - row.since).days) if row.since else None,
        is_stale=whom is not Whom.US and row.stale_at is not None and now > row.stale_at,
        missing=missing,
        extra=extra,
    )


def _actor(row: Row, whom: Whom, desired: Access) -> BusinessRef:
    """The business whose people act: the asset's owner, or ourselves where it is up to us."""
    access = desired.assets.get(Asset(row.asset.kind, row.asset.id))
    is_ours = row.agency is None or row.via in (row.agency.alias, row.agency.id)
    if access is None or (whom is Whom.US and (is_ours or row.reason.code != BY_HAND)):
        return row.agency or BusinessRef("", row.via)
    owner = desired.businesses.get(access.owner)
    return BusinessRef(access.owner, owner.alias if owner else "", owner.name if owner else "")


def _tasks(row: Row) -> tuple[str, ...]:
    """The tasks somebody is to say yes or no to; what Meta shows of them goes before what is declared."""
    shown = tuple(task for task in row.before.tasks if task not in row.before.server_added)
    declared = row.after.tasks if row.after else ()
    if row.reason.code == BY_HAND:
        return declared
    if row.before.status in (Status.PENDING, Status.AWAITING_APPROVAL):
        return shown or declared
    return () if row.reason.code == "approval_not_wanted" else declared


def _difference(row: Row) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if row.reason.code != "ask_client" or row.after is None:
        return (), ()
    wanted, held = frozenset(row.after.tasks), frozenset(row.before.tasks)
    missing, extra = tasks.difference(row.asset.kind, wanted, held)
    return tuple(sorted(missing)), tuple(sorted(extra))


def _todo(row: Row, missing: Sequence[str], extra: Sequence[str]) -> str:
    """Say what that person, or we, do next; without the place."""
    match row.reason.code:
        case "client_response":
            return "accept or decline the request"
        case "admin_approval":
            return "approve or decline the grant"
        case "approval_not_wanted":
            return "decline the grant"
        case "ask_client":
            return change_in_words(missing, extra)
        case "request_gone":
            return f"ask the client why; {ASK_AGAIN} {row.asset.alias} sends a new one"
        case _:
            return told_in(row)[1]


def change_in_words(missing: Sequence[str], extra: Sequence[str]) -> str:
    """Return `add ADVERTISE; take away MANAGE`."""
    parts = [f"add {', '.join(missing)}"] * bool(missing) + [f"take away {', '.join(extra)}"] * bool(extra)
    return "; ".join(parts)

"""Hold what is live now against what an action expects. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from accessctl import tasks
from accessctl.model import ABSENT, Grant, Status
from accessctl.plan.nouns import State, Verb
from accessctl.plan.refs import state_of

if TYPE_CHECKING:
    from accessctl.model import AssetAccess
    from accessctl.plan.nouns import Action

TAKES_FROM_CLIENT = frozenset({Verb.WITHDRAW, Verb.RELINQUISH})


class Seen(StrEnum):
    """What a look at a pair says about an action on it."""

    WANTED = "wanted"
    AS_PLANNED = "as_planned"
    MOVED = "moved"
    UNREADABLE = "unreadable"


def compare(action: Action, access: AssetAccess) -> tuple[Seen, str, State | None]:
    """Return what was seen, in a word and in words, and the pair's state."""
    if access.unreadable:
        return Seen.UNREADABLE, f"the asset could not be read: {access.unreadable}", None
    grant = access.grants.get(action.agency.id, ABSENT)
    live = state_of(action.asset.kind, frozenset(action.after.tasks), grant)
    if grant.status is Status.UNREADABLE:
        return Seen.UNREADABLE, f"the pair could not be read: {grant.detail}", live
    if action.verb in TAKES_FROM_CLIENT and grant.status is not Status.ABSENT and access.owner != action.owner:
        # DELETE on a business's own edge evicts an asset it owns (GRAPH_API 1.3): never without this proof.
        return Seen.UNREADABLE, f"Meta does not show that {action.owner} owns this asset", live
    if is_wanted(action, grant):
        return Seen.WANTED, f"already {in_words(live)}", live
    if grant.status == action.before.status and set(live.tasks) == set(action.before.tasks):
        return Seen.AS_PLANNED, "", live
    return Seen.MOVED, f"planned from {in_words(action.before)}, now {in_words(live)}", live


def is_wanted(action: Action, grant: Grant) -> bool:
    """Tell whether the pair is what the action is to bring about."""
    if action.after.status is Status.PENDING:
        return grant.status in (Status.PENDING, Status.CONFIRMED)
    if action.after.status is Status.ABSENT or grant.status is not action.after.status:
        return grant.status is action.after.status
    return tasks.is_same(action.asset.kind, frozenset(action.after.tasks), grant.tasks)


def in_words(state: State) -> str:
    """Return `confirmed with ADVERTISE, ANALYZE`."""
    if state.status is Status.ABSENT:
        return "no access"
    return f"{state.detail or state.status} with {', '.join(state.tasks) or 'no tasks'}"

"""One pair at two moments: what it was given, lost or asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl import tasks
from accessctl.model import Grant, Kind, Status
from accessctl.plan.nouns import State
from accessctl.snapshot.differences import Difference, What

if TYPE_CHECKING:
    from collections.abc import Iterator

    from accessctl.plan.nouns import AssetRef, BusinessRef

EARLIER, LATER = "the earlier snapshot", "the later snapshot"


def states(kind: Kind, old: Grant, new: Grant) -> tuple[State, State]:
    """Return both grants with tasks that compare: in normal form, and without what Meta adds by itself.

    Meta adds tasks when it takes a Page to the new experience, so only between a grant in classic names and
    one in PROFILE_PLUS_ names; where both are of one kind a further task was given by somebody.
    """
    before, after = tasks.normal(old.tasks), tasks.normal(new.tasks)
    if _is_new_experience(old) is not _is_new_experience(new):
        before -= tasks.server_added(kind, new.tasks, old.tasks)
        after -= tasks.server_added(kind, old.tasks, new.tasks)
    return _state(old, before), _state(new, after)


def _is_new_experience(grant: Grant) -> bool:
    return any(task.startswith(tasks.PROFILE_PLUS) for task in grant.tasks)


def _state(grant: Grant, names: frozenset[str]) -> State:
    return State(grant.status, tuple(sorted(names)), detail=grant.detail)


def pair_differences(asset: AssetRef, who: BusinessRef, old: Grant, new: Grant) -> Iterator[Difference]:
    """Say how a pair differs; nothing where only times or spellings do."""
    before, after = states(asset.kind, old, new)

    def one(what: What, names: tuple[str, ...] = ()) -> Difference:
        return Difference(what, asset, who, names, before=before, after=after)

    if reason := unreadable_pair(old, new):
        yield Difference(What.INCOMPARABLE, asset, who, before=before, after=after, reason=reason)
        return
    if before == after:
        return
    match old.status, new.status:
        case (Status.CONFIRMED, Status.CONFIRMED):
            given, lost = set(after.tasks) - set(before.tasks), set(before.tasks) - set(after.tasks)
            if given:
                yield one(What.GIVEN, tuple(sorted(given)))
            if lost:
                yield one(What.LOST, tuple(sorted(lost)))
        case (Status.ABSENT | Status.PENDING, Status.CONFIRMED):
            yield one(What.GIVEN, after.tasks)
        case (Status.CONFIRMED, Status.ABSENT):
            yield one(What.LOST, before.tasks)
        case (Status.ABSENT, Status.PENDING):
            yield one(What.ASKED, after.tasks)
        case (Status.PENDING, Status.ABSENT):
            yield one(What.ASKS_NO_MORE, before.tasks)
        case (Status.PENDING, Status.PENDING):
            yield one(What.ASKS_OTHERWISE, after.tasks)
        case _:
            yield one(What.OTHER_STATUS)


def unreadable_pair(old: Grant, new: Grant) -> str:
    """Say which of the two could not be read, and why; "" where both could."""
    return unread(*(grant.detail if grant.status is Status.UNREADABLE else "" for grant in (old, new)))


def unread(old: str, new: str) -> str:
    """Return in words why one of two snapshots, or neither, could read something; "" where both could."""
    if old == new != "":
        return f"neither snapshot could read it: {old}"
    return "; ".join(f"{name} could not read it: {reason}" for name, reason in ((EARLIER, old), (LATER, new)) if reason)

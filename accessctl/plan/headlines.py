"""The sentences before the list: who is new, what widens to MANAGE-like tasks, and who loses what."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from accessctl import tasks
from accessctl.called import called
from accessctl.clean import display
from accessctl.counting import count as counted
from accessctl.model import Kind, Status
from accessctl.plan.nouns import Verb
from accessctl.plan.risk import IN_PART

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from accessctl.model import Access
    from accessctl.plan.nouns import Action, BusinessRef

ENDING = frozenset({Verb.REVOKE, Verb.RELINQUISH})
# What a sentence is about, told from its words alone: no name can leave its quotes.
_WHO = r'(?:"[^"]*" \([0-9]+\)|Business (?:[0-9]+|[a-z0-9_-]+ \([0-9]+\)))'
_ABOUT = (
    ("on first grants", re.compile(r"First grant\b")),
    ("on what widens", re.compile(rf"{_WHO} is to hold ")),
    ("on losses", re.compile(rf"{_WHO} loses ")),
)


def headlines(actions: Sequence[Action], live: Access) -> tuple[str, ...]:
    """Say in words what a reviewer must not miss: whom nobody knows yet, gains, losses; each by the agencies' ids.

    `"Mediahouse Ltd" (2002) loses ADVERTISE on 2 of its 9 ad accounts.` Losses may be thousands, and gains are few:
    these come first, so that a text with room for some sentences has them all.
    """
    held = Counter[tuple[str, Kind]]()
    unread = {gap.kind for gap in live.gaps} | {one.asset.kind for one in live.assets.values() if one.unreadable}
    for asset in live.assets.values():
        if live.is_narrow or asset.asset.kind in unread:  # of what was not all read no share can be told
            continue
        for agency, grant in asset.grants.items():
            held[agency, asset.asset.kind] += grant.status is Status.CONFIRMED
    losses: dict[tuple[BusinessRef, Kind, frozenset[str]], int] = defaultdict(int)
    gains: dict[tuple[BusinessRef, Kind, frozenset[str]], int] = defaultdict(int)
    for action in actions:
        before = set(action.before.tasks) if action.before.status is Status.CONFIRMED else set[str]()
        after = set(action.after.tasks)
        lost = frozenset(before - after - set(action.before.server_added))
        if lost or (action.verb in ENDING and action.before.status is Status.CONFIRMED):
            losses[action.agency, action.asset.kind, lost] += 1
        if widened := frozenset(tasks.MANAGE_LIKE & after - before):
            gains[action.agency, action.asset.kind, widened] += 1
    return (
        *_first_grants(actions),
        *(
            f"{_first(called(agency))} is to hold {_tasks(what)} on {_many(kind, count)}, where it does not now."
            for (agency, kind, what), count in sorted(gains.items(), key=_order)
        ),
        *(
            f"{_first(called(agency))} loses {_tasks(what)} on {_share(kind, count, held[agency.id, kind])}."
            for (agency, kind, what), count in sorted(losses.items(), key=_order)
        ),
    )


def left_out(lines: Sequence[str]) -> str:
    """Return `905 more sentences: 93 on first grants, 12 on what widens, 800 on losses`, for those not shown."""
    parts = [(sum(bool(words.match(line)) for line in lines), what) for what, words in _ABOUT]
    told = ", ".join(f"{number:,} {what}" for number, what in parts if number)
    return counted(len(lines), "more sentence") + (f": {told}" if told else "")


def _first_grants(actions: Sequence[Action]) -> Iterator[str]:
    """Name those who get their first grant: an id with a slip in it is a stranger's (FAULTS J5)."""
    codes = {action.agency: action.risk for action in actions if {"first_grant", IN_PART} & set(action.risk)}
    for agency, risk in sorted(codes.items()):
        ever = "First grant" if IN_PART in risk else "First grant ever"
        read = "on the part that was read" if IN_PART in risk else "as far as was read"
        if "name_unread" in risk:
            yield f"{ever}, {read}, to a business whose name at Meta could not be read: {called(agency)}."
        else:
            yield f"{ever} to {called(agency)}, {read}."


def _order(item: tuple[tuple[BusinessRef, Kind, frozenset[str]], int]) -> tuple[str, Kind, list[str]]:
    (agency, kind, what), _ = item
    return agency.id, kind, sorted(what)


def _first(words: str) -> str:
    return words[:1].upper() + words[1:]


def _tasks(what: frozenset[str]) -> str:
    return ", ".join(display(task, 60) for task in sorted(what)) or "all access"


def _share(kind: Kind, count: int, held: int) -> str:
    if not held:
        return _many(kind, count)
    return f"its only {kind.noun}" if held == count == 1 else f"{count} of its {_many(kind, held)}"


def _many(kind: Kind, count: int) -> str:
    return f"{count} {kind.noun if count == 1 else kind.nouns}"

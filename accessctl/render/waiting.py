"""What waits for whom, as text and JSON: the oldest first, with what to do and where."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from accessctl.clean import display
from accessctl.counting import count
from accessctl.plan.byhand import AFTER_BY_HAND, BY_HAND, without_todo
from accessctl.render.names import asset_name, business_in_words, source_name, task_names
from accessctl.waiting import Whom

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from accessctl.plan.nouns import Plan
    from accessctl.render.paper import Paper
    from accessctl.waiting import Wait

INDENT = 4
FORMAT_VERSION = "1.0"
WHOM_WORDS = {Whom.CLIENT: "the client", Whom.SECOND_ADMIN: "a second admin of", Whom.US: "a decision of"}


def waiting_text(waits: Sequence[Wait], plan: Plan, paper: Paper) -> str:
    """Return all of `waits`, then the count; what could not be read is said, as something may wait there."""
    blocks = [_block(wait, paper) for wait in waits]
    unread = [paper.wrap(f"! {line}", indent=2, first=0, style="magenta") for line in unread_lines(plan)]
    return "\n\n".join([*blocks, *unread, paper.paint(count_line(waits), "bold")]) + "\n"


def count_line(waits: Sequence[Wait]) -> str:
    """Return `3 waiting: 2 for clients (1 stale), 1 for a second admin.`, or `Nothing waits.`."""
    words = {Whom.CLIENT: "for clients", Whom.SECOND_ADMIN: "for a second admin", Whom.US: "for you"}
    parts = []
    for whom, word in words.items():
        mine = [wait for wait in waits if wait.whom is whom]
        stale = sum(wait.is_stale for wait in mine)
        parts += [f"{len(mine)} {word}" + f" ({stale} stale)" * bool(stale)] * bool(mine)
    return f"{len(waits)} waiting: {', '.join(parts)}." if waits else "Nothing waits."


def unread_lines(plan: Plan) -> tuple[str, ...]:
    """Say what could not be read: whether something waits there is not known."""
    blocked = len(plan.blocked)
    rows = (f"{count(blocked, 'row')} could not be read; plan shows why. What waits there is not known.",)
    return (*(display(line, 400) for line in plan.unread), *(rows if blocked else ()))


def age_words(wait: Wait) -> str:
    """Return `since 2026-10-01 (51 days, stale)`, or that the day is unknown."""
    if wait.row.reason.code == BY_HAND:
        return "(by hand: Meta does not open the call)"
    if wait.row.reason.code == AFTER_BY_HAND:
        return "(after what is by hand)"
    if wait.row.since is None:
        return "since an unknown day"
    return f"since {wait.row.since:%Y-%m-%d} ({count(wait.days or 0, 'day')}{', stale' * wait.is_stale})"


def whom_words(wait: Wait) -> str:
    """Return who has to act: `the client "Client Inc" (client, 5005)`."""
    who = business_in_words(wait.business)
    return who if (wait.row.reason.code, wait.whom) == (BY_HAND, Whom.US) else f"{WHOM_WORDS[wait.whom]} {who}"


def where_words(wait: Wait) -> str:
    """Return what to do and where: `accept or decline the request: Business Settings > Requests`."""
    todo = display(wait.todo, 400)
    return f"{todo}: {wait.where}" if wait.where else todo


def _block(wait: Wait, paper: Paper) -> str:
    row = wait.row
    asset = paper.wrap(asset_name(row.asset), first=0, style="bold")
    head = f"… waits for {whom_words(wait)} {age_words(wait)}"
    who = business_in_words(row.agency) if row.agency else "everybody"
    tasks = f": {task_names(wait.tasks)}" if wait.tasks else ""
    sources = "; ".join(source_name(source) for source in row.sources)
    why = display(without_todo(row.reason.text), 300) + (f" [{sources}]" if sources else "")
    return "\n".join(
        [
            asset,
            paper.wrap(head, indent=INDENT, first=2, style="yellow" if wait.is_stale else "blue"),
            paper.wrap(f"for {who}{tasks}", indent=INDENT),
            paper.wrap(why, indent=INDENT, style="dim"),
            paper.wrap(f"do: {where_words(wait)}", indent=INDENT + 4, first=INDENT),
        ]
    )


def waiting_json(waits: Sequence[Wait], plan: Plan, now: datetime) -> str:
    """Return the same as JSON; `complete` is false where something could not be read."""
    document = {
        "format_version": FORMAT_VERSION,
        "read_at": now.isoformat(),
        "complete": plan.is_whole,
        "unread": list(unread_lines(plan)),
        "waiting": [_item(wait) for wait in waits],
        "summary": {
            "waiting": len(waits),
            "stale": sum(wait.is_stale for wait in waits),
            **{whom.value: sum(wait.whom is whom for wait in waits) for whom in Whom},
        },
    }
    return json.dumps(document, indent=2, sort_keys=True)


def _item(wait: Wait) -> dict[str, Any]:
    row = wait.row
    times = {"since": row.since, "stale_at": row.stale_at}
    return {
        "asset": asdict(row.asset),
        "agency": asdict(row.agency) if row.agency else None,
        "waits_for": {"who": wait.whom, "business": asdict(wait.business)},
        "reason": {"code": row.reason.code, "text": row.reason.text},
        "tasks": list(wait.tasks),
        "add": list(wait.missing),
        "take_away": list(wait.extra),
        "days": wait.days,
        "stale": wait.is_stale,
        "where": wait.where,
        "do": wait.todo,
        "sources": [{"file": source.file, "line": source.line} for source in row.sources],
        **{key: time.isoformat() if time else None for key, time in times.items()},
    }

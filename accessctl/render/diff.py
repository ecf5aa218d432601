"""Two snapshots compared, as text and JSON: who was given or lost what, asset by asset."""

from __future__ import annotations

import json
from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING, Any

from accessctl.called import quoted
from accessctl.clean import LIMIT, display
from accessctl.counting import count
from accessctl.model import Side, Status
from accessctl.render.age import moment
from accessctl.render.names import asset_name, business_in_words, task_names
from accessctl.snapshot.differences import Comparison, Difference, Unseen, What

if TYPE_CHECKING:
    from accessctl.plan.nouns import State
    from accessctl.render.paper import Paper
    from accessctl.snapshot import Snapshot

MARKS = {
    What.NEW: ("+", "green"),
    What.HOLDS: ("+", "green"),
    What.GIVEN: ("+", "green"),
    What.LOST: ("-", "red"),
    What.NOT_LISTED: ("-", "red"),
    What.ASKED: (">", "cyan"),
    What.ASKS_NO_MORE: ("-", "red"),
    What.INCOMPARABLE: ("!", "magenta"),
}
CHANGED = ("~", "yellow")


def diff_text(comparison: Comparison, old: Snapshot, new: Snapshot, paper: Paper) -> str:
    """Return every difference under its asset, what cannot be compared, and the line that counts."""
    title = f"From {moment(old.taken_at)} to {moment(new.taken_at)}."
    parts = [paper.wrap(title)]
    for asset, rows in groupby(comparison.differences, key=lambda row: row.asset):
        lines = [_row(row, paper) for row in rows]
        parts.append("\n".join([paper.paint(paper.wrap(asset_name(asset), first=0), "bold"), *lines]))
    unseen = [paper.wrap(f"! {unseen_words(one)}", indent=2, first=0, style="magenta") for one in comparison.unseen]
    parts += ["\n".join(unseen)] * bool(unseen)
    return "\n\n".join([*parts, paper.paint(diff_summary(comparison), "bold")]) + "\n"


def diff_summary(comparison: Comparison) -> str:
    """Return the one line that counts, never broken."""
    changes = comparison.changes
    assets = len({row.asset for row in changes})
    head = f"{count(len(changes), 'difference')} on {count(assets, 'asset')}." if changes else "No differences."
    missing = len(comparison.differences) - len(changes) + len(comparison.unseen)
    rest = [f"{missing} cannot be compared"] * bool(missing)
    rest += [f"{count(comparison.same, 'asset')} the same"] * bool(comparison.same)
    return head + (f" {', '.join(rest)}." if rest else "")


def words(row: Difference) -> str:
    """Return a difference as a sentence without its asset: `"Mediahouse Ltd" (2002) lost MANAGE`."""
    who = business_in_words(row.who) if row.who else ""
    tasks = task_names(row.tasks)
    match row.what:
        case What.NEW:
            return f"is new, listed by {who}"
        case What.NOT_LISTED:
            gone = display(row.reason, 400) or "sold, moved, deleted or hidden; who works on it is not known"
            return f"is no longer listed by {who}: {gone}"
        case What.RENAMED:
            return f"renamed from {quoted(row.old, LIMIT)} to {quoted(row.new, LIMIT)}"
        case What.OTHER_OWNER:
            return f"belongs to business {row.new} now, before to {row.old}"
        case What.HOLDS:
            return f"{who} holds {tasks}"
        case What.GIVEN:
            asked = row.before.tasks if row.before and row.before.status is Status.PENDING else None
            as_asked = ", as it had asked" if asked == row.tasks else f", having asked for {_tasks(row.before)}"
            return f"{who} was given {tasks}" + as_asked * (asked is not None)
        case What.LOST:
            left = row.after is not None and row.after.status is Status.CONFIRMED
            return f"{who} lost {tasks}" + (f", and keeps {_tasks(row.after)}" if left else ", which was all it held")
        case What.ASKED:
            return f"{who} asked for {tasks} (waits for the client)"
        case What.ASKS_NO_MORE:
            return f"{who} no longer asks for {tasks}: declined, withdrawn or expired"
        case What.ASKS_OTHERWISE:
            return f"{who} asks for {tasks} now, before for {_tasks(row.before)}"
        case What.OTHER_STATUS:
            return f"{who} was {_state(row.before)} and is {_state(row.after)}"
        case What.INCOMPARABLE:
            return f"{f'{who} ' if who else ''}cannot be compared: {display(row.reason, 400)}"


def unseen_words(unseen: Unseen) -> str:
    """Return why a whole listing cannot be compared, and how much of it the other snapshot shows."""
    seen = "owns" if unseen.side is Side.OWNER else "holds at clients"
    shown = f" ({count(unseen.assets, 'asset')} in one snapshot alone)" if unseen.assets else ""
    head = f"the {unseen.kind.nouns} that {business_in_words(unseen.who)} {seen} cannot be compared"
    return f"{head}: {display(unseen.reason, 400)}{shown}"


def _row(row: Difference, paper: Paper) -> str:
    mark, style = MARKS.get(row.what, CHANGED)
    return paper.wrap(f"{mark} {words(row)}", indent=4, first=2, style=style)


def _tasks(state: State | None) -> str:
    return task_names(state.tasks if state else ())


def _state(state: State | None) -> str:
    if state is None or state.status is Status.ABSENT:
        return "without access"
    word = f"listed as '{display(state.detail)}'" if state.status is Status.UNKNOWN else state.status.replace("_", " ")
    return f"{word} with {_tasks(state)}"


def diff_json(comparison: Comparison, old: Snapshot, new: Snapshot) -> str:
    """Return the same rows, each with its code, its words, and the pair before and after."""
    document = {
        "earlier": _point(old),
        "later": _point(new),
        "differences": [_item(row) for row in comparison.differences],
        "unseen": [
            {
                "business": asdict(one.who),
                "side": one.side,
                "kind": one.kind,
                "reason": one.reason,
                "assets": one.assets,
                "text": unseen_words(one),
            }
            for one in comparison.unseen
        ],
        "summary": {
            "differences": len(comparison.changes),
            "incomparable": len(comparison.differences) - len(comparison.changes) + len(comparison.unseen),
            "same": comparison.same,
        },
    }
    return json.dumps(document, indent=2, sort_keys=True)


def _point(snapshot: Snapshot) -> dict[str, Any]:
    return {
        "taken_at": snapshot.taken_at.isoformat(),
        "digest": snapshot.digest,
        "complete": snapshot.is_complete,
        "graph": {"url": snapshot.graph_url, "version": snapshot.graph_version},
    }


def _item(row: Difference) -> dict[str, Any]:
    return {
        "code": row.what,
        "asset": asdict(row.asset),
        "business": asdict(row.who) if row.who else None,
        "tasks": list(row.tasks),
        "before": _pair(row.before, row.old),
        "after": _pair(row.after, row.new),
        "text": words(row),
    }


def _pair(state: State | None, text: str) -> Any:
    return {"status": state.status, "tasks": list(state.tasks)} if state else text or None

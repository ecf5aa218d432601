"""A plan as Markdown that does not fit: every removal stays, what is left out is counted, and it says so."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from accessctl.guard import removes
from accessctl.plan.nouns import Verb
from accessctl.render.markdown_head import FILE, alert, foot, head, marker_line, up_to
from accessctl.render.markdown_removals import BETWEEN, tell
from accessctl.render.markdown_rows import LEGEND, block, by_asset, fold
from accessctl.render.markdown_sections import sections

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from accessctl.plan.document import SavedPlan
    from accessctl.plan.nouns import Action, Plan
    from accessctl.render.limit import Limit

LIST_SHARE = 8  # of the whole for each list of sentences above the changes
HEADING = 40  # of the removals
NOTICE = 1_200  # kept free for the notice and for headings
REST = 5_000  # kept free for the folded parts, where there is room
FEW = 20  # rows of a folded part, where not all fit
MISSES = 20  # assets in a row that are too long for what room is left, before the rest is not tried


@dataclass(slots=True)
class _Room:
    """What is left of a limit."""

    limit: Limit
    left: int
    parts: list[str] = field(default_factory=list)

    def takes(self, text: str) -> bool:
        """Add a part if it fits into what is left."""
        size = self.limit.size(text) + len(BETWEEN)
        if size > self.left:
            return False
        self.left -= size
        self.parts.append(text)
        return True


def cut(saved: SavedPlan, now: datetime, marker: str, limit: Limit) -> str:
    """Return as much of the plan as `limit` takes: the removals, then what is risky, then the rest."""
    take = up_to(limit.most // LIST_SHARE, limit.size)
    around = BETWEEN.join([marker_line(marker), *head(saved, now, take, " "), LEGEND, foot(saved, is_cut=True)])
    room = _Room(limit, limit.most - limit.size(around) - NOTICE)
    kept, are_all = _removals(saved.plan, room)
    others, are_harmless = _others(saved, room)
    left = [*others, *_rest(saved, now, room)]
    above = [marker_line(marker), *head(saved, now, take, _notice(limit, kept, left)), LEGEND]
    return BETWEEN.join([*above, *room.parts, foot(saved, is_cut=True, can_decide=are_all and are_harmless)]) + "\n"


def _removals(plan: Plan, room: _Room) -> tuple[str, bool]:
    """Keep every removal, in as much detail as there is room for; say how many, and whether they are all."""
    removals = [action for action in plan.actions if removes(action)]
    if not removals:
        return "", True
    most = room.left - HEADING
    told = tell(removals, room.limit.size, most, _for_detail(plan, len(removals), most))
    number = f"{len(removals):,}"
    is_all = told.shown == len(removals)
    heading = f"#### Removals: {'all' if is_all else f'{told.shown:,} of'} {number}"
    shown = told.shown if told.shown and room.takes(f"{heading}\n\n{told.text}") else 0
    if shown < len(removals):
        return f"**Only {shown:,} of {number} removals are shown, so nobody can decide from this text.**", False
    return f"All {number} removals are here{f', {told.detail}' * bool(told.detail)}.", True


def _for_detail(plan: Plan, removals: int, most: int) -> int:
    """Return how much of the room the removals may take for more than their ids.

    Other changes need room as well: one that widens may be among them.
    """
    if removals < len(plan.actions):
        return most * 2 // 3
    has_rest = plan.waiting or plan.blocked or plan.unmanaged or plan.warnings
    return most - min(most // 6, REST) if has_rest else most


def _others(saved: SavedPlan, room: _Room) -> tuple[list[str], bool]:
    """Add the other changes, whole assets at a time, those that need a look first.

    Return what is left out, and whether none of it widens, takes tasks or needs a look.
    """
    others = [action for action in saved.plan.actions if not removes(action)]
    groups = sorted(by_asset(others), key=lambda group: min(map(_weight, group)))
    inner, shown, missed = _Room(room.limit, room.left - 200 - min(room.left // 6, REST)), set[str](), 0
    for group in groups:
        missed = 0 if inner.takes(block(group, None)) else missed + 1
        shown |= set() if missed else {action.id for action in group}
        if missed == MISSES:
            break
    if shown and not room.takes(BETWEEN.join(fold(f"{len(shown):,} of {len(others):,} other changes", inner.parts))):
        shown = set()
    left = [action for action in others if action.id not in shown]
    heavy = sum(_weight(action) < 2 for action in left)
    note = f" ({heavy:,} of them to be looked at: they widen, take tasks or carry a risk)" * bool(heavy)
    return [f"{len(left):,} other change{'s' * (len(left) != 1)}{note}"] * bool(left), not heavy


def _weight(action: Action) -> int:
    """Risky first, then what takes something, then the rest."""
    loses = action.verb is Verb.CHANGE and not set(action.before.tasks) <= set(action.after.tasks)
    return 0 if action.risk else 1 if loses else 2


def _rest(saved: SavedPlan, now: datetime, room: _Room) -> Iterator[str]:
    """Add the folded parts with their first rows, where there is room; return what is left out."""
    for section in sections(saved, now, None, FEW):
        left = section.total - (section.shown if room.takes(section.text) else 0)
        if left:
            yield f"{left:,} {section.word}"


def _notice(limit: Limit, removals: str, left: Sequence[str]) -> str:
    lines = [
        f"**This is not the whole plan**: it was cut to {limit}.",
        *[removals] * bool(removals),
        *[f"Left out: {', '.join(left)}."] * bool(left),
        f"Review the plan file, with `accessctl show {FILE}`, or its HTML page.",
    ]
    return alert("IMPORTANT", lines)

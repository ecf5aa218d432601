"""A plan as a person reads it: what matters in words, then asset by asset, then the count."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from accessctl.clean import display
from accessctl.counting import count
from accessctl.plan.nouns import COUNTED_AS, Action, Row, Verb
from accessctl.render.age import snapshot_line
from accessctl.render.blocked import fold_text, folded, next_step
from accessctl.render.closed import closed_text
from accessctl.render.losing import losing_text
from accessctl.render.names import (
    asset_in_words,
    asset_name,
    business_in_words,
    business_name,
    source_name,
    state_tasks,
    task_names,
)
from accessctl.render.verdict import source_words, verdict_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from accessctl.plan.document import SavedPlan
    from accessctl.plan.nouns import AssetRef, Plan, Summary
    from accessctl.render.paper import Paper

# Symbol and colour of each row (DESIGN, section 6).
VERB_MARKS = {
    Verb.GRANT: ("+", "green"),
    Verb.ACCEPT: ("+", "green"),
    Verb.CHANGE: ("~", "yellow"),
    Verb.REVOKE: ("-", "red"),
    Verb.WITHDRAW: ("-", "red"),
    Verb.RELINQUISH: ("-", "red"),
    Verb.REQUEST: (">", "cyan"),
}
ROW_MARKS = {"waiting": ("…", "blue"), "blocked": ("!", "magenta"), "unmanaged": ("?", "dim")}
RISKS = {
    "asked_before": "the client has had this request before",
    "manage": "widens to tasks that manage settings, people or billing",
    "gap": "if Meta refuses the change: revoked, then granted anew, with a gap in between",
    "own_access": "takes access from a business you act as",
    "last_holder": "after this, no agency can advertise on it or manage it",
    "first_grant": "the first grant to this business, as far as was read; make sure that the id is right",
    "first_in_part": "the first grant to this business on the part that was read; make sure that the id is right",
    "name_unread": "its name at Meta could not be read; compare the id with the one the business itself gave you",
}
INDENT = 4
UNMANAGED_SHOWN = 20  # of assets no manifest declares; the JSON form has them all


def plan_text(saved: SavedPlan, paper: Paper, now: datetime | None = None) -> str:
    """Return the whole plan but for its warnings, which go beside it, as text with a newline at its end.

    `now` tells how old the snapshot is that it was made from; without, it is as old as when the plan was made.
    """
    plan, snapshot = saved.plan, saved.origin.snapshot
    source = paper.wrap(snapshot_line(snapshot, now or saved.created_at), indent=2, first=0) if snapshot else ""
    groups, single = folded(plan.blocked)
    assets = _assets(replace(plan, blocked=single), saved.created_at, paper)
    losing = losing_text(saved, now or saved.created_at, paper)
    losing = "\n\n".join(filter(None, (losing, closed_text(plan, paper))))
    parts = [source, _headlines(plan, paper), losing, _unread(plan, groups, paper), *assets, _undeclared(plan, paper)]
    parts.append(
        "\n".join(
            paper.wrap(f"refused: {display(reason, 400)}", indent=2, first=0, style="red")
            for reason in saved.verdict.reasons
        )
    )
    parts.append("\n".join([*_verdict(saved, paper), f"Digest {saved.digest}"]))
    return "\n\n".join(part for part in parts if part) + "\n"


def _verdict(saved: SavedPlan, paper: Paper) -> Iterator[str]:
    """What the plan comes to, where that is not all: something was not read, or it is not about Meta."""
    if not saved.plan.is_whole:
        yield paper.wrap(f"{verdict_words(saved)}.", style="magenta")
    if source := source_words(saved.origin):
        yield paper.wrap(source)
    yield paper.paint(summary_line(saved.plan.summary, matches=saved.plan.matches), "bold")


def summary_line(summary: Summary, *, matches: bool = True) -> str:
    """Return the one line that counts, never broken, so that a program finds it; verbs with zero are left out."""
    verbs = [(word, getattr(summary, word)) for word in dict.fromkeys(COUNTED_AS.values())]
    planned = ", ".join(f"{number} to {word}" for word, number in verbs if number)
    others = [(word, getattr(summary, word)) for word in ("waiting", "blocked", "unmanaged", "unchanged")]
    if planned:
        rest = ", ".join(f"{number} {word}" for word, number in others if number)
        return f"Plan: {planned}." + (f" {rest}." if rest else "")
    rest = ", ".join(f"{number} {word}" for word, number in others[:3] if number)
    says = "No changes. Live access matches the manifests." if matches and not summary.blocked else "No changes."
    return says + (f" {rest}." if rest else "")


def _headlines(plan: Plan, paper: Paper) -> str:
    return "\n".join(paper.wrap(display(line, 400), indent=2, first=0, style="bold") for line in plan.headlines)


def _unread(plan: Plan, groups: Iterable[Sequence[Row]], paper: Paper) -> str:
    """Listings that could not be read to the end, and what is blocked many times over: above all assets."""
    lines = [paper.wrap(f"! {display(line, 400)}", indent=2, first=0, style="magenta") for line in plan.unread]
    return "\n".join([*lines, *(fold_text(group, paper) for group in groups)])


def _assets(plan: Plan, now: datetime, paper: Paper) -> Iterator[str]:
    """One block an asset that a manifest declares."""
    rows = [(action.asset, action_text(action, paper)) for action in plan.actions]
    for word in ROW_MARKS:
        rows += [(row.asset, row_text(word, row, now, paper)) for row in getattr(plan, word) if row.asset.alias]
    yield from _blocks(rows, paper)


def _undeclared(plan: Plan, paper: Paper) -> str:
    rows = [row for row in plan.unmanaged if not row.asset.alias]
    if not rows:
        return ""
    assets = len({row.asset for row in rows})
    title = f"On {count(assets, 'asset')} that no manifest declares ({count(len(rows), 'row')}), left alone:"
    lines = [paper.wrap(short_row(row), indent=INDENT, first=2, style="dim") for row in rows[:UNMANAGED_SHOWN]]
    more = len(rows) - UNMANAGED_SHOWN
    lines += [paper.wrap(f"… and {more} more; --format json lists them all", indent=2, style="dim")] * (more > 0)
    return "\n".join([paper.wrap(title), *lines])


def short_row(row: Row) -> str:
    """Return one line of a row on an asset that no manifest declares, the asset named in it."""
    if row.agency is None:
        return f"? {asset_in_words(row.asset)}: {display(row.reason.text, 300)}"
    return f"? {asset_in_words(row.asset)}: {business_in_words(row.agency)} {_holds(row)}"


def _blocks(rows: Iterable[tuple[AssetRef, str]], paper: Paper) -> Iterator[str]:
    def place(item: tuple[AssetRef, str]) -> tuple[str, str, str]:
        return item[0].kind, item[0].alias, item[0].id

    for _, block in groupby(sorted(rows, key=place), key=place):
        found = list(block)
        yield "\n".join([paper.wrap(asset_name(found[0][0]), first=0, style="bold"), *(text for _, text in found)])


def action_text(action: Action, paper: Paper, *, mark: str = "", first: int = 2) -> str:
    """Return what is done to whom, the tasks before and after, why, and what to look at twice.

    `mark` stands for the verb where another than the usual one is wanted, after `first` blanks.
    """
    usual, style = VERB_MARKS[action.verb]
    head = f"{mark or usual} {action.verb} {business_name(action.agency)}"
    lines = [paper.wrap(head, indent=INDENT, first=first, style=style), paper.wrap(task_change(action), indent=INDENT)]
    lines.append(_why(action.reason.text, action, paper))
    lines += [paper.wrap(f"note: {RISKS.get(risk, risk)}", indent=INDENT, style="bold") for risk in action.risk]
    return "\n".join(lines)


def task_change(action: Action) -> str:
    """Return the tasks before and after, as far as both are of interest."""
    if action.verb in (Verb.GRANT, Verb.REQUEST):
        return task_names(action.after.tasks)
    if action.verb is Verb.ACCEPT:
        asked = action.before.tasks != action.after.tasks
        return task_names(action.after.tasks) + f" (it asked for {task_names(action.before.tasks)})" * asked
    return f"{state_tasks(action.before)} -> {task_names(action.after.tasks)}"


def row_text(word: str, row: Row, now: datetime, paper: Paper, *, first: int = 2) -> str:
    """Return a row that is `waiting`, `blocked` or `unmanaged`: whose it is, what they hold, why, and what to do."""
    mark, style = ROW_MARKS[word]
    who = f" {business_name(row.agency)}" if row.agency else " everything on this asset"
    lines = [paper.wrap(f"{mark} {word}{who}", indent=INDENT, first=first, style=style)]
    if row.agency and row.before.tasks:
        lines.append(paper.wrap(_holds(row), indent=INDENT))
    lines.append(_why(row.reason.text + _age(row, now), row, paper))
    lines += next_step(row, paper, indent=INDENT) if word == "blocked" else []
    return "\n".join(lines)


def _holds(row: Row) -> str:
    verb = {"confirmed": "holds", "pending": "has asked for", "unknown": "is listed with"}.get(row.before.status, "")
    if row.reason.code == "client_response":
        verb = "we asked for"
    return f"{verb} {state_tasks(row.before)}".strip()


def _age(row: Row, now: datetime) -> str:
    if row.since is None or row.reason.code == "request_gone":  # which says the day itself
        return ""
    stale = row.stale_at is not None and now > row.stale_at
    return f" (since {row.since:%Y-%m-%d}, {count(max(0, (now - row.since).days), 'day')}{', stale' if stale else ''})"


def _why(text: str, row: Action | Row, paper: Paper) -> str:
    sources = "; ".join(source_name(source) for source in row.sources)
    return paper.wrap(display(text, 300) + (f" [{sources}]" if sources else ""), indent=INDENT, style="dim")

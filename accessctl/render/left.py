"""What apply leaves to be done: what happened to each step in words, what to do about it, and the same told as one."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from accessctl.apply.outcomes import DONE_WORDS, Outcome, Result, Step
from accessctl.clean import display
from accessctl.counting import count
from accessctl.limited import PARTNERS_PAGE
from accessctl.model import Asset
from accessctl.plan.byhand import BY_HAND
from accessctl.plan.nouns import BusinessRef, Plan, Reason, Row
from accessctl.render.names import asset_in_words, business_in_words
from accessctl.render.verdict import doubt_words
from accessctl.render.waiting import where_words, whom_words
from accessctl.waiting import ASK_AGAIN, Wait, Whom, waiting_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from accessctl.model import Access
    from accessctl.plan.document import SavedPlan
    from accessctl.render.paper import Paper

NAMED = 3  # pairs of a group that are named; the others are counted
GO_ON = "accessctl apply goes on from there"
LOOK = "accessctl plan shows what is live now"
ASK_FIRST = (
    f"a client is not asked twice: if it does not show by then, ask the client; {ASK_AGAIN} ASSET sends a new one"
)
# The order in which they are told, with what each word says beyond itself.
WORDS = {
    Outcome.FAILED: "failed",
    Outcome.UNKNOWN: "unknown: it may have been carried out",
    Outcome.STALE: "stale: live access moved after the plan was made, so nothing was sent",
    Outcome.SKIPPED: "skipped",
}
STYLES = {Outcome.FAILED: "red", Outcome.UNKNOWN: "red", Outcome.STALE: "yellow", Outcome.SKIPPED: "dim"}
WAITS = "blue"
BY_HAND_OF = {
    Whom.CLIENT: f"nobody was asked: have the client add the agency as a partner at {PARTNERS_PAGE}; accessctl waiting "
    "--nudge writes the message",
    Whom.US: "by hand in Business Settings, as Meta does not open the call; accessctl waiting has the link of each",
}
MANY = {Whom.CLIENT: "clients", Whom.SECOND_ADMIN: "second admins", Whom.US: "a decision of yours"}


@dataclass(frozen=True, slots=True)
class Todo:
    """What happened to a step, in words, and what to do about it; `do` is empty where nothing is left.

    `wait` is set where a person at Meta has to act.
    """

    what: str
    do: str = ""
    wait: Wait | None = None


@dataclass(frozen=True, slots=True)
class _Item:
    """One pair that is not done. What has the same `word` and `do` is told as one; `more` says where all are."""

    mark: str
    style: str
    word: str
    name: str
    what: str
    do: str
    more: str


def todo_of(step: Step, saved: SavedPlan, desired: Access) -> Todo:
    """Return what happened to a step and what to do about it; `desired` tells how owners are called."""
    if step.waits:
        wait = _wait_of(step, saved, desired)
        return Todo(step.text, _do_about(wait), wait)
    match step.outcome:
        case Outcome.APPLIED:
            return Todo(DONE_WORDS[step.action.verb])
        case Outcome.UNKNOWN if step.action.after.status == "pending":
            return Todo(step.text, f"{step.hint or LOOK}; {ASK_FIRST}")
        case Outcome.STALE:
            return Todo(step.text, f"{step.hint or 'make and review a new plan'}: accessctl plan")
        case Outcome.SKIPPED:
            return Todo(step.text, f"{step.hint}; then {GO_ON}" if step.hint else GO_ON)
        case Outcome.CONVERGED:
            return Todo(step.text)
        case _:
            return Todo(step.text, step.hint or LOOK)


def left_text(result: Result, saved: SavedPlan, desired: Access, paper: Paper) -> str:
    """Return all that is not done, grouped by what to do about it; nothing where all is done."""
    groups: dict[tuple[str, str], list[_Item]] = defaultdict(list)
    for item in (*_steps(result, saved, desired), *_waited_before(saved, desired)):
        groups[item.word, item.do].append(item)
    blocks = [_block(items, paper) for items in groups.values()]
    return "\n\n".join([*blocks, *_open(result, paper), *_unread(saved.plan, paper)])


def _steps(result: Result, saved: SavedPlan, desired: Access) -> Iterator[_Item]:
    """The steps that are not done, what went wrong first."""
    told = [(step, todo_of(step, saved, desired)) for step in result.steps]
    for outcome, word in WORDS.items():
        for step, todo in told:
            if step.outcome is outcome:
                one = step.action
                name = f"{one.verb} {business_in_words(one.agency)} on {asset_in_words(one.asset)}"
                more = f"accessctl history --run {result.run}" if step.is_journalled else "accessctl plan"
                yield _Item("!", STYLES[outcome], word, name, display(todo.what, 400), todo.do, more)
    for step, todo in told:
        if todo.wait:
            yield _waiting(todo.wait, f"{step.action.verb} ")


def _waited_before(saved: SavedPlan, desired: Access) -> Iterator[_Item]:
    for wait in waiting_of(saved.plan, desired, saved.created_at):
        asset = Asset(wait.row.asset.kind, wait.row.asset.id)
        yield _waiting(wait if asset in desired.assets else replace(wait, business=BusinessRef("")))


def _waiting(wait: Wait, verb: str = "") -> _Item:
    row = wait.row
    who = business_in_words(row.agency) if row.agency else "everybody"
    what = whom_words(wait) if wait.business.id or wait.business.alias else MANY[wait.whom]
    word = f"waiting for {MANY[wait.whom]}"
    return _Item(
        "…", WAITS, word, f"{verb}{who} on {asset_in_words(row.asset)}", what, _do_about(wait), "accessctl waiting"
    )


def _wait_of(step: Step, saved: SavedPlan, desired: Access) -> Wait:
    """Return a step that waits in the words of `accessctl waiting`."""
    action = step.action
    code = "admin_approval" if step.outcome is Outcome.AWAITING_APPROVAL else "client_response"
    before = step.live or action.before
    row = Row(action.asset, action.agency, action.via, before, Reason(code, step.text), action.after, action.sources)
    (wait,) = waiting_of(Plan(waiting=(row,)), desired, saved.created_at)
    is_declared = Asset(action.asset.kind, action.asset.id) in desired.assets
    return wait if is_declared else replace(wait, business=BusinessRef(action.owner))


def _do_about(wait: Wait) -> str:
    """Say what is to be done about a pair that waits: by us, or by whom else and where they click."""
    if wait.row.reason.code == BY_HAND:  # told as one, as the link of the first is not that of the others
        return BY_HAND_OF[wait.whom]
    if wait.whom is Whom.CLIENT:
        return f"nothing: the client has to {where_words(wait)}"
    if wait.whom is Whom.SECOND_ADMIN:
        return f"have a second admin {where_words(wait)}"
    return where_words(wait).replace(f"{ASK_AGAIN} {wait.row.asset.alias} ", f"{ASK_AGAIN} ASSET ")


def _block(items: Sequence[_Item], paper: Paper) -> str:
    first, whats = items[0], {item.what for item in items}
    word = first.word
    if len(whats) == 1:  # said once, above
        is_wait = first.style == WAITS
        word = f"waiting for {first.what}" if is_wait else f"{word}: {first.what}" if first.what else word
    lines = [paper.wrap(f"{first.mark} {len(items):,} {word}", indent=4, first=0, style=first.style)]
    for item in items[:NAMED]:
        lines.append(paper.wrap(item.name, indent=6, first=4))
        lines += [paper.wrap(item.what, indent=8)] * (len(whats) > 1)
    if len(items) > NAMED:
        lines.append(paper.wrap(f"and {len(items) - NAMED:,} more ({_more(items[NAMED:])})", indent=4))
    return "\n".join([*lines, paper.wrap(f"do: {display(first.do, 600)}", indent=8, first=4)])


def _more(items: Iterable[_Item]) -> str:
    """Say where those are that are not named."""
    return ", ".join(sorted({item.more for item in items}))


def _open(result: Result, paper: Paper) -> Iterator[str]:
    """Writes that a crash left open and that are so still; each was told when it was looked at."""
    if number := sum(not one.is_clear for one in result.settled):
        head = f"! {count(number, 'write')} of an earlier run that nobody could settle"
        do = "do: accessctl history shows what was sent, accessctl plan what is live now"
        yield paper.wrap(head, indent=4, first=0, style="red") + "\n" + paper.wrap(do, indent=8, first=4)


def _unread(plan: Plan, paper: Paper) -> Iterator[str]:
    """What the plan could not say anything about; it is told there, with its reasons."""
    number = len(plan.blocked)
    if number or plan.unread:
        why = doubt_words(replace(plan, unread=()))
        head = f"! {number:,} blocked: {why}, so nothing was planned there" if number else ""
        head = head or f"! {doubt_words(plan)}, so something may be missing from this plan"
        do = paper.wrap("do: accessctl plan shows what and why", indent=8, first=4)
        yield paper.wrap(head, indent=4, first=0, style="magenta") + "\n" + do

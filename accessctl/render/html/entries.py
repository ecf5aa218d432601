"""The rows of a plan as its page shows them: each pair with what it holds before and after, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from accessctl.counting import count
from accessctl.model import Status
from accessctl.plan.byhand import without_todo
from accessctl.plan.nouns import Verb
from accessctl.render.blocked import NEXT_STEPS
from accessctl.render.plan_text import RISKS, ROW_MARKS, VERB_MARKS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from accessctl.plan.nouns import Action, AssetRef, BusinessRef, Row, Source, State
    from accessctl.waiting import Wait

ADDED, REMOVED = ("+", "green", "added"), ("-", "red", "taken away")
SERVER_ADDED = ("", "dim", "added by Meta")
HELD_WORDS = {Status.CONFIRMED: "Holds", Status.PENDING: "Has asked for", Status.UNKNOWN: "Is listed with"}
BEFORE_WORDS = {Status.PENDING: "Has asked for", Status.AWAITING_APPROVAL: "Awaits approval"}
OURS = frozenset({Verb.REQUEST, Verb.WITHDRAW})  # here a pending request is one that we sent


@dataclass(frozen=True, slots=True)
class Task:
    """A task and what becomes of it: a sign, its tone and a word, all empty where it stays."""

    name: str
    sign: str = ""
    tone: str = "dim"
    word: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """What a pair holds at one moment: `word` says which, no tasks are nothing."""

    word: str
    tasks: tuple[Task, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the page. `id` is its place in the address; `agency` is None where all of the asset is meant.

    `risk` holds codes. `owner` is an id, empty where the plan does not say.
    """

    id: str
    do: str
    sign: str
    tone: str
    asset: AssetRef
    agency: BusinessRef | None
    via: str
    owner: str
    held: tuple[Held, ...]
    why: str
    sources: tuple[Source, ...]
    todo: str = ""
    risk: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reviewer should look at, in words."""
        return tuple(RISKS.get(code, code) for code in self.risk)


def of_action(action: Action) -> Entry:
    """Return the row of a change."""
    sign, tone = VERB_MARKS[action.verb]
    return Entry(
        id=f"{action.verb}-{action.asset.kind}-{action.asset.id}-{action.agency.id}",
        do=action.verb,
        sign=sign,
        tone=tone,
        asset=action.asset,
        agency=action.agency,
        via=action.via,
        owner=action.owner,
        held=tuple(_before_and_after(action)),
        why=action.reason.text,
        sources=action.sources,
        risk=action.risk,
    )


def of_row(word: str, row: Row, owner: str = "", *, why: str = "", todo: str = "") -> Entry:
    """Return the row of a pair that waits, is blocked or is unmanaged (`word`); `why` stands for its reason's text."""
    sign, tone = ROW_MARKS[word]
    return Entry(
        id=f"{word}-{row.asset.kind}-{row.asset.id}-{row.agency.id if row.agency else 'all'}",
        do=word,
        sign=sign,
        tone=tone,
        asset=row.asset,
        agency=row.agency,
        via=row.via,
        owner=owner,
        held=tuple(_held(row)),
        why=why or row.reason.text,
        sources=row.sources,
        todo=todo or NEXT_STEPS.get(row.reason.code, ""),
    )


def of_wait(wait: Wait, owner: str = "") -> Entry:
    """Return the row of a pair that waits: since when, and who does what about it, and where."""
    row = wait.row
    return of_row("waiting", row, owner, why=without_todo(row.reason.text) + _age(wait), todo=_todo(wait))


def _todo(wait: Wait) -> str:
    whom = wait.whom.replace("_", " ")
    done = wait.todo if wait.todo != wait.row.reason.text else ""
    return f"{whom}: {done}" + (f" ({wait.where})" if wait.where else "") if done else ""


def _age(wait: Wait) -> str:
    row: Row = wait.row
    if row.since is None or row.reason.code == "request_gone":  # which says the day itself
        return ""
    since: datetime = row.since
    return f" (since {since:%Y-%m-%d}, {count(wait.days or 0, 'day')}{', stale' * wait.is_stale})"


def _before_and_after(action: Action) -> Iterator[Held]:
    """A task that somebody only asked for is neither given nor taken."""
    before, after = action.before, action.after
    has = set(before.tasks) if before.status is Status.CONFIRMED else set[str]()
    word = BEFORE_WORDS.get(before.status, "Before")
    if action.verb in OURS and before.status is Status.PENDING:
        word = "We asked for"
    yield Held(word, tuple(_task(name, before, set(after.tasks), REMOVED if has else None) for name in before.tasks))
    word = "Asks for" if after.status is Status.PENDING else "After"
    given = ADDED if after.status is Status.CONFIRMED else None
    yield Held(word, tuple(_task(name, after, has, given) for name in after.tasks))


def _task(name: str, state: State, other: set[str], mark: tuple[str, str, str] | None) -> Task:
    if name in state.server_added:
        return Task(name, *SERVER_ADDED)
    return Task(name, *mark) if mark and name not in other else Task(name)


def _held(row: Row) -> Iterator[Held]:
    if row.agency is None or not row.before.tasks:
        return
    word = HELD_WORDS.get(row.before.status, "Awaits approval")
    if row.reason.code == "client_response":
        word = "We asked for"
    if row.before.detail:
        word = f"{word} (status {row.before.detail})"
    yield Held(word, tuple(_task(name, row.before, set(), None) for name in row.before.tasks))

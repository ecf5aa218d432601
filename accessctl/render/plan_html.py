"""A plan as one HTML page: the verdict, what matters in words, every row by asset, the matrix, how to apply it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from accessctl.guard import hint
from accessctl.model import Access, frozen
from accessctl.plan.nouns import Verb
from accessctl.render.age import age, age_warnings, cost_line, moment, snapshot_line
from accessctl.render.blocked import NEXT_STEPS, Whose, folded, whose
from accessctl.render.closed import TODO, closed_lines
from accessctl.render.html.entries import Entry, of_action, of_row, of_wait
from accessctl.render.html.filtering import Filtering
from accessctl.render.html.matrix import Mark, Matrix, matrix
from accessctl.render.html.page import page
from accessctl.render.losing import losses
from accessctl.render.plan_text import ROW_MARKS, VERB_MARKS, summary_line
from accessctl.render.verdict import source_words, verdict_words
from accessctl.waiting import waiting_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from accessctl.plan.document import SavedPlan
    from accessctl.plan.nouns import AssetRef, Plan, Row

LARGE = 200  # assets, from which on the matrix has those alone on which something changes
FILTERED_FROM = 4  # rows; fewer are read at a glance
NOBODY = Access(frozen({}), frozen({}))
COUNTED = (
    ("grant", *VERB_MARKS[Verb.GRANT]),
    ("change", *VERB_MARKS[Verb.CHANGE]),
    ("revoke", *VERB_MARKS[Verb.REVOKE]),
    ("request", *VERB_MARKS[Verb.REQUEST]),
    *((word, *mark) for word, mark in ROW_MARKS.items()),
    ("unchanged", "=", "dim"),
)


@dataclass(frozen=True, slots=True)
class Alike:
    """Blocked rows that are told as one. `kind` is the word for many."""

    kind: str
    whose: Whose
    why: str
    todo: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the page: rows of one sort, by asset, and those that are told as one."""

    id: str
    title: str
    says: str
    entries: tuple[Entry, ...]
    alike: tuple[Alike, ...] = ()

    @property
    def rows(self) -> tuple[Entry, ...]:
        """All of them."""
        return (*self.entries, *(entry for group in self.alike for entry in group.entries))

    @property
    def size(self) -> int:
        """How many rows it has."""
        return len(self.rows)

    @property
    def assets(self) -> Iterator[tuple[AssetRef, tuple[Entry, ...]]]:
        """The rows of each asset, which stands once."""
        for asset, rows in groupby(sorted(self.entries, key=_place), key=lambda entry: entry.asset):
            yield asset, tuple(rows)


def plan_html(saved: SavedPlan, now: datetime) -> str:
    """Return the whole plan as one file of HTML that loads nothing; `now` tells how old it is."""
    plan, snapshot = saved.plan, saved.origin.snapshot
    sections = _sections(plan, now)
    entries = [entry for section in sections for entry in section.rows]
    filtering = Filtering(entries, saved.origin.acts_as)
    head, _, rest = summary_line(plan.summary, matches=plan.matches).partition(". ")
    return page(
        "plan.html",
        title=f"Access plan: {head.removeprefix('Plan: ').rstrip('.')}",
        styles=("plan.css",),
        saved=saved,
        plan=plan,
        verdict=verdict_words(saved),
        source=source_words(saved.origin),
        head=head.rstrip(".") + ".",
        rest=rest,
        counted=[(word, sign, tone, getattr(plan.summary, word)) for word, sign, tone in COUNTED],
        hint=hint(plan, saved.verdict) if saved.verdict.reasons else "",
        warnings=(*plan.warnings, *age_warnings(snapshot, now)),
        losing=losses(saved, now),
        closed=closed_lines(plan),
        closed_todo=TODO,
        made=f"{moment(saved.created_at)}, {age(saved.created_at, now)}",
        read=snapshot_line(snapshot, now) if snapshot else "",
        cost=cost_line(saved.cost) if saved.cost else "",
        sections=sections,
        filtering=filtering,
        is_filtered=len(entries) >= FILTERED_FROM,
        matrix=_matrix(entries),
        also=_also(sections),
        several=len(saved.origin.acts_as) > 1,
    )


def _sections(plan: Plan, now: datetime) -> tuple[Section, ...]:
    owners = {action.asset: action.owner for action in plan.actions}

    def left(word: str, rows: Iterable[Row]) -> tuple[Entry, ...]:
        return tuple(of_row(word, row, owners.get(row.asset, "")) for row in rows)

    many, single = folded(plan.blocked)
    blocked, unmanaged = left("blocked", single), left("unmanaged", plan.unmanaged)
    alike = tuple(_alike(rows[0], left("blocked", rows)) for rows in many)
    waits = tuple(of_wait(wait, owners.get(wait.row.asset, "")) for wait in waiting_of(plan, NOBODY, now))
    return (
        Section("changes", "Changes", "What apply does, asset by asset.", tuple(map(of_action, plan.actions))),
        Section("waiting", "Waiting", "Apply does nothing here: a person has the next step, at Meta.", waits),
        Section("blocked", "Blocked", "Nothing is planned here: unreadable is not absent.", blocked, alike),
        Section("unmanaged", "Unmanaged", "Left alone: no manifest says anything of it.", unmanaged),
    )


def _alike(first: Row, entries: tuple[Entry, ...]) -> Alike:
    todo = NEXT_STEPS.get(first.reason.code, "")
    return Alike(first.asset.kind.nouns, whose(first), first.reason.text, todo, entries)


def _matrix(entries: Iterable[Entry]) -> Matrix | None:
    """Every pair on declared assets with its mark; of a large plan those on assets on which something changes."""
    known = (entry for entry in entries if entry.agency and (entry.asset.alias or entry.do not in ROW_MARKS))
    pairs = sorted(known, key=_place)
    if len({entry.asset for entry in pairs}) > LARGE:
        changed = {entry.asset for entry in pairs if entry.do not in ROW_MARKS}
        pairs = [entry for entry in pairs if entry.asset in changed]
    return matrix(
        {(one.asset, one.agency): Mark(one.id, one.sign, one.tone, one.do) for one in pairs if one.agency is not None}
    )


def _also(sections: Sequence[Section]) -> dict[AssetRef, dict[str, int]]:
    """How many rows of another sort stand on each asset that changes."""
    changed = {entry.asset for entry in sections[0].entries}
    found: dict[AssetRef, dict[str, int]] = {asset: {} for asset in changed}
    for section in sections[1:]:
        for entry in section.entries:
            if entry.asset in changed:
                found[entry.asset][entry.do] = found[entry.asset].get(entry.do, 0) + 1
    return found


def _place(entry: Entry) -> tuple[str, str, str, str]:
    return entry.asset.kind, entry.asset.alias, entry.asset.id, entry.asset.name

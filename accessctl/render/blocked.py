"""Blocked rows: what a person does next about each, and many of the same told as one."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from accessctl.clean import display
from accessctl.model import Asset
from accessctl.render.losing import TODO
from accessctl.render.names import business_in_words

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from accessctl.plan.nouns import AssetRef, BusinessRef, Row
    from accessctl.render.paper import Paper

FOLDED_FROM = 5  # blocked rows of one reason; fewer stand below their assets
NAMED = 3
STYLE = "magenta"
UNCERTAIN = "uncertain"  # not even whose the asset is may be known
LOOK = "look in Business Settings who is right, and run plan again"
# By reason code (model.AssetAccess); what could only not be read has no next step but to try again.
NEXT_STEPS = {
    "hidden": "in Business Settings assign it to the system user or person whose token this is, or correct the id",
    "gone": "correct the id, or take the asset out of the manifests",
    "not_owned": "if it was sold, take it out of the manifests, else correct owner:",
    "other_owner": "if it was sold, take it out of the manifests, else correct owner:",
    "not_listed": LOOK,
    UNCERTAIN: LOOK,
    "access_ended": TODO,
}


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose the assets of rows that are told as one are: `of` or `at clients of` a business, by `via`.

    `agency` is whom they are about where that is another one; all are empty where nobody knows whose they are.
    """

    word: str = ""
    via: str = ""
    agency: BusinessRef | None = None


def folded(rows: Sequence[Row]) -> tuple[tuple[tuple[Row, ...], ...], tuple[Row, ...]]:
    """Return the rows that are told as one, the largest group first, and those that stand by themselves.

    Together go rows with the same reason on assets of one kind, seen by one business. Who holds tasks is never
    folded away.
    """
    alike: dict[Hashable, list[Row]] = defaultdict(list)
    for row in rows:
        alike[row.asset.kind, row.via, row.agency, row.reason, row.before.tasks].append(row)
    many = [group for group in alike.values() if len(group) >= FOLDED_FROM and not group[0].before.tasks]
    together = {id(row) for group in many for row in group}
    single = tuple(row for row in rows if id(row) not in together)
    return tuple(tuple(group) for group in sorted(many, key=len, reverse=True)), single


def fold_text(rows: Sequence[Row], paper: Paper, word: str = "") -> str:
    """Return rows that are told as one: how many of whom and why, the first of them, and what to do.

    `word` says what they are where the mark alone does not.
    """
    first = rows[0]
    mark = f"! {word}".rstrip()
    title = f"{mark} {len(rows):,} {first.asset.kind.nouns}{_whose(first)}: {display(first.reason.text, 300)}"
    shown = ", ".join(_name(row.asset) for row in rows[:NAMED])
    rest = f" and {len(rows) - NAMED:,} more; --format json lists them all"
    lines = [paper.wrap(title, indent=2, first=0, style=STYLE), paper.wrap(shown + rest, indent=2)]
    return "\n".join([*lines, *next_step(first, paper, indent=2)])


def next_step(row: Row, paper: Paper, *, indent: int) -> list[str]:
    """Return the line that says what to do about a blocked row, none where there is nothing to be said."""
    todo = NEXT_STEPS.get(row.reason.code)
    return [paper.wrap(f"do: {todo}", indent=indent + 4, first=indent)] if todo else []


def whose(row: Row) -> Whose:
    """Return whose the asset of a blocked row is, as far as is known."""
    if row.agency is None:
        return Whose() if row.reason.code == UNCERTAIN else Whose("of", row.via)
    if row.via in (row.agency.alias, row.agency.id):
        return Whose("at clients of", row.via)
    return Whose("of", row.via, row.agency)


def _whose(row: Row) -> str:
    found = whose(row)
    about = f", for {business_in_words(found.agency)}" if found.agency else ""
    return f" {found.word} {display(found.via)}{about}" if found.word else ""


def _name(asset: AssetRef) -> str:
    return f"{asset.alias} ({Asset(asset.kind, asset.id).node})"

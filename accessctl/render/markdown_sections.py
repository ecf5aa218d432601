"""What a plan leaves alone, as folded parts of Markdown: waiting, blocked, unmanaged; and its warnings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from accessctl.counting import count
from accessctl.render.age import age_warnings
from accessctl.render.blocked import fold_text, folded
from accessctl.render.escape import fenced, markdown_code, markdown_text
from accessctl.render.markdown_rows import PAPER, details, rows_text
from accessctl.render.plan_text import UNMANAGED_SHOWN, short_row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from accessctl.plan.document import SavedPlan
    from accessctl.plan.nouns import Row
    from accessctl.render.forge import Forge


@dataclass(frozen=True, slots=True)
class Section:
    """A folded part: what its rows are called, how many there are, and how many of these it shows."""

    word: str
    total: int
    shown: int
    text: str


def sections(saved: SavedPlan, now: datetime, forge: Forge | None, most: int | None = None) -> Iterator[Section]:
    """Yield the parts that hold anything, with at most `most` rows each. Ages are those of when the plan was made."""
    plan, made = saved.plan, saved.created_at
    if plan.waiting:
        yield _listed("waiting", plan.waiting, made, forge, most)
    if plan.blocked:
        yield _blocked(plan.blocked, made, forge, most)
    if declared := [row for row in plan.unmanaged if row.asset.alias]:
        yield _listed("unmanaged", declared, made, forge, most)
    if undeclared := [row for row in plan.unmanaged if not row.asset.alias]:
        yield _undeclared(undeclared, most)
    if warnings := (*plan.warnings, *age_warnings(saved.origin.snapshot, now)):
        lines = [f"- {markdown_text(line) or markdown_code('')}" for line in warnings[:most]]
        yield _section("warning" if len(warnings) == 1 else "warnings", len(warnings), len(lines), "\n".join(lines))


def _listed(word: str, rows: Sequence[Row], now: datetime, forge: Forge | None, most: int | None) -> Section:
    shown = rows[:most]
    return _section(word, len(rows), len(shown), rows_text(word, shown, now, forge))


def _blocked(rows: Sequence[Row], now: datetime, forge: Forge | None, most: int | None) -> Section:
    """Many of one reason are told as one, and count as shown."""
    groups, single = folded(rows)
    groups, single = groups[:most], single[:most]
    parts = [fenced(fold_text(group, PAPER, "blocked") for group in groups)] * bool(groups)
    parts += [rows_text("blocked", single, now, forge)] * bool(single)
    return _section("blocked", len(rows), sum(map(len, groups)) + len(single), "\n\n".join(parts))


def _undeclared(rows: Sequence[Row], most: int | None) -> Section:
    """What nobody declares is not listed to the end, as in text: nothing is done there."""
    shown = rows[: min(most or UNMANAGED_SHOWN, UNMANAGED_SHOWN)]
    lines = [PAPER.wrap(short_row(row), indent=4, first=0) for row in shown]
    more = len(rows) - len(shown)
    lines += [f"… and {more} more; --format json lists them all"] * bool(more)
    where = f"on {count(len({row.asset for row in rows}), 'asset')} that no manifest declares"
    return _section(f"unmanaged {where}", len(rows), len(rows), fenced(lines))


def _section(word: str, total: int, shown: int, text: str) -> Section:
    part = f" ({shown:,} of them shown)" if shown < total else ""
    return Section(word, total, shown, details(f"{total:,} {word}{part}", text))

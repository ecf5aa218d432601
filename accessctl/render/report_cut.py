"""An access review as Markdown that does not fit: the odd rows first, what is left out is counted, and it says so."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

from accessctl.counting import count
from accessctl.render.escape import markdown_text
from accessctl.render.markdown_head import alert
from accessctl.render.markdown_rows import details
from accessctl.render.report_head import UNREAD, coverage_table, meanings, note_lines, unread_lines
from accessctl.render.report_tables import (
    agency_order,
    agency_table,
    asset_row,
    asset_table,
    assets_line,
    counts_of,
    grant_row,
    holders_of,
    joined,
    who_heading,
)
from accessctl.render.report_words import coverage_lines, origin_lines, summary_line, title, verb_of
from accessctl.report.nouns import Standing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from accessctl.render.limit import Limit
    from accessctl.report.nouns import Report, ReportedGrant

# What a reader is here for comes first; what is as declared can be looked up in the manifests.
ORDER = {
    standing: place
    for place, standing in enumerate(
        (
            Standing.DRIFT,
            Standing.UNMANAGED,
            Standing.UNKNOWN,
            Standing.UNREADABLE,
            Standing.WAITING,
            Standing.MISSING,
            Standing.DECLARED,
            Standing.ENDED,
        )
    )
}
ORIGIN_SHARE = 4  # of the whole, for the lines on where it comes from
LIST_SHARE = 6  # of the whole, for each list above the tables
NOTICE = 1_000  # kept free for the notice and the headings
MISSES = 20  # rows that are too long for what room is left, before the rest is not tried
BETWEEN = "\n\n"
FOOT = "This text was cut: it is not the whole review."


@dataclass(slots=True)
class _Room:
    """What is left of a limit."""

    limit: Limit
    left: int
    parts: list[str] = field(default_factory=list)

    def takes(self, size: int, most: int | None = None) -> bool:
        """Take so much away if it is there, or is no more than `most`."""
        if size > self.left or (most is not None and size > most):
            return False
        self.left -= size
        return True

    def adds(self, text: str, most: int | None = None) -> bool:
        """Add a part if it fits."""
        if not self.takes(self.limit.size(text) + len(BETWEEN), most):
            return False
        self.parts.append(text)
        return True


def cut(report: Report, limit: Limit) -> str:
    """Return as much of the review as `limit` takes."""
    top = f"# {title(report)} (cut: this is not the whole review)"
    above = [f"**{summary_line(report)}**", *_origin(report, limit)]
    room = _Room(limit, limit.most - limit.size(BETWEEN.join([top, *above, FOOT])) - NOTICE)
    left = [*_head(report, room), *_grants(report, room), *_assets(report, room)]
    return joined(top, _notice(limit, left), *above, *room.parts, FOOT) + "\n"


def _origin(report: Report, limit: Limit) -> list[str]:
    lines: list[str] = []
    for most in (2_000, 600, 200, 60):
        lines = [markdown_text(line, most) for line in origin_lines(report.origin)]
        if limit.size(BETWEEN.join(lines)) <= limit.most // ORIGIN_SHARE:
            break
    return lines


def _head(report: Report, room: _Room) -> Iterator[str]:
    """Add what stands above the tables; return what is left out."""
    share = room.limit.most // LIST_SHARE
    unread = unread_lines(report)
    for heading, lines, what in ((UNREAD, unread, "unread"), ("", note_lines(report), "note")):
        shown = list(_fitting(lines, min(share, room.left) - len(UNREAD) - 2 * len(BETWEEN), room.limit))
        if lines and not (shown and room.adds(joined(heading, "\n".join(shown)))):
            shown = []
        if left := len(lines) - len(shown):
            yield count(left, "line") + " on what could not be read" if what == "unread" else count(left, "note")
    if not all(room.adds(line, share) for line in coverage_lines(report.coverage)):
        yield "how much is declared"
    if not room.adds(meanings(report), share):
        yield "what the words mean"
    if report.coverage and not room.adds(coverage_table(report.coverage), share):
        yield "how much is declared in each market"


def _fitting(lines: Iterable[str], most: int, limit: Limit) -> Iterator[str]:
    for line in lines:
        most -= limit.size(line) + 1
        if most < 0:
            return
        yield line


def _grants(report: Report, room: _Room) -> Iterator[str]:
    """Add the rows by agency, the odd ones before those as declared; return what is left out."""
    rows = _by_agency(report)
    shown = _chosen(report, rows, room)
    parts = [_table(report, rows[agency], shown[agency]) for agency in rows if agency in shown]
    if parts:
        room.parts += [who_heading(report), *parts]
    left = Counter(one.standing for one in report.grants)
    left -= Counter(one.standing for lines in shown.values() for one in lines)
    if left:
        words = ", ".join(f"{left[standing]:,} {standing}" for standing in Standing if left[standing])
        yield f"{left.total():,} of {len(report.grants):,} rows ({words})"
    if gone := len(rows) - len(shown):
        yield f"all rows of {gone:,} of {count(len(rows), 'agency', 'agencies')}"


def _by_agency(report: Report) -> dict[str, list[ReportedGrant]]:
    ordered = sorted(report.grants, key=agency_order)
    return {agency: list(group) for agency, group in groupby(ordered, key=lambda one: one.agency.id)}


def _chosen(report: Report, rows: dict[str, list[ReportedGrant]], room: _Room) -> dict[str, dict[ReportedGrant, str]]:
    """Return the rows there is room for, each with its line, by agency."""
    shown: dict[str, dict[ReportedGrant, str]] = defaultdict(dict)
    size, missed = room.limit.size, 0
    for one in sorted(report.grants, key=lambda one: ORDER[one.standing]):
        line, agency = grant_row(one, None), one.agency.id
        around = 0 if agency in shown else size(_table(report, rows[agency], {})) + 10 + len(BETWEEN)
        if room.takes(size(line) + 1 + around):
            shown[agency][one] = line
            continue
        missed += 1
        if missed == MISSES:
            break
    return shown


def _table(report: Report, rows: Sequence[ReportedGrant], shown: dict[ReportedGrant, str]) -> str:
    here = "" if len(shown) == len(rows) else f", {len(shown):,} of them here"
    lines = (shown[one] for one in rows if one in shown)
    return agency_table(rows[0].agency, counts_of(rows, verb_of(report)) + here, lines, is_folded=True)


def _assets(report: Report, room: _Room) -> Iterator[str]:
    """Add the list of assets as far as there is room; return what is left out."""
    holders, verb, lines = holders_of(report), verb_of(report), list[str]()
    heading = f"## Assets\n\n{assets_line(report, holders)}"
    total = len(report.assets)
    if room.takes(room.limit.size(heading + details(f"{total:,} of {total:,}", asset_table((), verb))) + 20):
        lines += _fitting((asset_row(one, holders, None) for one in report.assets), room.left, room.limit)
    if lines:
        room.parts += [heading, details(f"{len(lines):,} of {total:,}", asset_table(lines, verb))]
    if left := total - len(lines):
        yield f"{left:,} of {total:,} lines of the list of assets"


def _notice(limit: Limit, left: Sequence[str]) -> str:
    lines = [
        f"**This is not the whole review**: it was cut to {limit}.",
        f"Left out: {'; '.join(left)}.",
        "The whole is in the formats csv, html and json; `--target` makes a smaller review.",
    ]
    return alert("IMPORTANT", lines)

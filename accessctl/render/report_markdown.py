"""An access review as Markdown: what matters first, then a table an agency, folded where it is long."""

from __future__ import annotations

import sys
from itertools import groupby
from typing import TYPE_CHECKING

from accessctl.render.escape import markdown_text
from accessctl.render.limit import Limit
from accessctl.render.markdown_rows import details
from accessctl.render.report_cut import cut
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

if TYPE_CHECKING:
    from collections.abc import Iterator

    from accessctl.render.forge import Forge
    from accessctl.report.nouns import Report

FOLDED = 20  # rows of all tables together from which on each is folded
WHOLE = Limit(sys.maxsize)


def report_markdown(report: Report, forge: Forge | None = None, limit: Limit = WHOLE) -> str:
    """Return the review, whole where `limit` lets it; else cut, what is left out counted, and marked as cut.

    `forge` makes links of the lines of manifests. They go before anything is cut; files and lines stay.
    """
    whole = _whole(report, forge)
    if forge and limit.size(whole) > limit.most:
        whole = _whole(report, None)
    return whole if limit.size(whole) <= limit.most else cut(report, limit)


def _whole(report: Report, forge: Forge | None) -> str:
    parts = [f"# {title(report)}", *(markdown_text(line, 2000) for line in origin_lines(report.origin))]
    parts += [f"**{summary_line(report)}**", *coverage_lines(report.coverage), meanings(report)]
    parts += [coverage_table(report.coverage)] if report.coverage else []
    lines = unread_lines(report)
    parts += [UNREAD, "\n".join(lines)] if lines else []
    parts += ["\n".join(note_lines(report)), *_agencies(report, forge), *_assets(report, forge)]
    return joined(*parts) + "\n"


def _agencies(report: Report, forge: Forge | None) -> Iterator[str]:
    verb, is_long = verb_of(report), len(report.grants) > FOLDED
    if report.grants:
        yield who_heading(report)
    for _, group in groupby(sorted(report.grants, key=agency_order), key=lambda one: one.agency.id):
        rows = list(group)
        lines = (grant_row(one, forge) for one in rows)
        yield agency_table(rows[0].agency, counts_of(rows, verb), lines, is_folded=is_long)


def _assets(report: Report, forge: Forge | None) -> Iterator[str]:
    """List every asset: whose it is, how it is labelled, where it is declared, and how many hold something on it."""
    if not report.assets:
        return
    holders = holders_of(report)
    table = asset_table((asset_row(one, holders, forge) for one in report.assets), verb_of(report))
    yield f"## Assets\n\n{assets_line(report, holders)}"
    yield details("All of them", table) if len(report.assets) > FOLDED else table

"""What stands above the tables of an access review in Markdown: what the words mean, coverage, what was not read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.model import Kind
from accessctl.render.escape import markdown_cell, markdown_code, markdown_text
from accessctl.render.report_tables import asset_words
from accessctl.render.report_words import covered_name, meaning, share_words
from accessctl.report.tally import standings_of

if TYPE_CHECKING:
    from accessctl.report.nouns import Coverage, Covered, Report

UNREAD = "## Could not be read\n\n" + 'What is live here is not known; it is not "no access".'


def meanings(report: Report) -> str:
    """Return what each standing means that a row of the review has."""
    return "\n".join(f"- **{one}**: {meaning(one, report.origin.way)}" for one in standings_of(report))


def coverage_table(coverage: Coverage) -> str:
    """Return how much is declared, by kind and by market, with its heading."""
    lines = ["| declared | live grants | assets |", "| --- | --- | --- |"]
    lines += [_covered(Kind(one.of).nouns, one) for one in coverage.by_kind]
    lines += [_covered(markdown_cell(covered_name(one.of)), one) for one in coverage.by_market]
    return "## How much is declared\n\n" + "\n".join(lines)


def unread_lines(report: Report) -> list[str]:
    """Return a line for each listing and each asset that could not be read to the end."""
    lines = [f"- {markdown_text(line)}" for line in report.unread]
    return lines + [
        f"- {asset_words(one, markdown_code)}: {markdown_text(one.unreadable)}" for one in report.unreadable
    ]


def note_lines(report: Report) -> list[str]:
    """Return a line for each note on how it was read."""
    return [f"- note: {markdown_text(line)}" for line in report.notes]


def _covered(name: str, covered: Covered) -> str:
    return f"| {name} | {share_words(covered.grants, 'grant')} | {share_words(covered.assets, 'asset')} |"

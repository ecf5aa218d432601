"""What doctor found, as Markdown: a list for each business, each name set apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.render.doctor import HERE, LONGEST, WORDS, by_subject, summary_line
from accessctl.render.escape import markdown_code, markdown_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from accessctl.doctor.findings import Finding
    from accessctl.model import Business


def doctor_markdown(findings: Sequence[Finding], acting: Sequence[Business]) -> str:
    """Return the sum, then the findings below the business they are about, the worst first."""
    parts = ["## Doctor", f"**{summary_line(findings)}**"]
    shown: set[str] = set()
    for title, own in by_subject(findings, acting):
        parts += [f"### {markdown_text(title)}", "\n".join(line for finding in own for line in _lines(finding, shown))]
    return "\n\n".join(parts) + "\n"


def _lines(finding: Finding, shown: set[str]) -> Iterator[str]:
    """Yield one finding, and below it what to do, where, and who says so."""
    yield f"- **{WORDS[finding.level]}**: {markdown_text(finding.text, LONGEST)}"
    if finding.todo:
        yield f"  - do: {markdown_text(finding.todo, LONGEST)}"
    if finding.url and finding.url not in shown:
        shown.add(finding.url)
        yield f"  - {HERE} {markdown_code(finding.url, LONGEST)}"
    if finding.source:
        yield f"  - by: {markdown_text(finding.source, LONGEST)}"

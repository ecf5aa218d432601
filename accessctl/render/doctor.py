"""What doctor found, as text and as JSON; names from Meta are cleaned."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from accessctl.clean import display
from accessctl.counting import count
from accessctl.doctor.findings import Level
from accessctl.plan.nouns import BusinessRef
from accessctl.render.names import business_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from accessctl.doctor.findings import Finding
    from accessctl.model import Business
    from accessctl.render.paper import Paper

COLUMN = 2 + max(len(level) for level in Level) + 2
LONGEST = 600
STYLES = {Level.OK: "green", Level.WARNING: "yellow", Level.PROBLEM: "red", Level.UNKNOWN: "cyan"}


def doctor_text(findings: Sequence[Finding], acting: Sequence[Business], paper: Paper) -> str:
    """Return the findings below the business they are about, and the sum at the end."""
    subjects = {"": "Graph API"} | {one.id: business_name(BusinessRef(one.id, one.alias, one.name)) for one in acting}
    lines: list[str] = []
    for subject, title in subjects.items():
        own = [finding for finding in findings if finding.subject == subject]
        if own:
            lines += [paper.wrap(title, indent=2, first=0, style="bold")]
            lines += [line for finding in own for line in _lines(finding, paper)]
            lines.append("")
    return "\n".join([*lines, summary_line(findings)])


def summary_line(findings: Sequence[Finding]) -> str:
    """Return `Doctor: 9 ok, 2 warnings, 1 problem.`; levels without a finding are left out."""
    number = Counter(finding.level for finding in findings)
    said = {
        Level.OK: f"{number[Level.OK]} ok",
        Level.WARNING: count(number[Level.WARNING], "warning"),
        Level.PROBLEM: count(number[Level.PROBLEM], "problem"),
        Level.UNKNOWN: f"{number[Level.UNKNOWN]} unknown",
    }
    return f"Doctor: {', '.join(text for level, text in said.items() if number[level])}."


def _lines(finding: Finding, paper: Paper) -> Iterator[str]:
    text = paper.wrap(display(finding.text, LONGEST), indent=COLUMN)
    word = paper.paint(finding.level.ljust(COLUMN - 2), STYLES[finding.level])
    yield f"  {word}{text[COLUMN:]}"
    if finding.todo:
        yield paper.wrap(f"do: {display(finding.todo, LONGEST)}", indent=COLUMN + 4, first=COLUMN)


def doctor_json(findings: Sequence[Finding]) -> str:
    """Return `findings`, each with id, level, subject, text, todo and source, and how many there are of a level."""
    number = Counter(finding.level for finding in findings)
    document = {
        "findings": [
            {
                "id": finding.id,
                "level": finding.level,
                "subject": finding.subject,
                "text": display(finding.text, LONGEST),
                "todo": display(finding.todo, LONGEST),
                "source": finding.source,
            }
            for finding in findings
        ],
        "summary": {level: number[level] for level in Level},
    }
    return json.dumps(document, indent=2, ensure_ascii=False)

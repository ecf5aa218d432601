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

WORDS = {level: level.value for level in Level} | {Level.UNKNOWN: "cannot be known"}
WORST = (Level.PROBLEM, Level.UNKNOWN, Level.WARNING, Level.OK)  # the order in which a person reads them
NARROW = 2 + max(len(level) for level in Level) + 2
LONGEST = 600
HERE = (
    "here that person grants the app all that these manifests need, and you get a new token of that person; put your "
    "own URL into the address:"
)
STYLES = {Level.OK: "green", Level.WARNING: "yellow", Level.PROBLEM: "red", Level.UNKNOWN: "cyan"}


def doctor_text(findings: Sequence[Finding], acting: Sequence[Business], paper: Paper) -> str:
    """Return the sum, the findings below the business they are about, the worst first, and the sum again at the end.

    An address stands on a line of its own, whole, where the first finding that leads to it stands.
    """
    lines = [summary_line(findings), ""]
    shown: set[str] = set()
    for title, own in by_subject(findings, acting):
        lines += [paper.wrap(title, indent=2, first=0, style="bold")]
        lines += [line for finding in own for line in _lines(finding, paper, shown)]
        lines.append("")
    return "\n".join([*lines, summary_line(findings)])


def by_subject(findings: Sequence[Finding], acting: Sequence[Business]) -> Iterator[tuple[str, list[Finding]]]:
    """Yield each business by name with the findings about it, the worst first; before them those about none."""
    subjects = {"": "Graph API"} | {one.id: business_name(BusinessRef(one.id, one.alias, one.name)) for one in acting}
    for subject, title in subjects.items():
        if own := [finding for finding in findings if finding.subject == subject]:
            yield title, sorted(own, key=lambda finding: WORST.index(finding.level))


def summary_line(findings: Sequence[Finding]) -> str:
    """Return `Doctor: 9 ok, 2 warnings, 1 problem.`; levels without a finding are left out."""
    number = Counter(finding.level for finding in findings)
    said = {
        Level.OK: f"{number[Level.OK]} ok",
        Level.WARNING: count(number[Level.WARNING], "warning"),
        Level.PROBLEM: count(number[Level.PROBLEM], "problem"),
        Level.UNKNOWN: f"{number[Level.UNKNOWN]} cannot be known",
    }
    return f"Doctor: {', '.join(text for level, text in said.items() if number[level])}."


def _lines(finding: Finding, paper: Paper, shown: set[str]) -> Iterator[str]:
    """Yield one finding. A level that is longer than its column is read on into the text."""
    word = WORDS[finding.level]
    lead = f"{word}: " if len(word) > NARROW - 4 else word.ljust(NARROW - 2)
    source = f" [{display(finding.source, LONGEST)}]" if finding.source else ""
    text = paper.wrap(f"{lead}{display(finding.text, LONGEST)}{source}", indent=NARROW, first=2)
    yield text.replace(word, paper.paint(word, STYLES[finding.level]), 1)
    if finding.todo:
        yield paper.wrap(f"do: {display(finding.todo, LONGEST)}", indent=NARROW + 4, first=NARROW)
    if finding.url and finding.url not in shown:
        shown.add(finding.url)
        yield paper.wrap(HERE, indent=NARROW + 4, first=NARROW)
        yield display(finding.url, LONGEST)


def doctor_json(findings: Sequence[Finding]) -> str:
    """Return `findings`, each with id, level, subject, text, todo, source and url, and how many of each level."""
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
                "url": finding.url,
            }
            for finding in findings
        ],
        "summary": {level: number[level] for level in Level},
    }
    return json.dumps(document, indent=2, ensure_ascii=False)

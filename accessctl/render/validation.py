"""What validate says of a project that has no mistakes, and of one that has, as JSON."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from accessctl.counting import count
from accessctl.model import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accessctl.errors import Problem
    from accessctl.manifest import Project


def validation_text(project: Project) -> str:
    """Return the one line for a project without mistakes."""
    kinds = Counter(asset.kind for asset in project.desired.assets)
    grants = sum(len(access.grants) for access in project.desired.assets.values())
    return (
        f"{count(len(project.files), 'file')}: {count(kinds[Kind.AD_ACCOUNT], 'ad account')}, "
        f"{count(kinds[Kind.PAGE], 'Page')}, {count(grants, 'grant')}. No problems."
    )


def validation_json(problems: Iterable[Problem], warnings: Iterable[Problem]) -> str:
    """Return `valid`, `problems` and `warnings`, each with file, line, column and text."""
    problems, warnings = list(problems), list(warnings)
    document = {
        "valid": not problems,
        "problems": [_item(problem) for problem in problems],
        "warnings": [_item(warning) for warning in warnings],
    }
    return json.dumps(document, indent=2, sort_keys=True)


def _item(problem: Problem) -> dict[str, str | int]:
    place = problem.place
    return {"file": place.file, "line": place.line, "column": place.column, "text": problem.text}

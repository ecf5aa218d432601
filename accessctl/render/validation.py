"""What validate says of a project, in words and as JSON. Pure."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from accessctl.counting import count
from accessctl.errors import ManifestError
from accessctl.model import Kind
from accessctl.render.escape import json_text

if TYPE_CHECKING:
    from accessctl.checked import Checked
    from accessctl.errors import Problem
    from accessctl.manifest import Project


def validation_text(checked: Checked) -> str:
    """Return warnings, problems and a last line that counts, as the command line says them."""
    last = _all_is_well(checked.project) if checked.project else f"error: {ManifestError(checked.problems).what}"
    return "\n".join([*(f"warning: {warning}" for warning in checked.warnings), *map(str, checked.problems), last])


def summary_of(checked: Checked) -> str:
    """Return the last line of the text alone."""
    return validation_text(checked).rpartition("\n")[2]


def validation_json(checked: Checked) -> str:
    """Return `valid`, `problems` and `warnings`, each with its kind as `code`, file, line, column and text."""
    document = {
        "valid": not checked.problems,
        "problems": [_item(problem) for problem in checked.problems],
        "warnings": [_item(warning) for warning in checked.warnings],
    }
    return json_text(json.dumps(document, indent=2, sort_keys=True))


def _all_is_well(project: Project) -> str:
    kinds = Counter(asset.kind for asset in project.desired.assets)
    grants = sum(len(access.grants) for access in project.desired.assets.values())
    return (
        f"{count(len(project.files), 'file')}: {count(kinds[Kind.AD_ACCOUNT], 'ad account')}, "
        f"{count(kinds[Kind.PAGE], 'Page')}, {count(grants, 'grant')}. No problems."
    )


def _item(problem: Problem) -> dict[str, str | int]:
    place = problem.place
    return {
        "code": problem.slip,
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "text": problem.text,
    }

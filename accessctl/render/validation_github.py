"""What validate has found as annotations of a GitHub workflow: `::error file=...,line=...::...`. Pure.

A step shows ten errors and ten warnings and drops the rest without a word, so the worst ten of each are given and
the rest is counted (actions/toolkit; "Workflow commands for GitHub Actions").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.clean import display
from accessctl.counting import count
from accessctl.render.escape import command_data, command_property
from accessctl.render.repository import path_in_repository
from accessctl.render.validation import summary_of
from accessctl.render.worst import worst_first

if TYPE_CHECKING:
    from collections.abc import Sequence

    from accessctl.checked import Checked
    from accessctl.render.forge import Forge
    from accessctl.render.worst import Found

MOST = 10  # of a kind, in a step
LONGEST_TEXT = 1_000
LONGEST_PATH = 4_096


def validation_github(checked: Checked, forge: Forge | None = None) -> str:
    """Return a line an annotation, then how many more there are; where nothing was found, that."""
    found = worst_first(checked)
    errors = [one for one in found if one.is_error]
    warnings = [one for one in found if not one.is_error]
    lines = [_annotation(one, forge) for one in (*errors[:MOST], *warnings[:MOST])]
    if checked.project:
        lines.append(summary_of(checked))
    more = [_more(errors, "error"), _more(warnings, "warning")]
    if any(more):
        lines.append(f"{' and '.join(filter(None, more))}: accessctl validate lists them all")
    return "\n".join(lines)


def _annotation(found: Found, forge: Forge | None) -> str:
    place = found.problem.place
    properties = {
        "file": _path(path_in_repository(place.file, forge)),
        "line": str(place.line),
        "col": str(place.column),
        "title": command_property(f"accessctl: {found.advice.title}"),
    }
    given = ",".join(f"{name}={value}" for name, value in properties.items() if value)
    return f"::{'error' if found.is_error else 'warning'} {given}::{command_data(str(found.problem), LONGEST_TEXT)}"


def _path(path: str) -> str:
    """Return the path as a property, or nothing for one that cannot be given both exactly and safely.

    Colons are escaped in properties, so that two in a row are harmless; anything else that would have to be
    spelled out would name another file.
    """
    calm = path.replace(":", ".")
    if display(calm, LONGEST_PATH) != calm or path != path.strip():
        return ""
    return ":".join(command_property(part, LONGEST_PATH) for part in path.split(":")).replace(":", "%3A")


def _more(found: Sequence[Found], word: str) -> str:
    rest = found[MOST:]
    files = len({one.problem.place.file for one in rest})
    return f"{count(len(rest), f'more {word}')} in {count(files, 'file')}" if rest else ""

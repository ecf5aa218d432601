"""What validate has found as SARIF 2.1.0, as GitHub code scanning takes it. Pure.

GitHub takes 25,000 results a run and 10 MB after gzip, and shows 5,000: the worst come first, and a notification
says how many are left out. Each result has the hash of its line by which GitHub knows it again (see `linehash`).
"""

from __future__ import annotations

import json
import re
import zlib
from typing import TYPE_CHECKING, Any

from accessctl import __version__
from accessctl.clean import display
from accessctl.render.escape import json_text
from accessctl.render.linehash import line_hashes
from accessctl.render.repository import path_in_repository, relative_uri
from accessctl.render.worst import worst_first
from accessctl.slips import ADVICE, Slip

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from accessctl.checked import Checked
    from accessctl.render.forge import Forge
    from accessctl.render.worst import Found

MOST = 25_000
SHOWN = 5_000
LARGEST = 9_500_000  # bytes after gzip, of the 10 MB GitHub takes
LONGEST_TEXT = 1_000
SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_KINDS = tuple(Slip)
# What a viewer would take for a link, or for a place where an argument of the message goes (SARIF 3.11.5, 3.11.6).
_ALIVE = re.compile(r"\](?=\()|\{(?=[0-9])")


def validation_sarif(checked: Checked, forge: Forge | None = None) -> str:
    """Return one run; the fewer results the larger they are, down to what GitHub takes."""
    found = worst_first(checked)
    hashes = _hashes(found, checked.texts)
    results = [_result(one, hashes, forge) for one in found[:MOST]]
    text = _log(results, len(found), forge)
    while len(results) > 1 and _too_large(text):
        results = results[: len(results) // 2]
        text = _log(results, len(found), forge)
    return text


def _log(results: Sequence[Mapping[str, Any]], total: int, forge: Forge | None) -> str:
    run = {
        "tool": {"driver": {"name": "accessctl", "semanticVersion": __version__, "rules": [*map(_rule, _KINDS)]}},
        "automationDetails": {"id": _category(forge)},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": _notes(len(results), total)}],
        "properties": {"found": total, "leftOut": total - len(results)},
        "results": results,
    }
    return json_text(json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1))


def _category(forge: Forge | None) -> str:
    """Return what a run is of: GitHub keeps one for each, so that two projects in a repository are two."""
    folder = display(forge.folder, 200) if forge else ""
    return f"accessctl/validate/{folder}/" if folder else "accessctl/validate/"


def _notes(given: int, total: int) -> list[dict[str, Any]]:
    notes = []
    if given < total:
        notes.append(f"{total - given:,} of {total:,} results are left out; accessctl validate lists them all")
    if given > SHOWN:
        notes.append(f"GitHub shows the first {SHOWN:,} of these results; they are the worst")
    return [{"level": "warning", "message": {"text": note}} for note in notes]


def _rule(slip: Slip) -> dict[str, Any]:
    advice = ADVICE[slip]
    return {
        "id": str(slip),
        "shortDescription": {"text": advice.title},
        "fullDescription": {"text": advice.help},
        "help": {"text": advice.help},
        "defaultConfiguration": {"level": "error"},
        "properties": {"tags": ["manifest"], "precision": "very-high"},
    }


def _result(found: Found, hashes: Mapping[tuple[str, int], str], forge: Forge | None) -> dict[str, Any]:
    problem = found.problem
    place = problem.place
    uri = relative_uri(path_in_repository(place.file, forge))
    return {
        "ruleId": str(problem.slip),
        "ruleIndex": _KINDS.index(problem.slip),
        "level": "error" if found.is_error else "warning",
        "message": {"text": _ALIVE.sub(r"\g<0> ", display(problem.text, LONGEST_TEXT))},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": uri, "uriBaseId": "%SRCROOT%"},
                    "region": {"startLine": place.line, "startColumn": place.column},
                }
            }
        ],
        "partialFingerprints": {"primaryLocationLineHash": hashes[place.file, place.line]},
    }


def _hashes(found: Sequence[Found], texts: Mapping[str, str]) -> Mapping[tuple[str, int], str]:
    """Return the hash of each line on which something was found; that of an empty file where it cannot be known."""
    lines: dict[str, set[int]] = {}
    for one in found:
        lines.setdefault(one.problem.place.file, set()).add(one.problem.place.line)
    unknown = line_hashes("", [1])[1]
    hashes = {}
    for file, wanted in lines.items():
        known = line_hashes(texts.get(file, ""), wanted)
        hashes.update({(file, line): known.get(line, unknown) for line in wanted})
    return hashes


def _too_large(text: str) -> bool:
    return len(text) > LARGEST and len(zlib.compress(text.encode())) > LARGEST

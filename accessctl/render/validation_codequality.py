"""What validate has found as a GitLab Code Quality report: a list with a fingerprint each. Pure.

GitLab holds the fingerprints of a merge request against those of its target and shows what is new and what is
mended. They are made of what a line says and where it stands among its keys, not of its number.
"""

from __future__ import annotations

import json
from collections import Counter
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from accessctl.clean import display
from accessctl.counting import count
from accessctl.render.escape import json_text
from accessctl.render.linecontext import line_contexts
from accessctl.render.repository import path_in_repository
from accessctl.render.worst import worst_first
from accessctl.slips import Slip

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from accessctl.checked import Checked
    from accessctl.model import Place
    from accessctl.render.forge import Forge
    from accessctl.render.worst import Found

MOST = 25_000
LONGEST_TEXT = 1_000


def validation_codequality(checked: Checked, forge: Forge | None = None) -> str:
    """Return the report, the worst first; a last entry says how many are left out, if any."""
    found = worst_first(checked)
    prints = _fingerprints(found, checked.texts, forge)
    entries = [
        _entry(one.problem.slip, one.problem.text, one.severity, one.problem.place, prints[one], forge)
        for one in found[:MOST]
    ]
    if found[MOST:]:
        text = f"{count(len(found[MOST:]), 'more problem')} not listed here; accessctl validate lists them all"
        place = found[MOST].problem.place
        entries.append(_entry(Slip.MORE_PROBLEMS, text, "info", place, _digest("left out"), forge))
    return json_text(json.dumps(entries, indent=2))


def _entry(slip: Slip, text: str, severity: str, place: Place, fingerprint: str, forge: Forge | None) -> dict[str, Any]:
    return {
        "description": display(text, LONGEST_TEXT),
        "check_name": f"accessctl/{slip}",
        "fingerprint": fingerprint,
        "severity": severity,
        "location": {"path": path_in_repository(place.file, forge), "lines": {"begin": place.line}},
    }


def _fingerprints(found: Sequence[Found], texts: Mapping[str, str], forge: Forge | None) -> Mapping[Found, str]:
    """Return a fingerprint for each: of its file, kind and line, and a count among those alike."""
    lines: dict[str, set[int]] = {}
    for one in found:
        lines.setdefault(one.problem.place.file, set()).add(one.problem.place.line)
    says = {file: line_contexts(texts.get(file, ""), wanted) for file, wanted in lines.items()}
    alike: Counter[tuple[str, str, str]] = Counter()
    prints = {}
    for one in sorted(found, key=lambda one: one.problem):
        place = one.problem.place
        key = (path_in_repository(place.file, forge), str(one.problem.slip), says[place.file].get(place.line, ""))
        alike[key] += 1
        prints[one] = _digest(*key, str(alike[key]))
    return prints


def _digest(*parts: str) -> str:
    return sha256(json.dumps(parts).encode()).hexdigest()[:32]

"""An access review as JSON (schemas/report.schema.json), with no command of a CI system in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.render.escape import json_text
from accessctl.report.document import to_text

if TYPE_CHECKING:
    from accessctl.report.nouns import Report


def report_json(report: Report) -> str:
    """Return the whole review; names are as they came."""
    return json_text(to_text(report))

"""The formats in which the end of an apply can be written to files, by name; none is loaded before it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.render.formats import Format

if TYPE_CHECKING:
    from collections.abc import Mapping

RESULT_FORMATS: Mapping[str, Format] = {
    "text": Format("render.ended:ended_text", ("paper",)),
    "json": Format("render.ended:ended_json"),
    "ndjson": Format("render.ended:ended_events", ("now",)),
    "markdown": Format("render.result_markdown:result_markdown", ("limit",)),
    "step-summary": Format("render.result_markdown:result_markdown", ("summary_limit",)),
}

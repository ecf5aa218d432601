"""The formats an access review can be shown in, by name; none is loaded before it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.render.formats import Format

if TYPE_CHECKING:
    from collections.abc import Mapping

REPORT_FORMATS: Mapping[str, Format] = {
    "text": Format("render.report_text:report_text", ("paper",)),
    "json": Format("render.report_json:report_json"),
    "csv": Format("render.report_csv:report_csv"),
    "markdown": Format("render.report_markdown:report_markdown", ("forge", "limit")),
    "html": Format("render.report_html:report_html"),
}

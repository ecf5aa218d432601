"""The formats a plan can be shown in, by name: one line each, and none is loaded before it is used."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from accessctl.render.limit import COMMENT, SUMMARY, Limit
from accessctl.render.paper import Paper

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from accessctl.plan.document import SavedPlan
    from accessctl.render.forge import Forge


@dataclass(frozen=True, slots=True)
class Layout:
    """What a renderer may be told beside what it shows.

    `now` tells ages. `paper` is for text alone. `forge` is where manifests can be looked at, if known; `marker`
    names the comment of a pull request that this one replaces, and `limit` is how long it may be.
    """

    now: datetime
    paper: Paper = field(default_factory=Paper)
    forge: Forge | None = None
    marker: str = "default"
    limit: Limit = COMMENT
    summary_limit: Limit = SUMMARY


@dataclass(frozen=True, slots=True)
class Format:
    """Where a renderer is, as `module:function`, and which parts of a Layout it takes after what it shows."""

    function: str
    takes: tuple[str, ...] = ()

    def render(self, shown: object, layout: Layout) -> str:
        """Return what the renderer makes of it."""
        module, _, name = self.function.partition(":")
        found: Any = getattr(importlib.import_module(f"accessctl.{module}"), name)
        text: str = found(shown, *(getattr(layout, part) for part in self.takes))
        return text


PLAN_FORMATS: Mapping[str, Format] = {
    "text": Format("render.plan_text:plan_text", ("paper", "now")),
    "json": Format("render.plan_json:plan_json"),
    "ndjson": Format("render.plan_events:plan_events", ("now",)),
    "markdown": Format("render.plan_markdown:plan_markdown", ("now", "forge", "marker", "limit")),
    "step-summary": Format("render.plan_markdown:plan_markdown", ("now", "forge", "marker", "summary_limit")),
    "html": Format("render.plan_html:plan_html", ("now",)),
    "gitlab-terraform": Format("render.plan_gitlab:plan_gitlab"),
}

VALIDATE_FORMATS: Mapping[str, Format] = {
    "text": Format("render.validation:validation_text"),
    "json": Format("render.validation:validation_json"),
    "github": Format("render.validation_github:validation_github", ("forge",)),
    "sarif": Format("render.validation_sarif:validation_sarif", ("forge",)),
    "codequality": Format("render.validation_codequality:validation_codequality", ("forge",)),
}


def render_plan(saved: SavedPlan, name: str, layout: Layout) -> str:
    """Return a plan in one of PLAN_FORMATS."""
    return PLAN_FORMATS[name].render(saved, layout)

"""The formats that doctor's findings can be shown in, by name; none is loaded before it is used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from accessctl.render.formats import Format

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accessctl.doctor.findings import Finding
    from accessctl.model import Business
    from accessctl.render.paper import Paper


@dataclass(frozen=True, slots=True)
class Checkup:
    """What doctor found, and the acting businesses in their order."""

    findings: tuple[Finding, ...]
    acting: tuple[Business, ...]


DOCTOR_FORMATS: Mapping[str, Format] = {
    "text": Format("render.doctor_formats:text", ("paper",)),
    "json": Format("render.doctor_formats:json"),
    "markdown": Format("render.doctor_formats:markdown"),
}


def text(checkup: Checkup, paper: Paper) -> str:
    """Return it as text."""
    from accessctl.render.doctor import doctor_text

    return doctor_text(checkup.findings, checkup.acting, paper) + "\n"


def json(checkup: Checkup) -> str:
    """Return it as JSON."""
    from accessctl.render.doctor import doctor_json

    return doctor_json(checkup.findings) + "\n"


def markdown(checkup: Checkup) -> str:
    """Return it as Markdown."""
    from accessctl.render.doctor_markdown import doctor_markdown

    return doctor_markdown(checkup.findings, checkup.acting)

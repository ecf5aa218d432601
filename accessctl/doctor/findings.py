"""What doctor says: one finding for each thing it looked at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How good or bad a finding is. `unknown` means that Meta did not tell."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    `subject` is the id of an acting business, empty for what concerns all of them. `todo` is the next step,
    empty where there is none. `source` says where the fact is from: a call, a header, a document. `url` is an
    address at which a person does the next step, empty where there is none.
    """

    id: str
    level: Level
    subject: str
    text: str
    todo: str = ""
    source: str = ""
    url: str = ""

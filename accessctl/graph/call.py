"""One call as a value, and its parameters as Meta spells them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from accessctl.graph.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Value: TypeAlias = "str | int | Secret | Sequence[str]"


@dataclass(frozen=True, slots=True)
class Call:
    """A method and a path below the version. A batch of reads is a POST, yet no write."""

    method: str
    path: tuple[str, ...]
    is_write: bool = False

    @property
    def edge(self) -> str:
        """The method and the last part of the path: what a rule about an edge is keyed by."""
        return f"{self.method} {self.path[-1] if self.path else ''}"

    @property
    def node(self) -> str:
        """The bare id of what the call is about, whose quota it counts in; empty for a batch."""
        return self.path[0].removeprefix("act_") if self.path else ""

    def __str__(self) -> str:
        return f"{self.method} {'/'.join(self.path) or '(a batch of reads)'}"


def spell(params: Mapping[str, Value]) -> dict[str, str | Secret]:
    """Return `params` as text: yes and no in lower case, lists as JSON arrays (GRAPH_API 9.10).

    A secret stays one, so that it is shown nowhere.
    """
    return {name: _spell_one(value) for name, value in params.items()}


def _spell_one(value: Value) -> str | Secret:
    if isinstance(value, Secret):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int)):
        return str(value)
    return json.dumps(list(value), separators=(",", ":"))

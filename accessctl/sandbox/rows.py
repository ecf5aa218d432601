"""A node to be shown, and how its kind is shown: what listings hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from accessctl.sandbox.world import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from accessctl.sandbox.app import App, SystemUser
    from accessctl.sandbox.obo import OboRequest
    from accessctl.sandbox.world import Asset, Business, Pair


@dataclass(frozen=True, slots=True)
class NodeType:
    """How rows of one kind are shown. `kind` names the edges they have; `defaults` come without asking.
    Each of `fields` makes its value of what the caller sees (a View) and the row."""

    name: str
    kind: str
    fields: Mapping[str, Callable[..., Any]]
    defaults: tuple[str, ...] = ("id", "name")

    def having(self, more: Mapping[str, Callable[..., Any]]) -> NodeType:
        """Return the same type with the fields that only one edge gives."""
        return NodeType(self.name, self.kind, frozen({**self.fields, **more}), self.defaults)


@dataclass(frozen=True, slots=True)
class Row:
    """One node to be shown, with what the edge that led here knows of it.

    `pair` is access to `asset`; `permissions` is access to many assets.
    """

    id: str
    type: NodeType
    business: Business | None = None
    asset: Asset | None = None
    pair: Pair | None = None
    permissions: tuple[tuple[Asset, Pair], ...] = ()
    obo: OboRequest | None = None
    app: App | None = None
    user: SystemUser | None = None

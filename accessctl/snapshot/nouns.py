"""What a snapshot is: live access as it was read, and all that planning from it takes. Frozen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from accessctl.model import Status

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from accessctl.model import Access, Asset, AssetAccess, Cost, Kind, Remembered, Side
    from accessctl.plan.nouns import BusinessRef

FORMAT_VERSION = "1.0"


@dataclass(frozen=True, slots=True, order=True)
class Look:
    """What was read: the assets of these kinds that a business sees from one side."""

    business: str
    side: Side
    kinds: tuple[Kind, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Live access at `taken_at` (UTC, when reading began), through the acting businesses.

    `live` is what Meta showed and nothing else; `remembered` is what the journal knew beyond it, by (asset,
    agency). `looks` say what was read at all, so that what was not is never taken for absent. `digest` stands
    for all but the time and the cost.
    """

    live: Access
    remembered: Mapping[tuple[Asset, str], Remembered]
    looks: tuple[Look, ...]
    acts_as: tuple[BusinessRef, ...]
    graph_version: str
    graph_url: str
    taken_at: datetime
    cost: Cost
    tool_version: str
    digest: str = ""

    @property
    def unreadable(self) -> tuple[AssetAccess, ...]:
        """The assets on which something could not be read to the end."""
        return tuple(access for access in self.live.assets.values() if is_unreadable(access))

    @property
    def is_complete(self) -> bool:
        """Everything that was to be read was read to the end."""
        return not self.live.gaps and not self.unreadable


def is_unreadable(access: AssetAccess) -> bool:
    """Tell whether an asset, or a pair on it, could not be read."""
    return bool(access.unreadable) or any(is_unread(access, agency) for agency in access.grants)


def is_unread(access: AssetAccess, agency: str) -> bool:
    """Tell whether a pair is there and could not be read."""
    return agency in access.grants and access.grants[agency].status is Status.UNREADABLE

"""What two snapshots can differ in. Frozen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accessctl.model import Kind, Side
    from accessctl.plan.nouns import AssetRef, BusinessRef, State


class What(StrEnum):
    """The kinds of difference, in the order in which they stand on one asset."""

    NEW = "new"
    NOT_LISTED = "not_listed"
    OTHER_OWNER = "other_owner"
    RENAMED = "renamed"
    HOLDS = "holds"
    GIVEN = "given"
    LOST = "lost"
    ASKED = "asked"
    ASKS_NO_MORE = "asks_no_more"
    ASKS_OTHERWISE = "asks_otherwise"
    OTHER_STATUS = "other_status"
    INCOMPARABLE = "incomparable"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it was, on one asset.

    `who` is the agency of a pair, or the business that lists the asset, or no longer does; None where the asset
    itself is meant. `tasks` are those given, lost, asked for, or held on an asset that is new. `old` and `new`
    are two names, or the ids of two owners; `before` and `after` are set for a pair. `reason` says why it
    cannot be compared, or is not listed.
    """

    what: What
    asset: AssetRef
    who: BusinessRef | None = None
    tasks: tuple[str, ...] = ()
    old: str = ""
    new: str = ""
    before: State | None = None
    after: State | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Unseen:
    """A listing that one of the two snapshots did not read to the end: nothing that only the other shows counts.

    `assets` is how many those are.
    """

    who: BusinessRef
    side: Side
    kind: Kind
    reason: str
    assets: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """All differences in the order of assets. `same` counts the assets in both without any."""

    differences: tuple[Difference, ...]
    unseen: tuple[Unseen, ...]
    same: int

    @property
    def changes(self) -> tuple[Difference, ...]:
        """The differences that are known to be some."""
        return tuple(one for one in self.differences if one.what is not What.INCOMPARABLE)

    @property
    def is_whole(self) -> bool:
        """Everything could be compared."""
        return not self.unseen and len(self.changes) == len(self.differences)

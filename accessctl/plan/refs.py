"""How assets, businesses, pairs and lines are put into a plan's own nouns, live names first. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl import tasks
from accessctl.model import Status
from accessctl.plan.nouns import AssetRef, BusinessRef, Source, State

if TYPE_CHECKING:
    from accessctl.model import Access, AssetAccess, Contribution, Grant, Kind


class Names:
    """Looks up how assets and businesses are called; `live` is None where nobody looked."""

    def __init__(self, desired: Access, live: Access | None) -> None:
        self.desired = desired
        self.live = live

    def asset(self, access: AssetAccess) -> AssetRef:
        """Return the asset with its live name, if it was read."""
        seen = self.live.assets.get(access.asset) if self.live else None
        name = (seen and seen.name) or access.name
        return AssetRef(access.asset.kind, access.asset.id, access.alias, name, tuple(sorted(access.labels.items())))

    def business(self, business: str) -> BusinessRef:
        """Return the business of this id with its alias and name."""
        declared = self.desired.businesses.get(business)
        seen = self.live.businesses.get(business) if self.live else None
        name = (seen and seen.name) or (declared and declared.name) or ""
        return BusinessRef(business, declared.alias if declared else "", name)


def state_of(kind: Kind, wanted: frozenset[str], grant: Grant) -> State:
    """Return a live grant in normal form; `wanted` tells which of its tasks Meta has added by itself."""
    added = tasks.server_added(kind, wanted, grant.tasks)
    detail = grant.detail if grant.status is Status.UNKNOWN else ""
    return State(grant.status, tuple(sorted(tasks.normal(grant.tasks))), tuple(sorted(added)), detail)


def source_of(contribution: Contribution) -> Source:
    """Return the line of a manifest that a contribution stands on."""
    return Source(
        contribution.place.file,
        contribution.place.line,
        rule=contribution.rule,
        profile=contribution.profile,
        until=str(contribution.until or ""),
        reason=contribution.reason,
    )

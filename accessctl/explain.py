"""Who holds what, and which lines say so: declared and, where it was read, live. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from accessctl.model import ABSENT, AssetAccess, Grant, Kind, Side, Status

if TYPE_CHECKING:
    from collections.abc import Collection

    from accessctl.model import Access, Asset


@dataclass(frozen=True, slots=True)
class Holding:
    """One pair. `declared` is None where no manifest names it; `live` is None where nobody looked."""

    asset: AssetAccess
    agency: str
    declared: Grant | None
    live: Grant | None


def on_asset(asset: Asset, desired: Access, live: Access | None, acts_as: Collection[str]) -> tuple[Holding, ...]:
    """Return every pair on one asset, in the order of the agencies' ids."""
    return tuple(holding for holding in _holdings(desired, live, acts_as) if holding.asset.asset == asset)


def of_agency(agency: str, desired: Access, live: Access | None, acts_as: Collection[str]) -> tuple[Holding, ...]:
    """Return every pair of one agency, ad accounts first, by alias and id."""
    return tuple(holding for holding in _holdings(desired, live, acts_as) if holding.agency == agency)


def _holdings(desired: Access, live: Access | None, acts_as: Collection[str]) -> list[Holding]:
    found = []
    for asset in sorted({*desired.assets, *(live.assets if live else ())}):
        declared = desired.assets.get(asset)
        seen = live.assets.get(asset) if live else None
        access = declared or seen
        assert access is not None
        agencies = {*(declared.grants if declared else ()), *(seen.grants if seen else ())}
        for agency in sorted(agencies):
            grant = declared.grants.get(agency) if declared else None
            found.append(Holding(access, agency, grant, _live(live, access, seen, agency, acts_as)))
    order = list(Kind)
    return sorted(found, key=lambda one: (order.index(one.asset.asset.kind), not one.asset.alias, one.asset.alias))


def _live(
    live: Access | None, access: AssetAccess, seen: AssetAccess | None, agency: str, acts_as: Collection[str]
) -> Grant | None:
    if live is None:
        return None
    if seen is not None and seen.unreadable:
        return Grant(status=Status.UNREADABLE, detail=seen.unreadable)
    if seen is not None and (seen.side is Side.OWNER or agency in seen.grants):
        return seen.grants.get(agency, ABSENT)
    reasons = [
        gap.reason for gap in live.gaps if gap.kind is access.asset.kind and gap.business in (access.owner, agency)
    ]
    if reasons:
        return Grant(status=Status.UNREADABLE, detail=reasons[0])
    if access.owner in acts_as:
        return Grant(status=Status.UNREADABLE, detail="its owner does not list this asset")
    return ABSENT

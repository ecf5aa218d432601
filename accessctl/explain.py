"""Who holds what, and which lines say so: declared and, where it was read, live. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from accessctl.model import ABSENT, AssetAccess, Grant, Kind, Side, Status

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from accessctl.conclusion import Conclusion, Conclusions
    from accessctl.history import WriteTold
    from accessctl.model import Access, Asset
    from accessctl.obo.requests import OboRequest
    from accessctl.obo.told import OboTold
    from accessctl.report.nouns import Since


@dataclass(frozen=True, slots=True)
class Holding:
    """One pair. `declared` is None where no manifest names it; `live` is None where nobody looked.

    `agency` is empty for everybody whom an asset that could not be read may hide. `last` is the journal's last
    word on the pair, `since` when it was granted or requested by us; None where the journal says nothing.
    `planned` is what a plan would do about it, None where nobody looked. `obo` are the on-behalf-of requests of
    the agency on the asset, None where they were not read; `obo_unread` is then why, if somebody tried.
    `canceled` is the journal's last word on a cancel of one. `is_reached` tells that an acting business owns the
    asset or is the agency: access of others there, no manifest of ours can take.
    """

    asset: AssetAccess
    agency: str
    declared: Grant | None
    live: Grant | None
    last: WriteTold | None = None
    since: Since | None = None
    planned: Conclusion | None = None
    obo: tuple[OboRequest, ...] | None = None
    obo_unread: str = ""
    canceled: OboTold | None = None
    is_reached: bool = True


def on_asset(asset: Asset, desired: Access, live: Access | None, acts_as: Collection[str]) -> tuple[Holding, ...]:
    """Return every pair on one asset, in the order of the agencies' ids; last, what may hide behind a failed read."""
    found = [holding for holding in _holdings(desired, live, acts_as) if holding.asset.asset == asset]
    access = desired.assets.get(asset) or (live.assets.get(asset) if live else None)
    if live is not None and access is not None and access.owner in acts_as:
        anybody = live_grant(live, access, "", acts_as)
        if anybody.status is Status.UNREADABLE:
            found.append(Holding(access, "", None, anybody))
    return tuple(found)


def of_agency(agency: str, desired: Access, live: Access | None, acts_as: Collection[str]) -> tuple[Holding, ...]:
    """Return every pair of one agency, ad accounts first, by alias and id."""
    return tuple(holding for holding in _holdings(desired, live, acts_as) if holding.agency == agency)


def told(
    holdings: Iterable[Holding],
    last: Mapping[tuple[Asset, str], WriteTold],
    sinces: Mapping[tuple[Asset, str], Since],
) -> tuple[Holding, ...]:
    """Return the pairs with what the journal says of each."""
    keys = [(one, (one.asset.asset, one.agency)) for one in holdings]
    return tuple(replace(one, last=last.get(key), since=sinces.get(key)) for one, key in keys)


def concluded(holdings: Iterable[Holding], conclusions: Conclusions | None) -> tuple[Holding, ...]:
    """Return the pairs with what a plan would do about each; as they are where nobody looked."""
    if conclusions is None:
        return tuple(holdings)
    return tuple(replace(one, planned=conclusions.of(one.asset.asset, one.agency)) for one in holdings)


def unseen(live: Access, holdings: Collection[Holding]) -> tuple[int, int]:
    """Return how many assets, other than those of `holdings`, and how many listings could not be read."""
    shown = {holding.asset.asset for holding in holdings}
    assets = sum(bool(access.unreadable) and access.asset not in shown for access in live.assets.values())
    return assets, len(live.gaps)


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
            found.append(Holding(access, agency, grant, live_grant(live, access, agency, acts_as) if live else None))
    order = list(Kind)
    return sorted(found, key=lambda one: (order.index(one.asset.asset.kind), not one.asset.alias, one.asset.alias))


def live_grant(live: Access, access: AssetAccess, agency: str, acts_as: Collection[str]) -> Grant:
    """Return what an agency holds live, unreadable where that is not known; agency "" is anybody."""
    seen = live.assets.get(access.asset)
    if seen is not None and seen.unreadable:
        return Grant(status=Status.UNREADABLE, detail=seen.unreadable)
    if seen is not None and (seen.side is Side.OWNER or agency in seen.grants):
        return seen.grants.get(agency, ABSENT)
    looks = ((access.owner, Side.OWNER), (agency, Side.AGENCY))
    reasons = [gap.reason for gap in live.gaps if gap.kind is access.asset.kind and (gap.business, gap.side) in looks]
    if reasons:
        return Grant(status=Status.UNREADABLE, detail=reasons[0])
    if access.owner in acts_as:
        return Grant(status=Status.UNREADABLE, detail="its owner does not list this asset")
    if agency not in acts_as:
        return Grant(status=Status.UNREADABLE, detail="only its owner sees what others hold on it")
    return ABSENT

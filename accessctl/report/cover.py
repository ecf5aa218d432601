"""How much of live access is declared: of what was read, and with what was not read counted apart. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.model import Kind, Status
from accessctl.report.nouns import Coverage, Covered, Share, Standing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from accessctl.report.nouns import ReportedAsset, ReportedGrant


def coverage_of(grants: Sequence[ReportedGrant], assets: Sequence[ReportedAsset], unread_listings: int) -> Coverage:
    """Return the figure for all, by kind, and by market where an asset has that label.

    Counted are confirmed grants, and assets, of which all is known: what waits for somebody is no access yet.
    """
    read = [asset for asset in assets if not asset.unreadable]
    live = [one for one in grants if one.status is Status.CONFIRMED and not one.asset.unreadable]

    def part(name: str, meant: Callable[[ReportedAsset], bool]) -> Covered:
        of_grants = [one for one in live if meant(one.asset)]
        of_assets = [asset for asset in read if meant(asset)]
        return Covered(name, _share_of_grants(of_grants), _share_of_assets(of_assets))

    markets = sorted({asset.market for asset in assets if asset.market})
    names = [*markets, *[""] * any(not asset.market for asset in assets)] if markets else []
    return Coverage(
        total=part("", lambda _: True),
        by_kind=tuple(part(kind, lambda asset, kind=kind: asset.kind is kind) for kind in Kind),  # type: ignore[misc]
        by_market=tuple(part(name, lambda asset, name=name: asset.market == name) for name in names),  # type: ignore[misc]
        unread_assets=len(assets) - len(read),
        unread_listings=unread_listings,
        unknown_grants=sum(one.standing is Standing.UNKNOWN for one in grants),
    )


def is_covered(grant: ReportedGrant) -> bool:
    """Tell whether all that is live of a grant is declared today."""
    return bool(grant.declared) and not grant.extra


def _share_of_grants(live: Sequence[ReportedGrant]) -> Share:
    covered = sum(map(is_covered, live))
    return Share(covered, len(live), sum(bool(one.declared) for one in live) - covered)


def _share_of_assets(assets: Sequence[ReportedAsset]) -> Share:
    return Share(sum(asset.is_declared for asset in assets), len(assets))

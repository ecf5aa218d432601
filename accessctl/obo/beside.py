"""On-behalf-of requests beside the grants of the same businesses. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from accessctl.explain import Holding, live_grant
from accessctl.model import Kind, Status

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from accessctl.model import Access, AssetAccess
    from accessctl.obo.requests import OboRequests


def with_askers(
    holdings: Iterable[Holding], access: AssetAccess, found: OboRequests | None, live: Access, acts_as: Collection[str]
) -> tuple[Holding, ...]:
    """Return the pairs on one asset with those of businesses that only a request names, by id."""
    all_ = tuple(holdings)
    if found is None:
        return all_
    of_asset = [one for one in found.requests if one.asset == access.asset]
    askers = {end.id for one in of_asset for end in (one.receiving, one.requesting)}
    new = sorted(askers - {access.owner} - {one.agency for one in all_})
    pairs = tuple(_pair(access, agency, live, acts_as) for agency in new)
    known = [one for one in all_ if one.agency]
    return (*known, *pairs, *(one for one in all_ if not one.agency))


def of_asker(
    holdings: Iterable[Holding],
    agency: str,
    found: OboRequests | None,
    desired: Access,
    live: Access,
    acts_as: Collection[str],
) -> tuple[Holding, ...]:
    """Return the pairs of one agency with those on ad accounts where only a request names it, in their usual order."""
    all_ = list(holdings)
    if found is None:
        return tuple(all_)
    asked = {one.asset for one in found.requests if one.asset and one.concerns(agency)}
    for asset in sorted(asked - {one.asset.asset for one in all_}):
        access = desired.assets.get(asset) or live.assets.get(asset)
        if access is not None and access.owner != agency:
            all_.append(_pair(access, agency, live, acts_as))
    order = list(Kind)
    return tuple(sorted(all_, key=lambda one: (order.index(one.asset.asset.kind), not one.asset.alias, _place(one))))


def beside(holdings: Iterable[Holding], found: OboRequests | None, acts_as: Collection[str]) -> tuple[Holding, ...]:
    """Return the pairs, each on an ad account that was read with the requests of its agency there.

    On a client's ad account Meta shows ours alone: that others have none there is not known.
    """
    if found is None:
        return tuple(holdings)
    unread = {one.what: one.reason for one in found.unread}
    return tuple(_beside(one, found, unread, acts_as) for one in holdings)


def _beside(holding: Holding, found: OboRequests, unread: dict[str, str], acts_as: Collection[str]) -> Holding:
    asset = holding.asset.asset
    if not holding.agency:
        return holding
    if asset not in found.asked:
        return replace(holding, obo_unread=unread.get(f"{asset.node}/onbehalf_requests", ""))
    requests = tuple(one for one in found.requests if one.asset == asset and one.concerns(holding.agency))
    is_told = bool(requests) or holding.asset.owner in acts_as or holding.agency in acts_as
    return replace(holding, obo=requests if is_told else None)


def _place(holding: Holding) -> tuple[str, str]:
    return holding.asset.alias, holding.asset.asset.id


def _pair(access: AssetAccess, agency: str, live: Access, acts_as: Collection[str]) -> Holding:
    """Return a pair that nobody declared; what it holds is left open where that cannot be known."""
    grant = live_grant(live, access, agency, acts_as)
    return Holding(access, agency, None, None if grant.status is Status.UNREADABLE else grant)

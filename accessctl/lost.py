"""What a token was foretold to lose, held against what it shows: hidden is not absent, and says why. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from accessctl.endings import AS_FAR, ENDED, WHY, day, is_shown
from accessctl.model import ABSENT, AssetAccess, Grant, Kind, Side, Status, frozen

if TYPE_CHECKING:
    from collections.abc import Container, Mapping
    from datetime import datetime

    from accessctl.model import Access, Asset

    Lost = Mapping[Asset | None, datetime]


# Reasons that say no more than that an asset cannot be seen; what is gone, or another's, is no lost one.
UNSEEN = frozenset({"hidden", "not_listed", "not_looked_up"})
ALL_THE_SAME = "; --ask-again asks the client all the same"
FOR_GONE = "; --ask-again takes it for gone"


def with_evidence(
    live: Access, desired: Access, lost: Mapping[str, Lost], again: Container[tuple[Asset, str]] = ()
) -> Access:
    """Return live access in which every declared asset that a token has lost is unreadable, and says why.

    `lost` is what was foretold, by acting business. An asset that is still shown was not lost. Nothing may be
    planned on what is lost, neither for its owner nor for an agency that holds something there. An agency's token
    that has lost anything tells of nothing any more that it is absent. Pairs in `again` are asked for all the same.
    """
    assets = dict(live.assets)
    for business, ended in sorted(lost.items()):
        unseen = {asset: end for asset, end in ended.items() if not is_shown(live, asset, business)}
        for declared in desired.assets.values() if unseen else ():
            asset, told = declared.asset, why_unseen(unseen, declared.asset)
            if declared.owner == business:
                if asset in unseen:
                    assets[asset] = _unseen(assets.get(asset), declared, Side.OWNER, business, told)
                continue
            # An owner's own token speaks for its assets; what is shown was not lost.
            if declared.owner in lost or is_shown(live, asset, business) or (asset, business) in again:
                continue
            grant = declared.grants.get(business, ABSENT)
            if asset in unseen or grant.status is Status.CONFIRMED:
                told += ALL_THE_SAME if grant.status is Status.CONFIRMED else FOR_GONE
                assets[asset] = _unseen(assets.get(asset), declared, Side.AGENCY, business, told)
    return replace(live, assets=frozen(dict(sorted(assets.items()))))


def why_unseen(lost: Lost, asset: Asset) -> str:
    """Return why a token may not see an asset, empty where it has lost nothing.

    Meta foretells an end only of what the person holds by an assignment of its own (S003): other assets go too.
    """
    if not lost:
        return ""
    if end := lost.get(asset):
        return lost_asset(asset, end)
    first = min(lost.values())
    return f"this token lost other access on {day(first)}, {WHY}, so what it does not show may be lost too"


def after_ends(live: Access, now: datetime) -> Access:
    """Return live access of a snapshot with everything unreadable that its tokens have lost by `now`."""
    assets = dict(live.assets)
    for ending in live.endings:
        for asset, access in assets.items() if ending.at <= now else ():
            told = lost_asset(asset, ending.at)
            if ending.asset not in (None, asset) or not is_shown(live, asset, ending.business):
                continue
            if access.side is Side.OWNER:
                assets[asset] = replace(access, grants=frozen({}), unreadable=told, reason_code=ENDED)
            else:
                unread = Grant(status=Status.UNREADABLE, detail=told)
                assets[asset] = replace(access, grants=frozen({**access.grants, ending.business: unread}))
    return replace(live, assets=frozen(assets))


def _unseen(found: AssetAccess | None, declared: AssetAccess, side: Side, business: str, told: str) -> AssetAccess:
    if found is None or (side is Side.OWNER and not found.unreadable):
        name = found.name if found else ""
        return AssetAccess(declared.asset, declared.owner, name, unreadable=told, reason_code=ENDED, side=side)
    if not found.unreadable:  # another business of ours still sees its own part
        unread = Grant(status=Status.UNREADABLE, detail=told)
        return replace(found, grants=frozen({**found.grants, business: unread}))
    if found.reason_code in UNSEEN:
        return replace(found, unreadable=told, reason_code=ENDED)
    if found.reason_code == "uncertain" or "code 100" in found.unreadable:
        return replace(found, unreadable=f"{found.unreadable}; {told}", reason_code=found.reason_code or ENDED)
    return found


def lost_business(end: datetime) -> str:
    """Return what stands beside a refusal where the token was foretold to lose its business."""
    return f"this token lost the business on {day(end)}, {WHY}; the business is hidden, not deleted, {AS_FAR}"


def lost_asset(asset: Asset, end: datetime) -> str:
    """Return why an asset cannot be seen that the token was foretold to lose."""
    what = asset.node if asset.kind is Kind.AD_ACCOUNT else f"Page {asset.id}"
    return f"this token lost {what} on {day(end)}, {WHY}; it is hidden, not deleted, {AS_FAR}"

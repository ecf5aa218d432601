"""Ends that Meta foretold, as the records beside the journal have them, and what they tell of what is hidden. Pure.

A person who moves to a managed Meta account loses what the old account could see (GRAPH_API 6). From then on Meta
answers as if the asset were not there, so only what was noted before tells a lost asset from one that is gone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from accessctl.model import Asset, AssetAccess, Ending, Grant, Kind, Side, Status, frozen
from accessctl.records import moment_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from accessctl.live.ending import Ends
    from accessctl.model import Access
    from accessctl.records import Row

ENDED = "access_ended"  # a reason's code
# Reasons that say no more than that an asset cannot be seen; what is gone, or another's, is no lost one.
UNSEEN = frozenset({"hidden", "not_listed", "not_looked_up"})
SLACK = timedelta(days=1)  # clocks differ, and nobody knows whether Meta keeps to the minute
ASK_AGAIN = timedelta(days=1)  # after a refusal: refused calls count against the app (GRAPH_API 5.3)

WHY = "when the person's access ended (managed Meta account)"
AS_FAR = "as far as the evidence goes"
MONTHS = (
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)


@dataclass(frozen=True, slots=True)
class Foretold:
    """What the records have of one Graph URL: the last word on each end, by business and then by asset.

    None stands for the business itself. `refused` is when Meta last refused to tell a business.
    """

    ends: Mapping[str, Mapping[Asset | None, datetime]]
    refused: Mapping[str, datetime]

    def all(self) -> tuple[Ending, ...]:
        """Return every end, in no order."""
        return tuple(Ending(key, asset, end) for key, own in self.ends.items() for asset, end in own.items())

    def lost(self, business: str, now: datetime) -> dict[Asset | None, datetime]:
        """Return what was foretold to be lost by `now`."""
        return {asset: end for asset, end in self.ends.get(business, {}).items() if end <= now}

    def perhaps_lost(self, business: str, now: datetime) -> dict[Asset | None, datetime]:
        """Return that, and what is so near its end that it is lost already where it is not shown."""
        return self.lost(business, now + SLACK)

    def is_worth_asking(self, business: str, now: datetime) -> bool:
        """Tell whether Meta may answer: it has not refused of late."""
        refused = self.refused.get(business)
        return refused is None or not refused <= now < refused + ASK_AGAIN


def foretold(rows: Iterable[Row], url: str) -> Foretold:
    """Return what rows say of one Graph URL, the latest where two speak of the same; nonsense counts for nothing."""
    told = [(at, row) for row in rows if row.get("url") == url and (at := moment_of(row)) is not None]
    ends: dict[str, dict[Asset | None, datetime]] = {}
    refused: dict[str, datetime] = {}
    for at, row in sorted(told, key=lambda one: one[0]):
        business, node = row.get("business"), row.get("asset")
        if not isinstance(business, str):
            continue
        if row.get("refused") is True:
            refused[business] = at
        elif isinstance(node, str):
            own, end = ends.setdefault(business, {}), moment_of(row, "expires_at")
            if end is not None:
                own[_asset(node)] = end
            elif row.get("expires_at") is None:
                own.pop(_asset(node), None)
    return Foretold(frozen({key: frozen(own) for key, own in ends.items()}), frozen(refused))


def news(known: Foretold, live: Access, every: Iterable[Ends], url: str, now: datetime) -> list[Row]:
    """Return the rows that say what has changed since: ends that are new, other or gone; who was refused.

    `live` is what Meta showed. An end is gone where Meta tells of ends and shows the asset without one, or
    shows the asset after it.
    """
    rows: list[Row] = []
    for ends in every:
        before, found = known.ends.get(ends.business, {}), {one.asset: one.at for one in ends.found}
        row = {"at": now.isoformat(timespec="seconds"), "url": url, "business": ends.business}
        if ends.was_refused:
            rows.append({**row, "refused": True})
        changed = {asset: end for asset, end in found.items() if before.get(asset) != end}
        gone = [
            asset
            for asset, end in before.items()
            if asset not in found and (ends.is_told or end <= now) and _is_shown(live, asset, ends.business)
        ]
        rows += [{**row, "asset": _node(asset), "expires_at": end.isoformat()} for asset, end in changed.items()]
        rows += [{**row, "asset": _node(asset), "expires_at": None} for asset in gone]
    return sorted(rows, key=lambda row: (row["business"], row.get("asset", "")))


def with_evidence(live: Access, desired: Access, lost: Mapping[str, Mapping[Asset | None, datetime]]) -> Access:
    """Return live access in which every declared asset that a token has lost is unreadable, and says why.

    `lost` is what was foretold, by acting business. An asset that is still shown was not lost. Nothing may be
    planned on what is lost, neither for its owner nor for an agency that holds something there.
    """
    assets = dict(live.assets)
    for business, ended in sorted(lost.items()):
        for asset, end in ended.items():
            declared = desired.assets.get(asset) if asset else None
            if asset is None or declared is None or _is_shown(live, asset, business):
                continue
            if declared.owner in lost and declared.owner != business:
                continue  # the owner's own token speaks for it
            told = lost_asset(asset, end)
            side = Side.OWNER if declared.owner == business else Side.AGENCY
            assets[asset] = _unseen(assets.get(asset), declared, side, business, told)
    return replace(live, assets=frozen(dict(sorted(assets.items()))))


def after_ends(live: Access, now: datetime) -> Access:
    """Return live access of a snapshot with everything unreadable that its tokens have lost by `now`."""
    assets = dict(live.assets)
    for ending in live.endings:
        for asset, access in assets.items() if ending.at <= now else ():
            told = lost_asset(asset, ending.at)
            if ending.asset not in (None, asset) or not _is_shown(live, asset, ending.business):
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


def _is_shown(live: Access, asset: Asset | None, business: str) -> bool:
    """Tell whether Meta showed an asset to a business, which it has done where the business itself was read."""
    if asset is None:
        return business in live.businesses
    access = live.assets.get(asset)
    if access is None or access.unreadable:
        return False
    return access.owner == business if access.side is Side.OWNER else business in access.grants


def lost_business(end: datetime) -> str:
    """Return what stands beside a refusal where the token was foretold to lose its business."""
    return f"this token lost the business on {day(end)}, {WHY}; the business is hidden, not deleted, {AS_FAR}"


def lost_asset(asset: Asset, end: datetime) -> str:
    """Return why an asset cannot be seen that the token was foretold to lose."""
    what = asset.node if asset.kind is Kind.AD_ACCOUNT else f"Page {asset.id}"
    return f"this token lost {what} on {day(end)}, {WHY}; it is hidden, not deleted, {AS_FAR}"


def day(moment: datetime) -> str:
    """Return `4 May 2027`, of the day in UTC, the same in every locale."""
    at = moment.astimezone(UTC)
    return f"{at.day} {MONTHS[at.month - 1]} {at.year}"


def _node(asset: Asset | None) -> str:
    return asset.node if asset else ""


def _asset(node: str) -> Asset | None:
    if not node:
        return None
    return Asset(Kind.AD_ACCOUNT if node.startswith("act_") else Kind.PAGE, node.removeprefix("act_"))

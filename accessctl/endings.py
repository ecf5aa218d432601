"""Ends that Meta foretold, as the records beside the journal have them. Pure.

A person who moves to a managed Meta account loses what the old account could see (GRAPH_API 6). From then on Meta
answers as if the asset were not there, so only what was noted before tells a lost asset from one that is gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from accessctl.model import Asset, Ending, Kind, Side, frozen
from accessctl.records import is_of_token, moment_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from accessctl.live.ending import Ends
    from accessctl.model import Access
    from accessctl.records import Row

ENDED = "access_ended"  # a reason's code
EARLY = timedelta(days=7)  # so long before its end what is absent was not lost by it, whatever Meta may move
SLACK = timedelta(days=1)  # clocks differ, and nobody knows whether Meta keeps to the minute
ASK_AGAIN = timedelta(days=1)  # after a refusal: refused calls count against the app (GRAPH_API 5.3)

NOTHING_GIVEN_UP: Mapping[tuple[Asset, str], datetime] = frozen({})
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

    def and_also(self, endings: Iterable[Ending]) -> Foretold:
        """Return this and ends that were foretold elsewhere, which are the last word on their assets."""
        ends = {key: dict(own) for key, own in self.ends.items()}
        for one in endings:
            ends.setdefault(one.business, {})[one.asset] = one.at
        return Foretold(_all_frozen(ends), self.refused)

    def is_worth_asking(self, business: str, now: datetime) -> bool:
        """Tell whether Meta may answer: it has not refused of late."""
        refused = self.refused.get(business)
        return refused is None or not refused <= now < refused + ASK_AGAIN


def foretold(
    rows: Iterable[Row],
    url: str,
    given_up: Mapping[tuple[Asset, str], datetime] = NOTHING_GIVEN_UP,
    tokens: Mapping[str, str] | None = None,
) -> Foretold:
    """Return what rows say of one Graph URL, the latest where two speak of the same; nonsense counts for nothing.

    So does an end that was noted before we gave that access up ourselves: `given_up` has when, by (asset, business).
    A row counts for the token it is of alone: `tokens` has the fingerprints by business. One without counts for all.
    """
    told = [
        (at, row)
        for row in rows
        if row.get("url") == url and is_of_token(row, tokens or {}) and (at := moment_of(row)) is not None
    ]
    ends: dict[str, dict[Asset | None, datetime]] = {}
    refused: dict[str, datetime] = {}
    for at, row in sorted(told, key=lambda one: one[0]):
        business, node = row.get("business"), row.get("asset")
        if not isinstance(business, str):
            continue
        if row.get("refused") is True:
            refused[business] = at
        elif isinstance(node, str):
            own, asset, end = ends.setdefault(business, {}), _asset(node), moment_of(row, "expires_at")
            left = given_up.get((asset, business)) if asset else None
            if end is not None and (left is None or left < at):
                own[asset] = end
            elif row.get("expires_at") is None:
                own.pop(asset, None)
    return Foretold(_all_frozen(ends), frozen(refused))


def news(
    known: Foretold,
    live: Access,
    every: Iterable[Ends],
    url: str,
    now: datetime,
    tokens: Mapping[str, str] | None = None,
    whole: Collection[tuple[str, Kind]] = (),
) -> list[Row]:
    """Return the rows that say what has changed since: ends that are new, other or gone; who was refused.

    `live` is what Meta showed. An end is gone where Meta tells of ends and shows the asset without one, or
    shows the asset after it; and where a client's asset is absent long before, in a listing that was read to the
    end: `whole` has these, by business and kind. `tokens` are the fingerprints of the tokens, by business.
    """
    rows: list[Row] = []
    for ends in every:
        before, found = known.ends.get(ends.business, {}), {one.asset: one.at for one in ends.found}
        row = {"at": now.isoformat(timespec="seconds"), "url": url, "business": ends.business}
        row |= {"token": token} if (token := (tokens or {}).get(ends.business)) else {}
        if ends.was_refused:
            rows.append({**row, "refused": True})
        changed = {asset: end for asset, end in found.items() if before.get(asset) != end}
        gone = [
            asset
            for asset, end in before.items()
            if asset not in found
            and (
                ((ends.is_told or end <= now) and is_shown(live, asset, ends.business))
                or (asset and asset not in live.assets and (ends.business, asset.kind) in whole and now < end - EARLY)
            )
        ]
        rows += [{**row, "asset": _node(asset), "expires_at": end.isoformat()} for asset, end in changed.items()]
        rows += [{**row, "asset": _node(asset), "expires_at": None} for asset in gone]
    return sorted(rows, key=lambda row: (row["business"], row.get("asset", "")))


def is_shown(live: Access, asset: Asset | None, business: str) -> bool:
    """Tell whether Meta showed an asset to a business, which it has done where the business itself was read."""
    if asset is None:
        return business in live.businesses
    access = live.assets.get(asset)
    if access is None or access.unreadable:
        return False
    return access.owner == business if access.side is Side.OWNER else business in access.grants


def day(moment: datetime) -> str:
    """Return `4 May 2027`, of the day in UTC, the same in every locale."""
    at = moment.astimezone(UTC)
    return f"{at.day} {MONTHS[at.month - 1]} {at.year}"


def _all_frozen(ends: Mapping[str, Mapping[Asset | None, datetime]]) -> Mapping[str, Mapping[Asset | None, datetime]]:
    return frozen({business: frozen(own) for business, own in ends.items()})


def _node(asset: Asset | None) -> str:
    return asset.node if asset else ""


def _asset(node: str) -> Asset | None:
    if not node:
        return None
    return Asset(Kind.AD_ACCOUNT if node.startswith("act_") else Kind.PAGE, node.removeprefix("act_"))

"""What the tokens behind a plan are foretold to lose: made from live access, written down, and read back. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from accessctl.endings import day
from accessctl.model import Asset, Ending
from accessctl.plan.nouns import BusinessRef, Losing
from accessctl.plan.refs import Names
from accessctl.plan.rowdocument import Json, asset_document, flat, read_asset, read_flat

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from accessctl.model import Access, AssetAccess
    from accessctl.plan.document import SavedPlan
    from accessctl.plan.nouns import Plan

    InScope = Callable[[AssetAccess, str], bool]


def losing_of(desired: Access, live: Access, in_scope: InScope | None = None) -> tuple[Losing, ...]:
    """Return the acting businesses and the declared assets in scope that a token loses, the next one first."""
    names, found = Names(desired, live), []
    for ending in sorted(live.endings, key=lambda one: one.order):
        acting, declared = (
            desired.businesses[ending.business],
            desired.assets.get(ending.asset) if ending.asset else None,
        )
        business = BusinessRef(acting.id, acting.alias, acting.name)
        if ending.asset is None:
            found.append(Losing(None, business, ending.at))
        elif declared and (in_scope is None or any(in_scope(declared, one) for one in ("", *declared.grants))):
            found.append(Losing(names.asset(declared), business, ending.at))
    return tuple(found)


def losing_document(losing: Losing) -> Json:
    """Return one as schemas/plan.schema.json has it."""
    return {
        "asset": asset_document(losing.asset) if losing.asset else None,
        "business": flat(losing.business),
        "expires_at": losing.expires_at.isoformat(),
    }


def read_losing(item: Json) -> Losing:
    """Return the one in an item that fits the schema. Raises ValueError for a day that no calendar has."""
    asset = read_asset(item["asset"]) if item["asset"] else None
    return Losing(asset, read_flat(BusinessRef, item["business"]), datetime.fromisoformat(item["expires_at"]))


def endings_in(plan: Plan, acts_as: Collection[str]) -> tuple[Ending, ...]:
    """Return the ends that a plan was made from, as it says itself."""
    return tuple(
        Ending(one.business.id, Asset(one.asset.kind, one.asset.id) if one.asset else None, one.expires_at)
        for one in plan.losing
        if one.business.id in acts_as
    )


def lost_since(saved: SavedPlan, noted: Iterable[Ending], now: datetime) -> str:
    """Say which action's token has lost what it needs since the plan was made; empty where none has.

    `noted` are ends that were foretold elsewhere, perhaps after the plan was made.
    """
    aliases = {one.id: one.alias for one in saved.origin.acts_as}
    ends = {*endings_in(saved.plan, aliases), *noted}
    for end in sorted(ends, key=lambda one: one.order):
        if not saved.created_at < end.at <= now:
            continue
        for action in saved.plan.actions:
            same = end.asset in (None, Asset(action.asset.kind, action.asset.id))
            if same and action.via == aliases.get(end.business):
                what = end.asset.node if end.asset else "its business"
                return f"{action.id}: the token of {action.via} lost {what} on {day(end.at)}, after this plan was made"
    return ""

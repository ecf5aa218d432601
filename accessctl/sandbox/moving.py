"""A listing that moves while it is read: its first asset goes, or a new one comes before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.sandbox.paging import order
from accessctl.sandbox.world import AD_ACCOUNT, PAGE, Asset

if TYPE_CHECKING:
    from accessctl.sandbox.call import Call
    from accessctl.sandbox.world import World

MOVES = frozenset({"remove_first", "add_first"})


def moved(do: str, world: World, call: Call) -> World:
    """Return the world after the move that a mishap asks for; as it is where the call reads no such listing."""
    rows = _rows(world, call)
    if do not in MOVES or not rows:
        return world
    first = min(rows, key=lambda asset: order(asset.id))
    if do == "remove_first":
        return world.without_asset(first.id)
    fresh = _before(world, first)
    return world.with_assets([fresh] if fresh else [])


def _rows(world: World, call: Call) -> list[Asset]:
    """List the assets that the listing called for has."""
    if len(call.steps) != 2:
        return []
    business, edge = call.steps
    kinds = [kind for kind, word in ((AD_ACCOUNT, "ad_accounts"), (PAGE, "pages")) if edge.endswith(word)]
    return [
        asset
        for asset in world.assets.values()
        if asset.kind in kinds
        and asset.is_listed
        and (asset.owner == business if edge.startswith("owned") else business in asset.seen)
    ]


def _before(world: World, first: Asset) -> Asset | None:
    """Return a new asset whose id is the next free one below, or None where there is none left."""
    prefix = "act_" if first.kind == AD_ACCOUNT else ""
    for number in range(int(first.id.removeprefix("act_")) - 1, 0, -1):
        node = f"{prefix}{number}"
        if node not in world.assets and node not in world.businesses and node not in world.gone:
            return Asset(first.kind, node, f"New {number}", first.owner, first.agencies)
    return None

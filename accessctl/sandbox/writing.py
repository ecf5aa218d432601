"""Carries a write out: who may, the change itself, the log, the clock, and when reads will see it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from accessctl.sandbox.app_edges import need_tier
from accessctl.sandbox.closed import check_open
from accessctl.sandbox.edges_read import own_business
from accessctl.sandbox.edges_write import WRITES, Change
from accessctl.sandbox.ending import without_ends
from accessctl.sandbox.nodes import BUSINESS
from accessctl.sandbox.reading import find
from accessctl.sandbox.wire import Refusal, unseen
from accessctl.sandbox.world import World, Write

if TYPE_CHECKING:
    from datetime import datetime

    from accessctl.sandbox.call import View


def write(view: View, now: datetime) -> tuple[World, dict[str, Any]]:
    """Return the world after the write, and the answer. Raise Refusal, with nothing changed."""
    steps, method = view.call.steps, view.call.method
    if len(steps) != 2 and not (len(steps) == 1 and steps[0] in view.world.obo_requests):
        raise unseen(view.call.path)
    row = find(view, steps[0])
    carry_out = WRITES.get((method, row.type.kind, "".join(steps[1:])))
    if carry_out is None:
        raise unseen(view.call.path)
    if row.type.kind == BUSINESS:
        own_business(view, row)
    if view.caller.role != "admin":
        raise Refusal(200, "(#200) An employee's token may read, not write: the caller must be an admin")
    need_tier(view, row.type.kind)
    check_open(view.world.quirks, method, row.type.kind, "".join(steps[1:]))
    change = carry_out(view, row, now)
    return commit(view, change, now), dict(change.answer)


def commit(view: View, change: Change, now: datetime) -> World:
    """Put a change into the world, log it, move the sandbox's clock."""
    world, call = view.world, view.call
    logged = Write(
        len(world.writes) + 1,
        now,
        call.method,
        call.path,
        call.params,
        view.caller.business,
        change.asset,
        change.agency,
        change.before,
        change.after,
    )
    lag = world.quirks.lag_reads
    assets = [replace(a, shown=world.assets[a.id].seen, lag=lag) if lag else a for a in change.assets]
    changed = replace(world.with_assets(assets), writes=(*world.writes, logged)).ticked()
    changed = changed.with_obo(change.obo) if change.obo else changed
    return without_ends(changed.without_asset(change.gone), change.gone) if change.gone else changed


def after_read(view: View) -> World:
    """Return the world after a read: what was written before comes nearer to being seen.

    Reading an asset's agencies counts for that asset, listing anything of a business for all assets.
    """
    steps, world = view.call.steps, view.world
    if not world.quirks.lag_reads:
        return world
    if steps and steps[0] in world.assets:
        shows = "agencies" in steps or "agencies" in view.call.params.get("fields", "")
        looked_at = [world.assets[steps[0]]] if shows else []
    else:
        looked_at = list(world.assets.values()) if len(steps) == 2 else []
    waiting = [replace(asset, lag=asset.lag - 1) for asset in looked_at if asset.lag]
    return world.with_assets(waiting) if waiting else world

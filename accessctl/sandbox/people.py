"""The people at Meta's end, who answer requests and change things by hand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from accessctl.sandbox.edges_write import with_pair
from accessctl.sandbox.obo import APPROVED, DECLINED, OboRequest
from accessctl.sandbox.vocabulary import granted
from accessctl.sandbox.world import CONFIRMED, Asset, Pair, World, WorldError

if TYPE_CHECKING:
    from datetime import datetime

CLIENT = "client"
SECOND_ADMIN = "second_admin"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A pair that waits for a person: `waits_for` is `client` or `second_admin`, both at the owner's."""

    asset: str
    business: str
    owner: str
    tasks: tuple[str, ...]
    waits_for: str
    since: datetime | None


def pending(world: World) -> tuple[Waiting, ...]:
    """List what waits for whom, by asset and business."""
    found = []
    for asset in world.assets.values():
        for business, pair in asset.agencies.items():
            if pair.is_pending:
                found.append(Waiting(asset.id, business, asset.owner, pair.tasks, CLIENT, pair.requested))
        for business, pair in asset.approvals.items():
            found.append(Waiting(asset.id, business, asset.owner, pair.tasks, SECOND_ADMIN, pair.updated))
    return tuple(sorted(found, key=lambda one: (one.asset, one.business, one.waits_for)))


def accept(world: World, asset_id: str, business: str, now: datetime) -> World:
    """Confirm a pending request with the tasks asked for. Raise WorldError where none waits."""
    asset = find_asset(world, asset_id)
    pair = asset.agencies.get(business)
    if pair is None or not pair.is_pending:
        raise _nothing_waits(asset, business, "request", "accept")
    return _with(world, asset, business, replace(pair, tasks=granted(asset, pair.tasks), status=CONFIRMED, updated=now))


def approve(world: World, asset_id: str, business: str, now: datetime) -> World:
    """Put a grant into force that waits for a second admin. Raise WorldError where none waits."""
    asset = find_asset(world, asset_id)
    pair = asset.approvals.get(business)
    if pair is None:
        raise _nothing_waits(asset, business, "grant", "approve")
    return _with(world, asset, business, replace(pair, updated=now))


def decline(world: World, asset_id: str, business: str) -> World:
    """Turn down what waits: first a grant that needs a second admin, else a request."""
    asset = find_asset(world, asset_id)
    pair = asset.agencies.get(business)
    if business in asset.approvals:
        return _with(world, asset, business, pair)
    if pair is None or not pair.is_pending:
        raise _nothing_waits(asset, business, "request or grant", "decline")
    return _with(world, asset, business, None)


def answer_obo(world: World, request_id: str, *, is_yes: bool) -> World:
    """Let the business that got an on-behalf-of request answer it. Raise WorldError where it waits no more."""
    request = world.obo_requests.get(request_id)
    if request is None:
        raise WorldError(f"no on-behalf-of request {request_id} in this world", "name one of obo_requests")
    if not request.waits:
        raise WorldError(f"on-behalf-of request {request_id} has ended: {request.status}", "nobody can answer it")
    return world.with_obo(replace(request, status=APPROVED if is_yes else DECLINED))


def pending_obo(world: World) -> tuple[OboRequest, ...]:
    """List the on-behalf-of requests that wait for an answer, by id."""
    return tuple(sorted((one for one in world.obo_requests.values() if one.waits), key=lambda one: one.id))


def give(world: World, asset_id: str, business: str, tasks: tuple[str, ...], now: datetime) -> World:
    """Give access by hand, whatever was there before. Raise WorldError for who cannot have it."""
    asset = find_asset(world, asset_id)
    if business not in world.businesses or business == asset.owner:
        raise WorldError(f"{asset.id} cannot be given to business {business}", "name another business of this world")
    return _with(world, asset, business, Pair(granted(asset, tasks), CONFIRMED, now, now))


def take(world: World, asset_id: str, business: str) -> World:
    """Take access away by hand. Raise WorldError where there is none."""
    asset = find_asset(world, asset_id)
    if business not in asset.agencies:
        raise WorldError(f"{asset.id} is not shared with business {business}", "nothing is to be taken away")
    return _with(world, asset, business, None)


def find_asset(world: World, asset_id: str) -> Asset:
    """Return a Page by its id, an ad account by its id with or without `act_`. Raise WorldError."""
    asset = world.assets.get(asset_id) or world.assets.get("act_" + asset_id)
    if asset is None:
        raise WorldError(f"no asset {asset_id} in this world", "name a Page's id, or act_ and an ad account's id")
    return asset


def _with(world: World, asset: Asset, business: str, pair: Pair | None) -> World:
    return world.with_assets([with_pair(asset, business, pair)])


def _nothing_waits(asset: Asset, business: str, what: str, act: str) -> WorldError:
    return WorldError(
        f"no {what} of business {business} waits on {asset.id}",
        f"accessctl sandbox {act} WORLD.yaml, without ids, lists what waits",
    )

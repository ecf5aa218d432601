"""A whole world as canonical JSON, and back: the world file's own keys, and beside them what has happened."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from accessctl.sandbox.spot import Spot, time_text
from accessctl.sandbox.world import AD_ACCOUNT, Asset, Mishap, Pair, World, WorldError, Write, frozen
from accessctl.sandbox.worldfile import world_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_HINT = "start again from the world file: accessctl sandbox reset"


def world_to_json(world: World) -> str:
    """Return canonical JSON: sorted keys, one line an entry, a newline at the end."""
    tree = {
        "version": 1,
        "businesses": {b.id: _plain(b, "id") for b in world.businesses.values()},
        "tokens": {key: _plain(token) for key, token in world.tokens.items()},
        "ad_accounts": {a.id[4:]: _asset(a) for a in world.assets.values() if a.kind == AD_ACCOUNT},
        "pages": {a.id: _asset(a) for a in world.assets.values() if a.kind != AD_ACCOUNT},
        "quirks": _plain(world.quirks),
        "faults": [{"match": m.match, "nth": m.nth, "do": m.do} for m in world.mishaps],
        "state": {
            "mishaps": [[m.seen, m.done] for m in world.mishaps],
            "assets": {a.id: kept for a in world.assets.values() if (kept := _happened(a))},
            "writes": [_write(write) for write in world.writes],
        },
    }
    if world.now is not None:
        tree["now"] = time_text(world.now)
    if world.app_secret:
        tree["app_secret"] = world.app_secret
    return json.dumps(tree, sort_keys=True, indent=1, ensure_ascii=True) + "\n"


def world_from_json(text: str, name: str = "saved world") -> World:
    """Read what `world_to_json` wrote. Raise WorldError, which names `name`, for anything else."""
    try:
        tree = json.loads(text)
        state = tree.pop("state")
        return _with_state(world_of(tree, name), state)
    except WorldError as error:
        raise WorldError(error.what, _HINT) from None
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        raise WorldError(f"{name}: not a saved world that can be read", _HINT) from None


def _plain(value: Any, *but: str) -> dict[str, Any]:
    return {f.name: getattr(value, f.name) for f in fields(value) if f.name not in but}


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else time_text(moment)


def _pair(pair: Pair) -> dict[str, Any]:
    tree = {
        "tasks": list(pair.tasks),
        "status": pair.status,
        "requested": _time(pair.requested),
        "updated": _time(pair.updated),
    }
    return {key: value for key, value in tree.items() if value is not None}


def _pairs(pairs: Mapping[str, Pair]) -> dict[str, Any]:
    return {business: _pair(pair) for business, pair in pairs.items()}


def _asset(asset: Asset) -> dict[str, Any]:
    tree: dict[str, Any] = {"name": asset.name, "owner": asset.owner, "agencies": _pairs(asset.agencies)}
    if asset.fault:
        tree["fault"] = _plain(asset.fault)
    switches = ["admin_approval", "hidden"]
    if asset.kind != AD_ACCOUNT:
        switches += ["new_experience", "page_token"]
    return tree | {switch: getattr(asset, switch) for switch in switches}


def _happened(asset: Asset) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    if asset.approvals:
        tree["approvals"] = _pairs(asset.approvals)
    if asset.lag:
        tree |= {"lag": asset.lag, "shown": _pairs(asset.shown)}
    return tree


def _write(write: Write) -> dict[str, Any]:
    tree = _plain(write) | {"at": time_text(write.at), "params": dict(write.params)}
    return tree | {key: pair and _pair(pair) for key, pair in (("before", write.before), ("after", write.after))}


def _with_state(world: World, state: Any) -> World:
    counts = state["mishaps"]
    mishaps = [
        replace(m, seen=int(seen), done=bool(done)) for m, (seen, done) in zip(world.mishaps, counts, strict=True)
    ]
    assets = [_with_happened(world.assets[node], tree) for node, tree in state["assets"].items()]
    writes = tuple(_write_of(tree) for tree in state["writes"])
    return replace(world.with_assets(assets), mishaps=tuple[Mishap, ...](mishaps), writes=writes)


def _with_happened(asset: Asset, tree: dict[str, Any]) -> Asset:
    return replace(
        asset,
        approvals=_pairs_of(tree.get("approvals", {})),
        shown=_pairs_of(tree.get("shown", {})),
        lag=int(tree.get("lag", 0)),
    )


def _pairs_of(tree: Mapping[str, Any]) -> Mapping[str, Pair]:
    return frozen({business: _pair_of(pair) for business, pair in tree.items()})


def _pair_of(tree: dict[str, Any]) -> Pair:
    times = {key: Spot(tree[key], "saved world", key).moment() for key in ("requested", "updated") if key in tree}
    return Pair(tuple(tree["tasks"]), tree["status"], times.get("requested"), times.get("updated"))


def _write_of(tree: dict[str, Any]) -> Write:
    at = Spot(tree["at"], "saved world", "at").moment()
    assert at is not None
    pairs = {key: _pair_of(tree[key]) if tree[key] else None for key in ("before", "after")}
    return Write(**{**tree, **pairs, "at": at, "params": frozen(tree["params"])})

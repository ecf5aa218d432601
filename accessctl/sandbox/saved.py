"""A whole world as canonical JSON, and back: the world file's own keys, and beside them what has happened."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, TypeVar

from accessctl.sandbox.appfile import app_tree, system_users_tree
from accessctl.sandbox.closed import closed_tree
from accessctl.sandbox.obofile import obo_tree
from accessctl.sandbox.spot import Spot, time_text
from accessctl.sandbox.world import AD_ACCOUNT, Asset, Business, Mishap, Pair, Token, World, WorldError, Write, frozen
from accessctl.sandbox.worldfile import world_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

N = TypeVar("N")

_HINT = "start again from the world file: accessctl sandbox reset"


class Texts:
    """Remembers how assets and writes were written, for as long as they are the same ones: few change at a time."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[object, str]] = {}

    def of(self, key: str, noun: N, tree_of: Callable[[N], Any]) -> str:
        """Return one noun as JSON in one line; `key` names its place in the world."""
        known = self._known.get(key)
        if known is None or known[0] is not noun:
            known = self._known[key] = (noun, _line(tree_of(noun)))
        return known[1]


def world_to_json(world: World, texts: Texts | None = None) -> str:
    """Return canonical JSON: sorted keys, one line an asset and a write, a newline at the end.

    Whoever writes the same world again and again hands the same `texts` in.
    """
    texts = texts or Texts()
    assets = {a.id: texts.of(a.id, a, _asset) for a in world.assets.values()}
    accounts = {a.id[4:]: assets[a.id] for a in world.assets.values() if a.kind == AD_ACCOUNT}
    pages = {a.id: assets[a.id] for a in world.assets.values() if a.kind != AD_ACCOUNT}
    state = {
        "mishaps": _line([[m.seen, m.done] for m in world.mishaps]),
        "assets": _line({a.id: kept for a in world.assets.values() if (kept := _happened(a))}),
        "writes": "[" + ",\n".join(texts.of(f"write {w.n}", w, _write) for w in world.writes) + "]",
    }
    whole = {"ad_accounts": _lines(accounts), "pages": _lines(pages), "state": _lines(state)}
    return _lines(whole | {key: _line(value) for key, value in _rest(world).items()}) + "\n"


def _line(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=True)


def _lines(texts: Mapping[str, str]) -> str:
    """Write a map of which the values are written already, in the order of its keys."""
    return "{\n" + ",\n".join(f"{_line(key)}: {texts[key]}" for key in sorted(texts)) + "\n}"


def _rest(world: World) -> dict[str, Any]:
    tree: dict[str, Any] = {
        "version": 1,
        "businesses": {b.id: _business(b) for b in world.businesses.values()},
        "tokens": {key: _token(token) for key, token in world.tokens.items()},
        "quirks": _plain(world.quirks) | {"closed": closed_tree(world.quirks.closed)},
        "gone": list(world.gone),
        "acts_with": dict(world.acts_with),
        "faults": [_mishap(mishap) for mishap in world.mishaps],
        "app": app_tree(world.app),
    }
    if world.now is not None:
        tree["now"] = time_text(world.now)
    if world.app_secret:
        tree["app_secret"] = world.app_secret
    if world.obo_requests:
        tree["obo_requests"] = obo_tree(world.obo_requests)
    return tree


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


def _business(business: Business) -> dict[str, Any]:
    tree = _plain(business, "id") | {"system_users": system_users_tree(business.system_users)}
    tree["unverified_until"] = _time(business.unverified_until)
    return {key: value for key, value in tree.items() if value is not None}


def _token(token: Token) -> dict[str, Any]:
    tree: dict[str, Any] = _plain(token, "targets") | {"scopes": list(token.scopes), "app": app_tree(token.app)}
    tree |= {"expires": _time(token.expires), "data_access_expires": _time(token.data_access_expires)}
    tree["access_expires"] = {key: time_text(end) for key, end in token.access_expires.items()} or None
    tree["not_granted"] = dict(token.not_granted) or None
    if token.targets is not None:
        tree["granular_scopes"] = {scope: list(ids) for scope, ids in token.targets.items()}
    return {key: value for key, value in tree.items() if value is not None and value != ""}


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


def _mishap(mishap: Mishap) -> dict[str, Any]:
    tree = {"match": mishap.match, "nth": mishap.nth, "do": mishap.do}
    return tree | ({"seconds": mishap.seconds} if mishap.seconds else {})


def _asset(asset: Asset) -> dict[str, Any]:
    tree: dict[str, Any] = {"name": asset.name, "agencies": _pairs(asset.agencies)}
    tree |= {"owner": asset.owner} if asset.owner else {"personal": True}
    if asset.fault:
        tree["fault"] = _plain(asset.fault)
    for rare in ("visible_to", "partners_miss"):
        if getattr(asset, rare):
            tree[rare] = list(getattr(asset, rare))
    if asset.partners_invent:
        tree["partners_invent"] = {key: list(tasks) for key, tasks in asset.partners_invent.items()}
    switches = ["admin_approval", "hidden", "unlisted"]
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

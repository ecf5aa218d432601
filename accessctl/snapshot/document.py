"""A snapshot as a JSON document (schemas/snapshot.schema.json): the same state gives the same bytes."""

from __future__ import annotations

import json
from dataclasses import asdict, fields, replace
from typing import TYPE_CHECKING, Any

from accessctl.model import Cost
from accessctl.snapshot.nouns import FORMAT_VERSION, Snapshot
from accessctl.strictjson import sha256_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accessctl.model import Asset, AssetAccess, ClosedEdge, Ending, Grant, Remembered

Json = dict[str, Any]

OUTSIDE_THE_DIGEST = frozenset({"digest", "taken_at"})
COSTS = frozenset(field.name for field in fields(Cost))


def sealed(snapshot: Snapshot) -> Snapshot:
    """Return the snapshot with its digest."""
    return replace(snapshot, digest=digest(to_document(snapshot)))


def digest(document: Mapping[str, Any]) -> str:
    """Return the sha256 over the canonical content without its time, what it cost, and the digest itself."""
    content = {key: value for key, value in document.items() if key not in OUTSIDE_THE_DIGEST}
    if isinstance(graph := content.get("graph"), dict):
        content["graph"] = {key: value for key, value in graph.items() if key not in COSTS}
    return sha256_of(content)


def to_text(snapshot: Snapshot) -> str:
    """Return the snapshot file: keys sorted, an asset a line, so that two of them compare line by line."""
    encode = json.JSONEncoder(sort_keys=True, ensure_ascii=True, allow_nan=False).encode
    parts = (f"{encode(key)}: {_lines(value, encode)}" for key, value in sorted(to_document(snapshot).items()))
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _lines(value: object, encode: Any) -> str:
    if not isinstance(value, list) or not value:
        return str(encode(value))
    return "[\n" + ",\n".join(map(encode, value)) + "\n]"


def to_document(snapshot: Snapshot) -> Json:
    """Return the snapshot as schemas/snapshot.schema.json describes it."""
    live = snapshot.live
    return {
        "format_version": FORMAT_VERSION,
        "tool_version": snapshot.tool_version,
        "digest": snapshot.digest,
        "taken_at": snapshot.taken_at.isoformat(),
        "graph": {"version": snapshot.graph_version, "url": snapshot.graph_url} | asdict(snapshot.cost),
        "acts_as": [{"id": one.id, "alias": one.alias, "name": one.name} for one in snapshot.acts_as],
        "sides": [
            {"business": look.business, "side": look.side, "kinds": list(look.kinds)} for look in sorted(snapshot.looks)
        ],
        "complete": snapshot.is_complete,
        "businesses": [{"id": one.id, "name": one.name} for _, one in sorted(live.businesses.items())],
        "assets": [_asset(access) for _, access in sorted(live.assets.items())],
        "gaps": [
            {"business": gap.business, "side": gap.side, "kind": gap.kind, "reason": gap.reason}
            for gap in sorted(live.gaps)
        ],
        "notes": list(live.notes),
        **_filled(closed=[_closed(one) for one in sorted(live.closed)]),
        **_filled(endings=[_ending(one) for one in sorted(live.endings, key=lambda one: one.order)]),
        "remembered": [_memory(pair, memory) for pair, memory in sorted(snapshot.remembered.items(), key=_pair)],
    }


def _pair(item: tuple[tuple[Asset, str], Remembered]) -> tuple[Asset, str]:
    return item[0]


def _ending(ending: Ending) -> Json:
    asset = {"kind": ending.asset.kind, "id": ending.asset.id} if ending.asset else {}
    return {"business": ending.business, "at": ending.at.isoformat(), **asset}


def _closed(closed: ClosedEdge) -> Json:
    return {"business": closed.business, "edge": closed.edge, "code": closed.code, "at": closed.at.isoformat()}


def _asset(access: AssetAccess) -> Json:
    return {
        "kind": access.asset.kind,
        "id": access.asset.id,
        "side": access.side,
        "grants": [_grant(agency, grant) for agency, grant in sorted(access.grants.items())],
        **_filled(owner=access.owner, name=access.name, unreadable=access.unreadable, reason_code=access.reason_code),
    }


def _grant(agency: str, grant: Grant) -> Json:
    return {
        "agency": agency,
        "status": grant.status,
        "tasks": sorted(grant.tasks),
        **_filled(
            detail=grant.detail,
            since=grant.since.isoformat() if grant.since else "",
            awaiting=sorted(grant.awaiting),
        ),
    }


def _memory(pair: tuple[Asset, str], memory: Remembered) -> Json:
    asset, agency = pair
    status, tasks = memory.before
    return {
        "kind": asset.kind,
        "id": asset.id,
        "agency": agency,
        "since": memory.since.isoformat(),
        "before": {"status": status, "tasks": sorted(tasks)},
        **_filled(
            plan=memory.plan,
            is_request=memory.is_request,
            is_doubtful=memory.is_doubtful,
            awaiting=sorted(memory.awaiting),
        ),
    }


def _filled(**optional: Any) -> Json:
    """The parts that say something."""
    return {key: value for key, value in optional.items() if value}

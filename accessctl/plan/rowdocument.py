"""The actions and rows of a plan as JSON, by schemas/plan.schema.json, and back. Pure."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from accessctl.model import Kind, Status
from accessctl.plan.nouns import Action, AssetRef, BusinessRef, Reason, Row, Source, State, Verb

if TYPE_CHECKING:
    from accessctl.plan.nouns import Held, Summary

T = TypeVar("T")
Json = dict[str, Any]


def asset_document(asset: AssetRef) -> Json:
    """Return an asset as the schema has it, without labels where it has none."""
    plain = {"kind": asset.kind, "id": asset.id, "alias": asset.alias, "name": asset.name}
    return plain | ({"labels": dict(asset.labels)} if asset.labels else {})


def flat(noun: BusinessRef | Summary | Reason | Held) -> Json:
    """Return a noun whose parts are all plain."""
    return {field.name: getattr(noun, field.name) for field in fields(noun)}


def _filled(noun: State | Source) -> Json:
    """A noun without the optional parts that say nothing."""
    optional = {"server_added", "detail", "rule", "profile", "until", "reason"}
    shown = {field.name: getattr(noun, field.name) for field in fields(noun)}
    return {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in shown.items()
        if value or key not in optional
    }


def action_document(action: Action) -> Json:
    """Return an action as the schema has it."""
    return {
        "id": action.id,
        "action": action.verb,
        "asset": asset_document(action.asset),
        "agency": flat(action.agency),
        "owner": action.owner,
        "via": action.via,
        "before": _filled(action.before),
        "after": _filled(action.after),
        "reason": flat(action.reason),
        "sources": [_filled(source) for source in action.sources],
        "risk": list(action.risk),
        "replace_with_gap": action.replace_with_gap,
    }


def row_document(row: Row) -> Json:
    """Return a row as the schema has it."""
    times = {"since": row.since, "stale_at": row.stale_at}
    return {
        "asset": asset_document(row.asset),
        "agency": flat(row.agency) if row.agency else None,
        "via": row.via,
        "before": _filled(row.before),
        "reason": flat(row.reason),
        "sources": [_filled(source) for source in row.sources],
        **({"after": _filled(row.after)} if row.after else {}),
        **{key: time.isoformat() for key, time in times.items() if time},
    }


def read_flat(noun: type[T], item: Json) -> T:
    """Build a flat noun; keys of a later minor version are ignored."""
    known = {field.name for field in fields(noun)}  # type: ignore[arg-type]
    return noun(**{key: value for key, value in item.items() if key in known})


def read_asset(item: Json) -> AssetRef:
    """Return the asset in an item that fits the schema."""
    labels = tuple(sorted(item.get("labels", {}).items()))
    return AssetRef(Kind(item["kind"]), item["id"], item["alias"], item["name"], labels)


def _read_state(item: Json) -> State:
    added = tuple(item.get("server_added", ()))
    return State(Status(item["status"]), tuple(item["tasks"]), added, item.get("detail", ""))


def read_action(item: Json) -> Action:
    """Return the action in an item that fits the schema."""
    return Action(
        verb=Verb(item["action"]),
        asset=read_asset(item["asset"]),
        agency=read_flat(BusinessRef, item["agency"]),
        owner=item["owner"],
        via=item["via"],
        before=_read_state(item["before"]),
        after=_read_state(item["after"]),
        reason=read_flat(Reason, item["reason"]),
        sources=tuple(read_flat(Source, source) for source in item["sources"]),
        risk=tuple(item["risk"]),
        replace_with_gap=item["replace_with_gap"],
    )


def read_row(item: Json) -> Row:
    """Return the row in an item that fits the schema. Raises ValueError for a day that no calendar has."""

    def time(key: str) -> datetime | None:
        return datetime.fromisoformat(item[key]) if key in item else None

    return Row(
        asset=read_asset(item["asset"]),
        agency=read_flat(BusinessRef, item["agency"]) if item["agency"] else None,
        via=item["via"],
        before=_read_state(item["before"]),
        reason=read_flat(Reason, item["reason"]),
        after=_read_state(item["after"]) if "after" in item else None,
        sources=tuple(read_flat(Source, source) for source in item["sources"]),
        since=time("since"),
        stale_at=time("stale_at"),
    )

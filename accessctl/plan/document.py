"""A plan as a JSON document (schemas/plan.schema.json) and back, with the digest that binds the two. Pure."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from accessctl import __version__
from accessctl.model import Cost, Kind, Status
from accessctl.plan.nouns import (
    FORMAT_VERSION,
    Action,
    AssetRef,
    BusinessRef,
    Origin,
    Plan,
    Reason,
    Row,
    Scope,
    SnapshotRef,
    Source,
    State,
    Summary,
    Verb,
    Verdict,
)
from accessctl.strictjson import sha256_of

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T")
Json = dict[str, Any]

# What says when and at what cost, not what: it moves with the clock and is no part of what a reviewer agrees to.
OUTSIDE_THE_DIGEST = frozenset({"digest", "created_at"})
OUTSIDE_INSIDE = {"graph": frozenset(field.name for field in fields(Cost)), "snapshot": frozenset({"taken_at"})}


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A plan with all that apply must hold it against. `digest` is `sha256:` and 64 hex digits.

    `cost` is what reading live access took, None where nobody counted or a snapshot was used instead.
    """

    plan: Plan
    origin: Origin
    verdict: Verdict
    created_at: datetime
    tool_version: str
    digest: str
    cost: Cost | None = None
    format_version: str = FORMAT_VERSION

    @property
    def read_at(self) -> datetime:
        """When live access was as this plan has it: what was sent since, the plan does not know of."""
        snapshot = self.origin.snapshot
        return min(snapshot.taken_at, self.created_at) if snapshot else self.created_at


def save(plan: Plan, origin: Origin, verdict: Verdict, created_at: datetime, cost: Cost | None = None) -> SavedPlan:
    """Bind a plan to its origin and compute its digest."""
    draft = SavedPlan(plan, origin, verdict, created_at, __version__, "", cost)
    return replace(draft, digest=digest(to_document(draft)))


def digest(document: Mapping[str, Any]) -> str:
    """Return the sha256 over the canonical content without time stamps, costs and the digest itself."""
    content = {key: value for key, value in document.items() if key not in OUTSIDE_THE_DIGEST}
    for key, outside in OUTSIDE_INSIDE.items():
        if isinstance(part := content.get(key), dict):
            content[key] = {name: value for name, value in part.items() if name not in outside}
    return sha256_of(content)


def to_text(saved: SavedPlan) -> str:
    """Return the plan file: the same bytes for the same plan."""
    return json.dumps(to_document(saved), sort_keys=True, indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def to_document(saved: SavedPlan) -> Json:
    """Return the plan as schemas/plan.schema.json describes it."""
    plan, origin = saved.plan, saved.origin
    return {
        "format_version": saved.format_version,
        "tool_version": saved.tool_version,
        "digest": saved.digest,
        "created_at": saved.created_at.isoformat(),
        "manifests": {"digest": origin.manifests_digest, "files": list(origin.manifest_files)},
        "graph": {
            "version": origin.graph_version,
            "url": origin.graph_url,
            **(asdict(saved.cost) if saved.cost else {}),
        },
        **({"snapshot": _snapshot(origin.snapshot)} if origin.snapshot else {}),
        "acts_as": [_flat(business) for business in origin.acts_as],
        "scope": _scope(origin.scope),
        "actions": [_action(action) for action in plan.actions],
        "waiting": [_row(row) for row in plan.waiting],
        "blocked": [_row(row) for row in plan.blocked],
        "unmanaged": [_row(row) for row in plan.unmanaged],
        "summary": _flat(plan.summary),
        "headlines": list(plan.headlines),
        "warnings": list(plan.warnings),
        "unread": list(plan.unread),
        "guards": {"verdict": saved.verdict.word, "reasons": list(saved.verdict.reasons)},
    }


def from_document(document: Json) -> SavedPlan:
    """Read a document that fits schemas/plan.schema.json back into a plan.

    Shape is the schema's business and the digest is the caller's: check both first.
    """
    return SavedPlan(
        plan=Plan(
            actions=tuple(_read_action(item) for item in document["actions"]),
            waiting=tuple(_read_row(item) for item in document["waiting"]),
            blocked=tuple(_read_row(item) for item in document["blocked"]),
            unmanaged=tuple(_read_row(item) for item in document["unmanaged"]),
            summary=_read(Summary, document["summary"]),
            headlines=tuple(document["headlines"]),
            warnings=tuple(document["warnings"]),
            unread=tuple(document["unread"]),
        ),
        origin=Origin(
            manifests_digest=document["manifests"]["digest"],
            manifest_files=tuple(document["manifests"]["files"]),
            graph_version=document["graph"]["version"],
            graph_url=document["graph"]["url"],
            acts_as=tuple(_read(BusinessRef, item) for item in document["acts_as"]),
            scope=_read_scope(document["scope"]),
            snapshot=_read_snapshot(document["snapshot"]) if "snapshot" in document else None,
        ),
        verdict=Verdict(tuple(document["guards"]["reasons"])),
        created_at=datetime.fromisoformat(document["created_at"]),
        tool_version=document["tool_version"],
        digest=document["digest"],
        cost=_read(Cost, document["graph"]) if "calls" in document["graph"] else None,
        format_version=document["format_version"],
    )


def _flat(noun: BusinessRef | AssetRef | Summary | Reason) -> Json:
    return {field.name: getattr(noun, field.name) for field in fields(noun)}


def _snapshot(snapshot: SnapshotRef) -> Json:
    return {
        "taken_at": snapshot.taken_at.isoformat(),
        "digest": snapshot.digest,
        "complete": snapshot.is_complete,
    }


def _read_snapshot(item: Json) -> SnapshotRef:
    return SnapshotRef(datetime.fromisoformat(item["taken_at"]), item["digest"], item["complete"])


def _scope(scope: Scope) -> Json:
    """The selectors; what was not asked for beyond them is left out, as plans of format 1.0 have it."""
    return {
        "targets": list(scope.targets),
        "excludes": list(scope.excludes),
        **({"ask_again": list(scope.ask_again)} if scope.ask_again else {}),
        **({"replace_with_gap": True} if scope.replace_with_gap else {}),
    }


def _read_scope(item: Json) -> Scope:
    again, gap = tuple(item.get("ask_again", ())), item.get("replace_with_gap", False)
    return Scope(tuple(item["targets"]), tuple(item["excludes"]), again, gap)


def _filled(noun: State | Source) -> Json:
    """A noun without the optional parts that say nothing."""
    optional = {"server_added", "detail", "rule", "profile", "until", "reason"}
    shown = {field.name: getattr(noun, field.name) for field in fields(noun)}
    return {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in shown.items()
        if value or key not in optional
    }


def _action(action: Action) -> Json:
    return {
        "id": action.id,
        "action": action.verb,
        "asset": _flat(action.asset),
        "agency": _flat(action.agency),
        "owner": action.owner,
        "via": action.via,
        "before": _filled(action.before),
        "after": _filled(action.after),
        "reason": _flat(action.reason),
        "sources": [_filled(source) for source in action.sources],
        "risk": list(action.risk),
        "replace_with_gap": action.replace_with_gap,
    }


def _row(row: Row) -> Json:
    times = {"since": row.since, "stale_at": row.stale_at}
    return {
        "asset": _flat(row.asset),
        "agency": _flat(row.agency) if row.agency else None,
        "via": row.via,
        "before": _filled(row.before),
        "reason": _flat(row.reason),
        "sources": [_filled(source) for source in row.sources],
        **({"after": _filled(row.after)} if row.after else {}),
        **{key: time.isoformat() for key, time in times.items() if time},
    }


def _read(noun: type[T], item: Json) -> T:
    """Build a flat noun; keys of a later minor version are ignored."""
    known = {field.name for field in fields(noun)}  # type: ignore[arg-type]
    return noun(**{key: value for key, value in item.items() if key in known})


def _read_asset(item: Json) -> AssetRef:
    return AssetRef(Kind(item["kind"]), item["id"], item["alias"], item["name"])


def _read_state(item: Json) -> State:
    added = tuple(item.get("server_added", ()))
    return State(Status(item["status"]), tuple(item["tasks"]), added, item.get("detail", ""))


def _read_action(item: Json) -> Action:
    return Action(
        verb=Verb(item["action"]),
        asset=_read_asset(item["asset"]),
        agency=_read(BusinessRef, item["agency"]),
        owner=item["owner"],
        via=item["via"],
        before=_read_state(item["before"]),
        after=_read_state(item["after"]),
        reason=_read(Reason, item["reason"]),
        sources=tuple(_read(Source, source) for source in item["sources"]),
        risk=tuple(item["risk"]),
        replace_with_gap=item["replace_with_gap"],
    )


def _read_row(item: Json) -> Row:
    def time(key: str) -> datetime | None:
        return datetime.fromisoformat(item[key]) if key in item else None

    return Row(
        asset=_read_asset(item["asset"]),
        agency=_read(BusinessRef, item["agency"]) if item["agency"] else None,
        via=item["via"],
        before=_read_state(item["before"]),
        reason=_read(Reason, item["reason"]),
        after=_read_state(item["after"]) if "after" in item else None,
        sources=tuple(_read(Source, source) for source in item["sources"]),
        since=time("since"),
        stale_at=time("stale_at"),
    )

"""A plan as a JSON document (schemas/plan.schema.json) and back, with the digest that binds the two. Pure."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from accessctl import __version__
from accessctl.model import Cost
from accessctl.plan.byhand import closed_document, read_closed
from accessctl.plan.limits import limits_document, read_limits
from accessctl.plan.losing import losing_document, read_losing
from accessctl.plan.nouns import (
    FORMAT_VERSION,
    BusinessRef,
    Held,
    Origin,
    Plan,
    Scope,
    SnapshotRef,
    Summary,
    Verdict,
)
from accessctl.plan.rowdocument import action_document, flat, read_action, read_flat, read_row, row_document
from accessctl.strictjson import sha256_of

if TYPE_CHECKING:
    from collections.abc import Mapping

Json = dict[str, Any]

# What says when and at what cost, not what: it moves with the clock and is no part of what a reviewer agrees to.
OUTSIDE_THE_DIGEST = frozenset({"digest", "created_at"})
OUTSIDE_INSIDE = {"graph": frozenset(field.name for field in fields(Cost)), "snapshot": frozenset({"taken_at"})}


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A plan with all that apply must hold it against. `digest` is `sha256:` and 64 hex digits.

    `cost` is what reading live access took, None where nobody counted or a snapshot was used instead.
    `loosened` says in what the guards are looser than those of a base plan, where one was given.
    """

    plan: Plan
    origin: Origin
    verdict: Verdict
    created_at: datetime
    tool_version: str
    digest: str
    cost: Cost | None = None
    format_version: str = FORMAT_VERSION
    loosened: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What the journal calls this plan: two plans with the same content are two."""
        return f"{self.digest} {self.created_at.isoformat()}"

    @property
    def read_at(self) -> datetime:
        """When live access was as this plan has it: what was sent since, the plan does not know of."""
        snapshot = self.origin.snapshot
        return min(snapshot.taken_at, self.created_at) if snapshot else self.created_at


def save(plan: Plan, origin: Origin, verdict: Verdict, created_at: datetime, cost: Cost | None = None) -> SavedPlan:
    """Bind a plan to its origin and compute its digest."""
    return _sealed(SavedPlan(plan, origin, verdict, created_at, __version__, "", cost))


def compared(saved: SavedPlan, loosened: tuple[str, ...]) -> SavedPlan:
    """Return the plan with what is looser than in its base, said first; the digest covers it."""
    lines = (*_loosened_lines(loosened), *saved.plan.headlines)
    return _sealed(replace(saved, plan=replace(saved.plan, headlines=lines), loosened=loosened))


def without_base(saved: SavedPlan) -> Plan:
    """Return the plan without the lines that `compared` has put first."""
    lines, first = saved.plan.headlines, _loosened_lines(saved.loosened)
    return replace(saved.plan, headlines=lines[len(first) :]) if lines[: len(first)] == first else saved.plan


def _loosened_lines(loosened: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"Guards loosened since the base: {line}." for line in loosened)


def _sealed(draft: SavedPlan) -> SavedPlan:
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
        "acts_as": [flat(business) for business in origin.acts_as],
        "scope": _scope(origin.scope),
        "actions": [action_document(action) for action in plan.actions],
        "waiting": [row_document(row) for row in plan.waiting],
        "blocked": [row_document(row) for row in plan.blocked],
        "unmanaged": [row_document(row) for row in plan.unmanaged],
        "summary": flat(plan.summary),
        "headlines": list(plan.headlines),
        "warnings": list(plan.warnings),
        "unread": list(plan.unread),
        **({"held": [flat(one) for one in plan.held]} if plan.held else {}),
        **({"losing": [losing_document(one) for one in plan.losing]} if plan.losing else {}),
        **({"closed": [closed_document(one) for one in plan.closed]} if plan.closed else {}),
        "guards": _guards(saved),
    }


def from_document(document: Json) -> SavedPlan:
    """Read a document that fits schemas/plan.schema.json back into a plan.

    Shape is the schema's business and the digest is the caller's: check both first.
    """
    return SavedPlan(
        plan=Plan(
            actions=tuple(read_action(item) for item in document["actions"]),
            waiting=tuple(read_row(item) for item in document["waiting"]),
            blocked=tuple(read_row(item) for item in document["blocked"]),
            unmanaged=tuple(read_row(item) for item in document["unmanaged"]),
            summary=read_flat(Summary, document["summary"]),
            headlines=tuple(document["headlines"]),
            warnings=tuple(document["warnings"]),
            unread=tuple(document["unread"]),
            held=tuple(read_flat(Held, item) for item in document.get("held", ())),
            losing=tuple(read_losing(item) for item in document.get("losing", ())),
            closed=tuple(read_closed(item) for item in document.get("closed", ())),
        ),
        origin=Origin(
            manifests_digest=document["manifests"]["digest"],
            manifest_files=tuple(document["manifests"]["files"]),
            graph_version=document["graph"]["version"],
            graph_url=document["graph"]["url"],
            acts_as=tuple(read_flat(BusinessRef, item) for item in document["acts_as"]),
            scope=_read_scope(document["scope"]),
            snapshot=_read_snapshot(document["snapshot"]) if "snapshot" in document else None,
            limits=read_limits(document["guards"]["limits"]) if "limits" in document["guards"] else None,
        ),
        verdict=Verdict(tuple(document["guards"]["reasons"])),
        created_at=datetime.fromisoformat(document["created_at"]),
        tool_version=document["tool_version"],
        digest=document["digest"],
        cost=read_flat(Cost, document["graph"]) if "calls" in document["graph"] else None,
        format_version=document["format_version"],
        loosened=tuple(document["guards"].get("loosened", ())),
    )


def _guards(saved: SavedPlan) -> Json:
    limits, loosened = saved.origin.limits, saved.loosened
    return {
        "verdict": saved.verdict.word,
        "reasons": list(saved.verdict.reasons),
        **({"limits": limits_document(limits)} if limits else {}),
        **({"loosened": list(loosened)} if loosened else {}),
    }


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

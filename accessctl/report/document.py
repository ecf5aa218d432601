"""An access review as a JSON document (schemas/report.schema.json). Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from accessctl.report.nouns import FORMAT_VERSION, Standing
from accessctl.report.obo import requests_json
from accessctl.report.tally import held_of, standings_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accessctl.model import Contribution
    from accessctl.report.nouns import (
        Coverage,
        Covered,
        Origin,
        Report,
        ReportedAsset,
        ReportedBusiness,
        ReportedGrant,
        Share,
        Since,
        Waits,
    )

Json = dict[str, Any]


def to_text(report: Report) -> str:
    """Return the document as a person can read it, keys sorted."""
    return json.dumps(to_document(report), indent=2, sort_keys=True) + "\n"


def to_document(report: Report) -> Json:
    """Return the review as the schema describes it; nothing is shortened, and names are as they came."""
    return {
        "format_version": FORMAT_VERSION,
        **_origin(report.origin),
        "complete": report.is_whole,
        "totals": _totals(report),
        "coverage": _coverage(report.coverage) if report.coverage else None,
        "unread": list(report.unread),
        "notes": list(report.notes),
        "assets": [_asset_row(asset) for asset in report.assets],
        "agencies": [_business(agency) for agency in report.agencies],
        "grants": [_grant(grant) for grant in report.grants],
    }


def _origin(origin: Origin) -> Json:
    return {
        "tool_version": origin.tool_version,
        "way": origin.way,
        "read_at": origin.read_at.isoformat(),
        "made_at": origin.made_at.isoformat(),
        "graph": {"url": origin.graph_url, "version": origin.graph_version} if origin.graph_url else None,
        "snapshot": origin.snapshot or None,
        "manifests": {"digest": origin.manifests},
        "acts_as": [{"id": one.id, "alias": one.alias, "name": one.name} for one in origin.acts_as],
        "targets": list(origin.targets),
    }


def _totals(report: Report) -> Json:
    counts = standings_of(report)
    return {
        "rows": len(report.grants),
        "held": held_of(report),
        "agencies": len(report.agencies),
        "assets": len(report.assets),
        "standings": {standing: counts.get(standing, 0) for standing in Standing},
    }


def _coverage(coverage: Coverage) -> Json:
    return {
        "total": _covered(coverage.total),
        "by_kind": [{"kind": one.of, **_covered(one)} for one in coverage.by_kind],
        "by_market": [{"market": one.of, **_covered(one)} for one in coverage.by_market],
        "unread_assets": coverage.unread_assets,
        "unread_listings": coverage.unread_listings,
        "unknown_grants": coverage.unknown_grants,
    }


def _covered(covered: Covered) -> Json:
    return {"grants": _share(covered.grants), "assets": _share(covered.assets)}


def _share(share: Share) -> Json:
    return {"declared": share.covered, "of": share.of, "in_part": share.part}


def _asset_row(asset: ReportedAsset) -> Json:
    declared = {"file": asset.file, "line": asset.line, "exclusive": asset.exclusive}
    return {
        **_asset(asset),
        "owner": _business(asset.owner) if asset.owner.id else None,
        "labels": dict(asset.labels),
        "declared": declared if asset.is_declared else None,
        "unreadable": asset.unreadable,
    }


def _asset(asset: ReportedAsset) -> Json:
    return {
        "kind": asset.kind,
        "id": asset.id,
        "alias": asset.alias,
        "name": asset.name,
        "declared_name": asset.declared_name,
    }


def _business(business: ReportedBusiness) -> Json:
    return {
        "id": business.id,
        "alias": business.alias,
        "name": business.name,
        "declared_name": business.declared_name,
    }


def _grant(grant: ReportedGrant) -> Json:
    first, last = grant.until
    return {
        "asset": _asset(grant.asset),
        "agency": _business(grant.agency),
        "standing": grant.standing,
        "text": grant.text,
        "live": {
            "status": grant.status,
            "tasks": list(grant.tasks),
            "server_added": list(grant.server_added),
            "detail": grant.detail,
        }
        if grant.status is not None
        else None,
        "declared": {"tasks": list(grant.declared), "sources": sources_json(grant.sources)}
        if grant.is_declared
        else None,
        "missing": list(grant.missing),
        "extra": list(grant.extra),
        "since": since_json(grant.since),
        "until": {"first": first.isoformat() if first else None, "last": last.isoformat() if last else None},
        "waits": _waits(grant.waits) if grant.waits else None,
        **requests_json(grant),
    }


def sources_json(sources: Iterable[Contribution]) -> list[Json]:
    """Return the lines of manifests that give tasks to a pair."""
    return [
        {
            "file": source.place.file,
            "line": source.place.line,
            "tasks": sorted(source.tasks),
            "rule": source.rule,
            "profile": source.profile,
            "until": str(source.until or ""),
            "reason": source.reason,
            "expired": source.expired,
        }
        for source in sources
    ]


def since_json(since: Since | None) -> Json | None:
    """Return since when, None where nobody knows; `run` is empty where Meta says it."""
    return {"at": since.at.isoformat(), "what": since.what, "run": since.run} if since else None


def _waits(waits: Waits) -> Json:
    return {
        "whom": waits.whom,
        "business": {"id": waits.business.id, "alias": waits.business.alias, "name": waits.business.name},
        "do": waits.do,
        "where": waits.where,
        "since": waits.since.isoformat() if waits.since else None,
        "days": waits.days,
        "stale": waits.is_stale,
    }

"""An access review as CSV (RFC 4180, UTF-8): one row a grant, and one for whatever could not be read.

The columns are part of the format: later versions add some at the end and change none. Names are cleaned
(clean.display) and cut at 200 characters, and a cell that a spreadsheet would take for a formula has a `'` in front.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from accessctl.clean import display
from accessctl.model import Asset, Status
from accessctl.plan.refs import source_of
from accessctl.render.escape import csv_cell
from accessctl.render.names import source_name
from accessctl.report.nouns import Standing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accessctl.report.nouns import Report, ReportedAsset, ReportedBusiness, ReportedGrant

MOST = 200  # characters of a name
SENTENCE = 1_000
LONGEST = 32_000  # characters of a cell; a spreadsheet takes 32,767

# What each column holds. Days and times are ISO 8601, UTC; lists are parted by blanks.
COLUMNS = {
    "asset": "what people call the asset, with its id as Meta writes it",
    "agency": "what people call the agency, with its id; empty in a row about a whole asset or listing",
    "standing": "declared, drift, unmanaged, waiting, missing, unknown, unreadable or ended",
    "tasks": "what the agency holds live; of manifests alone, what they declare, held or not",
    "other_tasks": "what it has asked for, or was granted and waits for approval, or is listed with: see status",
    "server_added": "those of them that nobody asked for and Meta adds by itself",
    "declared_tasks": "what the manifests give it today",
    "missing_tasks": "declared and not held",
    "extra_tasks": "held and not declared",
    "status": "what Meta says of the pair; empty where nobody looked",
    "since": "when it was granted, changed or requested; empty where nobody knows",
    "since_what": "granted, changed or requested by a run of accessctl; updated or requested as Meta says",
    "since_run": "the run of accessctl; empty where Meta says it",
    "until_first": "the first day on which a part of it ends",
    "until_last": "the day on which all of it ends; empty where something has no end",
    "why": "every line of a manifest that gives it, with rule or profile, end and reason",
    "text": "how it stands, in words",
    "waits_for": "client, second_admin or us, where it waits for somebody",
    "waits_for_business": "the id of the business whose people have to act",
    "waiting_since": "since when it waits",
    "stale": "yes where it waits for longer than requests.stale_after",
    "labels": "the asset's labels, key=value",
    "asset_kind": "ad_account or page",
    "asset_id": "digits alone",
    "asset_alias": "the manifests' word for it",
    "asset_name": "its name at Meta",
    "asset_declared_name": "its name in the manifests",
    "owner_id": "the business that owns it",
    "owner_alias": "the manifests' word for that",
    "owner_name": "its name",
    "agency_id": "the agency's id",
    "agency_alias": "the manifests' word for it",
    "agency_name": "its name at Meta",
    "agency_declared_name": "its name in the manifests",
    "read_at": "when live access was read, or was as the snapshot has it",
    "way": "live, snapshot, or manifests, where nobody looked at Meta",
    "held": "yes or no: whether the agency holds anything live; empty where nobody looked or nobody knows",
    "obo_requests": "its on-behalf-of requests on the asset, id and status of each; empty too where nobody read them",
}


def report_csv(report: Report) -> str:
    """Return the file: a header, a row for each grant, then one for each asset and listing that could not be read."""
    out = io.StringIO()
    write = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\r\n")
    write.writeheader()
    for row in _rows(report):
        row |= {"read_at": report.origin.read_at.isoformat(), "way": report.origin.way}
        write.writerow({key: csv_cell(text, LONGEST if key in LONG else MOST) for key, text in row.items()})
    return out.getvalue()


HELD = {Status.CONFIRMED: "yes", Status.UNKNOWN: "", Status.UNREADABLE: ""}
LONG = frozenset(
    {"why", "text", "tasks", "other_tasks", "declared_tasks", "missing_tasks", "extra_tasks", "labels", "server_added"}
    | {"obo_requests"}
)


def _rows(report: Report) -> list[dict[str, str]]:
    rows = [_grant(grant) for grant in report.grants]
    unreadable = {"standing": Standing.UNREADABLE.value}
    rows += [
        {**_asset(asset), **unreadable, "text": display(asset.unreadable, SENTENCE)} for asset in report.unreadable
    ]
    return [*rows, *({**unreadable, "text": display(line, SENTENCE)} for line in report.unread)]


def _grant(grant: ReportedGrant) -> dict[str, str]:
    first, last = grant.until
    waits, since = grant.waits, grant.since
    return {
        **_asset(grant.asset),
        **_agency(grant.agency),
        "standing": grant.standing,
        "tasks": _tasks(grant.held),
        "other_tasks": _tasks(() if grant.held else grant.tasks),
        "server_added": _tasks(grant.server_added),
        "declared_tasks": _tasks(grant.declared),
        "missing_tasks": _tasks(grant.missing),
        "extra_tasks": _tasks(grant.extra),
        "status": grant.status or "",
        "since": since.at.isoformat() if since else "",
        "since_what": since.what if since else "",
        "since_run": since.run if since else "",
        "until_first": str(first or ""),
        "until_last": str(last or ""),
        "why": "; ".join(f"{'ended: ' * one.expired}{source_name(source_of(one))}" for one in grant.sources),
        "text": display(grant.text, SENTENCE),
        "waits_for": waits.whom if waits else "",
        "waits_for_business": waits.business.id if waits else "",
        "waiting_since": waits.since.isoformat() if waits and waits.since else "",
        "stale": "yes" if waits and waits.is_stale else "",
        "held": HELD.get(grant.status, "no") if grant.status else "",
        "obo_requests": "; ".join(f"{one.id} {display(one.status)}" for one in grant.obo or ()),
    }


def _tasks(names: Iterable[str]) -> str:
    return " ".join(display(name, 60) for name in names)


def _asset(asset: ReportedAsset) -> dict[str, str]:
    return {
        "asset": _called(asset.called or asset.alias, Asset(asset.kind, asset.id).node),
        "labels": " ".join(f"{display(key, 60)}={display(value, 60)}" for key, value in asset.labels),
        "asset_kind": asset.kind,
        "asset_id": asset.id,
        "asset_alias": asset.alias,
        "asset_name": asset.name,
        "asset_declared_name": asset.declared_name,
        "owner_id": asset.owner.id,
        "owner_alias": asset.owner.alias,
        "owner_name": asset.owner.called,
    }


def _agency(agency: ReportedBusiness) -> dict[str, str]:
    return {
        "agency": _called(agency.called or agency.alias, agency.id),
        "agency_id": agency.id,
        "agency_alias": agency.alias,
        "agency_name": agency.name,
        "agency_declared_name": agency.declared_name,
    }


def _called(name: str, number: str) -> str:
    """Return `Acme (1001)`; a name that is long is cut before the id, never after it."""
    return f"{name[: MOST - 40]}{'…' * (len(name) > MOST - 40)} ({number})" if name else number

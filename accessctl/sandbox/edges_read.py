"""The listings: which rows each edge has, who may see them, which fields only this edge gives."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from accessctl.sandbox.auth import need_scope, need_verified
from accessctl.sandbox.nodes import (
    AD_ACCOUNT_NODE,
    BUSINESS,
    BUSINESS_NODE,
    BUSINESS_USER_NODE,
    PAGE_NODE,
    SYSTEM_USER_NODE,
    USER_NODE,
    access_status,
    asset_of,
    asset_row,
    business_of,
    business_user,
    other_system_users,
    permissions,
    permitted_tasks,
    requested_time,
    system_user,
    updated_time,
)
from accessctl.sandbox.obo_edges import (
    OBO_NODE,
    in_progress,
    may_list_in_progress,
    may_see_requests,
    on_ad_account,
)
from accessctl.sandbox.rows import NodeType, Row
from accessctl.sandbox.wire import Refusal
from accessctl.sandbox.world import AD_ACCOUNT, BUSINESS_MANAGEMENT, PAGE, USER, Asset, Pair, frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from accessctl.sandbox.call import View

_NODE = {AD_ACCOUNT: AD_ACCOUNT_NODE, PAGE: PAGE_NODE}
_AGENCY = BUSINESS_NODE.having(
    {
        "permitted_tasks": permitted_tasks,
        "access_status": access_status,
        "access_requested_time": requested_time,
        "access_updated_time": updated_time,
    }
)
_PARTNER = BUSINESS_NODE.having(
    {"adaccount_permissions": permissions(AD_ACCOUNT), "page_permissions": permissions(PAGE)}
)
_HELD = {
    kind: node.having(
        {
            "permitted_tasks": lambda view, row: permitted_tasks(view, row) if row.pair else [],
            "access_type": lambda _, row: "AGENCY" if row.pair else "OWNER",
        }
    )
    for kind, node in _NODE.items()
}


def _request_type(name: str, kind: str) -> NodeType:
    fields = {
        "id": lambda _, row: row.id,
        kind: lambda _, row: asset_row(asset_of(row)),
        "permitted_tasks": permitted_tasks,
    }
    return NodeType(name, "request", frozen(fields), ("id", kind))


_REQUEST = {
    AD_ACCOUNT: _request_type("BusinessAdAccountRequest", AD_ACCOUNT),
    PAGE: _request_type("BusinessPageRequest", PAGE),
}


@dataclass(frozen=True, slots=True)
class Edge:
    """A listing under a node, of rows of one type. `guard` raises Refusal for callers who may not see it.

    `is_counted` tells whether it answers to summary=true (GRAPH_API 3.3); `is_personal`, that callers see
    different rows of it, and may filter them.
    """

    type: NodeType
    rows: Callable[[View, Row], list[Row]]
    guard: Callable[[View, Row], None]
    is_counted: bool = False
    is_personal: bool = False

    def apart(self, view: View) -> str:
        """Return what keeps this caller's listing apart from that of others; empty where all see the same."""
        return f" {view.caller.business} {view.call.params.get('status', '')}" if self.is_personal else ""


def may_see_agencies(view: View, row: Row) -> None:
    """Let through the owner and an agency with MANAGE; for a Page by Page token only (GRAPH_API 1.2)."""
    asset = asset_of(row)
    need_page_token(view, asset)
    if asset.kind == AD_ACCOUNT:
        need_scope(view.caller, "ads_read", "ads_management")
    if asset.fault:
        raise Refusal(asset.fault.code, asset.fault.message, asset.fault.subcode)
    pair = asset.seen.get(view.caller.business)
    if asset.owner != view.caller.business and not (pair and pair.is_confirmed and "MANAGE" in pair.tasks):
        raise Refusal(200, "(#200) The caller needs MANAGE on this object to see who has access")


def need_page_token(view: View, asset: Asset) -> None:
    """Raise Refusal 190 unless an agencies call on a Page comes with that Page's own token."""
    if asset.kind == PAGE and view.caller.page != asset.id:
        raise Refusal(190, "This call needs a Page access token of the Page itself")
    if asset.kind == PAGE:
        need_verified(view.caller)


def own_business(view: View, row: Row) -> None:
    """Let through system users of this very business."""
    if view.caller.page or view.caller.business != row.id:
        raise Refusal(200, "(#200) The caller needs business_management on this business")
    need_scope(view.caller, BUSINESS_MANAGEMENT)


def anybody(_view: View, _row: Row) -> None:
    """Let everybody through: a person may list what is about the person."""


def partners_open(view: View, row: Row) -> None:
    """Let through as `own_business` does, nobody where the quirk `partners` is refused."""
    if view.world.quirks.partners == "refused":
        raise Refusal(100, "(#100) The listing of agencies cannot be read")
    own_business(view, row)


def _agencies(view: View, row: Row) -> list[Row]:
    asset = asset_of(row)
    businesses = view.world.businesses
    return [
        Row(agency, _AGENCY, business=businesses[agency], asset=asset, pair=pair) for agency, pair in asset.seen.items()
    ]


def _owned(kind: str) -> Callable[[View, Row], list[Row]]:
    def rows(view: View, row: Row) -> list[Row]:
        return [
            asset_row(asset, _HELD[kind]) for asset in _visible(view) if (asset.owner, asset.kind) == (row.id, kind)
        ]

    return rows


def _held(kind: str) -> Callable[[View, Row], list[Row]]:
    def rows(view: View, row: Row) -> list[Row]:
        pairs = _pairs(view, row.id)
        return [asset_row(a, _HELD[kind], pair) for a, pair in pairs if a.kind == kind and pair.is_confirmed]

    return rows


def _pending(kind: str) -> Callable[[View, Row], list[Row]]:
    def rows(view: View, row: Row) -> list[Row]:
        return [
            Row(_request_id(asset, row.id), _REQUEST[kind], asset=asset, pair=pair)
            for asset, pair in _pairs(view, row.id)
            if asset.kind == kind and pair.is_pending
        ]

    return rows


def _request_id(asset: Asset, agency: str) -> str:
    return "7" + str(int(hashlib.sha256(f"{asset.id}/{agency}".encode()).hexdigest()[:12], 16)).zfill(15)


def _business_agencies(view: View, row: Row) -> list[Row]:
    found = defaultdict(list)
    for asset in _visible(view):
        if asset.owner == business_of(row).id:
            for agency, pair in _told(asset).items():
                found[agency].append((asset, pair))
    return _partners(view, found)


def _business_clients(view: View, row: Row) -> list[Row]:
    found, agency = defaultdict(list), business_of(row).id
    for asset in _visible(view):
        if asset.owner and (pair := _told(asset).get(agency)):
            found[asset.owner].append((asset, pair))
    return _partners(view, found)


def _told(asset: Asset) -> Mapping[str, Pair]:
    """Return an asset's agencies as businesses list them, which may be wrong."""
    if not (asset.partners_miss or asset.partners_invent):
        return asset.seen
    true = {agency: pair for agency, pair in asset.seen.items() if agency not in asset.partners_miss}
    return true | {agency: Pair(tasks) for agency, tasks in asset.partners_invent.items()}


def _partners(view: View, found: Mapping[str, list[tuple[Asset, Pair]]]) -> list[Row]:
    businesses = view.world.businesses
    return [
        Row(partner, _PARTNER, business=businesses[partner], permissions=tuple(access))
        for partner, access in found.items()
    ]


def _visible(view: View) -> list[Asset]:
    lost = view.lost
    return [asset for asset in view.world.assets.values() if asset.is_listed and asset.id not in lost]


def _pairs(view: View, agency: str) -> list[tuple[Asset, Pair]]:
    return [(asset, asset.seen[agency]) for asset in _visible(view) if agency in asset.seen]


def _system_users(_: View, row: Row) -> list[Row]:
    return [system_user(business_of(row)), *other_system_users(business_of(row))]


def _business_users(view: View, row: Row) -> list[Row]:
    """List the person of this business, where one has a token."""
    business = business_of(row)
    return [business_user(business)] * any(
        token.kind == USER and token.business == business.id for token in view.world.tokens.values()
    )


def _in_progress_guard(name: str) -> Callable[[View, Row], None]:
    def guard(view: View, row: Row) -> None:
        may_list_in_progress(view, row, name)
        own_business(view, row)

    return guard


RECEIVED, SENT = (f"{way}_inprogress_onbehalf_requests" for way in ("received", "sent"))
EDGES: Mapping[tuple[str, str], Edge] = {
    (AD_ACCOUNT, "onbehalf_requests"): Edge(OBO_NODE, on_ad_account, may_see_requests, is_personal=True),
    (BUSINESS, RECEIVED): Edge(OBO_NODE, in_progress("receiving"), _in_progress_guard(RECEIVED)),
    (BUSINESS, SENT): Edge(OBO_NODE, in_progress("requesting"), _in_progress_guard(SENT)),
    (AD_ACCOUNT, "agencies"): Edge(_AGENCY, _agencies, may_see_agencies),
    (PAGE, "agencies"): Edge(_AGENCY, _agencies, may_see_agencies),
    (BUSINESS, "owned_ad_accounts"): Edge(_HELD[AD_ACCOUNT], _owned(AD_ACCOUNT), own_business),
    (BUSINESS, "owned_pages"): Edge(_HELD[PAGE], _owned(PAGE), own_business),
    (BUSINESS, "client_ad_accounts"): Edge(_HELD[AD_ACCOUNT], _held(AD_ACCOUNT), own_business, True),
    (BUSINESS, "client_pages"): Edge(_HELD[PAGE], _held(PAGE), own_business, True),
    (BUSINESS, "pending_client_ad_accounts"): Edge(_REQUEST[AD_ACCOUNT], _pending(AD_ACCOUNT), own_business),
    (BUSINESS, "pending_client_pages"): Edge(_REQUEST[PAGE], _pending(PAGE), own_business),
    (BUSINESS, "system_users"): Edge(SYSTEM_USER_NODE, _system_users, own_business),
    (BUSINESS, "business_users"): Edge(BUSINESS_USER_NODE, _business_users, own_business),
    (USER_NODE.kind, "business_users"): Edge(BUSINESS_USER_NODE, _business_users, anybody),
    (BUSINESS, "agencies"): Edge(_PARTNER, _business_agencies, partners_open),
    (BUSINESS, "clients"): Edge(_PARTNER, _business_clients, own_business, True),
}

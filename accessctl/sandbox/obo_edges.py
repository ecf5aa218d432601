"""On-behalf-of requests over the wire: the node, the three listings that have it, who may see it, who may cancel it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accessctl.sandbox.auth import need_scope
from accessctl.sandbox.nodes import asset_of, business_row
from accessctl.sandbox.obo import CANCELED, FILTERS, IN_PROGRESS, OboRequest
from accessctl.sandbox.rows import NodeType, Row
from accessctl.sandbox.wire import Refusal, unseen
from accessctl.sandbox.world import frozen

if TYPE_CHECKING:
    from collections.abc import Callable

    from accessctl.sandbox.call import View

OBO = "obo_request"


def obo_of(row: Row) -> OboRequest:
    """Return the request that a row is about."""
    assert row.obo is not None
    return row.obo


def obo_row(request: OboRequest) -> Row:
    """Show a request."""
    return Row(request.id, OBO_NODE, obo=request)


def _business(end: str) -> Callable[[View, Row], Row]:
    return lambda view, row: business_row(view.world.businesses[getattr(obo_of(row), end)])


OBO_NODE = NodeType(
    "BusinessOwnedObjectOnBehalfOfRequest",
    OBO,
    frozen(
        {
            "id": lambda _, row: row.id,
            "status": lambda _, row: obo_of(row).status,
            "receiving_business": _business("receiving"),
            "requesting_business": _business("requesting"),
            "business_owned_object": lambda _, row: obo_of(row).ad_account.removeprefix("act_"),
        }
    ),
    ("id",),
)


def find_obo(view: View, node: str) -> Row | None:
    """Return the request of this id as the caller may see it: the owner of its ad account, and both businesses."""
    request = view.world.obo_requests.get(node)
    if request is None:
        return None
    business, asset = view.caller.business, view.world.assets.get(request.ad_account)
    owner = asset.owner if asset else ""
    if view.caller.page or not (request.concerns(business) or business == owner):
        raise unseen(node)
    return obo_row(request)


def shown_alone(view: View, row: Row, shown: dict[str, Any]) -> dict[str, Any]:
    """Return the answer to a GET of one node: a request may come inside a list of one (GRAPH_API 1.5)."""
    is_list = row.type.kind == OBO and view.world.quirks.obo_shape == "list"
    return {"data": [shown]} if is_list else shown


def is_party(view: View, asset_id: str) -> bool:
    """Tell whether the caller sent or got a request on this ad account: that much it may look at the node."""
    business = view.caller.business
    return any(one.ad_account == asset_id and one.concerns(business) for one in view.world.obo_requests.values())


def may_see_requests(view: View, row: Row) -> None:
    """Let through the owner of the ad account and whoever has sent or got a request on it."""
    asset = asset_of(row)
    need_scope(view.caller, "ads_read", "ads_management")
    if asset.fault:
        raise Refusal(asset.fault.code, asset.fault.message, asset.fault.subcode)
    if view.caller.business != asset.owner and not is_party(view, asset.id):
        raise Refusal(200, "(#200) The caller has no part in requests on this ad account")
    wanted = view.call.params.get("status", "")
    if wanted and wanted not in FILTERS:
        raise Refusal(100, f"(#100) param status must be one of {{{', '.join(FILTERS)}}}")


def may_list_in_progress(view: View, row: Row, name: str) -> None:
    """Let nobody through where the quirk says so: the spec lost both edges at v6.0 (GRAPH_API 1.3)."""
    if view.world.quirks.obo_business_edges == "refused":
        raise Refusal(100, f"(#100) Tried accessing nonexisting field ({name}) on node type ({row.type.name})")


def on_ad_account(view: View, row: Row) -> list[Row]:
    """List the requests on an ad account that the caller may see."""
    asset, business = asset_of(row), view.caller.business
    wanted = view.call.params.get("status", "")
    return [
        obo_row(one)
        for one in view.world.obo_requests.values()
        if one.ad_account == asset.id
        and (business == asset.owner or one.concerns(business))
        and wanted in ("", one.status)
    ]


def in_progress(end: str) -> Callable[[View, Row], list[Row]]:
    """Return the listing of the requests in progress that a business has got, or sent."""

    def rows(view: View, row: Row) -> list[Row]:
        found = view.world.obo_requests.values()
        return [obo_row(one) for one in found if getattr(one, end) == row.id and one.status == IN_PROGRESS]

    return rows


def check_cancel(view: View, request: OboRequest) -> None:
    """Raise Refusal where a request cannot be canceled: only its sender may, and only while it waits."""
    if view.world.quirks.obo_cancel == "refused":  # the spec lost DELETE at v7.0
        raise Refusal(100, "Unsupported delete request. The object does not support this operation", 33)
    need_scope(view.caller, "business_management")
    if view.caller.business != request.requesting:
        raise Refusal(200, "(#200) Only the business that sent the request can cancel it")
    if not request.waits:
        raise Refusal(100, "(#100) The request is not pending any more")


def canceled(request: OboRequest) -> OboRequest:
    """Return the request as it is once it was canceled."""
    return OboRequest(request.id, request.ad_account, request.receiving, request.requesting, CANCELED)

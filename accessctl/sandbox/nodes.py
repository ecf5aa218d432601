"""What nodes show: each kind's fields as a table of small functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accessctl.sandbox.auth import page_token
from accessctl.sandbox.rows import NodeType, Row
from accessctl.sandbox.vocabulary import read_back
from accessctl.sandbox.wire import edge_time
from accessctl.sandbox.world import AD_ACCOUNT, Asset, Business, Pair, frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from accessctl.sandbox.call import View

OMIT: Any = object()  # a field that this answer leaves out
BUSINESS = "business"


def asset_of(row: Row) -> Asset:
    """Return the asset that a row is about."""
    assert row.asset is not None
    return row.asset


def business_of(row: Row) -> Business:
    """Return the business that a row is about."""
    assert row.business is not None
    return row.business


def pair_of(row: Row) -> Pair:
    """Return the access that a row is about."""
    assert row.pair is not None
    return row.pair


def business_row(business: Business, node_type: NodeType | None = None) -> Row:
    """Show a business."""
    return Row(business.id, node_type or BUSINESS_NODE, business=business)


def asset_row(asset: Asset, node_type: NodeType | None = None, pair: Pair | None = None) -> Row:
    """Show an ad account or a Page."""
    plain = AD_ACCOUNT_NODE if asset.kind == AD_ACCOUNT else PAGE_NODE
    return Row(asset.id, node_type or plain, asset=asset, pair=pair)


def owner_row(view: View, row: Row) -> Row:
    """Show the business that owns the row's asset."""
    return business_row(view.world.businesses[asset_of(row).owner])


def permitted_tasks(_: View, row: Row) -> list[str]:
    """Return the pair's tasks as this asset spells them."""
    return read_back(asset_of(row), pair_of(row).tasks)


def access_status(_: View, row: Row) -> str:
    """Return the pair's status, Meta's word."""
    return pair_of(row).status


def requested_time(_: View, row: Row) -> str:
    """Return when the pair was requested; left out where nobody knows."""
    moment = pair_of(row).requested
    return edge_time(moment) if moment else OMIT


def updated_time(_: View, row: Row) -> str:
    """Return when the pair last changed; left out where nobody knows."""
    moment = pair_of(row).updated
    return edge_time(moment) if moment else OMIT


def permissions(kind: str) -> Callable[[View, Row], list[dict[str, Any]]]:
    """Return the list of a business row's access to assets of one kind, ordered by id."""

    def listed(view: View, row: Row) -> list[dict[str, Any]]:
        return [_permission(view, asset, pair) for asset, pair in row.permissions if asset.kind == kind]

    return listed


def _permission(view: View, asset: Asset, pair: Pair) -> dict[str, Any]:
    row = asset_row(asset, pair=pair)
    with_prefix = view.world.quirks.act_prefix_in_clients
    shown = {
        "id": asset.id if with_prefix else asset.id.removeprefix("act_"),
        "permitted_tasks": permitted_tasks(view, row),
        "access_status": pair.status,
        "access_requested_time": requested_time(view, row),
        "access_updated_time": updated_time(view, row),
    }
    return {key: value for key, value in shown.items() if value is not OMIT}


def _page_token(view: View, row: Row) -> str:
    return page_token(asset_of(row), view.caller) or OMIT


def system_user(business: Business) -> Row:
    """Show the system user behind a token of this business."""
    return Row("61" + business.id[-18:], SYSTEM_USER_NODE, business=business)


BUSINESS_NODE = NodeType(
    "Business",
    BUSINESS,
    frozen(
        {
            "id": lambda _, row: row.id,
            "name": lambda _, row: business_of(row).name,
            "verification_status": lambda _, row: business_of(row).verification_status,
        }
    ),
)
SYSTEM_USER_NODE = NodeType(
    "SystemUser",
    "system_user",
    frozen(
        {
            "id": lambda _, row: row.id,
            "name": lambda _, row: f"System user of {business_of(row).name}",
            "business": lambda _, row: business_row(business_of(row)),
        }
    ),
)
_ASSET_FIELDS: Mapping[str, Callable[[View, Row], Any]] = {
    "id": lambda _, row: row.id,
    "name": lambda _, row: asset_of(row).name,
    "business": owner_row,
    "owner_business": owner_row,
}
AD_ACCOUNT_NODE = NodeType(
    "AdAccount",
    AD_ACCOUNT,
    frozen(
        {
            **_ASSET_FIELDS,
            "account_id": lambda _, row: row.id.removeprefix("act_"),
            "account_status": lambda _, _row: 1,
            "owner": lambda _, row: asset_of(row).owner,
        }
    ),
)
PAGE_NODE = NodeType(
    "Page",
    "page",
    frozen(
        {
            **_ASSET_FIELDS,
            "access_token": _page_token,
            "has_transitioned_to_new_page_experience": lambda _, row: asset_of(row).new_experience,
        }
    ),
)

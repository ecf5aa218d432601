"""What nodes show: each kind's fields as a table of small functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accessctl.sandbox.app import user_id
from accessctl.sandbox.auth import need_scope, page_token
from accessctl.sandbox.ending import FIELD, expire_time
from accessctl.sandbox.rows import NodeType, Row
from accessctl.sandbox.vocabulary import read_back
from accessctl.sandbox.wire import edge_time
from accessctl.sandbox.world import AD_ACCOUNT, BUSINESS_MANAGEMENT, Asset, Business, Pair, frozen

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
    """Show the business that owns the row's asset, left out where a person does.

    Without the permission the whole read fails (GRAPH_API 1.1).
    """
    need_scope(view.caller, BUSINESS_MANAGEMENT)
    owner = asset_of(row).owner
    return business_row(view.world.businesses[owner]) if owner else OMIT


def owner_id(_: View, row: Row) -> str:
    """Return the id of the business that owns the row's asset, or of the person where none does."""
    return asset_of(row).owner or "1000" + row.id.removeprefix("act_")[-16:]


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
    row, quirks = asset_row(asset, pair=pair), view.world.quirks
    held: dict[str, Any] = {
        "id": asset.id if quirks.act_prefix_in_clients else asset.id.removeprefix("act_"),
        "permitted_tasks": permitted_tasks(view, row),
    }
    if not quirks.partners_status:
        return held
    shown = held | {
        "access_status": pair.status,
        "access_requested_time": requested_time(view, row),
        "access_updated_time": updated_time(view, row),
    }
    return {key: value for key, value in shown.items() if value is not OMIT}


def access_expire_time(view: View, row: Row) -> str:
    """Return when the caller's access to the row's node ends; left out where it has no end."""
    return expire_time(view, row.id) or OMIT


def _page_token(view: View, row: Row) -> str:
    return page_token(asset_of(row), view.caller) or OMIT


def callers_role(view: View, _: Row) -> str:
    """Return ADMIN or EMPLOYEE (GRAPH_API 1.3): a business has one user of each kind here, in the caller's role."""
    return view.caller.role.upper()


def system_user(business: Business) -> Row:
    """Show the system user behind a token of this business."""
    return Row(user_id(business.id, is_person=False), SYSTEM_USER_NODE, business=business)


def other_system_users(business: Business) -> list[Row]:
    """Show the system users that a business has beside that one."""
    return [Row(user.id, SYSTEM_USER_NODE, business=business, user=user) for user in business.system_users]


def person(business: Business) -> Row:
    """Show the person behind a user token of this business."""
    return Row(user_id(business.id, is_person=True), USER_NODE, business=business)


def business_user(business: Business) -> Row:
    """Show that person as a member of the business, which is another node with another id."""
    return Row("41" + business.id[-18:], BUSINESS_USER_NODE, business=business)


BUSINESS_NODE = NodeType(
    "Business",
    BUSINESS,
    frozen(
        {
            "id": lambda _, row: row.id,
            "name": lambda _, row: business_of(row).name,
            "verification_status": lambda _, row: business_of(row).verification_status,
            "two_factor_type": lambda _, row: business_of(row).two_factor_type,
            FIELD: access_expire_time,
        }
    ),
)
SYSTEM_USER_NODE = NodeType(
    "SystemUser",
    "system_user",
    frozen(
        {
            "id": lambda _, row: row.id,
            "name": lambda _, row: row.user.name if row.user else f"System user of {business_of(row).name}",
            "role": lambda view, row: row.user.role if row.user else callers_role(view, row),
            "business": lambda _, row: business_row(business_of(row)),
        }
    ),
)
_PERSON_FIELDS: Mapping[str, Callable[[View, Row], Any]] = {
    "id": lambda _, row: row.id,
    "name": lambda _, row: f"Person of {business_of(row).name}",
}
USER_NODE = NodeType(
    "User",
    "user",
    frozen(
        {
            **_PERSON_FIELDS,
            "is_work_account": lambda view, _row: view.caller.work_account,
            "client_business_id": lambda _, row: business_of(row).id,
        }
    ),
)
BUSINESS_USER_NODE = NodeType(
    "BusinessUser",
    "business_user",
    frozen(
        {
            **_PERSON_FIELDS,
            "role": callers_role,
            "business": lambda _, row: business_row(business_of(row)),
        }
    ),
)
_ASSET_FIELDS: Mapping[str, Callable[[View, Row], Any]] = {
    "id": lambda _, row: row.id,
    "name": lambda _, row: asset_of(row).name,
    "business": owner_row,
    "owner_business": owner_row,
    FIELD: access_expire_time,
}
AD_ACCOUNT_NODE = NodeType(
    "AdAccount",
    AD_ACCOUNT,
    frozen(
        {
            **_ASSET_FIELDS,
            "account_id": lambda _, row: row.id.removeprefix("act_"),
            "account_status": lambda _, _row: 1,
            "owner": owner_id,
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

"""GET /debug_token: what a token is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accessctl.sandbox.auth import find_caller
from accessctl.sandbox.nodes import system_user
from accessctl.sandbox.wire import Refusal

if TYPE_CHECKING:
    from accessctl.sandbox.call import View

APP = "4242424242424242"
ISSUED = 1767225600  # 2026-01-01; no rule of the sandbox looks at it
SCOPES = ("business_management", "ads_management", "pages_manage_metadata", "pages_show_list")


def debug_token(view: View) -> dict[str, Any]:
    """Describe `input_token` as GRAPH_API 1.6 has it; a token that is no good is described, not refused."""
    token = view.call.params.get("input_token", "")
    if not token:
        raise Refusal(100, "(#100) The parameter input_token is required")
    try:
        caller = find_caller(view.world, token)
    except Refusal as refusal:
        error = {"code": refusal.code, "message": refusal.message, "subcode": refusal.subcode}
        return {"data": {"app_id": APP, "is_valid": False, "scopes": [], "error": error}}
    data: dict[str, Any] = {
        "app_id": APP,
        "application": "accessctl sandbox",
        "type": "PAGE" if caller.page else "SYSTEM_USER",
        "is_valid": True,
        "issued_at": ISSUED,
        "expires_at": 0,
        "data_access_expires_at": 0,
        "user_id": system_user(view.world.businesses[caller.business]).id,
        "scopes": list(SCOPES),
        "granular_scopes": [{"scope": "business_management", "target_ids": [caller.business]}],
    }
    return {"data": data | ({"profile_id": caller.page} if caller.page else {})}

"""GET /debug_token and /me/permissions: what a token is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accessctl.sandbox.auth import APP, find_token
from accessctl.sandbox.nodes import person, system_user
from accessctl.sandbox.wire import Refusal
from accessctl.sandbox.world import BUSINESS_MANAGEMENT, USER

if TYPE_CHECKING:
    from datetime import datetime

    from accessctl.sandbox.call import View
    from accessctl.sandbox.world import Token

REFUSED = "app_token"  # a word of the quirk debug_token
ISSUED = 1767225600  # 2026-01-01; no rule of the sandbox looks at it


def debug_token(view: View) -> dict[str, Any]:
    """Describe `input_token` as GRAPH_API 1.6 has it; a token that is no good is described, not refused."""
    if view.world.quirks.debug_token == REFUSED and view.caller.kind != APP:
        raise Refusal(100, "(#100) You must provide an app access token, or a token of a developer of the app")
    text = view.call.params.get("input_token", "")
    if not text:
        raise Refusal(100, "(#100) The parameter input_token is required")
    try:
        token = find_token(view.world, text, view.now)
    except Refusal as refusal:
        error = {"code": refusal.code, "message": refusal.message, "subcode": refusal.subcode}
        return {"data": {"app_id": view.world.app.id, "is_valid": False, "scopes": [], "error": error}}
    business = view.world.businesses[token.business]
    data: dict[str, Any] = {
        "app_id": token.app.id,
        "application": token.app.name,
        "type": token.kind.upper(),
        "is_valid": True,
        "issued_at": ISSUED,
        "expires_at": _seconds(token.expires),
        "data_access_expires_at": _seconds(token.data_access_expires),
        "user_id": (person if token.kind == USER else system_user)(business).id,
        "scopes": list(token.scopes),
        "granular_scopes": _granular(token),
    }
    return {"data": data | ({"profile_id": token.page} if token.page else {})}


def permissions(view: View) -> dict[str, Any]:
    """List the caller's permissions; GRAPH_API 1.6. The rows have no id."""
    told = {**view.caller.not_granted, **dict.fromkeys(view.caller.scopes, "granted")}
    return {"data": [{"permission": scope, "status": status} for scope, status in told.items()]}


def _seconds(moment: datetime | None) -> int:
    """Return Unix seconds, 0 for never."""
    return int(moment.timestamp()) if moment else 0


def _granular(token: Token) -> list[dict[str, Any]]:
    """Return which ids a scope covers; one without `target_ids` covers all (GRAPH_API 1.6)."""
    targets = {BUSINESS_MANAGEMENT: (token.business,)} if token.targets is None else token.targets
    return [{"scope": scope, "target_ids": list(targets[scope])} for scope in token.scopes if scope in targets]

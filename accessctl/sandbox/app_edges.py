"""The app over the wire: its node, what App Review has approved, who has a role; and what its tier keeps it from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accessctl.sandbox.app import App, user_id
from accessctl.sandbox.auth import APP, need_granted
from accessctl.sandbox.nodes import BUSINESS, OMIT, business_row
from accessctl.sandbox.rows import NodeType, Row
from accessctl.sandbox.score import DEVELOPMENT, tier_of, with_tier
from accessctl.sandbox.wire import Refusal
from accessctl.sandbox.world import AD_ACCOUNT, BUSINESS_MANAGEMENT, PAGE, USER, frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from accessctl.sandbox.call import View

REFUSED = "app_token"  # a word of the quirks app_roles and app_permissions


def app_of(row: Row) -> App:
    """Return the app that a row is about."""
    assert row.app is not None
    return row.app


def find_app(view: View, node: str) -> Row | None:
    """Return the app of the caller's token, as `app` or by its id. Other apps are not to be seen."""
    app = view.caller.app
    return Row(app.id, APP_NODE, app=app) if node in ("app", app.id) else None


def _claimant(view: View, row: Row) -> Row:
    """Show the business that claims the app; without the permission the whole read fails (GRAPH_API 1.1)."""
    if view.caller.kind != APP:
        need_granted(view.caller, BUSINESS_MANAGEMENT)
    claimant = app_of(row).business
    return business_row(view.world.businesses[claimant]) if claimant else OMIT


APP_NODE = NodeType(
    "Application",
    "app",
    frozen(
        {
            "id": lambda _, row: row.id,
            "name": lambda _, row: app_of(row).name,
            "business": _claimant,
            "owner_business": _claimant,
        }
    ),
)


def _permissions(view: View, app: App) -> list[dict[str, Any]]:
    if view.world.quirks.app_permissions == REFUSED and view.caller.kind != APP:
        raise _app_token_only()
    return [{"permission": name, "status": status} for name, status in sorted(app.permissions.items())]


def _roles(view: View, app: App) -> list[dict[str, Any]]:
    """List who has a role, to who has one and to users of the claimant."""
    caller = view.caller
    rows = [{"app_id": app.id, "user": user, "role": role} for user, role in sorted(app.roles.items())]
    if caller.kind == APP:
        return rows
    is_claimant = bool(app.business) and caller.business == app.business
    has_role = user_id(caller.business, is_person=caller.kind == USER) in app.roles
    if view.world.quirks.app_roles == REFUSED or not (is_claimant or has_role):
        raise _app_token_only()
    return rows


def _app_token_only() -> Refusal:
    return Refusal(200, "(#200) Permissions error: this call takes an app token, or an admin of the app")


EDGES: Mapping[str, Callable[[View, App], list[dict[str, Any]]]] = {"permissions": _permissions, "roles": _roles}


def app_edge(view: View) -> dict[str, Any] | None:
    """Answer a GET of an edge of the app, whose rows have no id; None for any other call. Raise Refusal."""
    steps = view.call.steps
    row = find_app(view, steps[0]) if len(steps) == 2 and steps[1] in EDGES else None
    return {"data": EDGES[steps[1]](view, app_of(row))} if row else None


def need_tier(view: View, kind: str) -> None:
    """Raise Refusal 270 for a write of Business Manager at Limited access, where the quirk says that it is refused."""
    quirks = with_tier(view.world.quirks, view.caller.app)
    is_refused = quirks.limited_writes == "refused" and tier_of(quirks) == DEVELOPMENT
    if is_refused and kind in (AD_ACCOUNT, PAGE, BUSINESS):
        raise Refusal(270, "(#270) This call is not open to apps with development access")

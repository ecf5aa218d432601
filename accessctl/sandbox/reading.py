"""GET: finds the node, shows the fields asked for, lists edges, nested ones too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accessctl.sandbox.amount import too_much
from accessctl.sandbox.app_edges import app_edge, find_app
from accessctl.sandbox.auth import APP
from accessctl.sandbox.closed import check_open
from accessctl.sandbox.edges_read import EDGES
from accessctl.sandbox.ending import FIELD, need_access, need_expire_time
from accessctl.sandbox.fields import Field, read_fields, write_fields
from accessctl.sandbox.nodes import BUSINESS, OMIT, asset_row, business_row, person, system_user
from accessctl.sandbox.obo_edges import OBO, find_obo, is_party, shown_alone
from accessctl.sandbox.paging import cut_page
from accessctl.sandbox.rows import NodeType, Row
from accessctl.sandbox.tokens import debug_token, permissions
from accessctl.sandbox.wire import Refusal, unseen
from accessctl.sandbox.world import USER, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accessctl.sandbox.call import View

_PLAIN = (Field("id", frozen()), Field("name", frozen()))


def read(view: View) -> dict[str, Any]:
    """Answer a GET. Raise Refusal."""
    steps, params = view.call.steps, view.call.params
    if steps == ("debug_token",):
        return debug_token(view)
    if steps == ("me", "permissions") and not view.caller.page and view.caller.kind != APP:
        return permissions(view)
    if (answer := app_edge(view)) is not None:
        return answer
    if len(steps) == 1:
        row = find(view, steps[0])
        if row.type.kind == OBO:
            check_open(view.world.quirks, "GET", OBO, "")
        return shown_alone(view, row, show(view, row, read_fields(params.get("fields", ""))))
    if len(steps) == 2:
        return list_edge(view, find(view, steps[0]), steps[1], params, read_fields(params.get("fields", "")))
    raise unseen("/".join(steps))


def find(view: View, node: str) -> Row:
    """Return the node as the caller may see it, or raise the answer for what is absent or hidden."""
    world, caller = view.world, view.caller
    if caller.kind == APP:  # it speaks for the app, and for nobody who sees more
        if app := find_app(view, node):
            return app
        raise unseen(node)
    if node == "me":
        return _me(view)
    need_access(view, node)
    if node in world.businesses:
        return business_row(world.businesses[node])
    if node in world.gone:
        raise Refusal(803, f"(#803) Some of the aliases you requested do not exist: {node}")
    if found := find_obo(view, node) or find_app(view, node):
        return found
    asset = world.assets.get(node)
    may_look = asset is not None and (asset.shows_to(caller.business) or (is_party(view, node) and not asset.hidden))
    if asset is None or not may_look or caller.page not in ("", node):
        raise unseen(node)
    return asset_row(asset)


def _me(view: View) -> Row:
    if view.caller.page:
        need_access(view, view.caller.page)
        return asset_row(view.world.assets[view.caller.page])
    return (person if view.caller.kind == USER else system_user)(view.world.businesses[view.caller.business])


def show(view: View, row: Row, fields: tuple[Field, ...]) -> dict[str, Any]:
    """Show a row: its id, and the fields asked for, or else its defaults."""
    wanted = fields or tuple(Field(name, frozen()) for name in row.type.defaults)
    check_fields(view, row.type, wanted)
    shown: dict[str, Any] = {}
    for field in wanted:
        if field.name in row.type.fields:
            value = row.type.fields[field.name](view, row)
            shown[field.name] = show(view, value, field.inner or _PLAIN) if isinstance(value, Row) else value
        else:
            shown[field.name] = list_edge(view, row, field.name, field.modifiers, field.inner)
    return {"id": row.id} | {name: value for name, value in shown.items() if value is not OMIT}


def check_fields(view: View, node_type: NodeType, fields: tuple[Field, ...]) -> None:
    """Raise Refusal 100 for a field the type does not have, rows or none."""
    for field in fields:
        if field.name == FIELD:
            need_expire_time(view, is_business=node_type.kind == BUSINESS)
        if field.name not in node_type.fields and (node_type.kind, field.name) not in EDGES:
            text = f"Tried accessing nonexistent field ({field.name}) on node type ({node_type.name})"
            raise Refusal(100, f"(#100) {text}")


def list_edge(view: View, row: Row, name: str, params: Mapping[str, str], fields: tuple[Field, ...]) -> dict[str, Any]:
    """Return one page of an edge, with the way to the next one."""
    edge = EDGES.get((row.type.kind, name))
    if edge is None:
        raise Refusal(2500, f"Unknown path components: /{name}")
    quirks = view.world.quirks
    check_fields(view, edge.type, fields)
    check_open(quirks, "GET", row.type.kind, name)
    edge.guard(view, row)
    if not quirks.expansion and any(_is_edge(field.name) for field in fields):
        raise too_much()
    listing = view.listings.get(view.world, row.id, name + edge.apart(view), lambda: edge.rows(view, row), view.lost)
    page = cut_page(listing, params, quirks)
    answer: dict[str, Any] = {"data": [show(view, one, fields) for one in page.rows]}
    kept = {"fields": write_fields(fields), "limit": params.get("limit", ""), "status": params.get("status", "")}
    if paging := page.paging(lambda way: view.link(f"{row.id}/{name}", {**kept, **way})):
        answer["paging"] = paging
    if edge.is_counted and params.get("summary") in ("true", "1"):
        answer["summary"] = {"total_count": max(0, len(listing.rows) + quirks.total_count_off_by)}
    return answer


def _is_edge(name: str) -> bool:
    """Tell whether a field of this name lists an edge; no plain field shares a name with one."""
    return any(name == edge for _, edge in EDGES)

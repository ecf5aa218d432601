"""POST and DELETE: what each write does to the world, and to whom it says no."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from accessctl.sandbox.auth import need_scope
from accessctl.sandbox.edges_read import need_page_token
from accessctl.sandbox.nodes import BUSINESS, asset_of
from accessctl.sandbox.obo_edges import OBO, canceled, check_cancel, obo_of
from accessctl.sandbox.vocabulary import TASKS, granted, kept
from accessctl.sandbox.wire import Refusal, unseen
from accessctl.sandbox.world import AD_ACCOUNT, CONFIRMED, PAGE, REQUESTED, Asset, Pair, frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from accessctl.sandbox.call import View
    from accessctl.sandbox.obo import OboRequest
    from accessctl.sandbox.rows import Row

AWAITING = "AWAITING_ADMIN_APPROVAL"  # the write log's word; no read ever shows it
_DONE = frozen({"success": True})


@dataclass(frozen=True, slots=True)
class Change:
    """What a write does: assets that changed, one that is gone, and the pair for the log."""

    assets: tuple[Asset, ...] = ()
    gone: str = ""
    asset: str = ""
    agency: str = ""
    before: Pair | None = None
    after: Pair | None = None
    answer: Mapping[str, Any] = field(default_factory=lambda: _DONE)
    obo: OboRequest | None = None


def with_pair(asset: Asset, agency: str, pair: Pair | None) -> Asset:
    """Set or, with None, remove an agency's access; whatever waited for a second admin is settled by it."""
    agencies = {key: value for key, value in asset.agencies.items() if key != agency}
    if pair is not None:
        agencies[agency] = pair
    approvals = {key: value for key, value in asset.approvals.items() if key != agency}
    return replace(asset, agencies=frozen(agencies), approvals=frozen(approvals))


def grant(view: View, row: Row, now: datetime) -> Change:
    """POST agencies: give access, accept a pending request, or do what the quirk `change` says."""
    asset, agency = _own_asset(view, row), _business_param(view)
    tasks = _tasks(view, asset.kind)
    if agency == asset.owner:
        raise Refusal(3946, "This business already owns the object", 1690061)
    if agency not in view.world.businesses:
        raise Refusal(100, "(#100) param business must be the id of a business")
    old = asset.agencies.get(agency)
    if old and old.is_confirmed:
        tasks = _changed(view, asset, old, tasks)
    new = Pair(granted(asset, tasks), CONFIRMED, old.requested if old else now, now)
    if asset.admin_approval:
        waits = replace(asset, approvals=frozen({**asset.approvals, agency: new}))
        answer = frozen({"success": True, "requires_admin_approval": True})
        return Change((waits,), "", asset.id, agency, old, replace(new, status=AWAITING), answer)
    return Change((with_pair(asset, agency, new),), "", asset.id, agency, old, new)


def _changed(view: View, asset: Asset, old: Pair, tasks: tuple[str, ...]) -> tuple[str, ...]:
    """Say what a second grant leaves: nobody has documented it (GRAPH_API section 7)."""
    if view.world.quirks.change == "refuse":
        code = 3989 if asset.kind == PAGE else 3944
        raise Refusal(code, "The object is already shared with this business")
    return (*old.tasks, *tasks) if view.world.quirks.change == "add" else tasks


def revoke(view: View, row: Row, _: datetime) -> Change:
    """DELETE agencies: take access away, or turn a pending request down."""
    asset, agency = _own_asset(view, row), _business_param(view)
    old = asset.agencies.get(agency)
    if old is None and agency not in asset.approvals:
        raise Refusal(100, "(#100) This business has no access to the object")
    return Change((with_pair(asset, agency, None),), "", asset.id, agency, old, None)


def _own_asset(view: View, row: Row) -> Asset:
    """Return the asset if the caller may manage its agencies: only the owner's admins may."""
    asset = asset_of(row)
    need_page_token(view, asset)
    if asset.kind == AD_ACCOUNT:
        need_scope(view.caller, "ads_management")
    if asset.fault:
        raise Refusal(asset.fault.code, asset.fault.message, asset.fault.subcode)
    if asset.owner != view.caller.business and asset.kind == PAGE:
        raise Refusal(200, "(#200) Only the business that owns the Page can share it")
    if asset.owner != view.caller.business:
        raise Refusal(10, "(#10) The caller must be an admin (MANAGE_PERMISSIONS) of the owning business")
    return asset


def request_access(kind: str, param: str) -> Callable[[View, Row, datetime], Change]:
    """POST client_ad_accounts or client_pages: ask the owner, who then decides."""

    def ask(view: View, row: Row, now: datetime) -> Change:
        quirks = view.world.quirks
        if (quirks.request_pages if kind == PAGE else quirks.request_ad_accounts) == "limited":
            raise Refusal(3, "(#3) Application does not have the capability to make this API call")
        asset = _asset_param(view, kind, param)
        if asset is None:
            raise unseen(view.call.params[param])
        old = asset.agencies.get(row.id)
        if asset.owner == row.id:
            raise Refusal(3946, "This business already owns the object", 1690061)
        if old is not None and old.is_pending:
            raise Refusal(100, "(#100) The same request has already been sent", 1752041)
        if old is not None and old.is_confirmed:
            raise Refusal(100, "(#100) The business already has access to this object", 1752044)
        new = Pair(kept(asset.new_experience, _tasks(view, kind)), REQUESTED, now, now)
        answer = frozen({"success": True, "access_status": "PENDING"})
        return Change((with_pair(asset, row.id, new),), "", asset.id, row.id, old, new, answer)

    return ask


def give_up_ad_account(view: View, row: Row, _: datetime) -> Change:
    """DELETE ad_accounts: withdraw a request or give access back; never possible for the owner."""
    asset = _asset_param(view, AD_ACCOUNT, "adaccount_id")
    if asset is not None and asset.owner == row.id:
        raise Refusal(100, "(#100) An ad account cannot be removed from the business that owns it")
    if asset is None or row.id not in asset.agencies:
        raise Refusal(100, "(#100) The ad account is not in this business")
    old = asset.agencies[row.id]
    return Change((with_pair(asset, row.id, None),), "", asset.id, row.id, old, None)


def give_up_page(view: View, row: Row, _: datetime) -> Change:
    """DELETE pages: withdraw, give back, or, by the owner, throw the Page out of the business for good."""
    asset = _asset_param(view, PAGE, "page_id")
    if asset is not None and asset.owner == row.id:
        return Change(gone=asset.id, asset=asset.id)
    if asset is None or row.id not in asset.agencies:
        raise Refusal(3996, "The Page is not in this business")
    old = asset.agencies[row.id]
    return Change((with_pair(asset, row.id, None),), "", asset.id, row.id, old, None)


def sever_agency(view: View, row: Row, _: datetime) -> Change:
    """DELETE agencies on a business: end all of that agency's access to all of its assets."""
    agency = _business_param(view)
    return _severed(view, owner=row.id, agency=agency)


def sever_client(view: View, row: Row, _: datetime) -> Change:
    """DELETE clients on a business: end all of its access to all assets of that client."""
    owner = _business_param(view)
    return _severed(view, owner=owner, agency=row.id)


def _severed(view: View, owner: str, agency: str) -> Change:
    shared = [a for a in view.world.assets.values() if a.owner == owner and agency in a.agencies]
    if not shared:
        raise Refusal(100, "(#100) The two businesses share nothing")
    return Change(tuple(with_pair(asset, agency, None) for asset in shared), agency=agency)


def cancel_obo(view: View, row: Row, _: datetime) -> Change:
    """DELETE an on-behalf-of request that waits; the guide shows a text for its success (GRAPH_API 1.5)."""
    request = obo_of(row)
    check_cancel(view, request)
    success: str | bool = "true" if view.world.quirks.obo_success == "string" else True
    answer, changed = frozen({"success": success}), canceled(request)
    return Change((), "", request.ad_account, request.requesting, answer=answer, obo=changed)


def _business_param(view: View) -> str:
    business = view.call.params.get("business", "")
    if not business:
        raise Refusal(100, "(#100) The parameter business is required")
    return business


def _asset_param(view: View, kind: str, param: str) -> Asset | None:
    """Return the asset a parameter names, with or without `act_`; None where there is none to be seen."""
    given = view.call.params.get(param, "")
    if not given:
        raise Refusal(100, f"(#100) The parameter {param} is required")
    node = "act_" + given.removeprefix("act_") if kind == AD_ACCOUNT else given
    asset = view.world.assets.get(node)
    return asset if asset is not None and not asset.hidden else None


def _tasks(view: View, kind: str) -> tuple[str, ...]:
    """Read permitted_tasks: JSON, or the single quotes of Meta's own samples."""
    text = view.call.params.get("permitted_tasks", "")
    if not text:
        raise Refusal(100, "(#100) The parameter permitted_tasks is required")
    allowed = f"one of {{{', '.join(sorted(TASKS[kind]))}}}"
    try:
        tasks = json.loads(text if '"' in text else re.sub(r"'", '"', text))
    except (ValueError, RecursionError):
        tasks = None
    if not isinstance(tasks, list) or not tasks:
        raise Refusal(100, f"(#100) param permitted_tasks must be an array, each {allowed}")
    for n, task in enumerate(tasks):
        if not isinstance(task, str) or task not in TASKS[kind]:
            raise Refusal(100, f"(#100) param permitted_tasks[{n}] must be {allowed}")
    return tuple(dict.fromkeys(tasks))


WRITES: Mapping[tuple[str, str, str], Callable[[View, Row, datetime], Change]] = {
    ("POST", AD_ACCOUNT, "agencies"): grant,
    ("POST", PAGE, "agencies"): grant,
    ("DELETE", AD_ACCOUNT, "agencies"): revoke,
    ("DELETE", PAGE, "agencies"): revoke,
    ("POST", BUSINESS, "client_ad_accounts"): request_access(AD_ACCOUNT, "adaccount_id"),
    ("POST", BUSINESS, "client_pages"): request_access(PAGE, "page_id"),
    ("DELETE", BUSINESS, "ad_accounts"): give_up_ad_account,
    ("DELETE", BUSINESS, "pages"): give_up_page,
    ("DELETE", BUSINESS, "agencies"): sever_agency,
    ("DELETE", BUSINESS, "clients"): sever_client,
    ("DELETE", OBO, ""): cancel_obo,
}

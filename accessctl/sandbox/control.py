"""The people and the log over HTTP, beside the Graph paths: /sandbox/accept, /sandbox/writes and so on."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from accessctl.sandbox.spot import time_text
from accessctl.sandbox.wire import Request, Response, json_bytes
from accessctl.sandbox.world import Pair, WorldError, Write, frozen

if TYPE_CHECKING:
    from accessctl.sandbox.obo import OboRequest
    from accessctl.sandbox.people import Waiting
    from accessctl.sandbox.sandbox import Sandbox

_HEADERS = frozen({"Content-Type": "application/json; charset=UTF-8"})


def control(sandbox: Sandbox, request: Request) -> Response | None:
    """Answer a request to the sandbox itself; None for one to the Graph API."""
    steps = [step for step in request.path.split("/") if step]
    if not steps or steps[0] != "sandbox":
        return None
    try:
        body = _outcome(sandbox, request.method, "/".join(steps[1:]), request)
    except WorldError as error:
        return Response(400, _HEADERS, json_bytes({"error": error.what, "hint": error.hint}))
    if body is None:
        hint = "POST accept, decline, approve, reset, pass_time; GET writes, pending"
        return Response(404, _HEADERS, json_bytes({"error": f"no {request.path} here", "hint": hint}))
    return Response(200, _HEADERS, json_bytes(body))


def _outcome(sandbox: Sandbox, method: str, name: str, request: Request) -> Any:
    acts = {"accept": sandbox.accept, "decline": sandbox.decline, "approve": sandbox.approve}
    obo = request.form.get("obo", "")
    if method == "POST" and name in ("accept", "decline") and obo:
        sandbox.answer_obo(obo, is_yes=name == "accept")
        return {"success": True}
    if method == "POST" and name in acts:
        asset, business = request.form.get("asset", ""), request.form.get("business", "")
        if not asset or not business:
            what = "business" if asset else "asset"
            raise WorldError(f"{name} of which {what}?", "send asset and business as form fields")
        acts[name](asset, business)
    elif method == "POST" and name == "pass_time":
        sandbox.pass_time(_seconds(request.form.get("seconds", "")))
    elif method == "POST" and name == "reset":
        sandbox.reset()
    elif method == "GET" and name == "writes":
        return {"data": [_plain(write) for write in sandbox.write_log]}
    elif method == "GET" and name == "pending":
        waits = [_plain(one) for one in sandbox.pending_obo()]
        return {"data": [_plain(waiting) for waiting in sandbox.pending()]} | ({"obo": waits} if waits else {})
    else:
        return None
    return {"success": True}


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise WorldError("how many seconds?", "send seconds as a form field, in digits") from None


def _plain(value: Write | Waiting | Pair | OboRequest) -> dict[str, Any]:
    tree = {field.name: getattr(value, field.name) for field in fields(value)}
    for key, one in tree.items():
        if isinstance(one, Pair):
            tree[key] = _plain(one)
        elif hasattr(one, "astimezone"):
            tree[key] = time_text(one)
        elif hasattr(one, "items"):
            tree[key] = dict(one)
    return tree

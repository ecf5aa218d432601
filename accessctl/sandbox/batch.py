"""POST to the root: up to 50 calls in one, each answered on its own."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from accessctl.sandbox.call import Call, read_call
from accessctl.sandbox.wire import Refusal, Response, pairs, read_request
from accessctl.sandbox.world import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MOST = 50


def answer_batch(call: Call, answer: Callable[[Call], Response | None]) -> list[dict[str, Any] | None]:
    """Answer every item in order. An item that is not answered in time gives None. Raise Refusal."""
    with_headers = call.params.get("include_headers", "true") != "false"
    return [_shown(answer(item), with_headers) for item in _items(call)]


def _items(call: Call) -> list[Call]:
    try:
        items = json.loads(call.params.get("batch", ""))
    except (ValueError, RecursionError):
        items = None
    if not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
        raise Refusal(100, "(#100) param batch must be an array of calls", kind="GraphBatchException")
    if len(items) > MOST:
        text = f"Too many requests in batch message. Maximum batch size is {MOST}"
        raise Refusal(100, text, kind="GraphBatchException")
    return [_call(call, item) for item in items]


def _call(outer: Call, item: Mapping[str, Any]) -> Call:
    """Read one item. Its own token comes before the outer one, and then needs its own proof."""
    method, url, body = item.get("method", "GET"), item.get("relative_url"), item.get("body", "")
    if not (isinstance(method, str) and isinstance(url, str) and isinstance(body, str)):
        raise Refusal(100, "(#100) Each call needs method, relative_url and body as text", kind="GraphBatchException")
    request = replace(read_request(method, url, {}, b""), form=frozen(pairs(body)))
    call = replace(read_call(request), batched=True)
    root = outer.root if call.version == outer.version else outer.root.replace(outer.version, call.version)
    if call.token:
        return replace(call, root=root)
    return replace(call, root=root, token=outer.token, proof=outer.proof, token_in_url=outer.token_in_url)


def _shown(response: Response | None, with_headers: bool) -> dict[str, Any] | None:
    if response is None:
        return None
    shown: dict[str, Any] = {"code": response.status, "body": response.body.decode("utf-8", "replace")}
    if with_headers:
        shown["headers"] = [{"name": name, "value": value} for name, value in response.headers.items()]
    return shown

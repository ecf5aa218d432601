"""Whatever is asked, there is an answer in one of Meta's shapes, and the log accounts for every change."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from accessctl.sandbox.saved import world_from_json, world_to_json
from accessctl.sandbox.wire import read_request

from .worlds import Client, sandbox

NODES = ["", "me", "1001", "2002", "2003", "9", "act_11", "act_12", "act_13", "act_14", "act_15", "71", "72", "11", "é"]
EDGES = ["", "agencies", "clients", "owned_pages", "client_pages", "client_ad_accounts", "ad_accounts", "pages", "x"]
TOKENS = ["", "sandbox-1001", "sandbox-2002", "sandbox-2003", "reader", "old", "sandbox-page-71-1001-admin", "x"]
VALUES = [
    "",
    "1001",
    "2002",
    "act_11",
    "12",
    "71",
    '["ANALYZE"]',
    "['MANAGE']",
    "id,agencies{id}",
    "{",
    "1",
    "YWZ0ZXI6",
]
PARAMS = ["business", "permitted_tasks", "page_id", "adaccount_id", "fields", "limit", "after", "before", "batch"]

requests = st.tuples(
    st.sampled_from(["GET", "POST", "DELETE", "PUT"]),
    st.sampled_from(NODES),
    st.sampled_from(EDGES),
    st.sampled_from(TOKENS),
    st.dictionaries(st.sampled_from(PARAMS), st.sampled_from(VALUES), max_size=4),
)


@settings(max_examples=300)
@given(st.lists(requests, max_size=6), st.sampled_from(["replace", "add", "refuse"]), st.integers(0, 2))
def test_every_request_is_answered_and_every_change_is_logged(asked, change, lag):
    box = sandbox(change=change, lag_reads=lag, request_ad_accounts="open")
    for method, node, edge, token, params in asked:
        before, writes = box.world, box.write_log
        answer = Client(box, token).ask(method, f"{node}/{edge}", **params)
        body = answer.json()
        if answer.status == 200:
            assert "error" not in body
        else:
            assert {"message", "type", "code", "fbtrace_id"} <= body["error"].keys()
        if len(box.write_log) == len(writes):
            committed = {key: (a.agencies, a.approvals) for key, a in box.world.assets.items()}
            assert committed == {key: (a.agencies, a.approvals) for key, a in before.assets.items()}
        else:
            assert (answer.status, method in ("POST", "DELETE")) == (200, True)
    assert world_from_json(world_to_json(box.world)) == box.world


@given(st.text(max_size=60), st.binary(max_size=60), st.text(max_size=30))
def test_any_bytes_are_a_request(target, body, content_type):
    box = sandbox()
    for kind in (content_type, "multipart/form-data; boundary=x"):
        assert box.handle(read_request("POST", target, {"content-type": kind}, body)).status == 400
    items = [{"method": "GET", "relative_url": target}, {"method": "POST", "relative_url": target, "body": target}]
    assert len(Client(box).post("", batch=json.dumps(items))) == 2

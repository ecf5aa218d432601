"""Many calls in one request."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest

from .worlds import WORLD, Client, code, sandbox


def get(url: str, **more: str) -> dict[str, str]:
    return {"method": "GET", "relative_url": url, **more}


def bodies(answers: list) -> list:
    return [json.loads(answer["body"]) for answer in answers]


def test_each_item_is_answered_in_its_place():
    client = Client(sandbox())
    answers = client.post(
        "",
        batch=[
            get("act_11?fields=name"),
            get("act_99"),
            {"method": "POST", "relative_url": "act_12/agencies", "body": "business=2002&permitted_tasks=['ANALYZE']"},
            {"method": "DELETE", "relative_url": "v25.0/act_11/agencies?business=2002"},
            {"method": "DELETE", "relative_url": "act_11/agencies", "body": "business=2003"},
            {"relative_url": "me"},
        ],
    )
    assert [answer["code"] for answer in answers] == [200, 400, 200, 200, 200, 200]
    assert bodies(answers)[0] == {"id": "act_11", "name": "Acme DE"}
    assert answers[0]["headers"][0] == {"name": "Content-Type", "value": "application/json; charset=UTF-8"}
    assert len(client.sandbox.write_log) == 3


def test_every_item_is_counted_as_a_call():
    client = Client(sandbox())
    client.post("", batch=[get("me"), get("act_11")])
    assert client.sandbox.http_requests == 1
    assert [(call.path, call.batched) for call in client.sandbox.calls] == [
        ("/", False),
        ("me", True),
        ("act_11", True),
    ]


@pytest.mark.parametrize("count", [1, 50, 51])
def test_a_batch_has_fifty_items_at_most(count):
    answer = Client(sandbox()).post("", batch=[get("me")] * count)
    if count <= 50:
        assert len(answer) == count
    else:
        assert answer["error"]["type"] == "GraphBatchException"
        assert "50" in answer["error"]["message"]


@pytest.mark.parametrize("batch", ["", "x", "{}", "[]", "[7]", "[" * 9999, [{"method": "GET"}], [get("me", body=[])]])
def test_a_batch_that_is_none_is_refused(batch):
    assert Client(sandbox()).post("", batch=batch)["error"]["type"] == "GraphBatchException"


def test_headers_can_be_left_out():
    assert Client(sandbox()).post("", batch=[get("me")], include_headers="false")[0].keys() == {"code", "body"}


def test_an_item_may_bring_its_own_token():
    client = Client(sandbox())
    page = client.of_page("71").token
    answers = client.post(
        "",
        batch=[
            get("71/agencies"),
            get(f"71/agencies?access_token={page}"),
            {
                "method": "POST",
                "relative_url": "71/agencies",
                "body": f"business=2003&permitted_tasks=['ANALYZE']&access_token={page}",
            },
        ],
    )
    assert code(bodies(answers)[0]) == (190, 0)
    assert [answer["code"] for answer in answers[1:]] == [200, 200]


def test_the_batch_itself_needs_a_token():
    assert code(Client(sandbox(), "").post("", batch=[get("me?access_token=sandbox-1001")])) == (2500, 0)


def test_an_items_own_token_needs_its_own_proof():
    def proof(token: str) -> str:
        return hmac.new(b"hush", token.encode(), hashlib.sha256).hexdigest()

    client = Client(sandbox(WORLD + "app_secret: hush\n"))
    other = "sandbox-2002"
    answers = client.post(
        "",
        appsecret_proof=proof(client.token),
        batch=[
            get("me"),
            get(f"me?access_token={other}"),
            get(f"me?access_token={other}&appsecret_proof={proof(other)}"),
        ],
    )
    assert [answer["code"] for answer in answers] == [200, 400, 200]


def test_a_batch_in_a_batch_is_refused():
    (answer,) = bodies(Client(sandbox()).post("", batch=[{"method": "POST", "relative_url": "", "body": "batch=[]"}]))
    assert code(answer) == (100, 33)


def test_next_addresses_in_a_batch_keep_their_version():
    (answer,) = bodies(Client(sandbox()).post("", batch=[get("v25.0/1001/owned_pages?limit=1")]))
    assert answer["paging"]["next"].startswith("https://graph.facebook.com/v25.0/1001/owned_pages?")

"""Misbehaviour on demand: when it strikes, what has been committed, what comes back."""

from __future__ import annotations

import json
import threading

import pytest

from accessctl.sandbox import Dropped, Sandbox

from .worlds import Client, code, sandbox

GRANT = {"business": "2002", "permitted_tasks": ["ANALYZE"]}


def faulty(do: str, match: str = "POST act_12/agencies", nth: int = 1) -> Client:
    return Client(sandbox(faults=({"match": match, "do": do, "nth": nth},)))


def committed(client: Client) -> int:
    return len(client.sandbox.write_log)


@pytest.mark.parametrize(("do", "writes"), [("drop_before", 0), ("commit_then_drop", 1)])
def test_a_lost_connection_may_hide_a_commit(do, writes):
    client = faulty(do)
    with pytest.raises(Dropped):
        client.post("act_12/agencies", **GRANT)
    assert committed(client) == writes
    assert client.post("act_12/agencies", **GRANT) == {"success": True}


@pytest.mark.parametrize(("do", "writes"), [("http_500", 0), ("commit_then_500", 1)])
def test_a_server_error_may_hide_a_commit(do, writes):
    client = faulty(do)
    answer = client.ask("POST", "act_12/agencies", **GRANT)
    assert answer.status == 500
    assert answer.json()["error"]["is_transient"] is True
    assert committed(client) == writes


def test_a_body_may_be_html():
    answer = faulty("html_200").ask("POST", "act_12/agencies", **GRANT)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert answer.body.startswith(b"<!DOCTYPE html>")


def test_a_body_may_be_cut():
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        faulty("truncate").post("act_12/agencies", **GRANT)


def test_success_may_be_the_word_false():
    client = faulty("success_false_string", match="* act_12/agencies")
    client.get("act_12/agencies")
    assert client.post("act_12/agencies", **GRANT) == {"success": "false"}
    assert committed(client) == 0


def test_a_null_in_a_batch_tells_nothing_of_what_was_done():
    client = faulty("null_batch_entry")
    client.post("act_12/agencies", **GRANT)
    item = {"method": "POST", "relative_url": "act_12/agencies", "body": "business=2003&permitted_tasks=['ANALYZE']"}
    answers = client.post("", batch=[{"method": "GET", "relative_url": "me"}, item])
    assert answers[1] is None
    assert committed(client) == 2, "a call outside a batch cannot become null; the one inside was carried out"


@pytest.mark.parametrize(
    ("match", "path", "expected"),
    [
        ("GET act_*", "act_11", (80004, 2446079)),
        ("GET 71/agencies", "71/agencies", (80001, 0)),
        ("GET me", "me", (4, 0)),
    ],
)
def test_a_throttle_names_its_bucket_and_the_minutes_to_wait(match, path, expected):
    answer = faulty("throttle", match=match).ask("GET", path)
    assert (answer.status, code(answer.json())) == (400, expected)
    usage = json.loads(answer.headers["X-Business-Use-Case-Usage"])["1001"][0]
    assert (usage["call_count"], usage["estimated_time_to_regain_access"]) == (100, 1)


def test_a_token_that_expires_stays_expired():
    client = faulty("token_expired", nth=2)
    assert client.post("act_12/agencies", **GRANT) == {"success": True}
    assert code(client.post("act_12/agencies", **GRANT)) == (190, 463)
    assert code(client.get("me")) == (190, 463)
    assert committed(client) == 1
    assert Client(client.sandbox, "reader").get("me")["id"] == "611001"


def test_a_token_nobody_knows_cannot_expire():
    client = faulty("token_expired", match="GET me")
    assert code(Client(client.sandbox, "nobody").get("me")) == (190, 0)
    assert client.get("me")["id"] == "611001"


@pytest.mark.parametrize("after", ["", "YWZ0ZXI6NzE"])
def test_a_cursor_may_lead_back_to_where_it_was(after):
    client = faulty("cursor_loop", match="GET 1001/owned_pages")
    first = client.get("1001/owned_pages", after=after)
    again = client.get("1001/owned_pages", after=first["paging"]["cursors"]["after"])
    assert first["paging"]["next"]
    assert again["data"] == first["data"]
    assert "next" not in again["paging"]


def test_a_next_page_may_be_on_a_strangers_host():
    client = faulty("foreign_host_next", match="GET act_12/agencies")
    client.get("act_12")
    assert client.get("act_12/agencies")["paging"]["next"].startswith(
        "https://graph.example.net/v26.0/act_12/agencies?"
    )


def test_bad_paging_needs_a_listing():
    client = faulty("cursor_loop", match="GET *")
    assert client.get("me") == {"id": "611001", "name": "System user of Acme GmbH"}
    assert faulty("cursor_loop", match="GET *").ask("GET", "act_99").status == 400


def late(*faults: dict[str, object]) -> tuple[Client, list[float]]:
    waits: list[float] = []
    return Client(Sandbox(sandbox(faults=faults).world, wait=waits.append)), waits


def test_an_answer_may_be_late_and_what_was_done_is_done():
    client, waits = late({"match": "POST act_12/agencies", "do": "delay", "seconds": 0.5, "nth": 2})
    for _ in range(3):
        assert client.post("act_12/agencies", **GRANT) == {"success": True}
    assert (waits, committed(client)) == ([0.5], 3)


def test_the_late_items_of_a_batch_make_the_batch_late():
    client, waits = late({"match": "GET act_11", "do": "delay"}, {"match": "GET me", "do": "delay", "seconds": 1})
    batch = [{"method": "GET", "relative_url": path} for path in ("me", "act_11", "71")]
    assert [answer["code"] for answer in client.post("", batch=batch)] == [200, 200, 200]
    assert waits == [3]


def test_a_late_answer_holds_nobody_else_up():
    answered = []

    def others_go_on(_: float) -> None:
        thread = threading.Thread(target=lambda: answered.append(Client(box).get("me")["id"]))
        thread.start()
        thread.join(10)

    box = Sandbox(sandbox(faults=({"match": "GET act_11", "do": "delay"},)).world, wait=others_go_on)
    Client(box).get("act_11")
    assert answered == ["611001"]


def test_the_nth_request_that_fits_goes_wrong_and_no_other():
    client = faulty("http_500", match="GET act_*", nth=3)
    paths = ["act_11", "me", "act_12", "71", "act_11", "act_11"]
    assert [client.ask("GET", path).status for path in paths] == [200, 200, 200, 200, 500, 200]


def test_faults_are_used_up_in_order():
    first = {"match": "GET me", "do": "http_500"}
    second = {"match": "GET *", "do": "throttle"}
    client = Client(sandbox(faults=(first, second)))
    assert [client.ask("GET", "me").status for _ in range(3)] == [500, 400, 200]


def test_a_whole_batch_can_be_lost_or_one_item_of_it():
    batch = [{"method": "GET", "relative_url": "me"}, {"method": "GET", "relative_url": "act_11"}]
    with pytest.raises(Dropped):
        faulty("drop_before", match="POST /").post("", batch=batch)
    codes = [answer["code"] for answer in faulty("http_500", match="GET act_11").post("", batch=batch)]
    assert codes == [200, 500]


def test_a_fault_leaves_a_world_without_faults_alone():
    client = Client(sandbox())
    before = client.sandbox.world
    client.get("me")
    assert client.sandbox.world is before

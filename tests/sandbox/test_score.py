"""The score rule: points, the limit, the block, and headers that tell the truth."""

from __future__ import annotations

import json

import pytest

from accessctl.sandbox import Sandbox, WorldError

from .worlds import WORLD, Client, code, sandbox

GRANT = {"business": "2002", "permitted_tasks": ["ANALYZE"]}
THROTTLED = (80004, 2446079)


def limited(limit: int = 6, **quirks: object) -> Client:
    return Client(sandbox(score_limit=limit, **quirks))


def usage(client: Client, path: str, **params: object) -> dict:
    return json.loads(client.ask("GET", path, **params).headers["X-Ad-Account-Usage"])


def test_a_read_costs_one_point_and_a_write_three():
    client = limited(6)
    assert client.post("act_12/agencies", **GRANT) == {"success": True}
    assert [client.ask("GET", "act_12").status for _ in range(4)] == [200, 200, 200, 400]
    assert client.sandbox.throttled == 1


def test_a_call_that_would_go_above_the_limit_is_refused_and_does_nothing():
    client = limited(5)
    client.post("act_12/agencies", **GRANT)
    answer = client.ask("DELETE", "act_12/agencies", business="2002")
    assert (answer.status, code(answer.json())) == (400, THROTTLED)
    assert len(client.sandbox.write_log) == 1


def test_points_are_forgotten_one_by_one():
    client = limited(3)
    for _ in range(3):
        client.get("act_12")
        client.sandbox.pass_time(100)
    assert client.ask("GET", "act_12").status == 200, "the first of the three is 300 seconds old"
    assert client.ask("GET", "act_12").status == 400, "the second is not"


def test_a_call_in_the_block_starts_the_block_anew():
    client = limited(1)
    box = client.sandbox
    client.get("act_12")
    assert code(client.get("act_12")) == THROTTLED
    box.pass_time(299)
    assert code(client.get("act_12")) == THROTTLED
    box.pass_time(299)
    assert code(client.get("act_12")) == THROTTLED
    box.pass_time(300)
    assert client.get("act_12")["id"] == "act_12"
    assert box.throttled == 3


def test_window_and_block_have_lengths_of_their_own():
    client = limited(1, score_window=10, score_block=60)
    client.get("act_12")
    client.get("act_12")
    client.sandbox.pass_time(59)
    assert usage(client, "act_12")["reset_time_duration"] == 60
    client.sandbox.pass_time(60)
    assert client.ask("GET", "act_12").status == 200


@pytest.mark.parametrize(
    ("path", "same", "other", "expected"),
    [
        ("act_12", "act_12/agencies", "act_11", THROTTLED),
        ("71", "71", "72", (4, 0)),
        ("1001/owned_pages", "1001/agencies", "act_11", (80001, 0)),
        ("me", "1001/owned_pages", "act_11", (4, 0)),
    ],
)
def test_each_ad_account_page_and_business_has_a_bucket(path, same, other, expected):
    client = limited(1)
    assert client.ask("GET", path).status == 200
    assert client.ask("GET", same).status == 400
    assert client.ask("GET", other).status == 200


def test_a_page_by_its_own_token_draws_from_the_pages_bucket():
    client = limited(2)
    page = client.of_page("71")
    assert [page.ask("GET", path).status for path in ("me", "71", "me")] == [200, 400, 400]


def test_an_app_has_one_bucket_for_everything():
    client = limited(2, score_per="app")
    first = client.ask("GET", "act_12")
    assert json.loads(first.headers["X-App-Usage"])["call_count"] == 50
    client.get("1001/owned_pages")
    assert code(Client(client.sandbox, "sandbox-2002").get("act_11")) == (4, 0)


def test_each_item_of_a_batch_counts_and_the_batch_itself_does_not():
    client = limited(4)
    items = [{"method": "GET", "relative_url": f"act_12?limit={n}"} for n in range(5)]
    answers = client.post("", batch=items)
    assert [answer["code"] for answer in answers] == [200, 200, 200, 200, 400]
    assert client.ask("POST", "", batch=items[:1]).status == 200
    assert client.sandbox.throttled == 2


def test_a_call_without_a_good_token_costs_nothing():
    client = limited(1)
    Client(client.sandbox, "old").get("act_12")
    assert client.ask("GET", "act_12").status == 200


def test_headers_tell_the_share_used_and_the_seconds_to_an_empty_bucket():
    client = limited(60)
    client.post("act_12/agencies", **GRANT)
    client.sandbox.pass_time(100.5)
    assert usage(client, "act_12") == {
        "acc_id_util_pct": 6.67,
        "reset_time_duration": 300,
        "ads_api_access_tier": "development_access",
    }
    client.sandbox.pass_time(299.5)
    assert usage(client, "act_12", fields="id")["acc_id_util_pct"] == 3.33
    assert usage(client, "1001/owned_pages")["acc_id_util_pct"] == 1.67
    assert "X-Ad-Account-Usage" not in Client(sandbox()).ask("GET", "1001/owned_pages").headers


def test_a_block_is_told_in_seconds_and_in_minutes_rounded_up():
    client = limited(1, score_block=61)
    client.get("act_12")
    headers = client.ask("GET", "act_12").headers
    assert json.loads(headers["X-Ad-Account-Usage"])["acc_id_util_pct"] == 100
    assert json.loads(headers["X-Ad-Account-Usage"])["reset_time_duration"] == 61
    (case,) = json.loads(headers["X-Business-Use-Case-Usage"])["1001"]
    assert (case["call_count"], case["estimated_time_to_regain_access"]) == (100, 2)


def test_a_batch_tells_how_its_caller_stands():
    client = limited(4)
    answer = client.ask("POST", "", batch=[{"method": "GET", "relative_url": "1001/owned_pages"}])
    assert json.loads(answer.headers["X-Ad-Account-Usage"])["acc_id_util_pct"] == 25


@pytest.mark.parametrize(
    ("quirks", "tier"),
    [
        ({}, "standard_access"),
        ({"score_limit": 60}, "development_access"),
        ({"score_limit": 61}, "standard_access"),
        ({"score_limit": 9000, "tier": "development_access"}, "development_access"),
        ({"tier": "development_access"}, "development_access"),
    ],
)
def test_the_tier_follows_the_limit_unless_it_is_named(quirks, tier):
    headers = Client(sandbox(**quirks)).ask("GET", "act_12").headers
    assert json.loads(headers["X-Ad-Account-Usage"])["ads_api_access_tier"] == tier
    assert json.loads(headers["X-Business-Use-Case-Usage"])["1001"][0]["ads_api_access_tier"] == tier


def test_a_throttle_by_a_fault_is_told_in_the_headers_beside_the_rule():
    box = sandbox(faults=({"match": "GET me", "do": "throttle"},), score_limit=60)
    used = usage(Client(box), "me")
    assert (used["acc_id_util_pct"], used["reset_time_duration"]) == (100, 60)
    assert box.throttled == 0


def test_a_world_with_a_clock_of_its_own_has_no_other_time():
    box = sandbox()
    assert box.elapsed == 0
    box.pass_time(7)
    assert box.elapsed == 7
    assert box.world.now == sandbox().world.now


def test_in_real_time_passed_time_comes_on_top():
    box = sandbox(WORLD.replace('now: "2026-11-21T09:00:00Z"', ""))
    box.pass_time(1000)
    first, second = box.elapsed, box.elapsed
    assert 1000 <= first <= second


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf")])
def test_time_goes_forward_only(seconds):
    with pytest.raises(WorldError, match="cannot pass"):
        sandbox().pass_time(seconds)


def test_a_sandbox_that_starts_again_has_forgotten_the_score():
    client = limited(1)
    client.get("act_12")
    client.get("act_12")
    client.sandbox.reset()
    assert (client.sandbox.throttled, client.ask("GET", "act_12").status) == (0, 200)


def test_the_score_is_not_kept_with_the_world():
    client = limited(1)
    client.get("act_12")
    assert Client(Sandbox(client.sandbox.world)).ask("GET", "act_12").status == 200

"""Calls keep Meta's pace: nothing is sent into a block, and less is sent as a quota fills up."""

from __future__ import annotations

import json
import threading

import pytest
from graph_peer import CANARY, Say, error
from hypothesis import given, settings
from hypothesis import strategies as st

from accessctl.graph.batch import BatchRead
from accessctl.graph.call import Call
from accessctl.graph.errors import GraphError, Trouble
from accessctl.graph.pace import STRIKES, Pace, TooLongError, shares_of
from accessctl.graph.patience import Patience
from accessctl.graph.secret import Secret
from accessctl.graph.usage import APP, Usage, read_usage
from accessctl.model import Asset, Kind
from accessctl.watch import QUIET, Watch

ASSET = Asset(Kind.AD_ACCOUNT, "1")
READ = Call("GET", ("act_1", "agencies"))


class Clock:
    """Time that passes only where somebody sleeps."""

    def __init__(self):
        self.now = 1000.0
        self.slept = []

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def key():
    return Secret(CANARY, "a token")


def pace_of(clock, max_wait=900.0, watch=QUIET):
    return Pace(sleep=clock.sleep, clock=lambda: clock.now, max_wait=max_wait, watch=watch)


def score(percent, *, reset=None, tier="development_access"):
    usage = {"acc_id_util_pct": percent, "ads_api_access_tier": tier}
    return {"x-ad-account-usage": json.dumps(usage | ({"reset_time_duration": reset} if reset else {}))}


def throttled(code, wait=None):
    return GraphError("too many calls", trouble=Trouble.THROTTLED, code=code, wait_seconds=wait)


def go(pace, key, call=READ, headers=None, failure=None):
    """Make one call as the wire does."""
    shares = shares_of(call, key)
    pace.enter(shares)
    pace.hear(shares, read_usage(headers or {}, call.node), failure)
    pace.leave(shares)


def test_a_read_is_one_point_and_a_write_three(key):
    assert shares_of(READ, key) == {APP: 1.0, key: 1.0, "1": 1.0}
    assert shares_of(Call("POST", ("act_1", "agencies"), is_write=True), key)["1"] == 3.0


def test_an_account_is_left_alone_before_its_score_is_full(clock, key):
    pace = pace_of(clock)
    for calls in range(1, 58):
        go(pace, key, headers=score(100 * calls / 60, reset=300))
    assert clock.slept == []

    go(pace, key)
    assert clock.slept == [300.0]


def test_an_account_that_is_nearly_full_does_not_hold_up_another(clock, key):
    pace = pace_of(clock)
    go(pace, key, headers=score(96, reset=300))
    go(pace, key, call=Call("GET", ("act_2", "agencies")))
    assert clock.slept == []


def test_the_ceiling_of_the_full_tier_is_another_one(clock, key):
    pace = pace_of(clock)
    for _ in range(300):
        go(pace, key, headers=score(50, reset=300, tier="standard_access"))
    assert clock.slept == []
    assert pace.tier == "standard_access"


def test_calls_that_are_on_their_way_count(clock, key):
    pace = pace_of(clock, max_wait=0)
    go(pace, key, headers=score(50, reset=300))
    flying = [shares_of(READ, key)] * 27
    for shares in flying:
        pace.enter(shares)
    with pytest.raises(TooLongError):
        pace.enter(shares_of(READ, key))
    pace.leave(flying[0])
    pace.enter(flying[0])


def test_old_news_of_a_score_hold_nobody_up(clock, key):
    pace = pace_of(clock)
    go(pace, key, headers=score(99, reset=200))
    clock.now += 201
    go(pace, key)
    assert clock.slept == []


@pytest.mark.parametrize(("percent", "spacing"), [(10, 0), (74, 0), (75, 1), (90, 5), (97, 15), (100, 60), (900, 60)])
def test_calls_come_further_apart_as_the_apps_quota_fills_up(clock, key, percent, spacing):
    pace = pace_of(clock)
    headers = {"x-app-usage": json.dumps({"call_count": percent, "total_time": 3, "total_cputime": 1})}
    for _ in range(4):
        go(pace, key, headers=headers)
    assert clock.slept == [spacing] * (2 if spacing else 0)


@pytest.mark.parametrize(
    ("code", "stops"),
    [
        (4, {"same", "other token", "other account"}),
        (341, {"same", "other token", "other account"}),
        (17, {"same", "other account"}),
        (32, {"same", "other account"}),
        (80004, {"same", "other token"}),
        (613, {"same", "other token"}),
    ],
)
def test_what_is_throttled_is_closed_and_nothing_else(clock, key, code, stops):
    other = Secret("another", "another")
    calls = {"same": (READ, key), "other token": (READ, other), "other account": (Call("GET", ("act_2",)), key)}
    closed = set()
    for name, (call, token) in calls.items():
        pace = pace_of(clock, max_wait=0)
        go(pace, key, failure=throttled(code, 60.0))
        try:
            go(pace, token, call=call)
        except TooLongError:
            closed.add(name)
    assert closed == stops


def test_a_use_case_that_is_used_up_closes_its_object_for_the_stated_minutes(clock, key):
    pace = pace_of(clock)
    row = {"type": "ads_management", "call_count": 100, "estimated_time_to_regain_access": 2}
    go(pace, key, headers={"x-business-use-case-usage": json.dumps({"1": [row]})})
    go(pace, key)
    assert clock.slept == [120.0]


def test_waiting_in_all_has_an_end(clock, key):
    pace = pace_of(clock, max_wait=100)
    go(pace, key, failure=throttled(80004, 60.0))
    go(pace, key, failure=throttled(80004, 60.0))
    with pytest.raises(TooLongError, match="longer than may be waited"):
        go(pace, key)
    assert (clock.slept, pace.waited) == ([60.0], 60.0)


def test_those_who_wait_together_wait_once(clock, key):
    pace = pace_of(clock, max_wait=100)
    go(pace, key, failure=throttled(4, 60.0))
    start = clock.now
    for number in range(20):
        go(pace, key, call=Call("GET", (f"act_{number}",)))
        clock.now = start
    assert pace.waited == 60.0


def test_a_storm_takes_six_calls_and_no_more(clock, key):
    pace = pace_of(clock, max_wait=1e9)
    for _ in range(STRIKES):
        go(pace, key, failure=throttled(80004))
    with pytest.raises(TooLongError):
        go(pace, key)
    assert clock.slept == sorted(clock.slept)


def test_calls_that_met_one_block_together_are_one_strike(clock, key):
    pace = pace_of(clock)
    shares = shares_of(READ, key)
    for _ in range(50):
        pace.hear(shares, (), throttled(80004, 60.0))
    go(pace, key)
    assert clock.slept == [60.0]


def test_an_answer_forgets_the_strikes(clock, key):
    pace = pace_of(clock, max_wait=1e9)
    for _ in range(4):
        for _ in range(STRIKES - 1):
            go(pace, key, failure=throttled(80004, 1.0))
        go(pace, key)


def test_who_waits_is_told_how_long_and_why(clock, key):
    told = []

    class Told(Watch):
        def wait(self, seconds, why):
            told.append((seconds, why))

    pace = pace_of(clock, watch=Told())
    go(pace, key, failure=throttled(80004, 60.0))
    go(pace, key)
    go(pace, key, headers=score(99, reset=300))
    go(pace, key)
    assert told == [(60.0, "too many calls"), (300.0, "Meta's quota for 1 is all but used up")]


def test_writes_keep_the_pace_too(talk, token, pauses):
    closed = error(80004)
    closed.headers = {"Retry-After": "7"}
    peer, session = talk(closed, {"success": True})
    with pytest.raises(GraphError):
        session.writer.take(token, ASSET, "2")
    assert pauses == []

    session.writer.take(token, ASSET, "2")
    assert pauses == [7.0]
    assert len(peer.got) == 2


def test_a_write_whose_turn_would_come_too_late_is_not_sent(talk, token):
    closed = error(80004)
    closed.headers = {"Retry-After": "7"}
    peer, session = talk(closed, {"success": True}, max_wait=5)
    for _ in range(3):
        with pytest.raises(GraphError) as caught:
            session.writer.take(token, ASSET, "2")
        assert caught.value.trouble is Trouble.THROTTLED
    assert len(peer.got) == 1


def test_each_read_of_a_batch_counts_where_it_belongs(talk, token, pauses):
    def answer(got):
        names = [item["relative_url"] for item in json.loads(got.form["batch"])]
        headers = [{"name": "X-Ad-Account-Usage", "value": score(99, reset=30)["x-ad-account-usage"]}]
        return Say([{"code": 200, "headers": headers, "body": json.dumps({"id": name})} for name in names])

    _, session = talk(answer, answer, answer)
    one, two = ([BatchRead((f"act_{number}",))] for number in (1, 2))
    session.reader.batch(one, token)
    session.reader.batch(two, token)
    assert pauses == []
    session.reader.batch(one, token)
    assert pauses == [30.0]
    assert session.tier == "development_access"


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({}, ()),
        ({"x-app-usage": '{"call_count": 28, "total_time": 25, "total_cputime": 30}'}, (Usage(APP, 30.0),)),
        ({"x-app-usage": '{"call_count": -1}'}, ()),
        ({"x-app-usage": '{"call_count": true}'}, ()),
        ({"x-app-usage": '{"call_count": 1e300}'}, (Usage(APP, 1000.0),)),
        ({"x-app-usage": "[]"}, ()),
        (score(9.67, reset=100), (Usage("1", 9.67, 100.0, "development_access", is_score=True),)),
        (
            {"x-business-use-case-usage": '{"act_5": [{"call_count": 5, "estimated_time_to_regain_access": 2}]}'},
            (Usage("5", 5.0, 120.0),),
        ),
        ({"x-business-use-case-usage": '{"../x": [{"call_count": 5}], "6": [7], "7": 8}'}, ()),
    ],
)
def test_usage_is_read_in_its_own_units(headers, found):
    assert read_usage(headers, "1") == found


NUMBERS = st.integers() | st.floats() | st.booleans() | st.text(max_size=5) | st.none()


@settings(max_examples=1000, deadline=None)
@given(
    st.dictionaries(st.sampled_from(["call_count", "total_time"]), NUMBERS),
    st.dictionaries(st.sampled_from(["acc_id_util_pct", "reset_time_duration", "ads_api_access_tier"]), NUMBERS),
    st.dictionaries(st.sampled_from(["call_count", "estimated_time_to_regain_access"]), NUMBERS),
)
def test_a_thousand_odd_headers_never_make_anybody_wait_longer_than_allowed(app, account, case):
    clock, key = Clock(), Secret(CANARY, "a token")
    pace = pace_of(clock)
    headers = {
        "x-app-usage": json.dumps(app),
        "x-ad-account-usage": json.dumps(account),
        "x-business-use-case-usage": json.dumps({"1": [case]}),
    }
    try:
        for _ in range(3):
            go(pace, key, headers=headers)
    except TooLongError:
        pass
    assert all(0 < seconds <= 900 for seconds in clock.slept)
    assert sum(clock.slept) <= 900


def test_calls_that_stand_in_line_do_not_go_into_a_block_that_came_meanwhile(talk, key):
    gate = threading.Event()
    shut = error(4)
    shut.headers, shut.hold = {"Retry-After": "60"}, gate
    peer, session = talk(always=shut, parallelism=1, max_wait=0)

    def go_on(number):
        with pytest.raises(GraphError):
            session.reader.get(key, f"act_{number}")

    threads = [threading.Thread(target=go_on, args=(number,)) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    while not peer.got:
        gate.wait(0.01)
    gate.wait(0.2)  # so that the others stand in line
    gate.set()
    for thread in threads:
        thread.join()
    assert len(peer.got) == 1


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("x-app-usage", '{"call_count": N}'),
        ("x-ad-account-usage", '{"acc_id_util_pct": N}'),
        ("x-business-use-case-usage", '{"1": [{"call_count": N}]}'),
    ],
)
def test_a_number_larger_than_any_float_is_as_full_as_can_be(header, value):
    (usage,) = read_usage({header: value.replace("N", "9" * 400)}, "1")
    assert usage.percent == 1000.0


def test_a_read_that_is_throttled_again_and_again_is_made_six_times():
    made = []

    def attempt():
        made.append(1)
        raise throttled(4, 1.0)

    with pytest.raises(GraphError):
        Patience(lambda _: None).read(attempt)
    assert len(made) == STRIKES

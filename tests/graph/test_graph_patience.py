"""Reads wait and try again, within limits; nothing is sent inside a block Meta has stated."""

from __future__ import annotations

import json
import socket
import threading

import httpx
import pytest
from graph_peer import Say, error
from hypothesis import given, settings
from hypothesis import strategies as st

from accessctl.graph.client import connect
from accessctl.graph.errors import GraphError, Trouble
from accessctl.graph.secret import Secret
from accessctl.graph.usage import LONGEST, stated_wait
from accessctl.model import Asset, Kind

ASSET = Asset(Kind.AD_ACCOUNT, "1")


def use_case(minutes):
    return {"X-Business-Use-Case-Usage": json.dumps({"1": [{"estimated_time_to_regain_access": minutes}]})}


def throttled(code=80004, **headers):
    say = error(code, message="too many calls")
    say.headers = headers
    return say


def refused(session, token):
    with pytest.raises(GraphError) as caught:
        session.reader.get(token, "1")
    return caught.value


@pytest.mark.parametrize(
    "passing", [error(1), error(2), error(3912), error(100, is_transient=True), error(9, status=500)]
)
def test_what_passes_is_tried_three_times_at_most(talk, token, pauses, passing):
    peer, session = talk(always=passing)

    assert refused(session, token).trouble is Trouble.TRANSIENT
    assert len(peer.got) == 3
    assert len(pauses) == 2
    assert 0.5 <= pauses[0] <= 1.5 <= 2 * pauses[1]


@pytest.mark.parametrize("code", [3, 10, 100, 190, 200, 368, 613, 803, 3944])
def test_what_does_not_pass_is_not_tried_again(talk, token, code):
    peer, session = talk(always=error(code))

    assert refused(session, token).code == code
    assert len(peer.got) == 1


def test_too_much_data_is_not_asked_for_twice(talk, token):
    peer, session = talk(always=error(1, status=500, message="Please reduce the amount of data you're asking for"))

    assert refused(session, token).trouble is Trouble.TOO_LARGE
    assert len(peer.got) == 1


@pytest.mark.parametrize("status", [200, 400, 403])
@pytest.mark.parametrize("code", [4, 17, 32, 341, 80000, 80003, 80004, 80014])
def test_throttling_is_waited_out_for_the_stated_minutes(talk, token, pauses, code, status):
    say = throttled(code, **use_case(5))
    say.status = status
    peer, session = talk(say, {"id": "1"})

    assert session.reader.get(token, "1") == {"id": "1"}
    assert pauses == [300.0]
    assert len(peer.got) == 2


def test_a_block_longer_than_the_limit_is_told_at_once(talk, token, pauses):
    peer, session = talk(always=throttled(**use_case(16)))

    found = refused(session, token)

    assert (found.trouble, found.wait_seconds) == (Trouble.THROTTLED, 960.0)
    assert (len(peer.got), pauses) == (1, [])


def test_how_long_to_wait_in_all_is_the_callers_choice(talk, token, pauses):
    _, session = talk(always=throttled(**use_case(16)), max_wait=2000)

    refused(session, token)
    assert pauses == [960.0, 960.0]


def test_a_storm_is_not_waited_out_anew_for_every_read(talk, token, pauses):
    peer, session = talk(always=throttled(**use_case(10)))

    for _ in range(5):
        assert refused(session, token).trouble is Trouble.THROTTLED
    assert pauses == [600.0]
    assert len(peer.got) == 2
    assert session.cost.seconds_waited == 600.0


def test_a_throttle_storm_ends_after_six_calls(talk, token, pauses):
    peer, session = talk(always=throttled(**{"Retry-After": "1"}))

    refused(session, token)
    assert len(peer.got) == 6


def test_throttling_without_a_stated_time_waits_longer_each_time(talk, token, pauses):
    peer, session = talk(always=throttled(4))

    refused(session, token)
    assert pauses == sorted(pauses)
    assert 45 <= pauses[0] <= 60
    assert sum(pauses) <= 900
    assert len(peer.got) <= 6


def test_http_429_is_throttling_whatever_its_body_is(talk, token, pauses):
    _, session = talk(Say(raw=b"<html>", status=429, headers={"Retry-After": "7"}), {"id": "1"})

    session.reader.get(token, "1")
    assert pauses == [7.0]


@pytest.mark.parametrize(
    "say", [throttled(**use_case(1)), error(1), error(190), Say(drop=True), Say(raw=b"x", status=429)]
)
def test_a_write_is_sent_once_whatever_comes_back(talk, token, pauses, say):
    for write in (
        lambda session: session.writer.give(token, ASSET, "2", ["ANALYZE"]),
        lambda session: session.writer.take(token, ASSET, "2"),
        lambda session: session.writer.ask(token, "2", ASSET, ["ANALYZE"]),
        lambda session: session.writer.drop(token, "2", ASSET),
    ):
        peer, session = talk(always=say)
        with pytest.raises(GraphError):
            write(session)
        assert len(peer.got) == 1
    assert pauses == []


@pytest.mark.parametrize("last", [error(190), error(190, subcode=463), error(102), error(104), error(368), error(613)])
def test_after_an_answer_that_ends_a_token_no_call_is_made_with_it(talk, token, last):
    peer, session = talk(last, always={"id": "1"})
    first = refused(session, token)

    assert refused(session, token) is first
    with pytest.raises(GraphError):
        session.writer.take(token, ASSET, "2")
    assert len(peer.got) == 1
    assert session.reader.get(Secret("another", "another"), "1") == {"id": "1"}


def test_a_refused_connection_means_nothing_was_sent(token, pauses):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with connect(base_url=url, version="v26.0", app_secret=None, sleep=pauses.append) as session:
            with pytest.raises(GraphError) as writing:
                session.writer.take(token, ASSET, "2")
            assert pauses == []
            reading = refused(session, token)

    assert writing.value.trouble is reading.trouble is Trouble.NETWORK
    assert writing.value.what.startswith(f"no connection to {url} for DELETE act_1/agencies")
    assert len(pauses) == 2


def test_silence_after_sending_leaves_a_write_in_doubt_and_a_read_to_try_again(talk, token):
    hold = threading.Event()
    peer, session = talk(always=Say({}, hold=hold), timeout=httpx.Timeout(0.1))
    with pytest.raises(GraphError) as writing:
        session.writer.take(token, ASSET, "2")
    reading = refused(session, token)
    hold.set()

    assert writing.value.trouble is Trouble.IN_DOUBT
    assert reading.trouble is Trouble.TRANSIENT
    assert "took too long" in writing.value.what
    assert len(peer.got) == 4


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"x-business-use-case-usage": '{"1": [{"estimated_time_to_regain_access": 3}]}'}, 180.0),
        ({"x-ad-account-usage": '{"acc_id_util_pct": 100, "reset_time_duration": 42}'}, 42.0),
        ({"retry-after": "5", "x-ad-account-usage": '{"reset_time_duration": 42}'}, 42.0),
        ({"x-business-use-case-usage": '{"1": [{"estimated_time_to_regain_access": 0}]}'}, None),
        ({"x-business-use-case-usage": '{"1": [{"estimated_time_to_regain_access": true}, 5], "2": 7}'}, None),
        ({"x-business-use-case-usage": '{"1": [{"estimated_time_to_regain_access": 99999999}]}'}, LONGEST),
        ({"x-app-usage": '{"call_count": 100}'}, None),
        ({"retry-after": "Fri, 31 Dec 1999 23:59:59 GMT"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "1e400"}, None),
        ({"x-ad-account-usage": "[]"}, None),
        ({"x-ad-account-usage": '{"reset_time_duration": 1' + "0" * 400 + "}"}, None),
    ],
)
def test_the_stated_time_is_read_in_its_own_unit(headers, seconds):
    assert stated_wait(headers) == seconds


@settings(max_examples=400, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["retry-after", "x-ad-account-usage", "x-business-use-case-usage"]),
        st.text(max_size=30)
        | st.integers().map(lambda n: json.dumps({"reset_time_duration": n}))
        | st.floats().map(lambda n: json.dumps({"1": [{"estimated_time_to_regain_access": n}]})),
    )
)
def test_odd_usage_headers_give_no_odd_waits(headers):
    seconds = stated_wait(headers)

    assert seconds is None or 0 < seconds <= LONGEST

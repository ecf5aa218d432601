"""Which bytes are a notice: the documented forms, and nothing that two readers could understand differently."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accessctl.sandbox.notify import FORMS, body_of
from accessctl.webhook.notice import FARTHEST, ends_of, is_likely, rows_of, whole_bodies
from accessctl.webhook.payload import Notice, read_payload
from tests.webhook.conftest import PERSON, SECRET, envelope

EXPIRES = "2027-05-04T10:00:00Z"
END = datetime(2027, 5, 4, 10, tzinfo=UTC)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DOCUMENTED = """{ "field": "migration_expire_time", "value": { "user_id": "4444444444",
"migration_expire_time" => "2024-05-04T10:00:00Z" } }"""


def test_the_payload_is_read_as_the_documentation_prints_it():
    (notice,) = read_payload(DOCUMENTED.encode()).notices
    assert notice == Notice("4444444444", datetime(2024, 5, 4, 10, tzinfo=UTC))


@pytest.mark.parametrize("form", FORMS)
def test_all_forms_say_the_same(form):
    (notice,) = read_payload(body_of(PERSON, EXPIRES, form, sent=1_795_000_000)).notices
    assert (notice.person, notice.until) == (PERSON, END)
    assert notice.sent == (datetime.fromtimestamp(1_795_000_000, UTC) if form == "envelope" else None)


@pytest.mark.parametrize(
    "text",
    [
        '{"field" => "a => b", "value" => "\\" => "}',
        '{"a=>b": 1, "a:b": 2, "field"=>"x"}',
    ],
)
def test_an_arrow_inside_a_text_stays(text):
    assert read_payload(text.encode()).others == 1


@pytest.mark.parametrize("text", ['{"field" = > "x"}', '{"field" =>: "x"}', '{"field" => => "x"}', '{"field => x}'])
def test_no_other_slip_is_mended(text):
    with pytest.raises(ValueError, match=r"."):
        read_payload(text.encode())


@pytest.mark.parametrize("size", [1000, 100_000])
def test_a_text_without_an_end_takes_no_time(size):
    with pytest.raises(ValueError, match=r"."):
        read_payload(b'{=>"' + b'\\"' * size)


@pytest.mark.parametrize(
    "until", ["2027-05-04T10:00:00Z", "2027-05-04T10:00:00+0000", "2027-05-04T12:00:00.9+02:00", "2027-05-04T10:00Z"]
)
def test_times_are_read_in_each_spelling_that_meta_uses(until):
    (notice,) = read_payload(body_of(PERSON, until)).notices
    assert notice.until == END


@pytest.mark.parametrize(
    ("user", "until"),
    [
        (True, EXPIRES),
        (None, EXPIRES),
        ("", EXPIRES),
        ("12 ", EXPIRES),
        ("1" * 33, EXPIRES),
        ("\u0661", EXPIRES),
        (-1, EXPIRES),
        (1.0, EXPIRES),
        ("1", None),
        ("1", 1_795_000_000),
        ("1", "2027-05-04"),
        ("1", "2027-05-04T10:00:00"),
        ("1", "2027-13-04T10:00:00Z"),
        ("1", "0001-01-01T00:00:00+23:59"),
        ("1", "\u0662027-05-04T10:00:00Z"),
    ],
)
def test_what_is_no_person_or_no_time_is_no_notice(user, until):
    body = json.dumps(
        {"field": "migration_expire_time", "value": {"user_id": user, "migration_expire_time": until}}
    ).encode()
    found = read_payload(body)
    assert (found.notices, found.unfit) == ((), 1)


def test_an_id_may_come_as_a_number():
    body = b'{"field": "migration_expire_time", "value": {"user_id": 77, "migration_expire_time": "2027-05-04T10:00Z"}}'
    assert read_payload(body).notices == (Notice("77", END),)


@pytest.mark.parametrize(
    "body",
    [
        b'{"field": "a", "field": "b"}',
        b'{"field": "a", "value": NaN}',
        b'{"field": "a", "value": 1e999}',
        b'{"field": "a", "value": ' + b"9" * 5000 + b"}",
        b'{"field": "a", "value": ' + b"[" * 100_000,
        b'{"value": {}}',
        b'{"field": 1}',
        b'{"entry": {}}',
        b'{"entry": [1]}',
        b'{"entry": [{"time": "1"}]}',
        b'{"entry": [{"time": true}]}',
        b'{"entry": [{"time": 1e3}]}',
        b'{"entry": [{"time": -99999999999999999999}]}',
        b'{"entry": [{"changes": 1}]}',
        '{"field": "a"}'.encode("utf-16"),
    ],
)
def test_what_has_no_one_meaning_is_refused(body):
    with pytest.raises(ValueError, match=r"."):
        read_payload(body)


def test_one_old_entry_makes_the_whole_envelope_old():
    young, old = ({"time": int((NOW - timedelta(hours=hours)).timestamp())} for hours in (1, 49))
    assert read_payload(json.dumps({"entry": [young]}).encode()).is_timely(NOW)
    assert not read_payload(json.dumps({"entry": [young, old]}).encode()).is_timely(NOW)


def test_an_entry_in_milliseconds_is_as_old_as_it_says():
    found = read_payload(json.dumps({"entry": [{"time": int(NOW.timestamp() * 1000)}]}).encode())
    assert found.sent == (NOW,)


def test_a_body_is_whole_once_all_its_rows_are_there(app_secret):
    notices = read_payload(envelope("1", "2", "2", "3")).notices
    rows = rows_of(notices, "b", app_secret, NOW)
    later = rows_of(notices, "b", app_secret, NOW + timedelta(hours=1))
    assert whole_bodies(rows) == {"b"}
    assert whole_bodies(rows[:2]) == set()
    assert whole_bodies([*rows[:2], *later[:2]]) == set()
    assert whole_bodies([*rows[:2], *later[2:]]) == {"b"}


def test_the_notice_that_meta_sent_last_counts_whichever_comes_last(app_secret):
    def row(days, sent, came):
        one = Notice(PERSON, END + timedelta(days=days), NOW + timedelta(hours=sent))
        return rows_of([one], str(days), app_secret, NOW + timedelta(hours=came))[0]

    first, longer = row(0, sent=0, came=30), row(20, sent=5, came=5)
    (end,) = ends_of([longer, first]).values()
    assert end == END + timedelta(days=20)


@pytest.mark.parametrize(
    "changes", [{"user": 1}, {"until": "soon"}, {"until": "9999-12-31T23:59:59Z"}, {"at": None}, {"body": None}]
)
def test_a_row_that_makes_no_sense_counts_for_nothing(changes):
    row = {"user": "x", "until": EXPIRES, "at": EXPIRES, "body": "b"}
    assert ends_of([row]) == {"x": END}
    assert ends_of([row | changes]) == {}


def told(days, minutes, body="", **more):
    """Return a row of a notice that does not tell its time: an end so many days after END, that came so late."""
    row = {"user": "x", "at": at(NOW + timedelta(minutes=minutes)), "until": at(END + timedelta(days=days))}
    return row | {"body": body or str(days)} | more


def at(moment):
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_a_body_that_another_process_has_kept_again_is_as_old_as_it_was_first(order):
    rows = told(0, minutes=0), told(20, minutes=5), told(0, minutes=9)
    assert ends_of(rows[number] for number in order) == {"x": END + timedelta(days=20)}
    assert ends_of([*rows, told(40, minutes=7)]) == {"x": END + timedelta(days=40)}


def test_what_came_again_within_the_second_is_no_newer_than_what_came_between():
    rows = told(0, minutes=0), told(20, minutes=0), told(0, minutes=1)
    assert ends_of(rows) == {"x": END + timedelta(days=20)}


def test_the_rest_of_a_body_that_was_torn_is_as_old_as_its_beginning():
    begun, rest = told(0, minutes=0, body="b", user="y"), told(0, minutes=9, body="b")
    assert ends_of([begun, told(20, minutes=5), rest])["x"] == END + timedelta(days=20)


def test_an_end_that_was_past_when_it_came_replaces_none_unless_meta_has_just_sent_it():
    known, late = told(0, minutes=0), timedelta(days=500)
    old = told(-30, minutes=late // timedelta(minutes=1))  # of the first no row is left: it came again too late
    assert ends_of([known, old]) == {"x": END}
    assert ends_of([known, old | {"sent": old["at"]}]) == {"x": END - timedelta(days=30)}
    assert ends_of([old]) == {"x": END - timedelta(days=30)}


@pytest.mark.parametrize(
    ("until", "likely"),
    [
        (NOW + timedelta(days=30), True),
        (NOW - timedelta(days=900), True),
        (NOW + FARTHEST, True),
        (NOW + FARTHEST + timedelta(seconds=1), False),
        (NOW - FARTHEST - timedelta(seconds=1), False),
        (datetime(1970, 1, 1, tzinfo=UTC), False),
        (datetime.min.replace(tzinfo=UTC), False),
        (datetime.max.replace(tzinfo=UTC), False),
    ],
)
def test_an_end_is_likely_where_it_is_within_three_years(until, likely):
    assert is_likely(until, NOW) is likely


def test_no_id_is_in_a_row(app_secret):
    rows = rows_of([Notice(PERSON, END, NOW)], "b", app_secret, NOW)
    assert PERSON not in json.dumps(rows)
    assert SECRET not in json.dumps(rows)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from([EXPIRES, "1", 1]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["field", "value", "entry", "changes", "time", "user_id", "migration_expire_time"])
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.binary(max_size=200) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_no_bytes_raise_anything_but_a_value_error(body):
    try:
        found = read_payload(body)
    except ValueError:
        return
    assert all(one.until.tzinfo is UTC and one.person.isdigit() for one in found.notices)

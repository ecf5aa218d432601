"""Meta's codes mean what the table of facts says: by code, then subcode, never by type or HTTP status alone."""

from __future__ import annotations

import pytest
from graph_peer import error

from accessctl.graph.codes import classify
from accessctl.graph.errors import HINTS, GraphError, Trouble, hint_for
from accessctl.model import Asset, Kind

T = Trouble

TRIPLES = [
    (500, 1, 0, T.TRANSIENT),
    (400, 2, 0, T.TRANSIENT),
    (200, 2, 0, T.TRANSIENT),
    (400, 3, 0, T.CAPABILITY_MISSING),
    (400, 4, 0, T.THROTTLED),
    (200, 4, 0, T.THROTTLED),
    (403, 4, 1504022, T.THROTTLED),
    (403, 10, 0, T.PERMISSION),
    (400, 17, 2446079, T.THROTTLED),
    (200, 17, 0, T.THROTTLED),
    (400, 32, 0, T.THROTTLED),
    (400, 100, 0, T.PARAMETER),
    (404, 100, 0, T.PARAMETER),
    (400, 100, 33, T.ABSENT_OR_HIDDEN),
    (400, 102, 0, T.TOKEN),
    (400, 104, 0, T.TOKEN),
    (400, 110, 0, T.ABSENT_OR_HIDDEN),
    (400, 190, 0, T.TOKEN),
    (401, 190, 458, T.TOKEN),
    (400, 190, 459, T.TOKEN),
    (400, 190, 460, T.TOKEN),
    (401, 190, 463, T.TOKEN),
    (400, 190, 464, T.TOKEN),
    (500, 190, 467, T.TOKEN),
    (400, 190, 492, T.TOKEN),
    (403, 200, 0, T.PERMISSION),
    (400, 200, 2655040, T.PERMISSION),
    (403, 270, 0, T.PERMISSION),
    (403, 283, 0, T.PERMISSION),
    (403, 294, 0, T.PERMISSION),
    (403, 299, 0, T.PERMISSION),
    (400, 341, 0, T.THROTTLED),
    (200, 341, 0, T.THROTTLED),
    (403, 368, 0, T.NEEDS_HUMAN),
    (400, 413, 0, T.NEEDS_HUMAN),
    (400, 415, 0, T.NEEDS_HUMAN),
    (400, 457, 0, T.NEEDS_HUMAN),
    (400, 613, 0, T.NEEDS_HUMAN),
    (400, 613, 1487742, T.THROTTLED),
    (200, 613, 1487632, T.THROTTLED),
    (400, 613, 1996, T.THROTTLED),
    (429, 613, 5044001, T.THROTTLED),
    (404, 803, 0, T.ABSENT_OR_HIDDEN),
    (400, 2500, 0, T.TOKEN),
    (400, 2635, 0, T.PARAMETER),
    (400, 3912, 0, T.TRANSIENT),
    (400, 3914, 0, T.NEEDS_HUMAN),
    (400, 3918, 1690024, T.PARAMETER),
    (400, 3936, 0, T.ALREADY_PENDING),
    (400, 3944, 0, T.ALREADY_SO),
    (400, 3946, 1690061, T.PARAMETER),
    (400, 3977, 0, T.PERMISSION),
    (400, 3980, 0, T.NEEDS_HUMAN),
    (400, 3989, 0, T.ALREADY_SO),
    (400, 3996, 0, T.PARAMETER),
    (400, 42001, 0, T.NEEDS_HUMAN),
    (400, 80000, 0, T.THROTTLED),
    (400, 80001, 0, T.THROTTLED),
    (400, 80003, 0, T.THROTTLED),
    (400, 80004, 2446079, T.THROTTLED),
    (200, 80004, 0, T.THROTTLED),
    (400, 80014, 0, T.THROTTLED),
    (400, 104001, 0, T.CAPABILITY_MISSING),
    (400, 100, 1752041, T.ALREADY_PENDING),
    (400, 0, 1752041, T.ALREADY_PENDING),
    (400, 100, 1752044, T.ALREADY_SO),
    (400, 99999, 0, T.PARAMETER),
    (401, 0, 0, T.TOKEN),
    (403, 0, 0, T.PERMISSION),
    (404, 0, 0, T.ABSENT_OR_HIDDEN),
    (429, 0, 0, T.THROTTLED),
    (500, 0, 0, T.TRANSIENT),
    (503, 99999, 0, T.TRANSIENT),
]
IN_DOUBT_ON_A_WRITE = {T.TRANSIENT, T.TOO_LARGE}


@pytest.mark.parametrize(("status", "code", "subcode", "trouble"), TRIPLES)
def test_a_code_has_one_meaning(status, code, subcode, trouble):
    assert classify(status, code, subcode) is trouble


@pytest.mark.parametrize(("status", "code", "subcode", "trouble"), TRIPLES)
def test_what_may_pass_on_a_read_leaves_a_write_in_doubt(status, code, subcode, trouble):
    expected = T.IN_DOUBT if trouble in IN_DOUBT_ON_A_WRITE else trouble

    assert classify(status, code, subcode, is_write=True, edge="POST agencies") is expected


@pytest.mark.parametrize("edge", ["POST client_ad_accounts", "POST client_pages"])
@pytest.mark.parametrize("code", [3, 10, 200, 299])
def test_a_request_that_may_not_be_made_at_all_is_a_missing_capability(edge, code):
    assert classify(403, code, is_write=True, edge=edge) is T.CAPABILITY_MISSING
    assert classify(403, code, is_write=True, edge="POST agencies") in (T.PERMISSION, T.CAPABILITY_MISSING)
    assert classify(403, 200, is_write=True, edge="POST agencies") is T.PERMISSION


def test_a_page_that_is_not_in_the_business_is_already_dropped():
    assert classify(400, 3996, is_write=True, edge="DELETE pages") is T.ALREADY_SO
    assert classify(400, 3996, is_write=True, edge="POST client_pages") is T.PARAMETER


@pytest.mark.parametrize(
    ("code", "trouble"),
    [(100, T.TRANSIENT), (4, T.THROTTLED), (190, T.TOKEN), (368, T.NEEDS_HUMAN), (3944, T.ALREADY_SO)],
)
def test_is_transient_counts_unless_the_code_is_final(code, trouble):
    assert classify(400, code, is_transient=True) is trouble


@pytest.mark.parametrize(
    ("code", "message", "trouble"),
    [
        (1, "Please reduce the amount of data you're asking for, then retry", T.TOO_LARGE),
        (1, "An unknown error occurred", T.TRANSIENT),
        (100, "Unsupported get request. Object with ID '1' does not exist", T.ABSENT_OR_HIDDEN),
        (190, "You must ... before impersonating a user's page.", T.PERMISSION),
        (190, "does not exist", T.TOKEN),
    ],
)
def test_words_refine_a_code_that_means_several_things(code, message, trouble):
    assert classify(400, code, message=message) is trouble


def test_every_trouble_has_a_next_step_of_one_line():
    assert set(HINTS) == set(Trouble)
    assert all(hint and hint.isprintable() for hint in HINTS.values())
    assert all("failed" not in hint and "invalid" not in hint for hint in HINTS.values())


def test_granting_to_the_owner_has_its_own_next_step():
    assert "owns the asset" in hint_for(T.PARAMETER, 100, 1690061)
    assert hint_for(T.PARAMETER, 3946) == hint_for(T.PARAMETER, 100, 1690061)


def test_a_refusal_says_what_where_and_what_next(talk, token):
    _, session = talk(error(200, status=403, message="(#200) Permissions error"))

    with pytest.raises(GraphError) as caught:
        session.writer.give(token, Asset(Kind.AD_ACCOUNT, "77"), "1", ["ANALYZE"])

    found = caught.value
    assert found.what == "Meta refused POST act_77/agencies: (#200) Permissions error (code 200, trace AbC1)"
    assert found.hint == HINTS[T.PERMISSION]
    assert (found.trouble, found.code, found.subcode, found.http_status) == (T.PERMISSION, 200, 0, 403)
    assert (found.trace, found.message, found.exit_code) == ("AbC1", "(#200) Permissions error", 1)


def test_metas_words_come_on_one_line_and_with_an_end(talk, token):
    told = "a\x1b[31m\r\n::add-mask::\u202e" + "x" * 2000
    _, session = talk(error(100, subcode=7, message=told, error_user_msg="For you"))

    with pytest.raises(GraphError) as caught:
        session.reader.get(token, "1")

    assert caught.value.message.isprintable()
    assert len(caught.value.message) <= 300
    assert "subcode 7" in caught.value.what


def test_the_words_for_the_user_are_added_where_they_say_more(talk, token):
    _, session = talk(
        error(100, message="Bad", error_user_msg="Ask the owner"), error(100, message="Same", error_user_msg="Same")
    )
    messages = []
    for _ in range(2):
        with pytest.raises(GraphError) as caught:
            session.reader.get(token, "1")
        messages.append(caught.value.message)

    assert messages == ["Bad: Ask the owner", "Same"]


@pytest.mark.parametrize(
    "body",
    [
        {"error": {}},
        {"error": {"code": None, "message": 5, "fbtrace_id": "a b"}},
        {"error": {"code": True, "error_subcode": -1}},
    ],
)
def test_a_refusal_without_words_still_says_where(talk, token, body):
    _, session = talk(body)

    with pytest.raises(GraphError) as caught:
        session.reader.get(token, "1")

    assert caught.value.what == "Meta refused GET 1: it gave no reason (HTTP status 200)"


def test_a_code_in_quotes_counts(talk, token):
    _, session = talk({"error": {"code": "190", "error_subcode": "463"}})

    with pytest.raises(GraphError) as caught:
        session.reader.get(token, "1")

    assert (caught.value.trouble, caught.value.code, caught.value.subcode) == (T.TOKEN, 190, 463)

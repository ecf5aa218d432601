"""Each read of a batch has its own answer; what Meta left out is asked again alone."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from urllib.parse import parse_qs, urlsplit

import pytest
from graph_peer import CANARY, Say, error

from accessctl.graph.batch import BatchRead
from accessctl.graph.errors import GraphError, Trouble
from accessctl.graph.secret import Secret

FIFTY = tuple(BatchRead((str(n),), {"fields": "id"}) for n in range(1, 51))


def entry(n, **more):
    return {"code": 200, "headers": [], "body": json.dumps({"id": str(n)}), **more}


def refusal(code, headers=()):
    body = json.dumps({"error": {"code": code, "message": "no", "fbtrace_id": "T"}})
    return {"code": 400, "headers": list(headers), "body": body}


def answer_all(got):
    """Answer a batch in full, and a plain read by its id."""
    if got.method == "GET":
        return {"id": got.path.rsplit("/", 1)[1], "alone": True}
    return [entry(urlsplit(item["relative_url"]).path) for item in json.loads(got.form["batch"])]


def test_many_reads_go_out_fifty_at_a_time_and_come_back_in_order(talk, token):
    peer, session = talk(always=answer_all)

    answers = session.reader.batch([BatchRead((str(n),)) for n in range(120)], token)

    assert [row["id"] for row in answers] == [str(n) for n in range(120)]
    assert sorted(len(json.loads(got.form["batch"])) for got in peer.got) == [20, 50, 50]
    assert {got.target for got in peer.got} == {"/v26.0/"}
    assert (session.cost.requests, session.cost.calls, session.cost.errors) == (3, 120, 0)


def test_no_reads_are_no_request(talk, token):
    peer, session = talk()

    assert session.reader.batch([], token) == ()
    assert peer.got == []


def test_a_batch_holds_nothing_but_reads_with_their_parameters_in_the_url(talk, token):
    peer, session = talk(always=answer_all)
    session.reader.batch([BatchRead(("act_1", "agencies"), {"fields": "id,name", "limit": 5})], token)

    (item,) = json.loads(peer.got[0].form["batch"])
    assert item == {"method": "GET", "relative_url": "act_1/agencies?fields=id%2Cname&limit=5"}
    assert peer.got[0].headers["authorization"] == f"Bearer {CANARY}"


def test_a_page_token_goes_with_its_own_read_and_its_own_proof(talk, token):
    page_token, app_secret = Secret("page-token", "page"), Secret("app", "app")
    peer, session = talk(always=answer_all, app_secret=app_secret)
    reads = [BatchRead(("1",)), BatchRead(("3",), {}, token), BatchRead(("2",), {"fields": "id"}, page_token)]
    session.reader.batch(reads, token)

    plain, same, own = json.loads(peer.got[0].form["batch"])
    assert (plain["relative_url"], same["relative_url"]) == ("1", "3")
    query = {name: values[0] for name, values in parse_qs(urlsplit(own["relative_url"]).query).items()}
    assert query["access_token"] == "page-token"
    assert query["appsecret_proof"] == hmac.new(b"app", b"page-token", hashlib.sha256).hexdigest()
    assert peer.got[0].form["appsecret_proof"] == hmac.new(b"app", CANARY.encode(), hashlib.sha256).hexdigest()


def test_a_null_at_any_position_is_read_alone(talk, token):
    def answer(got):
        answers = answer_all(got)
        if got.method == "POST":
            answers[position] = None
        return answers

    peer, session = talk(always=answer)
    for position in range(50):
        answers = session.reader.batch(FIFTY, token)

        assert [row["id"] for row in answers] == [str(n) for n in range(1, 51)]
        assert [at for at, row in enumerate(answers) if "alone" in row] == [position]
    assert len(peer.got) == 100


def test_a_null_that_stays_away_is_incomplete_and_the_others_are_whole(talk, token):
    def answer(got):
        return Say(raw=b"") if got.method == "GET" else [entry(1), None, entry(3)]

    peer, session = talk(always=answer)
    first, second, third = session.reader.batch(FIFTY[:3], token)

    assert (first["id"], third["id"]) == ("1", "3")
    assert second.trouble is Trouble.INCOMPLETE
    assert [got.method for got in peer.got].count("GET") <= 3


def test_a_page_read_alone_carries_its_token_in_the_header(talk, token):
    def answer(got):
        return {"id": "2"} if got.method == "GET" else [None]

    peer, session = talk(always=answer)
    session.reader.batch([BatchRead(("2",), {}, Secret("page-token", "page"))], token)

    assert peer.got[1].headers["authorization"] == "Bearer page-token"
    assert "page-token" not in peer.got[1].target


@pytest.mark.parametrize("entries", [[], [entry(1)], [entry(1), entry(2), entry(3)], {"id": "1"}, [None] * 3])
def test_a_batch_with_another_number_of_entries_is_incomplete_as_a_whole(talk, token, entries):
    peer, session = talk(always=entries)

    answers = session.reader.batch(FIFTY[:2], token)

    assert [answer.trouble for answer in answers] == [Trouble.INCOMPLETE] * 2
    assert len(peer.got) == 1


@pytest.mark.parametrize(
    "odd",
    ["text", 5, [], {}, {"code": "200", "body": "{}"}, {"code": 200}, {"code": 200, "body": {}}]
    + [entry(1, body=body) for body in ("", "[]", "{", "<html>", "null")],
)
def test_an_entry_of_another_shape_is_read_alone(talk, token, odd):
    _, session = talk(lambda got: [odd, entry(2)], always=answer_all)

    first, second = session.reader.batch(FIFTY[:2], token)

    assert first == {"id": "1", "alone": True}
    assert second == {"id": "2"}


@pytest.mark.parametrize(
    ("code", "trouble"),
    [(200, Trouble.PERMISSION), (100, Trouble.PARAMETER), (803, Trouble.ABSENT_OR_HIDDEN), (190, Trouble.TOKEN)],
)
def test_a_refused_read_stays_refused_and_the_others_go_on(talk, token, code, trouble):
    peer, session = talk([refusal(code), entry(2)])

    first, second = session.reader.batch(FIFTY[:2], token)

    assert (first.trouble, first.code, second["id"]) == (trouble, code, "2")
    assert "GET 1" in first.what
    assert (len(peer.got), session.cost.errors) == (1, 1)


def test_every_pattern_of_six_outcomes_is_told_apart(talk, token):
    patterns = [[bool(pattern >> bit & 1) for bit in range(6)] for pattern in range(64)]
    _, session = talk(*([entry(n) if good else refusal(200) for n, good in enumerate(wanted)] for wanted in patterns))
    for wanted in patterns:
        answers = session.reader.batch(FIFTY[:6], token)

        assert [not isinstance(answer, GraphError) for answer in answers] == wanted


def test_a_throttled_read_waits_as_long_as_its_entry_says(talk, token, pauses):
    usage = json.dumps({"1": [{"type": "ads_management", "estimated_time_to_regain_access": 2}]})
    headers = [{"name": "X-Business-Use-Case-Usage", "value": usage}, {"name": 5}, "odd"]
    _, session = talk([refusal(80004, headers)], always=answer_all)

    (answer,) = session.reader.batch(FIFTY[:1], token)

    assert answer["alone"]
    assert pauses == [120.0]


def test_a_block_is_waited_out_once_for_all_reads_of_a_batch(talk, token, pauses):
    headers = [{"name": "Retry-After", "value": "300"}]
    _, session = talk([refusal(4, headers)] * 50, always=answer_all)

    assert all(row["alone"] for row in session.reader.batch(FIFTY, token))
    assert pauses == [300.0]


def test_a_block_longer_than_the_limit_is_told_and_not_called_into(talk, token, pauses):
    headers = [{"name": "Retry-After", "value": "901"}]
    peer, session = talk([refusal(4, headers), entry(2), refusal(4)], always=answer_all)

    first, second, third = session.reader.batch(FIFTY[:3], token)

    assert first.trouble is third.trouble is Trouble.THROTTLED
    assert (second["id"], len(peer.got), pauses) == ("2", 1, [])


def test_a_batch_that_breaks_is_sent_again_for_it_only_reads(talk, token):
    peer, session = talk(Say(drop=True), Say(raw=b"<html>", status=502), always=answer_all)

    assert len(session.reader.batch(FIFTY, token)) == 50
    assert len(peer.got) == 3


def test_a_chunk_that_never_comes_is_an_error_for_its_reads_only(talk, token):
    peer, session = talk(*[Say(raw=b"")] * 3, always=answer_all, parallelism=1)

    answers = session.reader.batch([*FIFTY, BatchRead(("7",))], token)

    assert {answer.trouble for answer in answers[:50]} == {Trouble.INCOMPLETE}
    assert answers[50] == {"id": "7"}
    assert len(peer.got) == 4


def test_after_the_end_of_a_token_no_further_batch_is_sent(talk, token):
    peer, session = talk(answer_all, error(190, subcode=463), always=answer_all, parallelism=1)

    answers = session.reader.batch([BatchRead((str(n),)) for n in range(200)], token)

    assert len(answers) == 200
    assert {answer.trouble for answer in answers[50:]} == {Trouble.TOKEN}
    assert len(peer.got) == 2


def test_batches_go_out_side_by_side_and_the_answers_keep_their_order(talk, token):
    together = threading.Barrier(4, timeout=10)

    def answer(got):
        together.wait()
        return answer_all(got)

    _, session = talk(always=answer)
    counted = []

    answers = session.reader.batch([BatchRead((str(n),)) for n in range(200)], token, counted.append)

    assert [row["id"] for row in answers] == [str(n) for n in range(200)]
    assert counted == [50] * 4


def test_a_read_of_a_batch_is_frozen():
    params = {"fields": "id"}
    read = BatchRead(("1",), params, Secret(CANARY, "page"))
    params["fields"] = "other"

    assert read.params["fields"] == "id"
    assert CANARY not in repr(read)
    with pytest.raises(TypeError):
        read.params["fields"] = "name"

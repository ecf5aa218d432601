"""The five writes, as they look on the wire, and what counts as done."""

from __future__ import annotations

import inspect
import json

import pytest
from graph_peer import CANARY, Say

from accessctl.graph.errors import GraphError, Trouble
from accessctl.graph.writer import Answer, Writer
from accessctl.model import Asset, Business, Kind
from accessctl.obo.requests import OboRequest

ACCOUNT, PAGE = Asset(Kind.AD_ACCOUNT, "77"), Asset(Kind.PAGE, "88")
DONE = {"success": True}


@pytest.mark.parametrize(
    ("write", "method", "path", "params"),
    [
        (
            lambda w, t: w.give(t, ACCOUNT, "5", ["B", "A", "B"]),
            "POST",
            "act_77/agencies",
            {"business": "5", "permitted_tasks": '["A","B"]'},
        ),
        (
            lambda w, t: w.give(t, PAGE, "5", {"A"}),
            "POST",
            "88/agencies",
            {"business": "5", "permitted_tasks": '["A"]'},
        ),
        (lambda w, t: w.take(t, ACCOUNT, "5"), "DELETE", "act_77/agencies", {"business": "5"}),
        (lambda w, t: w.take(t, PAGE, "5"), "DELETE", "88/agencies", {"business": "5"}),
        (
            lambda w, t: w.ask(t, "5", ACCOUNT, ["A"]),
            "POST",
            "5/client_ad_accounts",
            {"adaccount_id": "act_77", "permitted_tasks": '["A"]'},
        ),
        (
            lambda w, t: w.ask(t, "5", PAGE, ["A"]),
            "POST",
            "5/client_pages",
            {"page_id": "88", "permitted_tasks": '["A"]'},
        ),
        (lambda w, t: w.drop(t, "5", ACCOUNT), "DELETE", "5/ad_accounts", {"adaccount_id": "act_77"}),
        (lambda w, t: w.drop(t, "5", PAGE), "DELETE", "5/pages", {"page_id": "88"}),
    ],
)
def test_a_write_as_it_looks_on_the_wire(talk, token, write, method, path, params):
    peer, session = talk(DONE)

    assert write(session.writer, token) == Answer(requires_admin_approval=False, trace="")
    (got,) = peer.got
    assert (got.method, got.path) == (method, f"/v26.0/{path}")
    assert (got.form if method == "POST" else got.query) == params
    assert (got.query if method == "POST" else got.body) in ({}, b"")
    assert got.headers["authorization"] == f"Bearer {CANARY}"


def test_no_other_write_can_be_expressed():
    assert {name for name, _ in inspect.getmembers(Writer, inspect.isfunction) if name[0] != "_"} == {
        "give",
        "take",
        "ask",
        "drop",
        "cancel",
    }


def test_a_cancel_deletes_the_request_and_nothing_that_is_a_business(talk, token):
    peer, session = talk({"success": "true"})
    ours, theirs = Business("5", name="S"), Business("6", name="R")

    session.writer.cancel(token, OboRequest("9001", "71", theirs, ours, "IN_PROGRESS"))
    with pytest.raises(GraphError):
        session.writer.cancel(token, OboRequest("5", "71", theirs, ours, "IN_PROGRESS"))

    (got,) = peer.got
    assert (got.method, got.path, got.query) == ("DELETE", "/v26.0/9001", {})


@pytest.mark.parametrize("success", [True, "true"])
def test_true_in_both_spellings_is_done(talk, token, success):
    _, session = talk({"success": success})

    assert session.writer.take(token, ACCOUNT, "5").requires_admin_approval is False


@pytest.mark.parametrize(("value", "waits"), [(True, True), ("true", True), (False, False), ("false", False)])
def test_a_second_admin_may_have_to_approve(talk, token, value, waits):
    say = Say({"success": True, "requires_admin_approval": value}, headers={"x-fb-trace-id": "Tr4ce"})
    _, session = talk(say)

    assert session.writer.give(token, ACCOUNT, "5", ["A"]) == Answer(waits, "Tr4ce")


@pytest.mark.parametrize("success", [False, "false"])
def test_false_in_both_spellings_is_a_refusal(talk, token, success):
    _, session = talk({"success": success})

    with pytest.raises(GraphError) as caught:
        session.writer.give(token, ACCOUNT, "5", ["A"])

    assert caught.value.trouble is Trouble.PARAMETER
    assert caught.value.what.startswith("Meta refused POST act_77/agencies:")


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"id": "1"},
        {"success": None},
        {"success": 1},
        {"success": "True"},
        {"success": []},
        {"data": []},
        [True],
        True,
    ]
    + [{"success": True, "requires_admin_approval": odd} for odd in (None, 1, "yes", {})],
)
def test_an_answer_that_says_neither_is_in_doubt(talk, token, answer):
    _, session = talk(answer)

    with pytest.raises(GraphError) as caught:
        session.writer.give(token, ACCOUNT, "5", ["A"])

    assert caught.value.trouble is Trouble.IN_DOUBT


@pytest.mark.parametrize("tasks", [[], ["A", ""], ["a"], ["A B"], ["A\n"], ["Ä"], ['A"'], ["A" * 81]])
def test_a_grant_names_tasks(talk, token, tasks):
    peer, session = talk()

    for write in (
        lambda: session.writer.give(token, ACCOUNT, "5", tasks),
        lambda: session.writer.ask(token, "5", PAGE, tasks),
    ):
        with pytest.raises(GraphError, match="nothing was sent") as caught:
            write()
        assert caught.value.trouble is Trouble.PARAMETER
    assert peer.got == []


def test_a_business_is_not_taken_for_one_of_its_pages(talk, token):
    peer, session = talk()

    for write in (
        lambda: session.writer.take(token, Asset(Kind.PAGE, "5"), "5"),
        lambda: session.writer.drop(token, "5", Asset(Kind.PAGE, "5")),
    ):
        with pytest.raises(GraphError, match="the business itself"):
            write()
    assert peer.got == []


def test_tasks_go_out_as_a_json_array(talk, token):
    peer, session = talk(DONE)
    session.writer.give(token, PAGE, "5", ["PROFILE_PLUS_MANAGE", "ANALYZE"])

    assert json.loads(peer.got[0].form["permitted_tasks"]) == ["ANALYZE", "PROFILE_PLUS_MANAGE"]

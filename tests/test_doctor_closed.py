"""Doctor tells which calls Meta does not open to the app: when, with which code, and what a person does instead."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from accessctl.closed import USED
from accessctl.doctor import Level
from accessctl.doctor.closed import closed_findings
from accessctl.doctor.facts import Unread
from accessctl.limited import OBO_LISTS, OBO_WORDS, WORDS, why
from accessctl.model import ClosedEdge
from accessctl.records import CLOSED
from accessctl.render.doctor import LONGEST

from .company import ACME, CLIENT, NOW, SISTER
from .test_doctor import SOUND, filled

SANDBOX = ("--sandbox", "world.yaml")
AGAIN = f"{NOW + USED:%Y-%m-%d}"


def on_one_line(text: str) -> str:
    return " ".join(text.split())


def told(*closed: ClosedEdge):
    return list(closed_findings(closed, [SOUND]))


@pytest.mark.parametrize("edge", sorted(WORDS))
def test_each_closed_call_is_told_once_with_its_day_its_code_and_what_to_do_and_warned_of_where_a_person_must_act(edge):
    code = 100 if edge in OBO_LISTS else 3
    (one,) = told(ClosedEdge(ACME, edge, code, NOW))
    level = Level.OK if one.todo.startswith("nothing") else Level.WARNING
    assert (one.id, one.level, one.subject) == ("closed", level, ACME)
    assert one.text.startswith(f"Meta does not open {WORDS[edge]} ({edge}) to this app (code {code} on 2026-11-21): ")
    assert (why(edge) in one.text) == (code == 3)
    assert ("it answers that there is no such call" in one.text) == (code == 100)
    assert one.todo
    assert max(len(one.text), len(one.todo)) <= LONGEST


@pytest.mark.parametrize("edge", sorted(WORDS))
def test_each_is_tried_again_by_a_flag_with_another_token_or_after_ninety_days(edge):
    (one,) = told(ClosedEdge(ACME, edge, 3, NOW))
    assert ("plan --ask-again ASSET" in one.todo) == (edge not in OBO_WORDS)
    assert f"with another token, or from {AGAIN} on" in one.todo


@pytest.mark.parametrize(
    ("edge", "by_hand"),
    [
        ("POST client_pages", "the client adds the business as a partner, at https://business.facebook.com/settings/"),
        ("DELETE page/agencies", "an admin does it in Business Settings, on the page of the asset"),
        ("GET page/agencies", "look by hand, at https://business.facebook.com/settings/pages?business_id=1001"),
        ("GET clients", "look by hand, at https://business.facebook.com/settings/partners?business_id=1001"),
        ("GET agencies", "nothing: a plan is made without it"),
        ("GET sent_inprogress_onbehalf_requests", "nothing: accessctl obo list asks each ad account instead"),
        ("GET onbehalf_requests", "look by hand, at https://business.facebook.com/settings/requests?business_id=1001"),
        ("GET OBO_REQUEST_ID", "look by hand, at https://business.facebook.com/settings/requests?business_id=1001"),
        ("DELETE OBO_REQUEST_ID", "cancel it by hand, at https://business.facebook.com/settings/requests"),
    ],
)
def test_what_to_do_by_hand_is_that_of_the_call(edge, by_hand):
    (one,) = told(ClosedEdge(ACME, edge, 3, NOW))
    assert one.todo.startswith(by_hand)


def test_a_code_that_also_a_missing_permission_has_is_said_to_be_one():
    assert "the same code says" in told(ClosedEdge(ACME, "POST client_pages", 200, NOW))[0].text
    assert "the same code says" not in told(ClosedEdge(ACME, "POST client_pages", 3, NOW))[0].text


def test_only_what_is_closed_to_a_business_that_acts_is_said():
    other = ClosedEdge(SISTER, "POST client_pages", 3, NOW)
    assert told(other) == []
    sister = replace(SOUND, business=replace(SOUND.business, id=SISTER))
    found = closed_findings((other, replace(other, business=ACME), replace(other, business=CLIENT)), [SOUND, sister])
    assert [one.subject for one in found] == [ACME, SISTER]


def test_where_nothing_is_closed_nothing_is_said_and_what_cannot_be_read_is_not_known():
    assert told() == []
    (one,) = closed_findings(Unread("the disk is gone"), [SOUND])
    assert (one.level, one.subject, "the disk is gone" in one.text) == (Level.UNKNOWN, "", True)


@pytest.fixture
def refused(company, run):
    """A company that Meta has just refused asking for Pages."""
    filled(company).world["quirks"]["closed"] = {"POST client_pages": 3}
    company.write()
    assert run("apply", "--auto-approve", *SANDBOX).returncode == 5
    return company


def noted(company, *changes) -> None:
    """Note beside the one refusal there is the same with these changes."""
    with company.connected() as (_, connection):
        (row,) = connection.records.read(CLOSED)
        connection.records.add(CLOSED, [row | change for change in changes], datetime.fromisoformat(row["at"]))


def refused_at(company) -> datetime:
    with company.connected() as (_, connection):
        (row,) = connection.records.read(CLOSED)
        return datetime.fromisoformat(row["at"])


@pytest.mark.parametrize("kind", ["text", "markdown", "json"])
def test_the_command_shows_what_a_run_has_met_in_every_format(refused, run, kind):
    noted(
        refused,
        {"edge": "DELETE pages", "url": "https://graph.facebook.com"},
        {"edge": "DELETE pages", "at": (refused_at(refused) - USED).isoformat()},
        {"edge": "DELETE pages", "business": CLIENT},
    )
    found = run("doctor", "--format", kind, *SANDBOX)
    said = on_one_line(found.stdout).replace("\\", "").replace("`", "")
    assert (found.returncode, found.stderr) == (0, "")
    assert "8 June 2021" in said
    assert "--ask-again ASSET" in said
    assert said.count("Meta does not open") == 1
    if kind == "json":
        (one,) = [one for one in json.loads(found.stdout)["findings"] if one["id"] == "closed"]
        assert (one["level"], one["subject"]) == ("warning", ACME)
        assert "POST client_pages" in one["text"]


def test_the_command_says_nothing_of_a_call_that_is_open_again(refused, run):
    assert "does not open" in on_one_line(run("doctor", *SANDBOX).stdout)
    noted(refused, {"at": (refused_at(refused) + timedelta(microseconds=1)).isoformat(), "open": True})
    assert "does not open" not in on_one_line(run("doctor", *SANDBOX).stdout)


def test_the_command_says_nothing_of_what_was_refused_to_another_token(refused, run):
    later = refused_at(refused) + timedelta(microseconds=1)
    noted(refused, {"edge": "DELETE pages", "token": "00000000", "at": later.isoformat()})
    said = on_one_line(run("doctor", *SANDBOX).stdout)
    assert ("POST client_pages" in said, "DELETE pages" in said) == (True, False)


def test_the_command_shows_listings_of_requests_that_meta_has_no_more(company, run):
    filled(company).write()
    assert "does not open" not in on_one_line(run("doctor", *SANDBOX).stdout)
    assert run("obo", "list", *SANDBOX).returncode == 0
    said = on_one_line(run("doctor", *SANDBOX).stdout)
    assert said.count("it answers that there is no such call, though its guide has one") == 2
    assert said.count("nothing: accessctl obo list asks each ad account instead") == 2

"""How a cancel of an on-behalf-of request ends, and a look at one: what is not known is never told as known."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from accessctl.apply.outcomes import Outcome
from accessctl.graph.errors import HINT_UNVERIFIED, GraphError, Trouble
from accessctl.journal import Journal
from accessctl.journalfile import FileLedger
from accessctl.limited import REQUESTS_PAGE
from accessctl.obo.cancel import By, cancel_request, find_request
from accessctl.obo.hints import OF_CANCEL, of_cancel
from accessctl.obo.requests import STATUSES, Phase
from accessctl.sandbox.world import frozen
from tests.company import ACME, MEDIAHOUSE, SISTER, Company

SANDBOX = ("--sandbox", "world.yaml")
CANCEL = ("obo", "cancel", "9001", "--auto-approve")
SHOW = ("obo", "show", "9001")
STRANGE = "CANCELLED_BY_SENDER"


@pytest.fixture
def asked(company: Company) -> Company:
    """Acme has asked its sister, and waits."""
    company.asset("ad_account", "de", "71", agencies={"mediahouse": ["ANALYZE"]}, live={MEDIAHOUSE: ["ANALYZE"]})
    company.world["obo_requests"] = {"9001": {"ad_account": "71", "receiving": SISTER, "requesting": ACME}}
    company.write()
    return company


def flat(text: str) -> str:
    return " ".join(text.split())


def canceled_with(company: Company, status: str) -> tuple[Outcome, str, str]:
    """Cancel the request; to whoever looks after that, Meta shows this status."""
    with company.connected() as (_, connection):
        box = connection.session._client._transport._sandbox

        def moved(_: float) -> None:
            request = replace(box.world.obo_requests["9001"], status=status)
            box._act(lambda world: replace(world, obo_requests=frozen({"9001": request})))

        seen = find_request(connection, "9001")
        ended = cancel_request(seen, replace(connection, sleep=moved), By({}), graph_version="v26.0")
    return ended.outcome, ended.text, ended.hint


def cut_off(company: Company, status: str) -> None:
    """Leave the journal of a cancel that was killed an hour ago; now the request has this status."""
    company.world["obo_requests"]["9001"]["status"] = status
    company.write()
    request = {"id": "9001", "ad_account": "71", "receiving": SISTER, "requesting": ACME}
    before = datetime.now(UTC) - timedelta(hours=1)
    company.journal_path.parent.mkdir(parents=True, exist_ok=True)
    with Journal(FileLedger(company.journal_path), "dead", now=lambda: before) as journal:
        graph = {"url": "sandbox:world.yaml", "version": "v26.0"}
        journal.write("obo_intent", request=request, status="IN_PROGRESS", via="acme", graph=graph)


@pytest.mark.parametrize("status", [STRANGE, "APPROVE", "DECLINE", "EXPIRED", "MMA_DIRECT_ASSETS_APPROVED"])
def test_a_yes_and_then_a_status_nobody_knows_is_unknown_and_any_other_end_is_no_cancel(asked, status):
    outcome, text, hint = canceled_with(asked, status)
    is_known = STATUSES.get(status, (Phase.UNKNOWN, ""))[0] is not Phase.UNKNOWN
    assert outcome is (Outcome.FAILED if is_known else Outcome.UNKNOWN)
    assert text.startswith(f"Meta said yes, but the request is now {status}")
    assert ("nobody here knows" in text, REQUESTS_PAGE in hint) == (not is_known, not is_known)
    assert asked.journal[-1]["outcome"] == outcome
    assert asked.journal[-1]["status"] == status


@pytest.mark.parametrize(("status", "outcome"), [(STRANGE, "unknown"), ("APPROVE", "failed"), ("EXPIRED", "failed")])
def test_a_cancel_that_was_cut_off_is_settled_with_the_word_it_would_have_ended_with(asked, run, status, outcome):
    cut_off(asked, status)
    found = run(*SHOW, *SANDBOX)
    assert found.returncode == 0
    assert [entry["event"] for entry in asked.journal] == ["obo_intent", "obo_settled"]
    assert (asked.journal[-1]["outcome"], asked.journal[-1]["status"]) == (outcome, status)
    assert f"the request is now {status}" in flat(found.stderr)


def second_business(company: Company) -> Company:
    """Let the project act for Mediahouse too, which is asked first and has no part in the request."""
    company.project["acts_as"] = ["mediahouse", "acme"]
    return company


@pytest.mark.parametrize("do", ["throttle", "html_200", "truncate"])
@pytest.mark.parametrize("command", [SHOW, CANCEL])
def test_a_request_that_its_sender_could_not_be_asked_for_is_not_told_as_absent(asked, run, do, command):
    second_business(asked).world["faults"] = [{"match": "GET 9001", "do": do, "nth": 2}] * 9
    asked.write()
    found = run(*command, "--max-wait", "0s", *SANDBOX)
    assert found.returncode == 1
    assert found.stderr.startswith("error: on-behalf-of request 9001 cannot be read: ")
    assert "is not there" not in found.stderr
    assert "may be gone" not in found.stderr


def test_a_request_that_nobody_of_ours_sees_is_told_as_absent_only_then(asked, run):
    second_business(asked).write()
    found = run("obo", "show", "8888", *SANDBOX)
    assert (found.returncode, "Object '8888' is not there" in found.stderr) == (1, True)
    assert "hint: accessctl obo list shows the requests there are; this one may be gone" in found.stderr


def test_a_cancel_that_meta_throttles_is_to_be_run_again_and_not_done_by_hand(asked, run):
    asked.world["faults"] = [{"match": "DELETE 9001", "do": "throttle"}]
    asked.write()
    found = run(*CANCEL, "--max-wait", "0s", *SANDBOX)
    assert found.returncode == 5
    assert "do: it was not carried out; Meta asks for fewer calls: wait and run the command again" in flat(found.stdout)
    assert "by hand" not in found.stdout
    assert run(*CANCEL, *SANDBOX).returncode == 0
    assert [write.path for write in asked.writes] == ["9001"]


def test_a_cancel_for_which_a_permission_is_missing_names_it_before_the_hand(asked, run):
    asked.world["tokens"] = {"readers-token": {"business": ACME, "scopes": ["ads_read"]}}
    asked.world["acts_with"] = {ACME: "readers-token"}
    asked.write()
    found = flat(run(*CANCEL, *SANDBOX).stdout)
    assert "the token lacks business_management" in found
    assert "do: check that the token is of the business that sent it and has business_management" in found


@pytest.mark.parametrize("trouble", OF_CANCEL)
def test_what_meta_names_as_the_reason_has_its_own_hint_also_of_a_cancel(trouble):
    assert of_cancel(GraphError("no", trouble=trouble, code=77)) == OF_CANCEL[trouble]
    assert of_cancel(GraphError("no", trouble=trouble, code=200, message="not verified")) == HINT_UNVERIFIED


def test_a_person_is_sent_to_cancel_only_where_nothing_else_helps():
    first = {trouble for trouble, hint in OF_CANCEL.items() if hint.startswith("cancel it by hand")}
    assert first == {Trouble.ABSENT_OR_HIDDEN, Trouble.PARAMETER, Trouble.CAPABILITY_MISSING}


@pytest.mark.parametrize("quirks", [{}, {"obo_cancel": "refused"}])
def test_markdown_says_of_a_cancel_what_text_and_json_say(asked, run, quirks):
    asked.world["quirks"] = quirks
    asked.write()
    found = run(*CANCEL, "--format", "markdown", *SANDBOX)
    last = asked.journal[-1]
    assert found.returncode == (5 if quirks else 0)
    assert found.stdout.count("| `9001` |") == 1
    word = "cancel failed" if quirks else "canceled"
    assert f"request 9001 {word}" in found.stdout
    assert ("do: cancel it by hand" in found.stdout) is bool(quirks)
    assert last["outcome"] == ("failed" if quirks else "applied")
    assert "from Acme GmbH (acme, 1001)" in found.stderr


def test_show_has_markdown_with_what_can_be_done(asked, run):
    found = run(*SHOW, "--format", "markdown", *SANDBOX)
    assert (found.returncode, found.stdout.count("| `9001` |")) == (0, 1)
    assert "accessctl obo cancel 9001 cancels it" in found.stdout
    assert json.loads(run(*SHOW, "--format", "json", *SANDBOX).stdout)["why_not"] == ""

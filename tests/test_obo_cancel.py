"""Canceling an on-behalf-of request: guarded, confirmed, in the journal before and after, and never sent twice."""

from __future__ import annotations

import json
import shutil

import pytest

from accessctl.apply import pending_of
from accessctl.errors import StaleError
from accessctl.history import tell
from accessctl.holder import Holder
from accessctl.journal import read_journal, remember
from accessctl.journalfile import FileLedger
from accessctl.obo.cancel import By, cancel_request, find_request
from accessctl.obo.settle import open_cancels
from accessctl.obo.told import OboTold
from accessctl.sandbox import Sandbox, load_world
from accessctl.sandbox.server import serve
from tests.company import ACME, DATACO, MEDIAHOUSE, NOW, SISTER
from tests.test_crash import TOKEN
from tests.test_crash import run as run_or_die

SANDBOX = ("--sandbox", "world.yaml")
CANCEL = ("obo", "cancel", "9001", "--auto-approve")


@pytest.fixture
def asked(company):
    """Acme has asked its sister, and waits."""
    company.asset("ad_account", "de", "71", agencies={"mediahouse": ["ANALYZE"]}, live={MEDIAHOUSE: ["ANALYZE"]})
    company.world["obo_requests"] = {"9001": {"ad_account": "71", "receiving": SISTER, "requesting": ACME}}
    company.world["tokens"] = {TOKEN: {"business": ACME}}
    company.write()
    return company


def fails(company, *dos: str, match: str = "DELETE 9001") -> None:
    company.world["faults"] = [{"match": match, "do": do} for do in dos]
    company.write()


def status(company) -> str:
    with company.people() as sandbox:
        return sandbox.world.obo_requests["9001"].status


def canceled(company) -> int:
    return sum((write.method, write.path) == ("DELETE", "9001") for write in company.writes)


def events(company) -> list[str]:
    return [entry["event"] for entry in company.journal]


@pytest.mark.parametrize("quirks", [{}, {"obo_success": "boolean"}, {"obo_shape": "list"}])
def test_a_cancel_is_in_the_write_log_once_and_in_the_journal_before_and_after(asked, run, quirks):
    asked.world["quirks"] = quirks
    asked.write()
    found = run(*CANCEL, *SANDBOX)
    assert (found.returncode, found.stderr) == (0, "")
    assert found.stdout.splitlines()[-1].startswith("- request 9001 canceled [run ")
    assert (status(asked), canceled(asked)) == ("CANCELED", 1)
    intent, outcome = asked.journal
    assert (intent["event"], outcome["event"]) == ("obo_intent", "obo_outcome")
    assert intent["call"] == {"method": "DELETE", "path": "9001", "params": {}}
    assert (outcome["outcome"], outcome["status"], outcome["answer"]) == ("applied", "CANCELED", {"success": True})


@pytest.mark.parametrize("live", [(), ("--with-live", *SANDBOX)])
def test_why_tells_of_a_cancel_on_the_pair_and_of_none_on_another(asked, run, live):
    asked.asset("ad_account", "fr", "72", agencies={"mediahouse": ["ANALYZE"]}, live={MEDIAHOUSE: ["ANALYZE"]})
    asked.world["obo_requests"] = {"9001": {"ad_account": "71", "receiving": SISTER, "requesting": ACME}}
    asked.write()
    canceled = run(*CANCEL, *SANDBOX).stdout.splitlines()[-1].rpartition("[")[2]
    state = live or SANDBOX
    for end in ("acme", "sister"):
        text = " ".join(run("why", end, "de", *state).stdout.split())
        assert 'canceled its request 9001 to act on behalf of "' in text
        assert f"applied [{canceled}" in text
        assert "nothing on this pair" not in text
        assert "request 9001" in run("why", end, "de", *state, "--format", "markdown").stdout
        (row,) = json.loads(run("why", end, "de", *state, "--format", "json").stdout)
        assert (row["journal"], row["obo_canceled"]["request"]) == (None, "9001")
    for pair in (("mediahouse", "de"), ("acme", "fr")):
        assert "journal: nothing on this pair" in run("why", *pair, *state).stdout
        (row,) = json.loads(run("why", *pair, *state, "--format", "json").stdout)
        assert row["obo_canceled"] is None


def test_a_second_cancel_is_refused_and_sends_nothing(asked, run):
    assert run(*CANCEL, *SANDBOX).returncode == 0
    again = run(*CANCEL, *SANDBOX)
    assert again.returncode == 3
    assert again.stderr.startswith("refused: on-behalf-of request 9001 is not canceled: it has ended: canceled")
    assert canceled(asked) == 1


def test_without_a_terminal_nothing_is_canceled_and_the_hint_names_the_flag(asked, run):
    found = run("obo", "cancel", "9001", *SANDBOX)
    assert found.returncode == 3
    assert "from Acme GmbH (acme, 1001)" in found.stdout
    assert "hint: look at it with obo show, then pass --auto-approve" in found.stderr
    assert (canceled(asked), asked.journal) == (0, [])


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({"receiving": ACME, "requesting": DATACO}, 'only "DataCo" (3003), who has sent it, can cancel it'),
        ({"receiving": ACME, "requesting": DATACO}, "hint: you answer it, in Business Settings > Requests, at https"),
        ({"receiving": MEDIAHOUSE, "requesting": DATACO}, "and this project does not act for that business"),
        ({"receiving": MEDIAHOUSE, "requesting": DATACO}, 'hint: "Mediahouse Ltd" (2002) answers it, in Business'),
        ({"receiving": SISTER, "requesting": ACME, "status": "APPROVE"}, "it waits no more: approved (APPROVE)"),
        (
            {"receiving": SISTER, "requesting": ACME, "status": "APPROVE"},
            "hint: Meta's documents have no call that ends",
        ),
        ({"receiving": SISTER, "requesting": ACME, "status": "DECLINE"}, "it has ended: declined (DECLINE)"),
        ({"receiving": SISTER, "requesting": ACME, "status": "BRAND_NEW"}, "nobody knows what its status BRAND_NEW"),
    ],
)
def test_what_is_not_ours_or_waits_no_more_is_refused_before_anything_is_sent(asked, run, request_, said):
    asked.world["obo_requests"]["9001"] = {"ad_account": "71", **request_}
    asked.write()
    found = run(*CANCEL, *SANDBOX)
    assert found.returncode == 3
    assert said in found.stderr
    assert (canceled(asked), asked.journal) == (0, [])


def test_a_lost_answer_is_settled_by_reading_back_and_nothing_is_sent_again(asked, run):
    fails(asked, "commit_then_drop")
    found = run(*CANCEL, *SANDBOX)
    assert (found.returncode, status(asked), canceled(asked)) == (0, "CANCELED", 1)
    assert asked.journal[-1]["answer"]["trouble"] == "in_doubt"


def test_a_call_that_never_arrived_is_unknown_until_the_next_cancel_has_looked(asked, run):
    fails(asked, "drop_before")
    found = run(*CANCEL, *SANDBOX)
    assert (found.returncode, canceled(asked)) == (5, 0)
    assert "and the request still waits" in found.stdout
    assert "do: accessctl obo cancel looks first" in found.stdout.replace("\n          ", " ")
    assert run(*CANCEL, *SANDBOX).returncode == 0
    assert canceled(asked) == 1


@pytest.mark.parametrize("do", ["success_false_string", "throttle"])
def test_a_refusal_is_told_and_the_request_stays(asked, run, do):
    fails(asked, do)
    found = run(*CANCEL, "--max-wait", "0s", *SANDBOX)
    assert (found.returncode, canceled(asked), status(asked)) == (5, 0, "IN_PROGRESS")
    assert "! request 9001 cancel failed" in found.stdout


def test_where_meta_has_no_cancel_any_more_it_is_to_be_done_by_hand(asked, run):
    asked.world["quirks"]["obo_cancel"] = "refused"
    asked.write()
    found = run(*CANCEL, "--format", "json", *SANDBOX)
    told = json.loads(found.stdout)
    assert (found.returncode, told["outcome"]) == (5, "failed")
    assert told["do"].startswith("cancel it by hand: Business Settings > Requests, at https://business.facebook.com/")
    assert told["request"]["status"] == "IN_PROGRESS"


def test_a_request_answered_while_a_person_thinks_is_stale(asked):
    with asked.connected() as (_, connection):
        seen = find_request(connection, "9001")
    with asked.people() as sandbox:
        sandbox.answer_obo("9001", is_yes=True)
    with asked.connected() as (_, connection), pytest.raises(StaleError, match="now APPROVE"):
        cancel_request(seen, connection, By({}), graph_version="v26.0")
    assert (canceled(asked), asked.journal) == (0, [])


def test_while_another_run_acts_nothing_is_canceled(asked, run):
    from accessctl.lock import LocalLock

    holder = Holder("other", NOW, "jo")
    with LocalLock(asked.directory / ".accessctl" / "sandbox" / "lock").hold(holder):
        found = run(*CANCEL, *SANDBOX)
        assert run("obo", "show", "9001", *SANDBOX).returncode == 0
    assert found.returncode == 1
    assert "another apply is running: run other" in found.stderr
    assert (canceled(asked), asked.journal) == (0, [])


def test_a_request_canceled_by_others_while_a_person_thinks_is_not_canceled_again(asked):
    with asked.connected() as (_, connection):
        seen = find_request(connection, "9001")
        cancel_request(seen, connection, By({}), graph_version="v26.0")
        again = cancel_request(seen, connection, By({}), graph_version="v26.0")
    assert (again.outcome, canceled(asked)) == ("converged", 1)
    assert events(asked) == ["obo_intent", "obo_outcome"]


def test_a_cancel_that_cannot_be_read_back_at_once_is_looked_at_again(asked, run):
    asked.world["faults"] = [{"match": "GET 9001", "do": "html_200", "nth": 3}] * 3
    asked.write()
    assert run(*CANCEL, *SANDBOX).returncode == 0
    assert asked.journal[-1]["outcome"] == "applied"


def test_history_tells_of_a_cancel_and_the_rest_of_the_journal_means_what_it_meant(asked, run):
    assert run("apply", "--auto-approve", *SANDBOX).returncode == 0
    before = remember(tuple(asked.journal), "sandbox:world.yaml")
    assert run(*CANCEL, *SANDBOX).returncode == 0
    assert remember(tuple(asked.journal), "sandbox:world.yaml") == before
    assert pending_of(asked.journal, "sandbox:world.yaml") == ()
    for name in ("", "de", "sister", ACME):
        said = " ".join(run("history", name, *SANDBOX).stdout.split())
        assert 'canceled its request 9001 to act on behalf of "Sister SA" (sister, 1002) on ad account de' in said
    assert "9001" not in run("history", "dataco", *SANDBOX).stdout
    rows = json.loads(run("history", "--format", "json", *SANDBOX).stdout)["history"]
    assert [row["event"] for row in rows][-1] == "obo_cancel"
    assert run("history", "--verify", *SANDBOX).returncode == 0
    assert run("plan", *SANDBOX).returncode == run("apply", "--auto-approve", *SANDBOX).returncode == 0


def test_no_token_is_in_the_journal_or_the_output(asked):
    with serve(Sandbox(load_world(asked.directory / "world.yaml"))) as server:
        found = at(asked, server.url, *CANCEL)
    assert found.returncode == 0
    written = (asked.directory / ".accessctl" / "journal.jsonl").read_text()
    assert "canary" not in found.stdout + found.stderr + written


def at(company, url, *args, **more):
    """Run accessctl against a server, or let it die at a step."""
    return run_or_die(company, url, *args, dying="tests.obo_dying", within=90, **more)


def begin_again(company, sandbox):
    sandbox.reset()
    shutil.rmtree(company.directory / ".accessctl", ignore_errors=True)


@pytest.mark.parametrize("share", [9, pytest.param(1, marks=pytest.mark.campaign)])
@pytest.mark.parametrize("first", ["cancel", "show"])
def test_a_cancel_killed_at_any_step_is_settled_by_the_next_command_and_sent_once(asked, share, first):
    sandbox = Sandbox(load_world(asked.directory / "world.yaml"))
    with serve(sandbox) as server:
        assert at(asked, server.url, *CANCEL, dies_at=0).returncode == 0
        last = int((asked.directory / "steps").read_text())
        assert last >= 12
        for step in range(1 + (first == "show") * share // 2, last + 1, share):
            begin_again(asked, sandbox)
            assert at(asked, server.url, *CANCEL, dies_at=step).returncode == -9, step
            sent = len(sandbox.write_log)
            if first == "show":
                shown = at(asked, server.url, "obo", "show", "9001")
                assert (shown.returncode, len(sandbox.write_log)) == (0, sent), step
                assert no_intent_is_open(asked), step
            again = at(asked, server.url, *CANCEL)
            assert again.returncode in (0, 3), (step, again.stderr)
            assert "Traceback" not in again.stderr
            assert [write.path for write in sandbox.write_log] == ["9001"], step
            assert sandbox.world.obo_requests["9001"].status == "CANCELED"
            assert no_intent_is_open(asked), step


def no_intent_is_open(company) -> bool:
    entries = read_journal(FileLedger(company.directory / ".accessctl" / "journal.jsonl"))
    return all(one.outcome for one in tell(entries) if isinstance(one, OboTold))


def test_a_cancel_cut_off_after_meta_did_it_is_told_as_done_by_the_next(asked, run):
    journal_with_an_open_intent(asked, run)
    with asked.people() as sandbox:
        from tests.sandbox.worlds import Client

        Client(sandbox, f"sandbox-{ACME}").delete("9001")
        asked_for = sandbox.world.obo_requests["9001"].status
    assert asked_for == "CANCELED"
    found = run(*CANCEL, *SANDBOX)
    assert found.returncode == 0
    assert "left the cancel of request 9001 open; it was canceled" in found.stderr
    assert "an earlier run has canceled it, and was cut off" in " ".join(found.stdout.split())
    assert events(asked) == ["obo_intent", "obo_settled"]
    assert "settled by run" in run("history", *SANDBOX).stdout
    with asked.connected() as (_, connection):
        assert open_cancels(connection) == []


def test_a_cancel_that_cannot_be_looked_at_stays_open_and_nothing_is_sent(asked, run):
    journal_with_an_open_intent(asked, run, "http_500")
    found = run(*CANCEL, *SANDBOX)
    assert found.returncode == 1
    assert "left the cancel of request 9001 open; it stays open" in found.stderr
    assert (canceled(asked), events(asked)) == (0, ["obo_intent"])


def journal_with_an_open_intent(company, run, *then: str) -> None:
    """Leave the journal of a cancel that was killed an hour ago, right after its intent."""
    from datetime import UTC, datetime, timedelta

    from accessctl.journal import Journal

    fails(company, *(then * 99), match="GET 9001")
    request = {"id": "9001", "ad_account": "71", "receiving": SISTER, "requesting": ACME}
    before = datetime.now(UTC) - timedelta(hours=1)
    company.journal_path.parent.mkdir(parents=True, exist_ok=True)
    with Journal(FileLedger(company.journal_path), "dead", now=lambda: before) as journal:
        graph = {"url": "sandbox:world.yaml", "version": "v26.0"}
        journal.write("obo_intent", request=request, status="IN_PROGRESS", via="acme", graph=graph)

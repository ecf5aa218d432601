"""What waits for a person at Meta is listed, told on and waited for, and never sent a second time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from accessctl.plan.nouns import Plan, Row
from accessctl.render.nudge import addressed, message, nudge_json, nudge_text
from accessctl.render.paper import Paper
from accessctl.render.waiting import count_line, waiting_json, waiting_text
from accessctl.render.waiting_table import plain, waiting_markdown
from accessctl.sandbox import Sandbox, load_world
from accessctl.sandbox.server import serve
from accessctl.waiting import REVIEWS, Wait, Whom, is_hopeless, is_settled, waiting_of
from accessctl.workflow import take_snapshot
from tests.company import ACME, CLIENT, SISTER, Company

if TYPE_CHECKING:
    from collections.abc import Iterator

BUYER = ["ADVERTISE", "ANALYZE"]
ASKED = "CLIENT_RESPONSE_PENDING"
SANDBOX = ("--sandbox", "world.yaml")
GOLDEN = Path(__file__).parent / "golden" / "waiting.txt"
HOSTILE = "a|b <b>x</b> `rm` @everyone \\| #12 [x](https://evil.example) www.evil.example\n| new | row |\u202e"


def waits_of(company: Company, later: timedelta = timedelta()) -> tuple[Wait, ...]:
    saved = company.plan()
    return waiting_of(saved.plan, company.load().desired, saved.created_at + later)


def listed(company: Company) -> list[tuple[str, Whom, str]]:
    return [(wait.row.reason.code, wait.whom, wait.row.asset.id) for wait in waits_of(company)]


def asked(requested: str = "", tasks: list[str] = BUYER) -> dict[str, Any]:
    return {ACME: {"tasks": tasks, "status": ASKED} | ({"requested": requested} if requested else {})}


@pytest.fixture
def busy(company: Company) -> Company:
    """Everything that can wait: before and after an apply, for a client and for a second admin."""
    company.world["quirks"] = {"request_ad_accounts": "open"}
    company.asset("page", "shop", "71", owner="client", agencies={"acme": BUYER}, live={})
    company.asset("ad_account", "ads", "72", owner="client", agencies={"acme": BUYER}, live={})
    company.asset("page", "old", "73", owner="client", agencies={"acme": BUYER}, live=asked("2026-11-01T09:00:00Z"))
    company.asset("page", "less", "74", owner="sister", agencies={"acme": BUYER}, live={ACME: ["ANALYZE", "MODERATE"]})
    company.asset("ad_account", "de", "75", agencies={"mediahouse": BUYER}, live={}, admin_approval=True)
    company.write()
    return company


def test_twenty_plans_and_applies_in_a_row_send_each_request_and_grant_once(busy):
    for _ in range(20):
        busy.plan()
        busy.apply()
    sent = Counter((write.method, write.path, write.by, write.params.get("page_id", "")) for write in busy.writes)
    assert set(sent.values()) == {1}
    assert {path for _, path, _, _ in sent} == {f"{ACME}/client_pages", f"{ACME}/client_ad_accounts", "act_75/agencies"}
    assert len(busy.writes) == 3
    assert len(waits_of(busy)) == 5


def test_what_waits_is_listed_with_whom_it_waits_for_the_oldest_first(busy):
    busy.apply()
    assert waits_of(busy)[0].row.asset.id == "73"
    assert sorted(listed(busy), key=lambda row: row[2]) == [
        ("client_response", Whom.CLIENT, "71"),
        ("client_response", Whom.CLIENT, "72"),
        ("client_response", Whom.CLIENT, "73"),
        ("ask_client", Whom.CLIENT, "74"),
        ("admin_approval", Whom.SECOND_ADMIN, "75"),
    ]
    assert {wait.row.asset.id: wait.business.id for wait in waits_of(busy)} == {
        "71": CLIENT,
        "72": CLIENT,
        "73": CLIENT,
        "74": SISTER,
        "75": ACME,
    }


def test_what_waits_since_nobody_knows_when_comes_last(company):
    company.asset("page", "a", "71", owner="client", agencies={"acme": BUYER}, live=asked())
    company.asset("page", "b", "72", owner="client", agencies={"acme": BUYER}, live=asked("2026-11-20T09:00:00Z"))
    company.asset("page", "c", "73", owner="client", agencies={"acme": BUYER}, live=asked("2026-10-01T09:00:00Z"))
    assert [(wait.row.asset.alias, wait.days) for wait in waits_of(company)] == [("c", 51), ("b", 1), ("a", None)]


def test_a_request_turns_stale_by_age_alone(company):
    company.project["requests"] = {"stale_after": "7d"}
    company.asset("page", "shop", "71", owner="client", agencies={"acme": BUYER}, live=asked("2026-11-20T09:00:00Z"))
    assert [(wait.days, wait.is_stale) for wait in waits_of(company)] == [(1, False)]
    assert [(wait.days, wait.is_stale) for wait in waits_of(company, timedelta(days=6))] == [(7, True)]


def test_a_declined_request_is_told_apart_from_one_never_sent_and_from_one_not_answered(busy):
    assert [code for code, _, asset in listed(busy) if asset in ("71", "72")] == []
    busy.apply()
    with busy.people() as sandbox:
        sandbox.decline("71", ACME)
    codes = {asset: (code, whom) for code, whom, asset in listed(busy)}
    assert codes["71"] == ("request_gone", Whom.US)
    assert codes["72"] == ("client_response", Whom.CLIENT)


def test_a_request_that_is_gone_is_never_stale_and_is_our_own_next_step(busy):
    busy.apply()
    with busy.people() as sandbox:
        sandbox.decline("71", ACME)
    (gone,) = (wait for wait in waits_of(busy, timedelta(days=400)) if wait.whom is Whom.US)
    assert (gone.is_stale, gone.where, gone.business.id) == (False, "", ACME)
    assert "accessctl apply --ask-again shop" in gone.todo


def test_a_second_admin_is_one_of_the_owner_and_is_told_where_to_click(busy):
    busy.apply()
    (wait,) = (wait for wait in waits_of(busy) if wait.whom is Whom.SECOND_ADMIN)
    assert (wait.business.id, wait.where, wait.tasks) == (ACME, REVIEWS, ("ADVERTISE", "ANALYZE"))
    assert wait.todo == "approve or decline the grant"


def test_a_grant_that_is_no_longer_wanted_is_to_be_declined(busy):
    busy.apply()
    busy.manifest["ad_accounts"]["de"]["agencies"] = {}
    busy.write()
    (wait,) = (wait for wait in waits_of(busy) if wait.whom is Whom.SECOND_ADMIN)
    assert (wait.row.reason.code, wait.todo) == ("approval_not_wanted", "decline the grant")
    assert "no longer wanted" in nudge_text([wait])


def test_a_client_is_told_what_to_add_and_what_to_take_away(busy):
    (wait,) = (wait for wait in waits_of(busy) if wait.row.asset.id == "74")
    assert (wait.missing, wait.extra) == (("ADVERTISE",), ("MODERATE",))
    assert wait.todo == "add ADVERTISE; take away MODERATE"


def test_nothing_is_settled_while_something_waits_or_could_not_be_read():
    row = Row(None, None, "acme", None, None)  # type: ignore[arg-type]
    assert is_settled(Plan())
    assert not is_settled(Plan(waiting=(row,)))
    assert not is_settled(Plan(blocked=(row,)))
    assert not is_settled(Plan(unread=("no",)))


def test_waiting_is_in_vain_only_where_every_next_step_is_our_own(busy):
    busy.apply()
    assert not is_hopeless(busy.plan().plan)
    with busy.people() as sandbox:
        sandbox.decline("71", ACME)
    plan = busy.plan().plan
    gone = tuple(row for row in plan.waiting if row.reason.code == "request_gone")
    assert not is_hopeless(plan)
    assert is_hopeless(Plan(waiting=gone))
    assert not is_hopeless(Plan(waiting=gone, unread=("no",)))
    assert not is_hopeless(Plan())


def test_each_who_has_to_act_gets_one_message_that_names_every_asset_once(busy):
    busy.apply()
    waits = waits_of(busy)
    groups = addressed(waits)
    receivers = [(group[0].whom, group[0].business.id) for group in groups]
    assert receivers == [(Whom.CLIENT, CLIENT), (Whom.CLIENT, SISTER), (Whom.SECOND_ADMIN, ACME)]
    text = nudge_text(waits)
    for asset in ("(71)", "(act_72)", "(73)", "(74)", "(act_75)"):
        assert text.count(asset) == 1
    assert text.count("To: ") == 3
    assert "Business Settings > Requests" in text
    assert REVIEWS in text
    assert all(len(line) <= 80 or line.startswith("- ") for line in text.splitlines())
    assert not any(line.startswith(" ") for line in text.splitlines())
    assert [one["pairs"] for one in json.loads(nudge_json(waits))["messages"]] == [3, 1, 1]


def test_a_message_says_for_whom_it_asks_which_tasks_and_since_when(busy):
    (old,) = (wait for wait in waits_of(busy) if wait.row.asset.id == "73")
    assert message([old]) == (
        "Hello,\n\n"
        '"Acme GmbH" (business 1001) has asked you for access, and waits for your answer:\n\n'
        '- Page "Old" (73): ADVERTISE, ANALYZE (since 2026-11-01, 20 days)\n\n'
        "Please accept or decline each under Business Settings > Requests.\n\n"
        "Thank you.\n"
    )


def test_an_alias_of_ours_is_no_name_to_a_stranger(busy):
    (old,) = (wait for wait in waits_of(busy) if wait.row.asset.id == "73")
    assert old.row.agency is not None
    row = replace(old.row, asset=replace(old.row.asset, name=""), agency=replace(old.row.agency, name=""))
    text = message([replace(old, row=row)])
    assert "\nbusiness 1001 has asked you for access" in text
    assert "- Page 73: ADVERTISE" in text
    assert (row.asset.alias in text, "acme" in text) == (False, False)


def test_nobody_is_reminded_of_a_request_that_is_gone(busy):
    busy.apply()
    with busy.people() as sandbox:
        sandbox.decline("71", ACME)
    gone = [wait for wait in waits_of(busy) if wait.whom is Whom.US]
    assert nudge_text(gone) == "Nobody has to be reminded.\n"


def test_a_name_in_markdown_is_shown_and_does_nothing(company):
    company.asset("page", "shop", "71", owner="client", agencies={"acme": BUYER}, live=asked())
    company.world["pages"]["71"]["name"] = HOSTILE
    waits = waits_of(company)
    table = waiting_markdown(waits, Plan())
    (row,) = [line for line in table.splitlines() if "(71)" in line]
    assert row.count("|") == 7  # six cells
    for unsafe in ("<b>", "`", "@", "\\", "](", "://", "www.", "\u202e", " #12"):
        assert unsafe not in row
    assert "&#124;" in row
    assert len(table.splitlines()) == 5


def test_a_name_in_a_message_or_a_list_stays_on_its_line(company):
    company.asset("page", "shop", "71", owner="client", agencies={"acme": BUYER}, live=asked())
    company.world["pages"]["71"]["name"] = "x\nTo: everybody\x1b[31m\u202e"
    for text in (nudge_text(waits_of(company)), waiting_text(waits_of(company), Plan(), Paper())):
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "\nTo: everybody" not in text


def test_plain_text_without_anything_unsafe_is_left_as_it_is():
    assert plain("Müller & Söhne (12), Köln-Süd") == "Müller &#38; Söhne (12), Köln-Süd"


def test_a_table_too_long_for_a_comment_is_cut_and_says_so(company):
    company.asset("page", "shop", "71", owner="client", agencies={"acme": BUYER}, live=asked())
    (wait,) = waits_of(company)
    table = waiting_markdown([wait] * 1000, Plan())
    assert len(table.encode()) < 65_536
    shown = table.count("(71)")
    assert f"… and {1000 - shown} more" in table


def test_the_count_says_for_whom(busy):
    busy.apply()
    assert count_line(waits_of(busy)) == "5 waiting: 4 for clients (1 stale), 1 for a second admin."
    assert count_line(()) == "Nothing waits."


def test_what_could_not_be_read_is_said_beside_what_waits(company):
    company.asset("page", "uk", "71", agencies={"mediahouse": BUYER}, live={}, fault={"code": 10, "message": "no"})
    saved = company.plan()
    assert "1 row could not be read" in waiting_text((), saved.plan, Paper())
    assert "1 row could not be read" in waiting_markdown((), saved.plan)
    document = json.loads(waiting_json((), saved.plan, saved.created_at))
    assert (document["complete"], document["waiting"], len(document["unread"])) == (False, [], 1)


def test_the_list_fits_eighty_columns(busy):
    busy.apply()
    text = waiting_text(waits_of(busy), Plan(), Paper())
    assert all(len(line) <= 80 for line in text.splitlines())
    assert text.endswith("5 waiting: 4 for clients (1 stale), 1 for a second admin.\n")


def test_the_list_the_table_and_the_messages_read_as_agreed(busy, request):
    busy.apply()
    with busy.people() as sandbox:
        sandbox.decline("72", ACME)
    waits = waits_of(busy)
    text = "\n\n".join((waiting_text(waits, Plan(), Paper()), waiting_markdown(waits, Plan()), nudge_text(waits)))
    if request.config.getoption("--renew-golden"):
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


def test_waiting_lists_changes_nothing_and_exits_with_0(busy, run):
    busy.apply()
    before = busy.writes
    found = run("waiting", "--format", "json", *SANDBOX)
    assert found.returncode == 0, found.stderr
    document = json.loads(found.stdout)
    assert document["summary"] == {"waiting": 5, "stale": 1, "client": 4, "second_admin": 1, "us": 0}
    assert document["waiting"][0]["asset"]["id"] == "73"
    assert busy.writes == before


def test_only_what_is_stale_or_selected_is_listed_if_asked_for(busy, run):
    stale = json.loads(run("waiting", "--stale", "--format", "json", *SANDBOX).stdout)
    assert [row["asset"]["id"] for row in stale["waiting"]] == ["73"]
    narrow = json.loads(run("waiting", "--target", "less", "--format", "json", *SANDBOX).stdout)
    assert [row["asset"]["id"] for row in narrow["waiting"]] == ["74"]


def test_waiting_exits_with_5_where_something_could_not_be_read(company, run):
    company.asset("page", "uk", "71", agencies={"mediahouse": BUYER}, live={}, fault={"code": 10, "message": "no"})
    company.write()
    assert run("waiting", *SANDBOX).returncode == 5
    nudged = run("waiting", "--nudge", *SANDBOX)
    assert (nudged.returncode, nudged.stdout) == (5, "Nobody has to be reminded.\n")
    assert "could not be read" in nudged.stderr


def test_a_message_has_no_markdown(busy, run):
    assert run("waiting", "--nudge", "--format", "markdown", *SANDBOX).returncode == 64


def test_a_snapshot_tells_what_waits_without_a_token(busy, run):
    from accessctl.snapshot.document import to_text

    busy.apply()
    with busy.connected() as (project, connection):
        snapshot = take_snapshot(project, connection, busy.now())
    (busy.directory / "live.json").write_text(to_text(snapshot))
    found = run("waiting", "--live", "live.json", "--format", "markdown")
    assert found.returncode == 0, found.stderr
    assert "5 waiting" in found.stdout
    assert run("waiting", "--live", "live.json", *SANDBOX).returncode == 64


def test_in_a_sandbox_of_its_own_wait_ends_by_the_sandbox_s_clock(busy, run):
    busy.apply()
    found = run("wait", "--timeout", "2h", "--every", "30m", *SANDBOX)
    assert found.returncode == 5
    assert "5 waiting" in found.stdout
    assert "hint: time is up" in found.stderr


def test_waiting_for_what_is_stale_ends_when_age_makes_it_so(company, run):
    company.asset("page", "shop", "71", owner="client", agencies={"acme": BUYER}, live={})
    company.write()
    company.apply()
    early = run("wait", "--for", "stale", "--timeout", "24h", "--every", "12h", *SANDBOX)
    assert early.returncode == 5
    late = run("wait", "--timeout", "480h", "--every", "24h", *SANDBOX, ACCESSCTL_WAIT_FOR="stale")
    assert (late.returncode, "1 stale" in late.stdout) == (0, True)


def test_wait_ends_early_where_nobody_will_answer_any_more(company, run):
    company.asset("page", "shop", "71", owner="client", agencies={"acme": BUYER}, live={})
    company.write()
    company.apply()
    with company.people() as sandbox:
        sandbox.decline("71", ACME)
    found = run("wait", "--timeout", "400h", *SANDBOX)
    assert found.returncode == 5
    assert "the next step is yours" in found.stderr


def test_wait_says_what_is_planned_and_not_sent_yet(company, run):
    company.asset("page", "shop", "71", owner="client", agencies={"acme": BUYER}, live={})
    company.write()
    found = run("wait", *SANDBOX)
    assert (found.returncode, found.stdout) == (0, "Nothing waits.\n")
    assert "note: 1 planned action is not applied" in found.stderr


def test_what_cannot_be_read_is_never_settled(company, run):
    company.asset("page", "uk", "71", agencies={"mediahouse": BUYER}, live={}, fault={"code": 10, "message": "no"})
    company.write()
    assert run("wait", "--timeout", "2m", *SANDBOX).returncode == 5


@pytest.mark.parametrize(("drops", "code"), [(3, 5), (30, 1)])
def test_a_look_that_fails_is_passed_over_as_long_as_another_comes(company, run, drops, code):
    company.asset("page", "shop", "71", owner="client", agencies={"acme": BUYER}, live=asked())
    fault = {"match": f"GET {ACME}", "nth": 2, "do": "drop_before"}  # all spare the first, then take one each
    company.world["faults"] = [fault] * drops
    company.write()
    found = run("wait", "--timeout", "5m", *SANDBOX)
    assert found.returncode == code, found.stderr
    assert "warning: this look failed, the next may not" in found.stderr


@pytest.mark.parametrize("every", ["0", "0s", "soon"])
def test_between_two_looks_there_is_always_a_pause(busy, run, every):
    assert run("wait", "--every", every, *SANDBOX).returncode == 64


@contextmanager
def served(company: Company) -> Iterator[tuple[Sandbox, dict[str, str]]]:
    sandbox = Sandbox(load_world(company.directory / "world.yaml"))
    with serve(sandbox) as server:
        yield sandbox, {"ACCESSCTL_GRAPH_URL": server.url, "ACCESSCTL_TOKEN": f"sandbox-{ACME}"}


@contextmanager
def waiting_process(company: Company, environ: dict[str, str], *args: str) -> Iterator[subprocess.Popen[str]]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("ACCESSCTL", "GITHUB_", "CI"))}
    command = [sys.executable, "-m", "accessctl", "wait", *args]
    with subprocess.Popen(
        command,
        cwd=company.directory,
        env=kept | environ | {"PYTHONWARNINGS": "error"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def until_looked(sandbox: Sandbox) -> None:
    """Return when somebody has read, and then has asked nothing for a while."""
    seen, end = -1, time.monotonic() + 30
    while (seen != sandbox.http_requests or not seen) and time.monotonic() < end:
        seen = sandbox.http_requests
        time.sleep(0.4)


def shop_asked(company: Company) -> Company:
    company.asset("page", "shop", "71", owner="client", agencies={"acme": BUYER}, live=asked("2026-11-01T09:00:00Z"))
    company.write()
    return company


def test_wait_ends_when_the_client_accepts(company):
    with served(shop_asked(company)) as (sandbox, environ):
        with waiting_process(company, environ, "--every", "1s", "--timeout", "60s") as process:
            until_looked(sandbox)
            body = urllib.parse.urlencode({"asset": "71", "business": ACME}).encode()
            with urllib.request.urlopen(f"{environ['ACCESSCTL_GRAPH_URL']}/sandbox/accept", body):
                pass
            out, err = process.communicate(timeout=60)
        assert (process.returncode, out) == (0, "Nothing waits.\n"), err
        assert sandbox.write_log == ()


def test_wait_gives_up_when_the_time_is_up_and_says_what_still_waits(company, run):
    with served(shop_asked(company)) as (_, environ):
        found = run("wait", "--timeout", "1s", **environ)
    assert found.returncode == 5
    assert "1 waiting: 1 for clients" in found.stdout
    assert "shop" in found.stdout


def test_ctrl_c_ends_a_wait_in_words(company):
    with served(shop_asked(company)) as (sandbox, environ):
        with waiting_process(company, environ, "--timeout", "2h") as process:
            until_looked(sandbox)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
        assert (process.returncode, out, err.strip()) == (130, "", "interrupted")

"""What the journal says of each write, and how accessctl history tells it."""

from __future__ import annotations

import json
import os
import signal
from datetime import UTC, datetime
from typing import NamedTuple

import pytest

from accessctl import __main__ as main
from accessctl.chain import read_chain, sealed
from accessctl.cli.options import paper
from accessctl.history import narrowed, run_of, tell
from accessctl.journal import Journal, JournalError
from accessctl.journalfile import FileLedger
from accessctl.model import Access, Asset, Kind, frozen
from accessctl.plan.refs import Names
from accessctl.render.history import history_text
from accessctl.startedby import started_by
from accessctl.workflow import Wish, apply_plan
from tests.company import ACME, MEDIAHOUSE, SISTER, STRANGER

BUYER = ["ADVERTISE", "ANALYZE"]
SANDBOX = ("--sandbox", "world.yaml")
GITHUB = {
    "GITHUB_SHA": "0123abcdef" * 4,
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "acme/access",
    "GITHUB_RUN_ID": "7",
    "GITHUB_ACTOR": "jo",
}
KINDS = pytest.mark.parametrize("kind", ["ad_account", "page"])
WHEN = datetime(2026, 11, 21, 12, 4, tzinfo=UTC)
NOBODY = Names(Access(frozen({}), frozen({})), None)


def entry(event: str, verb: str = "grant", outcome: str = "", before: str = "absent", **more: object) -> dict:
    return {
        "at": WHEN.isoformat(),
        "run": "ab12",
        "event": event,
        "verb": verb,
        "via": "acme",
        "pair": {"kind": "ad_account", "asset": "77", "agency": MEDIAHOUSE},
        "before": {"status": before, "tasks": [] if before == "absent" else ["DRAFT"]},
        "after": {"status": "confirmed", "tasks": BUYER},
        "outcome": outcome,
        **more,
    }


STARTED = {
    "at": WHEN.isoformat(),
    "run": "ab12",
    "event": "run_started",
    "graph": {"url": "u"},
    "plan": "sha256:12 2026-11-21",
}
ENDED = {"at": WHEN.isoformat(), "run": "ab12", "event": "run_ended", "outcomes": {"applied": 1, "skipped": 2}}


def told(*entries: dict) -> list[str]:
    return history_text(tell((STARTED, *entries)), NOBODY, paper()).replace("\n          ", " ").splitlines()


def writes(journal: list[dict]) -> list[dict]:
    return [line for line in journal if line["event"] in ("intent", "outcome")]


# What intent and outcome lines hold.


@KINDS
def test_the_call_in_the_journal_is_the_one_that_went_out(company, kind):
    company.project["acts_as"] = ["acme", "sister"]
    company.world["quirks"] = {"request_ad_accounts": "open"}
    pending = {"status": "PENDING", "tasks": BUYER}
    company.asset(kind, "a-grant", "71", agencies={"mediahouse": BUYER}, live={})
    company.asset(kind, "b-accept", "72", agencies={"mediahouse": BUYER}, live={MEDIAHOUSE: pending})
    company.asset(kind, "c-change", "73", agencies={"mediahouse": BUYER}, live={MEDIAHOUSE: ["ANALYZE"]})
    company.asset(kind, "d-revoke", "74", agencies={}, live={STRANGER: BUYER})
    company.asset(kind, "e-request", "75", owner="client", agencies={"sister": BUYER}, live={})
    company.asset(kind, "f-withdraw", "76", owner="client", agencies={}, live={SISTER: pending})
    company.asset(kind, "g-drop", "77", owner="client", agencies={}, live={ACME: BUYER})
    company.apply()
    intents = [line for line in company.journal if line["event"] == "intent"]
    assert {line["verb"] for line in intents} == {
        "grant",
        "accept",
        "change",
        "revoke",
        "request",
        "withdraw",
        "relinquish",
    }
    said = [(line["acting"]["id"], line["call"]["method"], line["call"]["path"]) for line in intents]
    assert sorted(said) == sorted((write.by, write.method, write.path) for write in company.writes)
    for line in intents:
        (write,) = [one for one in company.writes if one.asset.removeprefix("act_") == line["pair"]["asset"]]
        params = {key: json.loads(value) if value[:1] == "[" else value for key, value in write.params.items()}
        assert line["call"]["params"] == {key: params[key] for key in line["call"]["params"]}
        assert set(params) - set(line["call"]["params"]) <= {"access_token", "appsecret_proof"}


def test_every_write_line_says_who_which_run_which_plan_and_what_meta_said(company):
    """FAULTS K7."""
    company.asset("page", "de", "77", agencies={"mediahouse": BUYER}, live={})
    saved = company.plan()
    with company.connected() as (_, connection):
        apply_plan(saved, connection, started_by=started_by(GITHUB), clock=company.now)
    intent, outcome = writes(company.journal)
    for line in (intent, outcome):
        assert line["acting"] == {"id": ACME, "alias": "acme"}
        assert line["plan_digest"] == saved.digest
        assert (line["commit"], line["actor"]) == (GITHUB["GITHUB_SHA"], "jo")
        assert line["run_url"] == "https://github.com/acme/access/actions/runs/7"
        assert (line["before"]["tasks"], line["after"]["tasks"]) == ([], BUYER)
    assert outcome["fbtrace_id"]
    assert outcome["answer"] == {"success": True, "requires_admin_approval": False}


def test_a_refusal_is_kept_with_code_subcode_and_status(company):
    company.world["faults"] = [{"match": "POST 77/agencies", "nth": 1, "do": "throttle"}]
    company.asset("page", "de", "77", agencies={"mediahouse": BUYER}, live={})
    company.apply()
    answer = writes(company.journal)[1]["answer"]
    assert (answer["success"], answer["code"], answer["http_status"] > 0) == (False, 80001, True)
    assert answer["trouble"] == "throttled"
    assert "too many calls" in answer["message"]


def test_the_revoke_and_the_grant_of_a_gap_are_told_one_by_one(company):
    company.world["quirks"] = {"change": "refuse"}
    company.asset("page", "de", "77", agencies={"mediahouse": ["ANALYZE"]}, live={MEDIAHOUSE: ["ADVERTISE"]})
    company.apply(wish=Wish(replace_with_gap=True))
    found = [(one.verb, one.outcome) for one in tell(company.journal)[:-1]]
    assert found == [("change", "failed"), ("revoke", "applied"), ("grant", "applied")]
    calls = [line["call"]["method"] for line in company.journal if line["event"] == "intent"]
    assert calls == ["POST", "DELETE", "POST"]


# What the environment may say.


@pytest.mark.parametrize(
    ("environ", "facts"),
    [
        ({}, {}),
        (
            {"CI_COMMIT_SHA": "abcdef1", "CI_JOB_URL": "https://gitlab.com/a/-/jobs/1", "GITLAB_USER_LOGIN": "al"},
            {"commit": "abcdef1", "run_url": "https://gitlab.com/a/-/jobs/1", "actor": "al"},
        ),
        ({"BUILD_URL": "https://ci.example/job/1/"}, {"run_url": "https://ci.example/job/1/"}),
        ({"BUILD_URL": "https://jo:pass@ci.example/job?key=s#x"}, {"run_url": "https://ci.example/job"}),
        ({"BUILD_URL": "javascript:alert(1)", "GITHUB_SHA": "main; rm"}, {}),
        ({"BUILD_URL": "https://[", "GITHUB_RUN_ID": "7"}, {}),
        ({"GITHUB_ACTOR": "jo\x1b[31m\n"}, {"actor": "jo\\u{1b}[31m"}),
        ({"GITHUB_ACTOR": "EAAcanaryTOKEN0123456789abcdefXYZ"}, {}),
        ({"GITHUB_ACTOR": "is-s3cret-too", "ACCESSCTL_TOKEN_ACME": "s3cret"}, {}),
        ({"GITHUB_ACTOR": "s3cret", "ACCESSCTL_APP_SECRET": "s3cret"}, {}),
    ],
)
def test_commit_run_and_actor_come_from_the_environment_and_no_secret_does(environ, facts):
    assert started_by(environ) == facts


def test_what_the_environment_says_is_capped():
    assert len(started_by({"GITHUB_ACTOR": "x" * 5000})["actor"]) == 300


# How it is told.


@pytest.mark.parametrize(
    ("verb", "outcome", "before", "sentence"),
    [
        ("grant", "applied", "absent", "was granted ADVERTISE, ANALYZE on ad account act_77: applied ["),
        ("grant", "unknown", "absent", "was to be granted ADVERTISE, ANALYZE on ad account act_77: unknown: why ["),
        ("grant", "awaiting_admin_approval", "absent", "act_77: waiting for a second admin ["),
        ("grant", "converged", "absent", "was to be granted ADVERTISE, ANALYZE on ad account act_77: no change, it"),
        ("accept", "applied", "pending", "was granted its request for ADVERTISE, ANALYZE on ad account act_77: app"),
        ("change", "applied", "confirmed", "now holds ADVERTISE, ANALYZE instead of DRAFT on ad account act_77: app"),
        (
            "change",
            "failed",
            "confirmed",
            "was to hold ADVERTISE, ANALYZE, not DRAFT, on ad account act_77: failed: why",
        ),
        ("revoke", "applied", "confirmed", "lost DRAFT on ad account act_77: applied ["),
        ("revoke", "failed", "confirmed", "was to lose DRAFT on ad account act_77: failed: why ["),
        ("revoke", "applied", "pending", "was declined its request for DRAFT on ad account act_77: applied ["),
        (
            "request",
            "waiting_for_client",
            "absent",
            "requested ADVERTISE, ANALYZE on ad account act_77: waiting for the",
        ),
        ("withdraw", "applied", "pending", "withdrew its request for DRAFT on ad account act_77: applied ["),
        ("relinquish", "applied", "confirmed", "gave up DRAFT on ad account act_77: applied ["),
    ],
)
def test_each_way_a_write_can_end_has_its_sentence(verb, outcome, before, sentence):
    pair = entry("intent", verb, before=before), entry("outcome", verb, outcome, before, text="why")
    assert told(*pair)[0].startswith(f"2026-11-21 12:04 UTC  business {MEDIAHOUSE} ")
    assert sentence in told(*pair)[0]


def test_what_was_never_answered_is_not_told_as_done():
    first, run = told(entry("intent"))
    assert "was to be granted" in first
    assert "no answer was recorded: the next apply looks [run ab12, plan sha256:12]" in first
    assert "has no end: it was stopped, or is still going on" in run


def test_a_run_tells_what_has_no_line_of_its_own():
    assert "The run ended: 1 applied, 2 skipped [run ab12" in told(entry("intent"), ENDED)[-1]


@pytest.mark.parametrize(
    "change",
    [
        {"at": "x"},
        {"pair": []},
        {"verb": "buy"},
        {"before": None},
        {"after": {"status": "x", "tasks": []}},
        {"run": None},
    ],
)
def test_an_entry_that_makes_no_sense_is_refused_with_its_number(change):
    odd = {key: value for key, value in (entry("intent") | change).items() if value is not None}
    with pytest.raises(JournalError, match="line 2 of the journal"):
        tell((STARTED, odd))
    with pytest.raises(JournalError, match="line 2 of the journal"):
        tell((STARTED, entry("outcome", outcome="applied")))


def test_history_narrows_to_pairs_runs_and_days():
    other = {"run": "cd34"}
    all_ = tell((STARTED, entry("intent"), ENDED, STARTED | other, entry("intent") | other, ENDED | other))
    assert len(narrowed(all_)) == 4
    assert len(narrowed(all_, assets=[Asset(Kind.AD_ACCOUNT, "77")])) == 2
    assert len(narrowed(all_, assets=[Asset(Kind.PAGE, "77")])) == 0
    assert len(narrowed(all_, agencies=[MEDIAHOUSE])) == 2
    assert {run_of(one).id for one in narrowed(all_, run="cd")} == {"cd34"}
    assert narrowed(all_, since=datetime(2026, 11, 22, tzinfo=UTC)) == ()


# The command, in this process.


class Said(NamedTuple):
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def here(company, monkeypatch, capsys):
    """Run the command line in the company's directory, with nothing of our own environment's settings."""
    for name in [name for name in os.environ if name.startswith(("ACCESSCTL", "GITHUB_", "CI", "BUILD_", "GIT_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(company.directory)
    kept = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}

    def here(*args: str, **environ: str) -> Said:
        with monkeypatch.context() as patch:
            for name, value in environ.items():
                patch.setenv(name, value)
            return Said(main.run(args), *capsys.readouterr())

    yield here
    for one, handler in kept.items():
        signal.signal(one, handler)


@pytest.fixture
def applied(company, here):
    """A company in which one apply has run, as CI runs it."""
    company.asset("ad_account", "de-brand", "77", agencies={"mediahouse": BUYER}, live={STRANGER: BUYER})
    company.asset("page", "shop", "78", agencies={"dataco": ["ANALYZE"]}, live={})
    company.write()
    found = here("apply", *SANDBOX, "--auto-approve", "--allow-revokes", "1", ACCESSCTL_TOKEN="unused", **GITHUB)
    assert found.returncode == 0, found.stderr
    return found


def test_history_reads_as_sentences_within_80_columns(applied, here):
    found = here("history", *SANDBOX)
    assert (found.returncode, found.stderr) == (0, "")
    text = found.stdout.replace("\n          ", " ")
    assert 'UTC  "Mediahouse Ltd" (mediahouse, 2002) was granted ADVERTISE, ANALYZE on ad account de-brand' in text
    assert "by jo, commit 0123abcdef01, https://github.com/acme/access/actions/runs/7]" in text
    assert "business 4004 lost ADVERTISE, ANALYZE on ad account de-brand (act_77): applied" in text
    assert max(map(len, found.stdout.splitlines())) <= 80


@pytest.mark.parametrize(
    ("name", "number"),
    [("de-brand", 2), ("act_77", 2), ("77", 2), ("mediahouse", 1), ("4004", 1), ("shop", 1), ("9", 0)],
)
def test_history_of_an_asset_or_an_agency_by_alias_or_id(applied, here, name, number):
    found = here("history", name, *SANDBOX, "--format", "json")
    assert len(json.loads(found.stdout)["history"]) == number
    assert {row["event"] for row in json.loads(found.stdout)["history"]} <= {"write"}


def test_history_takes_the_last_of_a_run_from_a_day_on(applied, here, company):
    rows = json.loads(here("history", *SANDBOX, "--format", "json", "--limit", "2").stdout)["history"]
    assert [row["event"] for row in rows] == ["write", "run"]
    assert rows[0]["run_url"].endswith("/runs/7")
    assert "nothing on this" in here("history", *SANDBOX, "--run", "zz").stdout
    assert "nothing on this" in here("history", *SANDBOX, "--since", "2999-01-01").stdout


def test_history_without_a_project_that_loads_goes_on_with_ids(applied, here, company):
    (company.directory / "accessctl.yaml").write_text("version: 3\n")
    found = here("history", "4004", "--journal", str(company.journal_path))
    assert found.returncode == 0
    assert "warning: the project does not load, so ids stand for names: " in found.stderr
    assert "business 4004 lost" in found.stdout
    unknown = here("history", "de-brand", "--journal", str(company.journal_path))
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert "error: no asset or agency is called 'de-brand'\nhint: " in unknown.stderr


def test_apply_prints_the_head_that_verify_then_finds(applied, here, company):
    head = read_chain(FileLedger(company.journal_path)).head
    assert f"Journal: {head.lines} lines, head\n         {head.digest}\n" in applied.stdout
    found = here("history", "--verify", "--expect-head", head.digest, *SANDBOX)
    assert found.returncode == 0
    assert f"The head expected is line {head.lines}." in found.stdout
    assert f"Head: {head.digest}\n" in found.stdout
    again = here("apply", *SANDBOX, "--auto-approve", "--format", "json")
    assert json.loads(again.stdout)["journal"]["lines"] == head.lines + 2
    after = json.loads(here("history", "--verify", "--expect-head", head.hash, *SANDBOX, "--format", "json").stdout)
    assert (after["expected_head_line"], after["lines"]) == (head.lines, head.lines + 2)


def test_a_journal_cut_at_its_end_is_found_by_the_head(applied, here, company):
    head = read_chain(FileLedger(company.journal_path)).head
    lines = company.journal_path.read_bytes().splitlines(keepends=True)
    company.journal_path.write_bytes(b"".join(lines[:-2]))
    assert here("history", "--verify", *SANDBOX).returncode == 0
    found = here("history", "--verify", "--expect-head", head.digest, *SANDBOX)
    assert (found.returncode, found.stdout) == (1, "")
    assert "no line has the head expected: the journal was cut, or is another one\nhint: " in found.stderr


def test_a_changed_journal_is_refused_by_every_command_that_reads_it_and_stays_as_it_is(applied, here, company):
    changed = company.journal_path.read_bytes().replace(b"ADVERTISE", b"ANALYZE", 1) + b"torn"
    company.journal_path.write_bytes(changed)
    for command in (["history"], ["history", "--verify"], ["plan"], ["apply", "--auto-approve"]):
        found = here(*command, *SANDBOX)
        assert found.returncode == 1
        assert ".journal.jsonl:2: this line is not as it was written\nhint: " in found.stderr
    assert company.journal_path.read_bytes() == changed


def test_a_torn_last_line_is_told_and_apply_goes_on(applied, here, company):
    with company.journal_path.open("ab") as file:
        file.write(b'{"half')
    assert "cut short by a crash and is left out" in here("history", *SANDBOX).stderr
    assert "A last line of 6 bytes was cut short" in here("history", "--verify", *SANDBOX).stdout
    found = here("apply", *SANDBOX, "--auto-approve")
    assert found.returncode == 0
    assert "cut short by a crash, and was taken away" in found.stderr.replace("\n", " ")
    assert here("history", *SANDBOX).stderr == ""


def test_verify_says_which_lines_are_not_chained(here, tmp_path):
    path = tmp_path / "old.jsonl"
    path.write_text(json.dumps(STARTED | {"v": 1}) + "\n" + json.dumps(entry("intent") | {"v": 1}) + "\n")
    with Journal(FileLedger(path), "r2", now=lambda: WHEN) as journal:
        journal.write("run_started", graph={"url": "u"})
    found = here("history", "--verify", "--journal", "old.jsonl")
    assert "old.jsonl: 3 lines, as written.\n" in found.stdout
    assert "Lines 1 to 2 are of the old format and not chained" in found.stdout


def test_no_line_of_the_journal_holds_a_token(applied, company, here):
    text = company.journal_path.read_text()
    assert "sandbox-1001" not in text
    assert "unused" not in text


@pytest.mark.parametrize(
    "args",
    [
        ["--expect-head", "x"],
        ["--verify", "de"],
        ["--verify", "--limit", "1"],
        ["--since", "yesterday"],
        ["--limit", "0"],
        ["--journal", "world.yaml", *SANDBOX],
    ],
)
def test_history_refuses_what_does_not_go_together(here, args):
    assert here("history", *args).returncode == 64


def test_a_journal_that_was_named_must_be_there_and_ones_own_need_not(here, company):
    company.write()
    found = here("history", "--journal", "none.jsonl")
    assert (found.returncode, "error: there is no journal none.jsonl\nhint: " in found.stderr) == (1, True)
    assert (here("history").returncode, here("history", "--verify").returncode) == (0, 0)


def test_hostile_text_in_the_journal_is_made_harmless():
    hostile = entry("outcome", outcome="failed", text="\x1b[2J\u202enot")
    assert "failed: \\u{1b}[2J\\u{202e}not" in told(entry("intent"), hostile)[0]


def test_an_entry_has_one_spelling_whatever_the_order_of_its_keys():
    assert sealed({"a": 1, "event": "x"}, "p") == sealed({"event": "x", "a": 1}, "p")

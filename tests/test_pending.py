"""A write that a crash left open is looked at by the next run, and settled in the journal before anything is sent."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest

from accessctl.apply import GraphDoor, Writer, pending_of, settle
from accessctl.apply.told import about
from accessctl.apply.write import PATIENCE
from accessctl.history import WriteTold, tell
from accessctl.journal import Journal, JournalError, read_journal, remember
from accessctl.journalfile import FileLedger
from accessctl.model import Access, Asset, Kind, frozen
from accessctl.plan.refs import Names
from accessctl.render.history import history_json, history_text
from accessctl.render.paper import Paper
from accessctl.render.result import result_json
from accessctl.sandbox import Sandbox, load_world
from accessctl.sandbox.server import serve
from accessctl.workflow import apply_plan
from tests.company import ACME, CLIENT, MEDIAHOUSE, NOW, STRANGER, Company
from tests.test_crash import TOKEN, run

KINDS = pytest.mark.parametrize("kind", ["ad_account", "page"])
VERBS = pytest.mark.parametrize("verb", ["grant", "accept", "change", "revoke", "request", "withdraw", "relinquish"])
BUYER = ["ADVERTISE", "ANALYZE"]
ASKED = {"status": "PENDING", "tasks": BUYER}
SPENT = 6  # faults that the look at a write left open and the look before a step use up, with three tries each
LONG_AGO = NOW - timedelta(days=1)
PLANNED = {  # by verb: the declared agencies, what is live, the owner
    "grant": ({"mediahouse": BUYER}, {}, "acme"),
    "accept": ({"mediahouse": BUYER}, {MEDIAHOUSE: ASKED}, "acme"),
    "change": ({"mediahouse": BUYER}, {MEDIAHOUSE: ["ANALYZE"]}, "acme"),
    "revoke": ({}, {STRANGER: BUYER}, "acme"),
    "request": ({"acme": BUYER}, {}, "client"),
    "withdraw": ({}, {ACME: ASKED}, "client"),
    "relinquish": ({}, {ACME: BUYER}, "client"),
}


def planned(company: Company, verb: str, kind: str = "page", number: str = "77"):
    """Return a saved plan of one action of this verb."""
    agencies, live, owner = PLANNED[verb]
    company.world["quirks"]["request_ad_accounts"] = "open"
    company.asset(kind, f"a-{number}", number, agencies=agencies, live=live, owner=owner)
    company.write()
    saved = company.plan()
    assert verb in [action.verb for action in saved.plan.actions]
    return saved


def crash(company: Company, saved, *, arrived: bool, at: datetime = LONG_AGO, run: str = "r0", url: str = "") -> None:
    """Leave behind what a run does that dies with all its writes on their way: they arrived, or they did not."""
    with company.connected() as (_, connection), Journal(connection.journal, run, now=lambda: at) as journal:
        name = f"{saved.digest} {saved.created_at.isoformat()}"
        journal.write("run_started", plan=name, graph={"url": url or connection.url})
        door = GraphDoor(connection.reader, connection.writer, connection.acting)
        for action in saved.plan.actions:
            journal.write("intent", **about(action))
            if arrived:
                door.send(action)


def settled(company: Company, now: datetime = NOW):
    """Settle what is open, and return how it ended, with how long that was waited for in all."""
    slept: list[float] = []
    with company.connected() as (_, connection), Journal(connection.journal, "r1", now=lambda: now) as journal:
        journal.write("run_started", graph={"url": connection.url})
        door = GraphDoor(connection.reader, connection.writer, connection.acting)
        pending = pending_of(read_journal(connection.journal), connection.url)
        return settle(pending, Writer(door, journal, slept.append), connection.acting, now), sum(slept)


def spoil(company: Company, match: str, do: str, times: int = 1) -> None:
    company.world["faults"] = [{"match": match, "nth": 1, "do": do} for _ in range(times)]
    company.write()


def still_open(company: Company):
    entries = company.journal
    return pending_of(entries, entries[0]["graph"]["url"])


def events(company: Company) -> list[dict]:
    return [entry for entry in company.journal if entry["event"] == "settled"]


# How each kind of write turns out.


@KINDS
@VERBS
def test_what_arrived_is_settled_as_applied_and_not_sent_again(company, verb, kind):
    saved = planned(company, verb, kind)
    crash(company, saved, arrived=True)
    (one,) = company.apply(saved).settled
    assert one.outcome == ("waiting_for_client" if verb == "request" else "applied")
    assert len(company.writes) == 1
    assert still_open(company) == ()


@KINDS
@VERBS
def test_what_did_not_arrive_is_sent_once_and_a_client_is_never_asked_again(company, verb, kind):
    saved = planned(company, verb, kind)
    crash(company, saved, arrived=False)
    result = company.apply(saved)
    (one,), (step,) = result.settled, result.steps
    assert (one.outcome, step.outcome) == (("unknown", "stale") if verb == "request" else ("failed", "applied"))
    company.apply()
    assert len(company.writes) == (0 if verb == "request" else 1)
    assert still_open(company) == ()


def test_a_settled_line_says_which_write_of_which_run_and_what_is_live(company):
    saved = planned(company, "change")
    crash(company, saved, arrived=True)
    company.apply(saved)
    (intent,) = [entry for entry in company.journal if entry["event"] == "intent"]
    (line,) = events(company)
    assert (line["of_run"], line["outcome"], line["live"]) == ("r0", "applied", {"status": "confirmed", "tasks": BUYER})
    assert line["run"] != "r0"
    for key in ("action", "verb", "pair", "via", "before", "after"):
        assert line[key] == intent[key]


def test_it_is_settled_before_anything_is_sent(company):
    company.asset("page", "b", "78", agencies={"mediahouse": BUYER}, live={})
    saved = planned(company, "revoke")
    crash(company, saved, arrived=False)
    company.apply(saved)
    found = [entry["event"] for entry in company.journal][4:]
    assert found[:2] == ["settled", "settled"]
    assert found[2:].count("intent") == 2


def test_what_is_neither_as_before_nor_as_wanted_is_unknown_and_says_what_is_live(company):
    crash(company, planned(company, "grant"), arrived=False)
    with company.people() as sandbox:
        sandbox.give("77", MEDIAHOUSE, ["MODERATE"])
    ((one,), _) = settled(company)
    assert (one.outcome, one.text) == ("unknown", "now confirmed with MODERATE")
    assert not one.is_clear


def test_a_request_that_does_not_show_stays_asked(company):
    crash(company, planned(company, "request"), arrived=False)
    result = company.apply()
    assert (result.settled[0].outcome, result.steps, result.exit_code) == ("unknown", (), 5)
    assert [row.reason.code for row in company.plan().plan.waiting] == ["request_gone"]
    assert (company.apply().exit_code, company.writes) == (0, ())


def test_a_client_that_said_yes_before_it_was_settled_counts_as_asked(company):
    crash(company, planned(company, "request"), arrived=True)
    with company.people() as sandbox:
        sandbox.accept("77", ACME)
    assert [one.outcome for one in settled(company)[0]] == ["applied"]
    with company.connected() as (_, connection):
        assert remember(read_journal(connection.journal), connection.url)[Asset(Kind.PAGE, "77"), ACME].is_request


def test_a_grant_that_does_not_show_stays_in_doubt_until_it_is_sent_again(company):
    saved = planned(company, "grant")
    crash(company, saved, arrived=False)
    settled(company)
    with company.connected() as (_, connection):
        memory = remember(read_journal(connection.journal), connection.url)[Asset(Kind.PAGE, "77"), MEDIAHOUSE]
    assert (memory.is_doubtful, memory.since) == (True, LONG_AGO)
    company.apply()
    with company.connected() as (_, connection):
        assert remember(read_journal(connection.journal), connection.url) == {}


def test_a_withdrawn_request_that_a_crash_left_open_may_be_asked_anew(company):
    saved = planned(company, "request")
    company.apply(saved)
    company.manifest["pages"]["a-77"]["agencies"] = {}
    company.write()
    crash(company, company.plan(), arrived=True)
    settled(company)
    company.manifest["pages"]["a-77"]["agencies"] = {"acme": BUYER}
    company.write()
    assert [action.verb for action in company.plan().plan.actions] == ["request"]


def test_the_run_that_settles_a_withdrawal_knows_of_it(company):
    saved = planned(company, "request")
    company.apply(saved)
    company.manifest["pages"]["a-77"]["agencies"] = {}
    company.write()
    crash(company, company.plan(), arrived=True)
    with company.connected() as (_, connection):
        result = apply_plan(saved, connection, clock=company.now)
    assert [step.outcome for step in result.steps] == ["waiting_for_client"]


def test_a_plan_without_actions_settles_too(company):
    saved = planned(company, "grant")
    crash(company, saved, arrived=True)
    result = company.apply()
    assert (result.steps, [one.outcome for one in result.settled]) == ((), ["applied"])


# What cannot be told stays open.


@KINDS
def test_what_cannot_be_read_stays_open_until_it_can(company, kind):
    saved = planned(company, "grant", kind)
    spoil(company, f"GET {'act_' * (kind == 'ad_account')}77/agencies", "html_200", times=SPENT)
    crash(company, saved, arrived=True)
    result = company.apply(saved)
    assert [(one.outcome, one.is_clear) for one in result.settled] == [(None, False)]
    assert "could not be read" in result.settled[0].text
    assert (result.exit_code, len(still_open(company)), events(company)) == (5, 1, [])
    assert [one.outcome for one in company.apply(saved).settled] == ["applied"]
    assert len(company.writes) == 1


def test_a_client_that_cannot_be_read_leaves_the_request_open_and_unsent(company):
    saved = planned(company, "request")
    spoil(company, f"GET {ACME}/clients", "html_200", times=SPENT)
    crash(company, saved, arrived=False)
    result = company.apply(saved)
    assert ([one.outcome for one in result.settled], len(still_open(company))) == ([None], 1)
    assert company.writes == ()


def test_a_business_we_hold_no_token_of_any_more_leaves_its_writes_open(company):
    company.project["acts_as"] = ["acme", "sister"]
    company.asset("page", "s", "78", owner="sister", agencies={"mediahouse": BUYER}, live={})
    crash(company, planned(company, "grant"), arrived=True)
    company.project["acts_as"] = ["acme"]
    del company.manifest["pages"]["s"]
    company.write()
    found = {one.action.asset.id: (one.outcome, one.text) for one in settled(company)[0]}
    assert found["77"] == ("applied", "")
    assert found["78"] == (None, "this project has no token of business 1002 any more")


def test_a_business_is_known_by_its_id_whatever_its_alias_is_now(company):
    crash(company, planned(company, "grant"), arrived=True)
    company.project["acts_as"] = ["brand"]
    company.manifest["businesses"] = {
        "brand": {"id": ACME, "name": "Acme GmbH"},
        "acme": {"id": "1009"},
        "mediahouse": {"id": MEDIAHOUSE},
        "client": {"id": CLIENT},
    }
    company.manifest["pages"]["a-77"]["owner"] = "brand"
    company.write()
    assert [one.outcome for one in settled(company)[0]] == ["applied"]


def test_a_token_that_died_is_asked_once_and_all_stays_open(company):
    company.asset("ad_account", "b", "78", agencies={"mediahouse": BUYER}, live={})
    company.asset("ad_account", "c", "79", agencies={"mediahouse": BUYER}, live={})
    saved = planned(company, "grant", "ad_account")
    spoil(company, "GET act_7?/agencies", "token_expired")
    crash(company, saved, arrived=True)
    result = company.apply(saved)
    assert [one.outcome for one in result.settled] == [None, None, None]
    assert len({one.text for one in result.settled}) == 1
    assert [step.outcome for step in result.steps] == ["failed", "skipped", "skipped"]
    assert (result.exit_code, len(still_open(company)), len(company.writes)) == (5, 3, 3)


def test_no_call_is_made_after_meta_has_blocked_the_business(company):
    company.asset("ad_account", "b", "78", agencies={"mediahouse": BUYER}, live={})
    saved = planned(company, "grant", "ad_account")
    for account in company.world["ad_accounts"].values():
        account["fault"] = {"code": 368, "message": "blocked"}
    company.write()
    crash(company, saved, arrived=False)
    with company.connected() as (_, connection), Journal(connection.journal, "r1") as journal:
        door = GraphDoor(connection.reader, connection.writer, connection.acting)
        pending = pending_of(read_journal(connection.journal), connection.url)
        found = settle(pending, Writer(door, journal, connection.sleep), connection.acting, NOW)
        assert ([one.outcome for one in found], connection.cost.calls) == ([None, None], 1)


def test_what_was_left_open_at_another_graph_is_left_alone(company):
    saved = planned(company, "grant")
    crash(company, saved, arrived=False, url="https://graph.facebook.com")
    assert company.apply(saved).settled == ()
    assert len(still_open(company)) == 1


# Patience, and what came after.


@pytest.mark.parametrize(
    ("age", "patient"), [(0, True), (29, True), (31, False), (-86400, True), (86400, False)], ids=str
)
def test_what_is_young_by_the_clocks_may_still_be_on_its_way_and_a_clock_that_jumped_back_counts_as_young(
    company, age, patient
):
    crash(company, planned(company, "grant"), arrived=False, at=NOW - timedelta(seconds=age))
    ((one,), waited) = settled(company)
    assert (one.outcome, waited) == ("failed", sum(PATIENCE) if patient else 0)


def test_what_shows_late_is_waited_for(company):
    company.world["quirks"]["lag_reads"] = 4
    crash(company, planned(company, "grant", "ad_account"), arrived=True, at=NOW)
    ((one,), waited) = settled(company)
    assert one.outcome == "applied"
    assert 0 < waited < sum(PATIENCE)


def test_many_young_writes_are_waited_for_side_by_side(company):
    for number in range(80, 92):
        company.asset("page", f"p-{number}", str(number), agencies={"mediahouse": BUYER}, live={})
    crash(company, planned(company, "grant"), arrived=False, at=NOW)
    found, waited = settled(company)
    assert ([one.outcome for one in found], waited) == (["failed"] * 13, sum(PATIENCE))
    assert [entry["pair"] for entry in events(company)] == [
        entry["pair"] for entry in company.journal if entry["event"] == "intent"
    ]


def test_a_write_that_a_later_one_came_after_is_closed_without_a_look_and_changes_no_memory(company):
    saved = planned(company, "request")
    crash(company, saved, arrived=False, run="r-old")
    crash(company, saved, arrived=True, run="r-new")
    old, new = settled(company)[0]
    assert (old.outcome, old.live, old.is_clear) == ("unknown", None, True)
    assert "a later write" in old.text
    assert (new.outcome, new.run) == ("waiting_for_client", "r-new")
    assert still_open(company) == ()
    with company.connected() as (_, connection):
        assert remember(read_journal(connection.journal), connection.url)[Asset(Kind.PAGE, "77"), ACME].is_request


def test_an_old_grant_left_open_is_not_in_doubt_again_after_what_came_later(company):
    saved = planned(company, "grant")
    crash(company, saved, arrived=False)
    crash(company, saved, arrived=True, run="r-new")
    found = settled(company)[0]
    assert [one.outcome for one in found] == ["unknown", "applied"]
    with company.connected() as (_, connection):
        assert remember(read_journal(connection.journal), connection.url) == {}


def test_a_later_write_that_meta_refused_says_nothing_of_the_one_before(company):
    saved = planned(company, "grant")
    crash(company, saved, arrived=True)
    with company.connected() as (_, connection), Journal(connection.journal, "rx", now=lambda: LONG_AGO) as journal:
        (action,) = saved.plan.actions
        journal.write("run_started", graph={"url": connection.url})
        journal.write("intent", **about(action))
        journal.write("outcome", **about(action), outcome="failed", text="throttled")
    ((one,), _) = settled(company)
    assert (one.run, one.outcome) == ("r0", "applied")
    with company.connected() as (_, connection):
        assert remember(read_journal(connection.journal), connection.url) == {}


# The journal.


class FullAfter(FileLedger):
    """A journal on a disk that has room for so many lines more."""

    def __init__(self, path, lines: int) -> None:
        super().__init__(path)
        self.left = lines

    def append(self, line: bytes) -> None:
        self.left -= 1
        if self.left < 0:
            raise OSError(28, "No space left on device")
        super().append(line)


@pytest.mark.parametrize("room", [1, 2])
def test_where_the_journal_cannot_be_written_nothing_is_sent_and_the_next_run_settles_the_rest(company, room):
    from dataclasses import replace

    company.asset("page", "b", "78", agencies={"mediahouse": BUYER}, live={})
    saved = planned(company, "grant")
    crash(company, saved, arrived=False)
    with company.connected() as (_, connection):
        full = replace(connection, journal=FullAfter(company.journal_path, room))
        with pytest.raises(JournalError, match="No space left"):
            apply_plan(saved, full, clock=company.now)
    assert company.writes == ()
    assert len(company.apply(saved).settled) == 3 - room
    assert (still_open(company), len(company.writes)) == ((), 2)


def test_a_settled_line_for_nothing_open_is_refused_with_its_number(company):
    crash(company, planned(company, "grant"), arrived=True)
    settled(company)
    entries = company.journal
    (line,) = events(company)
    for wrong in (line, line | {"of_run": "r9"}, line | {"verb": "revoke"}, {**line, "of_run": None}):
        for read in (tell, lambda one: remember(one, entries[0]["graph"]["url"])):
            with pytest.raises(JournalError, match=f"line {len(entries) + 1} of the journal"):
                read((*entries, wrong))


def test_history_tells_who_settled_a_write_and_when(company):
    crash(company, planned(company, "grant"), arrived=True)
    settled(company)
    told = tell(company.journal)
    (write,) = [one for one in told if isinstance(one, WriteTold)]
    assert (write.outcome, write.settled_by, write.settled_at, write.run.id) == ("applied", "r1", NOW, "r0")
    names = Names(Access(frozen({}), frozen({})), None)
    text = history_text(told, names, Paper(200, color=False))
    assert "was granted ADVERTISE, ANALYZE on Page 77: applied; settled by run r1 on 2026-11-21 [run r0" in text
    (row,) = [row for row in json.loads(history_json(told, names))["history"] if row["event"] == "write"]
    assert (row["outcome"], row["settled"]) == ("applied", {"run": "r1", "at": NOW.isoformat()})


def test_history_says_not_applied_and_why(company):
    crash(company, planned(company, "revoke"), arrived=False)
    settled(company)
    text = history_text(tell(company.journal), Names(Access(frozen({}), frozen({})), None), Paper(300, color=False))
    assert "was to lose ADVERTISE, ANALYZE on Page 77: not applied: the access is as it was before; settled by" in text


def test_a_person_is_told_by_name_and_a_machine_in_json(company):
    saved = planned(company, "grant", "ad_account")
    crash(company, saved, arrived=True)
    said: list[str] = []
    with company.connected() as (project, connection):
        names = Names(project.desired, None)
        result = apply_plan(saved, connection, warn=said.append, names=names, clock=company.now)
        (row,) = json.loads(result_json(result, saved, connection.cost))["settled"]
    assert said == ["a write that a crash left open: grant for mediahouse on a-77 (ad account 77): applied"]
    assert (row["run"], row["outcome"], row["id"]) == ("r0", "applied", f"grant/ad_account/77/{MEDIAHOUSE}")


# A real crash.


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A company with a grant, a revoke and a request to do, at a sandbox on a port, and each step of doing it."""
    company = Company(tmp_path_factory.mktemp("company"))
    company.asset("ad_account", "de", "71", agencies={"mediahouse": BUYER}, live={})
    company.asset("ad_account", "fr", "72", agencies={}, live={STRANGER: BUYER})
    company.asset("page", "shop", "91", owner="client", agencies={"acme": BUYER}, live={})
    company.world["tokens"] = {TOKEN: {"business": ACME, "role": "admin"}}
    company.write()
    sandbox = Sandbox(load_world(company.directory / "world.yaml"))
    with serve(sandbox) as server:
        assert run(company, server.url, "plan", "--out", "plan.json").returncode == 0
        assert apply(company, server.url, dies_at=0).returncode == 0
        yield company, sandbox, server.url, (company.directory / "steps.names").read_text().splitlines()


def apply(company: Company, url: str, dies_at: int | None = None):
    return run(company, url, "apply", "plan.json", "--auto-approve", "--parallelism", "1", dies_at=dies_at)


@pytest.mark.parametrize("arrived", [True, False], ids=["arrived", "never sent"])
@pytest.mark.parametrize(
    ("verb", "call", "where", "ended"),
    [
        ("grant", "POST {}/act_71/agencies", "mediahouse on de (ad account 71)", "applied"),
        ("revoke", "DELETE {}/act_72/agencies", "business 4004 on fr (ad account 72)", "applied"),
        ("request", f"POST {{}}/{ACME}/client_pages", "acme on shop (Page 91)", "waiting for client"),
    ],
)
def test_a_write_cut_off_by_a_kill_is_settled_by_the_next_run_and_not_sent_twice(
    served, verb, call, where, ended, arrived
):
    company, sandbox, url, steps = served
    sandbox.reset()
    journal = company.directory / ".accessctl" / "journal.jsonl"
    journal.unlink(missing_ok=True)
    name = f"{'after' if arrived else 'before'} send {call.format('/v26.0')}"
    assert apply(company, url, dies_at=steps.index(name) + 1).returncode == -9
    (cut,) = pending_of(read_journal(FileLedger(journal)), url)
    assert (cut.write.verb, len(sandbox.write_log)) == (verb, ["grant", "revoke", "request"].index(verb) + arrived)
    again = apply(company, url)
    said = again.stderr.replace("\n", " ")
    word = ended if arrived else "unknown" if verb == "request" else "not applied"
    assert f"warning: a write that a crash left open: {verb} for {where}: {word}" in said
    entries = read_journal(FileLedger(journal))
    assert pending_of(entries, url) == ()
    (line,) = [entry for entry in entries if entry["event"] == "settled"]
    assert line["of_run"] == cut.write.run.id
    writes = [write.path for write in sandbox.write_log]
    assert len(writes) == len(set(writes)) == (2 if (verb, arrived) == ("request", False) else 3)

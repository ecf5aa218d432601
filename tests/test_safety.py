"""Ways in which access could be lost by mistake or a client asked twice, each found once and closed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial

import pytest

from accessctl import journalfile
from accessctl.apply import GraphDoor, Run, Writer
from accessctl.apply.look import Seen, compare
from accessctl.apply.outcomes import Outcome
from accessctl.connection import _sleep
from accessctl.errors import AccessctlError, StaleError
from accessctl.gate import check_fits
from accessctl.graph.errors import GraphError, Trouble
from accessctl.graph.writer import Answer
from accessctl.guard import judge
from accessctl.journal import Journal, JournalError, read_journal
from accessctl.journalfile import FileLedger
from accessctl.model import Asset, AssetAccess, Grant, Guards, Kind, Status, frozen
from accessctl.plan.nouns import Scope, State
from accessctl.workflow import Wish
from tests.company import ACME, CLIENT, DATACO, EVENING, MEDIAHOUSE, SISTER, STRANGER, Company

KINDS = pytest.mark.parametrize("kind", ["ad_account", "page"])
BUYER = ["ADVERTISE", "ANALYZE"]


def fault(company: Company, match: str, do: str = "html_200", times: int = 20) -> None:
    company.world["faults"] = [
        *company.world.get("faults", []),
        *({"match": match, "nth": 1, "do": do} for _ in range(times)),
    ]


def outcomes(result) -> list[str]:
    return [step.outcome.value for step in result.steps]


@KINDS
def test_what_an_agency_of_ours_sees_never_stands_for_the_owners_listing(company, kind):
    company.project["acts_as"] = ["acme", "sister"]
    company.asset(kind, "de", "77", agencies={"mediahouse": BUYER}, live={SISTER: BUYER, MEDIAHOUSE: BUYER})
    company.asset(kind, "shop", "78", owner="client", agencies={}, live={})
    fault(company, f"GET {ACME}/owned_{kind}s")
    plan = company.plan().plan
    assert plan.actions == ()
    assert [row.reason.code for row in plan.blocked] == ["unreadable"]


@KINDS
def test_an_asset_only_an_agency_sees_is_not_one_its_owner_lists(company, kind):
    company.project["acts_as"] = ["acme", "sister"]
    company.asset(kind, "de", "77", agencies={"mediahouse": BUYER}, live={SISTER: BUYER})
    company.asset(kind, "shop", "78", owner="client", agencies={}, live={})
    fault(company, f"GET {ACME}/owned_{kind}s")
    access = company.live()
    found = access.assets[Asset(Kind(kind), "77")]
    assert set(found.grants) == {SISTER}
    without_gap = replace(access, gaps=())
    from accessctl.plan import make_plan

    project = company.load()
    plan = make_plan(project.desired, without_gap, project.policy)
    assert [row.reason.code for row in plan.blocked] == ["not_listed"]
    assert plan.actions == ()


@KINDS
@pytest.mark.parametrize("refused", ["ADVERTIZE_MORE", "FUTURE_TASK"])
def test_a_gap_is_opened_only_where_meta_will_not_change_and_not_where_it_refuses_the_tasks(company, kind, refused):
    company.asset(kind, "de", "77", agencies={"mediahouse": ["ANALYZE", refused]}, live={MEDIAHOUSE: BUYER})
    result = company.apply(wish=Wish(replace_with_gap=True))
    assert outcomes(result) == ["failed"]
    assert company.writes == ()


@KINDS
def test_where_granting_anew_is_refused_what_was_held_is_given_back(company, kind):
    company.world["quirks"] = {"change": "refuse"}
    node = "act_77" if kind == "ad_account" else "77"
    company.asset(kind, "de", "77", agencies={"mediahouse": ["ANALYZE"]}, live={MEDIAHOUSE: ["ADVERTISE"]})
    company.world["faults"] = [{"match": f"POST {node}/agencies", "nth": 2, "do": "success_false_string"}]
    result = company.apply(wish=Wish(replace_with_gap=True))
    assert outcomes(result) == ["failed"]
    assert "what was held before was given back" in result.steps[0].text
    (found,) = company.live().assets.values()
    assert found.grants[MEDIAHOUSE].tasks == {"ADVERTISE"}


@KINDS
def test_where_nothing_can_be_given_back_that_is_said(company, kind):
    company.world["quirks"] = {"change": "refuse"}
    node = "act_77" if kind == "ad_account" else "77"
    company.asset(kind, "de", "77", agencies={"mediahouse": ["ANALYZE"]}, live={MEDIAHOUSE: ["ADVERTISE"]})
    company.world["faults"] = [
        {"match": f"POST {node}/agencies", "nth": 2, "do": do} for do in ("success_false_string", "throttle")
    ]
    result = company.apply(wish=Wish(replace_with_gap=True))
    assert outcomes(result) == ["failed"]
    assert "giving back what was held before ended as failed" in result.steps[0].text


@KINDS
def test_a_gap_that_cannot_be_opened_leaves_what_is_held(company, kind):
    company.world["quirks"] = {"change": "refuse"}
    node = "act_77" if kind == "ad_account" else "77"
    company.asset(kind, "de", "77", agencies={"mediahouse": ["ANALYZE"]}, live={MEDIAHOUSE: ["ADVERTISE"]})
    company.world["faults"] = [{"match": f"DELETE {node}/agencies", "nth": 1, "do": "throttle"}]
    result = company.apply(wish=Wish(replace_with_gap=True))
    assert outcomes(result) == ["failed"]
    assert result.steps[0].text.startswith("revoking before granting anew: ")
    assert company.writes == ()


def test_a_gap_before_a_second_admin_is_remembered_and_not_repeated(company):
    company.world["quirks"] = {"change": "refuse"}
    live = {MEDIAHOUSE: ["ADVERTISE"]}
    company.asset("ad_account", "de", "77", agencies={"mediahouse": ["ANALYZE"]}, live=live, admin_approval=True)
    result = company.apply(wish=Wish(replace_with_gap=True))
    assert outcomes(result) == ["awaiting_admin_approval"]
    assert company.plan().plan.actions == ()
    count = len(company.writes)
    company.apply()
    assert len(company.writes) == count


def test_a_gap_counts_as_a_revoke_for_every_guard(company):
    for number in range(70, 82):
        live = {MEDIAHOUSE: ["ADVERTISE"]}
        company.asset("page", f"p-{number}", str(number), agencies={"mediahouse": ["ANALYZE", "ADVERTISE"]}, live=live)
    company.project["guards"] = {"protect": ["mediahouse"], "max_revokes": 0}
    company.write()
    saved = company.plan(Wish(replace_with_gap=True))
    assert saved.verdict.word == "refused"
    assert judge(saved.plan, Guards(), allowed_revokes=12).word == "allowed"
    assert judge(saved.plan, Guards(protect=frozenset({MEDIAHOUSE})), allowed_revokes=12).word == "refused"
    assert company.plan().verdict.word == "allowed"


def test_a_change_that_keeps_nothing_counts_as_a_revoke_and_one_that_keeps_something_does_not(company):
    for number in range(70, 90):
        agencies = {"mediahouse": ["MODERATE"] if number < 80 else ["ANALYZE"]}
        company.asset("page", f"p-{number}", str(number), agencies=agencies, live={MEDIAHOUSE: BUYER})
    company.write()
    saved = company.plan()
    assert saved.verdict.reasons == ("this plan would revoke 10 of 20 live grants (50 %, the limit is 25 %)",)
    assert judge(saved.plan, Guards(), allowed_revokes=10).word == "allowed"


def test_requests_of_strangers_do_not_make_room_for_more_revokes(company):
    pending = {str(9000 + number): {"tasks": BUYER, "status": "PENDING"} for number in range(6)}
    company.world["businesses"] |= {key: {"name": key} for key in pending}
    for number in range(70, 80):
        company.asset("page", f"p-{number}", str(number), agencies={}, live={STRANGER: BUYER} if number < 73 else {})
        if number >= 73:
            company.manifest["pages"][f"p-{number}"]["agencies"] = {"mediahouse": BUYER}
            company.world["pages"][str(number)]["agencies"] = {MEDIAHOUSE: BUYER}
    company.world["pages"]["79"]["agencies"] |= pending
    company.write()
    saved = company.plan()
    assert saved.plan.summary.live == 10
    assert "3 of 10 live grants (30 %" in saved.verdict.reasons[0]


def test_undeclared_assets_do_not_make_room_for_more_revokes_either(company):
    for number in range(60, 80):
        agencies = {} if number == 60 else None
        company.asset("page", f"p-{number}", str(number), agencies=agencies, live={STRANGER: BUYER})
    assert company.plan().plan.summary.live == 1


@KINDS
def test_the_same_plan_applied_again_asks_no_client_twice(company, kind):
    company.world["quirks"] = {"request_ad_accounts": "open"}
    company.asset(kind, "shop", "77", owner="client", agencies={"acme": BUYER}, live={})
    saved = company.plan()
    assert outcomes(company.apply(saved)) == ["waiting_for_client"]
    assert outcomes(company.apply(saved)) == ["converged"]
    with company.people() as sandbox:
        sandbox.decline("77", ACME)
    result = company.apply(saved)
    assert outcomes(result) == ["stale"]
    assert "that request is gone" in result.steps[0].text
    assert len(company.writes) == 1


def test_the_same_plan_applied_again_grants_nothing_twice_that_waits_for_a_second_admin(company):
    company.asset("ad_account", "de", "77", agencies={"mediahouse": BUYER}, live={}, admin_approval=True)
    saved = company.plan()
    for _ in range(3):
        assert outcomes(company.apply(saved)) == ["awaiting_admin_approval"]
    assert len(company.writes) == 1


def test_an_older_plan_does_not_ask_again_what_a_newer_one_has_asked(company):
    company.asset("page", "shop", "77", owner="client", agencies={"acme": BUYER}, live={})
    older = company.plan()
    company.apply()
    with company.people() as sandbox:
        sandbox.decline("77", ACME)
    assert outcomes(company.apply(older)) == ["stale"]
    assert len(company.writes) == 1


def test_a_request_that_may_have_arrived_is_not_sent_again_by_the_same_plan(company):
    company.asset("page", "shop", "77", owner="client", agencies={"acme": BUYER}, live={})
    fault(company, f"POST {ACME}/client_pages", "drop_before", 1)
    saved = company.plan()
    assert outcomes(company.apply(saved)) == ["unknown"]
    assert outcomes(company.apply(saved)) == ["stale"]
    assert company.writes == ()


def test_asking_again_says_so_and_can_be_done_each_time_a_person_wants_it(company):
    company.asset("page", "shop", "77", owner="client", agencies={"acme": BUYER}, live={})
    company.apply()
    for asked in (2, 3):
        with company.people() as sandbox:
            sandbox.decline("77", ACME)
        (action,) = company.plan(Wish(ask_again=("shop",))).plan.actions
        assert action.reason.text == "asked on 2026-11-21 already; asked again, as you say"
        assert action.risk == ("asked_before",)
        company.apply(wish=Wish(ask_again=("shop",)))
        assert len(company.writes) == asked


@KINDS
def test_whoever_could_not_look_may_hold_something_on_an_exclusive_asset(company, kind):
    company.project["acts_as"] = ["acme", "sister"]
    company.asset(kind, "shop", "77", owner="client", agencies={"acme": BUYER}, live={ACME: BUYER, SISTER: ["MANAGE"]})
    fault(company, f"GET {SISTER}/clients")
    plan = company.plan().plan
    assert plan.actions == ()
    assert [(row.agency.id, row.reason.code) for row in plan.blocked] == [(SISTER, "unreadable")]
    assert any("could not be read to the end" in line for line in plan.unread)


def test_a_listing_that_could_not_be_read_is_said_and_is_no_match(company, run):
    company.asset("ad_account", "de", "77", agencies={"mediahouse": BUYER}, live={MEDIAHOUSE: BUYER})
    fault(company, f"GET {ACME}/owned_pages", times=30)
    company.write()
    found = run("plan", "--sandbox", "world.yaml", "--detailed-exitcode")
    assert found.returncode == 5
    assert "Live access matches" not in found.stdout
    assert "! what acme sees of Pages as owner could not be read to the end" in found.stdout
    assert run("apply", "--auto-approve", "--sandbox", "world.yaml").returncode == 5


@KINDS
def test_a_narrowed_plan_still_shows_what_could_not_be_read(company, kind):
    company.asset(
        kind, "de", "77", agencies={"mediahouse": BUYER, "dataco": BUYER}, live={}, fault={"code": 10, "message": "no"}
    )
    company.asset(kind, "fr", "78", agencies={}, live={})
    for scope, blocked in (
        (Scope(excludes=("agency:mediahouse",)), 1),
        (Scope(targets=(f"agency:{STRANGER}",)), 1),
        (Scope(targets=("agency:dataco",)), 1),
        (Scope(excludes=("de",)), 0),
        (Scope(targets=("fr",)), 0),
    ):
        assert len(company.plan(Wish(scope)).plan.blocked) == blocked, scope


def test_an_alias_means_one_asset_and_not_what_shares_its_id(company):
    company.asset("ad_account", "de", "77", agencies={}, live={STRANGER: BUYER})
    company.asset("page", "de-page", "77", agencies={}, live={STRANGER: BUYER})
    (action,) = company.plan(Wish(Scope(targets=("de",)))).plan.actions
    assert action.asset.kind is Kind.AD_ACCOUNT


@pytest.mark.parametrize("text", ["label:market=zz", "label:markt=de", "act_999", "999"])
def test_a_selector_that_reaches_nothing_is_an_error_and_not_an_empty_plan(company, text):
    company.asset("page", "de", "77", agencies={}, live={STRANGER: BUYER}, labels={"market": "de"})
    for scope in (Scope(targets=(text,)), Scope(excludes=(text,))):
        with pytest.raises(AccessctlError, match=r"no asset has the label|no manifest declares"):
            company.plan(Wish(scope))


def test_a_write_cut_short_never_breaks_the_journal_inside(tmp_path, monkeypatch):
    path = tmp_path / "journal.jsonl"
    real = os.write
    with Journal(FileLedger(path), "r1") as journal:
        journal.write("one")
        monkeypatch.setattr(journalfile.os, "write", lambda handle, line: real(handle, line[:20]))
        with pytest.raises(JournalError, match="only part of a line"):
            journal.write("two")
        monkeypatch.setattr(journalfile.os, "write", real)
        with pytest.raises(JournalError):
            journal.write("three")
    with Journal(FileLedger(path), "r2") as journal:
        journal.write("four")
    assert [entry["event"] for entry in read_journal(FileLedger(path))] == ["one", "four"]


def test_every_entry_is_on_disk_before_the_call_goes_out(company, monkeypatch):
    company.asset("page", "de", "77", agencies={"mediahouse": BUYER}, live={})
    synced: list[int] = []
    real = os.fsync
    monkeypatch.setattr(journalfile.os, "fsync", lambda handle: synced.append(handle) or real(handle))
    company.apply()
    assert len(synced) >= len(company.journal)


def test_a_plan_does_not_outlive_the_declarations_behind_it(company):
    agencies = {"mediahouse": {"tasks": BUYER, "until": "2026-12-01"}}
    company.asset("page", "de", "77", agencies=agencies, live={})
    saved = company.plan()
    with company.connected() as (project, connection):
        check_fits(saved, project, connection, now=EVENING)
        with pytest.raises(StaleError, match="until 2026-12-01, which has passed"):
            check_fits(saved, project, connection, now=EVENING.replace(month=12, day=2))


def test_a_plan_for_other_acting_businesses_is_stale(company):
    company.asset("page", "de", "77", agencies={"mediahouse": BUYER}, live={})
    saved = company.plan()
    with company.connected() as (project, connection):
        other = replace(saved, origin=replace(saved.origin, acts_as=()))
        with pytest.raises(StaleError, match="other acting businesses"):
            check_fits(other, project, connection, now=EVENING)
        action = replace(saved.plan.actions[0], via="somebody")
        forged = replace(saved, plan=replace(saved.plan, actions=(action,)))
        with pytest.raises(StaleError, match="somebody"):
            check_fits(forged, project, connection, now=EVENING)


def test_a_grant_that_waits_for_approval_and_is_no_longer_wanted_like_that_is_said_to_be_unwanted(company):
    company.asset("ad_account", "de", "77", agencies={"mediahouse": ["MANAGE"]}, live={}, admin_approval=True)
    company.apply()
    company.manifest["ad_accounts"]["de"]["agencies"] = {"mediahouse": ["ANALYZE"]}
    company.write()
    (row,) = company.plan().plan.waiting
    assert (row.reason.code, "a grant of MANAGE waits" in row.reason.text) == ("approval_not_wanted", True)


def test_the_owner_among_its_own_agencies_is_never_revoked(company):
    company.asset("page", "de", "77", agencies={}, live={STRANGER: BUYER})
    company.write()
    project, live = company.load(), company.live()
    (access,) = live.assets.values()
    odd = replace(access, grants=frozen({ACME: Grant(frozenset(BUYER)), **access.grants}))
    from accessctl.plan import make_plan

    plan = make_plan(project.desired, replace(live, assets=frozen({access.asset: odd})), project.policy)
    assert [action.agency.id for action in plan.actions] == [STRANGER]


def action_of(company: Company, kind: str = "page", **more):
    company.asset(kind, "de", "77", **more)
    return company.plan().plan.actions[0]


def seen(action, grant: Grant, owner: str = ACME) -> Seen:
    asset = Asset(action.asset.kind, action.asset.id)
    return compare(action, AssetAccess(asset, owner, grants=frozen({action.agency.id: grant})))[0]


def test_a_pair_that_cannot_be_read_again_is_unreadable_and_not_moved(company):
    action = action_of(company, agencies={"mediahouse": BUYER}, live={})
    assert seen(action, Grant(status=Status.UNREADABLE, detail="no tasks")) is Seen.UNREADABLE


def test_a_request_that_was_confirmed_meanwhile_is_not_declined(company):
    company.project["requests"] = {"unexpected": "decline"}
    action = action_of(company, agencies={}, live={STRANGER: {"tasks": BUYER, "status": "PENDING"}})
    assert seen(action, Grant(frozenset(BUYER), Status.PENDING)) is Seen.AS_PLANNED
    assert seen(action, Grant(frozenset(BUYER))) is Seen.MOVED


@pytest.mark.parametrize("owner", ["", ACME, STRANGER])
def test_only_the_declared_owner_is_proof_that_an_asset_may_be_dropped(company, owner):
    company.asset("page", "shop", "78", owner="client", agencies={}, live={ACME: BUYER})
    (action,) = company.plan().plan.actions
    assert seen(action, Grant(frozenset(BUYER)), CLIENT) is Seen.AS_PLANNED
    assert seen(action, Grant(frozenset(BUYER)), owner) is Seen.UNREADABLE


@KINDS
def test_what_is_stale_stops_the_narrowing_behind_it(company, kind):
    company.asset(kind, "de", "77", agencies={"mediahouse": BUYER}, live={STRANGER: BUYER})
    saved = company.plan()
    with company.people() as sandbox:
        sandbox.give("77", MEDIAHOUSE, ["ANALYZE"])
    assert outcomes(company.apply(saved)) == ["stale", "skipped"]
    assert company.writes == ()


@pytest.mark.parametrize("verb", ["withdraw", "relinquish"])
def test_a_protected_business_keeps_its_own_access_at_clients_too(company, verb):
    status = "PENDING" if verb == "withdraw" else "CONFIRMED"
    company.project["guards"] = {"protect": ["acme"]}
    company.asset("page", "shop", "78", owner="client", agencies={}, live={ACME: {"tasks": BUYER, "status": status}})
    saved = company.plan()
    assert (saved.plan.actions[0].verb.value, saved.verdict.word) == (verb, "refused")


@KINDS
def test_a_row_that_makes_no_sense_makes_its_asset_unreadable(company, kind, monkeypatch):
    from accessctl.graph import edges

    company.asset(kind, "de", "77", agencies={}, live={STRANGER: BUYER, DATACO: BUYER})
    real = edges.read_business

    def odd(row):
        return real({**row, "id": "x"} if row.get("id") == DATACO else row)

    monkeypatch.setattr(edges, "read_business", odd)
    plan = company.plan().plan
    assert (plan.actions, [row.reason.code for row in plan.blocked]) == ((), ["unreadable"])


def test_an_answer_about_another_business_is_no_identity(company, monkeypatch):
    from accessctl.graph.reader import Reader

    company.asset("page", "de", "77", agencies={}, live={})
    monkeypatch.setattr(Reader, "get", lambda *_, **__: {"id": "999", "name": "Other"})
    with pytest.raises(GraphError, match="Meta answered with another"):
        company.plan()


def test_a_nested_block_that_is_not_there_is_not_an_empty_one(company, monkeypatch):
    from accessctl.graph.reader import Reader

    company.asset("ad_account", "de", "77", agencies={"mediahouse": BUYER}, live={MEDIAHOUSE: BUYER})
    real = Reader.rows

    def silent(self, token, *path, **params):
        rows = real(self, token, *path, **params)
        if path[-1] != "owned_ad_accounts":
            return rows
        return tuple({key: value for key, value in row.items() if key != "agencies"} for row in rows)

    monkeypatch.setattr(Reader, "rows", silent)
    assert company.plan().plan.summary.unchanged == 1


def test_a_lost_answer_is_not_told_as_a_yes(company):
    company.asset("page", "de", "77", agencies={"mediahouse": BUYER}, live={})
    fault(company, "POST 77/agencies", "http_500", 1)
    saved = company.plan()
    result = company.apply(saved)
    assert "Meta said yes" not in result.steps[0].text
    assert result.steps[0].outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_apply_ends_what_is_in_flight_and_says_what_was_done(company, run, stop):
    for number in range(100, 160):
        company.asset("ad_account", f"de-{number}", str(number), agencies={"mediahouse": BUYER}, live={})
    company.write()
    server = subprocess.Popen(
        [sys.executable, "-u", "-m", "accessctl", "sandbox", "serve", "world.yaml", "--port", "0"],
        cwd=company.directory,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        line = next(line for line in server.stdout if "export" in line)
        environ = os.environ | {"ACCESSCTL_GRAPH_URL": line.split("=")[1].strip(), "ACCESSCTL_TOKEN": f"sandbox-{ACME}"}
        process = subprocess.Popen(
            [sys.executable, "-m", "accessctl", "apply", "--auto-approve", "--parallelism", "1"],
            cwd=company.directory,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        path = company.directory / ".accessctl" / "journal.jsonl"
        for _ in range(3000):
            if process.poll() is not None or (path.exists() and path.read_text().count('"outcome"') >= 3):
                break
            time.sleep(0.01)
        process.send_signal(stop)
        said, errors = process.communicate(timeout=60)
        code = 130 if stop is signal.SIGINT else 143
        assert process.returncode == code, errors
        assert "Apply stopped: " in said
        assert "not tried: the run was interrupted" in said
        assert "run apply again to go on from there" in errors
        events = [entry["event"] for entry in read_journal(FileLedger(path))]
        assert events.count("intent") == events.count("outcome")
        assert events[-1] == "run_ended"
        environ |= {"ACCESSCTL_APPLY_AUTO_APPROVE": "1"}
        again = run("apply", **{key: value for key, value in environ.items() if key.startswith("ACCESSCTL")})
        assert again.returncode == 0, again.stderr
    finally:
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=30)
    written = [write.asset for write in company.writes]
    assert len(written) == len(set(written)) == 60


def test_the_word_of_a_state_without_anything_is_no_access():
    from accessctl.apply.look import in_words

    assert in_words(State(Status.ABSENT)) == "no access"


@pytest.mark.parametrize("node", ["act_77", "77"])
def test_an_interrupt_never_leaves_a_gap_open(company, node):
    """The revoke is in flight when the run is told to end: what was held comes back all the same."""
    kind = "ad_account" if node.startswith("act_") else "page"
    company.world["quirks"] = {"change": "refuse"}
    company.asset(kind, "de", "77", agencies={"mediahouse": ["ANALYZE"]}, live={MEDIAHOUSE: ["ADVERTISE"]})
    saved = company.plan(Wish(replace_with_gap=True))

    with company.connected() as (_, connection):
        door = GraphDoor(connection.reader, connection.writer, connection.acting)
        real = door.take_away

        def interrupted(action):
            connection.stop.set()
            return real(action)

        door.take_away = interrupted
        with Journal(connection.journal, "r1") as journal:
            journal.write("run_started", graph={"url": connection.url}, plan="p")
            writer = Writer(door, journal, partial(_sleep, connection.stop))
            result = Run(writer, {}).carry_out(saved.plan.actions, 1)
    assert outcomes(result) == ["applied"]
    assert company.plan().plan.summary.unchanged == 1


@pytest.mark.parametrize("status", ["ON_HOLD", None])
def test_no_gap_is_opened_on_a_pair_that_no_longer_holds_plain_access(company, status):
    company.asset("page", "de", "77", agencies={"mediahouse": ["ANALYZE"]}, live={MEDIAHOUSE: ["ADVERTISE"]})
    saved = company.plan(Wish(replace_with_gap=True))
    (action,) = saved.plan.actions
    asset = Asset(Kind.PAGE, "77")
    grants = {MEDIAHOUSE: Grant(frozenset(BUYER), Status.UNKNOWN, status)} if status else {}
    sent: list[str] = []

    class Door:
        def look(self, _):
            return AssetAccess(asset, ACME, grants=frozen(grants))

        def send(self, _):
            sent.append("change")
            raise GraphError("lost", trouble=Trouble.IN_DOUBT)

        def take_away(self, _):
            sent.append("take away")

    with Journal(FileLedger(company.directory / "j.jsonl"), "r") as journal:
        step = Writer(Door(), journal, lambda _: None).write(action)
    assert (sent, step.outcome) == (["change"], Outcome.FAILED)


def test_a_slip_of_our_own_on_one_asset_hides_nothing_of_the_others(company):
    for number in ("71", "72", "73"):
        company.asset("page", f"de-{number}", number, agencies={"mediahouse": BUYER}, live={})
    saved = company.plan()
    with company.connected() as (_, connection):
        door = GraphDoor(connection.reader, connection.writer, connection.acting)
        real = door.look

        def look(action):
            if action.asset.id == "72":
                raise ZeroDivisionError
            return real(action)

        door.look = look
        with Journal(connection.journal, "r1") as journal:
            result = Run(Writer(door, journal, lambda _: None), {}).carry_out(saved.plan.actions, 1)
    assert outcomes(result) == ["applied", "unknown", "skipped"]
    assert isinstance(result.stopped_by, ZeroDivisionError)


def test_a_grant_that_was_never_answered_says_so_in_the_next_plan(company):
    company.asset("ad_account", "de", "77", agencies={"mediahouse": BUYER}, live={}, admin_approval=True)
    fault(company, "POST act_77/agencies", "commit_then_500", 1)
    assert outcomes(company.apply()) == ["unknown"]
    (action,) = company.plan().plan.actions
    assert (action.reason.code, "never answered" in action.reason.text) == ("sent_before", True)


def test_a_request_that_shows_in_an_odd_state_was_asked_all_the_same(company):
    company.asset("page", "shop", "77", owner="client", agencies={"acme": BUYER}, live={})
    saved = company.plan()
    (action,) = saved.plan.actions
    odd = AssetAccess(
        Asset(Kind.PAGE, "77"), CLIENT, grants=frozen({ACME: Grant(frozenset(BUYER), Status.UNKNOWN, "X")})
    )

    class Door:
        def look(self, _):
            return odd

        def send(self, _):
            return Answer(False, "")

    with Journal(FileLedger(company.directory / "j.jsonl"), "r") as journal:
        assert Writer(Door(), journal, lambda _: None).write(action).outcome is Outcome.UNKNOWN


def test_a_page_is_written_to_with_the_token_it_was_looked_at_with(company):
    company.asset("page", "de", "77", agencies={"mediahouse": BUYER}, live={})
    saved = company.plan()
    with company.connected() as (_, connection):
        door = GraphDoor(connection.reader, connection.writer, connection.acting)
        (action,) = saved.plan.actions
        door.look(action)
        asked: list[object] = []
        door.owners["acme"].reader = type("Nobody", (), {"get": lambda *_, **__: asked.append(1)})()
        door.send(action)
    assert asked == []
    assert len(company.writes) == 1


def test_widening_a_page_on_which_nothing_was_asked_for_is_no_revoke(company):
    company.project["guards"] = {"protect": ["mediahouse"]}
    live = {MEDIAHOUSE: ["ANALYZE"]}
    company.asset("page", "de", "77", agencies={"mediahouse": ["ADVERTISE"]}, live=live, new_experience=True)
    saved = company.plan()
    assert (saved.plan.actions[0].before.tasks, saved.plan.actions[0].before.server_added) == (("ANALYZE",), ())


def test_what_is_only_remembered_is_no_unmanaged_access(company):
    company.asset("page", "shop", "77", owner="client", agencies={"acme": BUYER}, live={})
    company.asset("page", "other", "78", owner="client", agencies={}, live={})
    company.apply()
    with company.people() as sandbox:
        sandbox.decline("77", ACME)
        sandbox.give("77", ACME, BUYER)
    del company.manifest["pages"]["shop"]
    company.write()
    assert [row.before.status for row in company.plan().plan.unmanaged] == [Status.CONFIRMED]


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_ends_the_program_at_once_with_its_code(tmp_path, second):
    code = (
        "import signal, time\nfrom accessctl import __main__ as m\nm._end_on_signals()\n"
        "try:\n    print('ready', flush=True)\n    time.sleep(60)\n"
        "except BaseException:\n    print('first', flush=True)\n    time.sleep(60)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path
    )
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    assert process.stdout.readline() == "first\n"
    process.send_signal(second)
    _, said = process.communicate(timeout=30)
    assert process.returncode == (130 if second is signal.SIGINT else 143)
    assert "the journal has what was sent" in said

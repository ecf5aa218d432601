"""A plan made from a snapshot asks nobody, is the plan live access would give, and is applied only if that agrees."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from accessctl.errors import AccessctlError, StaleError
from accessctl.gate import check_fits
from accessctl.model import Cost, Side
from accessctl.plan.document import digest, from_document, save, to_document
from accessctl.plan.nouns import Scope, SnapshotRef, Verb
from accessctl.planfile import read_plan
from accessctl.render.age import age, age_warnings, cost_line, snapshot_line
from accessctl.render.paper import Paper
from accessctl.render.plan_text import plan_text
from accessctl.strictjson import canonical
from accessctl.workflow import Wish, plan_from_snapshot, take_snapshot
from tests.company import ACME, DATACO, EVENING, MEDIAHOUSE, NOW, STRANGER, Company

if TYPE_CHECKING:
    from accessctl.plan.document import SavedPlan
    from accessctl.snapshot import Snapshot

BUYER = ["ADVERTISE", "ANALYZE"]
SANDBOX = ("--sandbox", "world.yaml")


def taken(company: Company) -> Snapshot:
    with company.connected() as (project, connection):
        return take_snapshot(project, connection, company.now())


def planned(company: Company, snapshot: Snapshot | None = None, wish: Wish = Wish()) -> SavedPlan:  # noqa: B008
    snapshot = snapshot or taken(company)
    return plan_from_snapshot(company.load(), snapshot, wish, company.now())


@pytest.fixture
def full(company: Company) -> Company:
    """A company whose plan has every kind of row."""
    live = {STRANGER: BUYER, MEDIAHOUSE: ["ANALYZE"], DATACO: {"tasks": ["ANALYZE"], "status": "ON_HOLD"}}
    company.asset("ad_account", "de", "71", agencies={"mediahouse": BUYER}, live=live)
    company.asset("page", "fr", "72", agencies={"mediahouse": BUYER}, live={})
    company.asset("page", "uk", "73", agencies={"mediahouse": BUYER}, live={}, fault={"code": 10, "message": "no"})
    company.asset("page", "shop", "74", owner="client", agencies={"acme": BUYER}, live={})
    company.asset("page", "old", "75", live={STRANGER: BUYER})
    company.write()
    return company


def test_a_snapshot_gives_the_plan_that_live_access_gives(full):
    from_live, from_file = full.plan(), planned(full)
    assert from_file.plan == from_live.plan
    assert from_file.verdict == from_live.verdict
    assert from_file.origin == replace(from_live.origin, snapshot=from_file.origin.snapshot)
    assert len(from_file.plan.actions) == 4


@pytest.mark.parametrize("wish", [Wish(Scope(("de",))), Wish(Scope(excludes=("fr",))), Wish(replace_with_gap=True)])
def test_wishes_mean_the_same_with_a_snapshot(full, wish):
    assert planned(full, wish=wish).plan.actions == full.plan(wish).plan.actions


def test_what_was_asked_of_a_plan_is_in_it(full):
    wish = Wish(Scope(("de",), ("fr",)), ("agency:mediahouse",), replace_with_gap=True)
    document = to_document(planned(full, wish=wish))
    assert document["scope"] == {
        "targets": ["de"],
        "excludes": ["fr"],
        "ask_again": ["agency:mediahouse"],
        "replace_with_gap": True,
    }
    assert from_document(document).origin.scope == Scope(("de",), ("fr",), ("agency:mediahouse",), True)


def test_a_request_that_was_declined_is_not_sent_again_because_of_a_snapshot(company):
    company.asset("page", "shop", "74", owner="client", agencies={"acme": BUYER}, live={})
    company.apply()
    with company.people() as sandbox:
        sandbox.decline("74", ACME)
    snapshot = taken(company)
    assert [row.reason.code for row in planned(company, snapshot).plan.waiting] == ["request_gone"]
    again = planned(company, snapshot, Wish(ask_again=("shop",)))
    assert [action.verb for action in again.plan.actions] == [Verb.REQUEST]


def test_a_grant_that_waits_for_a_second_admin_waits_in_a_snapshot_too(company):
    company.asset("ad_account", "de", "71", agencies={"mediahouse": BUYER}, live={}, admin_approval=True)
    company.apply()
    plan = planned(company).plan
    assert (plan.actions, [row.reason.code for row in plan.waiting]) == ((), ["admin_approval"])


def test_what_the_snapshot_did_not_read_is_not_absent(company):
    company.asset("page", "de", "71", agencies={"mediahouse": BUYER}, live={})
    snapshot = taken(company)
    company.asset("page", "shop", "74", owner="client", agencies={"acme": BUYER}, live={})
    company.write()
    plan = planned(company, snapshot).plan
    assert [action.asset.alias for action in plan.actions] == ["de"]
    assert [(row.asset.alias, row.reason.text) for row in plan.blocked] == [("shop", "the snapshot did not read them")]
    assert len(plan.unread) == 2


def test_an_asset_the_snapshot_does_not_list_is_blocked_and_not_granted(company):
    company.asset("page", "de", "71", agencies={"mediahouse": BUYER}, live={})
    snapshot = taken(company)
    company.asset("page", "fr", "72", agencies={"mediahouse": BUYER}, live={})
    company.write()
    plan = planned(company, snapshot).plan
    assert [(row.asset.alias, row.reason.code) for row in plan.blocked] == [("fr", "not_listed")]


def test_a_snapshot_of_other_businesses_is_refused(company):
    company.asset("page", "de", "71", agencies={"mediahouse": BUYER}, live={})
    snapshot = taken(company)
    company.project["acts_as"] = ["acme", "sister"]
    company.write()
    with pytest.raises(
        AccessctlError, match=r"taken by acme \(1001\), this project acts as acme \(1001\), sister \(1002\)"
    ):
        planned(company, snapshot)


def test_a_snapshot_of_another_graph_version_is_used_with_a_warning(company):
    company.asset("page", "de", "71", agencies={"mediahouse": BUYER}, live={})
    snapshot = replace(taken(company), graph_version="v25.0")
    found = planned(company, snapshot)
    assert found.origin.graph_version == "v25.0"
    assert "the snapshot was read with Graph v25.0, not v26.0" in found.plan.warnings


def test_notes_on_how_live_access_was_read_are_warnings_of_the_plan(company):
    company.asset("page", "de", "71", agencies={"mediahouse": BUYER}, live={})
    snapshot = taken(company)
    noted = replace(snapshot, live=replace(snapshot.live, notes=("nothing was cross-checked",)))
    assert "nothing was cross-checked" in planned(company, noted).plan.warnings


def test_the_digest_of_a_plan_moves_with_the_snapshots_content_and_not_with_its_age(full):
    snapshot = taken(full)
    project, later = full.load(), NOW + timedelta(days=9)
    first = plan_from_snapshot(project, snapshot, Wish(), NOW)
    assert plan_from_snapshot(project, replace(snapshot, taken_at=later), Wish(), later).digest == first.digest
    other = replace(snapshot, digest="sha256:" + "0" * 64)
    assert plan_from_snapshot(project, other, Wish(), NOW).digest != first.digest


def test_the_digest_of_a_plan_does_not_move_with_what_reading_cost(full):
    saved = full.plan()
    document = to_document(saved)
    assert document["graph"]["calls"] >= document["graph"]["requests"] > 0
    assert saved.cost is not None
    dearer = save(saved.plan, saved.origin, saved.verdict, saved.created_at, Cost(900, 900, 9, 60.5))
    assert (dearer.digest, to_document(dearer)["graph"]["seconds_waited"]) == (saved.digest, 60.5)
    assert "calls" not in to_document(planned(full))["graph"]


def test_a_plan_of_format_1_0_is_still_read_and_shown_as_it_was(full, tmp_path):
    document = to_document(full.plan()) | {"format_version": "1.0"}
    document["graph"] = {key: document["graph"][key] for key in ("version", "url")}
    document["digest"] = digest(document)
    (tmp_path / "plan.json").write_text(canonical(document))
    assert to_document(read_plan(tmp_path / "plan.json")) == document


# Apply.


def fits(company: Company, saved: SavedPlan) -> None:
    with company.connected() as (project, connection):
        check_fits(saved, project, connection, now=EVENING)


def test_a_plan_from_a_snapshot_is_applied_where_live_access_agrees(full):
    result = full.apply(planned(full))
    assert {step.outcome for step in result.steps} == {"applied", "waiting_for_client"}
    assert len(full.writes) == 4


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (
            lambda sandbox: sandbox.give("72", MEDIAHOUSE, BUYER),
            r'"Mediahouse Ltd" \(2002\) on Page fr \(72\): planned: to grant ADVERTISE, ANALYZE; now: nothing to do',
        ),
        (
            lambda sandbox: sandbox.give("72", STRANGER, ["MANAGE"]),
            r'"Stranger Ltd" \(4004\) on Page fr \(72\): planned: nothing to do; now: to revoke',
        ),
        (
            lambda sandbox: sandbox.give("71", MEDIAHOUSE, ["MANAGE"]),
            r"now: to change it to ADVERTISE, ANALYZE \(ANALYZE was taken away; MANAGE was added\)",
        ),
    ],
)
def test_a_plan_from_a_snapshot_is_stale_where_live_access_has_moved(full, edit, said):
    saved = planned(full)
    with full.people() as sandbox:
        edit(sandbox)
    with pytest.raises(StaleError, match=said):
        full.apply(saved)


def test_each_pair_that_moved_since_the_snapshot_has_a_line(company):
    for number in range(71, 78):
        company.asset("page", f"p{number}", str(number), agencies={"mediahouse": BUYER}, live={})
    saved = planned(company, taken(company))
    with company.people() as sandbox:
        for number in range(71, 78):
            sandbox.give(str(number), MEDIAHOUSE, BUYER)
    with pytest.raises(StaleError) as caught:
        fits(company, saved)
    first, *pairs = caught.value.what.split("\n")
    assert first == "live access is no longer as the snapshot has it: 7 pairs moved"
    assert [line.partition(": ")[0] for line in pairs] == [
        *(f'  "Mediahouse Ltd" (2002) on Page p{number} ({number})' for number in range(71, 76)),
        "  and 2 more",
    ]


def test_what_is_left_alone_makes_no_plan_from_a_snapshot_stale(full):
    saved = planned(full)
    with full.people() as sandbox:
        sandbox.give("75", DATACO, BUYER)
    fits(full, saved)


def test_an_asset_that_cannot_be_read_any_more_makes_a_plan_from_a_snapshot_stale(company):
    company.asset("page", "de", "71", agencies={"mediahouse": BUYER}, live={}, fault={"code": 10, "message": "no"})
    company.write()
    snapshot = taken(company)
    (asset,) = snapshot.live.assets.values()
    once = replace(
        snapshot, live=replace(snapshot.live, assets={asset.asset: replace(asset, unreadable="", reason_code="")})
    )
    saved = planned(company, once)
    assert [action.verb for action in saved.plan.actions] == [Verb.GRANT]
    with pytest.raises(StaleError, match="planned: to grant ADVERTISE, ANALYZE; now: blocked: Meta refused GET 71"):
        fits(company, saved)


def test_a_request_sent_since_the_snapshot_is_not_sent_again(company):
    company.asset("page", "shop", "74", owner="client", agencies={"acme": BUYER}, live={})
    saved = planned(company)
    company.apply()
    for end in (lambda sandbox: None, lambda sandbox: sandbox.decline("74", ACME)):
        with company.people() as sandbox:
            end(sandbox)
        with pytest.raises(StaleError, match="planned: to request ADVERTISE, ANALYZE; now: waiting: "):
            company.apply(saved)
    assert len(company.writes) == 1


def test_a_plan_from_a_snapshot_is_as_old_as_the_snapshot(full):
    saved = planned(full)
    assert saved.read_at == saved.origin.snapshot.taken_at < saved.created_at
    assert full.plan().read_at > saved.read_at


def test_guards_judge_what_is_there_now_and_not_what_was(company):
    company.project["guards"] = {"max_revoke_percent": 25}
    for number in range(60, 68):
        live = {MEDIAHOUSE: BUYER} | ({STRANGER: BUYER} if number < 64 else {})
        company.asset("page", f"p-{number}", str(number), agencies={"mediahouse": BUYER}, live=live)
    others = [str(5100 + number) for number in range(8)]
    company.world["businesses"] |= {other: {"name": f"Agency {other}"} for other in others}
    company.asset("page", "loose", "90", agencies={}, live=dict.fromkeys(others, BUYER), manage="additive")
    saved = planned(company)
    assert (saved.plan.summary.revoke, saved.plan.summary.live, saved.verdict.word) == (4, 20, "allowed")
    with company.people() as sandbox:
        for other in others[:5]:
            sandbox.take("90", other)
    with pytest.raises(StaleError, match="the guards judge this plan otherwise now"):
        fits(company, saved)


# Words.


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(0), "just now"),
        (timedelta(seconds=-40), "just now"),
        (timedelta(hours=-3), "3 hours in the future"),
        (timedelta(seconds=61), "1 minute ago"),
        (timedelta(minutes=59, seconds=59), "59 minutes ago"),
        (timedelta(hours=3, minutes=50), "3 hours ago"),
        (timedelta(hours=47), "47 hours ago"),
        (timedelta(days=12, hours=3), "12 days ago"),
    ],
)
def test_an_age_is_said_in_the_unit_people_use(passed, words):
    assert age(NOW - passed, NOW) == words


def test_a_plan_says_from_which_snapshot_it_was_made(full):
    saved = planned(full)
    text = plan_text(saved, Paper(80), NOW + timedelta(hours=3))
    assert text.startswith("From a snapshot taken 2 hours ago (2026-11-21 12:01 UTC), not read completely.\n\n")
    assert "snapshot" not in plan_text(full.plan(), Paper(80))


def test_a_complete_snapshot_is_called_so():
    snapshot = SnapshotRef(NOW, "sha256:" + "0" * 64, True)
    assert snapshot_line(snapshot, NOW).endswith("read completely.")


def test_a_snapshot_older_than_a_day_is_warned_of():
    snapshot = SnapshotRef(NOW, "sha256:" + "0" * 64, True)
    assert age_warnings(snapshot, NOW + timedelta(hours=24)) == ()
    (warning,) = age_warnings(snapshot, NOW + timedelta(hours=25))
    assert warning.startswith("the snapshot was taken 25 hours ago; take a new one")
    assert age_warnings(None, NOW) == ()


def test_what_reading_cost_is_said_in_a_line():
    assert cost_line(Cost(71, 342, 1, 12.6)) == "read with 342 calls in 71 requests, 1 error, waited 13 s"


# The command line.


def test_plan_live_needs_no_token_no_network_and_writes_nothing(full, run, run_alone, tmp_path):
    assert run("snapshot", "--out", "live.json", *SANDBOX).returncode == 5
    (tmp_path / "hook").mkdir()
    (tmp_path / "hook" / "sitecustomize.py").write_text(
        "import sys\n"
        "def no(event, args):\n"
        "    writes = event == 'open' and isinstance(args[1], str) and set(args[1]) & set('wax+')\n"
        "    if writes or event.startswith('socket.'):\n"
        "        raise RuntimeError(event)\n"
        "sys.addaudithook(no)\n"
    )
    (tmp_path / ".accessctl").rename(tmp_path / "elsewhere")
    hook = {"PYTHONPATH": str(tmp_path / "hook"), "PYTHONDONTWRITEBYTECODE": "1"}
    found = run_alone("plan", "--live", "live.json", **hook)
    assert (found.returncode, found.stderr) == (5, "")
    assert found.stdout.startswith("From a snapshot taken just now (")
    assert not (tmp_path / ".accessctl").exists()


def test_a_snapshot_is_taken_planned_from_reviewed_and_applied(full, run):
    run("snapshot", "--out", "live.json", *SANDBOX)
    made = run("plan", "--live", "live.json", "--out", "plan.json")
    document = json.loads((full.directory / "plan.json").read_text())
    assert document["snapshot"].keys() == {"taken_at", "digest", "complete"}
    assert document["snapshot"]["digest"] == json.loads((full.directory / "live.json").read_text())["digest"]
    assert "From a snapshot taken " in run("show", "plan.json").stdout
    applied = run("apply", "plan.json", "--auto-approve", "--expect-digest", document["digest"], *SANDBOX)
    assert applied.returncode == 5, applied.stderr
    assert "From a snapshot taken " in applied.stdout
    assert "Apply complete: 1 granted, 1 changed, 1 revoked, 1 requested." in applied.stdout
    again = run("apply", "plan.json", "--auto-approve", *SANDBOX)
    assert (again.returncode, again.stdout) == (4, "")
    assert again.stderr.startswith("error: live access is no longer as the snapshot has it: 4 pairs moved\n  ")
    assert made.returncode == 5


@pytest.mark.parametrize(
    "way", [SANDBOX, ("--graph-url", "http://localhost:1"), ("--token-command", "x"), ("--max-wait", "1s")]
)
def test_a_way_to_meta_beside_a_snapshot_is_one_too_many(full, run, way):
    found = run("plan", "--live", "live.json", *way)
    assert (found.returncode, found.stdout) == (64, "")
    assert f"{way[0]} would be ignored" in found.stderr


def test_a_way_from_the_environment_is_not_used_with_a_snapshot(full, run):
    run("snapshot", "--out", "live.json", *SANDBOX)
    found = run("plan", "--live", "live.json", ACCESSCTL_SANDBOX="none.yaml", ACCESSCTL_GRAPH_URL="http://localhost:1")
    assert found.returncode == 5
    assert run("plan", ACCESSCTL_PLAN_LIVE="live.json").stdout == found.stdout


def test_who_what_and_why_show_what_a_snapshot_has(full, run):
    run("snapshot", "--out", "live.json", *SANDBOX)
    for command in (["who", "de"], ["what", "mediahouse"], ["why", STRANGER, "71"], ["who", "uk"]):
        now, then = run(*command, "--with-live", *SANDBOX), run(*command, "--live", "live.json")
        assert (then.returncode, then.stdout) == (now.returncode, now.stdout)
        assert then.stderr.startswith("live access is that of a snapshot taken just now (")
    assert run("who", "de", "--live", "live.json", "--with-live").returncode == 64
    assert run("who", "de", "--live", "live.json", *SANDBOX).returncode == 64


def test_what_reading_cost_is_told_on_a_terminal(full):
    parent, child = pty.openpty()
    command = [sys.executable, "-m", "accessctl", "plan", *SANDBOX]
    environ = {key: value for key, value in os.environ.items() if key != "CI"}
    subprocess.run(command, cwd=full.directory, env=environ, stdout=subprocess.DEVNULL, stderr=child, timeout=60)
    os.close(child)
    said = os.read(parent, 65536).decode()
    os.close(parent)
    assert re.search(r"^read with \d+ calls in \d+ requests, \d+ errors?, waited 0 s\r$", said, re.MULTILINE)


def test_the_snapshot_command_says_what_it_has(company, run):
    company.asset("ad_account", "de", "71", agencies={"mediahouse": BUYER}, live={MEDIAHOUSE: BUYER, STRANGER: BUYER})
    company.asset("page", "fr", "72", agencies={"mediahouse": BUYER}, live={MEDIAHOUSE: BUYER})
    company.write()
    found = run("snapshot", "--out", "live.json", *SANDBOX)
    assert found.returncode == 0
    assert re.fullmatch(r"2 assets, 3 grants of 2 agencies, read completely with \d+ calls\n", found.stdout)
    summary = json.loads(run("snapshot", "--out", "live.json", "--format", "json", *SANDBOX).stdout)
    written = json.loads((company.directory / "live.json").read_text())
    assert summary["summary"] == {"assets": 2, "grants": 3, "agencies": 2, "unreadable": 0, "gaps": 0}
    assert (summary["digest"], summary["complete"], summary["file"]) == (written["digest"], True, "live.json")
    assert summary["graph"] == written["graph"]
    printed = run("snapshot", *SANDBOX)
    assert json.loads(printed.stdout)["assets"] == written["assets"]
    assert "2 assets, 3 grants" in printed.stderr


def test_the_snapshot_command_says_what_is_missing(full, run):
    found = run("snapshot", "--out", "live.json", *SANDBOX)
    assert re.search(r", not read completely with \d+ calls: 1 asset unreadable\n$", found.stdout)


def test_the_side_a_business_looked_from_is_in_the_snapshot(full):
    assert {(look.business, look.side) for look in taken(full).looks} == {(ACME, Side.OWNER), (ACME, Side.AGENCY)}

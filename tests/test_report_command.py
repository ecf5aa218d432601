"""accessctl report: live, as of a snapshot, from manifests alone; and who, what and why to the journal's last word."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest
import yaml

from accessctl.manifest import load_project
from accessctl.plan.nouns import Verb
from accessctl.render.report_formats import REPORT_FORMATS
from accessctl.reporting import report_of_snapshot
from accessctl.workflow import take_snapshot
from tests.company import ACME, DATACO, MEDIAHOUSE, NOW, STRANGER, Company
from tests.github import as_github_shows, live_references
from tests.reviewed import RUN, write
from tests.runner_commands import commands_in

BUYER = ["ADVERTISE", "ANALYZE"]
SANDBOX = ("--sandbox", "world.yaml")


@pytest.fixture
def brand(company: Company) -> Company:
    """One as declared, one missing, one that nobody declared, one on an asset nobody declared, one that ended."""
    buyer = {"tasks": BUYER, "until": "2031-12-31", "reason": "ADS-1"}
    company.asset("ad_account", "de", "71", agencies={"mediahouse": buyer}, live={MEDIAHOUSE: BUYER, STRANGER: BUYER})
    company.asset("page", "fr", "72", agencies={"mediahouse": BUYER}, live={}, labels={"market": "fr"})
    company.asset("page", "old", "73", live={DATACO: BUYER})
    company.asset("page", "gone", "74", agencies={"dataco": {"tasks": BUYER, "until": "2020-01-01"}}, live={})
    company.write()
    return company


def report(run, *args: str, code: int = 0, **environ: str) -> dict:
    found = run("report", "--format", "json", *args, **environ)
    assert found.returncode == code, found.stderr
    return json.loads(found.stdout)


def standings(document: dict) -> dict[tuple[str, str], str]:
    return {(one["asset"]["id"], one["agency"]["id"]): one["standing"] for one in document["grants"]}


def test_a_review_of_live_access_says_how_everything_stands(brand, run):
    document = report(run, *SANDBOX)
    assert standings(document) == {
        ("71", MEDIAHOUSE): "declared",
        ("71", STRANGER): "drift",
        ("72", MEDIAHOUSE): "missing",
        ("73", DATACO): "unmanaged",
        ("74", DATACO): "ended",
    }
    assert (document["way"], document["complete"]) == ("live", True)
    assert document["coverage"]["total"]["grants"] == {"declared": 1, "of": 3, "in_part": 0}
    assert document["coverage"]["total"]["assets"] == {"declared": 3, "of": 4, "in_part": 0}


def test_manifests_alone_need_neither_token_nor_network(brand, run):
    document = report(run, "--declared")
    assert (document["way"], document["coverage"], document["graph"]) == ("manifests", None, None)
    assert set(standings(document).values()) == {"declared", "ended"}
    assert "Nobody looked at Meta" in " ".join(run("report", "--declared").stdout.split())


def test_since_when_is_known_from_the_journal_once_apply_has_granted(brand, run):
    brand.project["guards"] = {"max_revokes": 100, "max_revoke_percent": 100}
    brand.write()
    applied = json.loads(run("apply", "--auto-approve", "--format", "json", *SANDBOX).stdout)
    (row,) = [one for one in report(run, *SANDBOX)["grants"] if one["asset"]["id"] == "72"]
    assert (row["standing"], row["since"]["what"], row["since"]["run"]) == ("declared", "granted", applied["run"])
    (other,) = [one for one in report(run, *SANDBOX)["grants"] if one["asset"]["id"] == "71"]
    assert other["since"] is None


@pytest.mark.parametrize("option", ["--as-of", "--live"])
def test_a_snapshot_keeps_who_held_what_whatever_came_later(brand, run, option):
    brand.project["guards"] = {"max_revokes": 100, "max_revoke_percent": 100}
    brand.write()
    before = standings(report(run, *SANDBOX))
    run("snapshot", "--out", "march.json", *SANDBOX)
    assert run("apply", "--auto-approve", *SANDBOX).returncode == 0
    assert standings(report(run, *SANDBOX)) != before
    then = report(run, option, "march.json")
    assert standings(then) == before
    assert then["read_at"] == json.loads((brand.directory / "march.json").read_text())["taken_at"]
    # What was granted later was not known then.
    assert all(one["since"] is None for one in report(run, option, "march.json", *SANDBOX)["grants"])


def test_what_has_ended_since_a_snapshot_held_on_its_day(brand):
    brand.manifest["ad_accounts"]["de"]["agencies"]["mediahouse"]["until"] = str(NOW.date() + timedelta(days=1))
    brand.write()
    with brand.connected() as (project, connection):
        snapshot = take_snapshot(project, connection, NOW)
    later = NOW + timedelta(days=400)
    found = {}
    for name, day in (("then", NOW), ("now", later)):
        project = load_project(brand.directory, today=day.date(), allow_unknown_tasks=False)
        (row,) = [one for one in report_of_snapshot(project, snapshot, (), ("de",), later).grants if one.tasks][:1]
        found[name] = row.standing
    assert found == {"then": "declared", "now": "drift"}  # the command takes the day of the snapshot


def test_a_review_of_a_snapshot_judges_by_its_day(brand, run):
    run("snapshot", "--out", "live.json", *SANDBOX)
    path = brand.directory / "live.json"
    taken = json.loads(path.read_text())["taken_at"]
    path.write_text(path.read_text().replace(taken, "2019-12-31T12:00:00+00:00"))  # its time is not in its digest
    document = report(run, "--as-of", "live.json")
    assert document["read_at"].startswith("2019-12-31")
    assert standings(document)["74", DATACO] == "missing"  # its declaration ended a day later


def test_what_the_journal_learned_after_a_snapshot_is_not_told_of_its_day(brand):
    with brand.connected() as (project, connection):
        snapshot = take_snapshot(project, connection, NOW)
    given = replace(write(Verb.GRANT, "71", MEDIAHOUSE, 2), run=replace(RUN, graph_url=snapshot.graph_url))
    for day, is_known in ((NOW - timedelta(days=1), True), (NOW + timedelta(days=1), False)):
        found = report_of_snapshot(project, snapshot, (replace(given, at=day),), (), NOW + timedelta(days=9))
        (row,) = [one for one in found.grants if (one.asset.id, one.agency.id) == ("71", MEDIAHOUSE)]
        assert (row.since is not None) is is_known


def test_what_could_not_be_read_is_told_and_ends_with_5(brand, run):
    brand.asset("page", "uk", "75", agencies={"mediahouse": BUYER}, live={MEDIAHOUSE: BUYER}, page_token=False)
    brand.asset("ad_account", "bad", "76", agencies={}, live={DATACO: BUYER}, fault={"code": 10, "message": "no"})
    brand.write()
    document = report(run, *SANDBOX, code=5)
    assert standings(document)["75", MEDIAHOUSE] == "unreadable"
    assert {one["id"] for one in document["assets"] if one["unreadable"]} == {"75", "76"}
    assert document["coverage"]["unread_assets"] == 2
    found = run("report", "--format", "csv", *SANDBOX)
    assert found.returncode == 5
    rows = list(csv.DictReader(io.StringIO(found.stdout)))
    assert {row["asset_id"] for row in rows if row["standing"] == "unreadable" and not row["agency_id"]} == {"75", "76"}
    assert run("report", "--target", "de", *SANDBOX).returncode == 0


@pytest.mark.parametrize(
    ("target", "pairs"),
    [
        ("de", {("71", MEDIAHOUSE), ("71", STRANGER)}),
        ("label:market=fr", {("72", MEDIAHOUSE)}),
        ("agency:mediahouse", {("71", MEDIAHOUSE), ("72", MEDIAHOUSE)}),
        (f"agency:{STRANGER}", {("71", STRANGER)}),
        ("kind:page", {("72", MEDIAHOUSE), ("73", DATACO), ("74", DATACO)}),
    ],
)
def test_a_narrowed_review_says_so_and_has_nothing_else(brand, run, target, pairs):
    document = report(run, "--target", target, *SANDBOX)
    assert set(standings(document)) == pairs
    assert document["targets"] == [target]
    assert {one["id"] for one in document["assets"]} >= {asset for asset, _ in pairs}
    assert "nothing is said of anything else" in " ".join(run("report", "--target", target, *SANDBOX).stdout.split())


def test_every_format_can_go_to_a_file_beside_the_one_on_stdout(brand, run):
    renders = [part for name in REPORT_FORMATS for part in ("--render", f"{name}=out.{name}")]
    found = run("report", "--format", "markdown", *renders, *SANDBOX)
    assert (found.returncode, found.stderr.count("\n")) == (0, 1)  # the warning of what has ended
    assert found.stdout.startswith("# Access review, ")
    for name in REPORT_FORMATS:
        assert (brand.directory / f"out.{name}").stat().st_mode & 0o777 == 0o600
    assert (brand.directory / "out.html").read_text().startswith("<!doctype html>")
    assert (brand.directory / "out.csv").read_bytes().startswith(b"asset,agency,standing,")
    assert b"\r\n" in (brand.directory / "out.csv").read_bytes()


def test_a_file_that_cannot_be_written_is_an_error(brand, run):
    found = run("report", "--declared", "--render", "csv=none/at/all.csv")
    assert (found.returncode, found.stdout) == (1, "")
    assert "cannot be written" in found.stderr


@pytest.mark.parametrize(
    "args",
    [
        ["--declared", "--as-of", "a.json"],
        ["--declared", *SANDBOX],
        ["--as-of", "a.json", "--graph-url", "http://localhost:1"],
        ["--as-of", "a.json", "--token-command", "x"],
        ["--format", "pdf"],
        ["--render", "csv"],
    ],
)
def test_ways_that_do_not_go_together_are_wrong_usage(brand, run, args):
    assert run("report", *args).returncode == 64


@pytest.mark.parametrize("other", ["other.yaml", "elsewhere/other.yaml"])
def test_a_sandbox_that_is_not_the_one_of_the_snapshot_is_wrong_usage(brand, run, other):
    run("snapshot", "--out", "live.json", *SANDBOX)
    found = run("report", "--as-of", "live.json", "--sandbox", other)
    assert (found.returncode, found.stdout) == (64, "")
    assert f"was read from sandbox:world.yaml, so --sandbox {other} would be ignored" in found.stderr
    assert run("report", "--as-of", "live.json", *SANDBOX).returncode == 0
    assert run("report", "--as-of", "live.json", ACCESSCTL_SANDBOX=other).returncode == 0


def test_markdown_is_cut_to_as_many_characters_as_are_wanted_on_stdout_and_in_files(company, run):
    for number in range(100):
        company.asset("page", f"p-{number}", str(9000 + number), agencies={"mediahouse": BUYER}, live={})
    company.write()
    whole = run("report", "--format", "markdown", *SANDBOX).stdout
    cut = ("--max-chars", "5000", *SANDBOX)
    found = run("report", "--format", "markdown", "--render", "markdown=out.md", *cut)
    assert len(whole) > 10_000
    assert "cut" not in whole
    assert len(found.stdout) <= 5_000
    assert found.stdout == (company.directory / "out.md").read_text()
    assert "**This is not the whole review**: it was cut to 5,000 characters." in found.stdout
    assert json.loads(run("report", "--format", "json", *cut).stdout)["totals"]["rows"] == 100
    assert run("report", "--max-chars", "3999", *SANDBOX).returncode == 64


def test_a_snapshot_of_other_businesses_is_refused(brand, run):
    run("snapshot", "--out", "live.json", *SANDBOX)
    brand.project["acts_as"] = ["acme", "sister"]
    (brand.directory / "accessctl.yaml").write_text(yaml.dump(brand.project))
    found = run("report", "--as-of", "live.json")
    assert found.returncode == 1
    assert "the snapshot was taken by acme (1001)" in found.stderr


def test_a_review_changes_nothing_anywhere(brand, run):
    report(run, *SANDBOX)
    assert brand.writes == ()
    assert not brand.journal_path.exists()


# who, what and why, from declaration to live access to the last that the journal has.


@pytest.fixture
def granted(brand, run) -> Company:
    brand.project["guards"] = {"max_revokes": 100, "max_revoke_percent": 100}
    brand.write()
    found = run("apply", "--auto-approve", *SANDBOX, GITHUB_ACTOR="jo")
    assert found.returncode == 0, found.stderr
    return brand


@pytest.mark.parametrize("live", [(), ("--with-live",)])
def test_an_explanation_ends_with_the_last_word_of_the_journal(granted, run, live):
    why = " ".join(run("why", "mediahouse", "fr", *live, *SANDBOX).stdout.split())
    assert "from access/all.yaml:" in why
    assert ("live: confirmed with ADVERTISE, ANALYZE, since" in why) == bool(live)
    assert "journal: " in why
    assert '"Mediahouse Ltd" (mediahouse, 2002) was granted ADVERTISE, ANALYZE on Page fr (72)' in why
    assert ": applied [run " in why
    assert "journal: nothing" not in why
    gone = " ".join(run("why", STRANGER, "de", *live, *SANDBOX).stdout.split())
    assert "lost ADVERTISE, ANALYZE on ad account de (act_71)" in gone


def test_a_pair_that_the_journal_does_not_know_is_said_to_be_so(granted, run):
    assert "journal: nothing on this pair" in run("why", "mediahouse", "de", *SANDBOX).stdout


def test_who_and_what_tell_the_journal_of_each_pair(granted, run):
    assert "journal: " in run("who", "fr", *SANDBOX).stdout
    assert run("what", "mediahouse", *SANDBOX).stdout.count("journal: ") == 1
    (pair,) = json.loads(run("who", "fr", "--with-live", "--format", "json", *SANDBOX).stdout)
    assert (pair["journal"]["action"], pair["journal"]["outcome"]) == ("grant", "applied")
    assert pair["since"]["run"] == pair["journal"]["run"]
    (until,) = [
        one["until"]
        for one in json.loads(run("what", "mediahouse", "--format", "json", *SANDBOX).stdout)
        if one["asset"]["alias"] == "de"
    ]
    assert until == {"first": "2031-12-31", "last": "2031-12-31"}


def test_an_explanation_from_a_snapshot_has_the_journal_that_is_named(granted, run):
    run("snapshot", "--out", "live.json", *SANDBOX)
    path = str(granted.journal_path)
    why = run("why", "mediahouse", "fr", "--live", "live.json", "--journal", path).stdout
    assert "was granted" in " ".join(why.split())
    why = run("why", "mediahouse", "fr", "--live", "live.json", ACCESSCTL_SANDBOX="world.yaml").stdout
    assert "was granted" in " ".join(why.split())
    other = run("why", "mediahouse", "fr", "--live", "live.json", ACCESSCTL_SANDBOX="none.yaml")
    assert (other.returncode, "nothing on this pair" in other.stdout) == (0, True)


@pytest.mark.parametrize(
    "command", [["who", "fr"], ["what", "mediahouse"], ["why", "mediahouse", "fr"], ["who", "73"], ["what", "999"]]
)
def test_an_explanation_in_markdown_has_every_fact_of_the_text(granted, run, command):
    text = run(*command, "--with-live", *SANDBOX).stdout
    seen = as_github_shows(run(*command, "--with-live", "--format", "markdown", *SANDBOX).stdout)
    assert {word for word in re.findall(r"[\w.:/-]{3,}", text) if word not in seen.text} == set()


def test_a_hostile_name_is_text_in_an_explanation(company, run):
    for number, name in enumerate(["<img src=x>", "@everyone [x](http://e)", "::error::x ##[error]", "a`|</details>"]):
        company.world["businesses"][STRANGER]["name"] = name
        company.asset("page", f"page-{number}", str(80 + number), agencies={}, live={STRANGER: BUYER})
    company.write()
    for command in (["who", "page-0"], ["why", STRANGER, "page-1", "--format", "json"]):
        shown = run(*command, "--with-live", *SANDBOX).stdout
        assert STRANGER in shown
        assert commands_in(shown) == []
    for command in (["who", "page-2"], ["what", STRANGER], ["why", STRANGER, "page-1"]):
        shown = run(*command, "--with-live", "--format", "markdown", *SANDBOX).stdout
        seen = as_github_shows(shown)
        assert commands_in(shown) == []
        assert set(seen.tags) <= {"h2", "h3", "p", "strong", "ul", "li", "code"}
        assert (seen.attributes, live_references(seen)) == ([], [])


def test_the_acting_business_and_its_id_stand_on_the_review(brand, run):
    assert f'as "Acme GmbH" (acme, {ACME})' in " ".join(run("report", *SANDBOX).stdout.split())

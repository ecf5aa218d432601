"""What became of a plan, in files: apply --render, for a comment, a step summary or a program."""

from __future__ import annotations

import json
import re
import shutil
import signal
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from accessctl.apply.outcomes import Outcome, Result, Step
from accessctl.chain import Head
from accessctl.manifest import load_schema
from accessctl.model import Cost
from accessctl.plan.nouns import AssetRef, BusinessRef, Plan, Reason, Verb
from accessctl.render.ended import Ended
from accessctl.render.formats import Layout
from accessctl.render.limit import LEAST, SUMMARY, Limit
from accessctl.render.result_formats import RESULT_FORMATS
from accessctl.render.result_markdown import result_markdown
from tests.company import MEDIAHOUSE
from tests.github import as_github_shows, live_references
from tests.hostile import names
from tests.runner_commands import commands_in
from tests.test_ending import APPLY as WITHOUT_ASKING
from tests.test_ending import held, until_three_are_sent
from tests.test_progress import started, visible
from tests.test_render import HOLDS, NOTHING, NOW, PLANS, WAITING, action, golden, saved
from tests.test_result import DESIRED, ONE_OF_EACH, SMALL, step

BRAND = Path(__file__).parent.parent / "examples" / "brand"
APPLY = ("apply", "--auto-approve", "--sandbox", "world.yaml")
CUT = "This is not the whole report"
UNKNOWN = saved(
    Plan(blocked=(replace(PLANS["every-row"].plan.blocked[0], reason=Reason("unknown_status", "what is that?")),))
)
UNREAD_TOO = replace(UNKNOWN, plan=replace(UNKNOWN.plan, unread=("what acme sees of Pages could not be read",)))


def ended(*steps: Step, plan=SMALL, code: int = 0, **more: object) -> Ended:
    return Ended(Result("r1", steps, **more), plan, DESIRED, Cost(4, 9), code)


def test_what_became_of_every_step_reads_as_agreed_in_markdown(request):
    plan = saved(Plan(waiting=WAITING[1:], blocked=PLANS["every-row"].plan.blocked[:2]))
    shown = ended(*ONE_OF_EACH, plan=plan, code=5, head=Head(12, "c" * 64))
    golden(request, "result-left.md", result_markdown(shown))


@pytest.mark.parametrize(
    ("steps", "plan", "more", "title"),
    [
        ([step(1, Outcome.APPLIED)], SMALL, {}, "Apply complete"),
        ([step(1, Outcome.WAITING)], SMALL, {}, "Apply complete"),
        ([step(1, Outcome.FAILED)], SMALL, {}, "Apply ended, and not everything was done"),
        ([step(1, Outcome.STALE)], SMALL, {}, "Apply ended, and not everything was done"),
        ([step(1, Outcome.SKIPPED)], SMALL, {"stopped_by": KeyboardInterrupt()}, "Apply was stopped"),
        ([step(1, Outcome.APPLIED)], PLANS["every-row"], {}, "Apply complete, and not everything could be read"),
        ([step(1, Outcome.APPLIED)], UNKNOWN, {}, "Apply complete, and not everything is known"),
        ([step(1, Outcome.APPLIED)], UNREAD_TOO, {}, "Apply complete, and not everything could be read"),
    ],
)
def test_the_title_says_how_it_ended(steps, plan, more, title):
    assert result_markdown(ended(*steps, plan=plan, **more)).splitlines()[0] == f"### {title}"


def test_what_was_done_in_the_sandbox_says_so():
    plan = replace(SMALL, origin=replace(SMALL.origin, graph_url="sandbox:world.yaml"))
    assert "From the sandbox, not from Meta." in result_markdown(ended(plan=plan))
    assert "sandbox" not in result_markdown(ended())


def test_where_all_is_done_only_the_count_and_the_steps_stand():
    text = result_markdown(ended(step(1, Outcome.APPLIED, "")))
    assert "**Apply complete: 1 granted.**" in text
    assert text.count("```diff") == 1
    assert "do:" not in text


def named(name: str) -> Ended:
    """What apply did, and did not, where everything that a stranger can name is called so."""
    plan = replace(
        SMALL, plan=Plan(waiting=tuple(replace(row, asset=replace(row.asset, name=name)) for row in WAITING))
    )
    bad = [
        action(verb, AssetRef(WAITING[0].asset.kind, "5", "", name), BusinessRef("2", "", name), NOTHING, HOLDS)
        for verb in Verb
    ]
    steps = [Step(one, outcome, name, name, live=NOTHING) for one in bad for outcome in Outcome]
    return ended(*steps, plan=plan, code=5)


@pytest.mark.parametrize(
    "number", [pytest.param(60, id="some"), pytest.param(1000, id="all", marks=pytest.mark.campaign)]
)
def test_no_name_comes_alive_in_what_became_of_a_plan(number):
    whole = as_github_shows(result_markdown(named("Acme"), SUMMARY)).tags
    for name in names(1000)[:: 1000 // number]:
        text = result_markdown(named(name), SUMMARY)
        seen = as_github_shows(text)
        assert seen.tags == whole, name
        assert live_references(seen) == [], name
        assert commands_in(text) == [], name
        least = as_github_shows(result_markdown(named(name), Limit(LEAST)))
        assert set(least.tags) <= {*whole, "blockquote"}, name


@pytest.mark.parametrize("limit", [Limit(LEAST), Limit(60_000), SUMMARY], ids=str)
@pytest.mark.parametrize("do", [["do so"], [f"do {n}" for n in range(3000)]], ids=["alike", "each other"])
def test_what_does_not_fit_is_counted_and_what_went_wrong_stays_first(limit, do):
    steps = [step(n, Outcome.APPLIED) for n in range(2990)]
    steps += [step(n, Outcome.FAILED, hint=do[n % len(do)]) for n in range(2990, 5000)]
    text = result_markdown(ended(*steps, code=5), limit)
    assert limit.size(text) <= limit.most
    assert "2990 granted. 2010 failed." in text
    told = len(re.findall(r"^[+!] (granted|failed \(grant\))", text, re.MULTILINE))
    assert told > 5
    if told == 5000:
        assert CUT not in text
        return
    assert f"{5000 - told} steps" in text
    assert f"<summary>5000 steps ({told:,} of them shown)</summary>" in text
    assert CUT in text
    assert "! failed (grant)" in text
    assert "+ granted" not in text or told > 2010


def test_the_files_say_what_stdout_says(run, tmp_path):
    brand = shutil.copytree(BRAND, tmp_path / "brand", ignore=shutil.ignore_patterns(".*"))
    renders = [f"--render={name}=out.{name}" for name in RESULT_FORMATS]
    found = run(*APPLY, *renders, "--format", "json", cwd=brand)
    assert {path.name for path in brand.glob("out.*")} == {f"out.{name}" for name in RESULT_FORMATS}, found.stderr
    assert {stat.S_IMODE(path.stat().st_mode) for path in brand.glob("out.*")} == {0o600}
    assert json.loads((brand / "out.json").read_text()) == json.loads(found.stdout)
    events = [json.loads(line) for line in (brand / "out.ndjson").read_text().splitlines()]
    assert [event["type"] for event in events[:2]] == ["version", "plan"]
    assert events[-1]["exit_code"] == found.returncode
    validator = Draft202012Validator(load_schema("events"))
    assert [error.message for event in events for error in validator.iter_errors(event)] == []
    assert (brand / "out.markdown").read_text().startswith("### Apply complete")
    assert (brand / "out.markdown").read_text() == (brand / "out.step-summary").read_text()


def test_a_file_that_cannot_be_written_is_found_out_before_anything_is_sent(company, run):
    company.asset("page", "de-1", "71", agencies={"mediahouse": ["ANALYZE"]}, live={})
    company.write()
    found = run(*APPLY, "--render=json=out.json", "--render=markdown=missing/out.md", cwd=company.directory)
    assert (found.returncode, found.stdout) == (1, "")
    assert "error: missing/out.md cannot be written: No such file or directory" in found.stderr
    assert not (company.directory / "out.json").exists()
    assert company.writes == ()


def test_a_file_that_can_no_longer_be_written_costs_no_step_no_result_and_no_other_file(company):
    files = ("--render=markdown=there/out.md", "--render=json=out.json", "--render=text=there/out.txt")
    (company.directory / "there").mkdir()
    with held(company, through=1) as (sandbox, url), started(company, url, *WITHOUT_ASKING, *files) as apply:
        until_three_are_sent(company)
        (company.directory / "there").rmdir()
        sandbox.free.set()
        code, stdout = apply.end()
    said = " ".join(" ".join(visible(apply.said)).split())
    assert code == 1
    assert "error: the run itself has ended, but there/out.md cannot be written" in said
    assert "; there/out.txt cannot be written" in said
    assert "hint: accessctl history shows what was done" in said
    result = json.loads((company.directory / "out.json").read_text())
    assert result["summary"]["applied"] == 12
    assert "Apply complete: 12 granted." in stdout


@pytest.mark.parametrize("why", ["guard", "manifest", "plan"])
def test_a_run_that_has_no_result_leaves_none_of_an_earlier_one(company, run, why):
    for number in range(70, 90):
        company.asset("page", f"p-{number}", str(number), agencies={}, live={MEDIAHOUSE: ["ANALYZE"]})
    company.write()
    place = company.directory
    (place / "of-last-night.md").write_text("### Apply complete")
    (place / "out.md").symlink_to("of-last-night.md")
    if why == "manifest":
        (place / "access" / "all.yaml").write_text("pages: 5")
    plan = ["missing.json"] if why == "plan" else []
    found = run(*APPLY, *plan, "--render=markdown=out.md", cwd=place)
    assert found.returncode == (3 if why == "guard" else 1), found.stderr
    assert not (place / "out.md").exists()
    assert company.writes == ()


@pytest.mark.parametrize(
    "file",
    ["access/all.yaml", "world.yaml", "link.md", ".accessctl/journal.jsonl", "kept.jsonl", "./access/../plan.json"],
)
def test_what_apply_reads_or_keeps_is_never_taken_for_a_result(company, run, file):
    company.asset("page", "de-1", "71", agencies={"mediahouse": ["ANALYZE"]}, live={})
    company.write()
    place = company.directory
    run("plan", "--out", "plan.json", "--sandbox", "world.yaml", cwd=place)
    (place / "link.md").symlink_to("access/all.yaml")
    (place / "kept.jsonl").write_text("")
    (place / ".accessctl" / "journal.jsonl").touch()
    before = (place / file).read_bytes()
    found = run("apply", "plan.json", *APPLY[1:], "--journal=kept.jsonl", f"--render=markdown={file}", cwd=place)
    assert found.returncode == 64, found.stderr
    assert (place / file).read_bytes() == before
    assert company.writes == ()


def test_a_run_that_was_stopped_tells_in_files_what_became_of_it(company):
    """A file that cannot be written is not what ended it."""
    files = ("--render=json=out.json", "--render=markdown=gone/out.md")
    (company.directory / "gone").mkdir()
    with held(company, through=1) as (sandbox, url), started(company, url, *WITHOUT_ASKING, *files) as apply:
        until_three_are_sent(company)
        apply.process.send_signal(signal.SIGINT)
        apply.until("finishing 3 calls in flight")
        (company.directory / "gone").rmdir()
        sandbox.free.set()
        ended, _ = apply.end()
    assert ended == 130
    assert "warning: gone/out.md cannot be written" in " ".join(visible(apply.said))
    result = json.loads((company.directory / "out.json").read_text())
    assert (result["summary"]["applied"], result["summary"]["skipped"]) == (4, 8)


def test_a_plan_that_is_refused_leaves_no_file(run, tmp_path):
    brand = shutil.copytree(BRAND, tmp_path / "brand", ignore=shutil.ignore_patterns(".*"))
    found = run("apply", "--sandbox", "world.yaml", "--render=markdown=out.md", cwd=brand)
    assert found.returncode == 3
    assert not (brand / "out.md").exists()


def test_the_plan_that_is_applied_is_not_written_over(run, tmp_path):
    brand = shutil.copytree(BRAND, tmp_path / "brand", ignore=shutil.ignore_patterns(".*"))
    run("plan", "--out", "plan.json", "--sandbox", "world.yaml", cwd=brand)
    before = (brand / "plan.json").read_bytes()
    found = run(
        "apply", "plan.json", "--auto-approve", "--render=json=./plan.json", "--sandbox", "world.yaml", cwd=brand
    )
    assert found.returncode == 64
    assert (brand / "plan.json").read_bytes() == before


@pytest.mark.parametrize("name", RESULT_FORMATS)
def test_every_format_can_be_made_of_what_became_of_any_plan(name):
    for plan in PLANS.values():
        assert RESULT_FORMATS[name].render(ended(*ONE_OF_EACH, plan=plan, code=5), Layout(NOW))

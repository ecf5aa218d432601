"""A plan in any format, on stdout and in files: --format, --render, --max-chars and --marker."""

from __future__ import annotations

import json
import shutil
import stat
from pathlib import Path

import pytest

from accessctl.plan.document import save
from accessctl.planfile import write_plan
from accessctl.render.formats import PLAN_FORMATS, Layout, render_plan
from accessctl.render.limit import LEAST, Limit
from tests.test_render import NOW, PLANS

BRAND = Path(__file__).parent.parent / "examples" / "brand"
PLAN = ("plan", "--sandbox", "world.yaml")


@pytest.fixture
def brand(tmp_path) -> Path:
    return shutil.copytree(BRAND, tmp_path / "brand", ignore=shutil.ignore_patterns(".*"))


@pytest.fixture
def plan_file(tmp_path) -> Path:
    """A plan file with a row of every kind, as plan --out writes it."""
    made = PLANS["every-row"]
    path = tmp_path / "brand" / "plan.json"
    path.parent.mkdir()
    write_plan(path, save(made.plan, made.origin, made.verdict, made.created_at))
    return path


@pytest.mark.parametrize("name", PLAN_FORMATS)
def test_every_format_can_be_made_of_every_plan(name):
    for plan in PLANS.values():
        assert render_plan(plan, name, Layout(NOW))


def test_all_files_are_written_beside_what_is_printed(run, brand):
    renders = [f"--render={name}=out.{name}" for name in PLAN_FORMATS]
    found = run(*PLAN, *renders, "--format", "ndjson", cwd=brand)
    assert json.loads(found.stdout.splitlines()[0])["type"] == "version"
    assert {path.name for path in brand.glob("out.*")} == {f"out.{name}" for name in PLAN_FORMATS}
    assert {stat.S_IMODE(path.stat().st_mode) for path in brand.glob("out.*")} == {0o600}
    assert (brand / "out.markdown").read_text().startswith("<!-- accessctl:plan:default -->\n")
    assert (brand / "out.ndjson").read_text() == found.stdout


def test_show_makes_the_same_of_a_plan_file(run, plan_file):
    for name in ("markdown", "ndjson", "json"):
        shown = run("show", "plan.json", "--format", name, "--render", f"{name}=again", cwd=plan_file.parent)
        assert (shown.returncode, shown.stdout) == (0, (plan_file.parent / "again").read_text())
    assert json.loads(shown.stdout) == json.loads(plan_file.read_text())


def test_files_are_plain_text_even_where_colour_is_wanted(run, plan_file):
    run("show", "plan.json", "--render", "text=plan.txt", cwd=plan_file.parent, FORCE_COLOR="1")
    assert "\x1b" not in (plan_file.parent / "plan.txt").read_text()


def test_a_file_that_cannot_be_written_is_an_error(run, plan_file):
    found = run("show", "plan.json", "--render", "markdown=missing/plan.md", cwd=plan_file.parent)
    assert found.returncode == 1
    assert "error: missing/plan.md cannot be written" in found.stderr


def test_a_file_that_was_there_is_replaced_whole_or_not_at_all(run, plan_file):
    old = plan_file.with_name("plan.md")
    old.write_text("x" * 1_000_000)
    run("show", "plan.json", "--render", "markdown=plan.md", cwd=plan_file.parent)
    assert "x" * 100 not in old.read_text()


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--render=pdf=x", "is not FORMAT=FILE with a format of text, json, ndjson, markdown"),
        ("--render=markdown", "is not FORMAT=FILE"),
        ("--render=markdown=", "is not FORMAT=FILE"),
        ("--render=markdown=access", "access is a directory"),
        ("--format=pdf", "'pdf' is not one of"),
        (f"--max-chars={LEAST - 1}", "not in the range"),
        ("--marker=-->", "up to 100 letters"),
        ("--marker=", "up to 100 letters"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_read(run, brand, option, said):
    found = run("plan", option, cwd=brand)
    assert found.returncode == 64
    assert said in " ".join(found.stderr.split())


@pytest.mark.parametrize("options", [("--render=text=x", "--render=json=./x"), ("--out=x", "--render=text=x")])
def test_no_file_is_written_twice(run, brand, options):
    found = run(*PLAN, *options, cwd=brand)
    assert found.returncode == 64
    assert not (brand / "x").exists()


def test_markdown_is_cut_to_what_is_asked_and_carries_its_marker(run, plan_file):
    shown = run(
        "show", "plan.json", "--format", "markdown", "--max-chars", str(LEAST), "--marker", "eu", cwd=plan_file.parent
    )
    assert Limit(LEAST).size(shown.stdout) <= LEAST
    assert shown.stdout.startswith("<!-- accessctl:plan:eu -->\n")
    assert "this is not the whole plan" in shown.stdout


def test_lines_are_links_in_a_job_below_its_checkout(run, plan_file):
    job = {
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_REPOSITORY": "acme/access",
        "GITHUB_SHA": "a" * 40,
        "GITHUB_WORKSPACE": str(plan_file.parent.parent.resolve()),
    }
    shown = run("show", "plan.json", "--format", "markdown", cwd=plan_file.parent, **job)
    assert f"https://github.com/acme/access/blob/{'a' * 40}/brand/access/" in shown.stdout


def test_the_schema_of_events_is_printed(run):
    assert json.loads(run("schema", "events").stdout)["title"] == "accessctl events"

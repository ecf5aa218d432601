"""The sandbox of a world is that of the project around it, and sandbox notify sends only what a webhook takes."""

from __future__ import annotations

import shlex
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.company import ACME

ROOT = Path(__file__).parent.parent.parent
NOTIFY = ("sandbox", "notify", "world.yaml", "http://127.0.0.1:9/webhook")
VERBS = {
    "reset": (),
    "forward": ("40d",),
    "accept": (),
    "decline": ("79", ACME),
    "approve": (),
    "notify": (NOTIFY[-1], "--user", "4444444444", "--expires", "30d"),
}


@pytest.fixture
def inside(tmp_path: Path) -> Path:
    """A project, seen from the directory two above it."""
    to = tmp_path / "examples" / "of brand"
    return shutil.copytree(ROOT / "examples" / "brand", to, ignore=shutil.ignore_patterns(".*"))


@pytest.mark.parametrize("verb", VERBS)
def test_nothing_is_done_to_the_sandbox_of_a_project_from_outside_it(inside, run, verb):
    found = run("sandbox", verb, "examples/of brand/world.yaml", *VERBS[verb])
    assert (found.returncode, found.stdout) == (1, "")
    more = " ..." if verb != "reset" else ""
    assert found.stderr == (
        "error: there is no accessctl.yaml here, and examples/of brand/world.yaml belongs to the project in "
        "examples/of brand\n"
        f"hint: run it there: accessctl -C 'examples/of brand' sandbox {verb} world.yaml{more}\n"
    )
    assert not list(inside.parent.parent.rglob(".accessctl"))


def test_what_the_refusal_says_to_run_does_it(inside, run):
    hint = run("sandbox", "reset", "examples/of brand/world.yaml").stderr.partition("there: accessctl ")[2]
    assert run(*shlex.split(hint)).stderr == "the sandbox starts again from world.yaml\n"


def test_a_world_without_a_project_around_it_is_kept_where_one_is(inside, run, tmp_path):
    (inside / "accessctl.yaml").unlink()
    assert run("sandbox", "forward", "examples/of brand/world.yaml", "40d").returncode == 0
    assert (tmp_path / ".accessctl" / "sandbox").is_dir()


def test_a_project_may_have_its_world_anywhere(inside, run):
    other = inside.parent / "other"
    other.mkdir()
    (other / "accessctl.yaml").write_text("version: 1\nacts_as: [acme]\n")
    assert run("sandbox", "reset", "../of brand/world.yaml", cwd=other).returncode == 0


def test_a_time_that_is_none_leaves_no_trace(inside, run, tmp_path):
    shutil.copy(inside / "world.yaml", tmp_path)
    assert run("sandbox", "forward", "world.yaml", "soon").returncode == 64
    assert not (tmp_path / ".accessctl").exists()


def notify(run, user: str = "4444444444", expires: str = "30d") -> tuple[int, str]:
    found = run(*NOTIFY, "--user", user, "--expires", expires)
    return found.returncode, found.stderr


@pytest.mark.parametrize("user", ["", "me", "44x", "-4", "4" * 33, "4٠"])
def test_who_moves_is_named_by_digits(company, run, user):
    company.write()
    code, said = notify(run, user=user)
    assert (code, "is no id of a person; write 1 to 32 digits" in said) == (64, True), said


@pytest.mark.parametrize("expires", ["", "30", "soon", "2027-13-01", "2027-05-04T10:00", "4٠d"])
def test_an_end_is_in_some_days_or_a_day_or_a_moment(company, run, expires):
    company.write()
    code, said = notify(run, expires=expires)
    assert (code, "is no time; write it like 30d, 2" in said) == (64, True), said


@pytest.mark.parametrize("expires", ["1096d", "9999d", "9999-12-31T23:59:59Z", "1970-01-01"])
def test_an_end_that_the_webhook_takes_for_none_is_not_sent(company, run, expires):
    company.write()
    code, said = notify(run, expires=expires)
    words = f"the webhook takes such an end for none: {expires} is more than 3 years away; try 30d"
    assert (code, words in said) == (64, True), said


def test_an_end_that_help_and_messages_give_as_an_example_is_sent(company, run):
    company.world["app_secret"] = "secret"
    company.write()
    soon = datetime.now(UTC) + timedelta(days=30)
    for expires in ("30d", f"{soon:%Y-%m-%d}", f"{soon:%Y-%m-%dT%H:%M:%SZ}"):
        code, said = notify(run, expires=expires)
        assert (code, "127.0.0.1:9/webhook does not answer" in said) == (1, True), said
    assert "20" not in run("sandbox", "notify", "--help").stdout.partition("--expires")[2].partition("--form")[0]

"""Time that passes in the sandbox at once: accessctl sandbox forward. No test asks what day it is outside."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from accessctl.connection import opened_sandbox
from tests.company import ACME, MEDIAHOUSE, SISTER

if TYPE_CHECKING:
    from pathlib import Path

    from tests.company import Company

SANDBOX = ("--sandbox", "world.yaml")
FORWARD = ("sandbox", "forward", "world.yaml")
MOVES = "2099-05-04T12:00:00Z"


@pytest.fixture
def timeless(company: Company) -> Company:
    """A company whose world has no clock of its own that stands."""
    del company.world["now"]
    return company


@pytest.fixture
def moving(timeless: Company) -> Company:
    """The token of a person, who moves to a managed account on a day far away."""
    timeless.asset("ad_account", "de", "71", agencies={"mediahouse": ["ANALYZE"]}, live={MEDIAHOUSE: ["ANALYZE"]})
    timeless.world["tokens"] = {"person": {"business": ACME, "kind": "user", "access_expires": {"act_71": MOVES}}}
    timeless.world["acts_with"] = {ACME: "person"}
    timeless.write()
    return timeless


def text(found) -> str:
    return " ".join(found.stdout.split())


def journal_days(company: Company) -> set[str]:
    (path,) = (company.directory / ".accessctl" / "sandbox").glob("*.journal.jsonl")
    return {json.loads(line)["at"][:10] for line in path.read_text().splitlines()}


def test_a_move_is_lived_through_from_40_days_before_it_to_the_day_after(moving, run):
    for day, code, plan, doctor in (
        ("2099-03-25", 0, "No changes. Live access matches the manifests.", "Meta foretells no end of what this token"),
        ("2099-04-14", 0, 'loses ad account de (act_71) "De" on 4 May 2099 (in 20 days)', "on 4 May 2099 (in 20 days)"),
        ("2099-05-04", 0, "on 4 May 2099 (today)", "on 4 May 2099 (today)"),
        ("2099-05-05", 5, "this token lost act_71 on 4 May 2099", "problem this token lost ad account de (act_71) on"),
    ):
        assert run(*FORWARD, day).stderr == f"done: in the sandbox it is now {day}T00:00:00Z\n"
        planned = run("plan", *SANDBOX)
        assert (planned.returncode, plan in text(planned)) == (code, True), planned.stdout
        assert doctor in text(run("doctor", *SANDBOX))
    assert run("apply", "--auto-approve", *SANDBOX).returncode == 5
    assert moving.writes == ()


def test_where_nothing_was_noted_before_the_day_hidden_is_not_told_from_gone(moving, run):
    assert run(*FORWARD, "2099-05-05").returncode == 0
    assert "it is hidden from this token, or gone" in text(run("plan", *SANDBOX))
    assert "cannot be known: whether this token lost ad account de (act_71)" in text(run("doctor", *SANDBOX))


def test_a_request_grows_old_while_the_client_says_nothing(timeless, run):
    timeless.asset("page", "shop", "79", owner="client", agencies={"acme": ["ANALYZE"]}, live={})
    timeless.write()
    assert run("apply", "--auto-approve", *SANDBOX).returncode == 0
    assert "(0 days)" in text(run("waiting", *SANDBOX))
    run(*FORWARD, "15d")
    assert "(15 days, stale)" in text(run("waiting", *SANDBOX))


def test_what_was_declared_until_a_day_is_revoked_after_it_and_the_journal_has_the_sandboxs_days(timeless, run):
    until = {"mediahouse": {"tasks": ["ANALYZE"], "until": "2099-03-31"}}
    timeless.asset("ad_account", "de", "71", agencies=until, live={MEDIAHOUSE: ["ANALYZE"]})
    timeless.write()
    run(*FORWARD, "2099-03-31")
    assert "No changes." in run("plan", *SANDBOX).stdout
    run(*FORWARD, "1d")
    assert "Apply complete: 1 revoked." in run("apply", "--auto-approve", *SANDBOX).stdout
    assert journal_days(timeless) == {"2099-04-01"}
    assert {write.at.date().isoformat() for write in timeless.writes} == {"2099-04-01"}


def test_a_cancel_of_a_request_stands_in_the_journal_with_the_sandboxs_day(timeless, run):
    timeless.asset("ad_account", "de", "71", agencies={"mediahouse": ["ANALYZE"]}, live={MEDIAHOUSE: ["ANALYZE"]})
    timeless.world["obo_requests"] = {"9001": {"ad_account": "71", "receiving": SISTER, "requesting": ACME}}
    timeless.write()
    run(*FORWARD, "2099-04-01")
    assert run("obo", "cancel", "9001", "--auto-approve", *SANDBOX).returncode == 0
    assert journal_days(timeless) == {"2099-04-01"}


def test_each_world_has_a_clock_of_its_own_and_a_reset_sets_it_right(moving, run):
    other = moving.directory / "other.yaml"
    other.write_text((moving.directory / "world.yaml").read_text() + "\n")
    run(*FORWARD, "2099-05-05")
    assert "No changes. Live" in run("plan", "--sandbox", "other.yaml").stdout
    assert run("plan", *SANDBOX).returncode == 5
    assert run("sandbox", "reset", "world.yaml").returncode == 0
    assert run("plan", *SANDBOX).returncode == 0


def test_an_option_that_names_a_day_is_judged_by_the_sandboxs_clock_and_without_one_by_the_machines(moving, run):
    asked = ("doctor", "--verification-email", "2099-04-10")
    run(*FORWARD, "2099-04-14")
    assert "gives 60 days for access verification, until 2099-06-09" in text(run(*asked, *SANDBOX))
    found = run(*asked)
    assert (found.returncode, "has not come yet" in found.stderr) == (64, True)


def test_time_does_not_pass_while_another_command_is_in_the_sandbox(moving, run):
    with opened_sandbox(moving.directory, moving.directory / "world.yaml", ""):
        found = run(*FORWARD, "40d")
    assert found.returncode == 1
    assert found.stderr.startswith("error: another command is using the sandbox")
    assert "hint: wait until it has ended" in found.stderr
    assert run("plan", *SANDBOX).returncode == 0
    assert "Example: accessctl sandbox forward" in run("sandbox", "forward", "--help").stdout


def test_time_goes_on_from_where_it_was_taken_to_and_only_forward(moving, run):
    run(*FORWARD, "2099-04-14T10:00:00Z")
    assert run(*FORWARD, "21d").stderr.startswith("done: in the sandbox it is now 2099-05-05T10:00:")
    for time, said in (
        ("2099-05-05", "error: 2099-05-05T00:00:00Z has passed in this sandbox\nhint: name a later moment"),
        ("3000-01-01", "error: 3000-01-01T00:00:00Z is too far away\n"),
    ):
        found = run(*FORWARD, time)
        assert (found.returncode, found.stderr.startswith(said)) == (1, True), found.stderr
    assert run("plan", *SANDBOX).returncode == 5


@pytest.mark.parametrize("time", ["", "40", "d", "-1d", "99999d", "2099-13-01", "2099-05", "tomorrow", "4٠d"])
def test_what_is_no_time_is_wrong_usage(moving, run, time):
    found = run("sandbox", "forward", "world.yaml", "--", time)
    assert (found.returncode, "is no time; write it like 40d, 2031-05-04" in found.stderr) == (64, True)


def test_a_world_whose_clock_stands_is_not_taken_forward(company, run):
    company.write()
    found = run(*FORWARD, "40d")
    assert found.stderr.startswith("error: this world has a clock of its own that stands\nhint: take `now` out")


@pytest.mark.parametrize("content", ["", "soon", "1e9", "9" * 12, "9" * 30, "-5", "\xff"])
def test_a_clock_that_cannot_be_read_is_told_and_a_reset_mends_it(moving, run, content):
    run(*FORWARD, "40d")
    clock = only_clock(moving.directory)
    clock.write_text(content, encoding="latin-1")
    found = run("plan", *SANDBOX)
    assert (found.returncode, found.stdout) == (1, "")
    assert found.stderr == (
        "error: the clock of world.yaml cannot be read\nhint: start again: accessctl sandbox reset world.yaml\n"
    )
    assert run("sandbox", "reset", "world.yaml").returncode == 0
    assert run("plan", *SANDBOX).returncode == 0


def test_a_state_that_cannot_be_read_is_mended_by_a_reset_as_its_hint_says(timeless, run):
    timeless.asset("page", "de", "71", agencies={"mediahouse": ["ANALYZE"]}, live={})
    timeless.write()
    assert run("apply", "--auto-approve", *SANDBOX).returncode == 0
    (state,) = (timeless.directory / ".accessctl" / "sandbox").glob("world-*.json")
    state.write_text("{")
    assert "accessctl sandbox reset" in run("plan", *SANDBOX).stderr
    assert run("sandbox", "reset", "world.yaml").returncode == 0
    assert "Plan: 1 to grant." in run("plan", *SANDBOX).stdout


def only_clock(directory: Path) -> Path:
    (clock,) = (directory / ".accessctl" / "sandbox").glob("*.ahead")
    return clock

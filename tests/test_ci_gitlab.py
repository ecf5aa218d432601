"""The kit for GitLab: the scripts in its jobs, run as GitLab runs them, on the sandbox."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from accessctl.strictjson import canonical
from tests.ci_place import GITLAB_KIT, Place, gitlab_job, gitlab_jobs, place
from tests.forging import forged
from tests.github_runner import git
from tests.gitlab_peer import ME, NOTES, OTHER, TOKEN, Gitlab, gitlab

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.ci_place import Run

JOBS = gitlab_jobs()
MARKER = "<!-- accessctl:plan:default -->"
HOSTILE = f"{MARKER}\nThis is a plan.\n  /merge\n"


@pytest.fixture
def ci(tmp_path) -> Iterator[Place]:
    with place(tmp_path, GITLAB_KIT) as made:
        yield made


@pytest.fixture
def forge() -> Iterator[Gitlab]:
    with gitlab() as made:
        yield made


@pytest.fixture
def job(ci, forge) -> Run:
    return gitlab_job(ci, forge)


@pytest.fixture
def branch(ci) -> Place:
    """The project on a branch of its own, so that what is committed is not on main."""
    git(ci.project, "switch", "-q", "-c", "change")
    return ci


def ours(forge: Gitlab) -> list[str]:
    return [one["body"] for one in forge.lists[NOTES] if one["author"] == ME]


def test_a_merge_request_gets_widget_code_quality_and_one_note(job, forge, branch):
    for number in range(120):
        forge.add(NOTES, OTHER, {"body": f"{MARKER}\nforged {number}"})
    for _ in range(2):
        assert job("accessctl plan").returncode == 0
        done = job("accessctl note")
        assert done.returncode == 0, done.stderr
    (note,) = ours(forge)
    assert note.startswith(MARKER)
    assert "1 to revoke" in note
    reports = JOBS["accessctl plan"]["artifacts"]["reports"]
    assert json.loads((branch.project / reports["terraform"]).read_text()) == {"create": 3, "update": 1, "delete": 1}
    assert json.loads((branch.project / reports["codequality"]).read_text()) == []
    branch.edit("access/acme.yaml", "profile: analyst", "profile: analist")
    assert job("accessctl plan").returncode == 1
    assert job("accessctl note").returncode == 0
    assert "### No plan" in ours(forge)[0]
    (problem,) = json.loads((branch.project / reports["codequality"]).read_text())
    assert problem["location"]["path"] == "access/acme.yaml"
    assert not list(branch.root.rglob("pwned"))


def test_without_a_token_for_notes_nothing_is_posted(job, forge):
    assert job("accessctl plan").returncode == 0
    done = job("accessctl note", ACCESS_NOTE_TOKEN="")
    assert done.returncode == 0
    assert "nothing is posted" in done.stdout
    assert forge.lists[NOTES] == []


def test_a_merge_request_says_where_the_guards_are_looser_than_before_it(job, branch):
    branch.edit("accessctl.yaml", "max_revokes: 20", "max_revokes: 99")
    branch.commit()
    assert job("accessctl plan").returncode == 0
    assert "max_revokes" in (branch.project / "plan.md").read_text()
    assert job("accessctl plan", CI_MERGE_REQUEST_TARGET_BRANCH_SHA=branch.commit()).returncode == 0
    assert "max_revokes" not in (branch.project / "plan.md").read_text()
    assert job("accessctl plan", CI_MERGE_REQUEST_DIFF_BASE_SHA="0" * 40).returncode == 1
    assert JOBS["accessctl plan"]["variables"] == {"GIT_DEPTH": "0"}  # so that the commit is there


def test_the_first_merge_request_may_bring_the_project(job, ci):
    git(ci.project, "switch", "-q", "--orphan", "empty")
    empty = ci.commit()
    git(ci.project, "switch", "-q", "main")
    done = job("accessctl plan", CI_MERGE_REQUEST_DIFF_BASE_SHA=empty)
    assert done.returncode == 0, done.stderr
    assert "There was no accessctl.yaml before this change" in done.stdout


def test_who_posts_runs_nothing_of_the_branch_and_posts_no_file_of_it(job, forge, branch):
    (branch.project / GITLAB_KIT / "notes.py").write_text("import pathlib; pathlib.Path('pwned').touch()")
    (branch.project / "json.py").write_text("import pathlib; pathlib.Path('pwned').touch()")
    branch.commit()
    assert job("accessctl plan").returncode == 0
    assert job("accessctl note").returncode == 0
    assert "1 to revoke" in ours(forge)[0]
    assert not list(branch.root.rglob("pwned"))
    (branch.project / "plan.md").write_text(f"{MARKER}\nNo changes.\n")
    branch.commit()
    assert job("accessctl note").returncode != 0
    assert "1 to revoke" in ours(forge)[0]


@pytest.mark.parametrize(
    ("made", "told"),
    [
        ('printf %s "$HOSTILE" > plan.md', "has a line that GitLab would take for a command"),
        ("ln -s /proc/self/environ plan.md", "plan.md is not there"),
        ("mkfifo plan.md", "plan.md is no file"),
        ("mkdir plan.md", "plan.md is not there"),
        ("true", "plan.md is not there"),
        ("printf '\\377' > plan.md", "or no text"),
        ("{ head -n1 <<<\"$HOSTILE\"; head -c 1100000 /dev/zero | tr '\\0' x; } > plan.md", "is too long"),
        ("truncate -s 5M plan.md", "or too large"),
        ("echo '<!-- accessctl:plan:other -->' > plan.md", "does not begin as a plan does"),
    ],
)
def test_what_is_no_plan_is_not_posted_and_the_old_one_does_not_stay(job, forge, ci, made, told):
    forge.add(NOTES, ME, {"body": f"{MARKER}\nold"})
    assert ci.script(made, HOSTILE=HOSTILE).returncode == 0
    done = job("accessctl note")
    assert done.returncode == 0, done.stderr
    assert told in done.stdout
    (note,) = ours(forge)
    assert note.startswith(f"{MARKER}\n\n### No plan\n")
    assert TOKEN not in note


def test_a_fork_is_planned_from_the_snapshot_with_no_secret_and_no_call(job, branch):
    assert job("accessctl snapshot").returncode == 0
    branch.edit("accessctl.yaml", "max_revokes: 20", "max_revokes: 99")
    git(branch.project, "commit", "-q", "-a", "-m", "Theirs")
    asked = len(branch.meta.calls)
    done = job("accessctl plan from a fork", ACCESSCTL_STATE="s3://not-theirs/x", ACCESSCTL_TOKEN="none")
    assert done.returncode == 0, done.stderr
    assert "max_revokes" in (branch.project / "plan.md").read_text()
    assert len(branch.meta.calls) == asked
    spy = branch.root / "bin" / "accessctl"
    spy.parent.mkdir()
    spy.write_text(f"#!/bin/sh\nenv >> {branch.root}/seen\n")
    spy.chmod(0o755)
    job("accessctl plan from a fork", ACCESSCTL_TOKEN_ACME="none", PATH=f"{spy.parent}:/usr/bin:/bin")
    seen = (branch.root / "seen").read_text()
    assert "CI_PROJECT_DIR=" in seen
    assert "ACCESSCTL_" not in seen
    branch.commit()  # and now the snapshot is a file that the fork has brought
    assert "there is no snapshot" in job("accessctl plan from a fork").stderr
    (branch.project / "live.json").unlink()
    assert job("accessctl plan from a fork").returncode == 1


def test_a_plan_of_the_branch_itself_is_not_taken_for_one_that_was_made(job, branch):
    branch.edit("access/acme.yaml", "profile: analyst", "profile: analist")
    for name in ("plan.md", "plan.json", "tfplan.json"):
        (branch.project / name).write_text("No changes.")
    branch.commit()
    assert job("accessctl plan").returncode == 1
    assert not any((branch.project / name).exists() for name in ("plan.md", "plan.json", "tfplan.json"))


def test_the_plan_of_main_is_applied_by_its_digest_alone(job, ci):
    assert job("accessctl plan of main").returncode == 0
    name, _, digest = (ci.project / "digest.env").read_text().strip().partition("=")
    plan = ci.project / "plan.json"
    honest = plan.read_text()
    plan.write_text(canonical(forged(json.loads(honest), lambda made: made["actions"].pop(0))))
    swapped = job("accessctl apply", **{name: digest})
    assert swapped.returncode == 4
    assert "not the one expected" in swapped.stderr
    plan.write_text(honest)
    assert job("accessctl apply").returncode != 0
    assert ci.meta.write_log == ()
    done = job("accessctl apply", **{name: digest})
    assert done.returncode == 0, done.stderr
    assert len(ci.meta.write_log) == 5


def test_a_refused_plan_needs_its_number_there_too(job, ci):
    ci.edit("accessctl.yaml", "max_revokes: 20", "max_revokes: 0")
    assert job("accessctl plan of main").returncode != 0
    assert not (ci.project / "digest.env").exists()
    assert job("accessctl plan of main", ACCESS_ALLOW_REVOKES="1").returncode == 0
    digest = (ci.project / "digest.env").read_text().strip().partition("=")[2]
    done = job("accessctl apply", ACCESS_DIGEST=digest, ACCESS_ALLOW_REVOKES="1")
    assert done.returncode == 0, done.stderr

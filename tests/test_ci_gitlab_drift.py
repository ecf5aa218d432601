"""Drift in the kit for GitLab: one issue, and no night is green in which not all was read."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from tests.ci_place import GITLAB_KIT, PARTLY_READ, Place, gitlab_job, gitlab_jobs, place
from tests.github_site import LAST_YEAR
from tests.gitlab_peer import ME, NOTES, OTHER, Gitlab, gitlab

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.ci_place import Run

JOBS = gitlab_jobs()
DRIFT = "<!-- accessctl:plan:drift -->"


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


def test_drift_is_one_issue_there_too(job, forge):
    forge.add("issues", OTHER, {"title": "Not ours", "description": DRIFT})
    for _ in range(2):
        assert job("accessctl drift").returncode == 2
        assert job("accessctl drift issue").returncode == 0
    assert [issue["state"] for issue in forge.lists["issues"]] == ["opened", "opened"]
    assert forge.lists["issues"][1]["description"].startswith(DRIFT)
    assert 5 not in JOBS["accessctl drift"]["allow_failure"]["exit_codes"]  # not to see all is a failure


def test_a_refusal_does_not_hide_there_that_not_all_was_read(job, ci):
    ci.edit("accessctl.yaml", "max_revokes: 20", "max_revokes: 0")
    assert job("accessctl drift").returncode == 3
    (ci.project / "access/acme.yaml").write_text(PARTLY_READ)
    ci.meta.give("1029384757", LAST_YEAR, ["ANALYZE"])
    done = job("accessctl drift")
    assert "--allow-revokes 1" in done.stderr
    assert done.returncode == 5
    ci.edit("access/acme.yaml", "businesses:", "businesess:")
    assert job("accessctl drift").returncode == 1


@pytest.mark.parametrize(
    ("blocked", "unread", "codes"),
    [("[]", "[]", {0: 0, 1: 1, 2: 2, 3: 3, 5: 5}), ("[{}]", "[]", {3: 5, 5: 5}), ("[]", '["x"]', {3: 5, 5: 5})],
)
def test_a_night_there_is_green_only_where_everything_was_read(job, ci, blocked, unread, codes):
    spy = ci.root / "bin" / "accessctl"
    spy.parent.mkdir()
    for code, ends in codes.items():
        made = f'{{"blocked": {blocked}, "unread": {unread}}}'
        spy.write_text(f"#!/bin/bash\nprintf '%s' '{made}' >\"$4\"\nexit {code}\n")
        spy.chmod(0o755)
        assert job("accessctl drift", PATH=f"{spy.parent}:{os.environ['PATH']}").returncode == ends


def test_no_name_at_meta_keeps_a_plan_from_being_posted(tmp_path, forge):
    called = {
        "Last Year's Agency": f"Nordwind{' /merge' * 14}",  # wherever a line of it ends, the next begins with a slash
        "Mediahouse Ltd": "/merge",
        "DataCo": f"Nordwind{' / Partner' * 11}",
        "Acme DE Brand": "/ " * 60,
        "Acme DE Shop": f"{'x' * 45} {'y' * 45} /merge now",
        "Acme Deutschland": f"{'x' * 99}\u3000/merge\u2028/merge\n/merge",
    }
    with place(tmp_path, GITLAB_KIT, called) as made:
        run = gitlab_job(made, forge)
        assert run("accessctl plan").returncode == 0
        assert run("accessctl note").stdout == ""
        (note,) = (one["body"] for one in forge.lists[NOTES])
        assert "1 to revoke" in note
        assert run("accessctl drift").returncode == 2
        done = run("accessctl drift issue")
        assert (done.returncode, done.stderr) == (0, "")
        (issue,) = forge.lists["issues"]
        for text in (note, issue["description"]):
            assert "Nordwind" in text
            assert not [line for line in text.splitlines() if line.lstrip().startswith("/")]


def test_the_notes_close_the_issue_only_when_all_was_read(job, forge, ci):
    issue = forge.add("issues", ME, {"title": "Drift", "description": DRIFT})
    (ci.project / "plan.md").write_text(f"{DRIFT}\n")
    for blocked, unread, state in (([{}], [], "opened"), ([], ["a listing"], "opened"), ([], [], "closed")):
        (ci.project / "plan.json").write_text(json.dumps({"actions": [], "blocked": blocked, "unread": unread}))
        done = job("accessctl drift issue")
        assert done.returncode == 0, done.stderr
        assert issue["state"] == state
    (ci.project / "plan.json").write_text("{")
    assert "there is no plan to tell of" in job("accessctl drift issue").stderr

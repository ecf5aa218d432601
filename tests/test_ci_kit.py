"""The kit for GitHub, run as its workflows say: comment, summary, digest, drift, forks, and who may do what."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from accessctl.strictjson import canonical
from tests.ci_place import PARTLY_READ
from tests.forging import forged
from tests.github import as_github_shows, live_references
from tests.github_peer import BOT, REPOSITORY
from tests.github_site import DATACO, LAST_YEAR, MEDIAHOUSE, READER, STARTER, WRITER, Site, site
from tests.runner_commands import commands_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.github_runner import Job, Workflow

MARKER = "<!-- accessctl:plan:default -->"
DRIFT = "<!-- accessctl:plan:drift -->"
OURS = ("::error title=accessctl::", "::warning title=accessctl::", "::notice title=accessctl::")
COMMENT_MOST, SUMMARY_MOST = 65_536, 900 * 1024
SPY = """
import json, os, pathlib, sys
pathlib.Path(os.environ["RUNNER_TEMP"], sys.argv[1]).write_text(json.dumps(dict(os.environ)))
"""
AS_DECLARED = (
    ("1029384756", MEDIAHOUSE, ["ADVERTISE", "ANALYZE"]),
    ("1029384756", DATACO, ["ANALYZE"]),
    ("1029384757", DATACO, ["ANALYZE"]),
    ("778899001122", MEDIAHOUSE, ["ADVERTISE", "ANALYZE", "CREATE_CONTENT"]),
)
STRANGER = "::error::x ##[error]x </details><img src=x> @everyone ``` [x](http://x.example) $(touch pwned)"
BRANCH = "$(touch${IFS}pwned)`touch${IFS}pwned`;touch${IFS}pwned"
TITLE = '"; touch pwned; echo "::error::x ##[group]x $(touch pwned)'


@pytest.fixture
def started(tmp_path) -> Iterator[Site]:
    with site(tmp_path) as made:
        made.start()
        yield made


def planned(runs: dict[str, Workflow]) -> Job:
    return runs["plan.yml"].jobs["plan"]


def test_a_pull_request_has_one_comment_of_ours_which_each_push_changes(started):
    for number in range(130):
        started.peer.comment(7, f"talk {number}", "somebody")
    forged_one = started.peer.comment(7, f"{MARKER}\nNo changes.", "mallory")
    quoted = started.peer.comment(7, f"> {MARKER}", BOT)
    started.edit("access/acme.yaml", "mediahouse: [ANALYZE]", "mediahouse: buyer")
    started.commit("more")
    first = planned(started.pull("more"))
    comment = started.peer.by(BOT, 7)[1]
    assert comment.startswith(MARKER)
    assert first.outputs["digest"] in comment
    assert first.outputs["digest"] in first.summary
    assert len(comment) <= COMMENT_MOST
    assert len(first.summary.encode()) <= SUMMARY_MOST
    started.peer.comment(7, f"{MARKER}\nleft by a run at the same time", BOT)
    started.edit("accessctl.yaml", "max_revokes: 20", "max_revokes: 99")
    started.commit("more")
    second = planned(started.pull("more"))
    assert second.outputs["digest"] != first.outputs["digest"]
    _, changed = started.peer.by(BOT, 7)
    assert second.outputs["digest"] in changed
    assert "max_revokes" in changed  # looser than in the commit before
    assert (forged_one["body"], quoted["body"]) == (f"{MARKER}\nNo changes.", f"> {MARKER}")
    assert started.sandbox.write_log == ()


def test_a_plan_that_could_not_be_made_takes_the_place_of_the_old_one(started):
    started.peer.comment(7, f"{MARKER}\nDigest `sha256:old`", BOT)
    started.edit("access/acme.yaml", "profile: analyst", "profile: analist")
    started.commit("more")
    run = planned(started.pull("more"))
    (comment,) = started.peer.by(BOT, 7)
    assert run.result == "failure"
    assert "### No plan\n\nThe manifests have mistakes." in comment
    assert "sha256:" not in comment
    assert "::error file=access/acme.yaml,line=" in run.log


def test_no_step_sees_what_another_one_needs(started):
    install = 'env >"$RUNNER_TEMP/seen"; printf "program=%s\\n" accessctl >>"$GITHUB_OUTPUT"'
    (started.clone / ".github/accessctl/install.sh").write_text(install)
    (started.clone / ".github/accessctl/kit/__main__.py").write_text(SPY)
    started.commit("more")
    started.pull("more")
    (seen,) = started.runner.root.glob("run-*/plan/temp/seen")
    assert READER not in seen.read_text()
    to_meta, to_github = (json.loads((seen.parent / step).read_text()) for step in ("run", "post"))
    assert READER in to_meta.values()
    assert "GITHUB_TOKEN" not in to_meta
    assert READER not in to_github.values()
    assert WRITER not in {*to_meta.values(), *to_github.values()}


def test_a_plan_file_that_was_swapped_is_refused(started):
    def swap(run: Workflow) -> bool:
        plan = run.artifacts / "access-plan" / "plan.json"
        plan.write_text(canonical(forged(json.loads(plan.read_text()), lambda made: made["actions"].pop(0))))
        return True

    started.runner.approve = swap
    run = started.push()["apply.yml"]
    assert run.jobs["apply"].result == "failure"
    assert "not the one expected" in run.jobs["apply"].log
    assert run.jobs["apply"].summary.startswith("### Nothing was applied (4)")
    assert started.sandbox.write_log == ()


def test_a_plan_that_a_guard_refuses_waits_for_its_number(started):
    started.edit("accessctl.yaml", "max_revokes: 20", "max_revokes: 0")
    commit = started.commit("main")
    refused = started.push(commit)["apply.yml"].jobs
    assert (refused["plan"].result, refused["apply"].result) == ("failure", "skipped")
    assert "a guard refuses this plan" in refused["plan"].log
    confirmed = started.push(commit, event="workflow_dispatch", allow_revokes="1")["apply.yml"].jobs
    assert (confirmed["plan"].result, confirmed["apply"].result) == ("success", "success"), confirmed


def test_what_a_guard_or_a_token_stops_is_not_called_applied(started):
    started.edit("accessctl.yaml", "max_revokes: 20", "max_revokes: 0")
    commit = started.commit("main")
    for number, token, told in (("9", WRITER, "--allow-revokes 1"), ("1", "dead", "token")):
        started.runner.secrets["access-apply"]["ACCESSCTL_TOKEN"] = token
        job = started.push(commit, event="workflow_dispatch", allow_revokes=number)["apply.yml"].jobs["apply"]
        assert job.result == "failure"
        assert told in job.log
        assert "applied" not in job.summary.replace("Nothing was applied", "")
        assert "- revoke" not in job.summary
    assert started.sandbox.write_log == ()


def test_what_was_applied_is_told_step_by_step(started):
    job = started.push()["apply.yml"].jobs["apply"]
    assert job.result == "success"
    assert job.summary.startswith("### Apply complete")
    assert "5 steps" in job.summary


def test_drift_opens_one_issue_changes_it_and_closes_it_once(started):
    def night() -> list[str]:
        started.peer.writes()
        assert started.night("drift.yml")["drift.yml"].jobs["drift"].result == "success"
        return started.peer.writes()

    started.peer.issue("Not ours", DRIFT, "mallory")
    assert night() == ["POST issues"]
    ours = started.peer.issues[1]
    before = ours["body"]
    started.sandbox.take("1029384756", LAST_YEAR)
    assert night() == [f"PATCH issues/{ours['number']}"]
    assert ours["body"].startswith(DRIFT)
    assert ours["body"] != before
    for asset, agency, tasks in AS_DECLARED:
        started.sandbox.give(asset, agency, tasks)
    assert night() == [f"POST issues/{ours['number']}/comments", f"PATCH issues/{ours['number']}"]
    assert night() == []
    assert [issue["state"] for issue in started.peer.issues] == ["open", "closed"]


def test_what_could_not_be_read_closes_no_issue(started):
    issue = started.peer.issue("Access drift", f"{DRIFT}\nold", BOT)
    (started.clone / "access/acme.yaml").write_text(PARTLY_READ)
    started.commit("main")
    run = started.night("drift.yml")["drift.yml"].jobs["drift"]
    assert run.result == "failure"  # nobody has seen everything: that is no green night
    assert "::warning title=accessctl::something could not be read" in run.log
    assert (issue["state"], issue["body"]) == ("open", f"{DRIFT}\nold")


def test_a_refusal_does_not_hide_that_not_all_was_read(started):
    (started.clone / "access/acme.yaml").write_text(PARTLY_READ)
    started.edit("accessctl.yaml", "max_revokes: 20", "max_revokes: 0")
    started.sandbox.give("1029384757", LAST_YEAR, ["ANALYZE"])
    started.commit("main")
    run = started.night("drift.yml")["drift.yml"].jobs["drift"]
    assert "refused" in run.log
    assert "::warning title=accessctl::something could not be read" in run.log
    assert run.result == "failure"
    (issue,) = started.peer.issues
    assert "Last Year" in issue["body"]


def test_a_fork_is_planned_from_the_snapshot_with_no_secret_and_no_call(started):
    night = started.night("snapshot.yml")["snapshot.yml"]
    number = int(night.artifacts.parent.name.removeprefix("run-"))
    home = {"event": "schedule", "head_repository": {"full_name": REPOSITORY}}
    forks = {"event": "pull_request", "head_repository": {"full_name": "mallory/access"}}
    started.peer.runs["snapshot.yml"] = [{"id": 666, **forks}, {"id": number, **home}, {"id": 667, **home}]
    started.edit("access/acme.yaml", "mediahouse: [ANALYZE]", "mediahouse: buyer")
    started.commit("theirs")
    started.peer.writes()
    asked = len(started.sandbox.calls)
    runs = started.pull("theirs", fork=True)
    assert planned(runs).result == "skipped"
    run = runs["plan-from-fork.yml"].jobs["plan"]
    assert run.result == "success", run.log
    assert "Mediahouse Ltd" in run.summary
    assert started.peer.writes() == []
    assert len(started.sandbox.calls) == asked


def test_no_branch_title_or_name_runs_anything_or_comes_alive(tmp_path):
    world = (STARTER / "world.yaml").read_text().replace("Last Year's Agency", json.dumps(STRANGER))
    with site(tmp_path, world) as made:
        made.start()
        made.commit(BRANCH)
        run = planned(made.pull(BRANCH, title=TITLE))
        assert run.result == "success", run.log
        assert [line for line in commands_in(run.log) if not line.startswith(OURS)] == []
        for text in (*made.peer.by(BOT, 7), run.summary):
            seen = as_github_shows(text, is_comment=True)
            assert "img" not in seen.tags
            assert live_references(seen) == []
        applied = made.push()["apply.yml"].jobs["apply"]
        assert applied.result == "success"
        assert "img" not in as_github_shows(applied.summary).tags
        assert [line for line in commands_in(applied.log) if not line.startswith(OURS)] == []
    assert list(tmp_path.rglob("pwned")) == []

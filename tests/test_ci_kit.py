"""The kit for GitHub, run as its workflows say: comment, summary, digest, drift, forks, and who may do what."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.github_peer import BOT
from tests.github_site import READER, WRITER, Site, site
from tests.runner_commands import commands_in

if TYPE_CHECKING:
    from collections.abc import Iterator

MARKER = "<!-- accessctl:plan:default -->"
KIT_SAYS = ("::error title=accessctl::", "::warning title=accessctl::", "::notice title=accessctl::")
COMMENT_MOST, SUMMARY_MOST = 65_536, 900 * 1024


@pytest.fixture
def started(tmp_path) -> Iterator[Site]:
    with site(tmp_path) as made:
        made.start()
        yield made


def job(runs, workflow, name="plan"):
    return runs[workflow].jobs[name]


def test_a_pull_request_has_one_comment_which_each_push_changes(started):
    for number in range(130):
        started.peer.comment(7, f"talk {number}", "somebody")
    started.edit("access/acme.yaml", "mediahouse: [ANALYZE]", "mediahouse: buyer")
    started.commit("more")
    first = started.pull("more")
    (comment,) = started.peer.by(BOT, 7)
    assert comment.startswith(MARKER)
    assert job(first, "plan.yml").outputs["digest"] in comment
    started.edit("access/acme.yaml", "dataco-sees-germany", "dataco-sees-it")
    started.commit("more")
    second = started.pull("more")
    (changed,) = started.peer.by(BOT, 7)
    assert job(second, "plan.yml").outputs["digest"] in changed
    assert changed != comment


def test_only_our_own_comment_is_ours(started):
    forged = started.peer.comment(7, f"{MARKER}\nNo changes.", "mallory")
    quoted = started.peer.comment(7, f"> {MARKER}", BOT)
    started.commit("more")
    started.pull("more")
    assert forged["body"] == f"{MARKER}\nNo changes."
    assert quoted["body"] == f"> {MARKER}"
    assert len(started.peer.by(BOT, 7)) == 2


def test_a_second_comment_of_ours_is_taken_away(started):
    for _ in range(3):
        started.peer.comment(7, f"{MARKER}\nold", BOT)
    started.commit("more")
    started.pull("more")
    (comment,) = started.peer.by(BOT, 7)
    assert "old" not in comment


def test_a_plan_that_could_not_be_made_takes_the_place_of_the_old_one(started):
    started.commit("more")
    started.pull("more")
    started.edit("access/acme.yaml", "profile: analyst", "profile: analist")
    started.commit("more")
    run = job(started.pull("more"), "plan.yml")
    (comment,) = started.peer.by(BOT, 7)
    assert run.result == "failure"
    assert "### No plan" in comment
    assert "sha256:" not in comment
    assert "::error file=access/acme.yaml,line=" in run.log


def test_a_plan_only_reads(started):
    started.commit("more")
    started.pull("more")
    started.night()
    assert started.sandbox.write_log == ()


def test_no_step_sees_the_other_credential(started):
    (started.clone / ".github/accessctl/install.sh").write_text(
        'set -u; env >"$RUNNER_TEMP/seen"; printf "program=%s\\n" "$(command -v accessctl)" >>"$GITHUB_OUTPUT"'
    )
    main = started.clone / ".github/accessctl/kit/__main__.py"
    main.write_text(SPY)
    started.commit("more")
    started.pull("more")
    (temp,) = started.runner.root.glob("run-*/plan/temp/seen")
    assert READER not in temp.read_text()
    talks_to_meta, talks_to_github = (json.loads((temp.parent / step).read_text()) for step in ("run", "post"))
    assert READER in talks_to_meta.values()
    assert "GITHUB_TOKEN" not in talks_to_meta
    assert READER not in talks_to_github.values()
    assert WRITER not in {*talks_to_meta.values(), *talks_to_github.values()}


def test_the_summary_stays_below_what_github_takes(started, monkeypatch):
    started.commit("more")
    run = job(started.pull("more"), "plan.yml")
    assert 0 < len(run.summary.encode()) < SUMMARY_MOST
    assert job_digest(run) in run.summary


def job_digest(run):
    return run.outputs["digest"]


def test_what_is_approved_is_what_is_applied(started):
    commit = started.commit("main")
    seen = []
    started.runner.approve = lambda run: seen.append(run.jobs["plan"].summary) or True
    run = started.push(commit)["apply.yml"]
    assert [one.result for one in run.jobs.values()] == ["success"] * 3, run.jobs
    assert run.jobs["plan"].outputs["digest"] in seen[0]
    assert len(started.sandbox.write_log) == 5
    assert "Apply complete" in run.jobs["apply"].summary
    assert job(started.push(commit), "apply.yml", "apply").result == "skipped"


def test_without_approval_nothing_is_applied(started):
    started.runner.approve = lambda _: False
    run = started.push(started.commit("main"))["apply.yml"]
    assert run.jobs["apply"].result == "skipped"
    assert started.sandbox.write_log == ()


def test_a_plan_file_that_was_swapped_is_refused(started):
    other = started.runner.root / "other.json"

    def swap(run):
        plan = run.artifacts / "access-plan" / "plan.json"
        if other.exists():
            shutil.copy(other, plan)
        else:
            shutil.copy(plan, other)
        return other.stat().st_size > 0 and run.name == "apply.yml" and plan.exists()

    started.runner.approve = lambda run: swap(run) and False
    started.push(started.commit("main"))
    started.edit("access/acme.yaml", "mediahouse: [ANALYZE]", "mediahouse: buyer")
    commit = started.commit("main")
    started.runner.approve = swap
    run = started.push(commit)["apply.yml"]
    assert run.jobs["apply"].result == "failure"
    assert "digest" in run.jobs["apply"].log
    assert started.sandbox.write_log == ()


def test_an_apply_without_a_reviewed_digest_or_a_state_does_not_begin(started):
    started.runner.variables = {}
    run = started.push(started.commit("main"))["apply.yml"]
    assert "no state was given" in run.jobs["apply"].log
    started.edit(".github/workflows/apply.yml", "needs.plan.outputs.digest", "needs.plan.outputs.nothing")
    started.edit("access/acme.yaml", "dataco-sees-germany", "dataco-sees-it")
    run = started.push(started.commit("main"))["apply.yml"]
    assert "no digest was given" in run.jobs["apply"].log
    assert started.sandbox.write_log == ()


def test_a_plan_that_a_guard_refuses_waits_for_its_number(started):
    started.edit("accessctl.yaml", "max_revokes: 20", "max_revokes: 0")
    commit = started.commit("main")
    refused = started.push(commit)["apply.yml"]
    assert (refused.jobs["plan"].result, refused.jobs["apply"].result) == ("failure", "skipped")
    assert "a guard refuses this plan" in refused.jobs["plan"].log
    confirmed = started.runner.send("workflow_dispatch", commit, {}, inputs={"allow_revokes": "1"})["apply.yml"]
    assert confirmed.jobs["apply"].result == "success", confirmed.jobs
    odd = started.runner.send("workflow_dispatch", commit, {}, inputs={"allow_revokes": "1 --x"})["apply.yml"]
    assert "allow-revokes must be a number" in odd.jobs["plan"].log


def test_drift_opens_one_issue_changes_it_and_closes_it(started):
    started.peer.issue("Not ours", MARKER.replace("default", "drift"), "mallory")
    for _ in range(2):
        assert job(started.night(), "drift.yml", "drift").result == "success"
    ours = [issue for issue in started.peer.issues if issue["user"]["login"] == BOT]
    assert [issue["state"] for issue in ours] == ["open"]
    first = ours[0]["body"]
    started.edit("access/acme.yaml", "mediahouse: [ANALYZE]", "mediahouse: buyer")
    commit = started.commit("main")
    started.night()
    assert ours[0]["body"] != first
    started.push(commit)
    started.peer.writes()
    for _ in range(2):
        started.night()
    number = ours[0]["number"]
    assert started.peer.writes() == [f"POST issues/{number}/comments", f"PATCH issues/{number}"]
    assert [issue["state"] for issue in started.peer.issues] == ["open", "closed"]


def test_what_could_not_be_read_closes_no_issue(started):
    started.push(started.commit("main"))
    marker = MARKER.replace("default", "drift")
    issue = started.peer.issue("Access drift", f"{marker}\nold", BOT)
    started.edit("access/acme.yaml", 'id: "1029384757"', 'id: "1029384758"')
    started.commit("main")
    run = job(started.night(), "drift.yml", "drift")
    assert run.result == "success"
    assert "::warning title=accessctl::something could not be read" in run.log
    assert issue["state"] == "open"


def test_a_fork_is_planned_from_the_snapshot_with_no_secret(started):
    night = started.night()["snapshot.yml"]
    number = night.artifacts.parent.name.removeprefix("run-")
    started.peer.runs["snapshot.yml"] = [{"id": int(number)}]
    started.edit("access/acme.yaml", "mediahouse: [ANALYZE]", "mediahouse: buyer")
    started.commit("theirs")
    started.peer.writes()
    asked = len(started.sandbox.calls)
    runs = started.pull("theirs", fork=True)
    assert job(runs, "plan.yml").result == "skipped"
    planned = job(runs, "plan-from-fork.yml")
    assert planned.result == "success", planned.log
    assert "Mediahouse Ltd" in planned.summary
    assert started.peer.writes() == []
    assert len(started.sandbox.calls) == asked


def test_a_token_that_may_not_comment_is_told_of(started):
    started.edit(".github/workflows/plan.yml", "pull-requests: write", "pull-requests: read")
    started.commit("more")
    run = job(started.pull("more"), "plan.yml")
    assert run.result == "failure"
    assert "GitHub answered 403 to POST issues/7/comments: the job's permissions do not allow it" in run.log


SPY = """
import json, os, pathlib, sys
pathlib.Path(os.environ["RUNNER_TEMP"], sys.argv[1]).write_text(json.dumps(dict(os.environ)))
"""
HOSTILE = ("$(touch pwned)`touch pwned`", "\"; touch pwned; '", "::error::x", "##[group]x", "</details>@everyone")


def test_no_branch_title_or_name_runs_anything(tmp_path):
    from tests.github_site import STARTER

    world = (STARTER / "world.yaml").read_text()
    name = json.dumps("::error::x ##[error]x </details><img src=x> @everyone ```\n::stop-commands::x $(touch pwned)")
    with site(tmp_path, world.replace("Last Year's Agency", name[1:-1]).replace("{name: ::", '{name: "::')) as made:
        made.start()
        made.commit("$(touch${IFS}pwned)")
        runs = made.pull("$(touch${IFS}pwned)", title="".join(HOSTILE))
        planned = job(runs, "plan.yml")
        assert planned.result == "success", planned.log
        said = [line for line in commands_in(planned.log) if not line.startswith(KIT_SAYS)]
        assert said == []
        (comment,) = made.peer.by(BOT, 7)
        assert "<img" not in comment.replace("`", "").partition("<img src=x>")[0]
        assert list(tmp_path.rglob("pwned")) == []

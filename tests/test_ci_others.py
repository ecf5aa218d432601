"""The kit for GitLab and Atlantis: the scripts in its files, run as these two run them, on the sandbox."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from accessctl.sandbox.server import serve
from accessctl.sandbox.store import Store
from accessctl.strictjson import canonical
from tests.forging import forged
from tests.github_site import READER, STARTER, TOKENS, WRITER
from tests.gitlab_peer import ME, NOTES, OTHER, TOKEN, Gitlab, gitlab

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from accessctl.sandbox import Sandbox

    Run = Callable[..., subprocess.CompletedProcess[str]]

CI = Path(__file__).parent.parent / "examples" / "ci"
JOBS: dict[str, Any] = yaml.safe_load((CI / "gitlab" / "accessctl.gitlab-ci.yml").read_text())
MARKER, DRIFT = "<!-- accessctl:plan:default -->", "<!-- accessctl:plan:drift -->"


@pytest.fixture
def project(tmp_path) -> Path:
    """The starter project."""
    found = shutil.copytree(STARTER, tmp_path / "project")
    (found / "world.yaml").rename(tmp_path / "live.yaml")
    return found


@pytest.fixture
def meta(tmp_path, project) -> Iterator[Sandbox]:
    """A simulated Meta, at the address in the environment of each job."""
    world = tmp_path / "live.yaml"
    world.write_text(world.read_text() + TOKENS)
    sandbox = Store(tmp_path / "live", world).open()
    with serve(sandbox) as server:
        (tmp_path / "address").write_text(server.url)
        yield sandbox


@pytest.fixture
def forge() -> Iterator[Gitlab]:
    with gitlab() as made:
        yield made


@pytest.fixture
def script(tmp_path, project) -> Run:
    """Run shell lines in the project, with what each of the two sets in common."""

    def run(text: str, **environ: str) -> subprocess.CompletedProcess[str]:
        common = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(tmp_path),
            "ACCESSCTL_GRAPH_URL": (tmp_path / "address").read_text(),
            "ACCESSCTL_STATE": f"file://{tmp_path}/state",
        }
        command = ["bash", "-eo", "pipefail", "-c", text]
        return subprocess.run(command, cwd=project, env=common | environ, capture_output=True, text=True, timeout=60)

    return run


@pytest.fixture
def job(script, project, forge) -> Run:
    """Run a job of GitLab by its name; what it leaves lies in the project."""

    def run(name: str, token: str = READER, **more: str) -> subprocess.CompletedProcess[str]:
        environ = {
            "CI_PROJECT_DIR": str(project),
            "ACCESS_KIT": os.path.relpath(CI / "gitlab", project),
            "CI_API_V4_URL": forge.url,
            "CI_PROJECT_ID": "5",
            "CI_MERGE_REQUEST_IID": "7",
            "CI_JOB_URL": "https://gitlab.example/acme/access/-/jobs/1",
            "CI_COMMIT_REF_NAME": "$(touch pwned)",
            "CI_MERGE_REQUEST_TITLE": "`touch pwned`",
            "ACCESS_NOTE_TOKEN": TOKEN,
            "ACCESSCTL_TOKEN": token,
        }
        return script("\n".join(JOBS[name]["script"]), **environ | more)

    return run


def test_a_merge_request_gets_widget_code_quality_and_one_note(meta, job, forge, project):
    for number in range(120):
        forge.add(NOTES, OTHER, {"body": f"{MARKER}\nforged {number}"})
    for _ in range(2):
        done = job("accessctl plan")
        assert done.returncode == 0, done.stderr
    (note,) = [one["body"] for one in forge.lists[NOTES] if one["author"] == ME]
    assert note.startswith(MARKER)
    reports = JOBS["accessctl plan"]["artifacts"]["reports"]
    assert json.loads((project / reports["terraform"]).read_text()) == {"create": 3, "update": 1, "delete": 1}
    assert json.loads((project / reports["codequality"]).read_text()) == []
    manifest = project / "access" / "acme.yaml"
    manifest.write_text(manifest.read_text().replace("profile: analyst", "profile: analist"))
    for name in ("plan.md", "plan.json"):  # each job begins with a checkout
        (project / name).unlink()
    assert job("accessctl plan").returncode == 1
    assert "### No plan" in next(one["body"] for one in forge.lists[NOTES] if one["author"] == ME)
    (problem,) = json.loads((project / reports["codequality"]).read_text())
    assert problem["location"]["path"] == "access/acme.yaml"
    assert not list(project.rglob("pwned"))


def test_without_a_token_for_notes_nothing_is_posted(meta, job, forge):
    done = job("accessctl plan", ACCESS_NOTE_TOKEN="")
    assert done.returncode == 0
    assert "nothing is posted" in done.stdout
    assert forge.lists[NOTES] == []


def test_the_plan_of_main_is_applied_by_its_digest_alone(meta, job, project):
    assert job("accessctl plan of main").returncode == 0
    name, _, digest = (project / "digest.env").read_text().strip().partition("=")
    plan = project / "plan.json"
    honest = plan.read_text()
    plan.write_text(canonical(forged(json.loads(honest), lambda made: made["actions"].pop(0))))
    swapped = job("accessctl apply", WRITER, **{name: digest})
    assert swapped.returncode == 4
    assert "not the one expected" in swapped.stderr
    plan.write_text(honest)
    assert job("accessctl apply", WRITER).returncode != 0
    assert meta.write_log == ()
    done = job("accessctl apply", WRITER, **{name: digest})
    assert done.returncode == 0, done.stderr
    assert len(meta.write_log) == 5


def test_a_refused_plan_needs_its_number_there_too(meta, job, project):
    settings = project / "accessctl.yaml"
    settings.write_text(settings.read_text().replace("max_revokes: 20", "max_revokes: 0"))
    assert job("accessctl plan of main").returncode != 0
    assert not (project / "digest.env").exists()
    assert job("accessctl plan of main", ACCESS_ALLOW_REVOKES="1").returncode == 0
    digest = (project / "digest.env").read_text().strip().partition("=")[2]
    done = job("accessctl apply", WRITER, ACCESS_DIGEST=digest, ACCESS_ALLOW_REVOKES="1")
    assert done.returncode == 0, done.stderr


def test_drift_is_one_issue_there_too(meta, job, forge):
    forge.add("issues", OTHER, {"title": "Not ours", "description": DRIFT})
    for _ in range(2):
        assert job("accessctl drift").returncode == 0
    assert [issue["state"] for issue in forge.lists["issues"]] == ["opened", "opened"]
    assert forge.lists["issues"][1]["description"].startswith(DRIFT)
    assert job("accessctl drift", ACCESS_NOTE_TOKEN="").returncode == 2


def test_the_notes_close_the_issue_only_when_all_was_read(tmp_path, script, forge, meta):
    issue = forge.add("issues", ME, {"title": "Drift", "description": DRIFT})
    (tmp_path / "plan.md").write_text(DRIFT)
    environ = {"CI_API_V4_URL": forge.url, "CI_PROJECT_ID": "5", "ACCESS_NOTE_TOKEN": TOKEN}
    for blocked, unread, state in (([{}], [], "opened"), ([], ["a listing"], "opened"), ([], [], "closed")):
        (tmp_path / "plan.json").write_text(json.dumps({"actions": [], "blocked": blocked, "unread": unread}))
        done = script(f"python -I -B {CI}/gitlab/notes.py drift {tmp_path}/plan.md {tmp_path}/plan.json", **environ)
        assert done.returncode == 0, done.stderr
        assert issue["state"] == state


def test_atlantis_plans_shows_and_applies_by_its_two_files(meta, script, project, tmp_path):
    places = {"PLANFILE": str(tmp_path / "atlantis.plan"), "SHOWFILE": str(tmp_path / "atlantis.json")}
    workflow = yaml.safe_load((CI / "atlantis" / "repos.yaml").read_text())["workflows"]["accessctl"]
    plan, apply = (CI / "atlantis" / Path(workflow[name]["steps"][0]["run"]).name for name in ("plan", "apply"))
    planned = script(str(plan), ACCESSCTL_TOKEN=READER, **places)
    assert planned.returncode == 0, planned.stderr
    assert "Plan: 3 to grant, 1 to change, 1 to revoke." in planned.stdout
    assert "`" not in planned.stdout
    assert json.loads(Path(places["SHOWFILE"]).read_text())["summary"]["revoke"] == 1
    odd = script(str(apply), ACCESSCTL_TOKEN=WRITER, COMMENT_ARGS=r"\-\-\s\t\a\t\e,\f\i\l\e:///\x", **places)
    assert (odd.returncode, meta.write_log) == (64, ())
    counted = r"\-\-\a\l\l\o\w\-\r\e\v\o\k\e\s,\1"
    done = script(str(apply), ACCESSCTL_TOKEN=WRITER, COMMENT_ARGS=counted, **places)
    assert done.returncode == 0, done.stderr
    assert len(meta.write_log) == 5

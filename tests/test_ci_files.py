"""The files of the CI kit before anybody runs them: schemas, linters, and rules that no linter knows."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.github_site import site

ROOT = Path(__file__).parent.parent
CI = ROOT / "examples" / "ci"
BIN = Path(sys.executable).parent
WORKFLOWS = sorted((CI / "github" / "workflows").iterdir())
ACTION = CI / "github" / "action.yml"
PIN = re.compile(r"uses: ([a-z-]+/[a-z-]+@[0-9a-f]{40} # v[0-9]+\.[0-9]+\.[0-9]+|\./\.github/accessctl)")


def tool(*words: str | Path, cwd: Path = ROOT) -> str:
    done = subprocess.run([BIN / words[0], *words[1:]], cwd=cwd, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def scripts() -> list[str]:
    """Return every text that a shell gets, in the workflows and in the action."""
    loaded = [yaml.safe_load(path.read_text()) for path in WORKFLOWS]
    jobs = [job for workflow in loaded for job in workflow["jobs"].values()]
    steps = [step for job in jobs for step in job["steps"]] + yaml.safe_load(ACTION.read_text())["runs"]["steps"]
    return [step["run"] for step in steps if "run" in step]


@pytest.mark.parametrize(
    ("schema", "files", "more"),
    [
        ("vendor.github-workflows", WORKFLOWS, ()),
        ("custom.github-workflows-require-timeout", WORKFLOWS, ()),
        ("vendor.github-actions", [ACTION], ()),
        ("vendor.gitlab-ci", [CI / "gitlab" / "accessctl.gitlab-ci.yml"], ("--data-transform", "gitlab-ci")),
    ],
)
def test_each_file_passes_its_published_schema(schema, files, more):
    tool("check-jsonschema", "--builtin-schema", schema, *more, *files)


def test_zizmor_finds_nothing_at_medium_or_above(tmp_path):
    with site(tmp_path) as made:
        made.start()
        place = made.clone
    audit = ("zizmor", "--offline", "--no-progress", "--persona", "auditor", "--min-severity", "medium")
    assert json.loads(tool(*audit, "--format", "json", "--strict-collection", place)) == []


def test_zizmor_looks_at_all_of_it(tmp_path):
    with site(tmp_path) as made:
        made.start()
        for path in (made.clone / ".github").rglob("*.yml"):
            path.write_text(path.read_text().replace("persist-credentials: false", "persist-credentials: true"))
        audit = [BIN / "zizmor", "--offline", "--format", "json", made.clone]
        found = subprocess.run(audit, capture_output=True, text=True).stdout
    assert [path.name for path in WORKFLOWS if path.name not in found] == []


def test_scripts_and_dockerfile_pass_their_linters():
    for script in CI.rglob("*.sh"):
        assert script.read_text().startswith("#!/usr/bin/env bash\n")
        assert "\nset -euo pipefail\n" in script.read_text()
        assert os.access(script, os.X_OK)
        tool("shellcheck", script)
    tool("hadolint", CI / "Dockerfile")


def test_no_input_reaches_a_shell_but_by_the_environment():
    assert len(scripts()) == 4
    assert [script for script in scripts() if "${{" in script] == []
    assert all(script.count("\n") == 0 for script in scripts())


def test_no_workflow_runs_with_the_rights_of_the_base_on_what_a_fork_has_written():
    for path in CI.rglob("*"):
        if path.is_file() and path.suffix != ".pyc":
            assert "pull_request_target" not in path.read_text(), path
            assert "workflow_run" not in re.sub("workflow_runs", "", path.read_text()), path


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_do_little_and_not_for_long(path):
    text, workflow = path.read_text(), yaml.safe_load(path.read_text())
    assert workflow["permissions"] == {}
    assert "concurrency" in workflow
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] <= 120
        assert set(job["permissions"].values()) <= {"read", "write"}
    assert len(PIN.findall(text)) == len(re.findall(r"uses:", text))
    assert text.count("persist-credentials: false") == text.count("actions/checkout@")


def test_the_credential_that_writes_is_in_one_job_alone():
    jobs = [job for path in WORKFLOWS for job in yaml.safe_load(path.read_text())["jobs"].values()]
    assert [job["environment"] for job in jobs if "environment" in job].count("access-apply") == 1
    without = [job for job in jobs if "environment" not in job]
    assert len(without) == 1  # the fork's
    assert "secrets" not in json.dumps(without)


def test_an_apply_is_never_cut_short_by_a_newer_one():
    workflow = yaml.safe_load((CI / "github" / "workflows" / "apply.yml").read_text())
    assert workflow["concurrency"] == {"group": "access-apply", "cancel-in-progress": False}
    apply = workflow["jobs"]["apply"]["steps"][-1]["with"]
    assert apply["digest"] == "${{ needs.plan.outputs.digest }}"


def test_the_hook_runs_for_manifests_and_checks_them(run, company):
    config: Any = yaml.safe_load((CI / "pre-commit" / ".pre-commit-config.yaml").read_text())
    (hook,) = config["repos"][0]["hooks"]
    assert config["repos"][0]["repo"] == "local"
    for name in ("accessctl.yaml", "access/germany.yaml", "access/eu/uk.yml"):
        assert re.search(hook["files"], name)
    assert not re.search(hook["files"], "src/accessctl.yaml.py")
    company.asset("ad_account", "de", "77", agencies={"mediahouse": ["ANALYZE"]})
    company.write()
    program, *words = hook["entry"].split()
    assert program == "accessctl"
    assert run(*words).returncode == 0
    (company.directory / "access" / "all.yaml").write_text("ad_accounts: 1")
    assert run(*words).returncode == 1


def test_the_image_holds_what_the_wheel_is_made_of_and_no_root():
    dockerfile, ignored = (CI / "Dockerfile").read_text(), (CI / "Dockerfile.dockerignore").read_text().splitlines()
    assert dockerfile.rindex("\nUSER 10001\n") > dockerfile.rindex("\nFROM ")
    assert not re.search(r"TOKEN|SECRET|ARG ", dockerfile)
    assert "*" in ignored
    project = (ROOT / "pyproject.toml").read_text()
    wheel = re.search(r"^only-include = (\[.*\])$", project, re.MULTILINE)
    assert wheel
    for name in (*json.loads(wheel[1]), "pyproject.toml", "README.md", "LICENSE"):
        assert f"!{name}" in ignored, name
        assert "examples/ci" not in name
    for name in ("examples/ci/vendor.sh", "examples/ci/install"):
        assert f"!{name}" in ignored

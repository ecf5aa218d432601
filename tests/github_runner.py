"""A small runner of GitHub Actions: the jobs of the kit's workflows, step by step, as their YAML says.

It knows what the kit uses: `if`, `needs`, outputs, environments with their secrets, composite actions, artifacts.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tests.github_expressions import filled, is_so
from tests.github_peer import READS, REPOSITORY, WRITES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

KIT = Path(__file__).parent.parent / "examples" / "ci" / "github"


@dataclass
class Job:
    """What became of a job. `log` is what its steps printed, `summary` what they put into the step summaries."""

    result: str = "success"
    outputs: dict[str, str] = field(default_factory=dict)
    log: str = ""
    summary: str = ""


@dataclass
class Workflow:
    """One run of one workflow."""

    name: str
    jobs: dict[str, Job]
    artifacts: Path


@dataclass
class Runner:
    """GitHub for one repository. `origin` is a bare repository; secrets stand under the environment's name.

    `given` takes the place of inputs of the kit's action. `approve` is asked before each job of a protected
    environment, with the run so far: what it does there is what an approver, or an attacker, has time for.
    """

    root: Path
    origin: Path
    api: str
    graph: str
    secrets: dict[str, dict[str, str]]
    variables: dict[str, str]
    given: dict[str, str] = field(default_factory=lambda: {"install": "false", "timeout": "1s"})
    approve: Callable[[Workflow], bool] = lambda _: True
    runs: int = 0

    def send(
        self,
        event: str,
        commit: str,
        payload: Mapping[str, Any],
        *,
        branch: str = "main",
        only: str = "",
        **inputs: str,
    ) -> dict[str, Workflow]:
        """Tell the workflows of a commit that something happened; `only` one, to be quick. Returns the runs by file."""
        tree = self._checkout(commit, 1)
        found = {}
        for path in sorted((tree / ".github" / "workflows").glob(only or "*")):
            if _is_meant(_triggers(path), event, branch, self._changed(commit)):
                found[path.name] = self._run(path, event, commit, {**_payload(), **payload}, branch, inputs)
        return found

    def _run(self, path: Path, event: str, commit: str, payload: Any, branch: str, inputs: Any) -> Workflow:
        self.runs += 1
        workflow = yaml.safe_load(path.read_text())
        place = self.root / f"run-{self.runs}"
        made = Workflow(path.name, {}, place / "artifacts")
        github = {"repository": REPOSITORY, "event": payload, "event_name": event, "ref_name": branch, "sha": commit}
        github["ref_type"] = "branch"
        for name, job in workflow["jobs"].items():
            needs = [job["needs"]] if isinstance(job.get("needs"), str) else job.get("needs", [])
            needed = {one: {"result": made.jobs[one].result, "outputs": made.jobs[one].outputs} for one in needs}
            can_write = "write" in job.get("permissions", {}).values() and "fork" not in payload
            environment = job.get("environment", "")
            contexts = {
                "github": {**github, "token": WRITES if can_write else READS},
                "secrets": {} if "fork" in payload else self.secrets.get(environment, {}),
                "vars": {} if "fork" in payload else self.variables,
                "inputs": inputs,
                "needs": needed,
            }
            made.jobs[name] = Job("skipped")
            wants = is_so(job.get("if"), contexts, all(one["result"] == "success" for one in needed.values()))
            if wants and (environment != "access-apply" or self.approve(made)):
                made.jobs[name] = self._job(job, place / name, contexts, made, commit)
        return made

    def _job(self, job: Any, place: Path, contexts: Any, made: Workflow, commit: str) -> Job:
        (place / "temp").mkdir(parents=True)
        (place / "event.json").write_text(json.dumps(contexts["github"]["event"]))
        contexts |= {"runner": {"temp": str(place / "temp")}, "steps": {}}
        found = Job()
        for number, step in enumerate(job["steps"]):
            if not is_so(step.get("if"), contexts, found.result == "success"):
                continue
            uses = step.get("uses", "").partition("@")[0]
            given = {key: filled(str(value), contexts) for key, value in step.get("with", {}).items()}
            if uses == "actions/checkout":
                shutil.copytree(self._checkout(commit, int(given.get("fetch-depth", "1"))), place / "work")
            elif uses == "actions/upload-artifact":
                shutil.copytree(Path(given["path"]).parent, made.artifacts / given["name"], dirs_exist_ok=True)
            elif uses == "actions/download-artifact":
                source = self.root / f"run-{given['run-id']}" / "artifacts" if "run-id" in given else made.artifacts
                shutil.copytree(source / given["name"], given["path"])
            elif uses:
                self._composite(place, uses, given, contexts, step.get("id", ""), found, number)
            else:
                self._step(place, step, contexts, {}, found, f"{number}")
        for name, value in job.get("outputs", {}).items():
            found.outputs[name] = filled(value, contexts)
        return found

    def _composite(
        self, place: Path, uses: str, given: dict[str, str], contexts: Any, name: str, found: Job, number: int
    ) -> None:
        action = yaml.safe_load((place / "work" / uses / "action.yml").read_text())
        inputs = {key: filled(one.get("default", ""), contexts) for key, one in action["inputs"].items()}
        assert set(given) <= set(inputs)
        inner = {**contexts, "inputs": {**inputs, **given, **self.given}, "steps": {}}
        for index, step in enumerate(action["runs"]["steps"]):
            if "run" in step and is_so(step.get("if"), inner, found.result == "success"):
                path = {"GITHUB_ACTION_PATH": str(place / "work" / uses)}
                self._step(place, step, inner, path, found, f"{number}-{index}")
        outputs = {key: filled(one["value"], inner) for key, one in action["outputs"].items()}
        contexts["steps"][name] = {"outputs": outputs}

    def _step(self, place: Path, step: Any, contexts: Any, more: dict[str, str], found: Job, number: str) -> None:
        """Run a script as the runner does: in a file, with inputs in the environment alone."""
        script, output, summary = (place / f"{number}.{kind}" for kind in ("sh", "out", "md"))
        script.write_text(step["run"])
        output.touch()
        environ = {key: filled(str(value), contexts) for key, value in step.get("env", {}).items()}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=place / "work",
            env=self._environment(place, contexts, output, summary) | more | environ,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=60,
        )
        found.log += done.stdout + done.stderr
        found.summary += summary.read_text() if summary.exists() else ""
        contexts["steps"][step.get("id", "")] = {"outputs": _outputs(output.read_text())}
        if done.returncode:
            found.result = "failure"

    def _environment(self, place: Path, contexts: Any, output: Path, summary: Path) -> dict[str, str]:
        github = contexts["github"]
        return {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(place),
            "PYTHONWARNINGS": "error",
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": self.api,
            "GITHUB_SERVER_URL": "https://github.example",
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_RUN_ID": str(self.runs),
            "GITHUB_SHA": github["sha"],
            "GITHUB_REF_NAME": github["ref_name"],
            "GITHUB_HEAD_REF": github["event"].get("pull_request", {}).get("head", {}).get("ref", ""),
            "GITHUB_WORKSPACE": str(place / "work"),
            "GITHUB_EVENT_PATH": str(place / "event.json"),
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(summary),
            "RUNNER_TEMP": str(place / "temp"),
            "ACCESSCTL_GRAPH_URL": self.graph,
        }

    def _checkout(self, commit: str, depth: int) -> Path:
        place = self.root / f"checkout-{commit[:12]}-{depth}"
        if not place.exists():
            git(self.root, "init", "-q", str(place))
            git(place, "fetch", "-q", f"--depth={depth}", f"file://{self.origin}", commit)
            git(place, "checkout", "-q", "FETCH_HEAD")
        return place

    def _changed(self, commit: str) -> list[str]:
        return git(
            self.origin, "diff-tree", "--no-commit-id", "-m", "--first-parent", "--root", "-r", "--name-only", commit
        ).split("\n")


def git(place: Path, *args: str) -> str:
    """Run git as nobody in particular. Returns what it prints."""
    done = subprocess.run(["git", *args], cwd=place, env=GIT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


_SETTINGS = {
    "user.name": "Test",
    "user.email": "test@acme.example",
    "init.defaultBranch": "main",
    "uploadpack.allowAnySHA1InWant": "true",
    "protocol.file.allow": "always",
}
GIT = {
    "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_COUNT": str(len(_SETTINGS)),
    **{f"GIT_CONFIG_KEY_{number}": key for number, key in enumerate(_SETTINGS)},
    **{f"GIT_CONFIG_VALUE_{number}": value for number, value in enumerate(_SETTINGS.values())},
}


def _payload() -> dict[str, Any]:
    return {"repository": {"default_branch": "main", "full_name": REPOSITORY}}


def _triggers(path: Path) -> dict[str, Any]:
    found = yaml.safe_load(path.read_text())
    on = found.get("on", found.get(True))  # YAML 1.1 takes the word for yes
    return {key: value or {} for key, value in on.items()}


def _is_meant(triggers: dict[str, Any], event: str, branch: str, changed: list[str]) -> bool:
    if event not in triggers:
        return False
    limits = triggers[event] if isinstance(triggers[event], dict) else {}
    ignored = limits.get("paths-ignore", [])
    is_ignored = all(any(fnmatch(path, one.replace("**", "*")) for one in ignored) for path in changed if path)
    return branch in limits.get("branches", [branch]) and not (ignored and is_ignored)


def _outputs(text: str) -> dict[str, str]:
    """Read GITHUB_OUTPUT: name=value, or name<<END with lines up to END."""
    lines, found = iter(text.splitlines()), {}
    for line in lines:
        name, marker, value = re.fullmatch(r"([\w-]+)(=|<<)(.*)", line).groups()
        found[name] = value if marker == "=" else "\n".join(iter(lambda end=value: _until(lines, end), None))
    return found


def _until(lines: Any, end: str) -> str | None:
    line = next(lines)
    return None if line == end else line

"""A project in a repository, before a simulated Meta on a port, in which the scripts of a kit are run."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from accessctl.sandbox.server import serve
from accessctl.sandbox.store import Store
from tests.github_runner import GIT, git
from tests.github_site import READER, STARTER, TOKENS, WRITER
from tests.gitlab_peer import TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from accessctl.sandbox import Sandbox
    from tests.gitlab_peer import Gitlab

    Run = Callable[..., subprocess.CompletedProcess[str]]

CI = Path(__file__).parent.parent / "examples" / "ci"
GITLAB_KIT = ".gitlab/accessctl"
# A manifest of which one asset is not to be seen with any credential here.
PARTLY_READ = """
businesses:
  acme: {id: "100000000001001"}
  mediahouse: {id: "100000000002002"}
defaults: {owner: acme}
ad_accounts:
  de-shop: {id: "1029384757", agencies: {mediahouse: [ANALYZE]}}
  hidden: {id: "1029384799", agencies: {mediahouse: [ANALYZE]}}
"""


def building() -> dict[str, str]:
    """Return an environment in which pip builds a wheel with what is here, or else as in any installation."""
    if importlib.util.find_spec("hatchling"):
        return {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0"}
    its = ("PIP_", "HTTP_", "HTTPS_", "NO_PROXY", "SSL_")
    return {name: value for name, value in os.environ.items() if name.upper().startswith(its)}


def gitlab_jobs() -> dict[str, Any]:
    """Return the jobs of the kit for GitLab by name, each with what it extends."""
    written: dict[str, Any] = yaml.safe_load((CI / "gitlab" / "accessctl.gitlab-ci.yml").read_text())
    jobs = {name: job for name, job in written.items() if name.startswith("accessctl")}
    return {name: written[job["extends"]] | job for name, job in jobs.items()}


@dataclass
class Place:
    """The starter project in `project`, committed as main; `meta` is what it declares access at."""

    root: Path
    project: Path
    meta: Sandbox
    url: str

    def script(self, text: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run shell lines in the project, where Meta is this sandbox."""
        common = {
            **GIT,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(self.root),
            "ACCESSCTL_GRAPH_URL": self.url,
        }
        command = ["bash", "-eo", "pipefail", "-c", text]
        return subprocess.run(
            command, cwd=self.project, env=common | environ, capture_output=True, text=True, timeout=60
        )

    @property
    def state(self) -> str:
        """The address of lock and journal."""
        return f"file://{self.root}/state"

    def edit(self, path: str, old: str, new: str) -> None:
        """Change a file of the project."""
        text = (self.project / path).read_text()
        assert old in text
        (self.project / path).write_text(text.replace(old, new))

    def commit(self) -> str:
        """Commit all that is there. Returns the commit."""
        git(self.project, "add", "-A")
        git(self.project, "commit", "-q", "-m", "A change", "--allow-empty")
        return git(self.project, "rev-parse", "HEAD")


@contextmanager
def place(root: Path, kit: str, called: Mapping[str, str] | None = None) -> Iterator[Place]:
    """Build one below `root`; `kit` is where the kit for GitLab lies in it, if anywhere.

    `called` are other names for businesses and assets at Meta, by the names they have there.
    """
    project = shutil.copytree(STARTER, root / "project")
    world = (project / "world.yaml").rename(root / "live.yaml")
    text = world.read_text()
    for name, other in (called or {}).items():
        assert f"name: {name}" in text
        text = text.replace(f"name: {name}", f"name: {json.dumps(other)}")
    world.write_text(text + TOKENS)
    if kit:
        shutil.copytree(CI / "gitlab", project / kit)
    git(root, "init", "-q", "-b", "main", str(project))
    sandbox = Store(root / "live", world).open()
    with serve(sandbox) as server:
        made = Place(root, project, sandbox, server.url)
        made.commit()
        yield made


def gitlab_job(ci: Place, forge: Gitlab) -> Run:
    """Return what runs a job of GitLab by its name, in a place with the kit in it.

    It has the variables of its environment alone; what it leaves lies in the project.
    """
    secrets = {
        "access-plan": {"ACCESSCTL_TOKEN": READER, "ACCESSCTL_STATE": ci.state},
        "access-apply": {"ACCESSCTL_TOKEN": WRITER, "ACCESSCTL_STATE": ci.state},
        "access-note": {"ACCESS_NOTE_TOKEN": TOKEN},
        "": {},
    }
    before = git(ci.project, "rev-parse", "main")

    def run(name: str, **more: str) -> subprocess.CompletedProcess[str]:
        environ = {
            "CI_PROJECT_DIR": str(ci.project),
            "ACCESS_KIT": GITLAB_KIT,
            "CI_API_V4_URL": forge.url,
            "CI_PROJECT_ID": "5",
            "CI_MERGE_REQUEST_IID": "7",
            "CI_MERGE_REQUEST_DIFF_BASE_SHA": before,
            "CI_PIPELINE_URL": "https://gitlab.example/acme/access/-/pipelines/1",
            "CI_REPOSITORY_URL": f"file://{ci.project}",
            "CI_DEFAULT_BRANCH": "main",
            "CI_COMMIT_REF_NAME": "$(touch pwned)",
            "CI_MERGE_REQUEST_TITLE": "`touch pwned`",
            "TMPDIR": str(ci.root),
        }
        made = gitlab_jobs()[name]
        first = made["before_script"] if made["extends"] == ".accessctl note" else []  # the other installs
        lines = [line for line in [*first, *made["script"]] if not line.startswith("cd ")]
        secret = secrets[made.get("environment", {}).get("name", "")]
        return ci.script("\n".join(lines), **environ | secret | more)

    return run

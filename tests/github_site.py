"""A repository on a small GitHub of our own, with the kit in it, before a simulated Meta on a port."""

from __future__ import annotations

import shutil
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from accessctl.sandbox.server import serve
from accessctl.sandbox.store import Store
from tests.github_peer import REPOSITORY, Peer, peer
from tests.github_runner import KIT, Runner, Workflow, git

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from accessctl.sandbox import Sandbox

STARTER = KIT.parents[2] / "accessctl" / "starter"
ACME, MEDIAHOUSE, DATACO, LAST_YEAR = "100000000001001", "100000000002002", "100000000003003", "100000000004004"
READER, WRITER = "plan-reader", f"sandbox-{ACME}"
TOKENS = f'tokens:\n  {READER}: {{business: "{ACME}", role: employee}}\n'
STATE = "ACCESSCTL_STATE"


@dataclass
class Site:
    """All that there is beside the project itself. `clone` is where people work."""

    peer: Peer
    runner: Runner
    sandbox: Sandbox
    graph: str
    clone: Path
    pulls: int = 0

    @property
    def origin(self) -> Path:
        return self.runner.origin

    def start(self) -> None:
        """Begin main with the starter project and the kit, as they are after the walk-through."""
        shutil.copytree(STARTER, self.clone, dirs_exist_ok=True)
        (self.clone / "world.yaml").unlink()
        shutil.copytree(KIT, self.clone / ".github" / "accessctl", ignore=shutil.ignore_patterns("__pycache__"))
        (self.clone / ".github" / "accessctl" / "workflows").rename(self.clone / ".github" / "workflows")
        git(self.clone, "init", "-q", "-b", "main")
        git(self.clone, "remote", "add", "origin", str(self.origin))
        self.commit("main")

    def commit(self, branch: str) -> str:
        """Commit all that is there and push it. Returns the commit."""
        git(self.clone, "add", "-A")
        git(self.clone, "commit", "-q", "-m", "A change", "--allow-empty")
        git(self.clone, "push", "-q", "-f", "origin", f"HEAD:refs/heads/{branch}")
        return git(self.clone, "rev-parse", "HEAD")

    def edit(self, path: str, old: str, new: str) -> None:
        """Change a file of the project."""
        text = (self.clone / path).read_text()
        assert old in text
        (self.clone / path).write_text(text.replace(old, new))

    def pull(self, branch: str, *, number: int = 7, title: str = "A change", **more: Any) -> dict[str, Workflow]:
        """Tell the workflows of a pull request of `branch` as it would be merged now. `fork` is one from a fork."""
        merged = self.merge(branch, f"refs/pull/{number}/merge")
        repository = "mallory/access" if more.get("fork") else REPOSITORY
        about = {"head": {"ref": branch, "repo": {"full_name": repository}}, "user": {"login": "somebody"}}
        payload = {"pull_request": {"number": number, "title": title, **about}, **more}
        return self.runner.send("pull_request", merged, payload, branch=branch)

    def merge(self, branch: str, into: str) -> str:
        """Merge a branch into main, under a name of its own. Returns the commit."""
        self.pulls += 1
        place = self.runner.root / f"merge-{self.pulls}"
        git(self.runner.root, "clone", "-q", "-b", "main", str(self.origin), str(place))
        git(place, "merge", "-q", "--no-ff", "-m", "Merge", f"origin/{branch}")
        git(place, "push", "-q", "origin", f"+HEAD:{into}")
        return git(place, "rev-parse", "HEAD")

    def main(self) -> str:
        """Return the newest commit of main."""
        return git(self.origin, "rev-parse", "main")

    def push(
        self, commit: str = "", only: str = "apply.yml", event: str = "push", **inputs: str
    ) -> dict[str, Workflow]:
        """Tell a workflow of main of a push."""
        return self.runner.send(event, commit or self.main(), {}, only=only, **inputs)

    def night(self, only: str) -> dict[str, Workflow]:
        """Let a nightly workflow run on main."""
        return self.runner.send("schedule", self.main(), {}, only=only)


@contextmanager
def site(root: Path, world: str = (STARTER / "world.yaml").read_text()) -> Iterator[Site]:
    """Build a site below `root`, with two credentials: one that can only read, and one that can write."""
    (root / "clone").mkdir()
    (root / "runs").mkdir()
    git(root, "init", "-q", "--bare", "-b", "main", "origin.git")
    git(root / "origin.git", "config", "uploadpack.allowAnySHA1InWant", "true")
    (root / "live.yaml").write_text(world + TOKENS)
    with ExitStack() as opened:
        github = opened.enter_context(peer())
        sandbox = Store(root / "live", root / "live.yaml").open()
        graph = opened.enter_context(serve(sandbox)).url
        secrets = {"access-plan": {"ACCESSCTL_TOKEN": READER}, "access-apply": {"ACCESSCTL_TOKEN": WRITER}}
        state = {STATE: f"file://{root}/state"}
        runner = Runner(root / "runs", root / "origin.git", github.url, graph, secrets, state)
        yield Site(github, runner, sandbox, graph, root / "clone")

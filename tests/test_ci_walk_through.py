"""The README's way from an empty repository to the first reviewed apply, followed word for word on the sandbox."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.ci_place import building
from tests.github_peer import BOT
from tests.github_runner import GIT, git
from tests.github_site import READER, STATE, Site, site

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
SECTION = README.partition("## In CI, step by step\n")[2].partition("\n## ")[0]
STEP = re.compile(r"^\*\*([1-9])\. ", re.MULTILINE)
FENCE = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ORIGIN = "git@github.com:acme/access.git"


def commands() -> dict[int, str]:
    """Return what a person types at each step; at some it is nothing."""
    parts = STEP.split(SECTION)[1:]
    texts = dict(zip(map(int, parts[::2]), parts[1::2], strict=True))
    return {step: "".join(FENCE.findall(text)) for step, text in texts.items()}


def typed(made: Site, place: Path, script: str) -> str:
    """Run commands as a person does, one after the other; the first that goes wrong ends it."""
    number = int(GIT["GIT_CONFIG_COUNT"])
    environ = {
        **GIT,
        **building(),
        "GIT_CONFIG_COUNT": str(number + 1),
        f"GIT_CONFIG_KEY_{number}": f"url.{made.origin}.insteadOf",
        f"GIT_CONFIG_VALUE_{number}": ORIGIN,
        "ACCESSCTL_TOKEN": READER,
        STATE: made.runner.variables[STATE],
    }
    if "--sandbox" not in script:
        environ["ACCESSCTL_GRAPH_URL"] = made.graph
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], cwd=place, env=environ, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_walk_through_leads_from_nothing_to_the_first_reviewed_apply(tmp_path):
    step = commands()
    assert [number for number, script in step.items() if not script] == [5, 6]
    with site(tmp_path) as made:
        (tmp_path / "accessctl" / "examples").mkdir(parents=True)
        (tmp_path / "accessctl" / "examples" / "ci").symlink_to(ROOT / "examples" / "ci")
        place = tmp_path / "my-access"
        assert "Plan: 3 to grant, 1 to change, 1 to revoke." in typed(made, tmp_path, step[1])

        typed(made, place, step[2] + step[3])
        assert made.push(only="*") == {}  # nothing but the kit is there yet
        kit = git(made.origin, "ls-tree", "-r", "--name-only", "main", ".github/accessctl/install/").split("\n")
        assert [Path(path).suffix for path in kit] == [".whl", ".sha256", ".sh", ".txt"]

        typed(made, place, step[4])
        planned = made.pull("declare-access")["plan.yml"].jobs["plan"]
        assert planned.result == "success", planned.log
        (comment,) = made.peer.by(BOT, 7)
        assert "Plan: 3 to grant, 1 to change, 1 to revoke." in comment
        assert comment.count(planned.outputs["digest"]) >= 1
        assert made.sandbox.write_log == ()

        merged = made.merge("declare-access", "refs/heads/main")
        assert git(made.origin, "rev-parse", "main") == merged
        approved = []
        made.runner.approve = lambda run: approved.append(run.jobs["plan"].summary) or True
        run = made.push(merged)["apply.yml"]
        assert [job.result for job in run.jobs.values()] == ["success"] * 3, run.jobs
        assert planned.outputs["digest"] in approved[0]  # what the pull request showed is what is approved
        assert len(made.sandbox.write_log) == 5

        assert "Apply complete" in run.jobs["apply"].summary
        assert "Nothing waits" in run.jobs["waiting"].summary
        again = made.push(merged)["apply.yml"]  # nothing is left to do, so nobody is asked
        assert [job.result for job in again.jobs.values()] == ["success", "skipped", "skipped"]
        assert len(approved) == 1

        told = typed(made, place, step[7])
        assert "Nothing waits" in told
        assert "100000000004004" in told
        assert made.night("drift.yml")["drift.yml"].jobs["drift"].result == "success"
        assert made.peer.issues == []

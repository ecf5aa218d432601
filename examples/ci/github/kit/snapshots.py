"""Finds the run that made the newest snapshot, for a job that has no credential of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from forge import Forge
from runner import give
from settings import SetupError

if TYPE_CHECKING:
    from settings import Settings

WORKFLOW = "snapshot.yml"
OF_MAIN = ("schedule", "push", "workflow_dispatch")


def find_snapshot(settings: Settings) -> int:
    """Give `run-id`: the newest run of snapshot.yml on the default branch that ended well.

    A fork may call its own branch main, and change the workflow there: only runs of this repository count.
    """
    branch = settings.event()["repository"]["default_branch"]
    query = {"branch": branch, "status": "success", "per_page": "100"}
    found = Forge(settings).get(f"actions/workflows/{WORKFLOW}/runs", **query)["workflow_runs"]
    ours = [run for run in found if run["event"] in OF_MAIN and _home(run) == settings.environ["GITHUB_REPOSITORY"]]
    if not ours:
        raise SetupError(f"no run of {WORKFLOW} has ended well on {branch} yet; start it by hand once")
    give(settings, {"run-id": str(int(ours[0]["id"]))})
    return 0


def _home(run: dict[str, Any]) -> str:
    return str((run.get("head_repository") or {}).get("full_name", ""))

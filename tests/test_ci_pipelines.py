"""Which jobs of the kit for GitLab are in which pipeline, and which of them have which secret."""

from __future__ import annotations

import re

import pytest

from tests.ci_place import gitlab_jobs

JOBS = gitlab_jobs()


def test_a_token_of_gitlab_and_one_of_meta_never_meet():
    environments = {name: job.get("environment", {}).get("name") for name, job in JOBS.items()}
    assert [name for name, where in environments.items() if where == "access-note"] == [
        "accessctl note",
        "accessctl drift issue",
    ]
    assert [name for name, where in environments.items() if where == "access-apply"] == ["accessctl apply"]
    assert [name for name, where in environments.items() if where is None] == ["accessctl plan from a fork"]
    for name, where in environments.items():
        uses = " ".join([*JOBS[name]["before_script"], *JOBS[name]["script"]])
        assert ("notes.py" in uses) == (where == "access-note")
        assert ("install.sh" in uses) == (where != "access-note")


@pytest.mark.parametrize(
    ("pipeline", "jobs"),
    [
        (("merge_request_event", "5", "5", "5"), ["plan", "note"]),
        (("merge_request_event", "5", "5", "66"), ["plan from a fork"]),  # a member of this project asked for it
        (("merge_request_event", "66", "5", "66"), []),  # in the fork
        (("push", "5"), ["plan of main", "apply"]),
        (("web", "5"), ["plan of main", "apply"]),
        (("schedule", "5"), ["snapshot", "drift", "drift issue"]),
    ],
)
def test_each_pipeline_has_the_jobs_that_are_meant_for_it(pipeline, jobs):
    names = ("CI_PIPELINE_SOURCE", "CI_PROJECT_ID", "CI_MERGE_REQUEST_PROJECT_ID", "CI_MERGE_REQUEST_SOURCE_PROJECT_ID")
    known = dict.fromkeys(names, "") | dict(zip(names, pipeline, strict=False))
    known |= {"CI_COMMIT_BRANCH": "main" if len(pipeline) == 2 else "", "CI_DEFAULT_BRANCH": "main"}

    def holds(rule: dict[str, str]) -> bool:
        words = re.sub(r"\$(\w+)", lambda found: repr(known[found[1]]), rule["if"]).replace("&&", "and")
        return eval(words)

    meant = [name for name, job in JOBS.items() if any(holds(rule) for rule in job["rules"])]
    assert [name.removeprefix("accessctl ") for name in meant] == jobs

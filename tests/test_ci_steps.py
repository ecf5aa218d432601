"""The steps of the kit's action by themselves: what they are given, what they may write, how they end."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.github_peer import BOT, READS, REPOSITORY, WRITES, Peer, peer
from tests.github_runner import KIT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MARKER = "<!-- accessctl:plan:default -->"
COMMENT_MOST = 65_536
SUMMARY = "summary=${*: -1}; summary=${summary#step-summary=}"  # where accessctl is told to put it


def kit(step: str, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run one step of the kit by itself."""
    command = [sys.executable, "-I", "-B", KIT / "kit", step]
    return subprocess.run(command, env={"PATH": "/usr/bin:/bin"} | environ, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"MODE": "apply", "STATE": "s3://x"}, "no digest was given"),
        ({"MODE": "apply", "STATE": "s3://x", "DIGEST": "sha256:0"}, "digest must be sha256: and 64 digits"),
        ({"MODE": "apply", "DIGEST": f"sha256:{'0' * 64}"}, "no state was given"),
        ({"MODE": "apply", "ALLOW_REVOKES": "1 --auto-approve"}, "allow-revokes must be a number"),
        ({"MODE": "plan", "ALLOW_REVOKES": "$(id)"}, "allow-revokes must be a number"),
        ({"MODE": "plan", "MARKER": "x -->"}, "marker must be letters, digits and . _ / -"),
        ({"MODE": "destroy\n::error::x"}, "there is no mode"),
    ],
)
def test_what_was_set_up_wrongly_is_told_before_anything_runs(tmp_path, settings, told):
    given = {f"KIT_{name}": value for name, value in settings.items()} | {"KIT_PROGRAM": "/nonexistent"}
    environ = given | {"RUNNER_TEMP": str(tmp_path), "GITHUB_OUTPUT": str(tmp_path / "out"), "PATH": "/usr/bin"}
    done = kit("run", environ)
    assert done.returncode == 1
    (line,) = done.stdout.splitlines()
    assert line.startswith("::error title=accessctl::")
    assert told in line
    assert done.stderr == ""


@pytest.fixture
def posted(tmp_path) -> Iterator[Callable[[int, str], tuple[Peer, str]]]:
    """Run the step that writes the comment, after a plan that is so long, with a token."""
    with peer() as github:

        def post(length: int, token: str) -> tuple[Peer, str]:
            place = tmp_path / "accessctl-plan-default"
            place.mkdir()
            (place / "comment.md").write_text(f"{MARKER}\n{'x' * length}")
            (place / "found.json").write_text(json.dumps({"code": 0, "digest": "sha256:0", "changes": True}))
            (tmp_path / "event.json").write_text(json.dumps({"pull_request": {"number": 7}}))
            environ = {
                "KIT_MODE": "plan",
                "KIT_AUTHOR": BOT,
                "RUNNER_TEMP": str(tmp_path),
                "GITHUB_TOKEN": token,
                "GITHUB_API_URL": github.url,
                "GITHUB_SERVER_URL": "https://github.example",
                "GITHUB_REPOSITORY": REPOSITORY,
                "GITHUB_RUN_ID": "1",
                "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
            }
            return github, kit("post", environ).stdout

        yield post


def test_a_plan_too_long_for_a_comment_is_pointed_to(posted):
    github, told = posted(COMMENT_MOST, WRITES)
    (comment,) = github.by(BOT, 7)
    assert told == ""
    assert comment.startswith(f"{MARKER}\n\n### A plan to review elsewhere")
    assert "https://github.example/acme/access/actions/runs/1" in comment
    assert "Digest `sha256:0`" in comment


def test_a_token_that_may_not_comment_is_told_of(posted):
    _, told = posted(10, READS)
    assert "GitHub answered 403 to POST issues/7/comments: the job's permissions do not allow it" in told


def applying(tmp_path, program: str) -> dict[str, str]:
    """Return an environment in which mode apply runs a program of ours instead of accessctl."""
    (tmp_path / "program").write_text(f"#!/bin/bash\n{program}\n")
    (tmp_path / "program").chmod(0o755)
    given = {"MODE": "apply", "STATE": "s3://x", "DIGEST": f"sha256:{'0' * 64}", "PROGRAM": str(tmp_path / "program")}
    files = {"GITHUB_OUTPUT": "output", "GITHUB_STEP_SUMMARY": "summary"}
    paths = {name: str(tmp_path / file) for name, file in files.items()}
    return {f"KIT_{name}": value for name, value in given.items()} | paths | {"RUNNER_TEMP": str(tmp_path)}


def test_a_summary_that_github_would_throw_away_is_not_written(tmp_path):
    kit("run", applying(tmp_path, f"{SUMMARY}; head -c 1000000 /dev/zero | tr '\\0' x >\"$summary\""))
    summary = (tmp_path / "summary").read_text()
    assert summary.startswith("The summary would be longer than GitHub takes.")
    assert len(summary) < 200


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (1, "### Nothing was applied (1)\n"),
        (3, "### Nothing was applied (3)\n"),
        (4, "### Nothing was applied (4)\n"),
        (64, "### Nothing was applied (64)\n"),
        (5, "### It is not known what was applied (5)\n"),  # it ends so only after writes
        (137, "### It is not known what was applied (137)\n"),
        (143, "### It is not known what was applied (143)\n"),
    ],
)
def test_an_apply_without_a_report_is_called_undone_only_where_it_sent_nothing(tmp_path, code, told):
    done = kit("run", applying(tmp_path, f"echo '  - revoke ...'; exit {code}"))
    assert done.returncode == code
    assert "- revoke" in done.stdout
    summary = (tmp_path / "summary").read_text()
    assert summary.startswith(told)
    assert "revoke" not in summary


def test_the_report_of_an_earlier_apply_is_not_told_again(tmp_path):
    kit("run", applying(tmp_path, f"{SUMMARY}; echo '### Apply complete' >\"$summary\""))
    assert (tmp_path / "summary").read_text() == "### Apply complete\n\n"
    (tmp_path / "summary").unlink()
    kit("run", applying(tmp_path, "exit 1"))
    assert "complete" not in (tmp_path / "summary").read_text()


NIGHTS = [
    ("[]", "[]", (0, 2, 3), 0),
    ("[{}]", "[]", (3, 5), 5),
    ("[]", '["a listing"]', (3, 5), 5),
    ("[]", "[]", (1, 130), None),
]


@pytest.mark.parametrize(("blocked", "unread", "codes", "ends"), NIGHTS)
def test_a_night_is_green_only_where_everything_was_read(tmp_path, blocked, unread, codes, ends):
    made = f'{{"actions": [], "digest": "sha256:0", "blocked": {blocked}, "unread": {unread}}}'
    for code in codes:
        program = f"printf '%s' '{made}' >\"$5\"; echo a plan >\"${{11#step-summary=}}\"; exit {code}"
        done = kit("run", applying(tmp_path, program) | {"KIT_MODE": "drift"})
        assert (done.returncode, done.stderr) == (code if ends is None else ends, "")
        assert ("::warning title=accessctl::something could not be read" in done.stdout) == (ends == 5)


def test_a_job_that_is_cancelled_lets_apply_end_what_is_in_flight(tmp_path):
    begun = tmp_path / "begun"
    program = f"trap 'echo ended well; exit 143' TERM; touch {begun}; while :; do sleep 0.05; done"
    environ = applying(tmp_path, program) | {"PATH": "/usr/bin:/bin"}
    with subprocess.Popen(
        [sys.executable, "-I", "-B", KIT / "kit", "run"], env=environ, stdout=subprocess.PIPE
    ) as step:
        while not begun.exists():
            time.sleep(0.02)
        step.send_signal(signal.SIGTERM)
        output, _ = step.communicate(timeout=30)
    assert step.returncode == 143
    assert b"ended well" in output

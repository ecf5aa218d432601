"""The kit for Atlantis: its two scripts, run as Atlantis runs them, on the sandbox."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from accessctl.strictjson import canonical
from tests.ci_place import CI, Place, place
from tests.forging import forged
from tests.github_site import READER, WRITER

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

SCRIPTS = yaml.safe_load((CI / "atlantis" / "repos.yaml").read_text())["workflows"]["accessctl"]


@dataclass
class Server:
    """A server with two credentials; it puts a plan into the checkout, as Atlantis does."""

    at: Place

    @property
    def plan_file(self) -> Path:
        return self.at.project / "default.tfplan"

    def run(self, command: str, comment: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        """Run `plan` or `apply`; `comment` is what stands behind -- in the comment."""
        environ = {
            "ACCESS_READER_TOKEN": READER,
            "ACCESS_WRITER_TOKEN": WRITER,
            "ACCESS_DIGESTS": str(self.at.root),
            "ACCESSCTL_STATE": self.at.state,
            "PLANFILE": str(self.plan_file),
            "SHOWFILE": str(self.at.project / "default.json"),
            "COMMENT_ARGS": ",".join(re.sub(r"(.)", r"\\\1", word) for word in comment.split()),
        }
        (step,) = SCRIPTS[command]["steps"]
        return self.at.script(str(CI / "atlantis" / Path(step["run"]).name), **environ | more)


@pytest.fixture
def server(tmp_path) -> Iterator[Server]:
    with place(tmp_path, "") as made:
        yield Server(made)


def digest(shown: str) -> str:
    return re.findall(r"sha256:[0-9a-f]{64}", shown)[-1]


def test_atlantis_plans_shows_and_applies_by_its_two_files(server):
    planned = server.run("plan")
    assert planned.returncode == 0, planned.stderr
    assert "Plan: 3 to grant, 1 to change, 1 to revoke." in planned.stdout
    assert "`" not in planned.stdout
    shown = json.loads((server.at.project / "default.json").read_text())
    assert shown["summary"]["revoke"] == 1
    assert digest(planned.stdout) == shown["digest"]
    odd = server.run("apply", "--state file:///x")
    assert (odd.returncode, server.at.meta.write_log) == (64, ())
    done = server.run("apply", f"--allow-revokes 1 --expect-digest {shown['digest']}")
    assert done.returncode == 0, done.stderr
    assert len(server.at.meta.write_log) == 5


@pytest.mark.parametrize(("command", "holds", "lacks"), [("plan", READER, WRITER), ("apply", WRITER, READER)])
def test_each_of_the_two_holds_its_own_credential_alone(server, command, holds, lacks):
    assert server.run("plan").returncode == 0
    (server.at.root / "bin").mkdir()
    spy = server.at.root / "bin" / "accessctl"
    spy.write_text(f"#!/bin/sh\nenv > {server.at.root}/seen\n")
    spy.chmod(0o755)
    more = {"ACCESSCTL_TOKEN": "stray", "ACCESSCTL_TOKEN_ACME": "stray", "ACCESS_READER_TOKEN_DATACO": f"{READER}-2"}
    path = f"{spy.parent}:/usr/bin:/bin"
    assert server.run(command, PATH=path, **more).returncode == 0
    seen = dict(line.partition("=")[::2] for line in (server.at.root / "seen").read_text().splitlines())
    assert seen["ACCESSCTL_TOKEN"] == holds
    assert ("ACCESSCTL_TOKEN_DATACO" in seen) == (command == "plan")
    assert [name for name, value in seen.items() if lacks in value or value == "stray"] == []


def test_a_server_without_the_credential_of_a_command_does_not_run_it(server):
    done = server.run("plan", ACCESS_READER_TOKEN="")
    assert done.returncode == 1
    assert "the server has no ACCESS_READER_TOKEN" in done.stderr


def test_what_plan_has_not_made_on_the_server_is_not_applied(server):
    unplanned = server.run("apply")
    assert unplanned.returncode == 1
    assert "no plan was made here" in unplanned.stderr
    assert server.run("plan").returncode == 0
    made = json.loads(server.plan_file.read_text())
    other = forged(made, lambda plan: plan["actions"].pop(0))
    server.plan_file.write_text(canonical(other))
    swapped = server.run("apply")
    assert swapped.returncode == 4
    assert "not the one expected" in swapped.stderr
    named = server.run("apply", f"--expect-digest {other['digest']}")
    assert named.returncode == 4
    assert "is not the one of that digest" in named.stderr
    assert server.at.meta.write_log == ()


def test_a_link_that_a_pull_request_has_brought_is_not_written_through(server):
    precious = server.at.root / "precious"
    precious.write_text("precious")
    for name in ("default.tfplan", "default.json", "default.tfplan.txt"):
        (server.at.project / name).symlink_to(precious)
    assert server.run("plan").returncode == 0
    assert precious.read_text() == "precious"
    assert not server.plan_file.is_symlink()

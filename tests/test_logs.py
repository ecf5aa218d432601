"""What strangers name is no command in the log of a job, whatever is printed, and whatever goes wrong."""

from __future__ import annotations

import json

import pytest

from accessctl.clean import unarmed, unarmed_lines
from tests.company import DATACO, MEDIAHOUSE
from tests.runner_commands import commands_in

EVIL = "##[error]x ::warning::y ##vso[task.complete]"
LINE = "::error::x"
JOB = {"CI": "true", "GITHUB_ACTIONS": "true"}


@pytest.fixture
def evil(company):
    """A company in which Pages, ad accounts, agencies and the people's own reasons are called like commands."""
    company.world["businesses"][MEDIAHOUSE]["name"] = EVIL
    company.world["businesses"][DATACO]["name"] = LINE
    held = {DATACO: ["ANALYZE"], MEDIAHOUSE: ["ADVERTISE", "ANALYZE"]}
    declared = {"mediahouse": {"tasks": ["ANALYZE"], "reason": EVIL}}
    for number, name in ((1, EVIL), (2, LINE)):
        company.asset("page", f"page-{number}", str(70 + number), agencies=declared, live=dict(held))
        company.asset("ad_account", f"ads-{number}", str(80 + number), agencies=declared, live=dict(held))
        company.world["pages"][str(70 + number)]["name"] = name
        company.world["ad_accounts"][str(80 + number)]["name"] = name
    company.write()
    return company.directory


FILES = tuple(f"--render={name}=out.{name}" for name in ("text", "ndjson", "markdown", "html"))
COMMANDS = [
    ("plan", *FILES, "--format", "json"),
    ("waiting", "--format", "json"),
    ("who", "page-1", "--with-live"),
    ("why", "mediahouse", "page-1", "--with-live", "--format", "json"),
    ("apply", "--auto-approve", "--allow-revokes", "4"),
    ("snapshot",),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_output_is_a_command_of_the_runner(run, evil, command):
    found = run(*command, "--sandbox", "world.yaml", cwd=evil, **JOB)
    assert found.returncode in (0, 3, 5), found.stderr
    files = [path.read_text() for path in evil.glob("out.*")]
    assert len(files) == len(FILES) * (command[0] == "plan")
    assert commands_in("\n".join([found.stdout, found.stderr, *files])) == []
    if command[-1] == "json":
        json.loads(found.stdout)


def test_a_name_in_json_is_as_it_is_at_meta(run, evil):
    document = json.loads(run("plan", "--format", "json", "--sandbox", "world.yaml", cwd=evil).stdout)
    assert {action["asset"]["name"] for action in document["actions"]} == {EVIL, LINE}


@pytest.mark.parametrize("name", ["::error::x.yaml", "##[error]x.yaml"])
def test_no_file_name_in_an_error_is_a_command_of_the_runner(run, evil, name):
    (evil / name).mkdir()
    (evil / name / name).write_text("pages: 1\n")
    project = (evil / "accessctl.yaml").read_text()
    (evil / "accessctl.yaml").write_text(f'{project}manifests: ["{name}"]\n')
    found = run("plan", cwd=evil, **JOB)
    assert found.returncode == 1
    assert "x.yaml" in found.stderr
    assert commands_in(found.stdout + found.stderr) == []


def test_what_was_not_cleaned_is_disarmed_and_json_keeps_its_meaning():
    assert json.loads(unarmed(json.dumps({"a": EVIL}))) == {"a": EVIL}
    assert unarmed("### Changes, issue ##1") == "### Changes, issue ##1"
    assert unarmed_lines("a\n  ::error::x\n::b::") == "a\n  :\\u{3a}error::x\n:\\u{3a}b::"
    assert unarmed_lines("error: a::b") == "error: a::b"
    assert commands_in(unarmed_lines(f"{EVIL}\n{LINE}\n {LINE}")) == []


def test_the_secret_of_a_run_is_still_hidden_by_a_command(run, evil):
    token = ("--token-command", "echo EAAsecretsecretsecretsecret", "--graph-url", "http://127.0.0.1:9")
    found = run("plan", *token, cwd=evil, **JOB)
    assert "::add-mask::EAAsecret" in found.stderr

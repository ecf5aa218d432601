"""The README says what the program does: its plan, its commands, its exit codes."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from accessctl.cli import COMMANDS, sandbox

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def fences(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def brand(tmp_path_factory) -> Path:
    return copied("brand", tmp_path_factory.mktemp("readme"))


def copied(example: str, to: Path) -> Path:
    """Copy an example without what somebody has done in its sandbox."""
    return shutil.copytree(ROOT / "examples" / example, to / example, ignore=shutil.ignore_patterns(".*"))


def test_the_plan_in_the_readme_is_the_one_of_the_example(run_alone, brand):
    printed = run_alone("plan", "--sandbox", "world.yaml", cwd=brand).stdout
    (shown,) = [fence for fence in fences("text") if "Plan: " in fence]
    for block in shown.split("\n\n"):
        for line in block.strip().splitlines():
            assert line in printed.splitlines(), line


def test_the_manifests_in_the_readme_are_a_valid_project(run, tmp_path):
    project, manifest = fences("yaml")
    (tmp_path / "access").mkdir()
    (tmp_path / "accessctl.yaml").write_text(project)
    (tmp_path / "access" / "germany.yaml").write_text(manifest)
    found = run("validate")
    assert (found.returncode, found.stderr) == (0, "")


def test_the_readme_names_every_command():
    rows = re.findall(r"^\| `([a-z]+)", README, re.MULTILINE)
    named = set(rows) | set(re.findall(r"`(who|what|why) ", README))
    assert set(COMMANDS) <= named


def test_the_readme_names_every_command_of_the_sandbox():
    (row,) = re.findall(r"^\| `sandbox ([^`]+)`", README, re.MULTILINE)
    assert set(row.split("\\|")) == set(sandbox.command.commands)


def test_after_the_first_command_of_the_readme_one_enters_the_environment_that_it_makes():
    first, second = fences("sh")[:2]
    assert "python3 -m venv .venv " in first
    assert "`. .venv/bin/activate`" in README.partition(first)[2].partition(second)[0]


def test_the_first_command_of_the_readme_leaves_nothing_that_its_tests_trip_over():
    for path in (ROOT / "tests").rglob("*.py"):
        for line in path.read_text(encoding="utf-8").splitlines():
            if re.search(r"copytree\((BRAND|EXAMPLES?\b|ROOT / \"examples\")", line):
                assert "ignore_patterns(" in line, f"{path.name}: {line.strip()}"


def test_every_option_in_the_readme_is_one(run):
    others = {"cov", "json", "factory", "workers", "bind", "no-access-log"}  # of pytest, gh, uvicorn and hypercorn
    options = set(re.findall(r"(?<![\w-])--([a-z][a-z-]+)", README)) - others
    commands = [
        *([name] for name in COMMANDS),
        ["sandbox", "serve"],
        ["sandbox", "notify"],
        ["obo", "list"],
        ["obo", "cancel"],
    ]
    known = "".join(run(*command, "--help").stdout for command in commands)
    assert {option for option in options if f"--{option}" not in known} == set()


def test_every_variable_in_the_readme_is_read():
    source = "".join(path.read_text() for path in (ROOT / "accessctl").rglob("*.py"))
    for name in set(re.findall(r"ACCESSCTL_[A-Z_]+", README)) - {
        "ACCESSCTL_PLAN_OUT",
        "ACCESSCTL_PLAN_TARGET",
        "ACCESSCTL_COMPLETE",
    }:
        base = name.removesuffix("_FILE").removesuffix("_ACME")
        assert base in source, name

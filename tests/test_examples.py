"""The two example projects, lived through as a newcomer does, with the command line and in a copy."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from jsonschema import Draft202012Validator
from referencing import Registry

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator

    Accessctl = Callable[[str], subprocess.CompletedProcess[str]]

ROOT = Path(__file__).parent.parent
EXAMPLES = ("brand", "agency")
FENCE = re.compile(r"```(sh|text|diff)\n(.*?)```", re.DOTALL)
SYMBOLS = frozenset("+~->…!?")

FR_BRAND, ONDELUNE = "act_2438609284566086", "205518837460912"
RETAIL_PAGE, QUELLMOOR = "103847750261946", "118730046295183"
GIFTS_PAGE, MORROWGATE = "110925573048826", "1260447938152706"


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A directory with a copy of the examples, as a checkout has them before anybody has tried anything."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns(".*"))
    return tmp_path


@pytest.fixture
def accessctl(here: Path, run: Callable[..., subprocess.CompletedProcess[str]]) -> Accessctl:
    """Run one line, such as `-C examples/brand plan`, where the examples are."""
    return lambda line: run(*shlex.split(line), cwd=here)


@pytest.fixture
def accessctl_alone(here: Path, run_alone: Callable[..., subprocess.CompletedProcess[str]]) -> Accessctl:
    """Run one line there in a process of its own."""
    return lambda line: run_alone(*shlex.split(line), cwd=here, PYTHONPATH=str(ROOT))


def symbols(plan: str) -> frozenset[str]:
    """Return the symbols of the rows of a plan."""
    return frozenset(re.findall(r"^  (\S) ", plan, re.MULTILINE)) & SYMBOLS


AGE = re.compile(r"\(since \d{4}-\d\d-\d\d, \d+ days?")
TRACE = re.compile(r"trace [\w-]+")


def varies(text: str) -> bool:
    """Tell whether text holds an age or a trace id, which differ from run to run, and lines break with them."""
    return flat(text) != " ".join(text.split())


def flat(text: str) -> str:
    """Return text on one line, with neither ages nor trace ids."""
    return TRACE.sub("trace ID", AGE.sub("(since DAY, DAYS", " ".join(text.split())))


def edit(project: Path, diff: str) -> None:
    """Do what a diff in a README shows: its first line names the file, the others are lines of it."""
    name, _, lines = diff.partition("\n")
    path = project / name.removeprefix("--- ")
    before = "".join(line[1:] for line in lines.splitlines(keepends=True) if line[0] != "+")
    after = "".join(line[1:] for line in lines.splitlines(keepends=True) if line[0] != "-")
    text = path.read_text(encoding="utf-8")
    assert text.count(before) == 1, f"{path.name} does not hold once:\n{before}"
    path.write_text(text.replace(before, after), encoding="utf-8")


def documents(example: str) -> Iterator[tuple[Path, str]]:
    """Yield every YAML file of an example with the name of the schema it has to fit."""
    directory = ROOT / "examples" / example
    names = {"accessctl.yaml": "project", "world.yaml": "world"}
    for path in sorted(directory.rglob("*.yaml")):
        yield path, names.get(path.name, "manifest")


class Plainly(yaml.SafeLoader):
    """Reads as editors do, by YAML 1.2, where `on` and a day are text."""


Plainly.yaml_implicit_resolvers = {}
Plainly.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("(true|false)$"), list("tf"))
Plainly.add_implicit_resolver("tag:yaml.org,2002:int", re.compile("[0-9]+$"), list("0123456789"))


FILES = [
    pytest.param(path, name, id=str(path.relative_to(ROOT)))
    for example in EXAMPLES
    for path, name in documents(example)
]


@pytest.mark.parametrize(("path", "name"), FILES)
def test_every_file_of_an_example_fits_the_schema_its_first_line_names(path: Path, name: str) -> None:
    text = path.read_text(encoding="utf-8")
    named = re.match(r"# yaml-language-server: \$schema=(\S+)\n", text)
    schema = ROOT / "schemas" / f"{name}.schema.json"

    assert named
    assert (path.parent / named[1]).resolve() == schema
    validator = Draft202012Validator(json.loads(schema.read_text(encoding="utf-8")), registry=Registry())
    assert not list(validator.iter_errors(yaml.load(text, Plainly)))


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_commands_of_a_readme_print_what_it_quotes(example: str, here: Path, accessctl_alone: Accessctl) -> None:
    text = (here / "examples" / example / "README.md").read_text(encoding="utf-8")
    printed, commands, quotes = "", 0, 0
    for block in FENCE.finditer(text):
        kind, content = block.groups()
        if kind == "diff":
            edit(here / "examples" / example, content)
        elif kind == "text":
            quotes += 1
            assert content in printed or (varies(content) and flat(content) in flat(printed)), content
        else:
            commands += 1
            program, _, line = content.strip().partition(" ")
            assert program == "accessctl"
            done = accessctl_alone(line)
            printed = done.stdout + "\n" + done.stderr
            told = text[: block.end()] + text[block.end() :].split("```sh")[0]
            assert done.returncode in (0, 3, 5), printed
            assert not done.returncode or f"exit code {done.returncode}" in flat(told), line
    assert commands > 8
    assert quotes > 8


def test_the_brand_has_one_warning_and_no_problem(accessctl: Accessctl) -> None:
    done = accessctl("-C examples/brand validate")

    assert done.returncode == 0
    assert "No problems." in done.stdout
    assert len(done.stderr.splitlines()) == 1


def test_the_agency_has_neither_warning_nor_problem(accessctl: Accessctl) -> None:
    done = accessctl("-C examples/agency validate")

    assert (done.returncode, done.stderr) == (0, "")
    assert "No problems." in done.stdout


def test_the_first_plan_of_the_brand_has_a_row_of_every_kind(accessctl: Accessctl) -> None:
    done = accessctl("-C examples/brand plan --sandbox world.yaml")

    assert symbols(done.stdout) == SYMBOLS
    assert done.returncode == 5  # two rows are blocked
    assert "refused:" not in done.stdout


def test_the_first_plan_of_the_brand_is_one_a_person_can_read(accessctl: Accessctl) -> None:
    plan = json.loads(accessctl("-C examples/brand plan --sandbox world.yaml --format json").stdout)
    changed = {(row["asset"]["kind"], row["asset"]["id"]) for row in plan["actions"]}

    assert 15 <= len(plan["actions"]) <= 25
    assert len(changed) < 25
    assert {row["action"] for row in plan["actions"]} == {"grant", "accept", "change", "revoke", "request"}
    assert {"expired", "not_declared", "tasks_differ", "declared", "request_declared"} == {
        row["reason"]["code"] for row in plan["actions"]
    }
    assert {row["reason"]["code"] for row in plan["waiting"]} == {"client_response", "ask_client"}
    assert {row["reason"]["code"] for row in plan["blocked"]} == {"unreadable", "unknown_status"}


def test_after_apply_the_brand_has_nothing_left_but_what_waits_or_cannot_be_told(
    accessctl: Accessctl,
) -> None:
    applied = accessctl("-C examples/brand apply --auto-approve --sandbox world.yaml --format json")
    steps = {step["outcome"] for step in json.loads(applied.stdout)["steps"]}
    again = accessctl("-C examples/brand plan --sandbox world.yaml")

    assert applied.returncode == 5  # the blocked rows
    assert steps == {"applied", "awaiting_admin_approval", "waiting_for_client"}
    assert again.stdout.count("No changes.") == 1
    assert symbols(again.stdout) == frozenset("…!?")
    assert again.returncode == 5


def test_what_people_say_yes_to_leaves_the_plan(accessctl: Accessctl) -> None:
    accessctl("-C examples/brand apply --auto-approve --sandbox world.yaml")
    waiting = accessctl("-C examples/brand plan --sandbox world.yaml").stdout
    accessctl(f"-C examples/brand sandbox approve world.yaml {FR_BRAND} {ONDELUNE}")
    approved = accessctl("-C examples/brand plan --sandbox world.yaml").stdout
    accessctl(f"-C examples/brand sandbox accept world.yaml {RETAIL_PAGE} {QUELLMOOR}")
    accepted = accessctl("-C examples/brand plan --sandbox world.yaml").stdout

    assert FR_BRAND in waiting
    assert FR_BRAND not in approved
    assert RETAIL_PAGE in approved
    assert RETAIL_PAGE not in accepted
    assert "No changes." in accepted


def test_the_agency_only_asks_waits_and_gives_back(accessctl: Accessctl) -> None:
    done = accessctl("-C examples/agency plan --sandbox world.yaml")

    assert symbols(done.stdout) == frozenset(">…-?")
    assert done.returncode == 0


def test_a_closed_door_at_meta_is_told_once_and_the_rest_goes_on(accessctl: Accessctl) -> None:
    done = accessctl("-C examples/agency apply --auto-approve --sandbox world.yaml --format json")
    steps = [(step["action"], step["outcome"]) for step in json.loads(done.stdout)["steps"]]

    assert done.stdout.count("(#3)") == 1
    assert sorted(steps) == [
        ("relinquish", "applied"),
        ("request", "failed"),
        ("request", "waiting_for_client"),
        ("request", "waiting_for_client"),
        ("withdraw", "applied"),
    ]
    assert done.returncode == 5


def test_a_client_who_says_yes_ends_the_wait(accessctl: Accessctl) -> None:
    accessctl("-C examples/agency apply --auto-approve --sandbox world.yaml")
    before = accessctl("-C examples/agency plan --sandbox world.yaml").stdout
    accessctl(f"-C examples/agency sandbox accept world.yaml {GIFTS_PAGE} {MORROWGATE}")
    after = accessctl("-C examples/agency plan --sandbox world.yaml").stdout

    assert GIFTS_PAGE in before
    assert GIFTS_PAGE not in after

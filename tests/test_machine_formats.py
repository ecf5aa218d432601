"""What machines read: annotations, SARIF and Code Quality of validate, and the counts of a plan for GitLab.

Golden files are renewed with --renew-golden, as those of what people read.
"""

from __future__ import annotations

import ast
import gzip
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accessctl import __version__
from accessctl.checked import Checked, check_project
from accessctl.clean import display
from accessctl.errors import Problem
from accessctl.model import Place
from accessctl.plan.nouns import Plan, Verb
from accessctl.render import validation_sarif as sarif_module
from accessctl.render.forge import Forge
from accessctl.render.formats import VALIDATE_FORMATS, Layout
from accessctl.render.linehash import line_hashes
from accessctl.render.plan_gitlab import plan_gitlab
from accessctl.render.validation_codequality import validation_codequality
from accessctl.render.validation_github import validation_github
from accessctl.render.validation_sarif import validation_sarif
from accessctl.render.worst import worst_first
from accessctl.slips import ADVICE, Slip
from tests.company import NOW
from tests.hostile import names
from tests.manifest.conftest import ASSET, BUSINESSES, SETTINGS, TODAY, Tree
from tests.manifest.test_manifest_language import SLIPS
from tests.runner_commands import commands_in
from tests.test_render import EVERY_ACTION, PLANS, golden

ROOT = Path(__file__).parent.parent
BRAND = ROOT / "examples" / "brand"
MACHINE = ("github", "sarif", "codequality", "json")


@pytest.fixture
def tree(tmp_path) -> Tree:
    return Tree(tmp_path)


def checked(tree: Tree, **options: object) -> Checked:
    return check_project(tree.root, today=TODAY, **options)


def found(*problems: Problem, warnings: tuple[Problem, ...] = (), texts: dict[str, str] | None = None) -> Checked:
    return Checked(tuple(sorted(problems)), tuple(sorted(warnings)), MappingProxyType(texts or {}))


def rendered(name: str, what: Checked, forge: Forge | None = None) -> str:
    return VALIDATE_FORMATS[name].render(what, Layout(NOW, forge=forge))


def annotations(text: str) -> list[tuple[str, dict[str, str], str]]:
    """Read annotations as the runner does: the command, its properties, what it says."""
    back = {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ","}

    def plain(escaped: str, marks: tuple[str, ...]) -> str:
        for mark in marks:
            escaped = escaped.replace(mark, back[mark])
        return escaped.replace("%25", "%")

    read = []
    for line in text.splitlines():
        if line.startswith("::"):
            command, _, data = line[2:].partition("::")
            name, _, given = command.partition(" ")
            pairs = [pair.split("=", 1) for pair in given.split(",")]
            read.append((name, {key: plain(value, tuple(back)) for key, value in pairs}, plain(data, ("%0D", "%0A"))))
    return read


def many(number: int, files: int = 300) -> Checked:
    return found(
        *(
            Problem(Place(f"access/{n % files:03}.yaml", n // files + 1), f"slip {n}", Slip.WRONG_VALUE)
            for n in range(number)
        )
    )


# Every kind of mistake has a name that stays.


def test_every_kind_of_mistake_says_what_it_is_and_what_to_do():
    assert set(ADVICE) == set(Slip)
    for slip, advice in ADVICE.items():
        assert re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", slip)
        assert advice.title
        assert advice.help.endswith(".")


def test_the_kind_of_each_known_mistake_stays_what_it_is(tree, request):
    lines = []
    for case, (text, _) in SLIPS.items():
        tree.write("access/a.yaml", text)
        kinds = {problem.slip for problem in checked(tree).problems}
        assert Slip.OTHER not in kinds, case
        lines.append(f"{case}: {', '.join(sorted(kinds))}\n")
    golden(request, "slips.txt", "".join(lines) + "\n" + "".join(f"{slip}\n" for slip in Slip))


@pytest.mark.parametrize(
    ("text", "slip"),
    [
        (b"\xff\xfea", Slip.NOT_UTF8),
        (b"a: \xe9", Slip.NOT_UTF8),
        ("a: \u202e", Slip.HIDDEN_CHARACTER),
        ('a: "\\u202e"', Slip.HIDDEN_CHARACTER),
        ("a: [", Slip.NOT_YAML),
        ('a: "\\U00110000"', Slip.NOT_YAML),
        ("%YAML 1.1\n---\n", Slip.YAML_NOT_TAKEN),
        ("a: 1\n---\nb: 1\n", Slip.YAML_NOT_TAKEN),
        ("a: &x 1", Slip.YAML_NOT_TAKEN),
        ("a: |\n  x\n", Slip.YAML_NOT_TAKEN),
        ("a: " + "[" * 40 + "]" * 40, Slip.TOO_LARGE),
        (b"#" * (1024 * 1024 + 1), Slip.TOO_LARGE),
    ],
)
def test_what_keeps_a_file_from_being_read_has_a_kind_and_is_said_first(tree, text, slip):
    tree.write("access/b.yaml", "page: {}\n")
    tree.write("access/c.yaml", text)
    first = worst_first(checked(tree))[0]
    assert (first.problem.slip, first.severity) == (slip, "blocker")


@pytest.mark.parametrize(
    ("manifests", "slip"),
    [
        ("[nowhere]", Slip.NO_MANIFEST),
        ("[../x]", Slip.OUTSIDE_PROJECT),
        ("[link]", Slip.OUTSIDE_PROJECT),
        ("[empty]", Slip.NO_MANIFEST),
        ("[pipe.yaml]", Slip.FILE_NOT_READ),
    ],
)
def test_a_place_that_cannot_be_read_has_a_kind(tree, manifests, slip):
    import os

    (tree.root / "empty").mkdir()
    (tree.root / "link").symlink_to(tree.root / "empty")
    os.mkfifo(tree.root / "pipe.yaml")
    tree.write("accessctl.yaml", f"{SETTINGS}manifests: {manifests}\n")
    assert [problem.slip for problem in checked(tree).problems] == [slip]


def test_a_directory_without_a_project_has_a_kind(tmp_path):
    assert [problem.slip for problem in check_project(tmp_path, today=TODAY).problems] == [Slip.NO_PROJECT]


def test_no_problem_is_made_without_its_kind():
    for path in (ROOT / "accessctl" / "manifest").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Problem":
                assert len(node.args) == 3, f"{path}:{node.lineno}"


def test_the_kind_is_no_part_of_what_tells_two_problems_apart():
    assert Problem(Place("a"), "x", Slip.NO_OWNER) == Problem(Place("a"), "x")


# Golden files.


@pytest.fixture
def untidy(tree) -> Tree:
    """Mistakes of several kinds, a warning, and names that mean harm."""
    tree.write("access/a.yaml", BUSINESSES + ASSET.replace("ANALYZE", "ANALYSE, ADVERTISEE"))
    tree.write("access/b ::error::,%0A.yaml", "pages:\n  'x]##[error]y': {id: 1}\n  p: {id: \"2\", owner: acme}\n")
    tree.write("access/##[error]c.yaml", "page: [x](http://evil.example) {0}\n")
    tree.write("access/d\u202e.yaml", "a")
    tree.write("access/e.yaml", "a: [")
    return tree


@pytest.mark.parametrize("name", MACHINE)
def test_what_is_wrong_is_told_to_machines_as_agreed(untidy, request, name):
    text = rendered(name, checked(untidy), Forge("https://github.com/a/b/blob/x", "eu"))
    golden(request, f"validate-{name}.txt", text.replace(f'"{__version__}"', '"VERSION"') + "\n")


@pytest.mark.parametrize("name", MACHINE)
def test_a_project_without_mistakes_has_no_findings(name):
    text = rendered(name, replace(check_project(BRAND, today=TODAY), warnings=()))
    if name == "github":
        assert text.endswith("No problems.")
        assert annotations(text) == []
    else:
        document = json.loads(text)
        results = {
            "sarif": lambda d: d["runs"][0]["results"],
            "codequality": lambda d: d,
            "json": lambda d: d["problems"],
        }
        assert results[name](document) == []


# Hostile text: file names, ids and names in messages.


def hostile(number: int) -> Checked:
    given = names(number)
    return found(
        *(Problem(Place(f"access/{name}.yaml"), f"unknown task {name} for an ad account") for name in given),
        warnings=tuple(Problem(Place(f"access/{name}"), name) for name in given),
    )


@pytest.mark.parametrize("name", [name for name in MACHINE if name != "github"])
def test_no_hostile_name_is_a_command_in_the_log_of_a_job(name):
    assert commands_in(rendered(name, hostile(2_000), Forge("https://x/y", "##[group]z"))) == []


def test_no_hostile_name_is_another_command_in_an_annotation():
    for name in names(2_000):
        problem = Problem(Place(f"{name}.yaml"), f"{name} for an ad account")
        text = validation_github(found(problem, warnings=(problem,)))
        first, second = text.split("\n")
        assert first.startswith("::error ")
        assert second.startswith("::warning ")
        assert commands_in(f"{first[2:]}\n{second[2:]}") == []
        assert len(text.splitlines()) == 2
        ((_, properties, data), _) = annotations(text)
        assert set(properties) <= {"file", "line", "col", "title"}
        assert data == display(str(problem), 1_000)
        assert properties.get("file", f"{name}.yaml") == f"{name}.yaml"


@pytest.mark.parametrize(
    "file", ["a b.yaml", "a,b=c.yaml", "a%0Ab.yaml", "a::error::b.yaml", "a:::b;].yaml", "\u65e5.yaml"]
)
def test_a_file_that_can_be_named_safely_is_named_exactly(file):
    ((_, properties, _),) = annotations(validation_github(found(Problem(Place(file, 3, 7), "x")), Forge("", "eu/x")))
    assert properties == {"file": f"eu/x/{file}", "line": "3", "col": "7", "title": "accessctl: mistake"}


@pytest.mark.parametrize(
    "file", ["a##[error]b.yaml", " a.yaml", "a#\u0301#[error]b.yaml", "a#\u3164#[x]b.yaml", "a\u202eb.yaml"]
)
def test_a_file_that_cannot_be_named_safely_is_named_in_the_text_alone(file):
    ((_, properties, data),) = annotations(validation_github(found(Problem(Place(file, 3, 7), "x"))))
    assert "file" not in properties
    assert data == display(f"{file}:3:7: x")


def test_hostile_files_on_disk_are_all_told_of(untidy):
    what = checked(untidy)
    files = {problem.place.file for problem in what.problems}
    assert len(files) == 5
    uris = {unquote(place["uri"]) for place in artifacts(json.loads(validation_sarif(what)))}
    assert uris == files
    assert {entry["location"]["path"] for entry in json.loads(validation_codequality(what))} == files


def artifacts(document: dict) -> list[dict]:
    results = document["runs"][0]["results"]
    return [result["locations"][0]["physicalLocation"]["artifactLocation"] for result in results]


def test_no_message_of_sarif_is_a_link_or_has_a_place_for_an_argument():
    for result in json.loads(validation_sarif(hostile(2_000)))["runs"][0]["results"]:
        assert not re.search(r"\]\(|\{[0-9]", result["message"]["text"])


# What each receiver takes.


def assert_github_takes(text: str) -> None:
    document = json.loads(text)
    assert document["version"] == "2.1.0"
    assert len(gzip.compress(text.encode())) < 10_000_000
    (run,) = document["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert len(run["results"]) <= 25_000
    assert len({rule["id"] for rule in rules}) == len(rules) <= 25_000
    for rule in rules:
        assert all(rule[key]["text"] for key in ("shortDescription", "fullDescription", "help"))
        assert len(rule["properties"]["tags"]) <= 20
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("error", "warning")
        assert result["message"]["text"]
        (location,) = result["locations"]
        region = location["physicalLocation"]["region"]
        assert min(region["startLine"], region["startColumn"]) >= 1
        assert re.fullmatch(r"[0-9a-f]{1,16}:[1-9][0-9]*", result["partialFingerprints"]["primaryLocationLineHash"])
    for uri in {place["uri"] for place in artifacts(document)}:
        assert not uri.startswith("/")
        assert urlsplit(uri)[:2] == ("", "")
        assert re.fullmatch(r"(?:[A-Za-z0-9_.~/-]|%[0-9A-F]{2})+", uri)


def assert_gitlab_takes(text: str) -> None:
    entries = json.loads(text)
    assert len({entry["fingerprint"] for entry in entries}) == len(entries)
    for entry in entries:
        assert set(entry) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert entry["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert not entry["location"]["path"].startswith(("/", "./"))
        assert entry["location"]["lines"]["begin"] >= 1


def test_sarif_is_what_github_takes(untidy):
    assert_github_takes(validation_sarif(checked(untidy)))
    assert_github_takes(validation_sarif(hostile(500), Forge("", "a:b")))
    assert_github_takes(validation_sarif(found()))


def test_code_quality_is_what_gitlab_takes(untidy):
    assert_gitlab_takes(validation_codequality(checked(untidy)))
    assert_gitlab_takes(validation_codequality(hostile(500)))
    assert_gitlab_takes(validation_codequality(found()))


def test_two_projects_in_one_repository_are_two_categories():
    ids = {
        json.loads(validation_sarif(found(), forge))["runs"][0]["automationDetails"]["id"]
        for forge in (None, Forge("", "eu"), Forge("", "us"))
    }
    assert ids == {"accessctl/validate/", "accessctl/validate/eu/", "accessctl/validate/us/"}


# Limits: what is left out is counted.


def test_a_step_gets_the_ten_worst_errors_and_ten_warnings_and_the_count_of_the_rest():
    unread = Problem(Place("z.yaml"), "not UTF-8", Slip.NOT_UTF8)
    problems = (*(Problem(Place("a.yaml", n), "x", Slip.NO_OWNER) for n in range(1, 13)), unread)
    warnings = tuple(Problem(Place("a.yaml", n), "odd") for n in range(1, 12))
    text = validation_github(found(*problems, warnings=warnings))
    read = annotations(text)
    assert [name for name, _, _ in read] == ["error"] * 10 + ["warning"] * 10
    assert read[0][1]["file"] == "z.yaml"
    said = "3 more errors in 1 file and 1 more warning in 1 file: accessctl validate lists them all"
    assert text.split("\n")[20:] == [said]


def test_twenty_five_thousand_and_one_problems_are_cut_to_what_is_taken_and_counted():
    what = many(25_001)
    assert "24991 more errors in 300 files" in validation_github(what)
    text = validation_sarif(what)
    assert_github_takes(text)
    (run,) = json.loads(text)["runs"]
    assert len(run["results"]) == 25_000
    assert run["properties"] == {"found": 25_001, "leftOut": 1}
    assert [note["message"]["text"] for note in run["invocations"][0]["toolExecutionNotifications"]] == [
        "1 of 25,001 results are left out; accessctl validate lists them all",
        "GitHub shows the first 5,000 of these results; they are the worst",
    ]
    report = validation_codequality(what)
    assert_gitlab_takes(report)
    *_, last = entries = json.loads(report)
    assert len(entries) == 25_001
    assert last["description"] == "1 more problem not listed here; accessctl validate lists them all"


def test_sarif_that_would_be_too_large_is_cut_and_counted(monkeypatch):
    monkeypatch.setattr(sarif_module, "LARGEST", 50_000)
    text = validation_sarif(hostile(2_000))
    assert len(gzip.compress(text.encode())) < 51_000
    (run,) = json.loads(text)["runs"]
    assert 0 < len(run["results"]) == 4_000 - run["properties"]["leftOut"] < 4_000


# Fingerprints: a problem is known again where its line moves.


@pytest.mark.parametrize(
    ("text", "hashes"),
    [
        ("", ["c129715d7a2bc9a3:1"]),
        (" a\nb\n  \t\tc\n d", ["271789c17abda88f:1", "54703d4cd895b18:1", "180aee12dab6264:1", "a23a3dc5e078b07b:1"]),
    ],
)
def test_the_hash_of_a_line_is_the_one_github_computes(text, hashes):
    """The values are those of the tests of github/codeql-action."""
    lines = range(1, len(hashes) + 1)
    assert list(line_hashes(text, lines).values()) == hashes


def test_lines_with_the_same_hash_are_counted():
    hashes = line_hashes("Lorem ipsum dolor sit amet.\n" * 10, range(1, 12))
    assert [hashes[n] for n in (1, 2, 6)] == [f"a7f2ff13bc495cf2:{n}" for n in (1, 2, 6)]
    assert [hashes[n] for n in (7, 11)] == ["a7f2ff1481e87703:1", "c129715d7a2bc9a3:1"]


def rolled(text: str) -> list[str]:
    """Compute all hashes with a window that rolls over the file once, as opposed to a block for each line."""
    window, starts, line, after_cr, fresh = [0] * 100, {}, 0, False, True
    value, counts, hashes = 0, {}, []

    def push(unit: int) -> None:
        nonlocal value
        value = (value * 37 + unit - window.pop(0) * 37**100) % 2**64
        window.append(unit)
        for begun in list(starts):
            starts[begun] += 1
            if starts[begun] == 100:
                del starts[begun]
                counts[value] = counts.get(value, 0) + 1
                hashes.append(f"{value:x}:{counts[value]}")

    data = text.encode("utf-16-le", "surrogatepass")
    for unit in [*(int.from_bytes(data[n : n + 2], "little") for n in range(0, len(data), 2)), 65535]:
        was_cr, after_cr = after_cr, unit == 13
        if unit in (9, 32) or (was_cr and unit == 10):
            continue
        if fresh:
            line += 1
            starts[line] = 0
        fresh = unit in (10, 13)
        push(10 if unit == 13 else unit)
    for _ in range(100):
        push(0)
    return hashes


@given(st.text("ab \t\r\n\u00e9\U0001f389", max_size=300))
def test_the_hash_of_a_line_is_that_of_a_window_that_rolls(text):
    expected = rolled(text)
    hashes = line_hashes(text, range(1, len(expected) + 9))
    assert [hashes[n] for n in sorted(hashes)] == expected


SECOND = ASSET.replace("defaults: {owner: acme}\nad_accounts:\n", "").replace("de-brand", "de-shop").replace("11", "12")


def prints(tree: Tree, text: str) -> tuple[list[str], list[str]]:
    tree.write("access/a.yaml", text)
    what = checked(tree)
    results = json.loads(validation_sarif(what))["runs"][0]["results"]
    entries = json.loads(validation_codequality(what))
    return (
        [result["partialFingerprints"]["primaryLocationLineHash"] for result in results],
        [entry["fingerprint"] for entry in entries],
    )


def test_a_problem_keeps_its_fingerprints_when_its_line_moves(tree):
    text = (BUSINESSES + ASSET + SECOND).replace("ANALYZE", "ANALYSE, ADVERTISEE")
    before = prints(tree, text)
    assert [len(part) for part in before] == [4, 4]
    assert len(set(before[1])) == 4
    assert prints(tree, "# a comment\n\n" + text) == before
    assert prints(tree, text.replace("  dataco", "  another: {id: '77'}\n  dataco")) == before


def test_a_problem_at_an_asset_keeps_its_code_quality_fingerprint_whatever_happens_to_its_neighbours(tree):
    text = (BUSINESSES + ASSET + SECOND).replace("ANALYZE", "ANALYSE")
    before = prints(tree, text)[1]
    mended = prints(tree, text.replace("ANALYSE", "ANALYZE", 1))[1]
    assert mended == before[1:]
    assert prints(tree, (BUSINESSES + ASSET + SECOND).replace("[ANALYZE]", "[ADVERTISEE]"))[1] != before


# The command.


@pytest.fixture
def brand(tmp_path) -> Path:
    return shutil.copytree(BRAND, tmp_path / "brand", ignore=shutil.ignore_patterns(".*"))


@pytest.mark.parametrize("name", VALIDATE_FORMATS)
def test_validate_ends_as_it_always_did_whatever_the_format(run, brand, name):
    good = run("validate", "--format", name, "--render", f"{name}=out", cwd=brand)
    assert (good.returncode, "No problems." in good.stdout) == (0, name in ("text", "github"))
    (brand / "accessctl.yaml").write_text("version: 2\nacts_as: [acme]\n")
    bad = run("validate", "--format", name, "--render", f"{name}=out", cwd=brand)
    assert (bad.returncode, bool(bad.stdout), bool(bad.stderr)) == (1, name != "text", name == "text")
    assert (brand / "out").read_text() == (bad.stdout or bad.stderr).removesuffix("\n")


def test_files_are_written_beside_the_words_also_where_there_are_mistakes(run, brand):
    (brand / "access" / "more.yaml").write_text("page: {}\n")
    done = run("validate", "--render", "sarif=a.sarif", "--render", "codequality=gl.json", cwd=brand)
    assert done.returncode == 1
    assert "access/more.yaml:1:1: unknown key 'page'" in done.stderr
    assert_github_takes((brand / "a.sarif").read_text())
    assert json.loads((brand / "gl.json").read_text())[0]["check_name"] == "accessctl/unknown_key"


def test_in_a_job_paths_are_those_of_the_repository(run, brand):
    (brand / "access" / "more.yaml").write_text("page: {}\n")
    top = brand.parent.resolve()
    github = {
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_REPOSITORY": "acme/access",
        "GITHUB_SHA": "a" * 40,
        "GITHUB_WORKSPACE": str(top),
    }
    gitlab = {"CI_PROJECT_URL": "https://gitlab.com/a/b", "CI_COMMIT_SHA": "a" * 40, "CI_PROJECT_DIR": str(top)}
    shown = run("-C", "brand", "validate", "--format", "github", cwd=top, **github).stdout
    assert annotations(shown)[0][1]["file"] == "brand/access/more.yaml"
    report = json.loads(run("-C", "brand", "validate", "--format", "codequality", cwd=top, **gitlab).stdout)
    assert report[0]["location"]["path"] == "brand/access/more.yaml"


# A plan for GitLab's widget.


def test_the_widget_counts_what_gives_what_changes_and_what_takes():
    assert json.loads(plan_gitlab(PLANS["every-row"])) == {"create": 3, "update": 1, "delete": 3}
    assert plan_gitlab(PLANS["no-changes"]) == '{"create":0,"update":0,"delete":0}'


@pytest.mark.parametrize("verb", Verb)
def test_the_widget_counts_every_step_once(verb):
    plan = replace(PLANS["small"], plan=Plan((replace(EVERY_ACTION[0], verb=verb),)))
    assert sum(json.loads(plan_gitlab(plan)).values()) == 1


def test_plan_counts_for_the_widget(run, brand):
    done = run("plan", "--sandbox", "world.yaml", "--format", "gitlab-terraform", cwd=brand)
    assert (done.returncode, json.loads(done.stdout)) == (5, {"create": 8, "update": 5, "delete": 6})

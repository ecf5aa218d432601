"""Files made to hang or to fill the memory are refused at once, each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import accessctl

# The machine may be busy: the law is half a second, the net is wider.
MOST_SECONDS = 2.0
MOST_BYTES = 64 * 1024 * 1024

# Loads everything once, then measures each file it is told of in a child of its own.
PROGRAM = """
import json, os, resource, signal, sys, time
from datetime import date
from pathlib import Path
import jsonschema, referencing, yaml
from accessctl.errors import ManifestError
from accessctl.manifest import load_project
from accessctl.manifest.document import read_document
from accessctl.manifest.findings import Findings

def memory():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

def read(path, loader):
    limit = max(memory() + 400 * 1024 * 1024, 1 << 30)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    findings = Findings()
    read_document("bomb.yaml", path.read_bytes(), findings, loader=getattr(yaml, loader))
    return findings.problems

def validate(directory):
    try:
        load_project(directory, today=date(2026, 11, 21))
    except ManifestError as error:
        return error.problems
    return []

def measured(what, path, *more):
    before, begin = memory(), time.process_time()
    problems = {"read": read, "validate": validate}[what](Path(path), *more)
    found = {"seconds": time.process_time() - begin, "bytes": memory() - before}
    return found | {"problems": [str(problem) for problem in problems]}

for line in sys.stdin:
    if not (child := os.fork()):
        signal.alarm(30)
        print(json.dumps(measured(*json.loads(line))), flush=True)
        os._exit(0)
    if code := os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        print(json.dumps({"ended": code}), flush=True)
"""


def merge_bomb() -> bytes:
    lines = ["a0: &a0 {k: v}"]
    for n in range(1, 8):
        many = ", ".join([f"*a{n - 1}"] * 9)
        lines.append(f"a{n}: &a{n}\n  <<: [{many}]")
    return "\n".join(lines).encode()


def alias_bomb() -> bytes:
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    return "\n".join(lines).encode()


BOMBS = {
    "merge keys": (merge_bomb(), "anchors"),
    "aliases": (alias_bomb(), "anchors"),
    "deep flow lists": (b"[" * 100_000, "1:33: this is nested more than 32 deep"),
    "deep flow maps": (b"{a: " * 25_000, "nested more than 32 deep"),
    "deep flow keys": (b"? " * 50_000, "nested more than 32 deep"),
    "deep block lists": (b"- " * 50_000, "nested more than 32 deep"),
}
BIG = {
    "a flat list": (b"[" + b"a," * 500_000 + b"]", "more than 200,000 values"),
    "many keys": (b"".join(b"k%d:\n" % n for n in range(110_000)), "more than 200,000 values"),
    "the same key": (b"k:\n" * 300_000, "is here twice"),
    "anchors everywhere": (b"[" + b"&a b," * 190_000 + b"]", "anchors"),
    "one long word": (b"a: " + b"b" * 1_000_000, None),
    "one long number": (b"a: " + b"1" * 1_000_000, None),
    "one long number with colons": (b"a: 1" + b":11" * 300_000 + b"x", None),
    "one long number with lines below": (b"a: 1" + b"_" * 900_000 + b"x", None),
    "one long escape": (b'a: "' + b"\\n" * 500_000 + b'"', "a control character"),
    "one long comment": (b"#" * 1_000_000, None),
    "blank lines": (b"\n" * 1_000_000, None),
    "open quote": (b'a: "' + b"b\n" * 500_000, "this cannot be read as YAML"),
}
CASES = [
    *(pytest.param(name, "CSafeLoader", id=f"{name}, libyaml") for name in (*BOMBS, *BIG)),
    *(pytest.param(name, "SafeLoader", id=f"{name}, pure") for name in BOMBS),
]


@pytest.fixture(scope="module")
def run():
    """Return what measures a file, in a process of its own."""
    root = Path(accessctl.__file__).parents[1]
    # What is timed here is not followed by coverage.
    environ = {key: value for key, value in os.environ.items() if "COV" not in key} | {"PYTHONPATH": str(root)}
    command = [sys.executable, "-c", PROGRAM]
    with subprocess.Popen(command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:

        def run(*what: str) -> dict:
            parent.stdin.write(f"{json.dumps(what)}\n")
            parent.stdin.flush()
            found = json.loads(parent.stdout.readline())
            assert "ended" not in found, found
            return found

        yield run


@pytest.mark.parametrize(("name", "loader"), CASES)
def test_a_bomb_is_refused_quickly_and_in_little_memory(run, name, loader, tmp_path):
    data, words = {**BOMBS, **BIG}[name]
    path = tmp_path / "bomb.yaml"
    path.write_bytes(data)

    result = run("read", str(path), loader)

    assert (words is None and result["problems"] == []) or any(words in text for text in result["problems"])
    assert result["seconds"] <= MOST_SECONDS
    assert result["bytes"] <= MOST_BYTES


MORE = "there are more problems in this file; mend these first"
MANY = "ad_accounts:\n{}"
KNOWN = 'businesses:\n  acme: {{id: "1001"}}\n  m: {{id: "2002"}}\ndefaults: {{owner: acme}}\nad_accounts:\n{}'
MISTAKES = {
    "ids without quotes": (MANY, "  a{0}: {{id: {0}}}\n", 38_000, MORE),
    "unknown keys": ("{}", "k{}: 1\n", 90_000, MORE),
    "unknown keys of one asset": ("ad_accounts:\n  a:\n{}", "    k{}: 1\n", 65_000, MORE),
    "wrong labels of one asset": ("ad_accounts:\n  a:\n    labels:\n{}", "      l{}: 1\n", 65_000, MORE),
    "wrong tasks of one agency": ("ad_accounts: {{a: {{agencies: {{b: [{}]}}}}}}\n", "a, ", 190_000, MORE),
    "wrong aliases": (MANY, "  A{0}: {{id: '1{0}'}}\n", 35_000, MORE),
    "yes for assets": (MANY, "  a{}: yes\n", 60_000, MORE),
    "unknown tasks": (KNOWN, "  a{0}: {{id: '1{0}', agencies: {{m: [XAD]}}}}\n", 18_000, MORE),
    "unknown agencies": (KNOWN, "  a{0}: {{id: '1{0}', agencies: {{n{0}: [ANALYZE]}}}}\n", 16_000, MORE),
    "the same id": (KNOWN, "  a{}: {{id: '5', agencies: {{}}}}\n", 22_000, MORE),
    "one slip": (
        KNOWN + "  z: {{id: 5}}\n",
        "  a{0}: {{id: '1{0}', agencies: {{m: [ANALYZE]}}}}\n",
        11_000,
        "quote it",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_very_many_mistakes_are_told_quickly_and_in_little_memory(run, name, tmp_path):
    frame, line, number, words = MISTAKES[name]
    text = frame.format("".join(line.format(n) for n in range(number)))
    (tmp_path / "accessctl.yaml").write_text("version: 1\nacts_as: [acme]\n")
    (tmp_path / "access").mkdir()
    (tmp_path / "access/a.yaml").write_text(text)

    result = run("validate", str(tmp_path))

    problems = [problem for problem in result["problems"] if problem.startswith("access/a.yaml")]
    assert words in problems[-1]
    assert len(problems) == (101 if words == MORE else 1)
    assert len(text) < 1024 * 1024
    assert result["seconds"] <= MOST_SECONDS
    assert result["bytes"] <= MOST_BYTES


def test_suggestions_for_very_many_wrong_names_among_many_right_ones_have_an_end(run, tmp_path):
    businesses = "".join(f'  acme-{n}: {{id: "{n + 1}"}}\n' for n in range(4000))
    names = "".join(
        f'  b{n}: {{id: "{n + 1}", owner: acme-1, agencies: {{acne-{n}: [ANALYZE]}}}}\n' for n in range(9000)
    )
    (tmp_path / "accessctl.yaml").write_text("version: 1\nacts_as: [acme-1]\n")
    (tmp_path / "access").mkdir()
    (tmp_path / "access/a.yaml").write_text(f"businesses:\n{businesses}ad_accounts:\n{names}")

    result = run("validate", str(tmp_path))

    assert any("did you mean" in problem for problem in result["problems"])
    assert len(result["problems"]) == 101
    assert result["seconds"] <= MOST_SECONDS

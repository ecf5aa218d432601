"""The schemas mean the same to every editor, reach nothing, and agree with what is read."""

from __future__ import annotations

import re
import socket
from datetime import date

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator, Draft202012Validator

from accessctl.errors import ManifestError
from accessctl.manifest import explain, load_project, load_schema
from accessctl.manifest.document import Items, Map, Scalar, read_document
from accessctl.manifest.findings import Findings
from accessctl.manifest.project import read_settings
from accessctl.manifest.read import read_manifest
from accessctl.manifest.scalars import core_value
from accessctl.manifest.schema import plain
from accessctl.manifest.shape import Reader
from accessctl.manifest.words import TaskCheck
from tests.campaigns import examples

from .conftest import ASSET, BUSINESSES, SETTINGS
from .test_manifest_language import SETTING_SLIPS, SLIPS

NAMES = ("project", "manifest")
FULL = """\
businesses:
  acme: {id: "1001", name: Acme GmbH}
  dataco: {id: "3003"}
profiles:
  buyer: {ad_account: [ADVERTISE, ANALYZE], page: [ANALYZE]}
  analyst: [ANALYZE]
defaults:
  owner: acme
  labels: {market: de}
ad_accounts:
  de-brand:
    id: "11"
    name: Brand
    owner: acme
    labels: {brand: acme}
    manage: additive
    replace_with_gap: true
    agencies:
      mediahouse: buyer
      dataco: [ANALYZE]
      northstar: {tasks: [ANALYZE], until: 2027-03-31, reason: why not}
      southstar: {profile: buyer}
pages:
  p: {id: "5", agencies: {}}
rules:
  r: {agency: dataco, profile: analyst, on: {kind: ad_account, owner: [acme], labels: {market: [de, at], a: b}}}
  s: {agency: dataco, tasks: [ANALYZE], on: {kind: [page, ad_account], owner: acme}, until: 2027-03-31, reason: x}
"""
FULL_PROJECT = """\
version: 1
acts_as: [acme]
manifests: [access]
manage: exclusive
graph_version: v26.0
guards: {max_revokes: 20, max_revoke_percent: 25, protect: [dataco]}
requests: {stale_after: 14d, unexpected: report}
"""
TEXTS = {"project": FULL_PROJECT, "manifest": FULL}


def subschemas(schema, path=()):
    if isinstance(schema, dict):
        yield path, schema
        for key, value in schema.items():
            yield from subschemas(value, (*path, key))
    elif isinstance(schema, list):
        for n, value in enumerate(schema):
            yield from subschemas(value, (*path, n))


def tree_of(text: str):
    findings = Findings()
    document = read_document("a.yaml", text.encode(), findings)
    return document, findings


def read_by(document, name: str) -> Reader:
    """Return the reader that has read the document."""
    findings = Findings()
    reader = Reader("a.yaml", findings, date(2026, 1, 1))
    if name == "project":
        read_settings(reader, document.root)
    else:
        read_manifest(reader, document.root, TaskCheck(findings, allow_unknown=True))
    return reader


def fits(document, name: str) -> bool:
    """Say what the reader alone thinks of the shape of a file."""
    return read_by(document, name).misfits == 0


def narrowed(document, name: str):
    """Return the document without what the reader found to fit."""
    return document._replace(root=read_by(document, name).narrowed(document.root))


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_a_schema_of_both_drafts(name):
    Draft202012Validator.check_schema(load_schema(name))
    Draft7Validator.check_schema({**load_schema(name), "$schema": "http://json-schema.org/draft-07/schema#"})


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_uses_nothing_that_one_of_the_drafts_does_not_know(name):
    for path, schema in subschemas(load_schema(name)):
        if path and path[-1] in ("properties", "$defs"):
            continue
        assert not schema.keys() & {
            "oneOf",
            "unevaluatedProperties",
            "prefixItems",
            "dependentRequired",
            "dependentSchemas",
        }
        assert "$ref" not in schema or schema.keys() <= {"$ref", "description"}
        assert schema.get("$ref", "#").startswith("#")


@pytest.mark.parametrize("name", NAMES)
def test_every_key_of_a_schema_is_described_and_every_type_has_a_title(name):
    for path, schema in subschemas(load_schema(name)):
        if path and path[-1] == "properties":
            assert all(value.get("description") for value in schema.values())
        elif "type" in schema and "if" not in path and not {"properties", "$defs"} & {path[-1] if path else ""}:
            assert schema.get("title"), path


@pytest.mark.parametrize("name", NAMES)
def test_every_pattern_ends_at_the_very_end_and_is_quick(name):
    patterns = {
        schema["pattern"] for _, schema in subschemas(load_schema(name)) if isinstance(schema.get("pattern"), str)
    }
    assert patterns
    for pattern in patterns:
        assert pattern.startswith("^")
        assert pattern.endswith(r"(?![\s\S])")
        assert "$" not in pattern
        assert "\\d" not in pattern
        for text in ("1" * 100_000, "a" * 100_000 + "\n", "A" * 100_000):
            assert not re.search(pattern, text)
        for text in ("123\n", "acme\n", "ANALYZE\n", "v26.0\n", "2027-03-31\n", "14d\n"):
            assert not re.search(pattern, text)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_in_a_schema_names_a_command_or_a_place_to_reach(name):
    keys = {
        key for path, schema in subschemas(load_schema(name)) if path and path[-1] == "properties" for key in schema
    }
    words = {word for key in keys for word in key.split("_")}
    assert not words & {"url", "command", "file", "env", "plugin", "token", "exec", "host", "script", "path"}


def test_explaining_opens_no_connection(monkeypatch):
    def refuse(*_: object) -> None:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    document, _ = tree_of("businesses: 5\n")
    assert len(explain(document, "manifest")) == 1


@pytest.mark.parametrize("name", NAMES)
def test_the_full_language_fits_its_schema(name):
    document, findings = tree_of(TEXTS[name])
    assert findings.problems == []
    assert explain(document, name) == []
    assert fits(document, name)


@pytest.mark.parametrize("name", NAMES)
def test_the_examples_of_a_schema_fit_it(name):
    for _, schema in subschemas(load_schema(name)):
        for example in schema.get("examples", []) if isinstance(schema.get("examples"), list) else []:
            validator = Draft202012Validator({**schema, "$defs": load_schema(name)["$defs"]})
            assert validator.is_valid(example)


def test_a_file_with_ten_thousand_unknown_keys_is_explained_a_hundred_times():
    document, _ = tree_of("".join(f"k{n}: x\n" for n in range(10_000)))
    assert len(explain(document, "manifest")) == 101


CORPUS = [
    *(("manifest", text) for text, _ in SLIPS.values()),
    *(("project", text) for text, _ in SETTING_SLIPS.values()),
    *TEXTS.items(),
    ("manifest", BUSINESSES + ASSET),
    ("project", SETTINGS),
]


@pytest.mark.parametrize(("name", "text"), CORPUS)
def test_both_drafts_and_the_reader_agree(name, text):
    document, _ = tree_of(text)
    if document is None:
        return
    value = plain(document.root)
    verdicts = {validator(load_schema(name)).is_valid(value) for validator in (Draft202012Validator, Draft7Validator)}

    assert len(verdicts) == 1
    assert fits(document, name) == (explain(document, name) == [])


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("5", 5), ("+5", 5), ("007", 7), ("0x1F", 31), ("0o17", 15), ("1.5", 1.5), ("1.e2", 100.0), ("1e3", 1000.0),
        (".5", 0.5), ("-.inf", float("-inf")), (".Inf", float("inf")), ("True", True), ("FALSE", False),
        ("~", None), ("", None), ("yes", "yes"), ("1_000", "1_000"), ("1:20", "1:20"), ("9" * 5000, 10**400),
    ],
)  # fmt: skip
def test_a_schema_sees_what_an_editor_sees(word, value):
    document, _ = tree_of(f"a: {word}\n")
    node = document.root.entries[0][1]
    assert core_value(node.text, node.kind) == value
    assert type(core_value(node.text, node.kind)) is type(value)


def test_not_a_number_is_one():
    document, _ = tree_of("a: .NaN\n")
    value = plain(document.root)["a"]
    assert value != value


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, text in CORPUS if tree_of(text)[0]])
def test_what_fits_is_left_out_of_the_explanation_and_nothing_else(name, text):
    document, _ = tree_of(text)
    assert explain(narrowed(document, name), name) == explain(document, name)


SLIP_AMONG_MANY = {
    "ad_accounts": '  a{}: {{id: "{}"}}\n  z: {{id: 5}}\n',
    "businesses": '  a{}: {{id: "{}", name: x}}\n  z: {{nme: x, id: "5"}}\n',
    "profiles": "  a{}: [ANALYZE] # {}\n  z: [analyze]\n",
    "rules": "  a{}: {{agency: b, profile: p, on: {{owner: [a{}]}}}}\n  z: {{on: {{owner: [A, b, 5]}}}}\n",
}


@pytest.mark.parametrize("section", SLIP_AMONG_MANY)
def test_one_slip_among_very_many_entries_is_explained_without_the_others(section):
    many, slip = SLIP_AMONG_MANY[section].splitlines(keepends=True)
    text = "".join(f"{other}:\n{SLIP_AMONG_MANY[other].splitlines()[0]}\n".format(1, 1) for other in SLIP_AMONG_MANY)
    text = text.replace(
        f"{section}:\n", f"{section}:\n" + "".join(many.format(n, n) for n in range(2, 500)) + slip.format()
    )
    document, _ = tree_of(text)
    left = {key.text: node for key, node in narrowed(document, "manifest").root.entries}

    assert [key.text for key, _ in left[section].entries] == ["z"]
    assert explain(narrowed(document, "manifest"), "manifest") == explain(document, "manifest") != []


def test_a_long_map_or_list_that_fits_is_not_walked_for_a_slip_beside_it():
    labels = ", ".join(f"l{n}: x" for n in range(500))
    tasks = ", ".join(f"T{n}" for n in range(500))
    text = f"ad_accounts: {{a: {{id: 5, labels: {{{labels}}}, agencies: {{b: [{tasks}]}}}}}}\n"
    document, _ = tree_of(text)

    assert len(list(paths(document.root))) > 1000
    assert len(list(paths(narrowed(document, "manifest").root))) < 20
    assert [str(problem) for problem in explain(narrowed(document, "manifest"), "manifest")] == [
        (
            "a.yaml:1:23: expected an ad account id (1 to 20 digits, with or without act_, in quotes), "
            'found 5: quote it, "5"'
        )
    ]


@pytest.mark.parametrize(
    "text",
    [
        "ad_accounts:\n" + "".join(f"  a{n}: {{id: {n + 1}}}\n" for n in range(300)),
        "".join(f"k{n}: x\n" for n in range(300)),
        "ad_accounts:\n  a:\n    id: '1'\n    labels:\n" + "".join(f"      k{n}: 1\n" for n in range(300)),
        "profiles:\n  a:\n" + "    - x\n" * 300,
    ],
)
def test_of_very_many_mistakes_the_first_of_the_file_are_explained(text):
    document, _ = tree_of(text)
    lines = [problem.place.line for problem in explain(narrowed(document, "manifest"), "manifest")]
    assert lines == list(range(lines[0], lines[0] + 101))
    assert lines[0] <= 5


def test_the_sections_are_explained_in_the_order_of_the_file():
    text = "rules:\n" + "  a: 5\n" + "businesses:\n" + "".join(f"  a{n}: {{}}\n" for n in range(200))
    document, _ = tree_of(text)
    assert explain(narrowed(document, "manifest"), "manifest")[0].place.line == 2


def test_an_unknown_section_on_top_is_told_before_the_mistakes_below():
    text = "foo: 5\nbusinesses:\n" + "".join(f"  a{n}: {{}}\n" for n in range(200))
    document, _ = tree_of(text)
    assert explain(narrowed(document, "manifest"), "manifest")[0].place.line == 1


# Parity: what a mutation may put in the place of a node, or add to a map.
WORDS = [
    "acme", "dataco", "ANALYZE", "analyze", "exclusive", "additive", "report", "decline", "page", "ad_account", "no",
    "on", "yes", "true", "false", "True", "~", "", "1", "0", "-1", "20", "100", "101", "100000", "100001", "020", "1.0",
    "1e2", "0x1F", "123", "act_12", "2027-03-31", "2027-3-1", "v26.0", "14d", "0d", "A", "a b", "é", "x" * 500,
    "x" * 501, "access", "9" * 30,
]  # fmt: skip
KEYS = [
    "id", "name", "owner", "labels", "manage", "replace_with_gap", "agencies", "tasks", "profile", "until", "reason",
    "on", "kind", "agency", "ad_account", "page", "businesses", "rules", "version", "acts_as", "protect", "foo", "x-1",
    "É", "", "max_revokes", "guards", "y" * 64, "y" * 65,
]  # fmt: skip


def dump(node) -> str:
    if isinstance(node, Map):
        return "{" + ", ".join(f"{dump(key)}: {dump(value)}" for key, value in node.entries) + "}"
    if isinstance(node, Items):
        return "[" + ", ".join(dump(item) for item in node.nodes) + "]"
    return node.text if node.kind else '"' + node.text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def paths(node, path=()):
    yield path
    children = [v for _, v in node.entries] if isinstance(node, Map) else node.nodes if isinstance(node, Items) else ()
    for n, child in enumerate(children):
        yield from paths(child, (*path, n))


def changed(node, path, change):
    if not path:
        return change(node)
    first, rest = path[0], path[1:]
    if isinstance(node, Map):
        entries = list(node.entries)
        entries[first] = (entries[first][0], changed(entries[first][1], rest, change))
        return node._replace(entries=tuple(entries))
    nodes = list(node.nodes)
    nodes[first] = changed(nodes[first], rest, change)
    return node._replace(nodes=tuple(nodes))


@st.composite
def mutated(draw, root):
    """Take a file that fits and change it in one to three places."""

    def leaf():
        return Scalar(draw(st.sampled_from(WORDS)), draw(st.sampled_from([0, 1])), 1, 1)

    def any_node():
        kind = draw(st.integers(0, 5))
        if kind > 1:
            return leaf()
        return Items(tuple(leaf() for _ in range(draw(st.integers(0, 2)))), 1, 1) if kind else Map((), 1, 1)

    def change(node):
        action = draw(st.integers(0, 3))
        if isinstance(node, Map) and action:
            entries = list(node.entries)
            if action == 1 and entries:
                del entries[draw(st.integers(0, len(entries) - 1))]
            elif action == 2 and entries:
                n = draw(st.integers(0, len(entries) - 1))
                entries[n] = (Scalar(draw(st.sampled_from(KEYS)), 0, 1, 1), entries[n][1])
            else:
                entries.append((Scalar(draw(st.sampled_from(KEYS)), 0, 1, 1), any_node()))
            return node._replace(entries=tuple({key.text: (key, value) for key, value in entries}.values()))
        if isinstance(node, Items) and action:
            return node._replace(nodes=(*node.nodes[action - 1 :], *([any_node()] if action == 3 else [])))
        return any_node()

    for _ in range(draw(st.integers(1, 3))):
        root = changed(root, draw(st.sampled_from(list(paths(root)))), change)
    return root


def check_parity(name: str, root) -> None:
    document, findings = tree_of(dump(root))
    if document is None or findings.problems:
        return
    value = plain(document.root)
    newer = Draft202012Validator(load_schema(name)).is_valid(value)
    explained = explain(document, name)

    assert fits(document, name) == (explained == []), (dump(root), explained)
    assert explain(narrowed(document, name), name) == explained, dump(root)
    assert newer == Draft7Validator(load_schema(name)).is_valid(value)
    assert newer or explained


ROOTS = {name: tree_of(text)[0].root for name, text in TEXTS.items()}
QUICK = settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
LONG = settings(max_examples=examples(10_000), deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("name", NAMES)
def test_reader_and_schema_never_disagree_on_a_file_nearly_right(name):
    QUICK(given(root=mutated(ROOTS[name]))(lambda root: check_parity(name, root)))()


@pytest.mark.campaign
@pytest.mark.parametrize("name", NAMES)
def test_reader_and_schema_never_disagree_in_ten_thousand_files(name):
    LONG(given(root=mutated(ROOTS[name]))(lambda root: check_parity(name, root)))()


def check_bytes(tmp_path, data: bytes) -> None:
    (tmp_path / "accessctl.yaml").write_text(SETTINGS)
    (tmp_path / "access").mkdir(exist_ok=True)
    (tmp_path / "access/a.yaml").write_bytes(data)
    try:
        load_project(tmp_path, today=date(2026, 1, 1))
    except ManifestError as error:
        problems = error.problems
    else:
        problems = None
    assert problems is None or (problems and all(str(problem).isprintable() for problem in problems))
    for loader in (yaml.SafeLoader, yaml.CSafeLoader):
        read_document("a.yaml", data, Findings(), loader=loader)


PIECES = (b"&a ", b"*a", b"{", b"[", b'"', b"\\U", b"? ", b"%", b"|", b"!!", b"---\n", b"<<: ", b"\xe2\x80\xa8")


@st.composite
def garbled(draw):
    """Take a file that fits and change some of its bytes."""
    data = bytearray((FULL + FULL_PROJECT).encode() if draw(st.booleans()) else (BUSINESSES + ASSET).encode())
    for _ in range(draw(st.integers(1, 8))):
        at = draw(st.integers(0, len(data) - 1))
        piece = draw(st.one_of(st.binary(max_size=3), st.sampled_from(PIECES)))
        data[at : at + draw(st.integers(0, 4))] = piece
    return bytes(data)


ANY_BYTES = st.one_of(
    garbled(), st.binary(max_size=200), st.text(max_size=100).map(lambda t: t.encode("utf-8", "surrogatepass"))
)


def test_any_bytes_are_a_project_or_a_manifest_error(tmp_path):
    QUICK(given(data=ANY_BYTES)(lambda data: check_bytes(tmp_path, data)))()


@pytest.mark.campaign
def test_a_hundred_thousand_garbled_files_are_projects_or_manifest_errors(tmp_path):
    settings(LONG, max_examples=examples(100_000))(given(data=ANY_BYTES)(lambda data: check_bytes(tmp_path, data)))()

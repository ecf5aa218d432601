"""World files: what is understood, what is refused and in which words."""

from __future__ import annotations

import json
import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator, Draft202012Validator
from referencing import Registry

from accessctl.sandbox import WorldError, load_world, yamltree
from accessctl.sandbox.behaviour import LEAST, MISHAPS, WORDS
from accessctl.sandbox.world import Quirks
from accessctl.sandbox.worldfile import world_of
from accessctl.sandbox.yamltree import read_yaml, scalar

from .worlds import RARE, SCHEMA, WORLD, sandbox, world

HEAD = 'version: 1\nbusinesses: {"1": {name: A}, "2": {name: B}}\n'
ASSET = HEAD + 'ad_accounts:\n  "11": {name: X, owner: "1"%s}\n'
PAGE = HEAD + 'pages:\n  "71": {name: X, owner: "1"%s}\n'


def refusal(text: str) -> str:
    with pytest.raises(WorldError) as caught:
        world_of(read_yaml(text, "world.yaml"), "world.yaml")
    assert caught.value.hint
    return caught.value.what


MISTAKES = {
    ASSET.replace('owner: "1"', 'owner: "9"') % "": 'ad_accounts.11.owner: no business "9"',
    ASSET % ', agencies: {"9": [ANALYZE]}': 'ad_accounts.11.agencies.9: no business "9"',
    ASSET % ', agencies: {"1": [ANALYZE]}': "ad_accounts.11.agencies.1: the owner cannot be its own agency",
    ASSET % ', agencies: {"2": [analyze]}': "ad_accounts.11.agencies.2[0]: ",
    ASSET % ', agencies: {"2": [ANALYZE, ANALYZE]}': "ad_accounts.11.agencies.2: a task twice",
    ASSET % ', agencies: {"2": ANALYZE}': "ad_accounts.11.agencies.2: not a map",
    ASSET % ', agencies: {"2": {tasks: ANALYZE}}': "ad_accounts.11.agencies.2.tasks: not a list",
    ASSET % ', agencies: {"2": {status: PENDING}}': "ad_accounts.11.agencies.2: tasks is missing",
    ASSET % ', agencies: {"2": {tasks: [], requested: yesterday}}': "ad_accounts.11.agencies.2.requested: 'yester",
    ASSET % ', agencies: {"2": {tasks: [], updated: "2026-02-30T00:00:00Z"}}': "ad_accounts.11.agencies.2.updated: ",
    ASSET % ", hiden: true": "ad_accounts.11.hiden: unknown key",
    ASSET % ', hidden: "true"': "ad_accounts.11.hidden: neither true nor false",
    ASSET % ", page_token: false": "ad_accounts.11.page_token: unknown key",
    ASSET % ", fault: {subcode: 3}": "ad_accounts.11.fault: code is missing",
    ASSET % ", fault: {code: true}": "ad_accounts.11.fault.code: not a whole number",
    ASSET % ", fault: {code: 0}": "ad_accounts.11.fault.code: not a whole number",
    ASSET.replace('"11"', '"act_11"') % "": "ad_accounts.act_11: no id",
    ASSET.replace('"11"', '"11\\n"') % "": "ad_accounts.11\n: no id",
    ASSET.replace('"11"', '"011"') % "": "ad_accounts.011: no id",
    ASSET.replace("name: X", "name: 7") % "": "ad_accounts.11.name: not a text",
    ASSET.replace("name: X", 'name: ""') % "": "ad_accounts.11.name: not a text",
    PAGE.replace('"71"', '"2"') % "": "pages.2: the id is also a business",
    ASSET % ", personal: true": "ad_accounts.11.owner: a personal asset has no owner",
    HEAD + 'ad_accounts: {"11": {name: X}}': "ad_accounts.11: owner is missing",
    ASSET % ', visible_to: ["9"]': 'ad_accounts.11.visible_to[0]: no business "9"',
    ASSET % ', partners_miss: "2"': "ad_accounts.11.partners_miss: not a list",
    ASSET % ', partners_invent: {"1": [ANALYZE]}': "ad_accounts.11.partners_invent.1: the owner cannot be",
    ASSET % ', partners_invent: {"9": [ANALYZE]}': 'ad_accounts.11.partners_invent.9: no business "9"',
    HEAD + "gone: [x1]": "gone[0]: no id of an asset",
    HEAD + "gone: [act_act_1]": "gone[0]: no id of an asset",
    ASSET % "" + 'gone: ["act_11"]': "gone[0]: this asset is there",
    "version: 2\nbusinesses: {}": "version: unknown version",
    "version: 1": "businesses is missing",
    "[]": "not a map",
    HEAD + "busineses: {}": "busineses: unknown key",
    HEAD + "now: today": "now: 'today' is no time",
    HEAD + 'tokens: {t: {business: "1", role: boss}}': "tokens.t.role: unknown word 'boss'",
    HEAD + "quirks: {change: replac}": "quirks.change: unknown word 'replac'",
    HEAD + "quirks: {page_size: 0}": "quirks.page_size: not a whole number from 1 up",
    HEAD + "quirks: {speed: 3}": "quirks.speed: unknown key",
    HEAD + "quirks: {score_window: 0}": "quirks.score_window: not a whole number from 1 up",
    HEAD + "quirks: {tier: full}": "quirks.tier: unknown word 'full'",
    HEAD + "faults: [{match: GET a, do: throttle, seconds: 2}]": "faults[0].seconds: throttle takes no seconds",
    HEAD + "faults: [{match: GET a, do: delay, seconds: 0}]": "faults[0].seconds: not a number of seconds",
    HEAD + "faults: [{match: GET a, do: delay, seconds: true}]": "faults[0].seconds: not a number of seconds",
    HEAD + "faults: {}": "faults: not a list",
    HEAD + "faults: [{match: GET *, do: explode}]": "faults[0].do: unknown word 'explode'",
    HEAD + "faults: [{match: act_1, do: throttle}]": "faults[0].match: not a method and a path",
    HEAD + "faults: [{match: 'GET a b', do: throttle}]": "faults[0].match: not a method and a path",
    HEAD + "faults: [{match: GET a}]": "faults[0]: do is missing",
}


@pytest.mark.parametrize("text", MISTAKES, ids=[place.split(":")[0] for place in MISTAKES.values()])
def test_a_mistake_is_named_with_file_and_place(text):
    assert refusal(text).startswith(f"world.yaml: {MISTAKES[text]}")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "world.yaml: empty"),
        ("a: &x 1", "world.yaml:1:4: an anchor or alias"),
        ("a: *x", "world.yaml"),
        ("a: !!str 1", "world.yaml:1:4: the tag"),
        ("a: 1\na: 2", 'world.yaml:2:1: the key "a" a second time'),
        ("1: a", "world.yaml:1:1: a key that is no text"),
        ("[a: 1", "world.yaml"),
        ("a\n---\nb", "world.yaml:2:1: a second document"),
        ("[" * 30 + "]" * 30, "world.yaml:1:14: nested deeper than 12 levels"),
        ("a: \x00", "world.yaml"),
    ],
)
def test_yaml_that_means_more_than_it_says_is_refused(text, what):
    with pytest.raises(WorldError, match=f"^{re.escape(what)}"):
        read_yaml(text, "world.yaml")


def test_the_slow_parser_reads_the_same(monkeypatch):
    quick = world()
    monkeypatch.setattr(yamltree, "_LOADER", yaml.SafeLoader)
    assert world() == quick
    for text in ('a: "\\U00110000"', 'a: "\\UFFFFFFFF"', "a: \x00"):
        with pytest.raises(WorldError):
            read_yaml(text, "w")


def test_a_huge_file_is_refused_before_it_is_read():
    with pytest.raises(WorldError, match="larger than 16 MiB"):
        read_yaml("x" * (16 * 1024 * 1024 + 1), "world.yaml")


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("FALSE", False), ("~", None), ("", None), ("-7", -7), ("1.5", 1.5), ("no", "no"), ("1_0", "1_0")],
)
def test_plain_words_are_read_as_editors_read_them(text, value):
    assert scalar(text, is_plain=True) == value
    assert scalar(text, is_plain=False) == text


def test_a_near_miss_is_answered_with_the_right_word():
    with pytest.raises(WorldError) as caught:
        world(HEAD + "busineses: {}")
    assert caught.value.hint == "did you mean businesses?"


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(WorldError, match=r"^gone\.yaml: No such file"):
        load_world(tmp_path / "gone.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"name: \xe9")
    with pytest.raises(WorldError, match=r"^latin\.yaml: byte 6 is not UTF-8"):
        load_world(tmp_path / "latin.yaml")


def test_a_world_file_becomes_a_world(tmp_path):
    (tmp_path / "w.yaml").write_bytes(b"\xef\xbb\xbf" + WORLD.encode())
    read = load_world(tmp_path / "w.yaml")

    assert read == world()
    assert read.assets["act_11"].agencies["2003"].status == "CLIENT_RESPONSE_PENDING"
    assert read.quirks.page_size == 25


@pytest.mark.parametrize("tree", [{"seconds": 1.5}, {"seconds": 3600}, {}])
def test_a_delay_has_seconds_or_the_usual_two(tree):
    mishap = {"match": "GET me", "do": "delay", **tree}
    assert sandbox(faults=(mishap,)).world.mishaps[0].seconds == tree.get("seconds", 2)


def test_every_quirk_in_the_schema_has_the_default_and_the_words_of_the_code():
    known = json.loads(SCHEMA.read_text())["properties"]["quirks"]["properties"]
    plain = Quirks()
    assert {name: rule["default"] for name, rule in known.items()} == {
        name: getattr(plain, name) for name in Quirks.__slots__
    }
    assert {name: tuple(rule["enum"]) for name, rule in known.items() if "enum" in rule} == WORDS
    assert all(rule["minimum"] == LEAST.get(name, 0) for name, rule in known.items() if rule.get("type") == "integer")


def valid(tree: object, validator=Draft202012Validator) -> bool:
    schema = json.loads(SCHEMA.read_text())
    return validator(schema, registry=Registry()).is_valid(tree)


# What no schema can say: ids that point at nothing, a Page and a business with one id, a day no calendar has.
BEYOND = ("no business", "its own agency", "also a business", "2026-02-30", "this asset is there")


def mistake(tree: object) -> str:
    try:
        world_of(tree, "w")
    except WorldError as error:
        return error.what
    return ""


@pytest.mark.parametrize("validator", [Draft7Validator, Draft202012Validator])
@pytest.mark.parametrize("text", [WORLD, HEAD, *MISTAKES])
def test_schema_and_code_agree(text, validator):
    tree = read_yaml(text, "w")
    what = mistake(tree)
    assert valid(tree, validator) == (not what or any(word in what for word in BEYOND))


words = st.sampled_from(
    ["", "1", "2", "71", "act_1", "A", "ADVERTISE", "PENDING", "true", "admin", "replace", "2026-11-21T09:00:00Z"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 3) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=5,
)


def places(tree: object, way: tuple = ()):
    yield way
    inside = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in inside:
        yield from places(value, (*way, key))


FULL = read_yaml(
    WORLD.replace("pages:\n", RARE + "pages:\n")
    + "app_secret: s\nquirks: {change: add, page_size: 2, expansion: false, lag_reads: 1, total_count_off_by: -1}\n"
    'faults: [{match: "GET *", nth: 2, do: throttle}, {match: "GET *", do: delay, seconds: 0.5}]\n',
    "w",
)


@given(st.data())
def test_schema_and_code_agree_on_any_change_of_a_world(data):
    tree = json.loads(json.dumps(FULL))
    *way, last = data.draw(st.sampled_from([way for way in places(FULL) if way]))
    at = tree
    for key in way:
        at = at[key]
    at[last] = data.draw(values)
    what = mistake(tree)
    assert valid(tree) != bool(what) or any(word in what for word in BEYOND)


def test_the_schema_knows_every_key_and_explains_it():
    schema = json.loads(SCHEMA.read_text())
    assert schema["$defs"]["mishap"]["properties"]["do"]["enum"] == list(MISHAPS)

    def check(part: object) -> None:
        for child in part.get("properties", {}).values():
            assert "$ref" in child or child["description"], child
            check(child)

    for part in (schema, *schema["$defs"].values()):
        assert part["description"]
        check(part)
    for validator in (Draft7Validator, Draft202012Validator):
        validator.check_schema(schema)

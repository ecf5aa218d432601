"""A snapshot is live access as it was read: whole, the same bytes for the same state, and trusted only if unchanged."""

from __future__ import annotations

import copy
import json
import random
import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft7Validator, Draft202012Validator

from accessctl.errors import AccessctlError, StaleError
from accessctl.manifest import load_schema
from accessctl.model import Cost, Gap, Kind, Side
from accessctl.snapshot.document import digest, sealed, to_document, to_text
from accessctl.snapshot.read import from_document
from accessctl.snapshot.shape import MisfitError
from accessctl.snapshotfile import read_snapshot, write_snapshot
from accessctl.strictjson import canonical
from accessctl.workflow import take_snapshot
from tests.company import ACME, MEDIAHOUSE, NOW, STRANGER, Company

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from accessctl.snapshot import Snapshot

BUYER = ["ADVERTISE", "ANALYZE"]


def taken(company: Company) -> Snapshot:
    with company.connected() as (project, connection):
        return take_snapshot(project, connection, company.now())


@pytest.fixture
def full(company: Company) -> Company:
    """A company whose snapshot has every kind of row."""
    company.project["acts_as"] = ["acme", "sister"]
    pending = {"tasks": BUYER, "status": "CLIENT_RESPONSE_PENDING", "requested": "2026-11-01T08:00:00Z"}
    live = {STRANGER: BUYER, MEDIAHOUSE: pending, "3003": {"tasks": ["ANALYZE"], "status": "ON_HOLD"}}
    company.asset("ad_account", "de", "71", agencies={"mediahouse": BUYER}, live=live)
    company.asset("ad_account", "fr", "72", agencies={"mediahouse": BUYER}, live={}, admin_approval=True)
    company.asset("page", "uk", "73", agencies={"mediahouse": BUYER}, live={}, fault={"code": 10, "message": "no"})
    company.asset("page", "shop", "74", owner="client", agencies={"acme": BUYER, "sister": BUYER}, live={})
    company.write()
    company.apply()
    return company


@pytest.fixture
def document(full: Company) -> dict[str, Any]:
    """A document with every optional part filled."""
    snapshot = taken(full)
    gap = Gap(ACME, Side.OWNER, Kind.PAGE, "cut short")
    live = replace(snapshot.live, gaps=(gap,), notes=("read in pieces",))
    found = to_document(sealed(replace(snapshot, live=live)))
    found["assets"][0]["grants"][0]["awaiting"] = ["MANAGE"]
    found["assets"][0]["reason_code"] = "hidden"
    found["remembered"][0] |= {"is_doubtful": True, "awaiting": ["MANAGE"], "plan": "p"}
    assert {
        part for part in ("assets", "gaps", "notes", "remembered", "sides", "businesses") if not found[part]
    } == set()
    return found | {"digest": digest(found)}


def test_a_snapshot_fits_its_schema_and_comes_back_the_same(full, document):
    snapshot = taken(full)
    for one in (to_document(snapshot), document):
        for validator in (Draft202012Validator, Draft7Validator):
            assert list(validator(load_schema("snapshot")).iter_errors(one)) == []
    assert from_document(json.loads(to_text(snapshot))) == snapshot
    assert to_document(from_document(document)) == document | {"complete": False}


def test_the_same_state_gives_the_same_bytes_but_for_the_time(full):
    first, second = taken(full), taken(full)
    assert first.digest == second.digest
    assert to_text(first) == to_text(replace(second, taken_at=first.taken_at, cost=first.cost))


def test_the_digest_covers_everything_but_the_time_and_the_cost(document):
    cost = {"calls": 9, "requests": 9, "errors": 9, "seconds_waited": 9.5}
    later = document | {"taken_at": "2031-01-01T00:00:00+00:00", "graph": document["graph"] | cost}
    assert digest(later) == document["digest"]
    for key in document.keys() - {"digest", "taken_at"}:
        assert digest(document | {key: "other"}) != document["digest"]
    assert digest(document | {"graph": document["graph"] | {"url": "other"}}) != document["digest"]


def test_an_asset_stands_on_a_line_of_its_own(full):
    lines = to_text(taken(full)).splitlines()
    assert [line for line in lines if '"id": "71", "kind": "ad_account", "name": "De"' in line]
    assert max(line.count('"side"') for line in lines) == 1


def test_a_snapshot_holds_no_token(full):
    text = to_text(taken(full))
    assert "sandbox-1001" not in text
    assert "token" not in text.replace("Page token", "").lower()


def test_a_snapshot_tells_what_it_cost(full):
    cost = taken(full).cost
    assert cost.calls >= cost.requests > 3


@pytest.mark.parametrize(
    "more", [{}, {"fault": {"code": 10, "message": "no"}}, {"page_token": False}, {"hidden": True}]
)
def test_a_snapshot_is_complete_only_where_every_asset_was_read(company, more):
    company.asset("page", "de", "71", agencies={}, live={}, **more)
    assert taken(company).is_complete is not bool(more)


def test_a_gap_makes_a_snapshot_incomplete(full):
    snapshot = taken(full)
    whole = replace(snapshot, live=replace(snapshot.live, assets={}))
    assert whole.is_complete
    gap = Gap(ACME, Side.OWNER, Kind.PAGE, "cut short")
    assert not replace(whole, live=replace(whole.live, gaps=(gap,))).is_complete


def test_a_snapshot_file_comes_back_as_it_was_and_only_its_owner_can_read_it(full, tmp_path):
    snapshot = taken(full)
    write_snapshot(tmp_path / "live.json", snapshot)
    assert read_snapshot(tmp_path / "live.json") == snapshot
    assert (tmp_path / "live.json").stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.glob(".live*")) == []


def test_any_flipped_bit_is_refused_or_means_the_same(full, tmp_path):
    snapshot, path = taken(full), tmp_path / "live.json"
    content = to_text(snapshot).encode()
    for bit in random.Random(7).sample(range(len(content) * 8), 400):
        changed = bytearray(content)
        changed[bit // 8] ^= 1 << bit % 8
        path.write_bytes(changed)
        try:
            found = read_snapshot(path)
        except AccessctlError:
            continue
        assert replace(found, taken_at=NOW, cost=Cost()) == replace(snapshot, taken_at=NOW, cost=Cost())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "no JSON"),
        ("[]", "no snapshot"),
        ("{}", "no snapshot of format 1.x"),
        ('{"format_version": "2.0"}', "no snapshot of format 1.x"),
        ('{"format_version": 1}', "no snapshot of format 1.x"),
        ('{"format_version": "1.0"}', "no snapshot"),
        ('{"format_version": "1.0", "assets": []}', "was changed"),
        ('{"a": 1, "a": 2}', "no JSON"),
        ('{"a": NaN}', "no JSON"),
        ('{"a": 1e999}', "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("\ufeff{}", "no JSON"),
    ],
)
def test_what_is_no_snapshot_is_said_to_be_none(tmp_path, content, said):
    (tmp_path / "live.json").write_text(content, encoding="utf-8")
    with pytest.raises(AccessctlError, match=said):
        read_snapshot(tmp_path / "live.json")


def test_a_changed_snapshot_is_stale_and_a_missing_one_an_error(full, tmp_path):
    path = tmp_path / "live.json"
    path.write_text(to_text(taken(full)).replace("ADVERTISE", "MANAGE", 1))
    with pytest.raises(StaleError, match="was changed after it was written"):
        read_snapshot(path)
    with pytest.raises(AccessctlError, match="cannot be read"):
        read_snapshot(tmp_path / "none.json")


def forged(tmp_path: Path, document: dict[str, Any]) -> Path:
    path = tmp_path / "live.json"
    path.write_text(canonical(document | {"digest": digest(document)}))
    return path


@pytest.mark.parametrize(
    ("keys", "value", "place"),
    [
        (("assets", 0, "id"), "71/../me", r"\$\.assets\[0\]\.id"),
        (("assets", 0, "grants", 0, "tasks", 0), 7, r"\$\.assets\[0\]\.grants\[0\]\.tasks\[0\]"),
        (("assets", 0, "grants", 0, "since"), "2026-02-31T00:00:00Z", r"\$\.assets\[0\]\.grants\[0\]\.since"),
        (("graph", "calls"), -1, r"\$\.graph\.calls"),
        (("sides", 0, "business"), "999", r"\$\.sides\[0\]\.business"),
        (("gaps", 0, "business"), "999", r"\$\.gaps\[0\]\.business"),
        (("remembered", 0, "before"), None, r"\$\.remembered\[0\]\.before"),
    ],
)
def test_a_forged_snapshot_with_a_fresh_digest_still_has_to_fit(document, tmp_path, keys, value, place):
    *path, last = keys
    at = document
    for key in path:
        at = at[key]
    at[last] = value
    with pytest.raises(AccessctlError, match=place):
        read_snapshot(forged(tmp_path, document))


@pytest.mark.parametrize("key", ["assets", "businesses", "remembered"])
def test_a_row_that_stands_twice_is_refused(document, tmp_path, key):
    document[key].append(document[key][0])
    with pytest.raises(AccessctlError, match=rf"\$\.{key} "):
        read_snapshot(forged(tmp_path, document))


def test_keys_of_a_later_minor_version_are_ignored(document, tmp_path):
    document |= {"format_version": "1.7", "colour": "blue"}
    document["assets"][0]["colour"] = "red"
    assert read_snapshot(forged(tmp_path, document)).live.gaps


ODD = (None, True, "", "x", "7" * 21, "1\n", -1, 2.0, 2.5, [], {}, [""], [None])


def paths(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a document; of a list only the first rows, which are as good as the others."""
    if at:
        yield at
    items = value.items() if isinstance(value, dict) else enumerate(value[:2]) if isinstance(value, list) else ()
    for key, item in items:
        yield from paths(item, (*at, key))


def misfit_of(document: dict[str, Any]) -> str:
    try:
        from_document(document)
    except MisfitError as error:
        return str(error)
    return ""


def test_the_reader_takes_what_the_schema_takes_and_nothing_else(document):
    """The reader checks by itself, as the schema is slow on many rows; this is what binds the two."""
    validator = Draft202012Validator(load_schema("snapshot"))
    tried = 0
    for path in paths(document):
        for odd in (..., *ODD):
            changed = copy.deepcopy(document)
            at = changed
            for key in path[:-1]:
                at = at[key]
            if odd is ...:
                del at[path[-1]]
            else:
                at[path[-1]] = odd
            misfit = misfit_of(changed)
            if not re.fullmatch(r"\.(sides|gaps)\[\d\]\.business", misfit):  # one not acted as: no schema can say so
                assert validator.is_valid(changed) is not bool(misfit), (path, odd, misfit)
            tried += 1
    assert tried > 1000


def test_times_keep_their_zone_and_taking_is_when_reading_began(full):
    snapshot = taken(full)
    assert snapshot.taken_at > NOW
    again = from_document(to_document(replace(snapshot, taken_at=snapshot.taken_at + timedelta(microseconds=7))))
    assert again.taken_at - snapshot.taken_at == timedelta(microseconds=7)

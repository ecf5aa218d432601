"""The plan file: what was reviewed is what is applied, or it is refused."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft7Validator, Draft202012Validator

from accessctl.errors import AccessctlError, StaleError
from accessctl.gate import check_fits
from accessctl.manifest import load_schema
from accessctl.plan.document import digest, from_document, to_document, to_text
from accessctl.planfile import read_plan, write_plan
from accessctl.strictjson import canonical
from accessctl.workflow import Wish
from tests.company import ACME, MEDIAHOUSE, NOW, STRANGER, Company

if TYPE_CHECKING:
    from pathlib import Path

BUYER = ["ADVERTISE", "ANALYZE"]


@pytest.fixture
def full(company: Company) -> Company:
    """A company whose plan has every kind of row."""
    company.project["acts_as"] = ["acme", "sister"]
    live = {STRANGER: BUYER, MEDIAHOUSE: ["ANALYZE"], "3003": {"tasks": ["ANALYZE"], "status": "ON_HOLD"}}
    company.asset("ad_account", "de", "71", agencies={"mediahouse": {"tasks": BUYER, "reason": "why"}}, live=live)
    company.asset("page", "fr", "72", agencies={"mediahouse": BUYER, "sister": ["MANAGE"]}, live={})
    company.asset("page", "uk", "73", agencies={"mediahouse": BUYER}, live={}, fault={"code": 10, "message": "no"})
    company.asset(
        "page", "shop", "74", owner="client", agencies={"acme": BUYER, "sister": BUYER}, live={ACME: ["ANALYZE"]}
    )
    company.asset("page", "old", "75", live={STRANGER: BUYER})
    company.write()
    return company


def test_a_plan_fits_its_schema_and_comes_back_the_same(full):
    saved = full.plan()
    document = to_document(saved)
    for validator in (Draft202012Validator, Draft7Validator):
        assert list(validator(load_schema("plan")).iter_errors(document)) == []
    assert {len(getattr(saved.plan, word)) > 0 for word in ("actions", "waiting", "blocked", "unmanaged")} == {True}
    assert from_document(json.loads(json.dumps(document))) == saved


def test_the_digest_covers_everything_but_the_time(full):
    document = to_document(full.plan())
    assert digest(document | {"created_at": "2031-01-01T00:00:00+00:00"}) == document["digest"]
    for key in document.keys() - {"digest", "created_at"}:
        assert digest(document | {key: "other"}) != document["digest"]


def test_a_plan_file_comes_back_as_it_was_and_only_its_owner_can_read_it(full, tmp_path):
    saved = full.plan()
    write_plan(tmp_path / "plan.json", saved)
    assert read_plan(tmp_path / "plan.json") == saved
    assert (tmp_path / "plan.json").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.glob(".plan*")] == []


def test_any_flipped_bit_is_refused_or_means_the_same(full, tmp_path):
    saved = full.plan()
    path = tmp_path / "plan.json"
    content = to_text(saved).encode()
    bits = random.Random(7).sample(range(len(content) * 8), 400)
    for bit in bits:
        changed = bytearray(content)
        changed[bit // 8] ^= 1 << bit % 8
        path.write_bytes(changed)
        try:
            found = read_plan(path)
        except AccessctlError:
            continue
        assert found.plan == saved.plan
        assert found.origin == saved.origin


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "no JSON"),
        ("[]", "no plan"),
        ("{}", "format"),
        ('{"format_version": "2.0"}', "format"),
        ('{"format_version": 1}', "format"),
        ('{"a": 1, "a": 2}', "no JSON"),
        ('{"a": NaN}', "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("\ufeff{}", "no JSON"),
    ],
)
def test_what_is_no_plan_is_said_to_be_none(tmp_path, content, said):
    path = tmp_path / "plan.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(AccessctlError, match=said):
        read_plan(path)


def test_a_missing_plan_file_is_an_error_in_words(tmp_path):
    with pytest.raises(AccessctlError, match="cannot be read"):
        read_plan(tmp_path / "none.json")


def test_a_plan_file_that_cannot_be_written_is_an_error_in_words(full, tmp_path):
    with pytest.raises(AccessctlError, match="cannot be written"):
        write_plan(tmp_path / "none" / "plan.json", full.plan())


def test_a_forged_plan_with_a_fresh_digest_still_has_to_fit_the_schema(full, tmp_path):
    document = to_document(full.plan())
    document["actions"][0]["asset"]["id"] = "71/../me"
    document["digest"] = digest(document)
    (tmp_path / "plan.json").write_text(canonical(document))
    with pytest.raises(AccessctlError, match=r"actions\[0\].asset.id"):
        read_plan(tmp_path / "plan.json")


def fits(company: Company, saved, path: Path | None = None, **more) -> None:
    with company.connected() as (project, connection):
        check_fits(saved, project, connection, today=NOW.date(), **more)


def test_a_plan_of_other_manifests_is_stale(full):
    saved = full.plan()
    fits(full, saved)
    full.manifest["ad_accounts"]["de"]["agencies"] = {}
    full.write()
    with pytest.raises(StaleError, match="manifests have changed"):
        fits(full, saved)


def test_a_plan_of_another_graph_version_is_stale(full):
    saved = full.plan()
    full.project["graph_version"] = "v25.0"
    full.write()
    with pytest.raises(StaleError):
        fits(full, saved)


def test_a_plan_with_another_digest_than_the_reviewed_one_is_stale(full):
    saved = full.plan()
    fits(full, saved, expect_digest=saved.digest)
    with pytest.raises(StaleError, match="not the one expected"):
        fits(full, saved, expect_digest="sha256:" + "0" * 64)


def test_the_same_manifests_and_live_state_give_the_same_bytes(full):
    first, second = full.plan(), full.plan()
    assert to_text(first) == to_text(replace(second, created_at=first.created_at))
    assert full.plan(Wish()).digest == full.plan().digest

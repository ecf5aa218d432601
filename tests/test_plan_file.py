"""The plan file: what was reviewed is what is applied, or it is refused."""

from __future__ import annotations

import copy
import json
import random
import subprocess
import sys
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft7Validator, Draft202012Validator

from accessctl.errors import AccessctlError, ManifestError, StaleError
from accessctl.gate import check_age, check_fits
from accessctl.manifest import load_schema
from accessctl.plan.document import digest, from_document, to_document, to_text
from accessctl.plan.nouns import Scope, SnapshotRef
from accessctl.planfile import against_base, read_plan, write_plan
from accessctl.strictjson import canonical
from accessctl.workflow import Wish, apply_plan
from tests.campaigns import examples
from tests.company import ACME, DATACO, EVENING, MEDIAHOUSE, STRANGER, Company
from tests.forging import at, changed_leaf, forged, leaves

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from accessctl.plan.document import SavedPlan

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
    assert_no_flip_counts(saved, path, content, random.Random(7).sample(range(len(content) * 8), 400))


def assert_no_flip_counts(saved: SavedPlan, path: Path, content: bytes, bits: Iterable[int]) -> None:
    """Flip each of `bits` alone: the file is refused, or means the same but for times and costs."""
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
        check_fits(saved, project, connection, now=EVENING, **more)


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


@pytest.mark.campaign
def test_any_flipped_bit_of_a_whole_plan_is_refused_or_means_the_same(company, tmp_path):
    company.asset("page", "de", "77", agencies={"mediahouse": BUYER}, live={STRANGER: BUYER})
    company.asset("ad_account", "fr", "78", agencies={"dataco": BUYER}, live={MEDIAHOUSE: ["MANAGE"]})
    saved = company.plan()
    content = to_text(saved).encode()
    assert len(content) * 8 >= 32_768
    assert_no_flip_counts(saved, tmp_path / "plan.json", content, range(0, len(content) * 8, 50 // examples(50)))


def test_whatever_is_taken_out_put_in_or_moved_in_a_plan_file_is_refused_or_means_the_same(full, tmp_path):
    saved = full.plan()
    path, document = tmp_path / "plan.json", to_document(saved)
    tried = 0
    for place in list(leaves(document))[::3]:
        for value in changed_leaf(at(document, place)):
            changed = copy.deepcopy(document)
            at(changed, place[:-1])[place[-1]] = value
            path.write_text(canonical(changed))
            tried += 1
            try:
                found = read_plan(path)
            except AccessctlError:
                continue
            assert (found.plan, found.origin, found.verdict) == (saved.plan, saved.origin, saved.verdict), place
    assert tried > 300


# What it is bound to.


def renamed_manifest(company: Company) -> None:
    (company.directory / "access" / "all.yaml").rename(company.directory / "access" / "other.yaml")


def with_a_comment(company: Company) -> None:
    path = company.directory / "access" / "all.yaml"
    path.write_text(f"# reviewed\n{path.read_text()}")


def other_settings(company: Company) -> None:
    company.project["guards"] = {"max_revokes": 19}
    company.write()


def other_acting(company: Company) -> None:
    company.project["acts_as"] = ["sister", "acme"]
    company.write()


def other_version(company: Company) -> None:
    company.project["graph_version"] = "v25.0"
    company.write()


@pytest.mark.parametrize("change", [renamed_manifest, with_a_comment, other_settings, other_acting, other_version])
def test_a_plan_of_another_project_is_stale(full, change):
    saved = full.plan()
    fits(full, saved)
    change(full)
    with pytest.raises(StaleError):
        fits(full, saved)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d["graph"].update(url="https://graph.facebook.com"), "made against https://graph.facebook.com"),
        (lambda d: d["graph"].update(version="v24.0"), "made with Graph v24.0"),
        (lambda d: d["acts_as"].reverse(), "other acting businesses"),
        (lambda d: d["acts_as"][0].update(id="9"), "other acting businesses"),
        (lambda d: d["manifests"].update(digest="sha256:" + "1" * 64), "manifests have changed"),
        (lambda d: d["manifests"]["files"].pop(), "other manifests"),
        (lambda d: d.update(tool_version="1.0.0"), "made by accessctl 1.0.0"),
        (lambda d: d.update(tool_version="99.0"), "made by accessctl 99.0"),
        (lambda d: d.update(format_version="2.0"), "no plan of format"),
        (lambda d: d.update(format_version="0.9"), "no plan of format"),
    ],
)
def test_a_plan_from_elsewhere_is_refused_whatever_its_digest(full, tmp_path, change, said):
    (tmp_path / "plan.json").write_text(canonical(forged(to_document(full.plan()), change)))
    with pytest.raises(AccessctlError, match=said):
        fits(full, read_plan(tmp_path / "plan.json"))


def mutated(text: str, seed: random.Random) -> str:
    """Change one byte of a file, or take out or add a line."""
    lines = text.splitlines(keepends=True)
    place = seed.randrange(len(lines))
    kind = seed.choice(["gone", "twice", "comment", "space", "letter"])
    if kind == "gone":
        return "".join(lines[:place] + lines[place + 1 :])
    if kind == "twice":
        return "".join([*lines[:place], lines[place], *lines[place:]])
    if kind == "comment":
        return "".join([*lines[:place], "# x\n", *lines[place:]])
    at_byte = seed.randrange(len(text))
    return text[:at_byte] + (" " if kind == "space" else seed.choice("xyz9")) + text[at_byte + (kind == "letter") :]


def test_a_plan_fits_no_manifests_but_its_own(full):
    saved, seed = full.plan(), random.Random(5)
    files = [full.directory / "accessctl.yaml", full.directory / "access" / "all.yaml"]
    texts = {path: path.read_text() for path in files}
    tried = 0
    while tried < 50:
        path = files[tried % 2]
        changed = mutated(texts[path], seed)
        if changed == texts[path]:
            continue
        tried += 1
        path.write_text(changed)
        with pytest.raises((StaleError, ManifestError)):
            fits(full, saved)
        path.write_text(texts[path])
    fits(full, saved)


# Newer manifests that came first.


def test_an_older_plan_is_refused_where_newer_manifests_were_applied(company):
    company.asset("page", "de", "77", agencies={"mediahouse": BUYER}, live={})
    company.write()
    old_text = (company.directory / "access" / "all.yaml").read_text()
    older = company.plan()
    company.manifest["pages"]["de"]["agencies"] = {"dataco": BUYER}
    company.write()
    newer = company.plan()
    company.apply(newer)
    new_text = (company.directory / "access" / "all.yaml").read_text()
    (company.directory / "access" / "all.yaml").write_text(old_text)  # the older run's own checkout
    with pytest.raises(StaleError, match=r"a plan of other manifests, made after this one, was applied on 2026-11-21"):
        fits(company, older)
    with company.connected() as (_, connection), pytest.raises(StaleError):  # also where it waited for the lock
        apply_plan(older, connection, clock=company.now)
    assert [write.agency for write in company.writes] == [DATACO]
    fits(company, company.plan())  # going back is a plan of its own
    (company.directory / "access" / "all.yaml").write_text(new_text)
    fits(company, newer)


def test_two_plans_of_the_same_manifests_may_be_applied_in_any_order(company):
    for number in ("77", "78"):
        company.asset("page", f"p-{number}", number, agencies={"mediahouse": BUYER}, live={})
    first, second = (company.plan(Wish(Scope((f"p-{number}",)))) for number in ("77", "78"))
    for saved in (second, first):
        assert [step.outcome for step in company.apply(saved).steps] == ["applied"]


def test_a_plan_of_a_clock_that_ran_ahead_holds_nobody_up(company):
    company.asset("page", "de", "77", agencies={"mediahouse": BUYER}, live={})
    ahead = company.plan()
    company.apply(replace(ahead, created_at=ahead.created_at + timedelta(days=3)))
    company.manifest["pages"]["de"]["agencies"] = {"dataco": BUYER}
    company.write()
    assert [step.outcome for step in company.apply().steps] == ["applied", "applied"]


# Its age.

DAY = timedelta(hours=24)


@pytest.mark.parametrize(
    ("age", "most", "stale"),
    [
        (timedelta(0), DAY, False),
        (DAY, DAY, False),
        (DAY + timedelta(seconds=1), DAY, True),
        (timedelta(days=900), timedelta(0), False),
        (timedelta(minutes=2), timedelta(minutes=1), True),
        (timedelta(minutes=-5), DAY, False),  # clocks differ
        (timedelta(minutes=-6), DAY, True),
        (timedelta(minutes=-6), timedelta(0), True),
    ],
)
def test_a_plan_is_good_for_as_long_as_is_said_and_never_from_the_future(full, age, most, stale):
    saved = full.plan()
    with pytest.raises(StaleError) if stale else nullcontext():
        check_age(saved, saved.created_at + age, most)


@pytest.mark.parametrize(("taken", "stale"), [(-25, True), (-23, False), (1, True)])
def test_a_plan_is_as_old_as_the_snapshot_it_was_made_from(full, taken, stale):
    saved = full.plan()
    snapshot = SnapshotRef(saved.created_at + timedelta(hours=taken), "sha256:" + "0" * 64, is_complete=True)
    saved = replace(saved, origin=replace(saved.origin, snapshot=snapshot))
    with pytest.raises(StaleError) if stale else nullcontext():
        check_age(saved, saved.created_at, DAY)


def test_an_old_plan_file_is_stale_on_the_command_line(company, run):
    company.asset("page", "de", "77", agencies={"mediahouse": BUYER}, live={})
    company.write()
    sandbox = ("--sandbox", "world.yaml")
    assert run("plan", "--out", "plan.json", *sandbox).returncode == 0
    path = company.directory / "plan.json"
    document = json.loads(path.read_text())
    for hours, said in ((-30, "this plan was made 30 hours ago, and --max-plan-age is 24 hours"), (2, "yet to come")):
        made = datetime.now(UTC) + timedelta(hours=hours)
        path.write_text(json.dumps(document | {"created_at": made.isoformat()}))
        found = run("apply", "plan.json", "--auto-approve", *sandbox)
        assert (found.returncode, said in found.stderr, company.writes) == (4, True, ())
    path.write_text(json.dumps(document | {"created_at": "2026-01-01T00:00:00+00:00"}))
    assert run("apply", "plan.json", "--auto-approve", "--max-plan-age", "0", *sandbox).returncode == 0
    assert run("apply", "plan.json", "--max-plan-age", "1d", *sandbox).returncode == 64


# Its guards.


def test_a_plan_says_under_which_guards_it_was_made(full):
    full.project["guards"] = {"max_revokes": 7, "protect": ["mediahouse"]}
    full.write()
    assert to_document(full.plan())["guards"]["limits"] == {
        "max_revokes": 7,
        "max_revoke_percent": 25,
        "protect": [{"id": MEDIAHOUSE, "alias": "mediahouse", "name": "Mediahouse Ltd"}],
        "unexpected": "report",
    }


@pytest.mark.parametrize("minor", ["1.0", "1.1"])
def test_a_plan_from_before_guards_were_in_it_is_still_read(full, tmp_path, minor):
    document = to_document(full.plan()) | {"format_version": minor}
    document.pop("held", None)
    document["guards"] = {key: document["guards"][key] for key in ("verdict", "reasons")}
    document["digest"] = digest(document)
    (tmp_path / "plan.json").write_text(canonical(document))
    saved = read_plan(tmp_path / "plan.json")
    assert to_document(saved) == document
    with pytest.raises(AccessctlError, match="does not hold the guards"):
        against_base(full.plan(), saved, tmp_path / "plan.json")


STRICT = {"max_revokes": 20, "max_revoke_percent": 25, "protect": ["mediahouse", "dataco"]}


@pytest.mark.parametrize(
    ("guards", "requests", "said"),
    [
        (STRICT, {}, ()),
        ({**STRICT, "max_revokes": 21}, {}, ("guards.max_revokes is 21, it was 20",)),
        ({**STRICT, "max_revokes": 19, "max_revoke_percent": 0}, {}, ()),
        ({**STRICT, "max_revoke_percent": 26}, {}, ("guards.max_revoke_percent is 26, it was 25",)),
        ({**STRICT, "protect": ["dataco", "mediahouse", "sister"]}, {}, ()),
        ({**STRICT, "protect": ["dataco", "sister"]}, {}, ("guards.protect no longer has mediahouse (2002)",)),
        (STRICT, {"unexpected": "decline"}, ("requests.unexpected is decline, it was report",)),
    ],
)
def test_what_is_looser_than_in_the_base_plan_is_said(full, tmp_path, guards, requests, said):
    full.project["guards"] = STRICT
    full.write()
    base = full.plan()
    full.project |= {"guards": guards, "requests": requests}
    full.write()
    plain = full.plan()
    saved = against_base(plain, base, tmp_path)
    assert saved.loosened == said
    lines = tuple(f"Guards loosened since the base: {line}." for line in said)
    assert saved.plan.headlines == (*lines, *plain.plan.headlines)
    write_plan(tmp_path / "plan.json", saved)
    assert read_plan(tmp_path / "plan.json") == saved
    assert list(Draft202012Validator(load_schema("plan")).iter_errors(to_document(saved))) == []
    fits(full, saved)


def test_a_base_plan_is_given_on_the_command_line_and_has_to_be_whole(company, run):
    company.asset("page", "de", "77", agencies={"mediahouse": BUYER}, live={MEDIAHOUSE: BUYER})
    company.write()
    sandbox = ("--sandbox", "world.yaml")
    assert run("plan", "--out", "base.json", *sandbox).returncode == 0
    company.project["guards"] = {"max_revoke_percent": 90}
    company.write()
    found = run("plan", "--base", "base.json", "--format", "json", *sandbox)
    assert json.loads(found.stdout)["guards"]["loosened"] == ["guards.max_revoke_percent is 90, it was 25"]
    assert "Guards loosened since the base: " in run("plan", "--base", "base.json", *sandbox).stdout
    path = company.directory / "base.json"
    path.write_text(path.read_text().replace('"max_revoke_percent": 25', '"max_revoke_percent": 99'))
    assert run("plan", "--base", "base.json", *sandbox).returncode == 4
    assert run("plan", "--base", "none.json", *sandbox).returncode == 1


@pytest.mark.parametrize("digest", ["", "  "])
def test_an_empty_digest_is_no_digest_that_is_expected(company, digest):
    """A variable of a CI job that was never set must not let any plan through."""
    company.asset("page", "uk", "81", agencies={"mediahouse": ["ANALYZE"]}, live={})
    company.write()
    command = [sys.executable, "-m", "accessctl", "apply", "--auto-approve", "--sandbox", "world.yaml"]
    told = subprocess.run([*command, "--expect-digest", digest], cwd=company.directory, capture_output=True, text=True)
    assert told.returncode == 64
    assert "it is empty" in told.stderr
    assert company.writes == ()

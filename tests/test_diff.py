"""Two snapshots compared: what is known to differ is said, and what one of them could not read is never a loss."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accessctl.model import Access, Asset, AssetAccess, Business, Cost, Gap, Grant, Kind, Side, Status, frozen
from accessctl.plan.nouns import BusinessRef
from accessctl.render.diff import diff_json, diff_summary, diff_text, words
from accessctl.render.paper import Paper
from accessctl.snapshot import Look, Snapshot
from accessctl.snapshot.compare import compare
from accessctl.snapshot.differences import What
from accessctl.snapshot.document import sealed
from tests.company import ACME, DATACO, MEDIAHOUSE, NAMES, NOW, SISTER, STRANGER, Company

if TYPE_CHECKING:
    from accessctl.snapshot.differences import Comparison

BUYER = ["ADVERTISE", "ANALYZE"]
DE, FR, SHOP = Asset(Kind.AD_ACCOUNT, "71"), Asset(Kind.PAGE, "72"), Asset(Kind.PAGE, "74")
OWNER_LOOKS = (Look(ACME, Side.OWNER, tuple(Kind)),)
BOTH_LOOKS = (Look(ACME, Side.AGENCY, tuple(Kind)), *OWNER_LOOKS)
GOLDEN = Path(__file__).parent / "golden" / "diff.txt"
HOSTILE = "\x1b[31m@everyone\u202eevil\n::error::" + "A" * 300


def held(*tasks: str) -> Grant:
    return Grant(frozenset(tasks))


def asked(*tasks: str) -> Grant:
    return Grant(frozenset(tasks), Status.PENDING, since=NOW)


def owned(asset: Asset = DE, name: str = "De", owner: str = ACME, **more: Any) -> AssetAccess:
    """An asset of ours; agencies as `m=grant`, by the first letter of their name."""
    ids = {"m": MEDIAHOUSE, "d": DATACO, "s": STRANGER}
    grants = {ids[key]: more.pop(key) for key in ids.keys() & more.keys()}
    return AssetAccess(asset, owner, name, frozen(grants), **more)


def at_client(grant: Grant) -> AssetAccess:
    return AssetAccess(SHOP, "5005", "Shop", frozen({ACME: grant}), side=Side.AGENCY)


def snapshot(*assets: AssetAccess, gaps: tuple[Gap, ...] = (), looks: tuple[Look, ...] = OWNER_LOOKS) -> Snapshot:
    live = Access(
        frozen({access.asset: access for access in assets}),
        frozen({key: Business(key, name=name) for key, name in NAMES.items()}),
        gaps,
    )
    acting = (BusinessRef(ACME, "acme", "Acme GmbH"),)
    return sealed(Snapshot(live, frozen({}), looks, acting, "v26.0", "sandbox:world.yaml", NOW, Cost(), "0.1.0"))


def said(old: Snapshot, new: Snapshot) -> list[str]:
    return [words(row) for row in compare(old, new).differences]


def codes(comparison: Comparison) -> list[str]:
    return [row.what for row in comparison.differences]


MEDIA = '"Mediahouse Ltd" (2002)'


@pytest.mark.parametrize(
    ("old", "new", "sentences"),
    [
        (owned(), owned(m=held(*BUYER)), [f"{MEDIA} was given ADVERTISE, ANALYZE"]),
        (owned(m=held(*BUYER)), owned(), [f"{MEDIA} lost ADVERTISE, ANALYZE, which was all it held"]),
        (
            owned(m=held("MANAGE", *BUYER)),
            owned(m=held(*BUYER)),
            [f"{MEDIA} lost MANAGE, and keeps ADVERTISE, ANALYZE"],
        ),
        (
            owned(m=held("MANAGE")),
            owned(m=held(*BUYER)),
            [f"{MEDIA} was given ADVERTISE, ANALYZE", f"{MEDIA} lost MANAGE, and keeps ADVERTISE, ANALYZE"],
        ),
        (owned(), owned(m=asked(*BUYER)), [f"{MEDIA} asked for ADVERTISE, ANALYZE (waits for the client)"]),
        (
            owned(m=asked("MANAGE")),
            owned(m=held("ANALYZE")),
            [f"{MEDIA} was given ANALYZE, having asked for MANAGE"],
        ),
        (owned(m=asked("MANAGE")), owned(m=held("MANAGE")), [f"{MEDIA} was given MANAGE, as it had asked"]),
        (owned(m=asked("MANAGE")), owned(), [f"{MEDIA} no longer asks for MANAGE: declined, withdrawn or expired"]),
        (owned(m=asked("MANAGE")), owned(m=asked("ANALYZE")), [f"{MEDIA} asks for ANALYZE now, before for MANAGE"]),
        (
            owned(m=held("ANALYZE")),
            owned(m=Grant(frozenset({"ANALYZE"}), Status.UNKNOWN, "ON_HOLD")),
            [f"{MEDIA} was confirmed with ANALYZE and is listed as 'ON_HOLD' with ANALYZE"],
        ),
        (owned(name="Old"), owned(name="New"), ['renamed from "Old" to "New"']),
        (owned(), owned(owner=SISTER), ["belongs to business 1002 now, before to 1001"]),
        (owned(name=""), owned(name="New"), []),
        (owned(m=held(*BUYER)), owned(m=replace(held(*BUYER), since=NOW)), []),
    ],
)
def test_every_difference_has_its_sentence(old, new, sentences):
    assert said(snapshot(old), snapshot(new)) == sentences


def test_a_snapshot_does_not_differ_from_itself():
    one = snapshot(owned(m=held(*BUYER), s=asked("MANAGE")), owned(FR, d=held("ANALYZE")))
    found = compare(one, one)
    assert (found.differences, found.unseen, found.same, found.is_whole) == ((), (), 2, True)
    assert diff_summary(found) == "No differences. 2 assets the same."


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (["ADVERTISE", "CUSTOM"], ["PROFILE_PLUS_ADVERTISE", "CUSTOM"]),
        (["MANAGE"], ["PROFILE_PLUS_MANAGE", "PROFILE_PLUS_ANALYZE", "PROFILE_PLUS_MESSAGING"]),
        (["PROFILE_PLUS_MANAGE", "PROFILE_PLUS_MANAGE_LEADS"], ["MANAGE"]),
    ],
)
def test_another_spelling_and_what_meta_adds_with_it_are_no_difference(old, new):
    assert said(snapshot(owned(FR, m=held(*old))), snapshot(owned(FR, m=held(*new)))) == []


def test_a_task_that_leaves_a_page_of_one_and_the_same_spelling_is_a_loss():
    old = held("PROFILE_PLUS_MANAGE", "PROFILE_PLUS_ANALYZE")
    assert said(snapshot(owned(FR, m=old)), snapshot(owned(FR, m=held("PROFILE_PLUS_MANAGE")))) == [
        f"{MEDIA} lost ANALYZE, and keeps MANAGE"
    ]


def test_tasks_nobody_knows_are_differences_too():
    assert said(snapshot(owned(m=held("ANALYZE"))), snapshot(owned(m=held("ANALYZE", "TELEPORT")))) == [
        f"{MEDIA} was given TELEPORT"
    ]


def test_an_asset_that_is_listed_now_is_new_and_who_works_on_it_is_shown():
    found = compare(snapshot(), snapshot(owned(m=held("ANALYZE"), s=asked("MANAGE"))))
    assert codes(found) == [What.NEW, What.HOLDS, What.ASKED]
    assert words(found.differences[0]) == 'is new, listed by "Acme GmbH" (acme, 1001)'


def test_an_asset_that_is_no_longer_listed_has_not_lost_its_agencies():
    found = compare(snapshot(owned(m=held("ANALYZE"))), snapshot())
    assert codes(found) == [What.NOT_LISTED]
    assert words(found.differences[0]).startswith('is no longer listed by "Acme GmbH" (acme, 1001): sold, moved')


@pytest.mark.parametrize("code", ["hidden", "gone", "not_owned", "other_owner", "not_listed"])
def test_an_asset_that_was_looked_up_in_vain_is_no_longer_listed_for_the_reason_found(code):
    gone = owned(owner=SISTER if code == "other_owner" else ACME, unreadable="Meta knows no such id", reason_code=code)
    listed = snapshot(owned(m=held("ANALYZE")))
    assert said(listed, snapshot(gone)) == ['is no longer listed by "Acme GmbH" (acme, 1001): Meta knows no such id']
    assert codes(compare(snapshot(gone), listed)) == [What.NEW, What.HOLDS]
    assert codes(compare(snapshot(gone), snapshot(gone))) == [What.INCOMPARABLE]
    assert codes(compare(snapshot(), snapshot(gone))) == []


UNREADABLE = owned(unreadable="Meta refused")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (owned(m=held(*BUYER)), UNREADABLE, "the later snapshot could not read it: Meta refused"),
        (UNREADABLE, owned(m=held(*BUYER)), "the earlier snapshot could not read it: Meta refused"),
        (UNREADABLE, UNREADABLE, "neither snapshot could read it: Meta refused"),
        (
            owned(SHOP, "Shop", m=held(*BUYER), owner="5005"),
            at_client(held(*BUYER)),
            "the earlier snapshot saw it from the owner's side, the later snapshot from the agency's side",
        ),
    ],
)
def test_an_asset_that_one_of_them_could_not_read_cannot_be_compared(old, new, reason):
    found = compare(snapshot(old, looks=BOTH_LOOKS), snapshot(new, looks=BOTH_LOOKS))
    assert [words(row) for row in found.differences] == [f"cannot be compared: {reason}"]
    assert (found.is_whole, found.changes) == (False, ())


def test_a_name_is_compared_even_where_access_could_not_be_read():
    assert codes(compare(snapshot(owned(name="Old")), snapshot(replace(UNREADABLE, name="New")))) == [
        What.RENAMED,
        What.INCOMPARABLE,
    ]


@pytest.mark.parametrize("is_in_both", [True, False])
def test_a_pair_that_could_not_be_read_cannot_be_compared(is_in_both):
    unread = Grant(status=Status.UNREADABLE, detail="Meta did not say which tasks it has")
    old = owned(m=unread if is_in_both else held("ANALYZE"), s=held("ANALYZE"))
    found = compare(snapshot(old), snapshot(owned(m=unread)))
    assert codes(found) == [What.INCOMPARABLE, What.LOST]
    assert found.differences[0].who.id == MEDIAHOUSE


def test_an_asset_only_a_second_witness_knows_is_not_called_new():
    doubtful = owned(unreadable="Meta contradicts itself", reason_code="uncertain")
    assert codes(compare(snapshot(), snapshot(doubtful))) == [What.INCOMPARABLE]


@pytest.mark.parametrize(("first", "second"), [(True, False), (False, True)])
def test_behind_a_gap_nothing_is_lost_and_nothing_is_new(first, second):
    gap = (Gap(ACME, Side.OWNER, Kind.AD_ACCOUNT, "cut short"),)
    whole, cut = snapshot(owned(m=held(*BUYER)), owned(FR)), snapshot(owned(FR), gaps=gap)
    found = compare(*(whole if is_whole else cut for is_whole in (first, second)))
    assert (found.differences, found.same, found.is_whole) == ((), 1, False)
    (unseen,) = found.unseen
    which = "the later snapshot" if first else "the earlier snapshot"
    assert (unseen.assets, unseen.reason) == (1, f"{which} could not read them to the end: cut short")
    assert diff_summary(found) == "No differences. 1 cannot be compared, 1 asset the same."


def test_what_one_of_them_did_not_look_at_cannot_be_compared():
    found = compare(snapshot(owned()), snapshot(owned(), at_client(held(*BUYER)), looks=BOTH_LOOKS))
    assert found.differences == ()
    assert [(one.side, one.kind, one.assets) for one in found.unseen] == [
        (Side.AGENCY, Kind.AD_ACCOUNT, 0),
        (Side.AGENCY, Kind.PAGE, 1),
    ]
    assert found.unseen[1].reason == "the earlier snapshot did not read them"


def test_what_we_hold_at_a_client_is_given_and_lost_like_any_other():
    nothing, holding = snapshot(looks=BOTH_LOOKS), snapshot(at_client(held(*BUYER)), looks=BOTH_LOOKS)
    us = '"Acme GmbH" (acme, 1001)'
    assert said(nothing, holding) == [f"{us} was given ADVERTISE, ANALYZE"]
    assert said(holding, nothing) == [f"{us} lost ADVERTISE, ANALYZE, which was all it held"]
    gap = (Gap(ACME, Side.AGENCY, Kind.PAGE, "cut short"),)
    blind = snapshot(gaps=gap, looks=BOTH_LOOKS)
    assert [(codes(found), found.unseen[0].assets) for found in (compare(holding, blind), compare(blind, holding))] == [
        ([], 1),
        ([], 1),
    ]


TASKS = st.sets(st.sampled_from(["ADVERTISE", "ANALYZE", "MANAGE", "PROFILE_PLUS_MANAGE", "X"])).map(
    lambda names: held(*names)
)
ASSETS = st.builds(
    lambda asset, grants: AssetAccess(asset, ACME, "", frozen(grants)),
    st.sampled_from([DE, FR]),
    st.dictionaries(st.sampled_from([MEDIAHOUSE, DATACO, STRANGER]), TASKS),
)


@settings(deadline=None)
@given(ASSETS, ASSETS)
def test_what_is_given_one_way_is_lost_the_other_way(one, other):
    one, other = snapshot(one), snapshot(replace(other, asset=one.asset))

    def moved(old: Snapshot, new: Snapshot, what: What) -> list[tuple[str, tuple[str, ...]]]:
        return [(row.who.id, row.tasks) for row in compare(old, new).differences if row.what is what]

    assert moved(one, other, What.GIVEN) == moved(other, one, What.LOST)
    assert compare(one, one).differences == ()


# What a person sees.

EVERYTHING = (
    snapshot(
        owned(m=held("MANAGE", *BUYER), d=asked("ANALYZE"), s=held(*BUYER)),
        owned(FR, "Acme France", m=held(*BUYER)),
        owned(Asset(Kind.PAGE, "73"), "Acme Sold", m=held(*BUYER)),
        owned(Asset(Kind.PAGE, "75"), "Acme UK", m=held(*BUYER)),
        owned(Asset(Kind.PAGE, "76"), "The Same"),
        looks=BOTH_LOOKS,
    ),
    replace(
        snapshot(
            owned(m=held(*BUYER), d=held("ANALYZE"), s=asked("MANAGE")),
            owned(FR, "Acme en France", m=held(*BUYER)),
            owned(Asset(Kind.PAGE, "75"), "Acme UK", unreadable="Meta refused GET 75/agencies: (#10) no (code 10)"),
            owned(Asset(Kind.PAGE, "76"), "The Same"),
            owned(Asset(Kind.PAGE, "77"), "Acme New", d=held("ANALYZE")),
            gaps=(Gap(ACME, Side.AGENCY, Kind.PAGE, "Meta cannot be reached"),),
            looks=BOTH_LOOKS,
        ),
        taken_at=NOW + timedelta(days=1),
    ),
)


def test_assets_stand_in_the_order_of_a_plan_by_alias_then_by_name_then_by_id():
    names = {"71": "", "72": "Beta", "73": "Zulu", "74": "Alpha", "75": "Alpha"}
    old = snapshot(*(owned(Asset(Kind.PAGE, one), name) for one, name in names.items()), owned(DE))
    new = snapshot(*(replace(one, grants=frozen({MEDIAHOUSE: held("ANALYZE")})) for one in old.live.assets.values()))
    declared = Access(frozen({Asset(Kind.PAGE, "73"): replace(owned(Asset(Kind.PAGE, "73")), alias="own")}), frozen({}))
    assert [row.asset.id for row in compare(old, new).differences] == ["71", "74", "75", "72", "73", "71"]
    found = compare(old, new, declared).differences
    assert [(row.asset.kind, row.asset.id) for row in found][:2] == [(Kind.AD_ACCOUNT, "71"), (Kind.PAGE, "73")]


def test_a_comparison_reads_as_agreed(request):
    text = diff_text(compare(*EVERYTHING), *EVERYTHING, Paper(80))
    if request.config.getoption("--renew-golden"):
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")
    assert max(map(len, text.splitlines()[:-1])) <= 80


def test_colour_adds_nothing_but_colour():
    plain, coloured = (diff_text(compare(*EVERYTHING), *EVERYTHING, Paper(80, color)) for color in (False, True))
    assert re.sub(r"\x1b\[[0-9]+m", "", coloured) == plain


def test_names_and_reasons_from_strangers_stay_on_printable_lines():
    hostile = {key: Business(key, name=HOSTILE) for key in NAMES}
    pages = (owned(name="x", m=held(HOSTILE)), owned(FR, HOSTILE, unreadable=HOSTILE))
    old, new = snapshot(owned(), owned(FR, "old")), snapshot(*pages, gaps=(Gap(ACME, Side.OWNER, Kind.PAGE, HOSTILE),))
    new = replace(new, live=replace(new.live, businesses=frozen(hostile)))
    assert all(line.isprintable() for line in diff_text(compare(old, new), old, new, Paper(80)).splitlines())


def test_the_same_rows_as_json():
    document = json.loads(diff_json(compare(*EVERYTHING), *EVERYTHING))
    found = compare(*EVERYTHING)
    assert [row["text"] for row in document["differences"]] == [words(row) for row in found.differences]
    assert document["summary"] == {"differences": len(found.changes), "incomparable": 2, "same": 1}
    (lost,) = [row for row in document["differences"] if row["code"] == "lost"]
    assert (lost["business"]["id"], lost["tasks"], lost["before"]["status"]) == (MEDIAHOUSE, ["MANAGE"], "confirmed")
    assert document["earlier"]["taken_at"] < document["later"]["taken_at"]


# The command line.


@pytest.fixture
def brand(company: Company) -> Company:
    company.asset("ad_account", "de", "71", agencies={"mediahouse": BUYER}, live={MEDIAHOUSE: BUYER, STRANGER: BUYER})
    company.asset("page", "fr", "72", agencies={"mediahouse": BUYER}, live={})
    company.write()
    return company


SANDBOX = ("--sandbox", "world.yaml")


def test_two_files_need_no_project_and_a_file_is_compared_with_now(brand, run, tmp_path):
    run("snapshot", "--out", "before.json", *SANDBOX)
    run("apply", "--auto-approve", *SANDBOX)
    run("snapshot", "--out", "after.json", *SANDBOX)
    (tmp_path / "empty").mkdir()
    found = run("diff", "../before.json", "../after.json", cwd=tmp_path / "empty")
    assert found.returncode == 0, found.stderr
    assert 'ad account act_71 De\n  - "Stranger Ltd" (4004) lost ADVERTISE, ANALYZE, which was all' in found.stdout
    assert 'Page 72 Fr\n  + "Mediahouse Ltd" (2002) was given ADVERTISE, ANALYZE\n' in found.stdout
    assert found.stdout.endswith("2 differences on 2 assets.\n")
    now = run("diff", "before.json", "--detailed-exitcode", *SANDBOX)
    assert now.returncode == 2
    assert "ad account de (act_71) De\n" in now.stdout
    same = run("diff", "after.json", "--detailed-exitcode", "--format", "json", *SANDBOX)
    assert (same.returncode, json.loads(same.stdout)["differences"]) == (0, [])


def test_what_cannot_be_compared_exits_with_5(brand, run):
    run("snapshot", "--out", "before.json", *SANDBOX)
    brand.world["pages"]["72"]["fault"] = {"code": 10, "message": "no"}
    brand.write()
    found = run("diff", "before.json", "--detailed-exitcode", *SANDBOX)
    assert found.returncode == 5
    assert "cannot be compared: the later snapshot could not read it" in found.stdout.replace("\n          ", " ")


def test_a_way_to_meta_beside_two_files_is_one_too_many(run):
    found = run("diff", "a.json", "b.json", *SANDBOX)
    assert (found.returncode, found.stdout) == (64, "")


def test_a_file_that_is_no_snapshot_is_an_error_in_words(brand, run):
    run("plan", "--out", "plan.json", *SANDBOX)
    found = run("diff", "plan.json", "plan.json")
    assert (found.returncode, found.stdout) == (1, "")
    assert found.stderr.startswith("error: plan.json is no snapshot\nhint: ")


def test_snapshots_in_the_wrong_order_or_of_two_worlds_are_warned_of(brand, run):
    run("snapshot", "--out", "first.json", *SANDBOX)
    (brand.directory / "other.yaml").write_text((brand.directory / "world.yaml").read_text())
    run("snapshot", "--out", "second.json", "--sandbox", "other.yaml")
    found = run("diff", "second.json", "first.json")
    assert "warning: the second snapshot was taken before the first" in found.stderr
    assert "warning: the first snapshot is of sandbox:other.yaml, the second of sandbox:world.yaml" in found.stderr

"""The access review: every live grant and every declared one, once, with what is known of it and nothing more."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from accessctl.manifest import load_schema
from accessctl.model import Access, Asset, Grant, Kind, Policy, Side, Status, frozen
from accessctl.plan.make import make_plan
from accessctl.plan.nouns import Verb
from accessctl.render.escape import csv_cell
from accessctl.render.forge import Forge
from accessctl.render.paper import Paper
from accessctl.render.report_csv import COLUMNS, report_csv
from accessctl.render.report_json import report_json
from accessctl.render.report_markdown import report_markdown
from accessctl.render.report_text import report_text
from accessctl.report import Standing
from accessctl.report.nouns import Share
from accessctl.report.since import sinces, writes_of
from accessctl.report.tally import by_agency, by_market, by_week, ending
from tests import reviewed
from tests.campaigns import examples
from tests.github import as_github_shows, live_references
from tests.hostile import names
from tests.reviewed import (
    ACME,
    BUYER,
    CLIENT,
    DATA,
    EMPTY,
    EVERY_DECLARED,
    EVERY_ROW,
    MEDIA,
    NOW,
    OLD,
    POLICY,
    SEEN,
    UNREAD,
    access,
    asset,
    review,
    said,
    wanted,
    write,
)
from tests.runner_commands import commands_in
from tests.test_render import golden

FORGE = Forge("https://github.com/acme/access/blob/" + "a" * 40)
REVIEWS = {
    "every-row": EVERY_ROW,
    "unread": UNREAD,
    "declared": reviewed.DECLARED,
    "empty": EMPTY,
    "large": reviewed.large(60, 8),
    "hostile": reviewed.hostile(),
}
SOME = names(300)
ALL = [pytest.param(SOME, id="some"), pytest.param(10_000, id="all", marks=pytest.mark.campaign)]


def these(number):
    return number if isinstance(number, tuple) else names(examples(number))


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def is_one_line(*texts: str) -> bool:
    """The wide blank of Chinese and Japanese is as good as any other."""
    return all(text.replace("\u3000", " ").isprintable() for text in texts)


def only(report, number: str, agency: str):
    (row,) = [one for one in report.grants if (one.asset.id, one.agency.id) == (number, agency)]
    return row


# What is read as agreed.


@pytest.mark.parametrize("name", REVIEWS)
@pytest.mark.parametrize(("ending", "render"), [("txt", lambda one: report_text(one, Paper())), ("csv", report_csv)])
def test_a_review_reads_as_agreed(request, name, ending, render):
    golden(request, f"report-{name}.{ending}", render(REVIEWS[name]).replace("\r\n", "\n"))


@pytest.mark.parametrize("name", REVIEWS)
def test_a_review_in_markdown_reads_as_agreed(request, name):
    golden(request, f"report-{name}.md", report_markdown(REVIEWS[name], FORGE if name == "every-row" else None))


@pytest.mark.parametrize("name", REVIEWS)
def test_colour_adds_nothing_but_colour(name):
    colored = report_text(REVIEWS[name], Paper(80, color=True))
    assert re.sub(r"\x1b\[[0-9]+m", "", colored) == report_text(REVIEWS[name], Paper(80))


@pytest.mark.parametrize("name", REVIEWS)
def test_a_review_fits_into_its_columns(name):
    for width in (80, 120):
        lines = report_text(REVIEWS[name], Paper(width)).splitlines()
        assert max(map(len, lines)) <= width


@pytest.mark.parametrize("name", REVIEWS)
def test_markdown_has_every_fact_of_the_text(name):
    words = set(re.findall(r"[\w.:/-]{3,}", report_text(REVIEWS[name], Paper(100_000))))
    shown = as_github_shows(report_markdown(REVIEWS[name])).text
    ours = set(
        re.findall(
            "[a-z]+", "owned by since until and added could not be read the end declared business agency has access"
        )
    )
    assert {word.strip(":,") for word in words if word.strip(":,") not in shown} <= ours


# Which row a pair gets, and how it stands.


def test_every_kind_of_row_stands_as_it_should():
    found = {(one.asset.id, one.agency.id): one.standing for one in EVERY_ROW.grants}
    assert found == {
        ("71", MEDIA): Standing.DECLARED,
        ("71", DATA): Standing.DRIFT,
        ("72", MEDIA): Standing.MISSING,
        ("72", OLD): Standing.DRIFT,
        ("73", MEDIA): Standing.WAITING,
        ("73", DATA): Standing.ENDED,
        ("74", MEDIA): Standing.UNREADABLE,
        ("75", DATA): Standing.UNKNOWN,
        ("77", ACME): Standing.WAITING,
        ("78", MEDIA): Standing.DECLARED,
        ("79", OLD): Standing.UNMANAGED,
    }


STATUSES = st.sampled_from(list(Status))
TASKS = st.frozensets(st.sampled_from(["ADVERTISE", "ANALYZE", "MANAGE", "NEW_TASK"]), min_size=1)
LIVE_GRANTS = st.dictionaries(st.sampled_from([MEDIA, DATA, OLD, ACME]), st.builds(Grant, TASKS, STATUSES))
WANTED_GRANTS = st.dictionaries(
    st.sampled_from([MEDIA, DATA]),
    st.builds(
        lambda tasks, over: wanted(said(tasks, until=date(2026, 1, 1) if over else None, expired=over)),
        TASKS,
        st.booleans(),
    ),
)


@st.composite
def both_sides(draw) -> tuple[Access, Access]:
    declared, live = [], []
    for number in range(draw(st.integers(0, 5))):
        key, kind = str(71 + number), draw(st.sampled_from(list(Kind)))
        owner = draw(st.sampled_from([ACME, ACME, CLIENT]))
        if draw(st.booleans()):
            wants = draw(WANTED_GRANTS) if owner == ACME else {ACME: wanted(said())}
            declared.append(asset(key, f"a-{key}", kind, owner, grants=wants, exclusive=draw(st.booleans())))
        if draw(st.booleans()):
            trouble = draw(st.sampled_from(["", "", "", "no permission"]))
            side = Side.OWNER if owner == ACME else Side.AGENCY
            holds = draw(LIVE_GRANTS) if owner == ACME else {ACME: Grant(draw(TASKS), draw(STATUSES))}
            live.append(asset(key, "", kind, owner, grants=holds, unreadable=trouble, side=side))
    gaps = draw(st.sets(st.sampled_from([*(reviewed.Gap(ACME, side, kind, "no") for side in Side for kind in Kind)])))
    return access(*declared), access(*live, gaps=tuple(sorted(gaps)))


@settings(deadline=None)
@given(both_sides())
def test_every_live_grant_and_every_declared_grant_is_in_exactly_one_row(sides):
    desired, live = sides
    report = review(desired, live)
    counts = Counter((one.asset.key, one.agency.id) for one in report.grants)
    there = {
        (key, agency)
        for key, one in live.assets.items()
        for agency, grant in one.grants.items()
        if grant.status is not Status.ABSENT
    }
    named = {(key, agency) for key, one in desired.assets.items() for agency in one.grants}
    assert set(counts) == there | named
    assert set(counts.values()) <= {1}


@settings(deadline=None)
@given(both_sides())
def test_no_asset_is_left_out_silently(sides):
    desired, live = sides
    assert {one.key for one in review(desired, live).assets} == {*desired.assets, *live.assets}


@settings(deadline=None)
@given(both_sides())
def test_a_review_and_a_plan_of_the_same_access_do_not_contradict_each_other(sides):
    desired, live = sides
    plan, report = make_plan(desired, live, POLICY), review(desired, live)
    standing = {(one.asset.key, one.agency.id): one.standing for one in report.grants}
    for action in plan.actions:
        found = standing[Asset(action.asset.kind, action.asset.id), action.agency.id]
        gives = action.verb in (Verb.GRANT, Verb.ACCEPT, Verb.REQUEST)
        assert found is (Standing.MISSING if gives else Standing.DRIFT)
    if report.is_whole:
        assert plan.is_whole


@settings(deadline=None)
@given(both_sides())
def test_what_could_not_be_read_is_held_by_nobody_and_lost_by_nobody(sides):
    for one in review(*sides).grants:
        if one.standing is Standing.UNREADABLE:
            assert (one.tasks, one.held, one.missing, one.extra, one.since) == ((), (), (), (), None)
            assert one.asset.unreadable


@settings(deadline=None)
@given(both_sides())
def test_a_review_does_not_depend_on_any_order(sides):
    desired, live = sides
    turned = [replace(one, assets=frozen(dict(reversed(one.assets.items())))) for one in sides]
    assert review(desired, live) == review(*turned)


@settings(deadline=None)
@given(both_sides())
def test_every_review_fits_its_schema(sides):
    validator = Draft202012Validator(load_schema("report"))
    for report in (review(*sides), review(sides[0], None)):
        validator.validate(json.loads(report_json(report)))


@pytest.mark.parametrize("name", REVIEWS)
def test_each_of_our_reviews_fits_its_schema(name):
    Draft202012Validator(load_schema("report")).validate(json.loads(report_json(REVIEWS[name])))


def test_nobody_knows_what_is_live_from_manifests_alone():
    report = review(EVERY_DECLARED, None)
    assert {one.standing for one in report.grants} == {Standing.DECLARED, Standing.ENDED}
    assert {one.status for one in report.grants} == {None}
    assert report.coverage is None
    assert report.is_whole


def test_tasks_that_meta_adds_by_itself_are_told_apart():
    row = only(EVERY_ROW, "78", MEDIA)
    assert (row.tasks, row.server_added, row.standing) == (("ANALYZE", "MANAGE"), ("ANALYZE",), Standing.DECLARED)


def test_both_names_of_a_renamed_business_are_there():
    row = only(EVERY_ROW, "71", MEDIA)
    assert (row.agency.name, row.agency.declared_name) == ("Mediahouse Worldwide", "Mediahouse Ltd")
    assert 'declared as "Mediahouse Ltd"' in report_text(EVERY_ROW, Paper(200))


# Until when, since when.


@pytest.mark.parametrize(
    ("days", "until"),
    [
        ([None], (None, None)),
        ([date(2027, 1, 1)], (date(2027, 1, 1), date(2027, 1, 1))),
        ([date(2027, 1, 1), date(2027, 6, 1)], (date(2027, 1, 1), date(2027, 6, 1))),
        ([date(2027, 1, 1), None], (date(2027, 1, 1), None)),
    ],
)
def test_a_grant_ends_with_the_last_of_its_declarations(days, until):
    desired = access(asset("71", "de", grants={MEDIA: wanted(*(said(until=day) for day in days))}))
    assert only(review(desired, access(asset("71", grants={MEDIA: SEEN}))), "71", MEDIA).until == until


def told_since(*writes, live: Grant = SEEN):
    desired = access(asset("71", "de", grants={MEDIA: wanted(said())}))
    found = only(review(desired, access(asset("71", grants={MEDIA: live})), writes=writes), "71", MEDIA).since
    return found and (found.at.day, found.what, bool(found.run))


def test_a_grant_counts_from_when_it_was_given_whatever_was_changed_later():
    assert told_since(write(Verb.GRANT, "71", MEDIA, 2), write(Verb.CHANGE, "71", MEDIA, 5)) == (2, "granted", True)
    assert told_since(write(Verb.CHANGE, "71", MEDIA, 5)) == (5, "changed", True)


def test_what_was_taken_away_and_given_again_counts_from_the_second_time():
    three = [write(Verb.GRANT, "71", MEDIA, 2), write(Verb.REVOKE, "71", MEDIA, 3), write(Verb.GRANT, "71", MEDIA, 4)]
    assert told_since(*three) == (4, "granted", True)
    assert told_since(*three[:2]) is None


@pytest.mark.parametrize("outcome", ["failed", "unknown", "converged", ""])
def test_a_write_that_did_not_give_anything_says_nothing_of_since_when(outcome):
    assert told_since(write(Verb.GRANT, "71", MEDIA, 2, outcome)) is None


def test_meta_is_believed_where_the_journal_has_nothing_and_nobody_else():
    asked = Grant(BUYER, since=datetime(2026, 10, 7, tzinfo=UTC))
    assert told_since(live=asked) == (7, "updated", False)
    assert told_since(write(Verb.GRANT, "71", MEDIA, 2), live=asked) == (2, "granted", True)
    assert told_since() is None


def test_the_journal_of_another_graph_api_and_of_a_later_day_says_nothing():
    writes = [write(Verb.GRANT, "71", MEDIA, 2), write(Verb.GRANT, "71", DATA, 9)]
    assert list(writes_of(writes, "https://graph.facebook.com")) == []
    assert sinces(writes_of(writes, "sandbox:w", datetime(2026, 10, 5, tzinfo=UTC))).keys() == {
        (Asset(Kind.AD_ACCOUNT, "71"), MEDIA)
    }
    settled = replace(writes[0], settled_at=datetime(2026, 10, 8, tzinfo=UTC))
    assert list(writes_of([settled], "", datetime(2026, 10, 5, tzinfo=UTC))) == []


def test_who_has_to_act_is_told_with_place_and_age():
    client, admin = only(EVERY_ROW, "77", ACME).waits, only(EVERY_ROW, "73", MEDIA).waits
    assert (client.whom, client.business.id, client.days, client.is_stale) == ("client", CLIENT, 32, True)
    assert (admin.whom, admin.business.id) == ("second_admin", ACME)
    assert only(EVERY_ROW, "72", MEDIA).waits is None


# How much is declared.


def test_the_coverage_of_a_company_we_know_is_as_counted_by_hand():
    total = EVERY_ROW.coverage.total
    # Live: 71 twice, 72, 78, 79. Declared as a whole: 71 of Mediahouse and 78; in part: 71 of DataCo.
    assert total.grants == Share(2, 5, 1)
    # Read: all but 74. Declared: all of these but 79.
    assert total.assets == Share(7, 8)
    kinds = {one.of: (one.grants.covered, one.grants.of) for one in EVERY_ROW.coverage.by_kind}
    assert kinds == {"ad_account": (1, 4), "page": (1, 1)}
    markets = {one.of: (one.grants.covered, one.grants.of, one.assets.of) for one in EVERY_ROW.coverage.by_market}
    assert markets == {"de": (2, 4, 4), "fr": (0, 0, 0), "": (0, 1, 4)}


def test_what_could_not_be_read_is_in_no_share_and_is_counted_apart():
    cover = UNREAD.coverage
    assert (cover.unread_assets, cover.unread_listings, cover.unknown_grants) == (2, 1, 1)
    assert cover.total.grants == Share(1, 4, 1)
    assert "In none of these numbers: 2 assets that could not be read, 1 unread listing" in report_text(
        UNREAD, Paper(500)
    )
    assert not cover.is_whole


def test_all_is_declared_only_where_all_is():
    wants = {MEDIA: wanted(said())}
    desired = access(*(asset(str(number), f"a-{number}", grants=wants) for number in range(200)))
    holds = [asset(str(number), grants={MEDIA: SEEN}) for number in range(200)]
    assert review(desired, access(*holds)).coverage.total.grants.percent == 100
    stray = asset("0", grants={MEDIA: SEEN, OLD: SEEN})
    assert review(desired, access(stray, *holds[1:])).coverage.total.grants.percent == 99


def test_a_share_of_nothing_is_none():
    assert EMPTY.coverage.total.grants.percent is None
    assert "0 of 0 live grants and" in report_text(EMPTY, Paper(500))


@settings(deadline=None)
@given(both_sides())
def test_the_shares_of_kinds_and_markets_add_up_to_the_whole(sides):
    cover = review(*sides).coverage
    for parts in filter(None, (cover.by_kind, cover.by_market)):
        for what in ("grants", "assets"):
            for key in ("covered", "of", "part"):
                whole = getattr(getattr(cover.total, what), key)
                assert sum(getattr(getattr(one, what), key) for one in parts) == whole


LAWS = (
    test_every_live_grant_and_every_declared_grant_is_in_exactly_one_row,
    test_no_asset_is_left_out_silently,
    test_a_review_and_a_plan_of_the_same_access_do_not_contradict_each_other,
    test_what_could_not_be_read_is_held_by_nobody_and_lost_by_nobody,
    test_a_review_does_not_depend_on_any_order,
    test_the_shares_of_kinds_and_markets_add_up_to_the_whole,
)


@pytest.mark.campaign
@settings(max_examples=examples(5_000), deadline=None)
@given(both_sides())
def test_every_law_of_a_review_holds_over_many_companies(sides):
    for law in LAWS:
        law.hypothesis.inner_test(sides)


# What the charts count.


def test_the_charts_count_what_is_held_and_nothing_else():
    tallies = {one.agency.id: (one.as_declared, one.otherwise, one.open) for one in by_agency(EVERY_ROW)}
    assert tallies == {MEDIA: (2, 0, 3), OLD: (0, 2, 0), DATA: (0, 1, 2), ACME: (0, 0, 1)}
    markets, tasks, counts = by_market(EVERY_ROW)
    assert (markets, tasks[0]) == (("de", ""), "ANALYZE")
    assert counts["de", "MANAGE"] == 2


def test_what_ends_in_ninety_days_is_told_by_the_day_on_which_all_or_a_part_ends():
    assert [(one.asset.id, day, whole) for one, day, whole in ending(EVERY_ROW)] == [
        ("71", date(2026, 12, 31), True),
        ("71", date(2027, 1, 31), False),
    ]
    assert sum(week.ends for week in by_week(EVERY_ROW)) == 1
    assert sum(week.part_ends for week in by_week(EVERY_ROW)) == 1


@pytest.mark.parametrize(("days", "counts"), [(-1, False), (0, True), (90, True), (91, False)])
def test_the_ninety_days_begin_today(days, counts):
    until = NOW.date() + timedelta(days=days)
    desired = access(asset("71", "de", grants={MEDIA: wanted(said(until=until))}))
    report = review(desired, access(asset("71", grants={MEDIA: SEEN})))
    assert bool(ending(report)) is counts
    assert sum(week.ends for week in by_week(report)) == counts


# Names from strangers.


def test_csv_comes_back_as_it_was_shown_cell_by_cell():
    for report in (EVERY_ROW, UNREAD, *(reviewed.hostile(name) for name in names(60))):
        found = rows(report_csv(report))
        assert len(found) == len(report.grants) + len(report.unreadable) + len(report.unread)
        for row, grant in zip(found, report.grants, strict=False):
            assert list(row) == list(COLUMNS)
            assert row["agency_name"] == csv_cell(grant.agency.name, 200)
            assert (row["agency_id"], row["asset_id"]) == (grant.agency.id, grant.asset.id)
            assert row["standing"] == grant.standing


@pytest.mark.parametrize("given", ALL)
def test_no_cell_of_a_csv_file_is_a_formula(given):
    for name in these(given):
        for row in csv.reader(io.StringIO(report_csv(reviewed.hostile(name)), newline="")):
            assert len(row) == len(COLUMNS)
            assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for cell in row), name
            assert is_one_line(*row), name


def test_a_csv_file_is_one_of_rfc_4180():
    text = report_csv(EVERY_ROW)
    assert text.count("\r\n") == text.count("\n") == 1 + len(EVERY_ROW.grants) + 1
    assert text.splitlines()[0] == ",".join(COLUMNS)
    assert report_csv(reviewed.hostile()).encode("utf-8")


OURS = {
    "h1",
    "h2",
    "h3",
    "p",
    "strong",
    "em",
    "ul",
    "li",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "code",
    "br",
    "details",
    "summary",
    "b",
}


@pytest.mark.parametrize("given", ALL)
def test_no_name_makes_an_element_or_a_link_in_markdown(given):
    for name in these(given):
        report = reviewed.hostile(name)
        seen = as_github_shows(report_markdown(report), is_comment=True)
        assert set(seen.tags) <= OURS, name
        assert seen.attributes == [], name
        assert live_references(seen) == [], name


@pytest.mark.parametrize("given", ALL)
def test_a_hostile_name_does_not_change_the_shape_of_markdown(given):
    shape = as_github_shows(report_markdown(reviewed.hostile("Acme"))).tags
    for name in these(given):
        tags = as_github_shows(report_markdown(reviewed.hostile(name))).tags
        assert [tag for tag in tags if tag not in ("code", "em", "strong")] == [
            tag for tag in shape if tag not in ("code", "em", "strong")
        ], name


@pytest.mark.parametrize("given", ALL)
def test_no_format_has_a_command_of_a_runner_in_it(given):
    for name in these(given):
        report = reviewed.hostile(name)
        text = report_text(report, Paper())
        assert is_one_line(*text.splitlines()), name
        for shown in (text, report_markdown(report), report_csv(report), report_json(report)):
            assert commands_in(shown) == [], name


def test_a_megabyte_of_a_name_is_cut_in_every_format_but_json():
    report = reviewed.hostile("x" * 1_000_000)
    for shown in (report_text(report, Paper()), report_markdown(report), report_csv(report)):
        assert len(shown) < 100_000


def test_every_name_has_its_id_beside_it():
    report = reviewed.hostile("Same")
    for shown in (report_text(report, Paper(200)), report_markdown(report), report_csv(report)):
        for number in (MEDIA, OLD, DATA, "act_71", "act_72", "act_73"):
            assert number in shown


def test_a_long_review_is_folded_in_markdown_and_a_short_one_is_not():
    assert "<details>" not in report_markdown(EVERY_ROW)
    assert report_markdown(REVIEWS["large"]).count("<details>") == len(REVIEWS["large"].agencies)


def test_an_agency_of_which_we_are_two_is_asked_for_by_its_own_id():
    """Two acting businesses at one client, each with its own grant: two rows."""
    policy = Policy((ACME, DATA))
    wants = {ACME: wanted(said()), DATA: wanted(said())}
    desired = access(asset("77", "page", Kind.PAGE, CLIENT, grants=wants))
    live = access(asset("77", "", Kind.PAGE, CLIENT, side=Side.AGENCY, grants={ACME: SEEN}))
    report = reviewed.make_report(desired, live, policy, reviewed.ORIGIN)
    assert {one.agency.id: one.standing for one in report.grants} == {ACME: Standing.DECLARED, DATA: Standing.MISSING}


def test_a_pair_that_could_not_be_read_without_a_reason_is_listed_with_its_asset():
    report = review(
        access(asset("71", "de", grants={})), access(asset("71", grants={MEDIA: Grant(BUYER, Status.UNREADABLE)}))
    )
    assert [one.id for one in report.unreadable] == ["71"]
    assert not report.is_whole

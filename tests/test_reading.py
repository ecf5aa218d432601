"""Reads that cannot lie: few calls, complete or known not to be, and two witnesses that must agree."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from accessctl.connection import connect
from accessctl.graph.errors import GraphError
from accessctl.live.wanted import wanted_of
from accessctl.model import Kind, Side
from accessctl.plan.nouns import Scope
from accessctl.way import Way
from accessctl.workflow import Wish, plan_project, read_access
from tests.company import ACME, CLIENT, DATACO, MEDIAHOUSE, SISTER, STRANGER

KINDS = pytest.mark.parametrize("kind", list(Kind))
BUYER = ["ADVERTISE", "ANALYZE"]
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def fill(company, kind, count, **more):
    """Declare `count` assets of acme with one agency each, which holds what is declared."""
    for number in range(count):
        company.asset(
            kind,
            f"{kind[0]}-{number}",
            str(1000 + number + 100_000 * (kind == "page")),
            agencies={"mediahouse": BUYER},
            live={MEDIAHOUSE: BUYER},
            **more,
        )


def reading(company, wish=Wish(), **way):  # noqa: B008  frozen
    """Read, and return live access, what it cost, and the calls as the sandbox saw them."""
    company.write()
    project = company.load()
    way = Way(sandbox=str(company.directory / "world.yaml"), **way)
    with connect(project, company.directory, way, {}) as connection:
        access = read_access(project, connection, wish)
        return access, connection.cost


def blocked(company, wish=Wish()):  # noqa: B008  frozen
    saved = company.plan(wish)
    assert saved.plan.actions == ()
    return {row.asset.id: (row.reason.code, row.reason.text) for row in saved.plan.blocked}


@pytest.mark.parametrize("page_size", [100, 25])
def test_a_hundred_accounts_are_one_request_and_fifty_pages_another(company, page_size):
    company.world["quirks"] = {"max_page_size": page_size}
    fill(company, "ad_account", 300)
    fill(company, "page", 200)
    access, cost = reading(company)
    assert len(access.assets) == 500
    assert all(set(found.grants) == {MEDIAHOUSE} for found in access.assets.values())
    listings = 300 // page_size + 200 // page_size
    identity_and_witness = 2
    assert cost.requests == listings + 200 // 50 + identity_and_witness
    assert cost.calls == listings + 200 + identity_and_witness
    assert (cost.errors, cost.seconds_waited) == (0, 0.0)


def test_the_cost_is_known_before_as_far_as_the_manifests_tell(company):
    fill(company, "ad_account", 250)
    fill(company, "page", 60)
    company.asset("page", "shop", "999", owner="client", agencies={"acme": BUYER}, live={})
    company.write()
    wanted = wanted_of(company.load().desired, (ACME,), (), ())
    _, cost = reading(company)
    assert wanted.calls == cost.calls


def test_an_agencys_own_access_takes_three_edges_a_kind(company):
    held = {"agencies": {"acme": BUYER}, "live": {ACME: BUYER}}
    for number in range(120):
        company.asset("ad_account", f"c-{number}", str(2000 + number), owner="client", **held)
    access, cost = reading(company)
    assert len(access.assets) == 120
    # who we are, clients, client_ad_accounts (two pages) and pending_client_ad_accounts, the two for Pages
    assert (cost.calls, cost.errors) == (1 + 1 + 3 + 2, 0)


def test_too_much_data_halves_the_page_and_reads_on(company):
    company.world["quirks"] = {"most_nested": 30}
    fill(company, "ad_account", 100)
    access, cost = reading(company)
    assert len(access.assets) == 100
    assert all(not found.unreadable for found in access.assets.values())
    assert cost.errors == 2  # a hundred, then fifty; twenty-five it is
    assert cost.requests == 2 + 4 + 3


def test_where_even_a_small_page_is_too_much_accounts_are_asked_one_by_one(company):
    company.world["quirks"] = {"expansion": False}
    fill(company, "ad_account", 250)
    access, cost = reading(company)
    assert [bool(found.unreadable) for found in access.assets.values()] == [False] * 250
    assert cost.errors == 3
    assert cost.calls == 3 + 4 + 250 + 3  # refused, plain pages (one small), one by one, Pages with who and witness


def test_one_bad_account_costs_one_account_and_few_errors(company):
    fill(company, "ad_account", 300)
    company.world["ad_accounts"]["1150"]["fault"] = {"code": 10, "message": "no"}
    access, cost = reading(company)
    assert [found.asset.id for found in access.assets.values() if found.unreadable] == ["1150"]
    assert len(access.assets) == 300
    assert cost.errors == 3  # with the hundred it is in, with the twenty-five it is in, alone
    assert cost.calls < 40


def test_many_bad_accounts_are_not_found_by_failing_again_and_again(company):
    fill(company, "ad_account", 400)
    bad = {str(1000 + number) for number in range(0, 400, 20)}
    for number in bad:
        company.world["ad_accounts"][number]["fault"] = {"code": 200, "message": "no"}
    access, cost = reading(company)
    assert {found.asset.id for found in access.assets.values() if found.unreadable} == bad
    assert cost.errors <= len(bad) + 12


@KINDS
def test_a_listing_that_moved_between_its_pages_is_read_again(company, kind):
    company.world["quirks"] = {"max_page_size": 3, "paging": "offset"}
    fill(company, kind, 9)
    edge = f"GET {ACME}/owned_{kind}s"
    company.world["faults"] = [{"match": edge, "nth": 2, "do": "add_first"}]
    access, _ = reading(company)
    assert len(access.assets) == 10
    assert access.gaps == ()


@KINDS
def test_an_asset_that_was_skipped_because_another_left_is_never_without_agencies(company, kind):
    company.world["quirks"] = {"max_page_size": 3, "paging": "offset"}
    fill(company, kind, 9)
    company.world["faults"] = [{"match": f"GET {ACME}/owned_{kind}s", "nth": 2, "do": "remove_first"}]
    saved = company.plan()
    assert saved.plan.actions == ()
    first = 1000 + 100_000 * (kind == "page")
    skipped = {row.asset.id: row.reason.code for row in saved.plan.blocked}
    assert skipped.keys() - {str(first)} == {str(first + 3)}  # and perhaps the one that left
    assert skipped[str(first + 3)] in ("uncertain", "not_listed")


@pytest.mark.parametrize("off_by", [-1, 1])
def test_a_listing_shorter_or_longer_than_meta_says_is_incomplete(company, off_by):
    company.world["quirks"] = {"total_count_off_by": off_by}
    company.asset("ad_account", "one", "71", owner="client", agencies={"acme": BUYER}, live={})
    company.asset("ad_account", "two", "72", owner="client", agencies={}, live={ACME: BUYER})
    company.asset("page", "own", "73", agencies={}, live={})
    saved = company.plan()
    assert saved.plan.actions == ()
    assert "says that there are" in saved.plan.blocked[0].reason.text


@KINDS
def test_access_that_only_one_of_two_witnesses_shows_makes_the_asset_uncertain(company, kind):
    company.asset(kind, "missed", "71", agencies={}, live={MEDIAHOUSE: BUYER}, partners_miss=[MEDIAHOUSE])
    company.asset(kind, "invented", "72", agencies={"dataco": BUYER}, live={}, partners_invent={DATACO: ["ANALYZE"]})
    company.asset(kind, "sound", "73", agencies={"mediahouse": BUYER}, live={MEDIAHOUSE: BUYER})
    found = blocked(company)
    assert found.keys() == {"71", "72"}
    assert {code for code, _ in found.values()} == {"uncertain"}
    said = 'says that "Mediahouse Ltd" (2002) holds ADVERTISE, ANALYZE'
    a_list = "the list of agencies of acme (1001)"
    assert f'the {kind.noun} {said}, {a_list} does not name "Mediahouse Ltd" (2002)' in found["71"][1]
    said = 'does not name "DataCo" (3003)'
    assert f'the {kind.noun} {said}, {a_list} says that "DataCo" (3003) holds ANALYZE' in found["72"][1]


@KINDS
def test_a_target_too_has_to_be_what_both_witnesses_show(company, kind):
    company.asset(kind, "missed", "71", agencies={}, live={MEDIAHOUSE: BUYER}, partners_miss=[MEDIAHOUSE])
    company.asset(kind, "invented", "72", agencies={"dataco": BUYER}, live={}, partners_invent={DATACO: ["ANALYZE"]})
    company.asset(kind, "sound", "73", agencies={"mediahouse": BUYER}, live={})
    saved = company.plan(Wish(Scope(("missed", "invented", "sound"))))
    assert [action.asset.id for action in saved.plan.actions] == ["73"]
    assert {row.asset.id: row.reason.code for row in saved.plan.blocked} == {"71": "uncertain", "72": "uncertain"}


@KINDS
def test_a_request_that_only_the_asset_shows_is_no_contradiction(company, kind):
    waiting = {"tasks": BUYER, "status": "CLIENT_RESPONSE_PENDING"}
    company.asset(kind, "de", "71", agencies={"dataco": BUYER}, live={DATACO: waiting}, partners_miss=[DATACO])
    assert [action.verb for action in company.plan().plan.actions] == ["accept"]


@KINDS
def test_a_witness_without_words_for_a_status_is_still_one(company, kind):
    company.world["quirks"] = {"partners_status": False}
    waiting = {"tasks": BUYER, "status": "CLIENT_RESPONSE_PENDING"}
    company.asset(kind, "de", "71", agencies={"dataco": BUYER}, live={DATACO: waiting, MEDIAHOUSE: BUYER})
    company.asset(kind, "fr", "72", agencies={}, live={}, partners_invent={DATACO: ["ANALYZE"]})
    saved = company.plan()
    assert [(action.verb, action.asset.id) for action in saved.plan.actions] == [("accept", "71"), ("revoke", "71")]
    assert [(row.asset.id, row.reason.code) for row in saved.plan.blocked] == [("72", "uncertain")]


@KINDS
def test_a_witness_that_cannot_be_heard_is_told_and_holds_nothing_up(company, kind):
    company.world["quirks"] = {"partners": "refused"}
    company.asset(kind, "de", "71", agencies={"dataco": BUYER}, live={})
    saved = company.plan()
    assert [action.verb for action in saved.plan.actions] == ["grant"]
    assert any("was not compared with it" in warning for warning in saved.plan.warnings)


@KINDS
def test_an_asset_that_only_the_second_witness_knows_is_shown_and_left_alone(company, kind):
    company.asset(kind, "de", "71", agencies={"mediahouse": BUYER}, live={MEDIAHOUSE: BUYER})
    company.asset(kind, "odd", "72", live={MEDIAHOUSE: BUYER}, fault={"code": 10, "message": "no"})
    saved = company.plan()
    assert saved.plan.actions == ()
    assert [(row.asset.id, row.reason.code) for row in saved.plan.unmanaged] == [("72", "unreadable")]


@pytest.mark.parametrize("liar", ["clients", "client_{}s"])
@KINDS
def test_an_agencys_two_witnesses_must_agree_too(company, kind, liar):
    miss = {"partners_miss": [ACME]} if liar == "clients" else {"partners_invent": {ACME: BUYER}}
    live = {ACME: BUYER} if liar == "clients" else {}
    company.asset(kind, "one", "71", owner="client", agencies={}, live=live, **miss)
    company.asset(kind, "two", "72", owner="client", agencies={"acme": BUYER}, live={ACME: BUYER})
    found = blocked(company)
    assert {number: code for number, (code, _) in found.items()} == {"71": "uncertain"}


@KINDS
def test_a_declared_asset_in_no_listing_is_looked_at_and_told_where_it_is(company, kind):
    prefix = "act_" if kind is Kind.AD_ACCOUNT else ""
    for alias, number in (("hidden", "71"), ("gone", "72"), ("never", "73")):
        live = {MEDIAHOUSE: BUYER} if alias == "hidden" else None
        company.asset(kind, alias, number, agencies={}, live=live, hidden=True)
    company.world["gone"] = [f"{prefix}72"]
    company.asset(kind, "moved", "74", agencies={}, live={MEDIAHOUSE: BUYER}, visible_to=[ACME])
    company.world[f"{kind}s"]["74"]["owner"] = CLIENT
    company.asset(kind, "private", "75", agencies={}, live={}, visible_to=[ACME])
    del company.world[f"{kind}s"]["75"]["owner"]
    company.world[f"{kind}s"]["75"]["personal"] = True
    company.asset(kind, "late", "76", agencies={}, live={MEDIAHOUSE: BUYER}, unlisted=True)
    company.asset(kind, "sound", "77", agencies={}, live={})
    found = blocked(company)
    assert {number: code for number, (code, _) in found.items()} == {
        "71": "hidden",
        "72": "gone",
        "73": "hidden",
        "74": "other_owner",
        "75": "not_owned",
        "76": "not_listed",
    }
    assert 'its owner at Meta is "Client Inc" (5005), not acme (1001)' in found["74"][1]
    assert "owns it, and does not list it" in found["76"][1]


def test_a_tree_of_wrong_ids_is_not_a_thousand_refused_calls(company):
    for number in range(300):
        company.asset("ad_account", f"a-{number}", str(1000 + number), agencies={})
    company.asset("ad_account", "real", "71", agencies={}, live={})
    saved = company.plan()
    codes = [row.reason.code for row in saved.plan.blocked]
    assert (codes.count("hidden"), codes.count("not_listed")) == (100, 200)
    _, cost = reading(company)
    assert cost.errors == 100


def test_a_token_that_may_see_nothing_of_its_business_is_refused_and_not_believed(company):
    fill(company, "ad_account", 2)
    company.asset("page", "p", "99", agencies={}, live={MEDIAHOUSE: BUYER})
    company.world["tokens"] = {f"sandbox-{ACME}": {"business": SISTER}}
    with pytest.raises(GraphError, match=r"may see nothing of what acme \(1001\) owns"):
        company.plan()


def test_one_side_that_cannot_be_seen_leaves_the_other_kind_alone(company):
    fill(company, "ad_account", 2)
    company.asset("page", "p", "99", agencies={}, live={MEDIAHOUSE: BUYER})
    company.world["faults"] = [{"match": f"GET {ACME}/owned_pages", "nth": 1, "do": "html_200"} for _ in range(20)]
    access, _ = reading(company)
    assert [(gap.business, gap.side, gap.kind) for gap in access.gaps] == [(ACME, Side.OWNER, Kind.PAGE)]
    assert [found.unreadable for found in access.assets.values()] == ["", ""]


@KINDS
def test_a_target_is_read_alone(company, kind):
    fill(company, "ad_account", 120)
    fill(company, "page", 120)
    alias = f"{kind[0]}-7"
    access, cost = reading(company, Wish(Scope((alias,))))
    assert [asset.kind for asset in access.assets] == [kind]
    assert next(iter(access.assets.values())).grants.keys() == {MEDIAHOUSE}
    assert cost.calls == 4  # who, witness, node, agencies


def test_a_plan_of_a_target_is_that_part_of_the_whole_plan(company):
    fill(company, "ad_account", 3)
    fill(company, "page", 3)
    other = {"agencies": {"dataco": BUYER}, "live": {MEDIAHOUSE: BUYER}}
    company.asset("ad_account", "one", "71", **other)
    company.asset("page", "two", "72", **other)
    company.asset("page", "three", "73", **other, labels={"market": "de"})
    whole = {action.id: action for action in company.plan().plan.actions}
    for targets in ("one", "two", "one two", "label:market=de", "kind:page", "owner:acme", "agency:dataco"):
        part = company.plan(Wish(Scope(tuple(targets.split())))).plan
        assert part.actions
        assert part.blocked == ()
        assert all(whole[action.id] == action for action in part.actions)


def test_a_share_is_not_told_where_not_all_was_read(company):
    fill(company, "ad_account", 5)
    company.asset("ad_account", "x", "71", agencies={}, live={MEDIAHOUSE: BUYER})
    (whole,) = company.plan().plan.headlines
    (part,) = company.plan(Wish(Scope(("x",)))).plan.headlines
    assert "on 1 of its 6 ad accounts." in whole
    assert "on 1 ad account." in part


@KINDS
def test_a_target_that_is_elsewhere_is_told_where(company, kind):
    company.asset(kind, "moved", "74", agencies={}, live={MEDIAHOUSE: BUYER}, visible_to=[ACME])
    company.world[f"{kind}s"]["74"]["owner"] = CLIENT
    company.asset(kind, "hidden", "71", agencies={}, live={MEDIAHOUSE: BUYER}, hidden=True)
    company.asset(kind, "bad", "72", agencies={}, live={MEDIAHOUSE: BUYER}, fault={"code": 10, "message": "no"})
    found = blocked(company, Wish(Scope(("moved", "hidden", "bad"))))
    assert {number: code for number, (code, _) in found.items()} == {
        "74": "other_owner",
        "71": "hidden",
        "72": "unreadable",
    }


def test_a_label_of_many_is_read_by_the_listing(company):
    fill(company, "ad_account", 120, labels={"market": "de"})
    fill(company, "page", 10)
    access, cost = reading(company, Wish(Scope(("label:market=de",))))
    assert {asset.kind for asset in access.assets} == {Kind.AD_ACCOUNT}
    assert cost.calls == 1 + 2 + 1


def test_what_is_left_out_is_not_read(company):
    fill(company, "ad_account", 10)
    fill(company, "page", 10)
    access, cost = reading(company, Wish(Scope((), ("kind:page",))))
    assert {asset.kind for asset in access.assets} == {Kind.AD_ACCOUNT}
    assert cost.calls == 3


@pytest.mark.parametrize("expansion", [True, False])
@pytest.mark.parametrize("page_size", [100, 25, 5])
def test_the_lowest_tier_is_read_without_one_throttle_error(company, page_size, expansion):
    company.world["quirks"] = {"score_limit": 60, "max_page_size": page_size, "expansion": expansion}
    fill(company, "ad_account", 500)
    company.write()
    project = company.load()
    way = Way(sandbox=str(company.directory / "world.yaml"), max_wait=3600)
    with connect(project, company.directory, way, {}) as connection:
        saved = plan_project(project, connection, Wish(), NOW)
        assert connection.session._client._transport._sandbox.throttled == 0
    assert saved.plan.is_whole
    assert saved.plan.summary.unchanged == 500


def test_what_is_left_when_patience_ends_is_told_and_not_guessed(company):
    company.world["quirks"] = {"score_limit": 60, "max_page_size": 5}
    fill(company, "ad_account", 500)
    company.write()
    access, cost = reading(company, max_wait=100)
    assert cost.seconds_waited <= 100
    (gap,) = [gap for gap in access.gaps if gap.kind is Kind.AD_ACCOUNT]
    assert "longer than may be waited" in gap.reason


def test_two_businesses_are_read_side_by_side_and_the_plan_is_the_same(company):
    company.project["acts_as"] = ["acme", "sister"]
    fill(company, "ad_account", 30)
    for number in range(30):
        company.asset("page", f"s-{number}", str(6000 + number), owner="sister", agencies={}, live={STRANGER: BUYER})
    plans = {company.plan().digest for _ in range(5)}
    assert len(plans) == 1

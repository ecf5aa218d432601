"""Both tables of what a plan says about a pair, every row, on both kinds of asset."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from accessctl.model import (
    Access,
    Asset,
    AssetAccess,
    Business,
    Contribution,
    Gap,
    Grant,
    Kind,
    Place,
    Policy,
    Side,
    Status,
    frozen,
)
from accessctl.plan import Plan, make_plan

ACME, MEDIAHOUSE, CLIENT = "1001", "2002", "5005"
BUSINESSES = frozen(
    {
        key: Business(key, alias, alias.title())
        for key, alias in ((ACME, "acme"), (MEDIAHOUSE, "media"), (CLIENT, "shop"))
    }
)
REQUESTED = datetime(2026, 11, 1, tzinfo=UTC)
HERE = Contribution(Place("access/de.yaml", 7, 3), frozenset({"ADVERTISE", "ANALYZE"}))
WANTED = Grant(frozenset({"ADVERTISE", "ANALYZE"}), sources=(HERE,))
EXPIRED = Grant(status=Status.ABSENT, sources=(HERE,))
SAME = Grant(frozenset({"ANALYZE", "ADVERTISE"}))
OTHER = Grant(frozenset({"ANALYZE"}))
PENDING = Grant(frozenset({"ANALYZE"}), Status.PENDING, since=REQUESTED)
AWAITING = Grant(frozenset({"ADVERTISE", "ANALYZE"}), Status.AWAITING_APPROVAL, since=REQUESTED)
AWAITING_OTHER = Grant(frozenset({"MANAGE"}), Status.AWAITING_APPROVAL, since=REQUESTED)
UNKNOWN = Grant(frozenset({"ANALYZE"}), Status.UNKNOWN, "ON_HOLD")
UNREADABLE = Grant(status=Status.UNREADABLE, detail="(#10) no")
KINDS = pytest.mark.parametrize("kind", list(Kind))


def planned(
    kind: Kind,
    declared: Grant | None,
    live: Grant | None,
    *,
    owner: str = ACME,
    agency: str = MEDIAHOUSE,
    exclusive: bool = True,
    decline: bool = False,
    is_declared: bool = True,
    gaps: tuple[Gap, ...] = (),
) -> Plan:
    asset = Asset(kind, "77")
    grants = frozen({agency: declared} if declared else {})
    wanted = AssetAccess(asset, owner, grants=grants, alias="de", exclusive=exclusive, place=Place("access/de.yaml", 5))
    found = AssetAccess(asset, owner, grants=frozen({agency: live} if live else {}))
    desired = Access(frozen({asset: wanted} if is_declared else {}), BUSINESSES)
    policy = Policy((ACME,), stale_after=timedelta(days=14), decline_unexpected=decline)
    return make_plan(desired, Access(frozen({asset: found}), frozen({}), gaps), policy)


def said(plan: Plan) -> tuple[str, str]:
    """The one thing a plan says, as (what, reason code)."""
    things = [(action.verb.value, action.reason.code) for action in plan.actions]
    for word in ("waiting", "blocked", "unmanaged"):
        things += [(word, row.reason.code) for row in getattr(plan, word)]
    assert len(things) <= 1
    return things[0] if things else ("nothing", "")


@KINDS
@pytest.mark.parametrize(
    ("declared", "live", "expected"),
    [
        (WANTED, None, ("grant", "declared")),
        (WANTED, PENDING, ("accept", "request_declared")),
        (WANTED, SAME, ("nothing", "")),
        (WANTED, OTHER, ("change", "tasks_differ")),
        (WANTED, AWAITING, ("waiting", "admin_approval")),
        (WANTED, AWAITING_OTHER, ("waiting", "approval_not_wanted")),
        (None, SAME, ("revoke", "not_declared")),
        (None, PENDING, ("unmanaged", "unexpected_request")),
        (None, AWAITING, ("waiting", "approval_not_wanted")),
        (EXPIRED, SAME, ("revoke", "expired")),
        (EXPIRED, None, ("nothing", "")),
        (WANTED, UNREADABLE, ("blocked", "unreadable")),
        (None, UNREADABLE, ("blocked", "unreadable")),
        (WANTED, UNKNOWN, ("blocked", "unknown_status")),
        (None, UNKNOWN, ("blocked", "unknown_status")),
    ],
)
def test_what_an_owner_does_about_a_pair(kind, declared, live, expected):
    assert said(planned(kind, declared, live)) == expected


@KINDS
@pytest.mark.parametrize("live", [SAME, OTHER, PENDING, AWAITING, UNKNOWN, UNREADABLE])
def test_an_undeclared_pair_on_an_additive_asset_is_left_alone(kind, live):
    assert said(planned(kind, None, live, exclusive=False))[0] == "unmanaged"


@KINDS
def test_an_expired_declaration_is_still_one_so_it_is_revoked_on_an_additive_asset_too(kind):
    assert said(planned(kind, EXPIRED, SAME, exclusive=False)) == ("revoke", "expired")


@KINDS
def test_an_unexpected_request_is_declined_only_where_the_project_says_so(kind):
    assert said(planned(kind, None, PENDING, decline=True)) == ("revoke", "unexpected_request")


@KINDS
@pytest.mark.parametrize(
    ("declared", "live", "expected"),
    [
        (WANTED, None, ("request", "declared")),
        (WANTED, PENDING, ("waiting", "client_response")),
        (WANTED, SAME, ("nothing", "")),
        (WANTED, OTHER, ("waiting", "ask_client")),
        (WANTED, Grant(status=Status.ABSENT, since=REQUESTED), ("waiting", "request_gone")),
        (None, PENDING, ("withdraw", "not_declared")),
        (None, SAME, ("relinquish", "not_declared")),
        (EXPIRED, PENDING, ("withdraw", "expired")),
        (EXPIRED, SAME, ("relinquish", "expired")),
        (WANTED, UNREADABLE, ("blocked", "unreadable")),
        (WANTED, UNKNOWN, ("blocked", "unknown_status")),
        (None, UNKNOWN, ("blocked", "unknown_status")),
        (WANTED, AWAITING, ("blocked", "unreadable")),
    ],
)
def test_what_an_agency_does_about_a_pair(kind, declared, live, expected):
    assert said(planned(kind, declared, live, owner=CLIENT, agency=ACME)) == expected


@KINDS
@pytest.mark.parametrize("live", [SAME, PENDING])
def test_an_agency_keeps_what_is_undeclared_on_an_additive_asset(kind, live):
    assert said(planned(kind, None, live, owner=CLIENT, agency=ACME, exclusive=False))[0] == "unmanaged"


@KINDS
@pytest.mark.parametrize(("owner", "agency"), [(ACME, MEDIAHOUSE), (CLIENT, ACME)])
@pytest.mark.parametrize("live", [SAME, OTHER, PENDING, AWAITING, UNKNOWN, UNREADABLE])
def test_an_asset_that_left_the_manifests_is_unmanaged_whatever_it_holds(kind, owner, agency, live):
    assert said(planned(kind, None, live, owner=owner, agency=agency, is_declared=False))[0] == "unmanaged"


@KINDS
def test_what_is_withdrawn_is_called_a_request_and_what_is_given_up_access(kind):
    for live, verb, what in ((PENDING, "withdraw", "request"), (SAME, "relinquish", "access")):
        (action,) = planned(kind, None, live, owner=CLIENT, agency=ACME, exclusive=True).actions
        assert (action.verb, action.reason.text) == (verb, f"the manifests do not declare this {what} of ours")


@KINDS
def test_a_pending_request_of_ours_shows_since_when_and_when_it_turns_stale(kind):
    (row,) = planned(kind, WANTED, PENDING, owner=CLIENT, agency=ACME).waiting
    assert (row.since, row.stale_at) == (REQUESTED, REQUESTED + timedelta(days=14))


@KINDS
@pytest.mark.parametrize(("owner", "agency", "side"), [(ACME, MEDIAHOUSE, Side.OWNER), (CLIENT, ACME, Side.AGENCY)])
def test_a_listing_that_was_not_read_to_the_end_is_not_no_access(kind, owner, agency, side):
    asset = Asset(kind, "77")
    wanted = AssetAccess(asset, owner, grants=frozen({agency: WANTED}), alias="de")
    gap = Gap(ACME, side, kind, "Meta did not answer")
    live = Access(frozen({}), frozen({}), (gap,))
    plan = make_plan(Access(frozen({asset: wanted}), BUSINESSES), live, Policy((ACME,)))
    assert said(plan) == ("blocked", "unreadable")
    assert plan.blocked[0].reason.text == "Meta did not answer"


@KINDS
def test_an_owned_asset_in_no_listing_is_blocked_and_not_granted(kind):
    asset = Asset(kind, "77")
    wanted = AssetAccess(asset, ACME, grants=frozen({MEDIAHOUSE: WANTED}), alias="de")
    plan = make_plan(Access(frozen({asset: wanted}), BUSINESSES), Access(frozen({}), frozen({})), Policy((ACME,)))
    assert said(plan) == ("blocked", "not_listed")


@KINDS
@pytest.mark.parametrize("owner", [ACME, CLIENT])
def test_an_asset_whose_owner_is_another_than_declared_is_blocked(kind, owner):
    asset = Asset(kind, "77")
    agency = MEDIAHOUSE if owner == ACME else ACME
    wanted = AssetAccess(asset, owner, grants=frozen({agency: WANTED}), alias="de")
    found = AssetAccess(asset, "9009", grants=frozen({agency: OTHER}))
    live = Access(frozen({asset: found}), frozen({}))
    plan = make_plan(Access(frozen({asset: wanted}), BUSINESSES), live, Policy((ACME,)))
    assert said(plan) == ("blocked", "other_owner")


@KINDS
def test_an_unreadable_asset_is_blocked_as_a_whole_whatever_it_seems_to_hold(kind):
    asset = Asset(kind, "77")
    wanted = AssetAccess(asset, ACME, grants=frozen({}), alias="de")
    found = AssetAccess(asset, ACME, grants=frozen({MEDIAHOUSE: SAME}), unreadable="(#10) no")
    live = Access(frozen({asset: found}), frozen({}))
    plan = make_plan(Access(frozen({asset: wanted}), BUSINESSES), live, Policy((ACME,)))
    assert said(plan) == ("blocked", "unreadable")


def test_an_expired_pair_that_is_gone_counts_for_nothing():
    assert planned(Kind.PAGE, EXPIRED, None).summary.unchanged == 0


def test_what_changes_names_the_line_that_says_so():
    (action,) = planned(Kind.PAGE, WANTED, OTHER).actions
    assert [(source.file, source.line) for source in action.sources] == [("access/de.yaml", 7)]


def test_a_revoke_names_the_line_of_the_asset_that_does_not_give_access():
    (action,) = planned(Kind.PAGE, None, OTHER).actions
    assert [(source.file, source.line) for source in action.sources] == [("access/de.yaml", 5)]


@KINDS
def test_a_clients_asset_that_is_ours_at_meta_is_blocked_also_where_none_of_us_is_to_hold_it(kind):
    asset = Asset(Kind(kind), "77")
    wanted = AssetAccess(asset, CLIENT, alias="shop", place=Place("access/de.yaml", 5))
    found = AssetAccess(asset, ACME, grants=frozen({MEDIAHOUSE: SAME}))
    plan = make_plan(
        Access(frozen({asset: wanted}), BUSINESSES), Access(frozen({asset: found}), frozen({})), Policy((ACME,))
    )
    assert said(plan) == ("blocked", "other_owner")


@KINDS
def test_an_unreadable_asset_that_no_manifest_declares_is_only_mentioned(kind):
    asset = Asset(kind, "77")
    found = AssetAccess(asset, ACME, unreadable="(#10) no")
    plan = make_plan(Access(frozen({}), BUSINESSES), Access(frozen({asset: found}), frozen({})), Policy((ACME,)))
    assert said(plan) == ("unmanaged", "unreadable")


@KINDS
def test_a_clients_asset_that_two_businesses_see_differently_is_blocked(kind):
    asset = Asset(kind, "77")
    wanted = AssetAccess(asset, CLIENT, grants=frozen({ACME: WANTED}), alias="de")
    found = AssetAccess(asset, CLIENT, grants=frozen({ACME: SAME}), unreadable="Meta names two owners")
    plan = make_plan(
        Access(frozen({asset: wanted}), BUSINESSES), Access(frozen({asset: found}), frozen({})), Policy((ACME,))
    )
    assert said(plan) == ("blocked", "unreadable")


def test_a_name_that_is_not_the_one_at_meta_is_a_warning():
    asset = Asset(Kind.PAGE, "77")
    wanted = AssetAccess(asset, ACME, "Ours", alias="de")
    found = AssetAccess(asset, ACME, "Theirs")
    live = Access(frozen({asset: found}), frozen({ACME: Business(ACME, name="Renamed GmbH")}))
    plan = make_plan(Access(frozen({asset: wanted}), BUSINESSES), live, Policy((ACME,)))
    assert plan.warnings == (
        'acme (1001) is called "Renamed GmbH" at Meta, not "Acme"',
        'de (77) is called "Theirs" at Meta, not "Ours"',
    )


def test_tasks_nobody_knows_are_kept_when_a_pair_is_changed():
    live = Grant(frozenset({"ANALYZE", "TELEPATHY"}))
    (action,) = planned(Kind.PAGE, WANTED, live).actions
    assert action.after.tasks == ("ADVERTISE", "ANALYZE", "TELEPATHY")
    assert said(planned(Kind.PAGE, WANTED, Grant(frozenset({"ADVERTISE", "ANALYZE", "TELEPATHY"})))) == ("nothing", "")


@pytest.mark.parametrize(("before", "risky"), [(OTHER, True), (Grant(frozenset({"MANAGE"})), False), (None, True)])
def test_widening_to_manage_is_a_risk_and_a_headline(before, risky):
    wanted = Grant(frozenset({"MANAGE", "ANALYZE"}), sources=(HERE,))
    plan = planned(Kind.AD_ACCOUNT, wanted, before)
    assert ("manage" in plan.actions[0].risk) == risky
    assert any("is to hold MANAGE on 1 ad account" in line for line in plan.headlines) == risky


def test_a_loss_is_a_headline_with_its_share():
    assert planned(Kind.PAGE, None, SAME).headlines == ('"Media" (2002) loses ADVERTISE, ANALYZE on its only Page.',)
    narrowing = planned(Kind.PAGE, Grant(frozenset({"ANALYZE"}), sources=(HERE,)), SAME)
    assert narrowing.headlines == ('"Media" (2002) loses ADVERTISE on its only Page.',)
    assert not any("loses" in line for line in planned(Kind.PAGE, WANTED, None).headlines)

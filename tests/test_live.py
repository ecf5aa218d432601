"""Live access through the real client and the sandbox: complete, or known not to be."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from accessctl.graph import edges
from accessctl.graph.edges import MalformedError
from accessctl.graph.errors import GraphError
from accessctl.live.recall import recall
from accessctl.live.wanted import sides_of
from accessctl.model import Access, Asset, AssetAccess, Grant, Kind, Remembered, Side, Status, frozen
from accessctl.render.plan_json import plan_json
from tests.company import ACME, CLIENT, DATACO, MEDIAHOUSE, SISTER, STRANGER

KINDS = pytest.mark.parametrize("kind", list(Kind))
BUYER = ["ADVERTISE", "ANALYZE"]


@KINDS
@pytest.mark.parametrize("page_size", [1, 2, 25])
@pytest.mark.parametrize("expansion", [True, False])
@pytest.mark.parametrize("empty_pages", [True, False])
def test_every_asset_and_every_agency_is_found_however_the_answer_is_cut(
    company, kind, page_size, expansion, empty_pages
):
    company.world["quirks"] = {
        "page_size": page_size,
        "max_page_size": page_size,
        "expansion": expansion,
        "empty_pages": empty_pages,
    }
    live = {MEDIAHOUSE: BUYER, DATACO: ["ANALYZE"], STRANGER: ["ANALYZE"]}
    for number in range(71, 78):
        company.asset(kind, f"de-{number}", str(number), agencies={}, live=live)
    access = company.live()
    assert [asset.id for asset in access.assets] == [str(number) for number in range(71, 78)]
    for found in access.assets.values():
        assert {agency: sorted(grant.tasks) for agency, grant in found.grants.items()} == live
        assert found.owner == ACME
    assert access.gaps == ()
    assert access.businesses[MEDIAHOUSE].name == "Mediahouse Ltd"


@KINDS
def test_one_bad_asset_costs_one_asset_and_not_the_business(company, kind):
    for number in ("71", "72", "73"):
        company.asset(kind, f"de-{number}", number, agencies={}, live={MEDIAHOUSE: BUYER})
    company.world[f"{kind}s"]["72"]["fault"] = {"code": 10, "message": "no"}
    access = company.live()
    assert {asset.id: bool(found.unreadable) for asset, found in access.assets.items()} == {
        "71": False,
        "72": True,
        "73": False,
    }
    assert access.assets[Asset(kind, "72")].grants == {}


def test_a_page_without_a_token_is_unreadable_and_not_empty(company):
    company.asset("page", "de", "71", agencies={}, live={MEDIAHOUSE: BUYER}, page_token=False)
    (found,) = company.live().assets.values()
    assert "no Page token" in found.unreadable


@KINDS
def test_a_hidden_asset_is_not_an_asset_without_agencies(company, kind):
    company.asset(kind, "de", "71", agencies={}, live={MEDIAHOUSE: BUYER}, hidden=True)
    company.asset(kind, "fr", "72", agencies={}, live={})
    plan = company.plan().plan
    assert plan.actions == ()
    assert [row.reason.code for row in plan.blocked] == ["hidden"]


@KINDS
def test_an_agency_sees_what_it_holds_and_what_it_asked_for(company, kind):
    company.asset(kind, "one", "71", owner="client", agencies={"acme": BUYER}, live={ACME: BUYER})
    pending = {"tasks": BUYER, "status": "CLIENT_RESPONSE_PENDING", "requested": "2026-11-01T08:00:00Z"}
    company.asset(kind, "two", "72", owner="client", agencies={"acme": BUYER}, live={ACME: pending})
    access = company.live()
    one, two = (access.assets[Asset(kind, number)] for number in ("71", "72"))
    assert (one.owner, one.name, one.grants[ACME].status) == (CLIENT, "One", Status.CONFIRMED)
    assert (two.owner, two.grants[ACME].status) == (CLIENT, Status.PENDING)
    assert two.grants[ACME].since == datetime(2026, 11, 1, 8, tzinfo=UTC)


@KINDS
@pytest.mark.parametrize("edge", ["clients", "client_{}s", "pending_client_{}s"])
def test_when_one_of_the_agencys_edges_fails_nothing_is_known_to_be_absent(company, kind, edge):
    company.asset(kind, "one", "71", owner="client", agencies={"acme": BUYER}, live={ACME: BUYER})
    company.asset(kind, "two", "72", owner="client", agencies={"acme": BUYER}, live={})
    path = f"GET {ACME}/{edge.format(kind)}"
    company.world["faults"] = [{"match": path, "nth": 1, "do": "html_200"} for _ in range(6)]
    plan = company.plan().plan
    assert plan.actions == ()
    assert {row.reason.code for row in plan.blocked} == {"unreadable"}
    assert len(plan.blocked) == 2


@pytest.mark.parametrize("do", ["html_200", "truncate", "cursor_loop", "foreign_host_next"])
@pytest.mark.parametrize("edge", ["owned_ad_accounts", "owned_pages"])
def test_a_listing_that_cannot_be_trusted_is_a_gap(company, do, edge):
    company.world["quirks"] = {"page_size": 1, "max_page_size": 1}
    for number in ("71", "72"):
        company.asset("ad_account", f"de-{number}", number, agencies={}, live={STRANGER: BUYER})
        company.asset("page", f"p-{number}", f"9{number}", agencies={}, live={STRANGER: BUYER})
    company.world["faults"] = [{"match": f"GET {ACME}/{edge}", "nth": 1, "do": do} for _ in range(20)]
    plan = company.plan().plan
    kind = Kind.AD_ACCOUNT if edge == "owned_ad_accounts" else Kind.PAGE
    assert [action for action in plan.actions if action.asset.kind is kind] == []
    assert [row.reason.code for row in plan.blocked] == ["unreadable", "unreadable"]


def test_a_token_of_nobody_stops_everything(company):
    company.asset("page", "de", "71", agencies={}, live={})
    company.world["tokens"] = {f"sandbox-{ACME}": {"business": ACME, "expired": True}}
    with pytest.raises(GraphError, match="190"):
        company.plan()


def test_a_business_the_token_cannot_see_is_found_out_before_any_listing(company):
    company.asset("page", "de", "71", agencies={}, live={})
    company.manifest["businesses"] = company.manifest["businesses"] | {"acme": {"id": "1999"}}
    del company.world["pages"]["71"]
    with pytest.raises(GraphError):
        company.plan()


def test_who_owns_looks_at_what_it_owns_and_who_is_an_agency_at_its_clients(company):
    company.project["acts_as"] = ["acme", "sister"]
    company.asset("page", "de", "71", agencies={}, live={})
    company.write()
    desired = company.load().desired
    assert sides_of(desired, (ACME, SISTER)) == ((ACME, Side.OWNER), (SISTER, Side.OWNER))
    company.asset("page", "shop", "72", owner="client", agencies={}, live={})
    company.write()
    assert sides_of(company.load().desired, (ACME, SISTER)) == (
        (ACME, Side.OWNER),
        (ACME, Side.AGENCY),
        (SISTER, Side.AGENCY),
    )


@KINDS
def test_two_acting_businesses_at_one_clients_asset_are_both_seen(company, kind):
    company.project["acts_as"] = ["acme", "sister"]
    agencies = {"acme": BUYER, "sister": BUYER}
    company.asset(kind, "shop", "71", owner="client", agencies=agencies, live={ACME: BUYER, SISTER: ["ANALYZE"]})
    (found,) = company.live().assets.values()
    assert set(found.grants) == {ACME, SISTER}
    assert found.owner == CLIENT


@KINDS
def test_what_the_owner_sees_is_the_whole_truth_also_for_its_agency(company, kind):
    company.project["acts_as"] = ["acme", "sister"]
    live = {SISTER: BUYER, STRANGER: BUYER}
    company.asset(kind, "de", "71", agencies={"sister": BUYER}, live=live)
    company.asset(kind, "shop", "72", owner="client", agencies={"acme": BUYER}, live={})
    found = company.live().assets[Asset(kind, "71")]
    assert (found.owner, set(found.grants)) == (ACME, {SISTER, STRANGER})


@pytest.mark.parametrize("value", [None, 7, "", "act_", "12x", "1" * 21, "act_act_1", "１２", "1\n"])
def test_a_row_without_a_usable_id_is_no_evidence(value):
    with pytest.raises(MalformedError):
        edges.read_asset_id(value)
    with pytest.raises(MalformedError):
        edges.read_business({"id": value})


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("CONFIRMED", Status.CONFIRMED),
        ("PENDING", Status.PENDING),
        ("CLIENT_RESPONSE_PENDING", Status.PENDING),
        ("confirmed", Status.UNKNOWN),
        ("REVOKED", Status.UNKNOWN),
        ("", Status.UNKNOWN),
        (None, Status.UNKNOWN),
        (1, Status.UNKNOWN),
    ],
)
def test_only_confirmed_is_access(word, status):
    assert edges.read_status(word)[0] is status


@pytest.mark.parametrize("tasks", [None, "ANALYZE", {"ANALYZE": 1}, [1], [""], ["ANALYZE", None]])
def test_a_row_that_does_not_say_its_tasks_is_unreadable_and_not_empty(tasks):
    grant = edges.read_grant({"id": "1", "access_status": "CONFIRMED", "permitted_tasks": tasks})
    assert grant.status is Status.UNREADABLE


@pytest.mark.parametrize("text", ["2014-01-07T23:26:09+0000", "2014-01-07T23:26:09+00:00", "2014-01-07T23:26:09Z"])
def test_all_three_forms_of_a_time_are_read(text):
    assert edges.read_time(text) == datetime(2014, 1, 7, 23, 26, 9, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "yesterday", "2014-01-07", "2014-13-07T23:26:09Z", 1389137169, None])
def test_what_is_no_time_is_none(text):
    assert edges.read_time(text) is None


@pytest.mark.parametrize("items", ["x", {"id": "1"}, [None], [["1"]], [{"id": 5}]])
def test_permissions_that_make_no_sense_are_no_evidence(items):
    with pytest.raises(MalformedError):
        edges.read_permissions({"page_permissions": items}, Kind.PAGE)


def test_edges_that_contradict_each_other_make_the_pair_unreadable():
    from accessctl.live.agency import Sighting, _agreed
    from accessctl.model import Grant

    asset = Asset(Kind.PAGE, "71")
    confirmed = Sighting("clients", asset, Grant(frozenset(BUYER)))
    pending = Sighting("pending_client_pages", asset, Grant(frozenset(BUYER), Status.PENDING))
    grant = _agreed([confirmed, pending])
    assert (grant.status, grant.detail) == (
        Status.UNREADABLE,
        "Meta contradicts itself: clients says confirmed, pending_client_pages says pending",
    )


def test_an_edge_with_a_status_fills_in_for_clients_without_one():
    from accessctl.live.agency import Sighting, _agreed

    asset = Asset(Kind.PAGE, "71")
    row = {"id": "71", "permitted_tasks": BUYER}
    without = Sighting("clients", asset, edges.read_grant(row))
    shown = Sighting("client_pages", asset, edges.read_grant({**row, "access_status": "CONFIRMED"}))
    assert _agreed([without, shown]).status is Status.CONFIRMED
    assert _agreed([without]).status is Status.UNKNOWN


def test_a_status_nobody_knows_outweighs_the_edges_that_know_less():
    from accessctl.live.agency import Sighting, _agreed

    asset = Asset(Kind.PAGE, "71")
    row = {"id": "71", "permitted_tasks": BUYER}
    odd = Sighting("clients", asset, edges.read_grant({**row, "access_status": "ON_HOLD"}))
    shown = Sighting("client_pages", asset, edges.read_grant({**row, "access_status": "CONFIRMED"}))
    assert _agreed([odd, shown]).detail == "ON_HOLD"


def test_how_long_a_request_waits_is_known_from_the_journal_where_meta_does_not_say():
    asset, asked = Asset(Kind.PAGE, "71"), datetime(2026, 11, 1, tzinfo=UTC)
    waiting = Grant(frozenset(BUYER), Status.PENDING)
    live = Access(frozen({asset: AssetAccess(asset, CLIENT, grants=frozen({ACME: waiting}))}), frozen({}))
    memory = {(asset, ACME): Remembered(since=asked, is_request=True)}
    found = recall(live, memory, Access(frozen({}), frozen({})))
    assert found.assets[asset].grants[ACME] == replace(waiting, since=asked)
    told = replace(waiting, since=datetime(2026, 11, 2, tzinfo=UTC))
    live = Access(frozen({asset: AssetAccess(asset, CLIENT, grants=frozen({ACME: told}))}), frozen({}))
    assert recall(live, memory, Access(frozen({}), frozen({}))).assets[asset].grants[ACME] == told


@pytest.mark.parametrize("side", ["owner", "agency"])
@KINDS
def test_a_name_of_a_megabyte_is_cut_where_it_is_read_and_marked(company, kind, side):
    """FAULTS G10: a stranger chose it, and it would stand in each file, report and comment."""
    name = "</details>\x1b[31m@everyone" + "A" * 1_000_000
    if side == "agency":
        company.asset(kind, "shop", "72", agencies={"acme": BUYER}, live={ACME: BUYER}, owner="client")
        company.world["businesses"][CLIENT]["name"] = name
    else:
        company.asset(kind, "shop", "72", agencies={}, live={MEDIAHOUSE: BUYER, STRANGER: BUYER})
        company.world["businesses"][MEDIAHOUSE]["name"] = name
        company.world["businesses"][STRANGER]["name"] = name[:-1]  # as long, and the same to look at
    company.world[f"{kind}s"]["72"]["name"] = name
    access = company.live()
    cut = name[:499] + "…"
    assert access.assets[Asset(kind, "72")].name == cut
    assert access.businesses[CLIENT if side == "agency" else MEDIAHOUSE].name == cut
    plan = company.plan()
    assert plan.digest == company.plan().digest
    assert len(plan_json(plan)) < 12_000
    assert [action.agency.id for action in plan.plan.actions] == [MEDIAHOUSE, STRANGER] * (side == "owner")


@pytest.mark.parametrize(("length", "is_cut"), [(499, False), (500, False), (501, True)])
def test_a_name_that_a_manifest_can_declare_is_never_cut(length, is_cut):
    name = edges.read_name({"name": "x" * length})
    assert (len(name), name.endswith("…")) == (min(length, 500), is_cut)


@pytest.mark.parametrize("row", [{}, {"name": None}, {"name": 7}, {"name": ["x"]}])
def test_what_is_no_name_is_none(row):
    assert edges.read_name(row) == ""


def test_a_task_too_long_to_be_one_is_not_read_as_another():
    grant = edges.read_grant({"permitted_tasks": ["ANALYZE", "X" * 201], "access_status": "CONFIRMED"})
    assert (grant.status, grant.tasks) == (Status.UNREADABLE, frozenset())
    assert edges.read_grant({"permitted_tasks": ["X" * 200], "access_status": "CONFIRMED"}).tasks == {"X" * 200}


def test_a_status_that_nobody_knows_is_kept_and_cut():
    assert edges.read_status("X" * 10_000) == (Status.UNKNOWN, "X" * 499 + "…")

"""Where Meta's answers contradict each other nothing is planned, whichever way they do."""

from __future__ import annotations

import json

import httpx
import pytest

from accessctl.graph.errors import GraphError
from accessctl.graph.secret import Secret
from accessctl.live import ActingBusiness, read_live
from accessctl.live.read import check_identity
from accessctl.live.wanted import everything
from accessctl.live.witness import contradictions
from accessctl.model import Business, Grant, Kind, Status
from accessctl.plan import make_plan
from accessctl.sandbox import Sandbox
from accessctl.sandbox.worldfile import load_world
from tests.company import ACME, MEDIAHOUSE, SISTER, STRANGER
from tests.test_faults_of_reading import BUYER, session_to

KINDS = pytest.mark.parametrize("kind", list(Kind))
ALIASES = {"acme": ACME, "sister": SISTER}


def planned(company, spoil):
    """Plan against the company's world as all its acting businesses, with answers spoiled on their way."""
    company.write()
    project = company.load()
    sandbox = Sandbox(load_world(company.directory / "world.yaml"))
    acting = [
        ActingBusiness(Business(ALIASES[alias], alias), Secret(f"sandbox-{ALIASES[alias]}", "a token"))
        for alias in company.project["acts_as"]
    ]
    with session_to(sandbox, spoil) as session:
        live = read_live(session.reader, acting, everything(project.desired, project.policy.acts_as))
    return make_plan(project.desired, live, project.policy)


def answers(path, change):
    """Return a way to spoil the answers of one edge: `change` alters the body."""

    def spoil(request, response):
        if not request.url.path.endswith(path):
            return response
        body = json.loads(response.read())
        change(body)
        return httpx.Response(200, json=body)

    return spoil


def test_a_block_of_agencies_that_is_null_is_no_empty_one(company):
    company.world["quirks"] = {"partners": "refused"}
    company.asset("ad_account", "a", "71", agencies={"mediahouse": BUYER}, live={MEDIAHOUSE: BUYER})

    def emptied(body):
        for row in body["data"]:
            row["agencies"] = None

    assert planned(company, answers("owned_ad_accounts", emptied)).actions == ()


def test_a_share_is_not_told_where_an_asset_of_that_kind_was_not_read(company):
    for number in (71, 72, 73):
        company.asset("ad_account", f"a-{number}", str(number), agencies={}, live={MEDIAHOUSE: BUYER})
    company.world["ad_accounts"]["73"]["fault"] = {"code": 10}
    (line,) = company.plan().plan.headlines
    assert "on 2 ad accounts." in line


def test_an_asset_that_two_of_us_list_as_their_own_is_uncertain(company):
    company.project["acts_as"] = ["acme", "sister"]
    company.asset("ad_account", "a", "71", agencies={}, live={MEDIAHOUSE: BUYER})
    company.asset("ad_account", "s", "72", owner="sister", agencies={}, live={MEDIAHOUSE: BUYER})
    stolen = {"id": "act_72", "name": "S", "agencies": {"data": []}}
    plan = planned(company, answers(f"{ACME}/owned_ad_accounts", lambda body: body["data"].append(stolen)))
    assert [(row.asset.id, row.reason.code) for row in plan.blocked] == [("72", "uncertain")]
    assert [action.asset.id for action in plan.actions] == ["71"]


def test_an_undeclared_asset_that_only_the_list_of_agencies_knows_is_shown(company):
    company.asset("ad_account", "a", "71", agencies={}, live={})
    company.asset("ad_account", "b", "72", live={MEDIAHOUSE: BUYER})

    def without_it(body):
        body["data"] = [row for row in body["data"] if row["id"] != "act_72"]

    plan = planned(company, answers("owned_ad_accounts", without_it))
    assert [(row.asset.id, row.reason.code) for row in plan.unmanaged] == [("72", "uncertain")]
    assert 'what it owns does not name "Mediahouse Ltd" (2002)' in plan.unmanaged[0].reason.text


def test_a_refusal_names_each_business_once_where_two_share_a_token(company):
    company.world["tokens"] = {"shared-token-of-both": {"business": ACME, "expired": True}}
    company.write()
    token = Secret("shared-token-of-both", "a token")
    with session_to(Sandbox(load_world(company.directory / "world.yaml"))) as session:
        for alias, business in ALIASES.items():
            with pytest.raises(GraphError) as caught:
                check_identity(session.reader, ActingBusiness(Business(business, alias), token))
            assert caught.value.what.count("cannot be read") == 1


@KINDS
def test_a_listing_that_moved_is_read_again_and_then_whole(company, kind):
    company.world["quirks"] = {"max_page_size": 3, "paging": "offset", "partners": "refused"}
    for number in range(8100, 8109):
        company.asset(kind, f"a-{number}", str(number), agencies={"mediahouse": BUYER}, live={MEDIAHOUSE: BUYER})
    company.world["faults"] = [{"match": f"GET {ACME}/owned_{kind}s", "nth": 2, "do": "add_first"}]
    live = company.live()
    assert len(live.assets) == 10
    assert not any(found.unreadable for found in live.assets.values())


@KINDS
@pytest.mark.parametrize("missed", [ACME, SISTER])
def test_what_one_of_our_businesses_cannot_tell_is_not_absent_because_the_other_can(company, kind, missed):
    company.project["acts_as"] = ["acme", "sister"]
    both = {"agencies": {"acme": BUYER, "sister": BUYER}, "live": {ACME: BUYER, SISTER: BUYER}}
    company.asset(kind, "c", "71", owner="client", **both, partners_miss=[missed])
    plan = company.plan().plan
    assert plan.actions == ()
    assert {row.agency.id for row in plan.blocked} == {ACME, SISTER}


@KINDS
def test_a_clients_asset_for_which_our_businesses_are_told_two_owners_is_uncertain(company, kind):
    company.project["acts_as"] = ["acme", "sister"]
    company.asset(kind, "c", "71", owner="client", agencies={}, live={ACME: BUYER, SISTER: BUYER})

    def of_another(body):
        for row in body["data"]:
            row["id"] = STRANGER

    plan = planned(company, answers(f"{SISTER}/clients", of_another))
    assert plan.actions == ()
    assert {row.reason.code for row in plan.blocked} == {"uncertain"}


@KINDS
def test_a_clients_asset_that_two_clients_share_with_us_is_uncertain(company, kind):
    company.asset(kind, "c", "71", owner="client", agencies={}, live={ACME: BUYER})

    def twice(body):
        body["data"] += [{**row, "id": STRANGER} for row in body["data"]]
        body.get("summary", {}).update(total_count=len(body["data"]))

    plan = planned(company, answers(f"{ACME}/clients", twice))
    assert plan.actions == ()
    assert {row.reason.code for row in plan.blocked} == {"uncertain"}


def test_two_businesses_read_side_by_side_do_not_contradict_each_other(company):
    company.project["acts_as"] = ["acme", "sister"]
    for number, owner in ((71, "acme"), (72, "sister")):
        company.asset("ad_account", f"of-{owner}", str(number), owner=owner, agencies={}, live={STRANGER: BUYER})
    plan = company.plan().plan
    assert plan.blocked == ()
    assert [action.asset.id for action in plan.actions] == ["71", "72"]


@pytest.mark.parametrize(
    ("here", "there", "is_one"),
    [
        (Status.CONFIRMED, None, True),
        (None, Status.CONFIRMED, True),
        (Status.UNKNOWN, None, True),
        (Status.CONFIRMED, Status.PENDING, True),
        (Status.PENDING, None, False),
        (None, Status.PENDING, False),
        (Status.CONFIRMED, Status.CONFIRMED, False),
        (Status.UNREADABLE, None, False),
        (None, Status.UNREADABLE, False),
    ],
)
def test_access_that_one_side_shows_and_the_other_does_not_is_a_contradiction(here, there, is_one):
    shown, told = ({"1": Grant(frozenset({"ANALYZE"}), one)} if one else {} for one in (here, there))
    assert (contradictions(shown, told) != {}) is is_one

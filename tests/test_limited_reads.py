"""Reads that Meta does not open to the app: refused once, remembered, blocked with a link, and how they open again."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from accessctl.closed import ALIKE, NOT_ASKED, USED, Closing
from accessctl.graph.errors import GraphError, Trouble
from accessctl.graph.secret import Secret
from accessctl.limited import AGENCIES, CLIENTS, asset_edge, called, page_of
from accessctl.model import Kind
from accessctl.records import CLOSED
from accessctl.sandbox.store import Store
from accessctl.sandbox.world import frozen
from accessctl.workflow import Wish, exit_code_of_plan, plan_project
from tests.company import ACME, DATACO, MEDIAHOUSE, NOW, SISTER, Company
from tests.test_limited_endpoints import BUYER, CODES, HOUR, flat, opened

if TYPE_CHECKING:
    from accessctl.plan.document import SavedPlan

SANDBOX = ("--sandbox", "world.yaml")
OWN = tuple(asset_edge("GET", kind) for kind in Kind)
READS = (CLIENTS, *OWN)
FEW, MANY = 6, 54  # more than go in one batch


@pytest.fixture
def full(company: Company) -> Company:
    """Assets of ours of each kind, and one of a client of each kind."""
    return filled(company, FEW)


def filled(company: Company, many: int) -> Company:
    for kind in Kind:
        for number in range(many):
            one = f"{kind.replace('_', '-')}-{number}"
            place = f"{7 + (kind is Kind.PAGE)}{number:03}"
            company.asset(kind, one, place, agencies={"mediahouse": BUYER}, live={MEDIAHOUSE: BUYER})
        company.asset(kind, f"theirs-{kind[0]}", f"90{len(kind)}", owner="client", agencies={"acme": BUYER}, live={})
    company.asset("page", "wanted", "79", agencies={"mediahouse": BUYER}, live={DATACO: BUYER})
    company.asset("ad_account", "wanted-too", "78", agencies={"mediahouse": BUYER}, live={DATACO: BUYER})
    return company


def closed_at(company: Company, edge: str, code: int) -> Company:
    company.world["quirks"] |= {"request_ad_accounts": "open", "closed": {edge: code}}
    return company


def planned(company: Company, edge: str, wish: Wish = Wish(), late: timedelta = timedelta()) -> tuple[SavedPlan, int]:  # noqa: B008
    """Make a plan, and count the calls of an edge that reach Meta for it."""
    with company.connected() as (project, connection):
        box = connection.session._client._transport._sandbox
        saved = plan_project(project, connection, wish, NOW + late)
        paths = [call.path for call in box.calls if call.method == "GET"]
    if edge not in OWN:
        return saved, paths.count(f"{ACME}/{edge.removeprefix('GET ')}")
    of_assets = [path for path in paths if path.endswith("/agencies") and not path.startswith(ACME)]
    return saved, sum(path.startswith("act_") is (edge == OWN[0]) for path in of_assets)


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("edge", READS)
def test_a_closed_read_is_not_made_by_the_next_plan_and_both_plans_are_one(company, edge, code):
    full = closed_at(filled(company, MANY), edge, code)
    first, asked = planned(full, edge)
    assert asked == (1 if edge == CLIENTS else 50 if code == 3 else MANY + 1)
    second, asked = planned(full, edge, late=HOUR)
    assert (asked, second.digest) == (0, first.digest)
    assert second.cost is not None
    assert second.cost.errors == 0  # nor are agencies asked for inside the listing of ad accounts
    assert len(second.plan.blocked) == (2 if edge == CLIENTS else MANY + 1)
    assert {(row.reason.code, row.reason.text) for row in second.plan.blocked} == {
        (
            "unreadable",
            f"Meta does not open {called(edge)} to this app (code {code}); by hand, look at {page_of(edge, ACME)}",
        )
    }
    # What is not behind the closed read is planned as ever: a grant and a revoke each, and requests.
    assert len(second.plan.actions) == 4
    assert exit_code_of_plan(second, detailed=True) == 5
    (note,) = [line for line in second.plan.warnings if f"({edge})" in line]
    assert note.endswith(NOT_ASKED)


@pytest.mark.parametrize("kind", ["text", "markdown", "json"])
@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("edge", READS)
def test_the_command_has_the_link_in_every_format_and_no_refused_call_the_second_time(company, run, edge, code, kind):
    company.asset("page", "theirs", "90", owner="client", agencies={"acme": BUYER}, live={})
    for number in range(ALIKE):
        company.asset("page", f"p-{number}", f"8{number}", agencies={"mediahouse": BUYER}, live={})
        company.asset("ad_account", f"a-{number}", f"7{number}", agencies={"mediahouse": BUYER}, live={})
    closed_at(company, edge, code).write()
    first, second = (run("plan", "--format", kind, *SANDBOX) for _ in range(2))
    assert (first.returncode, second.returncode) == (5, 5)
    assert page_of(edge, ACME) in flat(second.stdout)
    assert NOT_ASKED in flat(second.stderr + second.stdout)
    assert flat(first.stderr) == flat(second.stderr)
    with company.connected() as (_, connection):
        kept = connection.records.read(CLOSED)
    late = datetime.fromisoformat(kept[0]["at"]) - NOW + HOUR
    assert planned(company, edge, late=late)[1] == 0
    assert [(row["business"], row["edge"], row["code"]) for row in kept] == [(ACME, edge, code)]


@pytest.mark.parametrize("code", CODES)
def test_where_the_witness_is_closed_it_is_asked_once(full, code):
    first, asked = planned(closed_at(full, AGENCIES, code), AGENCIES)
    assert (asked, first.plan.blocked) == (1, ())
    second, asked = planned(full, AGENCIES, late=HOUR)
    assert (asked, second.digest) == (0, first.digest)


@pytest.mark.parametrize("code", [10, 200])
def test_where_both_listings_of_partners_are_closed_the_list_of_what_is_owned_tells(full, code):
    full.world["quirks"]["closed"] = {CLIENTS: code, AGENCIES: code}
    first, asked = planned(full, CLIENTS)
    assert (asked, len(first.plan.blocked), len(first.plan.actions)) == (1, 2, 4)
    for edge in (CLIENTS, AGENCIES):
        again, asked = planned(full, edge, late=HOUR)
        assert (asked, again.digest) == (0, first.digest)


@pytest.mark.parametrize("code", [10, 200])
@pytest.mark.parametrize("edge", [CLIENTS, AGENCIES])
def test_a_bare_refusal_closes_a_listing_of_a_business_only_beside_another_that_went_through(edge, code):
    refusal = GraphError("no", trouble=Trouble.PERMISSION, code=code, message="(#10) Permissions error")
    for sighted in ("", SISTER, ACME):
        found = Closing((), "u", lambda: NOW)
        found.refused(ACME, edge, refusal)
        if sighted:
            found.sighted(sighted)
        assert found.known(ACME, edge) is None
        found.conclude()
        assert bool(found.known(ACME, edge)) is (sighted == ACME)


def test_a_refusal_that_names_a_permission_never_closes_a_listing():
    found = Closing((), "u", lambda: NOW)
    found.sighted(ACME)
    words = "(#200) Requires business_management permission"
    found.refused(ACME, CLIENTS, GraphError("no", trouble=Trouble.PERMISSION, code=200, message=words))
    found.conclude()
    assert found.known(ACME, CLIENTS) is None


def test_who_ends_first_does_not_conclude_for_who_still_reads():
    found = Closing((), "u", lambda: NOW)
    for number in range(ALIKE):
        found.refused(ACME, OWN[0], GraphError("no", trouble=Trouble.PERMISSION, code=10), f"act_{number}")
    found.conclude({(ACME, OWN[1])})
    assert found.found == ()
    found.conclude({(ACME, OWN[0])})
    assert [one.edge for one in found.found] == [OWN[0]]


# What opens it again.


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize(
    ("edge", "behind", "beside"),
    [
        (CLIENTS, ("theirs-p", "owner:client", "kind:page"), ("wanted", "owner:acme")),
        (OWN[0], ("ad-account-5", "wanted-too", "agency:mediahouse", "owner:acme"), ("wanted", "theirs-a")),
        (OWN[1], ("page-5", "kind:page"), ("wanted-too", "owner:client")),
        (AGENCIES, ("page-5", "wanted-too"), ("theirs-p",)),
    ],
)
def test_a_selector_that_reaches_an_asset_behind_a_closed_read_makes_it_be_tried(full, edge, behind, beside, code):
    first, _ = planned(closed_at(full, edge, code), edge)
    for selector in beside:
        assert planned(full, edge, Wish(ask_again=(selector,)))[1] == 0, selector
    few = 1 if code == 3 or edge in (CLIENTS, AGENCIES) else ALIKE
    for selector in behind:
        again, asked = planned(full, edge, Wish(ask_again=(selector,)))
        assert (asked, len(again.plan.blocked)) == (few, len(first.plan.blocked)), selector
    assert planned(full, edge)[1] == 0
    opened(full)
    assert planned(full, edge)[1] == 0
    tried, _ = planned(full, edge, Wish(ask_again=behind[:1]))
    assert tried.plan.blocked == ()
    plain, _ = planned(full, edge)
    assert (plain.plan.blocked, plain.plan.unread, [one for one in plain.plan.warnings if edge in one]) == ((), (), [])


def test_the_asset_that_is_named_is_the_one_that_is_tried(full):
    planned(closed_at(full, OWN[1], 3), OWN[1])
    with full.connected() as (project, connection):
        box = connection.session._client._transport._sandbox
        plan_project(project, connection, Wish(ask_again=("page-3",)), NOW)
        asked = sorted(one.path for one in box.calls if one.path.endswith("/agencies"))
    assert asked == [f"{ACME}/agencies", "8003/agencies"]


@pytest.mark.parametrize("edge", READS)
def test_after_ninety_days_a_closed_read_is_tried_once_more(full, edge):
    planned(closed_at(full, edge, 3), edge)
    assert planned(full, edge, late=USED - HOUR)[1] == 0
    assert planned(full, edge, late=USED + HOUR)[1] > 0


def with_token(company: Company, token: str) -> None:
    """Let the same business act with another token from now on."""
    with company.people() as box:
        box._act(lambda world: replace(world, acts_with=frozen({ACME: token})))


@pytest.mark.parametrize("edge", READS)
def test_what_was_refused_to_one_token_is_tried_with_another(full, edge):
    full.world["tokens"] = {f"{name}-token-of-acme": {"business": ACME} for name in ("first", "second")}
    full.world["acts_with"] = {ACME: "first-token-of-acme"}
    planned(closed_at(full, edge, 3), edge)
    assert planned(full, edge)[1] == 0
    with_token(full, "second-token-of-acme")
    assert planned(full, edge)[1] > 0
    assert planned(full, edge)[1] == 0
    with_token(full, "first-token-of-acme")
    assert planned(full, edge)[1] == 0


def test_a_success_with_one_token_opens_nothing_for_another(full):
    full.world["tokens"] = {f"{name}-token-of-acme": {"business": ACME} for name in ("first", "second")}
    full.world["acts_with"] = {ACME: "first-token-of-acme"}
    planned(closed_at(full, CLIENTS, 3), CLIENTS)
    opened(full)
    with_token(full, "second-token-of-acme")
    assert planned(full, CLIENTS)[0].plan.blocked == ()
    with_token(full, "first-token-of-acme")
    assert planned(full, CLIENTS)[1] == 0


def test_a_row_of_before_that_names_no_token_counts_for_each(full):
    closed_at(full, CLIENTS, 3).write()
    with full.connected() as (_, connection):
        row = {"at": NOW.isoformat(), "url": connection.url, "business": ACME, "edge": CLIENTS, "code": 3, "subcode": 0}
        connection.records.add(CLOSED, [row], NOW)
    assert planned(full, CLIENTS, late=HOUR)[1] == 0


def test_a_token_is_known_again_by_eight_digits_that_say_nothing_of_it():
    prints = [
        Secret(value, label).fingerprint for value, label in (("EAAB1", "one"), ("EAAB1", "two"), ("EAAB2", "one"))
    ]
    assert prints[0] == prints[1] != prints[2]
    assert all(re.fullmatch(r"[0-9a-f]{8}", one) for one in prints)


def test_the_token_itself_is_nowhere_in_what_is_remembered(full):
    full.world["tokens"] = {"first-token-of-acme": {"business": ACME}}
    full.world["acts_with"] = {ACME: "first-token-of-acme"}
    planned(closed_at(full, CLIENTS, 3), CLIENTS)
    place = Store(full.directory / ".accessctl" / "sandbox", full.directory / "world.yaml").records
    kept = "".join(path.read_text() for path in place.rglob("closed*"))
    assert '"token":"' in kept
    assert "first-token" not in kept


def test_another_business_is_not_kept_from_reading(company):
    company.project["acts_as"] = ["acme", "sister"]
    company.asset("page", "theirs", "90", owner="client", agencies={"acme": BUYER, "sister": BUYER}, live={})
    company.asset("page", "ours", "91", agencies={"mediahouse": BUYER}, live={})
    company.write()
    with company.connected() as (_, connection):
        row = {"at": NOW.isoformat(), "url": connection.url, "business": SISTER, "edge": CLIENTS, "code": 3}
        connection.records.add(CLOSED, [row], NOW)
    saved, asked = planned(company, CLIENTS, late=HOUR)
    assert [row.via for row in saved.plan.blocked] == ["sister"]
    assert json.loads(json.dumps([one.agency.alias for one in saved.plan.actions])) == ["mediahouse", "acme"]
    assert asked == 1

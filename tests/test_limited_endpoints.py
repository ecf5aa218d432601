"""Endpoints that Meta does not open to the app: told from its refusals, said once, by hand from then on, not absent."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from accessctl.apply import Outcome
from accessctl.closed import ALIKE, USED, Closing, Evidence, closed_edges, evidence_of
from accessctl.gate import check_fits
from accessctl.graph.codes import classify
from accessctl.graph.errors import GraphError, Trouble
from accessctl.limited import DROPPING, OBO_WORDS, PARTNERS_PAGE, WORDS, page_of, why
from accessctl.model import Kind
from accessctl.plan.byhand import edge_of
from accessctl.plan.document import to_document
from accessctl.plan.nouns import Scope, Verb
from accessctl.records import CLOSED
from accessctl.render.nudge import nudge_text
from accessctl.render.paper import Paper
from accessctl.render.plan_events import plan_events
from accessctl.render.plan_html import plan_html
from accessctl.render.plan_markdown import plan_markdown
from accessctl.render.plan_text import plan_text
from accessctl.render.waiting import waiting_json, waiting_text
from accessctl.render.waiting_table import waiting_markdown
from accessctl.sandbox.closed import EDGES
from accessctl.sandbox.store import Store
from accessctl.sandbox.world import frozen
from accessctl.snapshot.document import to_document as snapshot_document
from accessctl.snapshot.read import from_document as read_snapshot_document
from accessctl.waiting import Whom, waiting_of
from accessctl.workflow import Wish, apply_plan, exit_code_of_plan, plan_from_snapshot, plan_project, take_snapshot
from tests.company import ACME, DATACO, EVENING, MEDIAHOUSE, NOW, SISTER, Company
from tests.forging import at, changed_leaf, forged, leaves, refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from accessctl.apply import Result
    from accessctl.plan.document import SavedPlan

BUYER = ["ADVERTISE", "ANALYZE"]
SCHEMAS = Path(__file__).parent.parent / "schemas"
HOUR = timedelta(hours=1)
CODES = (3, 10, 200)
WRITES = tuple(edge for edge in EDGES if not edge.startswith("GET") and edge not in OBO_WORDS)
PENDING = {"tasks": BUYER, "status": "PENDING"}
LACKING = [
    "(#10) The caller must be an admin (MANAGE_PERMISSIONS) of the owning business",
    "(#200) The caller needs business_management on this business",
    "(#200) Requires pages_manage_metadata permission to manage the object",
    "(#200) The object is not managed by the business owning this app",
    "(#200) The business that claims this app has not completed access verification as a Tech Provider",
]


def kind_of(edge: str) -> Kind:
    return Kind.PAGE if "page" in edge else Kind.AD_ACCOUNT


def wanting(company: Company, edge: str, assets: int = ALIKE) -> Company:
    """Fill a company with assets on each of which the next step is a call of this edge."""
    kind = kind_of(edge)
    for number in range(assets):
        alias, place = f"a-{number}", str(700 + number)
        if edge.startswith("POST client"):
            company.asset(kind, alias, place, owner="client", agencies={"acme": BUYER}, live={})
        elif edge in ("DELETE ad_accounts", "DELETE pages"):
            company.asset(
                kind, alias, place, owner="client", agencies={}, live={ACME: PENDING if number % 2 else BUYER}
            )
        elif edge.startswith("POST"):
            live = ({}, {MEDIAHOUSE: PENDING}, {MEDIAHOUSE: ["ANALYZE"]})[number % 3]
            company.asset(kind, alias, place, agencies={"mediahouse": BUYER}, live=live)
        else:
            company.asset(kind, alias, place, agencies={}, live={DATACO: BUYER})
    return company


def shut(company: Company, edge: str, code: object) -> Company:
    """Let Meta close an edge; requests are open but for that."""
    company.world["quirks"] |= {"request_ad_accounts": "open", "closed": {edge: code}}
    return company


def opened(company: Company) -> None:
    """Let Meta open all edges again."""
    with company.people() as box:
        box._act(lambda world: replace(world, quirks=replace(world.quirks, closed=frozen({}))))


def calls(company: Company, act: Callable[[Any, Any], object], edge: str) -> tuple[Any, int]:
    """Do something and count the calls of an edge that reach Meta meanwhile."""
    method, _, path = edge.partition(" ")
    last = path.rpartition("/")[2]
    with company.connected() as (project, connection):
        box = connection.session._client._transport._sandbox
        done = act(project, connection)
        seen = [one for one in box.calls if one.method == method and one.path.split("/")[-1] == last]
    at_assets = [one for one in seen if one.path.split("/")[0] != ACME]
    return done, len(at_assets if "/" in path else [one for one in seen if one not in at_assets])


def applied(company: Company, saved: SavedPlan, edge: str, at_once: int = 10) -> tuple[Result, int, list[str]]:
    """Apply a plan, as many steps at once as by default; return also how often the edge was called, and what was said
    beside the result."""
    said: list[str] = []

    def act(project: Any, connection: Any) -> Result:
        check_fits(saved, project, connection, now=EVENING)
        return apply_plan(saved, connection, parallelism=at_once, clock=company.now, warn=said.append)

    result, count = calls(company, act, edge)
    return result, count, said


def codes(saved: SavedPlan) -> list[str]:
    return [row.reason.code for row in saved.plan.waiting]


# What is taken for a closed endpoint.


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("edge", WRITES)
def test_a_call_that_meta_does_not_open_is_by_hand_from_the_next_plan_on(company, edge, code):
    wanting(shut(company, edge, code), edge)
    saved = company.plan()
    assert (len(saved.plan.actions), saved.plan.closed) == (3, ())
    result, knocks, said = applied(company, saved, edge)
    # One refusal with the capability's own code is enough; where it may be one asset's, three are.
    is_plain = code == 3 or edge.startswith("POST client")
    assert knocks == (1 if is_plain else ALIKE)
    assert sorted(str(step.outcome) for step in result.steps) == ["failed"] * knocks + ["skipped"] * (3 - knocks)
    assert company.writes == ()
    assert [line for line in said if edge in line and f"code {code}" in line and why(edge) in line] == said
    assert len(said) == 1

    again = company.plan()
    assert (again.plan.actions, codes(again)) == ((), ["by_hand"] * 3)
    assert [(one.business.id, one.edge, one.code, one.steps) for one in again.plan.closed] == [(ACME, edge, code, 3)]
    assert all("https://business.facebook.com/settings/" in row.reason.text for row in again.plan.waiting)
    result, knocks, said = applied(company, again, edge)
    assert (result.steps, knocks, said, company.writes) == ((), 0, [], ())
    assert (exit_code_of_plan(again, detailed=True), again.plan.matches) == (0, False)


@pytest.mark.parametrize("code", [10, 200])
@pytest.mark.parametrize("edge", [edge for edge in WRITES if "agencies" in edge])
def test_a_refusal_that_may_be_about_one_asset_is_not_taken_for_a_closed_endpoint(company, edge, code):
    wanting(shut(company, edge, code), edge, assets=ALIKE - 1)
    _, knocks, said = applied(company, company.plan(), edge)
    assert (knocks, said) == (ALIKE - 1, [])
    assert (len(company.plan().plan.actions), company.plan().plan.closed) == (ALIKE - 1, ())


TAKING = "DELETE ad_account/agencies"


@pytest.mark.parametrize(
    ("refusals", "is_closed"),
    [
        ([(200, "act_1"), (200, "act_2"), (200, "act_3")], True),
        ([(10, "act_1"), (10, "act_2"), (10, "act_3"), (10, "act_4")], True),
        ([(200, "act_1"), (200, "act_2")], False),
        ([(200, "act_1"), (200, "act_1"), (200, "act_1")], False),
        ([(200, "act_1"), (200, "act_2"), (200, "act_3"), (10, "act_4")], False),
        ([(200, ""), (200, ""), (200, "")], False),
    ],
)
def test_only_assets_that_were_all_refused_alike_are_a_closed_endpoint(refusals, is_closed):
    found = Closing((), "u", lambda: NOW)
    for code, asset in refusals:
        found.refused(ACME, TAKING, GraphError("no", trouble=Trouble.PERMISSION, code=code), asset)
        assert found.found == ()
    found.conclude()
    assert [one.edge for one in found.found] == [TAKING] * is_closed


def test_one_success_says_that_refusals_are_about_single_assets():
    found = Closing((), "u", lambda: NOW)
    for number in range(4):
        found.refused(ACME, TAKING, GraphError("no", trouble=Trouble.PERMISSION, code=200), f"act_{number}")
    found.worked(ACME, TAKING)
    found.conclude()
    assert found.found == ()


@pytest.mark.parametrize("edge", sorted(WORDS))
@pytest.mark.parametrize("message", LACKING)
def test_a_permission_that_is_named_is_no_closed_endpoint(edge, message):
    code = int(message[2:].partition(")")[0])
    assert evidence_of(error(edge, code, message), edge) is Evidence.NONE


@pytest.mark.parametrize("edge", sorted(WORDS))
@pytest.mark.parametrize("code", CODES)
def test_words_about_the_endpoint_say_that_it_is_closed(edge, code):
    for message in (
        "Application does not have the capability to make this API call",
        "Your app does not have access to this endpoint",
        "Access to these endpoints is limited",
        "This endpoint is temporarily limited",
    ):
        assert evidence_of(error(edge, code, message), edge) is Evidence.CLOSED


@pytest.mark.parametrize("edge", sorted(WORDS))
@pytest.mark.parametrize("code", CODES)
def test_a_bare_code_says_what_graph_api_says_of_it(edge, code):
    is_sure = code == 3 or edge.startswith("POST client")
    wanted = Evidence.CLOSED if is_sure else Evidence.EITHER
    assert evidence_of(error(edge, code, "Permissions error"), edge) is wanted


@pytest.mark.parametrize("code", [1, 4, 100, 190, 270, 368, 803, 2500])
def test_no_other_code_closes_an_endpoint(code):
    assert evidence_of(error("POST client_pages", code, "access to this endpoint is limited")) is Evidence.NONE


def error(edge: str, code: int, message: str) -> GraphError:
    called = edge.partition(" ")[0] + " " + edge.rpartition("/")[2] if "/" in edge else edge
    trouble = classify(400, code, message=message, is_write=not edge.startswith("GET"), edge=called)
    return GraphError(message, trouble=trouble, code=code, message=message)


def test_the_sandbox_closes_each_edge_that_we_know(company):
    assert set(EDGES) - {"GET owned_ad_accounts", "GET owned_pages"} == set(WORDS)
    assert {edge_of(verb, kind) for verb in Verb for kind in Kind} == set(WRITES)


def test_why_a_call_is_closed_is_only_said_as_far_as_a_document_of_metas_does():
    assert {edge for edge in WORDS if "30 days" in why(edge)} == {"POST client_ad_accounts"}
    assert {edge for edge in WORDS if "8 June 2021" not in why(edge)} == DROPPING
    assert all("receive an error" in why(edge) for edge in WORDS if edge not in {"POST client_ad_accounts", *DROPPING})


# Who does what instead.


def test_a_request_by_hand_names_the_client_the_tasks_and_the_place(company):
    wanting(company, "POST client_ad_accounts", assets=2)
    company.apply()
    saved = company.plan()
    first = saved.plan.waiting[0]
    assert first.reason.text == (
        f"Meta does not open this call to the app (code 3 on 2026-11-21); by hand, at {PARTNERS_PAGE}: "
        '"Client Inc" (5005) adds "Acme GmbH" (1001) as a partner on ad account act_700, with ADVERTISE, ANALYZE'
    )
    assert (first.since, first.stale_at) == (None, None)
    waits = waiting_of(saved.plan, company.load().desired, saved.created_at)
    assert {(one.whom, one.business.alias, one.where, one.is_stale) for one in waits} == {
        (Whom.CLIENT, "client", PARTNERS_PAGE, False)
    }
    message = nudge_text(waits)
    assert "To: Client Inc" in message
    assert message.count(PARTNERS_PAGE) == 1
    assert message.count("ADVERTISE, ANALYZE") == 2


def test_what_we_own_is_by_hand_on_the_assets_own_page_in_business_settings(company):
    edge = "POST page/agencies"
    wanting(shut(company, edge, 3), edge)
    company.apply()
    saved = company.plan()
    texts = [row.reason.text.partition("by hand, at ")[2] for row in saved.plan.waiting]
    page = "https://business.facebook.com/settings/pages/{}?business_id=1001: "
    assert texts == [
        page.format(700) + 'assign "Mediahouse Ltd" (2002) as a partner, with ADVERTISE, ANALYZE',
        page.format(701) + 'accept the request of "Mediahouse Ltd" (2002), with ADVERTISE, ANALYZE',
        page.format(702) + 'change what "Mediahouse Ltd" (2002) holds to ADVERTISE, ANALYZE',
    ]
    waits = waiting_of(saved.plan, company.load().desired, saved.created_at)
    assert {(one.whom, one.business.id) for one in waits} == {(Whom.US, ACME)}
    assert nudge_text(waits) == "Nobody has to be reminded.\n"


def test_what_is_done_by_hand_stands_once_in_each_row(company, run):
    wanting(company, "POST client_ad_accounts", assets=1)
    company.write()
    sandbox = ("--sandbox", "world.yaml")
    assert run("apply", "--auto-approve", *sandbox).returncode == 5
    shown = [run("waiting", *sandbox), run("report", *sandbox), run("report", "--format", "markdown", *sandbox)]
    shown += [run("plan", "--render", "html=plan.html", *sandbox), run("report", "--render", "html=r.html", *sandbox)]
    pages = [(company.directory / name).read_text() for name in ("plan.html", "r.html")]
    texts = [flat(one.stdout) for one in shown[:3]] + [re.sub(r'data-rest="[^"]*"', "", page) for page in pages]
    for text in texts:
        assert text.count("Meta does not open this call to the app") == 1
        assert text.count(" as a partner on ad account act_700") == 1, text
        assert text.count("settings/partners") == 1


def test_every_form_of_a_plan_says_it_once_and_has_every_link(company):
    wanting(company, "POST client_ad_accounts")
    company.apply()
    saved = company.plan()
    now = saved.created_at
    for form in (
        plan_text(saved, Paper(2000), now),
        plan_markdown(saved, now),
        plan_html(saved, now),
    ):
        assert form.count("8 June 2021") == 1
        assert form.count("settings/partners") >= 3
    events = [json.loads(line) for line in plan_events(saved, now).splitlines()]
    for schema, values in (("plan", [to_document(saved)]), ("events", events)):
        validator = Draft202012Validator(json.loads((SCHEMAS / f"{schema}.schema.json").read_text()))
        assert all(validator.is_valid(value) for value in values)
    assert [event["steps"] for event in events if event["type"] == "closed"] == [3]
    assert sum(PARTNERS_PAGE in event["reason"]["text"] for event in events if event["type"] == "waiting") == 3
    waits = waiting_of(saved.plan, company.load().desired, now)
    assert waiting_text(waits, saved.plan, Paper(2000)).count(f"ANALYZE: {PARTNERS_PAGE}") == 3
    assert waiting_markdown(waits, saved.plan).count(f": {PARTNERS_PAGE} |") == 3
    items = json.loads(waiting_json(waits, saved.plan, now))["waiting"]
    assert {(item["where"], item["reason"]["code"], item["waits_for"]["who"]) for item in items} == {
        (PARTNERS_PAGE, "by_hand", "client")
    }


def test_what_narrows_an_asset_waits_for_what_is_given_by_hand_there(company):
    shut(company, "POST page/agencies", 3)
    live = {DATACO: BUYER, MEDIAHOUSE: {"tasks": BUYER, "status": "PENDING"}}
    company.asset("page", "de", "71", agencies={"sister": BUYER}, live=live)
    company.asset("page", "fr", "72", agencies={}, live={DATACO: BUYER})
    company.apply(wish=Wish(Scope(("de",))))
    saved = company.plan()
    assert [(action.verb, action.asset.alias) for action in saved.plan.actions] == [("revoke", "fr")]
    assert {row.agency.alias: row.reason.code for row in saved.plan.waiting if row.agency} == {
        "sister": "by_hand",
        "dataco": "after_by_hand",
    }
    company.apply(saved)
    with company.people() as box:
        assert DATACO in box.world.assets["71"].agencies
        box.give("71", SISTER, BUYER)
    assert [(action.verb, action.asset.alias) for action in company.plan().plan.actions] == [("revoke", "de")]


# What is only read.


@pytest.mark.parametrize("code", CODES)
def test_a_witness_that_meta_does_not_open_leaves_a_comparison_out_and_says_so_once(company, code):
    edge = "GET agencies"
    wanting(shut(company, edge, code), "POST ad_account/agencies")
    first, asked = calls(company, lambda *way: plan_project(*way, Wish(), company.now()), edge)
    assert (asked, first.plan.is_whole, len(first.plan.actions)) == (1, True, 3)
    (note,) = [line for line in first.plan.warnings if "was not compared with it" in line]
    assert why(edge) in note
    assert ("the same code says that the token lacks a permission" in note) == (code != 3)
    second, asked = calls(company, lambda *way: plan_project(*way, Wish(), company.now()), edge)
    assert asked == 0
    assert second.digest == first.digest


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("code", CODES)
def test_agencies_that_cannot_be_read_are_unreadable_and_never_absent(company, kind, code):
    edge = f"GET {kind}/agencies"
    company.world["quirks"]["closed"] = {edge: code}
    for number in range(120):
        company.asset(kind, f"a-{number}", str(7000 + number), agencies={"mediahouse": BUYER}, live={DATACO: BUYER})
    first, asked = calls(company, lambda *way: plan_project(*way, Wish(), company.now()), edge)
    assert (first.plan.actions, len(first.plan.blocked), exit_code_of_plan(first, detailed=True)) == ((), 120, 5)
    assert {row.reason.text for row in first.plan.blocked} == {
        f"Meta does not open {WORDS[edge]} ({edge}) to this app (code {code}); by hand, look at {page_of(edge, ACME)}"
    }
    assert sum("8 June 2021" in line for line in first.plan.warnings) == 1
    assert plan_text(first, Paper(2000)).count("8 June 2021") == 0  # it is a warning, beside the plan
    assert asked == (50 if code == 3 else 120)
    second, asked = calls(company, lambda *way: plan_project(*way, Wish(), company.now()), edge)
    assert (asked, second.digest) == (0, first.digest)


@pytest.mark.parametrize("code", [10, 200])
def test_of_one_asset_that_cannot_be_read_nobody_knows_why(company, code):
    company.world["quirks"]["closed"] = {"GET page/agencies": code}
    company.asset("page", "de", "71", agencies={"mediahouse": BUYER}, live={})
    (row,) = company.plan().plan.blocked
    assert row.reason.text.endswith("its words do not tell which")


def test_clients_that_meta_does_not_open_leave_what_they_share_unread(company):
    wanting(shut(company, "GET clients", 3), "POST client_pages")
    company.asset("page", "ours", "790", agencies={"mediahouse": BUYER}, live={})
    saved = company.plan()
    assert [action.asset.id for action in saved.plan.actions] == ["790"]
    assert (len(saved.plan.blocked), len(saved.plan.unread)) == (3, 2)
    assert sum("8 June 2021" in line for line in saved.plan.warnings) == 1
    assert company.plan().digest == saved.digest


@pytest.mark.parametrize("code", [10, 200])
def test_clients_are_an_error_that_names_both_causes_where_nothing_else_of_the_business_is_read(company, code):
    wanting(shut(company, "GET clients", code), "POST client_pages")
    with pytest.raises(GraphError, match=r"may see nothing .* its words do not tell which"):
        company.plan()


# Remembered, and forgotten.


def test_a_plan_made_before_fails_where_it_is_closed_and_goes_on_elsewhere(company):
    wanting(shut(company, "POST client_pages", 3), "POST client_pages")
    company.asset("page", "ours", "790", agencies={"mediahouse": BUYER}, live={})
    early, late = company.plan(), company.plan()
    company.apply(early, wish=Wish(Scope(("a-0",))))
    result, knocks, said = applied(company, late, "POST client_pages")
    assert (knocks, len(said)) == (1, 1)
    ends = {step.action.asset.id: step.outcome for step in result.steps}
    assert ends == {
        "700": Outcome.FAILED,
        "701": Outcome.SKIPPED,
        "702": Outcome.SKIPPED,
        "790": Outcome.CONVERGED,
    }
    assert result.exit_code == 5


def test_one_pair_can_be_tried_again_and_a_refusal_leaves_it_by_hand(company):
    edge = "POST client_pages"
    wanting(shut(company, edge, 3), edge)
    company.apply()
    wish = Wish(ask_again=("a-1",))
    saved = company.plan(wish)
    assert ([action.asset.alias for action in saved.plan.actions], codes(saved)) == (["a-1"], ["by_hand"] * 2)
    _, knocks, _ = applied(company, saved, edge)
    assert knocks == 1
    assert codes(company.plan()) == ["by_hand"] * 3


def test_a_success_opens_the_call_again_for_all(company):
    edge = "POST client_pages"
    wanting(shut(company, edge, 3), edge)
    company.apply()
    opened(company)
    assert codes(company.plan()) == ["by_hand"] * 3
    company.apply(company.plan(Wish(ask_again=("a-1",))))
    saved = company.plan()
    assert [action.asset.alias for action in saved.plan.actions] == ["a-0", "a-2"]
    assert (codes(saved), saved.plan.closed) == (["client_response"], ())
    with company.connected() as (_, connection):
        rows = connection.records.read(CLOSED)
    assert [(row["business"], row["edge"], row.get("code"), row.get("open")) for row in rows] == [
        (ACME, edge, 3, None),
        (ACME, edge, None, True),
    ]


def test_after_ninety_days_it_is_tried_once_more(company):
    edge = "POST client_pages"
    wanting(shut(company, edge, 3), edge)
    company.apply()
    for late, word in ((USED - HOUR, "by_hand"), (USED + HOUR, "")):
        with company.connected() as (project, connection):
            saved = plan_project(project, connection, Wish(), NOW + late)
        assert set(codes(saved)) == ({word} if word else set())
        assert len(saved.plan.actions) == (0 if word else 3)


def test_another_graph_url_business_or_time_and_rows_without_sense_close_nothing():
    good = {"at": NOW.isoformat(), "url": "u", "business": ACME, "edge": "POST client_pages", "code": 3, "subcode": 0}
    now = NOW + HOUR
    assert [one.code for one in closed_edges([good], "u", now).values()] == [3]
    later = (NOW + 2 * HOUR).isoformat()
    for odd in (
        {"url": "other"},
        {"at": "yesterday"},
        {"at": None},
        {"at": later},
        {"at": (NOW - USED).isoformat()},
        {"business": 7},
        {"edge": None},
        {"edge": "received_inprogress_onbehalf_requests"},
        {"code": "3"},
        {"code": 100},
        {"code": True},
        {"token": "00000000"},
        {"token": 7},
    ):
        assert not closed_edges([good | odd], "u", now, {ACME: "cafe0123"}), odd
    opened = good | {"at": (NOW + timedelta(minutes=1)).isoformat(), "open": True}
    assert not closed_edges([opened, good], "u", now)
    assert closed_edges([opened | {"business": "9"}, good], "u", now)


def test_where_nothing_can_be_kept_the_call_is_met_again_and_said(company):
    edge = "POST client_pages"
    wanting(shut(company, edge, 3), edge, assets=1)
    saved = company.plan()
    records = Store(company.directory / ".accessctl" / "sandbox", company.directory / "world.yaml").records
    records.joinpath(f"closed-{company.now():%Y-%m}.jsonl").mkdir(parents=True)
    said: list[str] = []
    with company.connected() as (_, connection):
        result = apply_plan(saved, connection, clock=company.now, warn=said.append)
    assert [step.outcome for step in result.steps] == [Outcome.FAILED]
    assert any("cannot be written" in line for line in said)


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("edge", ["GET agencies", "GET clients", "GET ad_account/agencies"])
def test_where_nothing_can_be_kept_the_digest_does_not_move_with_the_day(company, edge, code):
    wanting(shut(company, edge, code), "POST ad_account/agencies")
    company.asset("page", "theirs", "790", owner="client", agencies={"acme": BUYER}, live={})
    company.write()
    records = Store(company.directory / ".accessctl" / "sandbox", company.directory / "world.yaml").records
    records.joinpath("closed-2026-11.jsonl").mkdir(parents=True)
    digests = set()
    for days in (0, 1, 2):
        with company.connected() as (project, connection):
            digests.add(plan_project(project, connection, Wish(), NOW + timedelta(days=days)).digest)
    assert len(digests) == 1


# Snapshots and other hands.


def snapshot_of(company: Company) -> Any:
    with company.connected() as (project, connection):
        return take_snapshot(project, connection, company.now())


def test_a_snapshot_keeps_what_is_closed(company):
    edge = "POST client_pages"
    wanting(shut(company, edge, 3), edge)
    company.apply()
    taken = snapshot_of(company)
    again = read_snapshot_document(json.loads(json.dumps(snapshot_document(taken))))
    assert again == taken
    schema = json.loads((SCHEMAS / "snapshot.schema.json").read_text())
    assert Draft202012Validator(schema).is_valid(snapshot_document(taken))
    saved = plan_from_snapshot(company.load(), again, Wish(), company.now())
    assert (saved.plan.actions, codes(saved), len(saved.plan.closed)) == ((), ["by_hand"] * 3, 1)
    tried = plan_from_snapshot(company.load(), again, Wish(ask_again=("a-0",)), company.now())
    assert len(tried.plan.actions) == 1
    assert company.apply(saved).steps == ()


@pytest.fixture(scope="module")
def by_hand(tmp_path_factory) -> tuple[Company, SavedPlan]:
    """A company with steps by hand on both sides, and others that are open."""
    company = Company(tmp_path_factory.mktemp("by_hand"))
    closed = ("DELETE page/agencies", "POST client_ad_accounts", "POST ad_account/agencies")
    company.world["quirks"]["closed"] = dict.fromkeys(closed, 3)
    wanting(company, "POST client_ad_accounts", assets=2)
    company.asset("page", "de", "71", agencies={"mediahouse": BUYER}, live={DATACO: BUYER})
    company.asset("page", "fr", "72", agencies={"mediahouse": BUYER}, live={DATACO: BUYER})
    company.asset("page", "it", "73", agencies={"mediahouse": BUYER}, live={MEDIAHOUSE: ["ANALYZE"]})
    company.asset("ad_account", "es", "74", agencies={"mediahouse": BUYER}, live={DATACO: BUYER})
    company.write()
    company.apply(wish=Wish(Scope(("a-0", "de", "es"))))
    return company, company.plan()


def test_an_honest_plan_with_steps_by_hand_is_applied(by_hand):
    company, saved = by_hand
    assert sorted(codes(saved)) == ["after_by_hand", *["by_hand"] * 5]
    assert refusal(company, to_document(saved), saved, age=HOUR) == ""


def is_live(way: tuple[str | int, ...]) -> bool:
    """Tell what no manifest can say otherwise, as for every row that waits: what is live, and names at Meta."""
    return way[0] == "waiting" and (way[-1] == "name" or "before" in way)


def test_whatever_is_changed_about_steps_by_hand_is_refused_or_changes_nothing(by_hand):
    company, saved = by_hand
    document = to_document(saved)
    ways = [way for way in leaves(document) if way[0] in ("closed", "waiting") and not is_live(way)]
    changes = [(way, value) for way in ways for value in changed_leaf(at(document, way)) if value != at(document, way)]
    assert len(changes) > 100
    for way, value in changes:
        refusal(company, forged(document, put(way, value)), saved, age=HOUR)


def put(way: tuple[str | int, ...], value: object) -> Callable[[Any], object]:
    return lambda document: at(document, way[:-1]).__setitem__(way[-1], value)


def turned_by_hand(document: Any) -> None:
    """Hide one of two grants as a step by hand."""
    taken = next(one for one in document["actions"] if one["action"] == "grant")
    document["actions"].remove(taken)
    row = next(one for one in document["waiting"] if one["asset"]["kind"] == "page")
    kept = {key: taken[key] for key in ("asset", "agency", "via", "before", "after", "sources")}
    document["waiting"].append(kept | {"reason": row["reason"]})
    document["summary"]["grant"] -= 1
    document["summary"]["waiting"] += 1


FORGERIES: dict[str, Callable[[Any], object]] = {
    "a call is closed for no step": lambda d: d["closed"].append(d["closed"][0] | {"edge": "POST page/agencies"}),
    "another call is closed": lambda d: d["closed"][0].update(edge="POST client_pages"),
    "another business is refused": lambda d: d["closed"][0]["business"].update(id=MEDIAHOUSE),
    "a call is open again": lambda d: d["closed"].pop(),
    "all calls are open again": lambda d: d.pop("closed"),
    "fewer steps are by hand": lambda d: d["closed"][0].update(steps=1),
    "a step by hand is gone": lambda d: d["waiting"].pop(0),
    "a grant becomes a step by hand": turned_by_hand,
    "a link leads elsewhere": lambda d: d["waiting"][0]["reason"].update(text="by hand, at https://evil.example/: pay"),
    "a closed call has another business's name": lambda d: d["closed"][0]["business"].update(name="Evil"),
}


@pytest.mark.parametrize("what", FORGERIES)
def test_a_forged_plan_can_neither_hide_nor_change_a_step(by_hand, what):
    company, saved = by_hand
    assert refusal(company, forged(to_document(saved), FORGERIES[what]), saved, age=HOUR)


# As a user.


def flat(text: str) -> str:
    """Return text as if no line were broken."""
    return " ".join(text.split())


def test_a_user_meets_it_once_and_reads_from_then_on_what_to_do_by_hand(company, run):
    wanting(company, "POST client_ad_accounts")
    company.write()
    sandbox = ("--sandbox", "world.yaml")
    first = run("apply", "--auto-approve", *sandbox)
    assert first.returncode == 5
    assert flat(first.stderr).count("8 June 2021") == 1
    plan = run("plan", "--detailed-exitcode", "--out", "plan.json", *sandbox)
    assert (plan.returncode, flat(plan.stdout).count("8 June 2021")) == (0, 1)
    assert "No changes. 3 waiting." in plan.stdout
    assert run("apply", "plan.json", "--auto-approve", *sandbox).returncode == 0
    assert "code 3" in run("show", "plan.json").stdout
    waiting = run("waiting", "--nudge", *sandbox)
    assert (waiting.returncode, flat(waiting.stdout).count(PARTNERS_PAGE)) == (0, 1)
    why = run("why", "acme", "a-0", "--with-live", *sandbox)
    assert PARTNERS_PAGE in why.stdout
    report = run("report", "--format", "json", *sandbox)
    assert "by_hand" in report.stdout or PARTNERS_PAGE in report.stdout
    again = run("plan", "--ask-again", "a-2", *sandbox)
    assert "1 to request. 2 waiting" in again.stdout

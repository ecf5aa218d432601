"""Whatever goes wrong with a read, nothing is granted or revoked where it could not be read (FAULTS B and C)."""

from __future__ import annotations

import random
import threading
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accessctl.connection import connect as open_way
from accessctl.errors import RefusedError
from accessctl.gate import check_tokens
from accessctl.graph.client import connect
from accessctl.graph.errors import GraphError
from accessctl.graph.secret import Secret
from accessctl.live import ActingBusiness, read_live
from accessctl.live.wanted import everything
from accessctl.model import Access, Business, Kind
from accessctl.plan import make_plan
from accessctl.plan.nouns import Verb
from accessctl.sandbox import Sandbox
from accessctl.sandbox.transport import SandboxTransport
from accessctl.sandbox.world import Asset as There
from accessctl.sandbox.world import Business as Known
from accessctl.sandbox.world import Fault, Pair, World, frozen
from accessctl.sandbox.worldfile import load_world
from accessctl.way import Way
from accessctl.workflow import Wish, apply_plan, plan_project
from tests.campaigns import examples
from tests.company import ACME, MEDIAHOUSE, STRANGER

KINDS = pytest.mark.parametrize("kind", list(Kind))
BUYER = ["ADVERTISE", "ANALYZE"]
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
# Every code a read may be refused with that does not end the token (GRAPH_API 4.2), with its subcode.
REFUSALS = [(100, 0), (100, 33), (803, 0), (110, 0), (10, 0), (200, 0), (283, 0), (294, 0), (299, 0), (3, 0), (1, 0)]
REFUSALS += [(2, 0), (3918, 0), (99999, 0)]
THROTTLES = [(80004, 2446079), (80001, 0), (17, 2446079), (4, 0), (613, 1487742)]


class Faulty(httpx.BaseTransport):
    """A sandbox whose answers pass through `spoil(request, response)`."""

    def __init__(self, sandbox, spoil):
        self.inner = SandboxTransport(sandbox)
        self.spoil = spoil

    def handle_request(self, request):
        return self.spoil(request, self.inner.handle_request(request))


@contextmanager
def session_to(sandbox, spoil=lambda request, response: response, **options):
    with connect(
        base_url="http://localhost",
        version="v26.0",
        app_secret=None,
        transport=Faulty(sandbox, spoil),
        sleep=sandbox.pass_time,
        clock=lambda: sandbox.elapsed,
        **options,
    ) as session:
        yield session


def planned(company, spoil):
    """Plan against the company's world with answers spoiled on their way."""
    company.write()
    project = company.load()
    sandbox = Sandbox(load_world(company.directory / "world.yaml"))
    acting = [ActingBusiness(Business(ACME, "acme"), Secret(f"sandbox-{ACME}", "a token"))]
    with session_to(sandbox, spoil) as session:
        live = read_live(session.reader, acting, everything(project.desired, project.policy.acts_as))
    return make_plan(project.desired, live, project.policy)


def exclusive(company, kind, numbers):
    """Declare assets that nobody shall have access to, and to which somebody has: a slip would revoke."""
    for number in numbers:
        company.asset(kind, f"de-{number}", str(number), agencies={"dataco": BUYER}, live={STRANGER: BUYER})


def cut_answers(edge, offset):
    def spoil(request, response):
        if edge not in request.url.path:
            return response
        return httpx.Response(200, content=response.read()[:offset], headers={"Content-Type": "application/json"})

    return spoil


@pytest.mark.parametrize("edge", ["owned_ad_accounts", "owned_pages"])
@pytest.mark.parametrize("step", [97, pytest.param(1, marks=pytest.mark.campaign)])
def test_an_answer_cut_at_any_byte_never_plans_anything(company, edge, step):
    kind = Kind.AD_ACCOUNT if edge == "owned_ad_accounts" else Kind.PAGE
    exclusive(company, kind, range(70, 76))
    body = []

    def measure(request, response):
        if edge in request.url.path:
            body.append(len(response.read()))
        return response

    whole = planned(company, measure)
    assert len(whole.actions) == 12
    for offset in range(0, body[0], step):
        plan = planned(company, cut_answers(edge, offset))
        if plan.actions:  # cut behind the end of a shorter answer, which was asked for then: all of it is true
            assert plan.actions == whole.actions, offset
        else:
            assert len(plan.blocked) == 6


@pytest.mark.parametrize("step", [9, pytest.param(1, marks=pytest.mark.campaign)])
@pytest.mark.parametrize(("code", "subcode"), REFUSALS)
@KINDS
def test_a_read_error_at_any_asset_of_a_tree_is_that_assets_and_never_no_access(company, kind, code, subcode, step):
    exclusive(company, kind, range(70, 90))
    for number in range(70, 90, step):
        company.world[f"{kind}s"][str(number)]["fault"] = {"code": code, "subcode": subcode, "message": "no"}
        plan = company.plan().plan
        assert [row.asset.id for row in plan.blocked] == [str(number)]
        assert {action.asset.id for action in plan.actions} == {str(n) for n in range(70, 90)} - {str(number)}
        assert all(action.verb in (Verb.GRANT, Verb.REVOKE) for action in plan.actions)
        del company.world[f"{kind}s"][str(number)]["fault"]
        (company.directory / "world.yaml").unlink()


@pytest.mark.parametrize(("code", "subcode"), THROTTLES)
@KINDS
def test_an_asset_that_stays_throttled_is_never_without_agencies(company, kind, code, subcode):
    exclusive(company, kind, range(70, 90))
    company.world[f"{kind}s"]["79"]["fault"] = {"code": code, "subcode": subcode, "message": "too many calls"}
    plan = company.plan().plan
    assert "79" in {row.asset.id for row in plan.blocked}
    assert "79" not in {action.asset.id for action in plan.actions}


@KINDS
@pytest.mark.parametrize("way", ["hidden", "unlisted"])
def test_an_asset_that_vanished_from_a_tree_is_never_without_agencies(company, kind, way):
    exclusive(company, kind, range(70, 90))
    for number in (70, 79, 89):
        company.world[f"{kind}s"][str(number)][way] = True
        plan = company.plan().plan
        assert {row.asset.id for row in plan.blocked} == {str(number)}
        assert {action.asset.id for action in plan.actions} == {str(n) for n in range(70, 90)} - {str(number)}
        del company.world[f"{kind}s"][str(number)][way]
        (company.directory / "world.yaml").unlink()


@KINDS
@settings(
    max_examples=examples(1000),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
@pytest.mark.campaign
def test_a_listing_that_moves_while_it_is_read_gives_no_wrong_difference(company, kind, data):
    count = data.draw(st.integers(2, 12))
    edge = f"GET {ACME}/owned_{kind}s"
    move = st.tuples(st.integers(1, 6), st.sampled_from(["add_first", "remove_first"]))
    moves = data.draw(st.lists(move, max_size=4))
    company.manifest[f"{kind}s"], company.world[f"{kind}s"] = {}, {}
    for number in range(70, 70 + count):
        company.asset(kind, f"de-{number}", str(number), agencies={"mediahouse": BUYER}, live={MEDIAHOUSE: BUYER})
    company.world["quirks"] = {
        "max_page_size": data.draw(st.integers(1, 4)),
        "paging": data.draw(st.sampled_from(["offset", "cursor"])),
    }
    company.world["faults"] = [{"match": edge, "nth": nth, "do": do} for nth, do in moves]
    assert planned(company, lambda request, response: response).actions == ()


def large_world(count, chance):
    """Return accounts of which one in twenty always refuses to show its agencies, and what is true of each."""
    assets, bad = {}, set()
    for number in range(count):
        node = f"act_{10_000_000 + number}"
        held = {MEDIAHOUSE: Pair(tuple(BUYER))} if number % 2 else {}
        code, subcode = chance.choice([(10, 0), (200, 0), (100, 33), (3, 0)])
        fault = Fault(code, subcode) if chance.random() < 0.05 else None
        bad |= {node[4:]} if fault else set()
        assets[node] = There("ad_account", node, f"Account {number}", ACME, frozen(held), fault=fault)
    businesses = {ACME: Known(ACME, "Acme"), MEDIAHOUSE: Known(MEDIAHOUSE, "Mediahouse")}
    return World(frozen(businesses), frozen(assets)), bad


@pytest.mark.parametrize("count", [500, pytest.param(10_000, marks=pytest.mark.campaign)])
def test_when_one_read_in_twenty_fails_every_asset_is_read_or_known_not_to_be(count):
    chance = random.Random(count)
    world, bad = large_world(count, chance)
    sandbox = Sandbox(world)
    acting = [ActingBusiness(Business(ACME, "acme"), Secret(f"sandbox-{ACME}", "a token"))]

    def flip(request, response):
        if chance.random() >= 0.05:
            return response
        broken = chance.choice(["drop", "html", "500", "half"])
        if broken == "drop":
            raise httpx.RemoteProtocolError("gone", request=request)
        content = {"html": b"<html>", "500": b'{"error":{"code":2,"message":"later"}}'}.get(broken)
        half = response.read()
        return httpx.Response(500 if broken == "500" else 200, content=content or half[: len(half) // 2])

    with session_to(sandbox, flip) as session:
        live = read_live(session.reader, acting, everything(Access(frozen({}), frozen({})), (ACME,)))
    assert live.gaps == ()
    assert len(live.assets) == count
    told = {asset.id: set(found.grants) for asset, found in live.assets.items() if not found.unreadable}
    true = {node[4:]: set(asset.agencies) for node, asset in world.assets.items() if node[4:] not in bad}
    assert told.keys() <= true.keys()
    assert all(told[number] == true[number] for number in told)
    assert len(true) - len(told) <= count / 100  # what failed three times, or whose page did


def test_thirty_changes_on_one_account_meet_no_throttle_on_the_lowest_tier(company):
    company.world["quirks"] = {"score_limit": 60}
    agencies = {f"a{number}": {"id": str(8000 + number)} for number in range(30)}
    company.manifest["businesses"] = {**company.manifest["businesses"], **agencies}
    company.world["businesses"] |= {one["id"]: {"name": f"Agency {alias}"} for alias, one in agencies.items()}
    company.asset("ad_account", "de", "71", agencies=dict.fromkeys(agencies, BUYER), live={})
    company.write()
    project = company.load()
    way = Way(sandbox=str(company.directory / "world.yaml"), max_wait=3600)
    with open_way(project, company.directory, way, {}) as connection:
        saved = plan_project(project, connection, Wish(), NOW)
        result = apply_plan(saved, connection, clock=company.now)
        sandbox = connection.session._client._transport._sandbox
        assert sandbox.throttled == 0
        assert {step.outcome.value for step in result.steps} == {"applied"}
        points = 30 * (3 + 2)  # a write, and a look before and after
        assert connection.cost.seconds_waited <= 1.2 * 300 * (points // 60)


def test_a_storm_of_throttling_is_waited_out_for_so_long_and_no_longer(company):
    exclusive(company, Kind.AD_ACCOUNT, range(70, 75))
    company.write()
    project = company.load()
    sandbox = Sandbox(load_world(company.directory / "world.yaml"))
    calls = []

    def storm(request, response):
        calls.append(request.url.path)
        body = {"error": {"code": 80004, "error_subcode": 2446079, "message": "too many calls"}}
        return response if "owned" not in request.url.path else httpx.Response(400, json=body)

    acting = [ActingBusiness(Business(ACME, "acme"), Secret(f"sandbox-{ACME}", "a token"))]
    with session_to(sandbox, storm) as session:
        live = read_live(session.reader, acting, everything(project.desired, project.policy.acts_as))
        assert session.cost.seconds_waited <= 900
    assert {gap.kind for gap in live.gaps} == set(Kind)
    assert make_plan(project.desired, live, project.policy).actions == ()
    assert max(Counter(path for path in calls if "owned" in path).values()) <= 6


@pytest.mark.parametrize("subcode", [458, 459, 460, 463, 464, 467])
def test_a_token_that_ends_while_reading_stops_everything_at_once(company, subcode):
    exclusive(company, Kind.PAGE, range(70, 75))
    company.write()
    project = company.load()
    sandbox = Sandbox(load_world(company.directory / "world.yaml"))
    after = []

    def end(request, response):
        if "owned_pages" in request.url.path or after:
            after.append(request.url.path)
            body = {"error": {"code": 190, "error_subcode": subcode, "message": "over", "type": "OAuthException"}}
            return httpx.Response(400, json=body)
        return response

    acting = [ActingBusiness(Business(ACME, "acme"), Secret(f"sandbox-{ACME}", "a token"))]
    with session_to(sandbox, end) as session, pytest.raises(GraphError, match="190"):
        read_live(session.reader, acting, everything(project.desired, project.policy.acts_as))
    assert len(after) <= 3  # those that were on their way together


def test_a_whole_run_makes_no_call_that_fails(company):
    exclusive(company, Kind.AD_ACCOUNT, range(70, 130))
    company.project["guards"] = {"max_revokes": 1000, "max_revoke_percent": 100}
    company.write()
    project = company.load()
    with open_way(project, company.directory, Way(sandbox=str(company.directory / "world.yaml")), {}) as connection:
        saved = plan_project(project, connection, Wish(), NOW)
        apply_plan(saved, connection, clock=company.now)
        assert connection.cost.calls > 300
        assert connection.cost.errors == 0


@pytest.mark.parametrize(
    ("end", "is_refused"),
    [("12:14:59", True), ("12:15:02", True), ("12:15:04", False), ("18:00:00", False), (None, False)],
)
def test_a_token_that_ends_before_all_is_surely_written_starts_nothing(company, end, is_refused):
    company.asset("ad_account", "de", "71", agencies={"mediahouse": BUYER}, live={})
    expires = {"expires": f"2026-11-21T{end}Z"} if end else {}
    company.world["tokens"] = {f"sandbox-{ACME}": {"business": ACME, **expires}}
    company.write()
    project = company.load()
    with open_way(project, company.directory, Way(sandbox=str(company.directory / "world.yaml")), {}) as connection:
        saved = plan_project(project, connection, Wish(), NOW)
        if is_refused:
            with pytest.raises(RefusedError, match=r"the token of acme ends on 2026-11-21 at 12:1"):
                check_tokens(saved, connection, NOW)
        else:
            check_tokens(saved, connection, NOW)


def test_a_token_that_meta_says_nothing_about_is_not_held_up(company):
    company.asset("ad_account", "de", "71", agencies={"mediahouse": BUYER}, live={})
    company.world["faults"] = [{"match": "GET debug_token", "nth": 1, "do": "html_200"}]
    company.write()
    project = company.load()
    with open_way(project, company.directory, Way(sandbox=str(company.directory / "world.yaml")), {}) as connection:
        check_tokens(plan_project(project, connection, Wish(), NOW), connection, NOW)


def test_apply_asks_how_long_its_token_lasts(company, run):
    company.asset("ad_account", "de", "71", agencies={"mediahouse": BUYER}, live={})
    soon = datetime.now(UTC) + timedelta(minutes=5)
    company.world["now"] = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    company.world["tokens"] = {f"sandbox-{ACME}": {"business": ACME, "expires": f"{soon:%Y-%m-%dT%H:%M:%SZ}"}}
    company.write()
    found = run("apply", "--auto-approve", "--sandbox", "world.yaml")
    assert found.returncode == 3
    assert "refused: the token of acme ends on" in found.stderr
    assert company.writes == ()


def test_a_refused_token_is_told_without_waiting_for_the_other_reads(company):
    company.asset("ad_account", "de", "71", agencies={}, live={})
    company.write()
    project = company.load()
    sandbox = Sandbox(load_world(company.directory / "world.yaml"))
    over, late = threading.Event(), threading.Event()

    def refuse(request, response):
        if "owned_pages" in request.url.path:
            return httpx.Response(400, json={"error": {"code": 190, "message": "over"}})
        if "owned_ad_accounts" in request.url.path and not over.wait(10):
            late.set()
        return response

    acting = [ActingBusiness(Business(ACME, "acme"), Secret(f"sandbox-{ACME}", "a token"))]
    with session_to(sandbox, refuse) as session:
        with pytest.raises(GraphError, match="190"):
            read_live(session.reader, acting, everything(project.desired, project.policy.acts_as))
        over.set()
    assert not late.is_set()

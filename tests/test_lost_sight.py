"""What a person's token does not show once it has lost something: not absent, and neither asked for nor given up."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from accessctl.apply import Outcome
from accessctl.connection import connect
from accessctl.errors import AccessctlError
from accessctl.history import given_up
from accessctl.looking import blindness, read_foretold
from accessctl.lost import why_unseen
from accessctl.model import Asset, Kind
from accessctl.plan.losing import endings_in
from accessctl.plan.nouns import Verb
from accessctl.records import ENDINGS
from accessctl.sandbox.world import Fault, frozen
from accessctl.way import Way
from accessctl.workflow import NO_WISH, Wish, apply_plan, plan_project
from tests.company import ACME
from tests.test_managed_accounts import (
    BUYER,
    END,
    KINDS,
    NODES,
    TOKEN,
    apply_at,
    change,
    losing,
    move,
    plan_at,
    with_ends,
)

if TYPE_CHECKING:
    from accessctl.plan.document import SavedPlan
    from tests.company import Company

BEFORE, AFTER = END - timedelta(days=20), END + timedelta(days=1)
PENDING = {"tasks": BUYER, "status": "PENDING"}
NAMED = {"71": "a-71", "99": "new"}
OTHER = {Kind.AD_ACCOUNT: "act_72", Kind.PAGE: "72"}


def shared(company: Company, kind: Kind, live: object = BUYER, number: str = "71") -> None:
    """Let the client share an asset with acme, which the manifests want."""
    company.asset(kind, f"a-{number}", number, owner="client", agencies={"acme": BUYER}, live={ACME: live})


def declare_new(company: Company, kind: Kind) -> None:
    """Declare an asset that nobody has shared."""
    company.manifest[f"{kind}s"]["new"] = {"id": "99", "owner": "client", "agencies": {"acme": BUYER}}
    company.write()


def given_back(company: Company, kind: Kind) -> SavedPlan:
    """Plan to give up what acme holds, some time before its end."""
    company.asset(kind, "a-71", "71", owner="client", agencies={}, live={ACME: BUYER})
    losing(company, NODES[kind])
    saved = plan_at(company, BEFORE)
    assert [action.verb for action in saved.plan.actions] == [Verb.RELINQUISH]
    return saved


def codes(saved: SavedPlan) -> dict[str, str]:
    return {row.asset.id: row.reason.code for row in saved.plan.blocked}


# Beside what was foretold.


@KINDS
@pytest.mark.parametrize("live", [PENDING, BUYER])
def test_what_vanished_beside_a_lost_asset_is_not_asked_for(company, kind, live):
    """Meta foretells only what is assigned to the person directly, and no end of a request (S003)."""
    shared(company, kind)
    shared(company, kind, live, "72")
    losing(company, NODES[kind])
    plan_at(company, BEFORE)
    change(company, lambda world: world.with_assets([replace(world.assets[OTHER[kind]], hidden=True)]))
    saved = plan_at(company, AFTER)
    assert saved.plan.actions == ()
    assert codes(saved) == {"71": "access_ended", "72": "access_ended"}
    (text,) = [row.reason.text for row in saved.plan.blocked if row.asset.id == "72"]
    assert text.startswith("this token lost other access on 4 May 2027")
    assert "may be lost too; --ask-again asks the client all the same" in text


@KINDS
def test_a_new_declaration_waits_until_a_token_that_has_lost_something_is_replaced(company, kind):
    shared(company, kind)
    losing(company, NODES[kind])
    plan_at(company, BEFORE)
    declare_new(company, kind)
    assert codes(plan_at(company, AFTER)) == {"71": "access_ended", "99": "access_ended"}
    change(company, lambda world: replace(world, acts_with=frozen({})))
    saved = plan_at(company, AFTER + timedelta(days=1))
    assert [(action.verb, action.asset.id) for action in saved.plan.actions] == [(Verb.REQUEST, "99")]
    assert saved.plan.blocked == ()


@KINDS
@pytest.mark.parametrize(("number", "outcome"), [("71", Outcome.FAILED), ("99", Outcome.WAITING)])
def test_a_person_may_have_it_asked_for_all_the_same(company, kind, number, outcome):
    """Meta refuses to ask for what the client shares already."""
    shared(company, kind)
    company.world["quirks"]["request_ad_accounts"] = "open"
    company.asset(kind, "new", "99", owner="client", live={})
    losing(company, NODES[kind])
    plan_at(company, BEFORE)
    declare_new(company, kind)
    saved = plan_at(company, AFTER, Wish(ask_again=(NAMED[number],)))
    assert [(action.verb, action.asset.id) for action in saved.plan.actions] == [(Verb.REQUEST, number)]
    assert list(codes(saved)) == [{"71": "99", "99": "71"}[number]]
    (step,) = apply_at(company, saved, AFTER).steps
    assert step.outcome is outcome


@KINDS
def test_what_our_own_assets_show_is_judged_by_themselves(company, kind):
    """Nothing that an owner's token does not show is called lost because another asset is."""
    company.asset(kind, "de", "71", agencies={"mediahouse": BUYER}, live={})
    company.asset(kind, "fr", "72", agencies={"mediahouse": BUYER}, live={})
    losing(company, NODES[kind])
    plan_at(company, BEFORE)
    change(company, lambda world: world.with_assets([replace(world.assets[OTHER[kind]], hidden=True)]))
    assert codes(plan_at(company, AFTER)) == {"71": "access_ended", "72": "hidden"}


@KINDS
def test_what_an_owner_of_ours_does_not_show_is_not_called_lost_by_another_business_of_ours(company, kind):
    company.project["acts_as"] = ["acme", "sister"]
    shared(company, kind)
    company.asset(kind, "own", "72", owner="sister", agencies={"acme": BUYER}, live={})
    losing(company, NODES[kind])
    plan_at(company, BEFORE)
    saved = plan_at(company, AFTER)
    assert codes(saved) == {"71": "access_ended"}
    assert [(action.verb, action.asset.id) for action in saved.plan.actions] == [(Verb.GRANT, "72")]


def test_a_token_that_has_lost_nothing_hides_nothing():
    assert why_unseen({}, Asset(Kind.PAGE, "71")) == ""


# While apply runs over the end.


@KINDS
@pytest.mark.parametrize("forgotten", [False, True])
def test_what_vanishes_at_its_end_while_apply_runs_was_not_given_up(company, kind, forgotten):
    saved = given_back(company, kind)
    move(company, END)
    with company.connected() as (_, connection):
        if forgotten:  # the plan's file alone tells of the end
            shutil.rmtree(connection.records.name)
        result = apply_plan(saved, connection, clock=lambda: END)
    (step,) = result.steps
    assert (step.outcome, company.writes) == (Outcome.FAILED, ())
    assert "this token lost" in step.text
    with company.people() as box:
        assert ACME in box.world.assets[NODES[kind]].agencies


@KINDS
def test_what_vanishes_shortly_before_its_end_while_apply_runs_was_not_given_up(company, kind):
    saved = given_back(company, kind)
    move(company, END)
    with company.connected() as (_, connection):  # this machine's clock is behind Meta's
        (step,) = apply_plan(saved, connection, clock=lambda: END - timedelta(hours=1)).steps
    assert (step.outcome, company.writes) == (Outcome.FAILED, ())


@KINDS
@pytest.mark.parametrize("left", [timedelta(days=19), timedelta(hours=1)])
def test_what_is_given_up_before_its_end_is_given_up(company, kind, left):
    saved = given_back(company, kind)
    result = apply_at(company, saved, END - left)
    assert [step.outcome for step in result.steps] == [Outcome.APPLIED]


@KINDS
def test_a_request_that_is_withdrawn_after_other_losses_needs_metas_word(company, kind):
    shared(company, kind)
    company.asset(kind, "b", "72", owner="client", agencies={}, live={ACME: PENDING})
    losing(company, NODES[kind], OTHER[kind])
    saved = plan_at(company, BEFORE)
    assert [action.verb for action in saved.plan.actions] == [Verb.WITHDRAW]
    move(company, END)
    with company.connected() as (_, connection):
        (step,) = apply_plan(saved, connection, clock=lambda: END).steps
    assert (step.outcome, company.writes) == (Outcome.FAILED, ())


# What we gave up ourselves.


@KINDS
def test_what_we_gave_up_before_its_end_was_not_lost_by_it(company, kind):
    assert apply_at(company, given_back(company, kind), BEFORE).steps[0].outcome is Outcome.APPLIED
    with company.connected() as (_, connection):
        assert read_foretold(connection).ends[ACME] == {}
    company.manifest[f"{kind}s"]["a-71"]["agencies"] = {"acme": BUYER}
    company.write()
    saved = plan_at(company, AFTER)
    assert [action.verb for action in saved.plan.actions] == [Verb.REQUEST]
    assert saved.plan.blocked == ()


@KINDS
def test_what_is_shared_once_more_can_be_lost_once_more(company, kind):
    saved = given_back(company, kind)
    with company.people() as box:
        before = box.world.assets[NODES[kind]]
    apply_at(company, saved, BEFORE)
    change(company, lambda world: with_ends(world.with_assets([before]), {NODES[kind]: END}))
    assert len(plan_at(company, BEFORE + timedelta(days=1)).plan.losing) == 1
    saved = plan_at(company, AFTER)
    assert (saved.plan.actions, codes(saved)) == ((), {"71": "access_ended"})


def test_only_what_was_given_up_in_this_place_and_surely_counts(company):
    apply_at(company, given_back(company, Kind.PAGE), BEFORE)
    entries, url = company.journal, "sandbox:world.yaml"
    assert list(given_up(entries, url)) == [(Asset(Kind.PAGE, "71"), ACME)]
    assert not given_up(entries, "https://graph.facebook.com")
    for event, word in (("outcome", "unknown"), ("outcome", "failed")):
        assert not given_up([one | {"outcome": word} if one["event"] == event else one for one in entries], url)
    assert not given_up([one | {"verb": "request"} if "verb" in one else one for one in entries], url)


# Where the records move.


@KINDS
def test_ends_that_were_noted_are_not_forgotten_when_the_state_moves(company, kind, tmp_path):
    shared(company, kind)
    losing(company, NODES[kind])
    plan_at(company, BEFORE)
    move(company, AFTER)
    state = tmp_path / "state"
    way = Way(sandbox=str(company.directory / "world.yaml"), state=state.as_uri())
    project = company.load()
    with (
        pytest.raises(AccessctlError, match=r"knows of no end of access, and what .* has noted") as refused,
        connect(project, company.directory, way, {}),
    ):
        pass
    assert "copy it there" in refused.value.hint
    with company.connected() as (_, connection):
        (noted,) = Path(connection.records.name).glob("endings-*.jsonl")
    moved = state / "records" / "endings" / noted.stem.removeprefix("endings-") / "0.jsonl"
    moved.parent.mkdir(parents=True)
    shutil.copy(noted, moved)
    with connect(project, company.directory, way, {}) as connection:
        assert len(connection.records.read(ENDINGS)) == 1
        saved = plan_project(project, connection, NO_WISH, AFTER)
    assert (saved.plan.actions, codes(saved)) == ((), {"71": "access_ended"})


def test_the_end_that_a_plan_knows_of_counts_beside_those_noted(company):
    shared(company, Kind.PAGE)
    losing(company, "71")
    ends = endings_in(plan_at(company, BEFORE).plan, {ACME})
    page = Asset(Kind.PAGE, "71")
    with company.connected() as (_, connection):
        assert not blindness(connection, (), lambda: BEFORE)(ACME, page)
        assert blindness(connection, (), lambda: AFTER)(ACME, page)
        shutil.rmtree(connection.records.name)
        assert not blindness(connection, (), lambda: AFTER)(ACME, page)
        assert blindness(connection, ends, lambda: AFTER)(ACME, page)


# Another token.


def with_token_of_person(company: Company) -> None:
    change(company, lambda world: replace(world, acts_with=frozen({ACME: TOKEN})))


def with_token_of_system_user(company: Company) -> None:
    change(company, lambda world: replace(world, acts_with=frozen({})))


@KINDS
def test_what_another_token_shows_takes_no_end_from_the_persons_token(company, kind):
    shared(company, kind)
    losing(company, NODES[kind])
    plan_at(company, BEFORE)
    with_token_of_system_user(company)
    assert plan_at(company, BEFORE + timedelta(days=1)).plan.losing == ()
    with_token_of_person(company)
    saved = plan_at(company, AFTER)
    assert (saved.plan.actions, codes(saved)) == ((), {"71": "access_ended"})


@KINDS
def test_a_plan_of_another_token_gives_nothing_up_that_the_persons_token_has_lost(company, kind):
    company.asset(kind, "a-71", "71", owner="client", agencies={}, live={ACME: BUYER})
    losing(company, NODES[kind])
    plan_at(company, BEFORE)
    with_token_of_system_user(company)
    saved = plan_at(company, BEFORE + timedelta(days=1))
    with_token_of_person(company)
    move(company, AFTER)
    with company.connected() as (_, connection):
        (step,) = apply_plan(saved, connection, clock=lambda: AFTER).steps
    assert (step.outcome, company.writes) == (Outcome.FAILED, ())


@KINDS
def test_a_new_token_is_not_accused_of_what_the_persons_token_has_lost(company, kind):
    shared(company, kind)
    losing(company, NODES[kind])
    plan_at(company, BEFORE)
    assert codes(plan_at(company, AFTER)) == {"71": "access_ended"}
    with_token_of_system_user(company)
    change(company, lambda world: world.with_assets([replace(world.assets[NODES[kind]], agencies=frozen({}))]))
    saved = plan_at(company, AFTER + timedelta(days=1))
    assert [action.verb for action in saved.plan.actions] == [Verb.REQUEST]


@KINDS
@pytest.mark.parametrize(("days", "blocked"), [(20, []), (5, ["71"])])
def test_what_a_client_takes_back_long_before_the_end_was_not_lost_by_it(company, kind, days, blocked):
    """Shortly before, nobody can tell: Meta may have moved the end."""
    company.asset(kind, "a-71", "71", owner="client", agencies={}, live={ACME: BUYER})
    losing(company, NODES[kind])
    plan_at(company, END - timedelta(days=30))
    change(company, lambda world: world.with_assets([replace(world.assets[NODES[kind]], agencies=frozen({}))]))
    plan_at(company, END - timedelta(days=days))
    saved = plan_at(company, AFTER)
    assert list(codes(saved)) == blocked
    assert all("--ask-again takes it for gone" in row.reason.text for row in saved.plan.blocked)
    assert plan_at(company, AFTER, Wish(ask_again=("a-71",))).plan.blocked == ()


def test_a_listing_that_was_not_read_to_the_end_takes_no_end_away(company):
    shared(company, Kind.PAGE)
    losing(company, "71")
    plan_at(company, END - timedelta(days=30))
    change(
        company,
        lambda world: replace(world, quirks=replace(world.quirks, closed=frozen({"GET clients": Fault(3)}))),
    )
    plan_at(company, END - timedelta(days=29))
    with company.connected() as (_, connection):
        assert len(read_foretold(connection).ends[ACME]) == 1


@KINDS
@pytest.mark.parametrize("do", ["token_expired", "drop_before"])
def test_a_look_that_fails_after_the_call_leaves_its_outcome_unknown_and_in_the_journal(company, kind, do):
    company.asset(kind, "a", "71", agencies={"mediahouse": BUYER}, live={})
    after = {Kind.AD_ACCOUNT: 2, Kind.PAGE: 3}[kind]  # a plan reads ad accounts with their agencies inside
    company.world["faults"] = [{"match": f"GET {NODES[kind]}/agencies", "do": do, "nth": after}]
    saved = company.plan()
    result = company.apply(saved)
    assert [step.outcome for step in result.steps] in ([Outcome.UNKNOWN], [Outcome.APPLIED])
    assert len(company.writes) == 1
    assert [entry["event"] for entry in company.journal].count("outcome") == 1

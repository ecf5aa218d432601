"""Managed Meta accounts: what a person's token will lose is told in time, and what it has lost is not "no access"."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from accessctl.doctor import Finding, Level, ask, examine, needs_of
from accessctl.doctor.ending import lost_findings
from accessctl.doctor.facts import Service
from accessctl.endings import day, foretold
from accessctl.errors import StaleError
from accessctl.gate import check_fits
from accessctl.graph.errors import GraphError
from accessctl.looking import read_foretold
from accessctl.manifest.schema import load_schema
from accessctl.model import Asset, Kind, Status
from accessctl.plan.document import from_document, to_document
from accessctl.plan.nouns import Scope
from accessctl.records import ENDINGS
from accessctl.render.formats import PLAN_FORMATS, Layout
from accessctl.render.losing import SHOWN
from accessctl.render.paper import Paper
from accessctl.reviewed import check_called_for
from accessctl.sandbox.ending import LOST, without_ends
from accessctl.sandbox.spot import time_text
from accessctl.sandbox.world import World, WorldError, frozen
from accessctl.snapshot.document import to_document as snapshot_document
from accessctl.snapshot.read import from_document as snapshot_of
from accessctl.workflow import NO_WISH, Wish, apply_plan, plan_from_snapshot, plan_project, take_snapshot

from .company import ACME, DATACO, MEDIAHOUSE, Company
from .sandbox.worlds import Client, code

if TYPE_CHECKING:
    from collections.abc import Callable

    from accessctl.apply import Result
    from accessctl.plan.document import SavedPlan

KINDS = pytest.mark.parametrize("kind", list(Kind))
TOKEN = "sandbox-anna"
END = datetime(2027, 5, 4, 12, tzinfo=UTC)
BUYER = ["ADVERTISE", "ANALYZE"]
NODES = {Kind.AD_ACCOUNT: "act_71", Kind.PAGE: "71"}
CALLED = {Kind.AD_ACCOUNT: "act_71", Kind.PAGE: "Page 71"}
README = Path(__file__).parent.parent.joinpath("README.md").read_text(encoding="utf-8")


def losing(company: Company, *nodes: str, end: datetime = END, **token: Any) -> None:
    """Let acme act with the token of a person who loses these nodes."""
    ends = {node: time_text(end) for node in nodes}
    company.world["tokens"] = {TOKEN: {"business": ACME, "kind": "user", "access_expires": ends, **token}}
    company.world["acts_with"] = {ACME: TOKEN}


def owned(company: Company, kind: Kind) -> Company:
    """Fill a company with three assets of a kind, on each of which something is to change; acme loses the first."""
    for number, alias in (("71", "de"), ("72", "fr")):
        company.asset(kind, alias, number, agencies={"mediahouse": BUYER}, live={DATACO: ["ANALYZE"]})
    company.asset(kind, "it", "73", agencies={"mediahouse": BUYER}, live={MEDIAHOUSE: BUYER})
    losing(company, NODES[kind])
    return company


def move(company: Company, moment: datetime) -> None:
    if not (company.directory / "world.yaml").exists():
        company.write()
    with company.people() as box:
        box.move_to(moment)


def change(company: Company, to: Callable[[World], World]) -> None:
    """Let something happen in the world that no call brings about."""
    with company.people() as box:
        box._act(to)


def with_ends(world: World, ends: dict[str, datetime]) -> World:
    return replace(world, tokens=frozen({TOKEN: replace(world.tokens[TOKEN], access_expires=frozen(ends))}))


def plan_at(company: Company, moment: datetime, wish: Wish = NO_WISH) -> SavedPlan:
    move(company, moment)
    with company.connected() as (project, connection):
        return plan_project(project, connection, wish, moment)


def apply_at(company: Company, saved: SavedPlan, moment: datetime) -> Result:
    move(company, moment)
    with company.connected() as (project, connection):
        check_fits(saved, project, connection, now=moment)
        return apply_plan(saved, connection, clock=lambda: moment)


def doctor_at(company: Company, moment: datetime) -> dict[str, Finding]:
    move(company, moment)
    with company.connected() as (project, connection):
        needs = needs_of(project.desired, project.policy.acts_as)
        facts = ask(connection.reader, connection.acting, needs)
        found = [*examine(facts, needs, Service("v26.0"), moment)]
        found += lost_findings(read_foretold(connection), facts, needs, moment)
    return {one.id: one for one in found}


def shown(saved: SavedPlan, name: str, now: datetime) -> str:
    return PLAN_FORMATS[name].render(saved, Layout(now, Paper(300)))


def touched(saved: SavedPlan) -> set[str]:
    return {action.asset.id for action in saved.plan.actions}


def client_of(company: Company, token: str = TOKEN) -> Client:
    if not (company.directory / "world.yaml").exists():
        company.write()
    with company.people() as box:
        return Client(box, token)


# The timeline: plan, doctor and apply as the end comes nearer.


@KINDS
def test_plan_and_doctor_say_the_right_thing_before_at_and_after_the_end(company, kind):
    owned(company, kind)
    node = f"{kind.noun} de ({NODES[kind]})"

    early = END - timedelta(days=40)  # Meta tells a month ahead
    saved = plan_at(company, early)
    assert (saved.plan.losing, touched(saved)) == ((), {"71", "72"})
    assert "loses" not in shown(saved, "text", early).split("Digest")[0].replace("loses ANALYZE", "")
    assert doctor_at(company, early)["ends"].level is Level.OK

    near = END - timedelta(days=20)
    saved = plan_at(company, near)
    assert touched(saved) == {"71", "72"}
    assert f'! this token loses {node} "De" on 4 May 2027 (in 20 days)' in shown(saved, "text", near)
    found = doctor_at(company, near)
    assert (found["ends"].level, found["ends"].subject) == (Level.WARNING, ACME)
    assert f"this token loses {node} on 4 May 2027 (in 20 days)" in found["ends"].text
    assert "system user" in found["ends"].todo
    assert "lost" not in found

    morning = END.replace(hour=8)
    saved = plan_at(company, morning)
    assert touched(saved) == {"71", "72"}
    assert f'! this token loses {node} "De" on 4 May 2027 (today)' in shown(saved, "text", morning)
    assert f"this token loses {node} on 4 May 2027 (today)" in doctor_at(company, morning)["ends"].text

    for after in (END, END + timedelta(days=1), END + timedelta(days=200)):
        saved = plan_at(company, after)
        assert touched(saved) == {"72"}
        (row,) = saved.plan.blocked
        assert (row.asset.id, row.reason.code) == ("71", "access_ended")
        assert row.reason.text.startswith(
            f"this token lost {CALLED[kind]} on 4 May 2027, when the person's access ended"
        )
        assert "hidden, not deleted, as far as the evidence goes" in row.reason.text
        assert "do: use the token of a system user" in shown(saved, "text", after)
        found = doctor_at(company, after)
        assert found["lost"].level is Level.PROBLEM
        assert f"this token lost {node} on 4 May 2027" in found["lost"].text


@KINDS
@pytest.mark.parametrize("days", [-40, -20, 0, 1])
def test_apply_never_writes_to_what_the_token_has_lost(company, kind, days):
    owned(company, kind)
    plan_at(company, END - timedelta(days=10) if days > -10 else END + timedelta(days=days))
    saved = plan_at(company, END + timedelta(days=days))
    apply_at(company, saved, END + timedelta(days=days))
    written = {write.asset for write in company.writes}
    assert (NODES[kind] in written) is (days < 0)
    assert NODES[kind].replace("71", "72") in written


@KINDS
def test_what_an_agency_has_lost_sight_of_is_neither_asked_for_nor_given_up(company, kind):
    company.asset(kind, "de", "71", owner="client", agencies={"acme": BUYER}, live={ACME: BUYER})
    company.asset(kind, "fr", "72", owner="client", agencies={}, live={ACME: BUYER})
    nodes = {Kind.AD_ACCOUNT: ("act_71", "act_72"), Kind.PAGE: ("71", "72")}[kind]
    losing(company, *nodes)
    assert [action.verb for action in plan_at(company, END - timedelta(days=20)).plan.actions] == ["relinquish"]
    saved = plan_at(company, END + timedelta(days=1))
    assert saved.plan.actions == ()
    assert {(row.asset.id, row.reason.code) for row in saved.plan.blocked} == {
        ("71", "access_ended"),
        ("72", "access_ended"),
    }
    assert company.writes == ()


@KINDS
def test_what_vanishes_shortly_before_its_end_is_not_asked_for_either(company, kind):
    company.asset(kind, "de", "71", owner="client", agencies={"acme": BUYER}, live={ACME: BUYER})
    losing(company, NODES[kind])
    assert plan_at(company, END - timedelta(days=20)).plan.actions == ()
    move(company, END)
    with company.connected() as (project, connection):  # this machine's clock is behind Meta's
        saved = plan_project(project, connection, NO_WISH, END - timedelta(seconds=10))
    assert saved.plan.actions == ()
    assert [row.reason.code for row in saved.plan.blocked] == ["access_ended"]


@KINDS
def test_a_snapshot_plans_nothing_on_what_was_lost_after_it_was_taken(company, kind):
    owned(company, kind)
    company.asset(kind, "uk", "74", owner="client", agencies={}, live={ACME: BUYER})
    node = {Kind.AD_ACCOUNT: "act_74", Kind.PAGE: "74"}[kind]
    losing(company, NODES[kind], node)
    near = END - timedelta(days=20)
    move(company, near)
    with company.connected() as (project, connection):
        snapshot = take_snapshot(project, connection, near)
    assert touched(plan_from_snapshot(project, snapshot, NO_WISH, near)) == {"71", "72", "74"}
    saved = plan_from_snapshot(project, snapshot, NO_WISH, END)
    assert touched(saved) == {"72"}
    assert {row.asset.id for row in saved.plan.blocked} == {"71", "74"}


def test_where_another_business_of_ours_still_sees_the_asset_only_the_lost_pair_is_blocked(company):
    company.project["acts_as"] = ["acme", "sister"]
    company.asset(
        "ad_account",
        "de",
        "71",
        owner="client",
        agencies={"acme": BUYER, "sister": BUYER},
        live={ACME: BUYER, "1002": []},
    )
    company.world["ad_accounts"]["71"]["agencies"]["1002"] = ["ANALYZE"]
    losing(company, "act_71")
    plan_at(company, END - timedelta(days=20))
    saved = plan_at(company, END)
    (row,) = saved.plan.blocked
    assert row.agency is not None
    assert (row.agency.id, row.before.status) == (ACME, Status.UNREADABLE)
    assert "this token lost act_71 on 4 May 2027" in row.reason.text
    assert [row.reason.code for row in saved.plan.waiting] == ["ask_client"]


# What was not foretold stays as honest as it was.


@KINDS
def test_without_a_warning_noted_before_nobody_can_tell_lost_from_hidden(company, kind):
    saved = plan_at(owned(company, kind), END + timedelta(days=1))
    (row,) = saved.plan.blocked
    assert row.reason.code == "hidden"
    assert "hidden from this token, or gone" in row.reason.text
    assert "managed" not in row.reason.text


@KINDS
def test_what_is_hidden_before_its_end_was_not_lost_by_it(company, kind):
    owned(company, kind)
    plan_at(company, END - timedelta(days=20))
    change(company, lambda world: world.with_assets([replace(world.assets[NODES[kind]], hidden=True)]))
    (row,) = plan_at(company, END - timedelta(days=10)).plan.blocked
    assert row.reason.code == "hidden"


def test_an_asset_that_meta_says_is_gone_is_not_called_hidden(company):
    owned(company, Kind.AD_ACCOUNT)
    plan_at(company, END - timedelta(days=20))
    change(company, lambda world: replace(without_ends(world.without_asset("act_71"), "act_71"), gone=("act_71",)))
    (row,) = plan_at(company, END + timedelta(days=1)).plan.blocked
    assert row.reason.code == "gone"


def test_an_extension_moves_the_end_and_a_new_login_takes_it_away(company):
    owned(company, Kind.AD_ACCOUNT)
    plan_at(company, END - timedelta(days=20))
    later = END + timedelta(days=5)
    change(company, lambda world: with_ends(world, {"act_71": later}))
    (one,) = plan_at(company, END - timedelta(days=2)).plan.losing
    assert one.expires_at == later
    change(company, lambda world: with_ends(world, {}))
    assert plan_at(company, END - timedelta(days=1)).plan.losing == ()
    with company.connected() as (_, connection):
        assert read_foretold(connection).ends[ACME] == {}
        assert len(connection.records.read(ENDINGS)) == 3  # once for each change


@KINDS
def test_what_is_shown_after_its_end_was_not_lost_and_the_old_warning_counts_no_more(company, kind):
    owned(company, kind)
    plan_at(company, END - timedelta(days=20))
    change(company, lambda world: replace(world, acts_with=frozen({})))  # a system user's token from now on
    saved = plan_at(company, END + timedelta(days=1))
    assert (touched(saved), saved.plan.blocked) == ({"71", "72"}, ())
    change(company, lambda world: world.with_assets([replace(world.assets[NODES[kind]], hidden=True)]))
    (row,) = plan_at(company, END + timedelta(days=2)).plan.blocked
    assert row.reason.code == "hidden"


def test_an_end_is_noted_once_and_again_only_when_it_changes(company):
    owned(company, Kind.PAGE)
    for days in (20, 19, 18):
        plan_at(company, END - timedelta(days=days))
    with company.connected() as (_, connection):
        (row,) = connection.records.read(ENDINGS)
    assert (row["business"], row["asset"], row["expires_at"]) == (ACME, "71", "2027-05-04T12:00:00+00:00")
    assert TOKEN not in json.dumps(row)


def test_rows_that_make_no_sense_or_are_of_another_place_tell_nothing():
    good = {"at": "2027-05-01T00:00:00+00:00", "url": "u", "business": ACME, "asset": "act_71"}
    rows = [
        good | {"expires_at": END.isoformat()},
        good | {"url": "other", "asset": "72", "expires_at": END.isoformat()},
        good | {"asset": 7, "expires_at": END.isoformat()},
        good | {"business": None},
        good | {"at": "yesterday", "expires_at": None},
    ]
    assert dict(foretold(rows, "u").ends[ACME]) == {Asset(Kind.AD_ACCOUNT, "71"): END}


# A saved plan.


@KINDS
def test_a_plan_from_before_the_end_is_stale_after_it(company, kind):
    saved = plan_at(owned(company, kind), END - timedelta(days=1))
    assert "71" in touched(saved)
    with pytest.raises(
        StaleError, match=rf"the token of acme lost {NODES[kind]} on 4 May 2027, after this plan was made"
    ):
        apply_at(company, saved, END + timedelta(hours=1))
    assert company.writes == ()


def test_a_plan_that_could_not_foretell_the_end_writes_nothing_to_what_is_lost(company):
    saved = plan_at(owned(company, Kind.AD_ACCOUNT), END - timedelta(days=40))
    result = apply_at(company, saved, END + timedelta(days=1))
    assert {step.action.asset.id for step in result.steps if step.outcome == "applied"} == {"72"}
    assert {write.asset for write in company.writes} == {"act_72"}


def test_a_plan_is_stale_where_the_end_was_foretold_only_after_it_was_made(company):
    company.asset("page", "fr", "72", owner="client", agencies={}, live={ACME: BUYER})
    losing(company, "72")
    saved = plan_at(company, END - timedelta(days=40))
    assert [action.verb for action in saved.plan.actions] == ["relinquish"]
    plan_at(company, END - timedelta(days=20))
    with pytest.raises(StaleError, match="the token of acme lost 72 on 4 May 2027"):
        apply_at(company, saved, END + timedelta(days=1))


def test_a_plan_with_ends_survives_its_file_and_the_look_of_apply(company):
    saved = plan_at(owned(company, Kind.AD_ACCOUNT), END - timedelta(days=20))
    document = to_document(saved)
    assert list(Draft202012Validator(load_schema("plan")).iter_errors(document)) == []
    assert document["losing"][0]["expires_at"] == "2027-05-04T12:00:00+00:00"
    assert from_document(json.loads(json.dumps(document))) == saved
    project = company.load()
    check_called_for(saved, project, {})
    it = replace(saved.plan.losing[0].asset, id="73", alias="it", name="It")  # nothing else names it
    check_called_for(
        replace(saved, plan=replace(saved.plan, losing=(replace(saved.plan.losing[0], asset=it),))), project, {}
    )
    for odd in (replace(saved.plan.losing[0], asset=None), replace(saved.plan.losing[0], expires_at=END)):
        check_called_for(replace(saved, plan=replace(saved.plan, losing=(odd,))), project, {})
    (one,) = saved.plan.losing
    renamed = replace(one, asset=replace(one.asset, alias="other"))
    with pytest.raises(StaleError, match="what it says the tokens lose"):
        check_called_for(replace(saved, plan=replace(saved.plan, losing=(renamed,))), project, {})


def test_after_the_end_a_plan_applies_to_the_rest_from_its_file(company):
    owned(company, Kind.PAGE)
    plan_at(company, END - timedelta(days=20))
    saved = plan_at(company, END)
    result = apply_at(company, from_document(to_document(saved)), END)
    assert {step.outcome for step in result.steps} == {"applied"}


def test_the_digest_does_not_move_with_the_clock(company):
    owned(company, Kind.AD_ACCOUNT)
    assert plan_at(company, END - timedelta(days=20)).digest == plan_at(company, END - timedelta(days=19)).digest
    assert plan_at(company, END).digest == plan_at(company, END + timedelta(days=9)).digest


def test_only_what_is_in_scope_is_told(company):
    owned(company, Kind.AD_ACCOUNT)
    near = END - timedelta(days=20)
    assert plan_at(company, near, Wish(Scope((), ("de",)))).plan.losing == ()
    assert plan_at(company, near, Wish(Scope(("fr",)))).plan.losing == ()
    assert len(plan_at(company, near, Wish(Scope(("de",)))).plan.losing) == 1


def test_a_snapshot_keeps_the_ends(company):
    owned(company, Kind.PAGE)
    near = END - timedelta(days=20)
    move(company, near)
    with company.connected() as (project, connection):
        snapshot = take_snapshot(project, connection, near)
    document = json.loads(json.dumps(snapshot_document(snapshot)))
    assert list(Draft202012Validator(load_schema("snapshot")).iter_errors(document)) == []
    assert snapshot_of(document) == snapshot
    saved = plan_from_snapshot(project, snapshot_of(document), NO_WISH, near)
    assert [one.expires_at for one in saved.plan.losing] == [END]


# The business itself.


def test_a_business_that_the_token_loses_is_foretold_and_then_an_error_that_says_so(company):
    owned(company, Kind.AD_ACCOUNT)
    losing(company, ACME)
    near = END - timedelta(days=20)
    assert 'this token loses "Acme GmbH" (acme, 1001) itself on 4 May 2027 (in 20 days)' in shown(
        plan_at(company, near), "text", near
    )
    with pytest.raises(GraphError) as caught:
        plan_at(company, END)
    assert "this token lost the business on 4 May 2027" in caught.value.what
    assert "hidden, not deleted, as far as the evidence goes" in caught.value.what
    assert "this token lost the business itself on 4 May 2027" in doctor_at(company, END)["lost"].text


def test_a_business_that_is_hidden_for_no_known_reason_is_no_lost_one(company):
    owned(company, Kind.AD_ACCOUNT)
    losing(company, ACME)
    with pytest.raises(GraphError) as caught:
        plan_at(company, END)
    assert "lost" not in caught.value.what


# Which tokens, and what it costs.


@KINDS
def test_with_a_system_users_token_nothing_changes(company, kind):
    owned(company, kind)
    del company.world["acts_with"]
    plans = [plan_at(company, END + timedelta(days=days)) for days in (-40, -20, 0, 1)]
    assert {saved.digest for saved in plans} == {plans[0].digest}
    assert plans[0].plan.losing == plans[0].plan.blocked == ()
    found = doctor_at(company, END + timedelta(days=1))
    assert not {"managed", "ends", "lost"} & found.keys()


@pytest.mark.parametrize(("refused", "is_person"), [("refused", True), ("refused", False), ("only_people", False)])
@KINDS
def test_where_meta_refuses_the_field_everything_is_read_as_before(company, kind, refused, is_person):
    owned(company, kind)
    if not is_person:
        del company.world["acts_with"]
    company.world["quirks"]["expire_time"] = refused
    near = END - timedelta(days=20)
    saved = plan_at(company, near)
    assert (touched(saved), saved.plan.blocked, saved.plan.losing) == ({"71", "72"}, (), ())
    assert saved.cost.errors == 1
    assert plan_at(company, near + timedelta(hours=1)).cost.errors == 0  # and is not asked again at once
    assert plan_at(company, near + timedelta(days=2)).cost.errors == 1
    if is_person:
        found = doctor_at(company, near + timedelta(days=3))["ends"]
        assert found.level is Level.UNKNOWN
        assert "cannot be known" in found.text


@KINDS
def test_where_meta_refuses_the_field_of_assets_alone_no_read_fails(company, kind):
    owned(company, kind)
    company.asset(kind, "their", "75", owner="client", agencies={"acme": BUYER}, live={ACME: BUYER})
    losing(company, NODES[kind], ACME)
    company.world["quirks"]["expire_time"] = "only_businesses"
    near = END - timedelta(days=20)
    saved = plan_at(company, near)
    assert (touched(saved), saved.plan.blocked, saved.plan.unread) == ({"71", "72"}, (), ())
    assert [one.asset for one in saved.plan.losing] == [None]
    for days in (19, 10):  # the field was refused just now, and then long ago
        saved = plan_at(company, END - timedelta(days=days), Wish(Scope(("de",))))
        assert (touched(saved), saved.plan.blocked) == ({"71"}, ())


def test_asking_for_ends_costs_no_call(company):
    owned(company, Kind.AD_ACCOUNT)
    with_ends = plan_at(company, END - timedelta(days=20))
    company.world["quirks"]["expire_time"] = "refused"
    company.write()
    plan_at(company, END - timedelta(days=20))
    without = plan_at(company, END - timedelta(days=20))
    assert with_ends.cost.calls == without.cost.calls
    assert with_ends.cost.errors == 0


def test_single_assets_are_read_with_their_ends_too(company):
    owned(company, Kind.PAGE)
    for number in range(80, 140):
        company.asset("page", f"p{number}", str(number), agencies={}, live={})
    near = END - timedelta(days=20)
    saved = plan_at(company, near, Wish(Scope(("de",))))
    assert [one.asset.id for one in saved.plan.losing] == ["71"]
    company.world["quirks"]["expire_time"] = "refused"
    company.write()
    saved = plan_at(company, near, Wish(Scope(("de",))))
    assert (touched(saved), saved.plan.blocked) == ({"71"}, ())


@pytest.mark.parametrize(
    ("work_account", "said"), [(True, "a person's managed account"), (False, "every Page token made")]
)
def test_doctor_tells_whose_account_a_persons_token_is_of(company, work_account, said):
    owned(company, Kind.PAGE)
    losing(company, work_account=work_account)
    found = doctor_at(company, END)
    assert said in found["managed"].text
    assert (found["managed"].level, found["ends"].level) == (Level.WARNING, Level.OK)
    assert "system user" in found["managed"].todo


# How it shows.


@pytest.mark.parametrize("name", ["text", "markdown", "step-summary", "html"])
def test_every_format_for_people_names_the_next_ends_and_counts_the_rest(company, name):
    for number in range(71, 79):
        company.asset("ad_account", f"de-{number}", str(number), agencies={}, live={})
    losing(company, *(f"act_{number}" for number in range(71, 79)))
    near = END - timedelta(days=12)
    text = shown(plan_at(company, near), name, near)
    assert text.count("on 4 May 2027 (in 12 days)") == SHOWN + 1
    assert "and 3 more, the last on 4 May 2027 (in 12 days)" in text
    assert "se the token of a system user" in text
    assert "(in 1 day)" in shown(plan_at(company, near), name, END - timedelta(days=1))


def test_the_readme_shows_what_is_printed_before_and_after_the_end(company):
    for kind, alias, number in ((Kind.AD_ACCOUNT, "de-brand", "71"), (Kind.PAGE, "acme-de", "81")):
        company.asset(kind, alias, number, agencies={"mediahouse": BUYER}, live={MEDIAHOUSE: BUYER})
    losing(company, "act_71", "81")
    for days in (-12, 1):
        moment = END + timedelta(days=days)
        text = PLAN_FORMATS["text"].render(plan_at(company, moment), Layout(moment))
        blocks = [block for block in text.split("\n\n") if "this token" in block]
        assert blocks[0].replace(" [access/all.yaml:18]", "") in README


def test_an_end_in_more_than_sixty_days_is_one_quiet_line(company):
    owned(company, Kind.AD_ACCOUNT)
    company.world["quirks"]["expire_days"] = 0
    early = END - timedelta(days=61)
    saved = plan_at(company, early)
    for name in ("text", "markdown", "html"):
        text = shown(saved, name, early)
        assert "Later, in more than 60 days: this token loses" in text
        assert "! this token loses" not in text
    assert doctor_at(company, early)["ends"].level is Level.OK
    assert "! this token loses" in shown(saved, "text", early + timedelta(days=1))


def test_events_tell_each_end(company):
    near = END - timedelta(days=12)
    saved = plan_at(owned(company, Kind.PAGE), near)
    lines = [json.loads(line) for line in shown(saved, "ndjson", near).splitlines()]
    validator = Draft202012Validator(load_schema("events"))
    assert [error for line in lines for error in validator.iter_errors(line)] == []
    (line,) = [line for line in lines if line["type"] == "losing"]
    assert (line["asset"]["id"], line["business"]["id"], line["expires_at"]) == ("71", ACME, END.isoformat())


def test_with_several_businesses_each_end_says_whose_token_it_is(company):
    company.project["acts_as"] = ["acme", "sister"]
    near = END - timedelta(days=12)
    assert "the token of acme loses ad account de (act_71)" in shown(
        plan_at(owned(company, Kind.AD_ACCOUNT), near), "text", near
    )


def test_the_name_of_an_asset_that_is_lost_is_cleaned(company):
    owned(company, Kind.AD_ACCOUNT)
    company.world["ad_accounts"]["71"]["name"] = "evil\x1b[31m\n::error::"
    near = END - timedelta(days=12)
    for name in ("text", "markdown", "html"):
        text = shown(plan_at(company, near), name, near)
        assert "\x1b" not in text
        assert "::error::" not in text


def test_a_day_is_written_the_same_everywhere():
    assert day(datetime(2027, 5, 4, 23, 30, tzinfo=UTC) + timedelta(hours=1)) == "5 May 2027"


# The simulated Graph API.


def test_the_field_is_there_only_for_the_token_that_loses_and_only_in_its_window(company):
    owned(company, Kind.AD_ACCOUNT)
    losing(company, "act_71", ACME)
    move(company, END - timedelta(days=31))
    field = "user_access_expire_time"
    assert client_of(company).get("act_71", fields=field) == {"id": "act_71"}
    move(company, END - timedelta(days=30))
    person, robot = client_of(company), client_of(company, f"sandbox-{ACME}")
    assert person.get("act_71", fields=field)[field] == "2027-05-04T12:00:00+00:00"
    assert person.get(ACME, fields=field)[field] == "2027-05-04T12:00:00+00:00"
    assert person.get("act_72", fields=field) == {"id": "act_72"}
    assert robot.get("act_71", fields=field) == {"id": "act_71"}


@KINDS
def test_two_tokens_do_not_share_what_a_listing_shows(company, kind):
    owned(company, kind)
    move(company, END)
    robot = client_of(company, f"sandbox-{ACME}")
    person = Client(robot.sandbox, TOKEN)
    numbers = [len(one.get(f"{ACME}/owned_{kind}s")["data"]) for one in (robot, person, robot)]
    assert numbers == [3, 2, 3]


@KINDS
def test_after_the_end_every_read_of_the_asset_gives_metas_own_error(company, kind):
    owned(company, kind)
    move(company, END)
    person, robot = client_of(company), client_of(company, f"sandbox-{ACME}")
    for path in (NODES[kind], f"{NODES[kind]}/agencies"):
        error = person.get(path)["error"]
        assert (error["code"], error["type"], error["message"]) == (100, "OAuthException", LOST)
        assert "error_subcode" not in error
    assert [row["id"] for row in person.get(f"{ACME}/owned_{kind}s")["data"]] == [
        NODES[kind].replace("71", number) for number in ("72", "73")
    ]
    assert len(robot.get(f"{ACME}/owned_{kind}s")["data"]) == 3
    assert robot.get(NODES[kind])["id"] == NODES[kind]
    assert code(person.post(f"{NODES[kind]}/agencies", business=MEDIAHOUSE)) == (100, 0)


def test_a_page_token_made_from_a_persons_token_loses_what_the_person_loses(company):
    owned(company, Kind.PAGE)
    move(company, END - timedelta(days=1))
    of_person, of_robot = client_of(company).of_page("71"), client_of(company, f"sandbox-{ACME}").of_page("71")
    assert of_person.token != of_robot.token
    assert TOKEN not in of_person.token
    assert len(of_person.get("71/agencies")["data"]) == 1
    move(company, END)
    of_person, of_robot = client_of(company, of_person.token), client_of(company, of_robot.token)
    for path in ("71/agencies", "71", "me"):
        assert of_person.get(path)["error"]["message"] == LOST
    assert len(of_robot.get("71/agencies")["data"]) == 1


def test_work_accounts_are_told_of_the_person_alone(company):
    owned(company, Kind.PAGE)
    losing(company, work_account=True)
    assert client_of(company).get("me", fields="is_work_account")["is_work_account"] is True


def test_an_asset_that_leaves_the_world_takes_its_end_along(company):
    company.asset("ad_account", "de", "71", owner="client", agencies=None, live={ACME: BUYER})
    company.asset("page", "own", "72", agencies=None, live={})
    losing(company, "72")
    assert client_of(company).delete(f"{ACME}/pages", page_id="72") == {"success": True}
    with company.people() as box:
        assert "72" not in box.world.tokens[TOKEN].access_expires


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda w: w["tokens"][TOKEN].update(access_expires={"act_99": time_text(END)}), "no asset or business"),
        (lambda w: w["tokens"][TOKEN].update(access_expires={"act_71": "soon"}), "is no time"),
        (lambda w: w["tokens"][TOKEN].update(kind="system_user"), "only a person's access ends"),
        (lambda w: w.update(acts_with={ACME: "nobody"}), 'no token "nobody"'),
        (lambda w: w.update(acts_with={"9": TOKEN}), 'no business "9"'),
    ],
)
def test_a_world_that_does_not_fit_is_refused_with_the_place(company, change, said):
    owned(company, Kind.AD_ACCOUNT)
    change(company.world)
    company.write()
    with pytest.raises(WorldError, match=said):
        company._store()


def test_time_goes_forward_in_a_world(company):
    owned(company, Kind.AD_ACCOUNT)
    move(company, END)
    with pytest.raises(WorldError, match="has passed"):
        move(company, END - timedelta(days=1))

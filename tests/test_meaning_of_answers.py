"""What Meta's answers mean for the next plan, and what moved between the look and the write (FAULTS D1, E)."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accessctl.apply import Outcome
from accessctl.errors import ManifestError
from accessctl.model import Grant, Kind, Status
from accessctl.plan import Verb
from accessctl.workflow import apply_plan
from tests.company import ACME, CLIENT, DATACO, MEDIAHOUSE, SISTER, STRANGER, Company
from tests.test_law_of_laws import LAW, QUIRKS, companies, fill
from tests.test_mass_change import planned

KINDS = pytest.mark.parametrize("kind", ["ad_account", "page"])
BUYER = ["ADVERTISE", "ANALYZE"]


def outcomes(result) -> list[str]:
    return [step.outcome.value for step in result.steps]


# Already so, already asked.


@KINDS
def test_access_that_meta_says_is_there_already_is_taken_for_done_after_a_look(company, kind):
    company.asset(kind, "de", "77", agencies={"mediahouse": BUYER}, live={})
    company.world["quirks"] = {"change": "refuse"}  # with 3944 or 3989
    saved = company.plan()
    with company.connected() as (_, connection):
        sandbox = connection.session._client._transport._sandbox
        real = connection.writer.give

        def give(*args):
            sandbox.give("77", MEDIAHOUSE, BUYER)  # between our look and our write
            return real(*args)

        object.__setattr__(connection, "writer", Overtaken(connection.writer, give=give))
        assert outcomes(apply_plan(saved, connection, clock=company.now)) == ["converged"]
    assert company.plan().plan.summary.unchanged == 1


class Overtaken:
    """A writer with another way to make one kind of call."""

    def __init__(self, writer, **calls) -> None:
        self.writer, self.calls = writer, calls

    def __getattr__(self, name):
        return self.calls.get(name) or getattr(self.writer, name)


@KINDS
def test_a_request_that_meta_says_was_sent_already_waits_and_is_not_sent_again(company, kind):
    company.world["quirks"] = {"request_ad_accounts": "open"}
    company.asset(kind, "shop", "78", owner="client", agencies={"acme": BUYER}, live={})
    saved = company.plan()
    with company.connected() as (_, connection):
        real = connection.writer.ask

        def ask(*args):
            real(*args)
            return real(*args)  # somebody else was quicker, by a hair

        object.__setattr__(connection, "writer", Overtaken(connection.writer, ask=ask))
        assert outcomes(apply_plan(saved, connection, clock=company.now)) == ["waiting_for_client"]
    for _ in range(5):
        assert company.apply().steps == ()
    assert len(company.writes) == 1


# Other tasks than were asked for.


@pytest.mark.parametrize("tasks", [["MANAGE"], ["ADVERTISE"], ["CREATE_CONTENT"], ["MODERATE", "ANALYZE"]])
def test_tasks_that_meta_adds_by_itself_make_no_endless_difference(company, tasks):
    company.asset("page", "de", "77", agencies={"mediahouse": tasks}, live={}, new_experience=True)
    for _ in range(10):
        company.apply()
    assert len(company.writes) == 1
    assert company.plan().plan.summary.unchanged == 1


@KINDS
@pytest.mark.parametrize(("change", "sent"), [("add", 1), ("refuse", 0), ("replace", 1)])
def test_a_change_that_meta_makes_otherwise_is_told_each_time_and_never_grows(company, kind, change, sent):
    company.world["quirks"] = {"change": change}
    company.asset(kind, "de", "77", agencies={"mediahouse": ["ANALYZE"]}, live={MEDIAHOUSE: ["ADVERTISE"]})
    ended = {outcomes(company.apply())[0]} if change != "replace" else set()
    plans = set()
    for _ in range(10):
        saved = company.plan()
        plans.add(tuple((action.id, action.before, action.after) for action in saved.plan.actions))
        ended |= set(outcomes(company.apply(saved)))
    if change == "replace":
        assert plans == {(), *(plan for plan in plans if plan)}
        assert company.plan().plan.actions == ()
    else:
        assert (ended, len(plans)) == ({"failed"}, 1), "the same plan each time: nothing flaps"
    held = {frozenset(write.after.tasks) for write in company.writes if write.after}
    assert len(held) <= sent


# Words nobody knows.

ODD_STATUSES = ["ON_HOLD", "SUSPENDED", "confirmed", "CONFIRMED ", "NULL", "AKTIV", "é", "X" * 300]
ODD_TASKS = ["FUTURE_TASK", "PROFILE_PLUS_FUTURE", "advertise", "TÂCHE", "A" * 300, "PROFILE_PLUS_ANALYZE "]


@KINDS
@pytest.mark.parametrize("status", ODD_STATUSES)
@pytest.mark.parametrize("agencies", [{}, {"mediahouse": BUYER}])
def test_a_status_nobody_knows_is_shown_as_it_is_and_nothing_is_done(company, kind, status, agencies):
    live = {MEDIAHOUSE: {"tasks": BUYER, "status": status}}
    company.asset(kind, "de", "77", agencies=agencies, live=live)
    company.write()
    saved = company.plan()
    assert saved.plan.actions == ()
    (row,) = saved.plan.blocked
    assert row.before.status is Status.UNKNOWN
    assert row.before.detail == status


@KINDS
@pytest.mark.parametrize("task", ODD_TASKS)
def test_a_task_nobody_knows_is_kept_through_every_change_and_is_no_reason_for_one(kind, task):
    held = {MEDIAHOUSE: Grant(frozenset([*BUYER, task])), DATACO: Grant(frozenset(["ANALYZE", task]))}
    wanted = {MEDIAHOUSE: Grant(frozenset(BUYER)), DATACO: Grant(frozenset(BUYER))}
    (action,) = planned(Kind(kind), held, wanted).actions
    assert (action.verb, action.agency.id) == (Verb.CHANGE, DATACO)
    assert task in action.before.tasks
    assert action.after.tasks == tuple(sorted([*BUYER, task]))


@KINDS
def test_a_task_nobody_knows_comes_through_a_real_change(company, kind):
    live = {MEDIAHOUSE: [*BUYER, "FUTURE_TASK"], DATACO: ["ANALYZE", "FUTURE_TASK"]}
    company.asset(kind, "de", "77", agencies={"mediahouse": BUYER, "dataco": BUYER}, live=live)
    assert [(one.verb, one.agency.id) for one in company.plan().plan.actions] == [(Verb.CHANGE, DATACO)]
    company.apply()
    assert all("FUTURE_TASK" in call.params["permitted_tasks"] for call in company.writes)


# Where we are no owner.


@KINDS
@pytest.mark.parametrize("owner", [CLIENT, STRANGER])
@pytest.mark.parametrize("live", [{}, {ACME: ["MANAGE", *BUYER]}])
def test_nothing_is_granted_on_an_asset_of_which_we_are_only_an_agency(company, kind, owner, live):
    company.asset(kind, "de", "77", agencies={"mediahouse": BUYER}, live=live)
    company.asset(kind, "ours", "78", agencies={"mediahouse": BUYER}, live={MEDIAHOUSE: BUYER})
    company.world[f"{kind}s"]["77"]["owner"] = owner
    saved = company.plan()
    assert saved.plan.actions == ()
    (row,) = saved.plan.blocked
    assert row.reason.code in ("other_owner", "hidden", "not_listed")
    assert row.reason.text
    company.apply()
    assert company.writes == ()


@KINDS
def test_a_manifest_cannot_even_say_that_we_grant_on_a_clients_asset(company, kind):
    company.asset(kind, "shop", "77", owner="client", agencies={"mediahouse": BUYER}, live={})
    company.write()
    with pytest.raises(ManifestError) as caught:
        company.load()
    assert "neither it nor the owner 'client' is in acts_as" in str(caught.value.problems[0])


# A door that is closed.


@pytest.mark.parametrize("parallelism", [1, 8])
def test_a_door_that_meta_has_closed_is_knocked_at_once_and_no_more(company, parallelism):
    for number in range(30):
        company.asset(
            "ad_account", f"shop-{number}", str(700 + number), owner="client", agencies={"acme": BUYER}, live={}
        )
    saved = company.plan()
    with company.connected() as (_, connection):
        result = apply_plan(saved, connection, parallelism=parallelism, clock=company.now)
        calls = connection.session._client._transport._sandbox.calls
    knocks = [call for call in calls if (call.method, call.path) == ("POST", f"{ACME}/client_ad_accounts")]
    assert len(knocks) == 1
    assert sorted(set(outcomes(result))) == ["failed", "skipped"]
    assert outcomes(result).count("failed") == 1


# Each for itself.


def check_six_writes(company: Company, patterns: range) -> None:
    """Let each pattern of six writes fail, and look at how each ended and what the next plan holds."""
    nodes = [f"act_{number}" for number in range(71, 77)]
    for number in range(71, 77):
        company.asset("ad_account", f"a-{number}", str(number), agencies={"mediahouse": BUYER}, live={})
    for pattern in patterns:
        failing = {node for place, node in enumerate(nodes) if pattern >> place & 1}
        company.world["faults"] = [{"match": f"POST {node}/agencies", "do": "success_false_string"} for node in failing]
        with tempfile.TemporaryDirectory() as directory:
            company.directory = Path(directory)
            result = company.apply()
            assert {f"act_{step.action.asset.id}" for step in result.steps if step.outcome is Outcome.FAILED} == failing
            assert {write.asset for write in company.writes} == set(nodes) - failing
            assert {f"act_{action.asset.id}" for action in company.plan().plan.actions} == failing


def test_of_six_writes_each_ends_for_itself(company):
    check_six_writes(company, range(0, 64, 9))


@pytest.mark.campaign
def test_of_six_writes_each_ends_for_itself_whichever_of_them_fail(company):
    check_six_writes(company, range(64))


# What others do between the plan and the write.

EDIT = st.tuples(
    st.integers(1, 8),
    st.sampled_from([MEDIAHOUSE, DATACO, STRANGER, SISTER, ACME]),
    st.sampled_from(["give", "take", "other"]),
)


def edited(company: Company, edits: list[tuple[int, str, str]]) -> dict[tuple[str, str], object]:
    """Let people at Meta change pairs; return what each touched pair is afterwards."""
    touched = {}
    with company.people() as sandbox:
        for number, agency, how in edits:
            asset = str(70000 + number)
            if asset not in sandbox.world.assets and f"act_{asset}" not in sandbox.world.assets:
                continue
            node = asset if asset in sandbox.world.assets else f"act_{asset}"
            if sandbox.world.assets[node].owner == agency:
                continue
            if how == "take":
                if agency in sandbox.world.assets[node].agencies:
                    sandbox.take(node, agency)
            else:
                sandbox.give(node, agency, ["ANALYZE"] if how == "give" else ["ADVERTISE", "ANALYZE"])
            touched[node, agency] = sandbox.world.assets[node].agencies.get(agency)
    return touched


@settings(LAW, max_examples=12)
@given(companies(), QUIRKS, st.lists(EDIT, min_size=1, max_size=12))
def test_what_somebody_else_did_before_our_write_is_never_written_over(assets, quirks, edits):
    with tempfile.TemporaryDirectory() as directory:
        company = fill(Path(directory), assets, quirks)
        saved = company.plan()
        touched = edited(company, edits)
        count = len(company.writes)
        company.apply(saved)
        planned = {(action.asset.id, action.agency.id): action for action in saved.plan.actions}
        for write in company.writes[count:]:
            action = planned[write.asset.removeprefix("act_"), write.agency]
            held = set(write.before.tasks) if write.before else set()
            if (write.asset, write.agency) in touched:
                expected = set(action.before.tasks) | {f"PROFILE_PLUS_{task}" for task in action.before.tasks}
                assert held <= expected, "only what the plan has seen is written over"
                assert bool(held) == bool(action.before.tasks)


def test_what_moved_is_told_in_words_and_the_same_end_is_no_trouble(company):
    seed = random.Random(1)
    for number in range(71, 91):
        company.asset("page", f"p-{number}", str(number), agencies={"mediahouse": BUYER}, live={})
    saved = company.plan()
    moved = {number: seed.choice(["same", "other", "pair"]) for number in range(71, 91)}
    with company.people() as sandbox:
        for number, how in moved.items():
            agency = DATACO if how == "pair" else MEDIAHOUSE
            sandbox.give(str(number), agency, ["MANAGE"] if how == "other" else BUYER)
    ended = {int(step.action.asset.id): step for step in company.apply(saved).steps}
    expected = {"same": "converged", "other": "stale", "pair": "applied"}
    assert {number: step.outcome.value for number, step in ended.items()} == {
        n: expected[how] for n, how in moved.items()
    }
    assert all("MANAGE was added" in ended[number].text for number, how in moved.items() if how == "other")
    assert {int(write.asset) for write in company.writes} == {number for number, how in moved.items() if how == "pair"}

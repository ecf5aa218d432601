"""No moment without anybody who runs campaigns, where somebody does before and after (law 7, FAULTS J7)."""

from __future__ import annotations

import pytest

from accessctl.plan import Verb
from accessctl.sandbox import load_world
from tests import checker
from tests.company import DATACO, MEDIAHOUSE, STRANGER

KINDS = pytest.mark.parametrize("kind", ["ad_account", "page"])
BUYER = ["ADVERTISE", "ANALYZE"]


def outcomes(result) -> list[tuple[str, str]]:
    return [(step.action.verb.value, step.outcome.value) for step in result.steps]


def check(company, saved) -> None:
    start = checker.held_in(load_world(company.directory / "world.yaml").assets)
    assert checker.check_prefixes(start, company.writes, saved.plan.actions) == len(company.writes)


@KINDS
def test_the_last_who_runs_campaigns_stays_until_a_second_admin_has_approved_the_next(company, kind):
    live = {STRANGER: BUYER}
    company.asset(kind, "de", "77", agencies={"mediahouse": BUYER}, live=live, admin_approval=True)
    saved = company.plan()
    for _ in range(2):
        result = company.apply(saved)
        assert outcomes(result) == [("grant", "awaiting_admin_approval"), ("revoke", "skipped")]
        assert result.exit_code == 5
        assert "until a second admin approves the grant for mediahouse" in result.steps[1].text
    with company.people() as sandbox:
        sandbox.approve("77", MEDIAHOUSE)
    assert outcomes(company.apply(saved)) == [("grant", "converged"), ("revoke", "applied")]
    assert len(company.writes) == 2


@KINDS
def test_a_new_plan_says_that_nobody_is_left_and_does_it(company, kind):
    company.asset(kind, "de", "77", agencies={"mediahouse": BUYER}, live={STRANGER: BUYER}, admin_approval=True)
    company.apply()
    saved = company.plan()
    (action,) = saved.plan.actions
    assert (action.verb, "last_holder" in action.risk) == (Verb.REVOKE, True)
    assert outcomes(company.apply(saved)) == [("revoke", "applied")]


@KINDS
@pytest.mark.parametrize(
    ("live", "declared"),
    [
        ({STRANGER: BUYER, DATACO: ["MANAGE"]}, {"mediahouse": BUYER, "dataco": ["MANAGE"]}),  # another one does
        ({STRANGER: ["ANALYZE"]}, {"mediahouse": BUYER}),  # nobody did before
        ({STRANGER: BUYER}, {"mediahouse": ["ANALYZE"]}),  # nobody will afterwards
    ],
)
def test_what_waits_for_a_second_admin_holds_nobody_else_back(company, kind, live, declared):
    company.asset(kind, "de", "77", agencies=declared, live=live, admin_approval=True)
    saved = company.plan()
    assert outcomes(company.apply(saved)) == [("grant", "awaiting_admin_approval"), ("revoke", "applied")]
    check(company, saved)


@KINDS
def test_accepting_with_fewer_tasks_than_were_asked_for_comes_before_all_that_narrows(company, kind):
    """Who has only asked holds nothing yet; the agency to go has the lower id."""
    live = {MEDIAHOUSE: BUYER, DATACO: {"tasks": [*BUYER, "MANAGE"], "status": "PENDING"}}
    company.asset(kind, "de", "77", agencies={"dataco": BUYER}, live=live)
    saved = company.plan()
    assert outcomes(company.apply(saved)) == [("accept", "applied"), ("revoke", "applied")]
    check(company, saved)


def test_the_checker_sees_a_moment_without_anybody(company):
    """The law is held against writes in the wrong order, and against one that takes too much."""
    company.asset("page", "de", "77", agencies={"mediahouse": BUYER, "dataco": BUYER}, live={STRANGER: BUYER})
    saved = company.plan()
    company.apply(saved)
    start = checker.held_in(load_world(company.directory / "world.yaml").assets)
    with pytest.raises(AssertionError, match="nobody can run campaigns"):
        checker.check_prefixes(start, company.writes[::-1], saved.plan.actions)
    with pytest.raises(AssertionError, match="with less"):
        checker.check_prefixes({("77", STRANGER): frozenset(BUYER)}, company.writes[-1:], ())

"""Limits on what one plan may remove, at their boundaries."""

from __future__ import annotations

import pytest

from accessctl.guard import hint, judge
from accessctl.model import Guards, Kind, Status
from accessctl.plan.nouns import Action, AssetRef, BusinessRef, Plan, Reason, State, Summary, Verb


def removing(count: int, *, live: int, verb: Verb = Verb.REVOKE, agency: str = "2002") -> Plan:
    actions = tuple(
        Action(
            verb,
            AssetRef(Kind.PAGE, str(number)),
            BusinessRef(agency, "mediahouse"),
            "1001",
            "acme",
            State(Status.CONFIRMED, ("ANALYZE",)),
            State(Status.ABSENT),
            Reason("not_declared", ""),
        )
        for number in range(count)
    )
    return Plan(actions, summary=Summary(revoke=count, live=live))


@pytest.mark.parametrize(
    ("count", "live", "word"),
    [
        (0, 0, "allowed"),
        (25, 100, "refused"),  # more than twenty in all
        (20, 100, "allowed"),
        (21, 1000, "refused"),
        (3, 12, "allowed"),  # 25 % exactly
        (4, 15, "refused"),  # 26.7 %
        (6, 25, "allowed"),  # 24 %
        (9, 9, "allowed"),  # below ten a share says nothing
        (10, 10, "refused"),
    ],
)
def test_too_many_revokes_are_refused(count, live, word):
    assert judge(removing(count, live=live), Guards()).word == word


@pytest.mark.parametrize(("percent", "word"), [(24, "refused"), (25, "allowed"), (26, "allowed")])
def test_the_share_is_the_projects_own(percent, word):
    assert judge(removing(5, live=20), Guards(max_revoke_percent=percent)).word == word


@pytest.mark.parametrize("verb", [Verb.REVOKE, Verb.WITHDRAW, Verb.RELINQUISH])
def test_every_verb_that_the_summary_counts_as_revoke_counts(verb):
    assert judge(removing(14, live=20, verb=verb), Guards()).reasons == (
        "this plan would revoke 14 of 20 live grants (70 %, the limit is 25 %)",
    )


def test_the_exact_number_confirms_and_no_other():
    plan = removing(14, live=20)
    assert judge(plan, Guards(), allowed_revokes=14).word == "allowed"
    for other in (0, 13, 15, 100):
        assert judge(plan, Guards(), allowed_revokes=other).word == "refused"
    assert hint(plan, judge(plan, Guards())).endswith("--allow-revokes 14")


def test_a_number_that_is_not_the_plans_is_refused_even_where_no_limit_is_reached():
    assert judge(removing(1, live=100), Guards(), allowed_revokes=2).reasons == (
        "--allow-revokes says 2, but this plan revokes 1",
    )


def test_a_protected_agency_is_never_revoked_whatever_is_confirmed():
    plan = removing(1, live=100)
    verdict = judge(plan, Guards(protect=frozenset({"2002"})), allowed_revokes=1)
    assert verdict.word == "refused"
    assert "guards.protect" in hint(plan, verdict)


def test_granting_is_never_guarded():
    grants = Plan(
        tuple(action for action in removing(50, live=50, verb=Verb.GRANT).actions), summary=Summary(grant=50, live=50)
    )
    assert judge(grants, Guards()).word == "allowed"

"""A plan is overtaken by newer manifests of the same businesses, and by nothing else."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace as Plan

import pytest

from accessctl.errors import StaleError
from accessctl.overtaken import check_not_overtaken
from accessctl.plan.nouns import BusinessRef

AT = datetime(2026, 11, 21, 10, tzinfo=UTC)
URL = "https://graph.facebook.com"


def plan(made, business="1001", manifests="mine"):
    origin = Plan(manifests_digest=manifests, acts_as=(BusinessRef(business, "acme", ""),))
    return Plan(created_at=made, origin=origin)


def started(made, business="1001", manifests="others"):
    return {
        "event": "run_started",
        "graph": {"url": URL},
        "at": made.isoformat(),
        "plan": f"sha256:00 {made.isoformat()}",
        "manifests": manifests,
        "acts_as": [business],
    }


def test_newer_manifests_of_the_same_business_overtake():
    with pytest.raises(StaleError):
        check_not_overtaken(plan(AT), [started(AT + timedelta(minutes=5))], URL, AT + timedelta(hours=1))


def test_a_project_of_another_business_in_the_same_journal_overtakes_nothing():
    check_not_overtaken(plan(AT), [started(AT + timedelta(minutes=5), business="1002")], URL, AT + timedelta(hours=1))


def test_a_plan_made_by_a_clock_that_was_hours_ahead_stops_no_new_plan():
    """A runner's clock was three hours ahead; plan and apply ran on it. Any plan made now is newer than it."""
    check_not_overtaken(plan(AT), [started(AT + timedelta(hours=3))], URL, AT + timedelta(hours=1))

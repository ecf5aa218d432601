"""A plan that nobody changed is never refused as one that the manifests do not call for."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accessctl.errors import StaleError
from accessctl.gate import check_fits
from accessctl.manifest import load_project
from accessctl.plan.nouns import Scope
from accessctl.planfile import read_plan, write_plan
from accessctl.workflow import Wish
from tests.campaigns import examples
from tests.company import NOW, Company
from tests.test_law_of_laws import LAW, QUIRKS, companies, fill

SELECTORS = [
    "asset-0",
    "asset-1",
    "always",
    "kind:page",
    "kind:ad_account",
    "agency:mediahouse",
    "agency:acme",
    "owner:acme",
]
SOME = st.lists(st.sampled_from(SELECTORS), max_size=2, unique=True).map(tuple)
NONE = st.just(())
WISHES = st.builds(
    lambda targets, excludes, again, gap: Wish(Scope(targets, excludes), again, gap),
    st.one_of(NONE, NONE, SOME),
    st.one_of(NONE, NONE, SOME),
    st.one_of(NONE, SOME),
    st.booleans(),
)
ENDS = st.sampled_from(["", "", "", "2026-01-31", "2026-11-20", "2026-11-21", "2027-01-31"])
ODD = st.sampled_from([(), (), ("FUTURE_TASK",), ("PROFILE_PLUS_REVENUE",), ("PROFILE_PLUS_ADVERTISE",)])


def with_odds(assets: list[dict[str, Any]], ends: list[str], odd: list[tuple[str, ...]]) -> list[dict[str, Any]]:
    """Let declarations end, and let Meta show tasks that nobody knows or asked for."""
    for number, asset in enumerate(assets):
        end, more = ends[number % len(ends)], odd[number % len(odd)]
        for agency, tasks in (asset["agencies"] or {}).items():
            asset["agencies"][agency] = {"tasks": tasks} | ({"until": end} if end else {})
        for pair in (asset["live"] or {}).values():
            pair["tasks"] = [*pair["tasks"], *(task for task in more if task not in pair["tasks"])]
    return assets


def meaningful(wish: Wish, company: Company) -> Wish:
    """Leave out the selectors of assets that this company does not declare."""
    known = {*company.manifest["ad_accounts"], *company.manifest["pages"]}
    targets, excludes, again = (
        tuple(one for one in some if ":" in one or one in known)
        for some in (wish.scope.targets, wish.scope.excludes, wish.ask_again)
    )
    return replace(wish, scope=Scope(targets, excludes), ask_again=again)


def assert_fits(company: Company, saved, *, days: int = 0) -> None:
    """Write the plan to a file, read it back, and hold it against the manifests as apply does, `days` later."""
    path = company.directory / "plan.json"
    write_plan(path, saved)
    today = NOW.date() + timedelta(days=days)
    with company.connected() as (_, connection):
        project = load_project(company.directory, today=today, allow_unknown_tasks=True)
        refused = ""
        try:
            check_fits(read_plan(path), project, connection, today=today)
        except StaleError as error:
            refused = error.what
        assert not refused or (days and "which has passed" in refused), refused


def check_fitting(assets: list[dict[str, Any]], quirks: dict[str, Any], wish: Wish, unexpected: str) -> None:
    with tempfile.TemporaryDirectory() as directory:
        company = fill(Path(directory), assets, quirks)
        company.project["requests"] = {"unexpected": unexpected}
        company.write()
        wish = meaningful(wish, company)
        first = company.plan(wish)
        assert_fits(company, first)
        assert_fits(company, first, days=1)
        company.apply(first)
        assert_fits(company, first)
        assert_fits(company, company.plan(wish))
        assert_fits(company, company.plan(replace(wish, ask_again=("kind:page", "agency:mediahouse"))))


DRAWN = (companies(), QUIRKS, WISHES, st.sampled_from(["report", "decline"]))


@settings(LAW, max_examples=12)
@given(*DRAWN, st.lists(ENDS, min_size=3, max_size=3), st.lists(ODD, min_size=2, max_size=2))
def test_a_plan_is_what_the_manifests_call_for(assets, quirks, wish, unexpected, ends, odd):
    check_fitting(with_odds(assets, ends, odd), quirks, wish, unexpected)


@pytest.mark.campaign
@settings(LAW, max_examples=examples(2000), derandomize=False)
@given(*DRAWN, st.lists(ENDS, min_size=3, max_size=3), st.lists(ODD, min_size=2, max_size=2))
def test_a_plan_is_what_the_manifests_call_for_over_many_more_companies(assets, quirks, wish, unexpected, ends, odd):
    check_fitting(with_odds(assets, ends, odd), quirks, wish, unexpected)

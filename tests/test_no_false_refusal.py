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
from tests.company import ACME, MEDIAHOUSE, NOW, SISTER, STRANGER, Company, evening
from tests.test_law_of_laws import LAW, QUIRKS, companies, fill

BUYER = ["ADVERTISE", "ANALYZE"]
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
            check_fits(read_plan(path), project, connection, now=evening(today))
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


@pytest.mark.parametrize("kind", ["ad_account", "page"])
@pytest.mark.parametrize(
    "odd",
    [
        {"partners_miss": [ACME]},
        {"partners_miss": [SISTER]},
        {"partners_miss": [ACME, SISTER]},
        {"hidden": True},
        {"unlisted": True},
        {"fault": {"code": 10, "message": "no"}},
    ],
)
@pytest.mark.parametrize("owner", ["acme", "client"])
def test_what_nobody_can_tell_is_no_reason_to_refuse_the_rest(company, kind, odd, owner):
    company.project["acts_as"] = ["acme", "sister"]
    agencies = {"sister": BUYER} | ({"acme": BUYER} if owner == "client" else {"mediahouse": BUYER})
    live = {SISTER: BUYER} | ({ACME: ["ANALYZE"]} if owner == "client" else {STRANGER: BUYER})
    for manage in ("exclusive", "additive"):
        number = "71" if manage == "exclusive" else "72"
        company.asset(kind, f"odd-{number}", number, owner=owner, agencies=agencies, live=live, manage=manage, **odd)
    company.asset(kind, "none", "73", owner=owner, agencies={}, live=live, **odd)
    company.asset(kind, "sound", "74", agencies={"dataco": BUYER}, live={STRANGER: BUYER})
    company.asset(kind, "old", "75", live={STRANGER: BUYER}, **odd)
    company.write()
    assert_fits(company, company.plan())
    for selector in ("agency:sister", "odd-71", f"kind:{kind}"):
        assert_fits(company, company.plan(Wish(Scope((selector,)))))


@pytest.mark.parametrize("edge", ["clients", "client_{}s", "pending_client_{}s", "owned_{}s", "agencies"])
@pytest.mark.parametrize("business", [ACME, SISTER])
@pytest.mark.parametrize("kind", ["ad_account", "page"])
def test_what_could_not_be_read_to_the_end_is_no_reason_to_refuse_the_rest(company, kind, business, edge):
    company.project["acts_as"] = ["acme", "sister"]
    company.asset(kind, "shop", "71", owner="client", agencies={"acme": BUYER}, live={ACME: BUYER, SISTER: BUYER})
    company.asset(
        kind, "loose", "72", owner="client", agencies={"sister": BUYER}, live={ACME: BUYER}, manage="additive"
    )
    company.asset(kind, "de", "73", agencies={"dataco": BUYER}, live={STRANGER: BUYER})
    path = f"GET {business}/{edge.format(kind)}"
    company.world["faults"] = [{"match": path, "nth": 1, "do": "html_200"} for _ in range(60)]
    company.write()
    assert_fits(company, company.plan())


@pytest.mark.parametrize("partners", ["open", "refused"])
@pytest.mark.parametrize("wish", [Wish(), Wish(Scope(("de",))), Wish(Scope(("agency:ghost",)))])
def test_a_first_grant_to_a_business_without_a_name_is_no_reason(company, partners, wish):
    ghost = {"ghost": {"id": "9999", "name": "Ghost"}}
    company.manifest["businesses"] = {**company.manifest["businesses"], **ghost}
    company.world["quirks"] = {"partners": partners}
    for alias, number in (("de", "71"), ("fr", "72")):
        company.asset("page", alias, number, agencies={"ghost": BUYER, "mediahouse": BUYER}, live={})
    company.write()
    saved = company.plan(wish)
    assert any("name_unread" in action.risk for action in saved.plan.actions)
    assert_fits(company, saved)


def test_what_ended_overnight_stops_nothing_that_does_not_lean_on_it(company):
    ends = {"mediahouse": {"tasks": BUYER, "until": str(NOW.date())}}
    company.asset("page", "de", "71", agencies=ends, live={MEDIAHOUSE: BUYER})
    company.asset("page", "fr", "72", agencies={"dataco": BUYER}, live={})
    company.write()
    saved = company.plan()
    assert saved.plan.summary.unchanged == 1
    today = NOW.date() + timedelta(days=1)
    with company.connected() as (_, connection):
        check_fits(saved, load_project(company.directory, today=today), connection, now=evening(today))


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

"""What doctor says of an asset that a token was foretold to lose: lost where it is not shown, open where nobody saw."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from accessctl.doctor.ending import ending_findings, lost_findings
from accessctl.doctor.examine import examine
from accessctl.doctor.facts import NOT_ASKED, USER, Facts, LiveBusiness, Managed, Me, Service, TokenFacts, Unread
from accessctl.doctor.findings import Level
from accessctl.doctor.moving import moving_findings
from accessctl.doctor.needs import needs_of
from accessctl.endings import Foretold
from accessctl.model import Asset, Kind, frozen
from accessctl.render.doctor import doctor_text
from accessctl.render.losing import losses
from accessctl.render.paper import Paper
from accessctl.sandbox.world import Mishap
from accessctl.webhook.kept import Kept
from tests.company import ACME
from tests.test_managed_accounts import BUYER, END, change, doctor_at, losing, plan_at

DE, FR = Asset(Kind.AD_ACCOUNT, "71"), Asset(Kind.AD_ACCOUNT, "72")
AFTER = END + timedelta(days=1)
FAILED = "Meta's answer to GET 1001/owned_ad_accounts is no JSON"
ASKED = Managed(False, frozen({}), frozenset({DE, FR}))


@pytest.fixture
def declared(company):
    for number, alias in (("71", "de"), ("72", "fr")):
        company.asset("ad_account", alias, number, agencies={"mediahouse": BUYER}, live={})
    company.write()
    return company.load()


def lost(project, *ends, **facts):
    """Return what is said of these ends of a person's token, which sees all but for what `facts` say."""
    business = project.desired.businesses[ACME]
    told = Facts(business, TokenFacts(USER), Me("7"), LiveBusiness(ACME), NOT_ASKED, managed=ASKED)
    known = Foretold(frozen({ACME: frozen(dict.fromkeys(ends, END))}), frozen({}))
    needs = needs_of(project.desired, project.policy.acts_as)
    return [*lost_findings(known, [replace(told, **facts)], needs, AFTER)]


def test_what_is_seen_was_not_lost_and_what_is_not_seen_was(declared):
    assert lost(declared, DE, FR, None) == []
    (one,) = lost(declared, DE, FR, managed=Managed(False, frozen({}), frozenset({FR})))
    assert (one.level, "this token lost ad account de (act_71) on 4 May 2027" in one.text) == (Level.PROBLEM, True)
    assert "fr" not in one.text


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"managed": Managed(False, frozen({}), frozenset({FR}), FAILED)}, FAILED),
        ({"managed": NOT_ASKED}, NOT_ASKED.reason),
        ({"managed": NOT_ASKED, "token": Unread("debug_token did not answer")}, "debug_token did not answer"),
    ],
)
def test_an_asset_that_could_not_be_looked_at_is_not_known_to_be_lost(declared, facts, why):
    (one,) = lost(declared, DE, **facts)
    assert (one.level, one.subject) == (Level.UNKNOWN, ACME)
    when = "on 4 May 2027 (1 day ago), as was foretold"
    assert one.text == f"whether this token lost ad account de (act_71) {when}: {why}"
    assert "system user" in one.todo


def test_a_listing_that_was_read_in_part_leaves_open_only_what_it_did_not_show(declared):
    (one,) = lost(declared, DE, FR, managed=Managed(False, frozen({}), frozenset({FR}), FAILED))
    assert (one.level, "de (act_71)" in one.text, "fr" in one.text) == (Level.UNKNOWN, True, False)


@pytest.mark.parametrize(("code", "level"), [(100, Level.PROBLEM), (2, Level.UNKNOWN), (0, Level.UNKNOWN)])
def test_a_business_is_lost_where_meta_hides_it_and_not_where_its_answer_failed(declared, code, level):
    (one,) = lost(declared, None, live=Unread("no answer", code))
    assert (one.level, "the business itself on 4 May 2027" in one.text) == (level, True)


def test_of_a_token_that_meta_refuses_nothing_more_is_said(declared):
    dead = Unread("it has expired", 190, token_refused=True)
    assert lost(declared, DE, None, token=dead, me=dead, live=dead, managed=NOT_ASKED) == []


def test_doctor_leaves_open_what_a_listing_that_fails_would_have_shown(company):
    company.asset("ad_account", "de", "71", agencies={"mediahouse": BUYER}, live={})
    losing(company, "act_71")
    plan_at(company, END - timedelta(days=20))
    assert doctor_at(company, AFTER)["lost"].level is Level.PROBLEM
    change(company, lambda world: replace(world, mishaps=(Mishap("GET 1001/owned_ad_accounts", "html_200"),) * 9))
    found = doctor_at(company, AFTER)["lost"]
    assert (found.level, "ad account de (act_71)" in found.text) == (Level.UNKNOWN, True)


def test_nothing_that_cannot_be_known_is_said_so_twice_in_a_row(declared):
    business = declared.desired.businesses[ACME]
    managed = Managed(None, frozen({}), frozenset(), FAILED)
    facts = Facts(business, TokenFacts(USER), Me("7"), LiveBusiness(ACME), NOT_ASKED, managed=managed)
    needs = needs_of(declared.desired, declared.policy.acts_as)
    found = [
        *ending_findings(facts, needs[ACME], AFTER),
        *lost_findings(Unread("the disk is gone"), [facts], needs, AFTER),
        *moving_findings(Kept(unread="the disk is gone"), [facts], AFTER),
        *lost(declared, DE, managed=managed),
    ]
    assert [one.level for one in found] == [Level.UNKNOWN] * 5
    said = doctor_text(found, [business], Paper(2_000))
    assert said.count("cannot be known: wh") == 5
    assert "not known" not in said
    assert "cannot be known: Meta" not in said


@pytest.mark.parametrize(
    ("work_account", "warned"), [(True, ["managed"]), (False, ["managed"]), (None, ["token-type"])]
)
def test_that_a_token_is_a_persons_is_one_warning_and_who_has_moved_is_not_yet_to_move(declared, work_account, warned):
    business, token = declared.desired.businesses[ACME], TokenFacts(USER, expires_at=0)
    told = Facts(
        business, token, Me("7"), LiveBusiness(ACME), NOT_ASKED, managed=replace(ASKED, work_account=work_account)
    )
    needs = needs_of(declared.desired, declared.policy.acts_as)
    found = [one for one in examine([told], needs, Service("v26.0"), AFTER) if one.id in ("managed", "token-type")]
    assert [one.id for one in found if one.level is Level.WARNING] == warned
    assert any("moves to a managed Meta account" in one.text for one in found) is not work_account


def test_what_is_lost_later_on_the_same_day_is_not_said_to_come_after_it(company):
    for number, alias in (("71", "de"), ("72", "fr"), ("73", "it")):
        company.asset("ad_account", alias, number, agencies={"mediahouse": BUYER}, live={})
    losing(company, "act_71", "act_72", "act_73")
    company.world["quirks"]["expire_days"] = 0
    early = END - timedelta(days=90)
    later = losses(plan_at(company, early), early).later
    assert later.endswith(" on 4 May 2027, and 2 more on that day or later.")

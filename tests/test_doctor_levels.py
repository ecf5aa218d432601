"""Authorization: permissions and their access levels, tiers, system users, Business Verification, the login address."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from urllib.parse import parse_qs, urlsplit

import pytest

from accessctl.doctor import Level, ask, examine, needs_of
from accessctl.doctor.business import VERIFIED
from accessctl.doctor.facts import AppFacts, LiveBusiness, Service, Unread
from accessctl.doctor.level import Access, Verdict, judge, level_findings
from accessctl.doctor.needs import NEEDS, Needs
from accessctl.doctor.permissions import login_url
from accessctl.doctor.service import TIERS
from accessctl.model import Asset, AssetAccess, Kind, Side, frozen

from .company import ACME, CLIENT, MEDIAHOUSE, NOW, SISTER
from .test_doctor import ALL, NEEDED, OWNED, SOUND, asked, filled, findings, of_token

YES, NO, NOT_KNOWN = True, False, None
A, V = Access, Verdict
# (level, assets of others, own app) -> is it enough; Meta's Authorization page.
VERDICTS = {
    **{(A.ADVANCED, others, own): V.APPROVED for others, own in product((YES, NO), (YES, NO, NOT_KNOWN))},
    **{(A.UNKNOWN, others, own): V.OPEN for others, own in product((YES, NO), (YES, NO, NOT_KNOWN))},
    (A.STANDARD, NO, YES): V.ENOUGH,
    (A.STANDARD, NO, NO): V.ROLE_NEEDED,
    (A.STANDARD, NO, NOT_KNOWN): V.OPEN,
    (A.STANDARD, YES, YES): V.ADVANCED_NEEDED,
    (A.STANDARD, YES, NO): V.ROLE_NEEDED,
    (A.STANDARD, YES, NOT_KNOWN): V.ADVANCED_NEEDED,
}
CLIENTS_ACCOUNT = Needs(clients=(AssetAccess(Asset(Kind.AD_ACCOUNT, "95"), CLIENT),))
CLIENTS_PAGE = Needs(clients=(AssetAccess(Asset(Kind.PAGE, "91"), CLIENT),))
OWN = Needs(owned=OWNED)
OWN_APP = AppFacts("4242", "Access app", ACME)
OTHERS_APP = AppFacts("4242", "Access app", MEDIAHOUSE)


def test_every_case_of_an_access_level_has_its_verdict():
    assert set(VERDICTS) == set(product(Access, (YES, NO), (YES, NO, NOT_KNOWN)))


@pytest.mark.parametrize(("case", "expected"), VERDICTS.items())
def test_standard_access_is_enough_for_ones_own_and_advanced_for_others(case, expected):
    access, others, own = case
    assert judge(access, is_others=others, is_own_app=own) is expected


@pytest.mark.parametrize(
    ("status", "needs", "app", "roles", "level"),
    [
        ("live", OWN, OWN_APP, None, Level.OK),
        ("live", CLIENTS_ACCOUNT, OTHERS_APP, None, Level.OK),
        ("unapproved", OWN, OWN_APP, None, Level.OK),
        ("unapproved", OWN, OTHERS_APP, ["611001"], Level.OK),
        ("unapproved", OWN, OTHERS_APP, [], Level.PROBLEM),
        ("unapproved", OWN, OTHERS_APP, None, Level.UNKNOWN),
        ("unapproved", CLIENTS_ACCOUNT, OWN_APP, None, Level.WARNING),
        ("unapproved", CLIENTS_ACCOUNT, OTHERS_APP, None, Level.PROBLEM),
        ("unapproved", CLIENTS_ACCOUNT, OTHERS_APP, [], Level.PROBLEM),
        ("unapproved", CLIENTS_PAGE, OTHERS_APP, None, Level.WARNING),
        ("in_review", OWN, OWN_APP, None, Level.UNKNOWN),
        ("", OWN, OWN_APP, None, Level.UNKNOWN),
    ],
)
def test_what_app_review_says_is_judged_by_whose_assets_they_are(status, needs, app, roles, level):
    reviewed = frozen(dict.fromkeys(ALL, status) if status else {})
    known = Unread("no") if roles is None else frozenset(roles)
    facts = replace(SOUND, app=app, reviewed=reviewed, roles=known)
    found = [*level_findings(facts, needs)]
    assert {one.level for one in found} == {level}
    assert all(one.source and (one.todo or one.level is Level.OK) for one in found)


def test_levels_that_cannot_be_read_are_one_line_with_where_to_look():
    (one,) = level_findings(replace(SOUND, reviewed=Unread("Meta refused it")), NEEDED)
    assert one.level is Level.UNKNOWN
    assert "Meta refused it" in one.text
    assert "App Review > Permissions and Features" in one.todo


def test_each_permission_is_judged_by_the_worse_of_what_it_is_needed_for():
    reviewed = frozen(dict.fromkeys(ALL, "unapproved") | {"ads_management": "live"})
    found = {one.id: one for one in level_findings(replace(SOUND, app=OWN_APP, reviewed=reviewed), NEEDED)}
    assert found["access-level.approved"].text == "the app has advanced access to ads_management"
    assert "business_management" in found["access-level.advanced_needed"].text
    assert "business_management" not in found["access-level.enough"].text
    assert "pages_show_list" in found["access-level.enough"].text


# Which permissions a list of assets takes: each side, kind and verb.

READ, WRITE = "read", "write"
LISTS = [
    (OWNED[:1], (), {"business_management", "ads_management"}, {}),
    (OWNED[:1], (), {"business_management", "ads_read"}, {"owner-ad-accounts-write"}),
    (OWNED[:1], (), {"ads_management", "ads_read"}, {"owner-ad-accounts-read", "owner-ad-accounts-write"}),
    (OWNED[:1], (), {"business_management"}, {"owner-ad-accounts-read", "owner-ad-accounts-write"}),
    (OWNED[2:], (), {"business_management", "pages_manage_metadata", "pages_show_list"}, {}),
    (OWNED[2:], (), {"pages_manage_metadata", "pages_show_list"}, {"owner-pages-read", "owner-pages-write"}),
    ((), CLIENTS_PAGE.clients, {"business_management"}, {}),
    ((), CLIENTS_PAGE.clients, {"pages_show_list"}, {"agency-pages"}),
    ((), CLIENTS_ACCOUNT.clients, {"business_management"}, {}),
    ((), CLIENTS_ACCOUNT.clients, {"ads_management"}, {"agency-ad-accounts"}),
    ((), (), set(), {}),
]


@pytest.mark.parametrize(("owned", "clients", "scopes", "lost"), LISTS)
def test_each_list_of_permissions_does_what_it_is_for_and_no_more(owned, clients, scopes, lost):
    facts = replace(SOUND, token=replace(SOUND.token, scopes=frozenset(scopes)))
    found = findings(facts, needs=Needs(owned, clients))
    missing = {key.partition(".")[2] for key, one in found.items() if one.level is Level.PROBLEM}
    assert missing == set(lost)


def test_a_permission_that_is_not_in_the_table_of_needs_is_never_asked_for():
    known = {"business_management", "ads_management", "ads_read", "pages_manage_metadata", "pages_show_list"}
    assert set().union(*(way for need in NEEDS for way in (*need.ways, need.better))) == known
    assert NEEDED.permissions() == known - {"ads_read"}
    assert {(need.side, need.kind) for need in NEEDS} == set(product(Side, Kind))


# The login address.


def test_a_missing_permission_comes_with_the_address_that_asks_for_all():
    found = of_token(scopes=frozenset({"business_management"}), type="USER")
    url = found["permission.owner-ad-accounts-write"].url
    parts = urlsplit(url)
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "www.facebook.com", "/v26.0/dialog/oauth")
    assert parse_qs(parts.query) == {
        "client_id": ["4242"],
        "redirect_uri": ["YOUR_URL/"],
        "scope": ["ads_management,business_management,pages_manage_metadata,pages_show_list"],
    }
    assert {one.url for one in found.values() if one.url} == {url}
    assert not found["permission.agency-pages"].url


@pytest.mark.parametrize("app_id", ["", "4242&scope=email", "\u0664\u0662", "4242/x"])
def test_an_id_of_an_app_that_is_none_makes_no_address(app_id):
    facts = replace(SOUND, token=replace(SOUND.token, app_id=app_id))
    assert login_url(facts, ALL, "v26.0") == ""


def test_a_person_logs_in_again_and_a_system_user_gets_a_new_token():
    scopes = frozenset({"business_management"})
    key = "permission.owner-ad-accounts-write"
    assert of_token(scopes=scopes, type="USER")[key].todo.startswith("let the person log in again and allow ads_")
    assert of_token(scopes=scopes)[key].todo.startswith("make a new token of the system user with ads_management")


# Tiers and system users.


@pytest.mark.parametrize(
    ("tier", "points", "block"), [("development_access", "60", "300"), ("standard_access", "9,000", "60")]
)
def test_a_tier_says_its_limits_in_todays_words_and_names_the_older_ones_once(tier, points, block):
    found = findings(replace(SOUND, tier=tier))
    text = found["tier"].text
    assert f"{points} points in 300 seconds for each" in text
    assert f"a block of {block} seconds" in text
    assert "any number of ad accounts" in text
    assert sum("Ads Management Standard Access" in one.text for one in found.values()) == 1
    assert ("tier.business-manager" in found) is (tier == "development_access")


@pytest.mark.parametrize(
    ("tier", "roles", "level", "said"),
    [
        ("development_access", ["ADMIN", "EMPLOYEE"], Level.OK, "1 admin system user and 1 other system user;"),
        ("development_access", ["ADMIN", "EMPLOYEE", "EMPLOYEE"], Level.WARNING, "Limited access allows 1 and 1"),
        ("standard_access", ["ADMIN", *["EMPLOYEE"] * 10], Level.OK, "Full access allows 1 and 10"),
        ("standard_access", ["ADMIN", *["EMPLOYEE"] * 11], Level.WARNING, "11 other system users"),
        ("standard_access", ["ADMIN", "ADMIN"], Level.WARNING, "2 admin system users"),
        ("", ["ADMIN"], Level.OK, "Limited access allows 1 and 1, Full access allows 1 and 10"),
        ("standard_access", ["ADMIN", ""], Level.UNKNOWN, "which of the 2 system users of the business are admins"),
        ("standard_access", None, Level.UNKNOWN, "how many system users the business has"),
    ],
)
def test_system_users_are_counted_by_role_against_the_tier(tier, roles, level, said):
    users = Unread("it was not asked") if roles is None else tuple(roles)
    one = findings(replace(SOUND, tier=tier, system_users=users))["system-users"]
    assert one.level is level
    assert said in one.text


def test_the_tiers_are_those_of_metas_pages():
    told = {tier.name: (tier.points, tier.block, tier.hourly, tier.users, tier.admins) for tier in TIERS.values()}
    assert told == {"Limited": (60, 300, 300, 1, 1), "Full": (9000, 60, 100_000, 10, 1)}


@pytest.mark.parametrize(
    ("tier", "accounts", "hourly", "writes"),
    [
        ("development_access", 1, "300", "20 writes in 5 minutes for the 1 declared ad account, fewer with the reads"),
        ("development_access", 30, "300", "20 writes in 5 minutes for each of the 30 declared ad accounts, fewer with"),
        ("standard_access", 30, "100,000", ""),
    ],
)
def test_limits_are_those_of_each_ad_account(tier, accounts, hourly, writes):
    owned = tuple(AssetAccess(Asset(Kind.AD_ACCOUNT, str(700 + number)), ACME) for number in range(accounts))
    one = findings(replace(SOUND, tier=tier), needs=Needs(owned))["tier"]
    assert f"{hourly} calls an hour for each, and 40 more for each active ad" in one.text
    assert one.source == "ads_api_access_tier, in the headers; Meta's pages on authorization and on rate limits"
    assert ("That is about" in one.text) == bool(writes)
    assert writes in one.text


# Business Verification.


@pytest.mark.parametrize("word", [*VERIFIED, "on_hold", ""])
def test_each_word_for_business_verification_has_its_meaning(word):
    one = findings(replace(SOUND, live=LiveBusiness(ACME, "Acme GmbH", "none", word)))["business-verification"]
    expected = {"verified": Level.OK, "on_hold": Level.UNKNOWN, "": Level.UNKNOWN}
    no = {"failed", "ineligible", "rejected", "revoked"}
    assert one.level is expected.get(word, Level.PROBLEM if word in no else Level.WARNING)
    assert word in one.text
    assert one.todo or one.level in (Level.OK, Level.UNKNOWN)


def test_the_words_are_metas_ten():
    assert len(VERIFIED) == 10


# Asked of the sandbox.


def found_in(company):
    """Return all findings on the businesses of a company."""
    with company.connected() as (project, connection):
        needs = needs_of(project.desired, project.policy.acts_as)
        facts = ask(connection.reader, connection.acting, needs, connection.session.tier_of)
        return examine(facts, needs, Service(project.graph_version), NOW)


def test_levels_tier_users_and_verification_are_those_of_the_world(company):
    company.world["app"] = {
        "business": ACME,
        "roles": {"611001": "administrators"},
        "permissions": dict.fromkeys(ALL, "unapproved"),
        "tier": "limited",
    }
    filled(company)
    company.world["businesses"][ACME] |= {
        "verification_status": "revoked",
        "system_users": {"9001": {"name": "A"}, "9002": {"name": "B"}},
    }
    found, cost = asked(company)
    assert cost.errors == 0
    assert {key: one.level for key, one in found.items() if one.level is not Level.OK} == {
        "business-verification": Level.PROBLEM,
        "access-level.advanced_needed": Level.WARNING,
        "verification.linked": Level.UNKNOWN,
        "tier": Level.WARNING,
        "tier.business-manager": Level.WARNING,
        "system-users": Level.WARNING,
    }


# (token) -> how system users are told of: its people may list them as its system users may.
LISTED = "1 admin system user and 1 other system user"
ASKED = [
    ({}, Level.OK, LISTED),
    ({"kind": "user"}, Level.OK, LISTED),
    ({"kind": "user", "role": "employee"}, Level.OK, "0 admin system users and 2 other system users"),
    ({"kind": "user", "scopes": ["ads_management"]}, Level.UNKNOWN, "it was not asked, for Meta would refuse"),
    (
        {"kind": "user", "business": MEDIAHOUSE, "granular_scopes": {}},
        Level.UNKNOWN,
        "it was not asked, for Meta would refuse",
    ),
    ({"kind": "page", "page": "81"}, Level.UNKNOWN, "it was not asked, for Meta would refuse"),
    ({"scopes": []}, Level.UNKNOWN, "it was not asked, for Meta would refuse"),
]


@pytest.mark.parametrize(("token", "level", "said"), ASKED)
def test_system_users_are_asked_for_with_whatever_token_may_list_them(company, token, level, said):
    filled(company, **token).world["businesses"][ACME]["system_users"] = {"9001": {"name": "A"}}
    found, cost = asked(company)
    assert (found["system-users"].level, cost.errors) == (level, 0)
    assert said in found["system-users"].text


@pytest.mark.parametrize(
    ("other", "level"),
    [("7001", Level.OK), ("7002", Level.UNKNOWN)],  # what the answers to another app's token had says nothing
)
def test_a_tier_is_that_of_the_app_whose_answers_had_it(company, other, level):
    company.project["acts_as"] = ["acme", "sister"]
    filled(company)
    company.asset("ad_account", "other", "72", owner="sister", agencies={"mediahouse": ["ANALYZE"]}, live={})
    apps = {"7001": {"id": "7001", "name": "One"}, "7002": {"id": "7002", "name": "Two"}}
    company.world["tokens"] = {
        f"sandbox-{ACME}": {"business": ACME, "app": apps["7001"]},
        f"sandbox-{SISTER}": {"business": SISTER, "app": apps[other], "scopes": []},
    }
    found = {one.subject: one.level for one in found_in(company) if one.id == "tier"}
    assert found == {ACME: Level.OK, SISTER: level}


def test_permissions_that_meta_will_not_list_cannot_be_known(company):
    company.world["quirks"]["app_permissions"] = "app_token"
    found, cost = asked(filled(company))
    assert (found["access-level"].level, cost.errors) == (Level.UNKNOWN, 1)

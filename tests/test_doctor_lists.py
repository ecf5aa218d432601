"""The lists and figures of Meta's pages, word by word: nothing expected here is taken from the code."""

from __future__ import annotations

import pytest

from accessctl.doctor import needs_of
from accessctl.doctor.answers import granted
from accessctl.doctor.business import VERIFIED
from accessctl.doctor.findings import Level
from accessctl.doctor.keeping import NOW, OLDER
from accessctl.doctor.level import WORDS
from accessctl.doctor.needs import NEEDS
from accessctl.doctor.service import ACTIVE_AD, TIERS, WRITE
from accessctl.doctor.verification import PERMISSIONS, Decision, concerned, decide
from accessctl.model import Kind, Side
from accessctl.sandbox.app import VERIFIED as REFUSED_IN_THE_SANDBOX

from .test_doctor import asked, filled

# Meta's page "Tech Provider Access Verification", in its order.
TAKE_VERIFICATION = [
    "ads_management",
    "ads_read",
    "attribution_read",
    "business_management",
    "catalog_management",
    "email",
    "instagram_basic",
    "instagram_content_publish",
    "instagram_manage_insights",
    "leads_retrieval",
    "page_events",
    "pages_manage_ads",
    "pages_manage_cta",
    "pages_manage_engagement",
    "pages_manage_instant_articles",
    "pages_manage_posts",
    "pages_read_engagement",
    "pages_read_user_content",
    "pages_show_list",
    "public_profile",
    "publish_to_groups",
    "publish_video",
    "read_insights",
]
TAKE_NONE = ("pages_manage_metadata", "pages_messaging", "instagram_manage_comments", "ads_managements", "")
# Meta's page on authorization, and its reference of the edges.
ADS_AND_BUSINESS, READ_AND_BUSINESS = {"business_management", "ads_management"}, {"business_management", "ads_read"}
BUSINESS, OF_PAGES = {"business_management"}, {"pages_manage_metadata", "pages_show_list"}
# (side, kind, verbs) -> permissions, of which one set is needed as a whole; and those without which it may be refused.
TAKEN = {
    (Side.OWNER, Kind.AD_ACCOUNT, "read who has access"): ([ADS_AND_BUSINESS, READ_AND_BUSINESS], set()),
    (Side.OWNER, Kind.AD_ACCOUNT, "grant, change and revoke"): ([ADS_AND_BUSINESS], set()),
    (Side.OWNER, Kind.PAGE, "read who has access"): ([BUSINESS], OF_PAGES),
    (Side.OWNER, Kind.PAGE, "grant, change and revoke"): ([BUSINESS], OF_PAGES),
    (Side.AGENCY, Kind.AD_ACCOUNT, "read, request, withdraw and give up access"): ([BUSINESS], set()),
    (Side.AGENCY, Kind.PAGE, "read, request, withdraw and give up access"): ([BUSINESS], set()),
}
# Meta's word in the headers -> its name now, points in 300 seconds, seconds of a block, calls an hour, system users,
# admins; the calls are from Meta's rate limits, each active ad adds 40.
ALLOWED = {
    "development_access": ("Limited", 60, 300, 300, 1, 1),
    "standard_access": ("Full", 9000, 60, 100_000, 10, 1),
}
VERIFICATION = {
    "verified": Level.OK,
    "expired": Level.WARNING,
    "not_verified": Level.WARNING,
    "pending": Level.WARNING,
    "pending_need_more_info": Level.WARNING,
    "pending_submission": Level.WARNING,
    "failed": Level.PROBLEM,
    "ineligible": Level.PROBLEM,
    "rejected": Level.PROBLEM,
    "revoked": Level.PROBLEM,
}


def test_23_permissions_take_access_verification():
    assert len(TAKE_VERIFICATION) == 23
    assert list(PERMISSIONS) == TAKE_VERIFICATION


@pytest.mark.parametrize("permission", [*TAKE_VERIFICATION, *TAKE_NONE])
def test_each_of_the_23_alone_takes_it_and_nothing_else_does(permission):
    takes = permission in TAKE_VERIFICATION
    decision = decide([permission], is_claimed=True, has_role=False, is_provider=False)
    assert concerned([permission]) == ({permission} if takes else set())
    assert decision is (Decision.REFUSED if takes else Decision.NOT_CONCERNED)
    assert (permission in REFUSED_IN_THE_SANDBOX) is takes


def test_the_sandbox_refuses_by_the_same_23():
    assert sorted(REFUSED_IN_THE_SANDBOX) == TAKE_VERIFICATION


def test_each_verb_side_and_kind_takes_the_permissions_of_metas_pages():
    told = {(one.side, one.kind, one.verbs): ([set(way) for way in one.ways], set(one.better)) for one in NEEDS}
    assert told == TAKEN
    assert len(NEEDS) == len(TAKEN)


def test_what_the_manifests_need_takes_what_their_assets_do(company):
    filled(company).write()
    project = company.load()
    (needs,) = needs_of(project.desired, project.policy.acts_as).values()
    assert needs.permissions() == ADS_AND_BUSINESS | OF_PAGES


def test_tiers_allow_what_metas_pages_say():
    told = {word: (t.name, t.points, t.block, t.hourly, t.users, t.admins) for word, t in TIERS.items()}
    assert told == ALLOWED
    assert (ACTIVE_AD, WRITE) == (40, 3)


def test_full_access_takes_500_calls_and_15_percent_and_took_1500_and_10():
    assert (NOW.calls, NOW.rate, OLDER.calls, OLDER.rate) == (500, 0.15, 1500, 0.10)


def test_business_verification_has_ten_words_and_each_its_level():
    assert {word: level for word, (level, _) in VERIFIED.items()} == VERIFICATION


def test_app_review_says_live_for_advanced_and_unapproved_for_standard_access():
    assert {word: str(access) for word, access in WORDS.items()} == {"live": "advanced", "unapproved": "standard"}


def test_a_permission_is_granted_declined_or_expired_and_any_other_word_grants_nothing():
    words = {"a": "granted", "b": "declined", "c": "expired", "d": "GRANTED", "e": "", "f": "live"}
    told = granted({"data": [{"permission": name, "status": word} for name, word in words.items()]})
    assert (told.permissions, told.declined, told.expired) == ({"a"}, {"b"}, {"c"})


@pytest.mark.parametrize("permission", ["business_management", "ads_management", "ads_read"])
def test_each_permission_for_ads_is_missed_by_name_in_the_sandbox_too(company, permission):
    found, _ = asked(filled(company, scopes=sorted({*ADS_AND_BUSINESS, "ads_read", *OF_PAGES} - {permission})))
    lacks = {one.id for one in found.values() if f"lacks {permission}" in one.text}
    expected = {
        "business_management": {"owner-ad-accounts-read", "owner-ad-accounts-write", "owner-pages-read"}
        | {"owner-pages-write", "agency-pages"},
        "ads_management": {"owner-ad-accounts-write"},
        "ads_read": set(),
    }
    assert {one.removeprefix("permission.") for one in lacks if one.startswith("permission.")} == expected[permission]

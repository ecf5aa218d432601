"""Permissions as far as they reach: what stands in their way, what they cover, and where they are asked instead."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from accessctl.doctor import Level, examine
from accessctl.doctor.facts import NOT_ASKED, AppFacts, Belonging, Granted, Home, Service, TokenFacts, Unread
from accessctl.doctor.needs import Needs
from accessctl.doctor.verification import Stated
from accessctl.graph.versions import NEWEST

from .company import ACME, MEDIAHOUSE, SISTER
from .test_doctor import ALL, NEEDED, NOW, OWNED, SOUND, asked, filled, findings, of_token, targets

ROBOT = SOUND.token
assert isinstance(ROBOT, TokenFacts)
OWN_APP = AppFacts("4242", "Access app", ACME)
UNVERIFIED = replace(SOUND, app=OWN_APP, roles=frozenset())
READ, WRITE = "permission.owner-ad-accounts-read", "permission.owner-ad-accounts-write"


def of_permissions(found):
    return [one for key, one in found.items() if key.startswith("permission.")]


@pytest.mark.parametrize(
    ("facts", "stated", "why"),
    [
        (replace(SOUND, token=replace(ROBOT, type="PAGE")), None, "it is the token of a Page, which cannot see"),
        (replace(SOUND, token=replace(ROBOT, type="APP")), None, "of an app, not of anybody, which cannot see"),
        (replace(SOUND, token=replace(ROBOT, is_valid=False)), None, "it is no longer valid"),
        (
            replace(SOUND, token=replace(ROBOT, targets=targets(business_management=[MEDIAHOUSE]))),
            None,
            "business_management covers 2002, and not this business",
        ),
        (replace(SOUND, belonging=Belonging(Home.OTHER, ("x",))), None, "it is the token of another business"),
        (replace(SOUND, live=Unread("gone", 100)), None, "the business cannot be read"),
    ],
)
def test_permissions_are_of_no_use_where_something_stands_in_the_way(facts, stated, why):
    found = {one.id: one for one in examine((facts,), {ACME: NEEDED}, Service(NEWEST), NOW, Stated(stated))}
    (one,) = of_permissions(found)
    assert one.level is Level.PROBLEM
    assert why in one.text
    assert "2 ad accounts as owner, 1 Page as owner, 1 Page as agency" in one.text
    assert one.todo
    assert one.source
    assert "its permissions cover the business" not in {one.text for one in found.values()}


@pytest.mark.parametrize(
    ("facts", "stated"), [(UNVERIFIED, False), (replace(SOUND, unverified="Meta refused GET x"), None)]
)
def test_missing_verification_is_one_problem_and_no_permission_is_said_to_be_enough(facts, stated):
    found = examine((facts,), {ACME: NEEDED}, Service(NEWEST), NOW, Stated(stated))
    assert [one.id for one in found if one.level is Level.PROBLEM] == ["verification"]
    assert of_permissions({one.id: one for one in found}) == []
    assert "its permissions cover the business" not in {one.text for one in found}


def test_the_permissions_that_one_asset_takes_are_spoken_of_in_the_singular():
    barred = replace(SOUND, token=replace(ROBOT, is_valid=False))
    found = examine((barred,), {ACME: replace(NEEDED, owned=())}, Service(NEWEST), NOW)
    (one,) = of_permissions({one.id: one for one in found})
    assert one.text.startswith("it has the permissions that 1 Page as agency takes, and cannot use them: ")


@pytest.mark.parametrize(
    ("facts", "stated"),
    [
        (SOUND, None),
        (UNVERIFIED, True),
        (UNVERIFIED, None),
        (replace(UNVERIFIED, roles=frozenset({"611001"})), False),
        (replace(SOUND, belonging=Belonging(Home.NOT_LISTED)), None),
        (replace(SOUND, belonging=Belonging(Home.PROVED, role="EMPLOYEE")), None),
        (replace(SOUND, belonging=NOT_ASKED), None),
        (replace(SOUND, live=Unread("no answer")), None),
        (replace(SOUND, token=replace(ROBOT, type="USER")), None),
    ],
)
def test_a_permission_is_never_said_to_be_all_that_it_takes(facts, stated):
    found = {one.id: one for one in examine((facts,), {ACME: NEEDED}, Service(NEWEST), NOW, Stated(stated))}
    for one in of_permissions(found):
        assert one.level is Level.OK
        assert ": it has the permissions to " in one.text


def test_the_token_of_another_acting_business_can_do_nothing_here():
    stray = replace(SOUND, business=replace(SOUND.business, id=SISTER), belonging=NOT_ASKED)
    assert "it is the token of another business" in findings(stray, SOUND)["permission.barred"].text


def test_what_is_missing_is_said_beside_what_stands_in_the_way():
    facts = replace(SOUND, token=replace(ROBOT, type="PAGE", scopes=frozenset({"business_management"})))
    found = findings(facts)
    assert "it lacks ads_management" in found[WRITE].text
    assert "1 Page as agency" in found["permission.barred"].text
    assert "ad account" not in found["permission.barred"].text


# What permissions cover.


@pytest.mark.parametrize(
    ("covers", "read", "write"),
    [
        ({"ads_management": ["71", "72"]}, (Level.OK, ""), (Level.OK, "")),
        ({"ads_management": ["71"]}, (Level.WARNING, "for 1 of them"), (Level.WARNING, "for 1 of them")),
        ({"ads_management": []}, (Level.PROBLEM, "for none of them"), (Level.PROBLEM, "for none of them")),
        ({}, (Level.OK, ""), (Level.OK, "")),
    ],
)
def test_assets_are_counted_by_what_their_permission_covers(covers, read, write):
    found = of_token(targets=targets(business_management=[ACME], **covers))
    for key, (level, said) in ((READ, read), (WRITE, write)):
        assert found[key].level is level
        assert found[key].text.endswith(said or ")")
        assert bool(found[key].todo) == (level is not Level.OK)


def test_of_two_permissions_that_will_do_the_one_that_covers_more_counts():
    found = of_token(scopes=ALL | {"ads_read"}, targets=targets(ads_management=["71"]))
    assert (found[READ].level, "ads_read" in found[READ].text) == (Level.OK, True)
    assert (found[WRITE].level, "for 1 of them" in found[WRITE].text) == (Level.WARNING, True)


def test_a_page_that_is_not_covered_may_be_refused_though_business_management_is_there():
    found = of_token(targets=targets(pages_show_list=["82"]))["permission.owner-pages-write"]
    assert (found.level, "for 1 of them Meta may refuse" in found.text) == (Level.WARNING, True)
    assert found.todo.endswith(": 81")


@pytest.mark.parametrize("token", [{"kind": "page", "page": "81"}, {"business": MEDIAHOUSE}])
def test_nothing_is_ok_for_a_token_that_cannot_see_the_business(company, token):
    found, cost = asked(filled(company, **token))
    assert {one.level for one in of_permissions(found)} == {Level.PROBLEM}
    assert cost.errors == 0


# The login address, and what was declined.


def login(**changes: object) -> set[str]:
    return {one.url for one in of_token(**changes).values() if one.url}


@pytest.mark.parametrize(("kind", "has"), [("USER", True), ("SYSTEM_USER", False), ("PAGE", False), ("APP", False)])
def test_the_login_address_is_for_tokens_of_people(kind, has):
    assert bool(login(type=kind, scopes=frozenset({"business_management"}))) is has


def test_what_a_person_has_declined_or_let_expire_is_said_with_the_address_that_asks_again():
    granted = Granted(frozenset({"business_management"}), frozenset({"ads_management"}), frozenset({"pages_show_list"}))
    token = replace(ROBOT, type="USER", scopes=granted.permissions)
    found = findings(replace(SOUND, token=token, granted=granted))
    assert "it lacks ads_management (declined: ads_management)" in found[WRITE].text
    assert "(expired: pages_show_list)" in found["permission.owner-pages-write"].text
    assert "GET /me/permissions" in found[WRITE].source
    query = parse_qs(urlsplit(found[WRITE].url).query)
    assert query["auth_type"] == ["rerequest"]
    assert query["scope"] == [",".join(sorted(ALL))]


def test_what_only_expired_is_asked_for_without_more():
    granted = Granted(frozenset({"business_management"}), expired=frozenset({"ads_management"}))
    token = replace(ROBOT, type="USER", scopes=granted.permissions)
    assert "auth_type" not in findings(replace(SOUND, token=token, granted=granted))[WRITE].url


def test_a_person_whose_token_has_an_end_that_is_told_is_not_given_another():
    assert "60 days" not in of_token(type="USER", expires_at=0)["token-type"].text
    assert "60 days" in of_token(type="USER", expires_at=None)["token-type"].text


# Where debug_token does not answer.


def silent(company, **token: object):
    company.world["quirks"]["debug_token"] = "app_token"
    return filled(company, **token)


def test_permissions_are_asked_of_the_token_where_debug_token_does_not_answer(company):
    company.world["app"] = {"id": "77", "business": ACME, "roles": {"611001": "administrators"}}
    found, cost = asked(silent(company))
    assert {one.level for one in of_permissions(found)} == {Level.OK}
    assert all("GET /me/permissions" in one.source for one in of_permissions(found))
    assert {found[key].level for key in ("verification", "tier", "system-users", "belongs")} == {Level.OK}
    assert "which assets its permissions cover" in found["debug-token"].text
    assert (cost.calls, cost.errors) == (10, 1)


def test_what_is_declined_is_seen_where_debug_token_does_not_answer(company):
    scopes = ["business_management", "pages_manage_metadata", "pages_show_list"]
    found, _ = asked(silent(company, kind="user", scopes=scopes, not_granted={"ads_management": "declined"}))
    assert (found[WRITE].level, "(declined: ads_management)" in found[WRITE].text) == (Level.PROBLEM, True)
    assert "client_id=4242424242424242&" in found[WRITE].url


def test_a_person_who_lacks_a_permission_is_asked_why(company):
    scopes = ["business_management", "pages_manage_metadata", "pages_show_list"]
    found, cost = asked(filled(company, kind="user", scopes=scopes, not_granted={"ads_management": "expired"}))
    assert "(expired: ads_management)" in found[WRITE].text
    assert cost.errors == 0


@pytest.mark.parametrize(
    ("token", "said"),
    [
        ({"scopes": ["ads_management"]}, "it was not asked, for the token lacks business_management"),
        ({}, "Meta's answer names none"),
    ],
)
@pytest.mark.parametrize("debug_token", ["open", "app_token"])
def test_why_the_claimant_is_not_known_is_what_has_kept_it_from_being_known(company, token, said, debug_token):
    company.world["quirks"]["debug_token"] = debug_token
    found, _ = asked(filled(company, **token))
    assert said in found["verification"].text
    assert ("without business_management" in found["verification"].text) is False


def test_where_neither_tells_the_permissions_the_claimant_is_not_asked(company):
    found, cost = asked(silent(company, kind="page", page="81"))
    assert "whether the token has business_management is not known" in found["verification"].text
    assert {one.level for one in of_permissions(found)} == {Level.UNKNOWN}
    assert cost.errors > 1  # that of debug_token, and what nothing has told before


def test_a_token_that_meta_refuses_is_not_asked_for_its_permissions(company):
    found, cost = asked(silent(company, expired=True))
    assert found.keys() >= {"token", "rest"}
    assert cost.requests == 1


def test_needs_of_nothing_say_nothing_of_permissions():
    facts = replace(SOUND, token=replace(ROBOT, type="PAGE"))
    assert of_permissions(findings(facts, needs=Needs())) == []
    assert of_permissions(findings(facts, needs=Needs(owned=OWNED[:1])))

"""Access verification: every decision of Meta's page, its dates, and how doctor says it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import product

import pytest

from accessctl.doctor import Level
from accessctl.doctor.facts import AppFacts, Unread
from accessctl.doctor.needs import Needs
from accessctl.doctor.verification import (
    PERMISSIONS,
    Decision,
    Stated,
    concerned,
    decide,
    expected_by,
    last_day,
    submit_by,
)
from accessctl.doctor.verifying import verification_findings, window_findings
from accessctl.graph.errors import HINT_UNVERIFIED, HINTS, Trouble, hint_for

from .company import ACME, MEDIAHOUSE
from .test_doctor import NEEDED, NOW, SOUND, asked, filled, findings

NEEDED_ONES = frozenset({"business_management", "ads_management"})
YES, NO, NOT_KNOWN = True, False, None
D = Decision
# (claimed, role, provider) -> what the endpoint does. Each row of Meta's page, and each way not to know.
DECISIONS = {
    **{(NO, role, provider): D.UNCLAIMED for role, provider in product((YES, NO, NOT_KNOWN), repeat=2)},
    **{(claimed, YES, provider): D.ROLE for claimed in (YES, NOT_KNOWN) for provider in (YES, NO, NOT_KNOWN)},
    **{(claimed, role, YES): D.PROVIDER for claimed in (YES, NOT_KNOWN) for role in (NO, NOT_KNOWN)},
    (YES, NO, NO): D.REFUSED,
    (YES, NO, NOT_KNOWN): D.OPEN,
    (YES, NOT_KNOWN, NO): D.OPEN,
    (YES, NOT_KNOWN, NOT_KNOWN): D.OPEN,
    (NOT_KNOWN, NO, NO): D.OPEN,
    (NOT_KNOWN, NO, NOT_KNOWN): D.OPEN,
    (NOT_KNOWN, NOT_KNOWN, NO): D.OPEN,
    (NOT_KNOWN, NOT_KNOWN, NOT_KNOWN): D.OPEN,
}


def test_every_case_has_its_decision():
    assert set(DECISIONS) == set(product((YES, NO, NOT_KNOWN), repeat=3))


@pytest.mark.parametrize(("case", "expected"), DECISIONS.items())
def test_a_role_is_looked_for_first_and_a_tech_provider_then(case, expected):
    claimed, role, provider = case
    assert decide(NEEDED_ONES, is_claimed=claimed, has_role=role, is_provider=provider) is expected


@pytest.mark.parametrize("case", DECISIONS)
def test_permissions_that_take_no_verification_are_not_concerned(case):
    claimed, role, provider = case
    free = {"pages_manage_metadata", "pages_messaging"}
    assert decide(free, is_claimed=claimed, has_role=role, is_provider=provider) is D.NOT_CONCERNED


def test_the_list_has_the_23_permissions_of_metas_page_in_its_order():
    assert len(set(PERMISSIONS)) == len(PERMISSIONS) == 23
    assert list(PERMISSIONS) == sorted(PERMISSIONS)


@pytest.mark.parametrize("permission", PERMISSIONS)
def test_each_of_them_alone_takes_verification(permission):
    assert concerned([permission]) == {permission}
    assert decide([permission], is_claimed=True, has_role=False, is_provider=False) is D.REFUSED


@pytest.mark.parametrize(
    ("permission", "takes"),
    [
        ("business_management", True),
        ("ads_management", True),
        ("ads_read", True),
        ("pages_show_list", True),
        ("pages_manage_metadata", False),
    ],
)
def test_of_the_permissions_accessctl_uses_all_but_one_take_it(permission, takes):
    assert bool(concerned([permission])) is takes


@pytest.mark.parametrize(
    ("email", "last"), [(date(2026, 10, 1), date(2026, 11, 30)), (date(2027, 1, 1), date(2027, 3, 2))]
)
def test_sixty_days_start_with_the_email(email, last):
    assert last_day(email) == last


@pytest.mark.parametrize(
    ("submitted", "due"),
    [
        (date(2026, 11, 16), date(2026, 11, 23)),  # Monday to Monday
        (date(2026, 11, 19), date(2026, 11, 26)),
        (date(2026, 11, 20), date(2026, 11, 27)),  # Friday to Friday
        (date(2026, 11, 21), date(2026, 11, 27)),  # Saturday
        (date(2026, 11, 22), date(2026, 11, 27)),  # Sunday
    ],
)
def test_five_business_days_skip_weekends(submitted, due):
    assert expected_by(submitted) == due
    assert due.weekday() < 5


@pytest.mark.parametrize("days", range(14))
def test_what_is_sent_in_by_the_named_day_is_reviewed_in_time(days):
    last = date(2026, 11, 30) + timedelta(days=days)
    assert expected_by(submit_by(last)) <= last
    assert expected_by(submit_by(last) + timedelta(days=3)) > last


# The dates as findings. Today is 21 November 2026.

TODAY = NOW.date()


def of_window(stated: Stated, today: date = TODAY):
    return {one.id: one for one in window_findings(stated, today)}


@pytest.mark.parametrize(
    ("left", "level"),
    [
        (31, Level.OK),
        (30, Level.WARNING),
        (8, Level.WARNING),
        (7, Level.PROBLEM),
        (0, Level.PROBLEM),
        (-1, Level.PROBLEM),
    ],
)
def test_the_window_is_a_warning_and_then_a_problem_as_it_nears(left, level):
    email = TODAY + timedelta(days=left - 60)
    one = of_window(Stated(email=email))["verification.window"]
    assert one.level is level
    assert f"until {TODAY + timedelta(days=left)}" in one.text
    assert bool(one.todo) == (level is not Level.OK)
    assert ("gradually begin to fail" in one.text) == (left < 0)
    assert of_window(Stated(True, email))["verification.window"].level is Level.OK


@pytest.mark.parametrize(("days", "level"), [(0, Level.OK), (8, Level.WARNING)])
def test_a_review_that_takes_too_long_is_a_warning(days, level):
    one = of_window(Stated(submitted=TODAY - timedelta(days=days)))["verification.review"]
    assert one.level is level


def test_what_was_sent_in_in_time_is_well_and_too_late_is_not():
    email = TODAY - timedelta(days=50)  # ten days are left
    assert of_window(Stated(email=email, submitted=TODAY))["verification.window"].level is Level.OK
    late = of_window(Stated(email=email - timedelta(days=7), submitted=TODAY))["verification.window"]
    assert (late.level, "the review may take until 2026-11-27" in late.text) == (Level.PROBLEM, True)


def test_nothing_is_said_of_days_that_nobody_stated():
    assert of_window(Stated()) == of_window(Stated(True)) == {}


# The decision as a finding.

APP = AppFacts("4242", "Access app", ACME, "Acme GmbH")
CLAIMED = replace(SOUND, app=APP, roles=frozenset[str]())
OWNED_ONLY = Needs(owned=NEEDED.owned)


@pytest.mark.parametrize(
    ("facts", "provider", "level", "said"),
    [
        (SOUND, None, Level.OK, "no business claims the app"),
        (replace(CLAIMED, roles=frozenset({"611001"})), None, Level.OK, "has a role on the app"),
        (CLAIMED, True, Level.OK, "you say that it is verified as a Tech Provider"),
        (CLAIMED, False, Level.PROBLEM, f'claimed by "Acme GmbH" ({ACME}); who the token speaks for has no role'),
        (CLAIMED, None, Level.UNKNOWN, "which is this business itself"),
        (replace(CLAIMED, roles=Unread("no")), False, Level.UNKNOWN, "has a role on the app is not known"),
        (replace(SOUND, app=Unread("Meta said no")), None, Level.UNKNOWN, "claims the app is not known (Meta said no)"),
        (replace(SOUND, app=AppFacts("4242")), None, Level.UNKNOWN, "not asked without business_management"),
        (replace(SOUND, unverified="Meta refused GET x"), True, Level.PROBLEM, "Meta refused GET x"),
    ],
)
def test_what_cannot_be_read_is_an_open_point_and_says_why(facts, provider, level, said):
    (one,) = verification_findings(facts, OWNED_ONLY, Stated(provider))
    assert one.level is level
    assert said in one.text
    assert one.source
    assert bool(one.todo) == (level is not Level.OK)


def test_a_person_who_is_not_in_the_list_of_roles_may_have_one():
    person = replace(CLAIMED, token=replace(SOUND.token, type="USER"))
    assert (CLAIMED.has_role, person.has_role) == (False, None)
    assert replace(person, roles=frozenset({"611001"})).has_role is True


@pytest.mark.parametrize(("provider", "level"), [(True, Level.OK), (None, Level.UNKNOWN), (False, Level.WARNING)])
def test_work_on_assets_of_other_businesses_takes_the_same_verification(provider, level):
    found = {one.id: one for one in verification_findings(CLAIMED, NEEDED, Stated(provider))}
    assert found["verification.linked"].level is level
    assert "1 other business (5005)" in found["verification.linked"].text
    assert "verification.linked" not in {one.id for one in verification_findings(SOUND, NEEDED, Stated(provider))}
    assert len([*verification_findings(CLAIMED, OWNED_ONLY, Stated(provider))]) == 1


def test_where_nothing_is_needed_nothing_is_said_of_verification():
    assert "verification" not in findings(needs=Needs())


# Asked of the sandbox.


def claimed(company, claimant: str = ACME, *, roles: dict[str, str] | None = None, provider: bool = False, **token):
    company.world["app"] = {"id": "77", "name": "Our app", "business": claimant, "roles": roles or {}}
    company.world["businesses"][claimant]["tech_provider"] = provider
    return filled(company, **token)


@pytest.mark.parametrize("claimant", [ACME, MEDIAHOUSE])
@pytest.mark.parametrize(
    "token",
    [
        {},
        {"kind": "user"},
        {"kind": "page", "page": "81"},
        {"role": "employee"},
        {"scopes": []},
        {"scopes": ["ads_management"]},
        {"granular_scopes": {"business_management": [MEDIAHOUSE]}},
    ],
)
def test_where_the_claimant_is_verified_no_call_is_refused(company, claimant, token):
    found, cost = asked(claimed(company, claimant, provider=True, **token))
    assert cost.errors == 0
    assert found["verification"].level is Level.UNKNOWN


def test_a_role_on_the_app_is_found_and_nothing_is_refused(company):
    found, cost = asked(claimed(company, roles={"611001": "administrators"}))
    assert found["verification"].level is Level.OK
    assert (cost.calls, cost.errors) == (9, 0)


def test_an_app_of_another_business_is_open_and_its_roles_are_not_asked(company):
    found, cost = asked(claimed(company, MEDIAHOUSE, provider=True))
    assert found["verification"].level is Level.UNKNOWN
    assert '"Mediahouse Ltd" (2002) claims the app' in found["verification"].text
    assert (cost.calls, cost.errors) == (8, 0)


def test_a_refusal_for_want_of_verification_is_recognised_and_asked_once(company):
    found, cost = asked(claimed(company, MEDIAHOUSE))
    assert found["verification"].level is Level.PROBLEM
    assert "access verification" in found["verification"].text
    assert cost.errors == 1


@pytest.mark.parametrize("number", [200, 10])
def test_whatever_the_code_its_words_tell(company, number):
    company.world["quirks"]["unverified_code"] = number
    found, _ = asked(claimed(company, MEDIAHOUSE))
    assert f"(code {number})" in found["verification"].text


def test_what_is_known_to_be_refused_is_not_asked(company, run):
    """Who has no role, and whose claimant is stated not to be verified, would be refused every call that counts."""
    claimed(company).write()
    told = run("doctor", "--tech-provider", "no", "--sandbox", "world.yaml")
    assert told.returncode == 1
    assert "you say that it is not verified as a Tech Provider" in " ".join(told.stdout.split())
    with company.people() as box:
        assert box.world.app.business == ACME
    (ledger,) = (company.directory / ".accessctl" / "sandbox").glob("*.records/*calls*")
    text = ledger.read_text() if ledger.is_file() else "".join(one.read_text() for one in ledger.iterdir())
    assert '"errors":0' in text


def test_roles_that_meta_will_not_list_are_not_known(company):
    company.world["quirks"]["app_roles"] = "app_token"
    found, cost = asked(claimed(company, roles={"611001": "administrators"}))
    assert found["verification"].level is Level.UNKNOWN
    assert cost.errors == 1


def test_what_the_user_states_decides(company, run):
    claimed(company, MEDIAHOUSE, provider=True).write()
    yes = run("doctor", "--tech-provider", "yes", "--format", "json", "--sandbox", "world.yaml")
    assert '"id": "verification",\n      "level": "ok"' in yes.stdout
    assert yes.returncode == 0


@pytest.mark.parametrize(
    ("option", "day"),
    [
        ("--verification-email", "soon"),
        ("--verification-email", "9999-01-01"),
        ("--verification-submitted", "2026-13-01"),
    ],
)
def test_a_day_that_is_none_or_has_not_come_is_wrong_usage(company, run, option, day):
    claimed(company).write()
    told = run("doctor", option, day, "--sandbox", "world.yaml")
    assert told.returncode == 64
    assert day in told.stderr


def test_the_days_of_the_command_line_are_findings(company, run):
    claimed(company).write()
    told = run(
        *("doctor", "--verification-email", "2020-01-01", "--verification-submitted", "2020-01-02"),
        *("--sandbox", "world.yaml"),
    )
    said = " ".join(told.stdout.split())
    assert "gives 60 days for access verification, until 2020-03-01" in said
    assert "so until 2020-01-09, which is over" in said


# At run time.


@pytest.mark.parametrize("code", [10, 200, 299])
def test_a_refusal_that_speaks_of_verification_has_a_hint_of_its_own(code):
    message = "The business has not completed Access Verification"
    assert hint_for(Trouble.PERMISSION, code, message=message) == HINT_UNVERIFIED
    assert "accessctl doctor" in HINT_UNVERIFIED


@pytest.mark.parametrize(("code", "message"), [(200, "Permissions error"), (100, "verify it"), (10, "diversified")])
def test_any_other_refusal_keeps_its_own_hint(code, message):
    assert hint_for(Trouble.PERMISSION, code, message=message) == HINTS[Trouble.PERMISSION]


def test_a_plan_that_verification_keeps_from_reading_names_it_in_its_hint(company, run):
    claimed(company, MEDIAHOUSE).write()
    told = run("plan", "--sandbox", "world.yaml")
    assert told.returncode == 1
    assert f"hint: {HINT_UNVERIFIED}" in " ".join(told.stderr.split())


def test_nobody_is_told_to_send_in_by_a_day_that_is_over_or_what_was_sent_in():
    email = date(2026, 11, 20)
    day = last_day(email)
    late = " ".join(one.todo for one in window_findings(Stated(email=email), day))
    assert "Sent in by" not in late
    assert "The review may take longer than that" in late
    sent = " ".join(one.todo for one in window_findings(Stated(email=email, submitted=day), day))
    assert "Sent in by" not in sent
    assert "wait for Meta's answer" in sent

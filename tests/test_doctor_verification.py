"""Access verification: every decision of Meta's page, its dates, and how doctor says it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest

from accessctl.doctor import Level, ask, needs_of
from accessctl.doctor.answers import NO_CLAIMANT
from accessctl.doctor.ask_app import WITHOUT
from accessctl.doctor.facts import AppFacts, Unread
from accessctl.doctor.needs import Needs
from accessctl.doctor.verification import (
    PERMISSIONS,
    Decision,
    Stated,
    Window,
    concerned,
    decide,
    expected_by,
    last_day,
    submit_by,
)
from accessctl.doctor.verifying import verification_findings, window_findings
from accessctl.graph.errors import HINT_UNVERIFIED, HINTS, Trouble, hint_for
from accessctl.model import Asset, AssetAccess, Business, Kind, frozen

from .company import ACME, MEDIAHOUSE, SISTER
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


IN_THE_WINDOW = {Window.NONE: D.REFUSED, Window.RUNS: D.IN_WINDOW, Window.OVER: D.FADING}


@pytest.mark.parametrize("window", Window)
@pytest.mark.parametrize(("case", "expected"), DECISIONS.items())
def test_the_window_changes_what_is_refused_and_nothing_else(case, expected, window):
    claimed, role, provider = case
    known = {"is_claimed": claimed, "has_role": role, "is_provider": provider, "window": window}
    assert decide(NEEDED_ONES, **known) is (IN_THE_WINDOW[window] if expected is D.REFUSED else expected)


@pytest.mark.parametrize(
    ("email", "window"),
    [
        (None, Window.NONE),
        (date(2026, 11, 21), Window.RUNS),
        (date(2026, 9, 22), Window.RUNS),  # the sixtieth day is today
        (date(2026, 9, 21), Window.OVER),
    ],
)
def test_the_window_runs_until_the_end_of_its_last_day(email, window):
    assert Stated(email=email).window(date(2026, 11, 21)) is window


@pytest.mark.parametrize("case", DECISIONS)
def test_permissions_that_take_no_verification_are_not_concerned(case):
    claimed, role, provider = case
    free = {"pages_manage_metadata", "pages_messaging"}
    assert decide(free, is_claimed=claimed, has_role=role, is_provider=provider) is D.NOT_CONCERNED


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
        (replace(SOUND, app=AppFacts("4242", "", "")), None, Level.OK, "no business claims the app"),
        (replace(CLAIMED, roles=frozenset({"611001"})), None, Level.OK, "has a role on the app"),
        (CLAIMED, True, Level.OK, "you say that it is verified as a Tech Provider"),
        (CLAIMED, False, Level.PROBLEM, f'claimed by "Acme GmbH" ({ACME}); who the token speaks for has no role'),
        (CLAIMED, None, Level.UNKNOWN, "which is this business itself"),
        (replace(CLAIMED, roles=Unread("no")), False, Level.UNKNOWN, "has a role on the app is not known"),
        (replace(SOUND, app=Unread("Meta said no")), None, Level.UNKNOWN, "claims the app is not known (Meta said no)"),
        (
            replace(SOUND, app=AppFacts("4242", open=WITHOUT)),
            None,
            Level.UNKNOWN,
            "the token lacks business_management",
        ),
        (replace(SOUND, app=AppFacts("4242", open=NO_CLAIMANT)), None, Level.UNKNOWN, "of a system user belongs to"),
        (replace(SOUND, unverified="Meta refused GET x"), True, Level.PROBLEM, "Meta refused GET x"),
    ],
)
def test_what_cannot_be_read_is_an_open_point_and_says_why(facts, provider, level, said):
    (one,) = verification_findings(facts, OWNED_ONLY, Stated(provider), TODAY)
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
    found = {one.id: one for one in verification_findings(CLAIMED, NEEDED, Stated(provider), TODAY)}
    assert found["verification.linked"].level is level
    assert "assets of 1 other business, business 5005, for which" in found["verification.linked"].text
    unclaimed = replace(SOUND, app=AppFacts("4242", "", ""))
    assert [one.id for one in verification_findings(unclaimed, NEEDED, Stated(provider), TODAY)] == ["verification"]
    assert len([*verification_findings(CLAIMED, OWNED_ONLY, Stated(provider), TODAY)]) == 1


def test_other_businesses_are_called_as_the_manifests_call_them():
    clients = tuple(AssetAccess(Asset(Kind.PAGE, f"9{owner}"), owner) for owner in ("5005", "5006", "5007", "5008"))
    known = frozen({"5005": Business("5005", "client", "Client Inc"), "5006": Business("5006", "north")})
    found = [*verification_findings(CLAIMED, Needs(clients=clients, businesses=known), Stated(), TODAY)][1]
    called = '"Client Inc" (5005), business north (5006), business 5007 and 1 more'
    assert f"assets of 4 other businesses, {called}, for which" in found.text


@pytest.mark.parametrize(
    ("days", "level", "said"),
    [
        (0, Level.WARNING, "until 2027-01-20 Meta takes its calls all the same, then they gradually begin to fail"),
        (60, Level.WARNING, "until 2026-11-21 Meta takes its calls all the same"),
        (61, Level.PROBLEM, "the 60 days of Meta's email ended on 2026-11-20, and its calls may fail"),
        (None, Level.PROBLEM, "if that is right, Meta would refuse its calls, whatever permissions the token has"),
    ],
)
def test_what_is_not_verified_is_refused_but_for_the_60_days(days, level, said):
    email = None if days is None else TODAY - timedelta(days=days)
    (one,) = verification_findings(CLAIMED, OWNED_ONLY, Stated(False, email), TODAY)
    assert one.level is level
    assert said in one.text
    assert one.text.startswith(f'the app is claimed by "Acme GmbH" ({ACME}); who the token speaks for has no role')
    assert ("--verification-email" in one.todo) is (days is None)


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
    assert 'assets of 1 other business, "Client Inc" (5005), for which' in found["verification.linked"].text
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
    assert not re.search(r'"errors":[1-9]', text)


def in_window(company, **more: str):
    """Return a company whose app keeps its access until the end of 20 January 2027, and nobody has a role on it."""
    company.world["now"] = "2026-11-22T09:00:00Z"
    claimed(company).world["businesses"][ACME] |= {"unverified_until": "2027-01-21T00:00:00Z", **more}
    return company


def test_in_the_60_days_everything_is_asked_and_nothing_is_refused(company):
    found, cost = asked(in_window(company), is_provider=False, window=Window.RUNS)
    assert (cost.calls, cost.errors) == (9, 0)
    assert {found[one].level for one in ("tier", "system-users", "belongs")} == {Level.OK}
    assert "permission.barred" not in found


@pytest.mark.parametrize("window", [Window.NONE, Window.OVER])
def test_outside_of_them_what_is_refused_or_may_be_is_not_asked(company, window):
    found, cost = asked(claimed(company), is_provider=False, window=window)
    assert (cost.calls, cost.errors) == (6, 0)
    assert found["tier"].level is Level.UNKNOWN


def test_the_command_warns_in_the_60_days_with_their_last_one_and_ends_with_0(company, run):
    in_window(company, verification_status="verified").write()
    day = datetime.now(UTC).date() - timedelta(days=5)
    told = run(
        *("doctor", "--tech-provider", "no", "--verification-email", f"{day}", "--format", "json"),
        *("--sandbox", "world.yaml"),
    )
    levels = {one["id"]: one["level"] for one in json.loads(told.stdout)["findings"]}
    assert (told.returncode, levels["verification"], levels["tier"]) == (0, "warning", "ok")
    assert f"until {day + timedelta(days=60)} Meta takes its calls all the same" in told.stdout


@pytest.mark.parametrize("order", [["acme", "sister"], ["sister", "acme"]])
def test_who_has_a_role_on_an_app_goes_for_all_tokens_of_that_app(company, order):
    """The token of the business that claims the app lists the roles; that of another one is not to list them."""
    claimed(company, roles={"611001": "administrators"}).project["acts_as"] = order
    company.asset("ad_account", "of-sister", "75", owner="sister", agencies={"mediahouse": ["ANALYZE"]}, live={})
    with company.connected() as (project, connection):
        needs = needs_of(project.desired, project.policy.acts_as)
        facts = {one.business.id: one for one in ask(connection.reader, connection.acting, needs, is_provider=False)}
    assert (facts[ACME].has_role, facts[SISTER].has_role) == (True, False)
    assert connection.cost.errors == 0


def test_roles_of_one_app_say_nothing_of_another(company):
    claimed(company, roles={"611001": "administrators"}).project["acts_as"] = ["acme", "sister"]
    company.world["tokens"]["of-sister"] = {"business": SISTER, "app": {"id": "78", "business": ACME}}
    company.world["acts_with"] = {SISTER: "of-sister"}
    company.world["businesses"][ACME]["tech_provider"] = True
    with company.connected() as (project, connection):
        needs = needs_of(project.desired, project.policy.acts_as)
        facts = {one.business.id: one for one in ask(connection.reader, connection.acting, needs)}
    assert (facts[ACME].has_role, facts[SISTER].has_role) == (True, None)


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

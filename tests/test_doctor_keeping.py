"""Keeping the access level: what the call ledger says, and that doctor itself never fails a call to find out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from accessctl.calls import CallTally, row_of
from accessctl.doctor import Level
from accessctl.doctor.apps import AppCalls, calls_by_app
from accessctl.doctor.facts import Unread
from accessctl.doctor.keeping import ENOUGH, IDLE, OLDER, is_near, keeping_findings
from accessctl.doctor.keeping import NOW as ASKED
from accessctl.graph.ends import Ended
from accessctl.graph.secret import Secret
from accessctl.model import Business
from accessctl.recordfiles import FileRecords
from accessctl.records import CALLS

from .company import ACME, SISTER
from .test_doctor import NOW, SOUND, filled

OLD = NOW - timedelta(days=20)
LIMITED, FULL = "development_access", "standard_access"
URL = "https://graph.facebook.com"


def kept(tally: CallTally, *tiers: str, others: CallTally = CallTally()):  # noqa: B008
    app = AppCalls("77", 'the app "Our app" (77)', frozenset(tiers or (FULL,)) - {""}, tally, others)
    return {one.id: one for one in keeping_findings([app], NOW)}


def test_the_thresholds_are_those_of_today_and_of_the_older_text():
    assert (ASKED.calls, ASKED.rate) == (500, 0.15)
    assert (OLDER.calls, OLDER.rate) == (1500, 0.10)
    assert (IDLE.access.days, IDLE.permissions.days, IDLE.warned.days, ENOUGH) == (30, 90, 23, 10)


@pytest.mark.parametrize(
    ("calls", "level"),
    [(0, Level.WARNING), (499, Level.WARNING), (599, Level.WARNING), (600, Level.OK), (9000, Level.OK)],
)
def test_too_few_calls_are_a_warning_before_they_are_missed(calls, level):
    one = kept(CallTally(calls, 0, 500, 0, OLD))["keeping.calls"]
    assert one.level is level
    said = f'with the app "Our app" (77) this project\'s runs made {calls:,} Marketing API calls in the last 15 days; '
    assert one.text == said + "Full access takes 500 (1,500 in an older text of Meta's)"
    assert one.source.startswith("accessctl's ledger of its calls about ad accounts and to edges of businesses; ")
    assert ("accessctl never makes calls to reach a number" in one.todo) == (level is not Level.OK)
    assert ("only the runs of this project are counted" in one.todo) == (level is not Level.OK)


# (errors, of so many recent calls, days the ledger is old, tier) -> what is said of errors, None for nothing.
ERRORS = [
    (0, 500, 20, FULL, Level.OK),
    (60, 500, 20, FULL, Level.OK),  # 12 %, which is 80 % of 15 %
    (61, 500, 20, FULL, Level.WARNING),
    (75, 500, 20, FULL, Level.WARNING),
    (500, 500, 20, FULL, Level.WARNING),
    (0, 0, 20, FULL, Level.OK),
    (13, 100, 20, FULL, Level.WARNING),
    (44, 50, 3, FULL, Level.WARNING),
    (44, 50, 0, LIMITED, Level.WARNING),
    (44, 50, 20, LIMITED, Level.WARNING),
    (10, 83, 3, FULL, Level.WARNING),
    (10, 84, 3, FULL, None),  # 11.9 %
    (9, 9, 3, FULL, None),
    (9, 9, 20, FULL, Level.UNKNOWN),
    (1, 1, 20, LIMITED, Level.UNKNOWN),
    (1, 1, 20, "", Level.UNKNOWN),
    (61, 500, 3, FULL, Level.WARNING),
    (60, 500, 3, FULL, Level.OK),  # however young the ledger is, these are the 500 that Meta looks at
    (60, 499, 3, FULL, Level.WARNING),
    (59, 499, 3, FULL, None),
]


FEW = {
    0: "there is no Marketing API call of this project with",
    1: "whether too many calls fail, of too few to tell: 1 of 1 Marketing API call of this project with",
    9: "whether too many calls fail, of too few to tell: 9 of the last 9 Marketing API calls of this",
}


@pytest.mark.parametrize(("errors", "recent", "days", "tier", "level"), ERRORS)
def test_calls_that_fail_are_a_warning_as_soon_as_their_number_says_something(errors, recent, days, tier, level):
    found = kept(CallTally(recent, errors, recent, errors, NOW - timedelta(days=days)), tier)
    one = found.get("keeping.errors")
    assert (one.level if one else None) is level
    if one:
        assert one.text.startswith(FEW.get(recent, f"{errors:,} of the last {recent:,} Marketing API calls of this"))
        assert (" failed, " in one.text) is (recent > 0)
        assert "less than 15 % (10 % in an older text)" in one.text
        assert ("so they stand in the way of it" in one.text) == (level is Level.WARNING and tier == LIMITED)
        assert one.todo.startswith("see with plan what is refused") == (level is not Level.OK)


@pytest.mark.parametrize(
    ("days", "calls", "ids"),
    [
        (0, 3, {"keeping"}),
        (14, 3, {"keeping"}),
        (14, 599, {"keeping"}),
        (14, 600, {"keeping.calls"}),  # enough is enough, whenever it was reached
        (15, 3, {"keeping.calls", "keeping.errors"}),
        (30, 3, {"keeping.calls", "keeping.errors", "keeping.used"}),
    ],
)
def test_before_the_ledger_is_fifteen_days_old_too_few_calls_are_not_known(days, calls, ids):
    found = kept(CallTally(calls, 3, 3, 3, NOW - timedelta(days=days)))
    assert set(found) == ids
    if "keeping" in ids:
        assert found["keeping"].level is Level.UNKNOWN
        assert f"calls began on {NOW - timedelta(days=days):%Y-%m-%d}" in found["keeping"].text
        assert "calls enough, and fails seldom enough," in found["keeping"].text


def test_what_is_known_of_errors_is_not_called_unknown():
    found = kept(CallTally(50, 44, 50, 44, NOW))
    assert set(found) == {"keeping", "keeping.errors"}
    assert "fails seldom enough" not in found["keeping"].text


def test_a_ledger_without_a_row_or_that_cannot_be_read_is_not_known():
    assert "has no call yet" in kept(CallTally())["keeping"].text
    (one,) = keeping_findings(Unread("the disk is gone"), NOW)
    assert (one.id, one.level, "the disk is gone" in one.text) == ("keeping", Level.UNKNOWN, True)


@pytest.mark.parametrize(
    ("tally", "said"),
    [
        (CallTally(), "and 15 days count"),
        (CallTally(since=NOW), "and 15 days count. It has no call with that app"),
        (CallTally(1, 0, 1, 0, NOW), "and 15 days count. It has 1 call"),
        (CallTally(1, 1, 1, 1, NOW), "and 15 days count. It has 1 call, which failed"),
        (CallTally(2, 0, 2, 0, NOW), "and 15 days count. It has 2 calls, and 0 of them failed"),
    ],
)
def test_a_young_ledger_counts_its_calls_in_plain_words(tally, said):
    assert kept(tally)["keeping"].text.endswith(said)


def test_one_call_is_no_calls():
    assert " made 1 Marketing API call in the last 15 days; " in kept(CallTally(1, 0, 1, 0, OLD))["keeping.calls"].text


@pytest.mark.parametrize(
    ("tiers", "level"), [((LIMITED,), Level.OK), (("",), Level.WARNING), ((LIMITED, FULL), Level.WARNING)]
)
def test_an_app_with_limited_access_has_none_to_lose(tiers, level):
    assert kept(CallTally(1, 1, 1, 1, OLD), *tiers)["keeping.calls"].level is level


def test_the_older_thresholds_would_warn_earlier():
    assert is_near(CallTally(1799, 0, 500, 41, OLD), OLDER) == (True, True)
    assert is_near(CallTally(1799, 0, 500, 41, OLD), ASKED) == (False, False)


# Without use.


@pytest.mark.parametrize(
    ("days", "level", "todo", "has_note"),
    [
        (0, Level.OK, "", False),
        (22, Level.OK, "", False),
        (23, Level.WARNING, "let a job look for drift", False),
        (29, Level.WARNING, "let a job look for drift", False),
        (30, Level.WARNING, "look in the App Dashboard whether", False),
        (82, Level.WARNING, "look in the App Dashboard whether", False),
        (83, Level.WARNING, "look in the App Dashboard whether", True),
        (200, Level.WARNING, "look in the App Dashboard whether", True),
    ],
)
def test_thirty_days_without_a_call_are_a_warning_before_they_are_over(days, level, todo, has_note):
    last = NOW - timedelta(days=days)
    one = kept(CallTally(0, 0, 0, 0, NOW - timedelta(days=300), last), LIMITED)["keeping.used"]
    assert one.level is level
    assert one.todo.startswith(todo)
    assert bool(one.todo) == bool(todo)
    ago = f", {days} days ago" * bool(days)
    assert f'this project last called with the app "Our app" (77) on {last:%Y-%m-%d}{ago};' in one.text
    assert "access may lapse after 30 days without use" in one.text
    assert ("not used for 90 days are to be granted again" in one.text) == has_note


def test_an_app_with_no_call_in_the_ledger_was_not_used_since_that_began():
    assert "keeping.used" not in kept(CallTally(since=NOW - timedelta(days=22)))
    one = kept(CallTally(since=NOW - timedelta(days=23)))["keeping.used"]
    assert one.level is Level.WARNING
    assert "the ledger has no call" in one.text
    assert "23 days ago" in one.text


# Which app.


def facts_of(token: str, app: str, business: str = ACME, tier: str = FULL):
    told = replace(SOUND.token, app_id=app, app=f"App {app}") if app else Unread("Meta refused it")
    who = Business(business, {ACME: "acme", SISTER: "sister"}[business])
    return replace(SOUND, business=who, token=told, fingerprint=token, tier=tier)


def row(token: str, calls: int = 0, days: float = 3, errors: int = 0, app: str = ""):
    recent = (False,) * errors + (True,) * (calls - errors)
    found = row_of(URL, token, Ended(calls, errors, recent[:500]), NOW - timedelta(days=days))
    return {**found, "calls": 0, "ends": "", "app": app} if app else found


TWO = [facts_of("aaaa", "7001"), facts_of("bbbb", "7002", SISTER, LIMITED)]
OTHER_URL = row("aaaa", 50) | {"url": "http://127.0.0.1:1"}
# (acting businesses, rows) -> calls of 15 days by app, as far as it is known, and calls with tokens of no known app.
BY_APP = [
    (TWO, [row("aaaa", 700), row("bbbb", 4)], {"7001": 700, "7002": 4}, 0),
    (TWO, [row("aaaa", 700), OTHER_URL], {"7001": 700, "7002": 0}, 0),
    (TWO, [row("", 30), row("bbbb", 4)], {"7001": 30, "7002": 34}, 0),  # a row of before counts for every app
    (TWO, [row("cccc", 9), row("bbbb", 4, days=16)], {"7001": 0, "7002": 0}, 9),
    (TWO, [row("cccc", 9), row("cccc", app="7002")], {"7001": 0, "7002": 9}, 0),  # the token before this one
    (TWO, [row("cccc", 9), row("cccc", app="9999")], {"7001": 0, "7002": 0}, 0),
    ([facts_of("aaaa", "7001"), facts_of("bbbb", "7001", SISTER)], [row("aaaa", 3), row("bbbb", 4)], {"7001": 7}, 0),
    ([facts_of("aaaa", "7001"), facts_of("aaaa", "7001", SISTER)], [row("aaaa", 3)], {"7001": 3}, 0),
    ([facts_of("aaaa", "")], [row("aaaa", 3), row("bbbb", 4)], {"": 3}, 4),
    ([facts_of("aaaa", "")], [row("aaaa", 3), row("aaaa", app="7001")], {"7001": 3}, 0),
    ([facts_of("aaaa", ""), facts_of("aaaa", "", SISTER)], [], {"": 0}, 0),
]


@pytest.mark.parametrize(("every", "rows", "calls", "others"), BY_APP)
def test_calls_count_for_the_app_that_their_token_is_of(every, rows, calls, others):
    found = calls_by_app(rows, URL, every, NOW)
    assert {one.id: one.tally.calls for one in found} == calls
    assert {one.others.calls for one in found} == {others}


def test_saying_which_app_a_token_is_of_is_no_use_of_the_app():
    (one,) = calls_by_app([row("aaaa", 5, days=25), row("aaaa", days=3, app="7001")], URL, TWO[:1], NOW)
    assert one.tally.last == NOW - timedelta(days=25)


def test_each_of_several_apps_is_judged_by_its_own_calls_and_tier():
    rows = [row("aaaa", days=20, calls=1), row("aaaa", 300), row("bbbb", 50, errors=44)]
    found = {one.id: one for one in keeping_findings(calls_by_app(rows, URL, TWO, NOW), NOW)}
    assert {key: one.level for key, one in found.items()} == {
        "keeping.calls.7001": Level.WARNING,
        "keeping.errors.7001": Level.OK,
        "keeping.used.7001": Level.OK,
        "keeping.calls.7002": Level.OK,
        "keeping.errors.7002": Level.WARNING,
        "keeping.used.7002": Level.OK,
    }
    assert 'with the app "App 7001" (7001) this project\'s runs made 300' in found["keeping.calls.7001"].text


def test_an_app_that_nobody_names_is_called_by_whose_token_it_is():
    (one,) = calls_by_app([], URL, [facts_of("aaaa", "")], NOW)
    assert one.called == "the app of the token of acme, which Meta did not name"


def test_rows_that_name_no_token_are_told_once():
    found = [*keeping_findings(calls_by_app([row("", 30), row("bbbb", 4)], URL, TWO, NOW), NOW)]
    (one,) = [one for one in found if "did not note their token" in one.text]
    assert (one.id, one.level) == ("keeping.older", Level.OK)
    assert one.text.startswith("30 calls of the last 15 days are of runs that")


@pytest.mark.parametrize(("others", "level"), [(0, Level.WARNING), (299, Level.WARNING), (300, Level.UNKNOWN)])
def test_calls_of_tokens_of_no_known_app_may_be_those_that_are_missing(others, level):
    one = kept(CallTally(300, 0, 300, 0, OLD), others=CallTally(others))["keeping.calls"]
    assert one.level is level
    assert (f"({others} more with tokens whose app is not known)" in one.text) == bool(others)


def test_a_token_of_no_known_app_may_have_used_the_app():
    idle, used = CallTally(0, 0, 0, 0, OLD, NOW - timedelta(days=29)), CallTally(5, last=NOW - timedelta(days=1))
    assert kept(idle)["keeping.used"].level is Level.WARNING
    assert kept(idle, others=used)["keeping.used"].level is Level.UNKNOWN


# The command.


def ledger(company) -> FileRecords:
    (place,) = (company.directory / ".accessctl" / "sandbox").glob("*.records")
    return FileRecords(place)


def test_the_command_reads_the_ledger_of_its_own_way_to_meta(company, run):
    filled(company).write()
    (first,) = [line for line in run("doctor", "--sandbox", "world.yaml").stdout.splitlines() if "whether the" in line]
    assert 'cannot be known: whether the app "accessctl sandbox"' in first
    app, calls = ledger(company).read(CALLS)
    token = Secret(f"sandbox-{ACME}", "").fingerprint
    assert (app["token"], app["app"]) == (token, "4242424242424242")
    assert (calls["token"], calls["calls"], calls["errors"], calls["ends"]) == (token, 3, 0, "...")
    assert f"sandbox-{ACME}" not in repr((app, calls))
    ledger(company).add(CALLS, [calls | {"at": "2020-01-01T00:00:00+00:00", "calls": 700}], NOW)
    again = " ".join(run("doctor", "--sandbox", "world.yaml").stdout.split())
    assert "Marketing API calls in the last 15 days; Full access takes 500" in again


def test_the_command_counts_for_each_app(company, run):
    company.project["acts_as"] = ["acme", "sister"]
    filled(company)
    company.asset("ad_account", "other", "72", owner="sister", agencies={"mediahouse": ["ANALYZE"]}, live={})
    company.world["tokens"] = {
        f"sandbox-{ACME}": {"business": ACME, "app": {"id": "7001", "name": "App one", "tier": "full"}},
        f"sandbox-{SISTER}": {"business": SISTER, "app": {"id": "7002", "name": "App two", "tier": "limited"}},
    }
    company.write()
    run("doctor", "--sandbox", "world.yaml")
    rows = ledger(company).read(CALLS)
    first = Secret(f"sandbox-{ACME}", "").fingerprint
    (counted,) = [one for one in rows if one["token"] == first and "calls" in one]
    long_ago = counted | {"at": "2020-01-01T00:00:00+00:00", "run": "a" * 12}
    ledger(company).add(CALLS, [long_ago], NOW)
    said = " ".join(run("doctor", "--sandbox", "world.yaml").stdout.split())
    assert 'with the app "App one" (7001) this project\'s runs made 3 Marketing API calls' in said
    assert 'with the app "App two" (7002) this project\'s runs made 3 Marketing API calls' in said
    assert "has Full access to the Marketing API" in said
    assert "has Limited access to the Marketing API" in said


def test_a_run_that_only_asks_who_somebody_is_adds_no_call(company, run):
    filled(company, scopes=[]).write()
    run("doctor", "--sandbox", "world.yaml")
    assert [one.get("calls") for one in ledger(company).read(CALLS)] == [None]

"""People who move, as plan and doctor tell of them: a token's own person by name of the day, others as a count."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
import yaml

from accessctl.doctor.ending import SOON
from accessctl.doctor.facts import NOT_ASKED, Facts, Me, TokenFacts, Unread
from accessctl.doctor.findings import Level
from accessctl.doctor.moving import SAY_WHO, moving_findings, moving_notes, unread_notices, when
from accessctl.model import Business
from accessctl.recordfiles import FileRecords
from accessctl.records import NOTICES
from accessctl.sandbox.server import serve
from accessctl.sandbox.store import Store
from accessctl.webhook.kept import Kept, kept_notices
from accessctl.webhook.notice import rows_of
from accessctl.webhook.payload import Notice
from tests.company import ACME, BUSINESSES, WithoutAliases
from tests.webhook.conftest import PERSON, SECRET

END = datetime(2027, 5, 4, 10, tzinfo=UTC)
BEFORE, AFTER = END - timedelta(days=12), END + timedelta(days=3)
COUNT = "3 people of this app move to managed Meta accounts, the first on 4 May 2027 (in 12 days)"


def told(person, kind="USER", me=None):
    """Return the facts of a token that speaks for somebody."""
    token = kind if isinstance(kind, Unread) else TokenFacts(kind)
    return Facts(Business(ACME, "acme"), token, me or Me(person), NOT_ASKED, NOT_ASKED)


@pytest.fixture
def kept(tmp_path, app_secret):
    """Return the notices of three people, the first of whom is PERSON; the hash of an id can be made."""
    records = FileRecords(tmp_path / "records")
    people = [Notice(person, END + timedelta(days=later)) for later, person in enumerate((PERSON, "2", "3"))]
    records.add(NOTICES, rows_of(people, "b", app_secret, BEFORE), BEFORE)
    return kept_notices(records, {"ACCESSCTL_APP_SECRET": SECRET})


@pytest.fixture
def unhashed(kept):
    return Kept(kept.ends)


def only(found):
    (one,) = found
    return one.level, one.subject, one.text


def test_a_token_whose_person_moves_is_told_when_it_loses_access(kept):
    text = "this token's person moves to a managed Meta account; it loses access on 4 May 2027 (in 12 days)"
    assert next(shown(kept, BEFORE)) == (Level.WARNING, ACME, text)
    text = "this token's person has moved to a managed Meta account; it lost access on 4 May 2027 (3 days ago)"
    assert next(shown(kept, AFTER)) == (Level.PROBLEM, ACME, text)


def shown(kept, now, *people):
    """Yield what is said of tokens of these people, of PERSON where none is given."""
    for one in moving_findings(kept, [told(person) for person in people or (PERSON,)], now):
        yield one.level, one.subject, one.text


def test_beside_the_tokens_own_person_stand_the_others_who_move(kept):
    _, (level, subject, text) = shown(kept, BEFORE)
    assert (level, subject) == (Level.OK, "")
    assert text.startswith("2 other people of this app move to managed Meta accounts, the first on 5 May 2027 (in 13")
    _, _, (_, _, text) = shown(kept, BEFORE, PERSON, "2")
    assert text.startswith("1 other person of this app moves to a managed Meta account on 6 May 2027 (in 14 days):")
    assert [subject for _, subject, _ in shown(kept, BEFORE, PERSON, "2", "3")] == [ACME] * 3
    *_, (_, _, text) = shown(kept, END + timedelta(days=9))
    assert text.startswith("2 other people of this app have moved to managed Meta accounts, the last on 6 May 2027")
    *_, (_, _, text) = shown(kept, END + timedelta(days=9), PERSON, "2")
    assert text.startswith("1 other person of this app has moved to a managed Meta account on 6 May 2027")


@pytest.mark.parametrize(("days", "level"), [(60, Level.WARNING), (61, Level.OK)])
def test_an_end_is_a_warning_from_60_days_before_as_one_that_meta_foretells_of_an_asset(kept, days, level):
    assert next(shown(kept, END - timedelta(days=days)))[0] is level
    assert timedelta(days=60) == SOON


def test_a_person_may_be_known_where_meta_does_not_tell_the_kind_of_token(kept):
    assert next(moving_findings(kept, [told(PERSON, Unread("no"))], BEFORE)).level is Level.WARNING


@pytest.mark.parametrize("facts", [told("9"), told(PERSON, "SYSTEM_USER"), told(PERSON, me=Unread("no"))])
def test_others_who_move_are_a_count_and_no_trouble(kept, facts):
    level, subject, text = only(moving_findings(kept, [facts], BEFORE))
    assert (level, subject, text.partition(":")[0]) == (Level.OK, "", COUNT)
    assert text.endswith(": system users lose nothing, user tokens do")


def test_without_the_app_secret_nobody_knows_whether_a_person_moves(unhashed):
    (one,) = moving_findings(unhashed, [told("9", "SYSTEM_USER"), told(PERSON)], BEFORE)
    assert (one.level, one.todo) == (Level.UNKNOWN, SAY_WHO)
    (one,) = moving_findings(unhashed, [told("9", "SYSTEM_USER")], BEFORE)
    assert one.level is Level.OK


def test_who_has_moved_is_no_longer_counted_among_those_who_do(kept):
    first = only(moving_findings(kept, [told("9")], END + timedelta(hours=1)))[2]
    assert first.startswith("2 people of this app move to managed Meta accounts, the first on 5 May 2027 (in 1 day):")
    last = only(moving_findings(kept, [told("9")], END + timedelta(days=1, hours=1)))[2]
    assert last.startswith("1 person of this app moves to a managed Meta account on 6 May 2027 (in 1 day):")
    after = only(moving_findings(kept, [told("9")], END + timedelta(days=9)))[2]
    assert after.startswith("3 people of this app have moved to managed Meta accounts, the last on 6 May 2027 (7 days")
    one = Kept(dict(list(kept.ends.items())[:1]), kept.hashed)
    assert "1 person of this app has moved to a managed" in only(moving_findings(one, [told("9")], AFTER))[2]


def test_a_plan_warns_of_those_who_are_still_to_move(kept):
    (warning,) = moving_notes(kept, BEFORE)
    assert warning.startswith(COUNT.partition(" (")[0])
    assert moving_notes(kept, BEFORE + timedelta(days=1)) == (warning,)  # no plan counts days
    assert moving_notes(kept, END + timedelta(days=9)) == ()
    assert moving_notes(Kept(), BEFORE) == unread_notices(Kept()) == ()


def test_where_nobody_has_told_anything_nothing_is_said():
    assert list(moving_findings(Kept(), [told(PERSON)], BEFORE)) == []


def test_notices_that_cannot_be_read_are_not_none(tmp_path):
    (tmp_path / "notices-2026-11.jsonl").mkdir()
    kept = kept_notices(FileRecords(tmp_path), {})
    assert only(moving_findings(kept, [], BEFORE))[0] is Level.UNKNOWN
    assert "could not be read" in unread_notices(kept)[0]


@pytest.mark.parametrize(
    ("hours", "words"), [(0, "today"), (-10, "today"), (-11, "in 1 day"), (13, "today"), (14, "1 day ago")]
)
def test_days_are_counted_as_the_calendar_has_them(hours, words):
    assert when(END, END + timedelta(hours=hours)) == f"4 May 2027 ({words})"


@pytest.fixture
def notified(company, app_secret):
    """A company whose webhook was told of two people who move in 12 days; give what tells of one more."""
    company.asset("ad_account", "de", "71", agencies={}, live={})
    company.write()
    store = Store(company.directory / ".accessctl" / "sandbox", company.directory / "world.yaml")
    now = datetime.now(UTC)

    def tell(*people, days=12):
        ends = now + timedelta(days=days)
        for records in (FileRecords(store.records), FileRecords(company.directory / ".accessctl" / "records")):
            records.add(NOTICES, rows_of([Notice(one, ends) for one in people], "".join(people), app_secret, now), now)

    tell("2", "3")
    return tell


def test_plan_and_doctor_tell_of_notices_and_none_makes_a_plan_stale(notified, run):
    sandbox = ("--sandbox", "world.yaml")
    planned = run("plan", "--out", "plan.json", *sandbox)
    assert planned.returncode == 0
    assert "warning: 2 people of this app move to managed Meta accounts, the first on" in planned.stderr
    assert ": system users lose nothing, user tokens do\n" in planned.stderr
    assert "managed" not in planned.stdout
    for name in ("json", "ndjson", "markdown", "step-summary", "html"):
        assert "2 people of this app move" in run("show", "plan.json", "--format", name).stdout, name
    notified("4")
    again = run("plan", "--out", "again.json", *sandbox)
    assert "warning: 3 people" in again.stderr
    applied = run("apply", "plan.json", "--auto-approve", *sandbox)
    assert applied.returncode == 0, applied.stderr
    assert "3 people of this app move" in " ".join(run("doctor", *sandbox).stdout.split())
    found = json.loads(run("doctor", "--format", "json", *sandbox).stdout)["findings"]
    (finding,) = [one for one in found if one["id"] == "moving"]
    assert (finding["level"], finding["subject"]) == ("ok", "")


def test_doctor_knows_the_person_of_a_user_token_and_no_other(company, notified, run):
    world = yaml.safe_load((company.directory / "world.yaml").read_text())
    world["tokens"] = {"a-person": {"business": ACME, "kind": "user"}}
    world["app_secret"] = SECRET
    (company.directory / "world.yaml").write_text(yaml.dump(world, Dumper=WithoutAliases))
    with serve(Store(company.directory / "other", company.directory / "world.yaml").open()) as server:
        asked = {"ACCESSCTL_TOKEN": "a-person", "ACCESSCTL_GRAPH_URL": server.url, "ACCESSCTL_APP_SECRET": SECRET}

        def moving():
            answered = run("doctor", "--format", "json", **asked)
            found = json.loads(answered.stdout)["findings"]
            return found, *(one for one in found if one["id"] == "moving")

        found, before = moving()
        assert before["text"].startswith("2 people of this app move")
        me = next(one["text"] for one in found if one["id"] == "token").rpartition("(")[2].rstrip(")").split()[-1]
        notified(me)
        found, after, others = moving()
        assert after["subject"] == BUSINESSES["acme"]["id"]
        assert after["text"].startswith("this token's person moves to a managed Meta account; it loses access on")
        assert after["level"] == "warning"
        assert others["text"].startswith("2 other people of this app move")

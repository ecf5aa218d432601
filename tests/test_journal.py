"""The journal: durable, readable after a crash, and what it remembers."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from accessctl.journal import Journal, JournalError, read_journal, remember
from accessctl.live.recall import recall
from accessctl.model import ABSENT, Access, Asset, AssetAccess, Grant, Kind, Remembered, Status, frozen

WHEN = datetime(2026, 11, 21, 12, tzinfo=UTC)
URL = "https://graph.facebook.com"
ASSET = Asset(Kind.AD_ACCOUNT, "77")
PAIR = (ASSET, "2002")


def entry(event: str, verb: str = "grant", outcome: str = "", before: tuple[str, list[str]] = ("absent", [])) -> dict:
    return {
        "v": 1,
        "at": WHEN.isoformat(),
        "run": "r1",
        "event": event,
        "verb": verb,
        "pair": {"kind": "ad_account", "asset": "77", "agency": "2002"},
        "before": {"status": before[0], "tasks": before[1]},
        "after": {"status": "confirmed", "tasks": ["ANALYZE"]},
        "outcome": outcome,
    }


STARTED = {"v": 1, "at": WHEN.isoformat(), "run": "r1", "event": "run_started", "graph": {"url": URL}}


def test_entries_come_back_in_order(tmp_path):
    path = tmp_path / "deep" / "journal.jsonl"
    with Journal(path, "r1", now=lambda: WHEN) as journal:
        journal.write("one", number=1)
    with Journal(path, "r2", now=lambda: WHEN) as journal:
        journal.write("two", text="line\nbreak")
    assert [(found["run"], found["event"]) for found in read_journal(path)] == [("r1", "one"), ("r2", "two")]
    assert path.stat().st_mode & 0o777 == 0o600


def test_no_journal_is_an_empty_one(tmp_path):
    assert read_journal(tmp_path / "none.jsonl") == ()


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_a_last_line_torn_by_a_crash_is_left_out_and_the_next_line_starts_clean(tmp_path, cut):
    path = tmp_path / "journal.jsonl"
    with Journal(path, "r1", now=lambda: WHEN) as journal:
        journal.write("one")
        journal.write("two")
    path.write_bytes(path.read_bytes()[:-cut])
    assert [found["event"] for found in read_journal(path)] == ["one"]
    with Journal(path, "r2", now=lambda: WHEN) as journal:
        journal.write("three")
    assert [found["event"] for found in read_journal(path)] == ["one", "three"]


@pytest.mark.parametrize("line", ["", "{", "[]", '"x"', '{"v": 1}', '{"v": 1, "event": 3}', '{"v": 2, "event": "x"}'])
def test_a_broken_line_inside_is_refused_with_its_number(tmp_path, line):
    path = tmp_path / "journal.jsonl"
    path.write_text(json.dumps(STARTED) + "\n" + line + "\n" + json.dumps(STARTED) + "\n")
    with pytest.raises(JournalError, match=":2: "):
        read_journal(path)


def test_a_journal_that_cannot_be_written_is_an_error_before_anything_is_sent(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError, match="cannot be written"), Journal(tmp_path / "file" / "j.jsonl", "r"):
        pass


def test_a_grant_that_awaits_approval_is_remembered_until_its_next_word():
    awaiting = entry("outcome", outcome="awaiting_admin_approval")
    found = remember((STARTED, entry("intent"), awaiting), URL)
    assert found[PAIR] == Remembered(WHEN, awaiting=frozenset({"ANALYZE"}))
    assert (
        remember((STARTED, entry("intent"), awaiting, entry("intent"), entry("outcome", outcome="applied")), URL) == {}
    )


@pytest.mark.parametrize("outcome", ["", "waiting_for_client", "unknown", "applied"])
def test_a_client_that_may_have_been_asked_counts_as_asked(outcome):
    entries = (STARTED, entry("intent", verb="request"))
    if outcome:
        entries += (entry("outcome", verb="request", outcome=outcome),)
    assert remember(entries, URL)[PAIR].is_request


def test_a_request_meta_refused_was_not_asked():
    entries = (STARTED, entry("intent", verb="request"), entry("outcome", verb="request", outcome="failed"))
    assert remember(entries, URL) == {}


def test_what_we_withdrew_ourselves_is_not_a_request_that_is_gone():
    asked = (STARTED, entry("intent", verb="request"), entry("outcome", verb="request", outcome="waiting_for_client"))
    withdrawn = (entry("intent", verb="withdraw"), entry("outcome", verb="withdraw", outcome="applied"))
    assert remember(asked + withdrawn, URL) == {}


def test_what_failed_leaves_the_memory_as_it_was():
    asked = (STARTED, entry("intent", verb="request"), entry("outcome", verb="request", outcome="waiting_for_client"))
    again = (entry("intent", verb="request"), entry("outcome", verb="request", outcome="failed"))
    assert remember(asked + again, URL) == remember(asked, URL)


@pytest.mark.parametrize("outcome", ["", "unknown"])
def test_a_grant_that_was_never_answered_is_remembered_as_that(outcome):
    entries = (STARTED, entry("intent")) + ((entry("outcome", outcome=outcome),) if outcome else ())
    memory = remember(entries, URL)[PAIR]
    assert memory.is_doubtful
    grant = recalled(live(), memory)
    assert (grant.status, grant.since, grant.detail) == (Status.ABSENT, WHEN, "in_doubt")
    assert recalled(live(Grant(frozenset({"ANALYZE"}))), memory) == Grant(frozenset({"ANALYZE"}))


@pytest.mark.parametrize(
    "change",
    [
        {"at": "yesterday"},
        {"at": "2026-11-21T12:00:00"},
        {"pair": []},
        {"pair": {"kind": "app", "asset": "1", "agency": "2"}},
        {"after": None},
        {"before": 3},
        {"event": "run_started", "graph": None},
    ],
)
def test_an_entry_of_an_odd_shape_is_refused_with_its_number(change):
    with pytest.raises(JournalError, match="line 2 of the journal"):
        remember((STARTED, entry("intent") | change), URL)


def test_what_was_done_at_another_api_is_nothing_here():
    assert remember((STARTED, entry("intent", verb="request")), "http://127.0.0.1:8080") == {}


def live(grant: Grant = ABSENT, unreadable: str = "") -> Access:
    grants = frozen({} if grant is ABSENT else {"2002": grant})
    return Access(frozen({ASSET: AssetAccess(ASSET, "1001", grants=grants, unreadable=unreadable)}), frozen({}))


AWAITING = Remembered(WHEN, awaiting=frozenset({"ANALYZE"}))
NOTHING = Access(frozen({}), frozen({}))


def recalled(access: Access, memory: Remembered) -> Grant | None:
    return recall(access, {PAIR: memory}, live()).assets[ASSET].grants.get("2002")


def test_an_absent_pair_whose_grant_awaits_approval_is_shown_as_that():
    grant = recalled(live(), AWAITING)
    assert (grant.status, grant.tasks, grant.since) == (Status.AWAITING_APPROVAL, {"ANALYZE"}, WHEN)


def test_a_pair_that_looks_different_now_has_been_settled_by_somebody():
    shown = Grant(frozenset({"ANALYZE"}))
    assert recalled(live(shown), AWAITING) == shown


def test_a_change_that_awaits_approval_leaves_what_is_held_as_it_is():
    shown = Grant(frozenset({"DRAFT"}))
    memory = Remembered(WHEN, awaiting=frozenset({"ANALYZE"}), before=("confirmed", frozenset({"DRAFT"})))
    grant = recalled(live(shown), memory)
    assert (grant.status, grant.tasks, grant.awaiting) == (Status.CONFIRMED, {"DRAFT"}, {"ANALYZE"})


def test_a_memory_never_makes_an_unreadable_asset_readable():
    access = recall(live(unreadable="no"), {PAIR: AWAITING}, live())
    assert access.assets[ASSET].grants == {}


def test_a_request_that_is_gone_is_shown_as_asked_before():
    memory = Remembered(WHEN, is_request=True)
    assert recalled(NOTHING, memory) == Grant(status=Status.ABSENT, since=WHEN)
    assert recalled(live(Grant(frozenset({"ANALYZE"}))), memory) == Grant(frozenset({"ANALYZE"}))


def test_a_memory_of_an_asset_nobody_declares_or_sees_adds_nothing():
    assert recall(NOTHING, {PAIR: AWAITING}, NOTHING) == NOTHING
    assert recall(NOTHING, {PAIR: Remembered(WHEN, is_request=True)}, NOTHING) == NOTHING


def test_an_accepted_request_that_awaits_approval_is_not_accepted_again_though_it_asked_for_the_same():
    shown = Grant(frozenset({"ANALYZE"}), Status.PENDING)
    memory = Remembered(WHEN, awaiting=frozenset({"ANALYZE"}), before=("pending", frozenset({"ANALYZE"})))
    assert recalled(live(shown), memory).status is Status.AWAITING_APPROVAL

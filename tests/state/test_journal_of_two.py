"""A run that was overtaken, and comes back when others have put the journal together, changes nothing of it."""

import pytest

from accessctl.chain import JournalError
from accessctl.journal import Journal, read_journal
from accessctl.lock import LostLockError
from accessctl.state import ObjectLedger
from accessctl.state.ledger import MANY


def events(store):
    return [entry["event"] for entry in read_journal(ObjectLedger(store))]


def killed(store, name, lines):
    """A run that never put its lines together."""
    journal = Journal(ObjectLedger(store), name).__enter__()
    for number in range(lines):
        journal.write(f"{name}-{number}")
    return journal


@pytest.fixture
def store(tmp_path):
    from accessctl.state import open_store

    return open_store(f"file://{tmp_path}/state", {})


def test_who_was_overtaken_cannot_write_after_an_opening_has_put_all_lines_together(store):
    late = killed(store, "late", 2)
    killed(store, "second", MANY)
    with Journal(ObjectLedger(store), "third") as third:
        third.write("third-0")
        before = events(store)
        with pytest.raises(JournalError, match="another run writes to it"):
            late.write("late-2")
        assert events(store) == before


def test_who_was_overtaken_takes_no_line_away_when_it_ends(store):
    late = killed(store, "late", 2)
    killed(store, "second", MANY)
    with Journal(ObjectLedger(store), "third") as third:
        third.write("third-0")
    before = events(store)
    late.__exit__(None, None, None)
    assert events(store) == before


def test_who_was_overtaken_puts_nothing_together_where_its_successor_is_about_to_write(store):
    """A run was unlocked while it lives: its last lines come between the other's look at the end and its first line."""
    lost = []

    def permit():
        if lost:
            raise LostLockError("the lock was taken over")

    late = Journal(ObjectLedger(store, permit), "late").__enter__()
    late.write("run_started")
    late.write("intent")
    lost.append(True)
    following = Journal(ObjectLedger(store), "next").__enter__()
    late.write("outcome")
    late.write("run_ended")
    late.__exit__(None, None, None)
    with pytest.raises(JournalError, match="another run writes to it"):
        following.write("run_started")
    assert events(store) == ["run_started", "intent", "outcome", "run_ended"]

"""The lock in an object store: one holder, for as long as it gives a sign, and no longer."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest

from accessctl.errors import AccessctlError
from accessctl.holder import Holder
from accessctl.keeping import lock_of
from accessctl.lock import LockedError, LostLockError
from accessctl.state import RemoteLock, StateError, open_store, unlock
from accessctl.state.turns import Turns
from accessctl.way import Way
from tests.campaigns import examples
from tests.state.conftest import s3_server

HOUR = 3600.0
CONTENDERS = 32


def run(name, url=""):
    return Holder(name, datetime(2026, 11, 22, 12, 3, tzinfo=UTC), "jo", url)


@contextlib.contextmanager
def contenders(kind, place, count, lease=60.0):
    """Start processes that want the same lock; each is spoken to in lines."""
    command = [sys.executable, "-m", "tests.state.contender", kind, place]
    with contextlib.ExitStack() as opened:
        found = [
            opened.enter_context(
                subprocess.Popen(
                    [*command, f"run-{number}", str(lease)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
                )
            )
            for number in range(count)
        ]
        try:
            assert {hear(one) for one in found} == {"ready"}
            yield found
        finally:
            for one in found:
                one.kill()


def say(process, word):
    process.stdin.write(f"{word}\n")
    process.stdin.flush()


def hear(process):
    return process.stdout.readline().strip()


def asked(process, word):
    say(process, word)
    return hear(process)


def one_winner_a_round(kind, place, rounds, count=CONTENDERS):
    with contenders(kind, place, count) as all_of_them:
        for _ in range(rounds):
            for one in all_of_them:
                say(one, "try")
            answers = [hear(one) for one in all_of_them]
            winners = [one for one, answer in zip(all_of_them, answers, strict=True) if answer == "won"]
            assert len(winners) == 1, answers
            assert sum(answer.startswith("lost another apply is running") for answer in answers) == count - 1
            assert asked(winners[0], "check") == "ours"
            assert asked(winners[0], "free") == "free"


def test_of_many_processes_one_wins_the_lock_of_this_machine(tmp_path):
    one_winner_a_round("local", str(tmp_path / "lock"), rounds=5, count=6)


def test_of_many_processes_one_wins_the_lock_in_a_store(state):
    one_winner_a_round("remote", state, rounds=5, count=6)


@pytest.mark.campaign
def test_of_32_processes_one_wins_in_each_of_50_rounds(state, tmp_path):
    rounds = examples(50)
    one_winner_a_round("local", str(tmp_path / "lock"), rounds)
    one_winner_a_round("remote", state, rounds)


def test_who_finds_the_lock_held_is_told_by_whom(store):
    with (
        RemoteLock(store, ["1001"]).hold(run("first", "https://ci.example/7")),
        pytest.raises(LockedError) as refused,
        RemoteLock(store, ["1001"]).hold(run("second")),
    ):
        pass
    assert refused.value.what == (
        "another apply is running: run first, since 2026-11-22 12:03 UTC, by jo, https://ci.example/7"
    )


def test_a_lock_that_was_let_go_is_free(store):
    for name in ("first", "second"):
        with RemoteLock(store, ["1001"]).hold(run(name)):
            pass


def test_who_has_patience_gets_the_lock_when_it_is_free(store):
    said = []
    with contextlib.ExitStack() as first:
        first.enter_context(RemoteLock(store, ["1001"]).hold(run("first")))
        second = RemoteLock(store, ["1001"], sleep=lambda _: first.close())
        with second.hold(run("second"), HOUR, said.append):
            second.check()
    assert said == ["waiting for the lock: another apply is running: " + run("first").words()]


def test_other_businesses_have_another_lock(store):
    with RemoteLock(store, ["1001"]).hold(run("one")), RemoteLock(store, ["1002"]).hold(run("other")):
        pass


def test_two_projects_that_keep_one_journal_do_not_run_together(state, tmp_path):
    here, there = (lock_of(Way(state=state), tmp_path / name, [name], os.environ) for name in ("1001", "1002"))
    with here.hold(run("first")), pytest.raises(LockedError, match="run first"), there.hold(run("second")):
        pass


def test_projects_with_journals_of_their_own_exclude_each_other_by_business_alone(state, tmp_path):
    ways = [Way(state=state, journal=f"{tmp_path}/{name}.jsonl") for name in ("a", "b", "c")]
    here, there, again = (
        lock_of(way, tmp_path / way.journal[-7:], [business], os.environ)
        for way, business in zip(ways, ["1001", "1002", "1001"], strict=True)
    )
    with here.hold(run("first")), there.hold(run("second")):
        with pytest.raises(LockedError, match="run first"), again.hold(run("third")):
            pass
        here.check()
        there.check()


def test_who_gets_not_all_locks_keeps_none(store):
    with RemoteLock(store, ["2"]).hold(run("first")):
        with pytest.raises(LockedError), RemoteLock(store, ["1", "2"]).hold(run("second")):
            pass
        with RemoteLock(store, ["1"]).hold(run("third")):
            pass


def test_a_lock_is_renewed_for_as_long_as_its_run_lasts(store):
    lock = RemoteLock(store, ["1001"], lease=1.0, beat=0.2)
    with lock.hold(run("long")):
        before = Turns(store, "lock/1001").number()
        while Turns(store, "lock/1001").number() < before + 3:
            time.sleep(0.05)
        lock.check()
        assert len(store.list("lock/1001")) <= 3  # what is over is cleared away


def test_a_killed_holder_is_followed_once_its_lease_is_over_and_not_before(store, state):
    with contenders("remote", state, 1, lease=0.6) as (victim,):
        assert asked(victim, "try") == "won"
        victim.send_signal(signal.SIGKILL)
        victim.wait()
    newest = Turns(store, "lock/1001").newest()
    said = []
    with RemoteLock(store, ["1001"]).hold(run("next"), 60.0, said.append):
        assert (store.now() - newest.changed).total_seconds() >= 0.6
    assert [line.partition(" of a run")[0] for line in said][-1] == "taking over the lock"


def test_a_paused_holder_that_was_followed_knows_it_has_lost(store, state):
    with contenders("remote", state, 1, lease=0.6) as (paused,):
        assert asked(paused, "try") == "won"
        paused.send_signal(signal.SIGSTOP)
        try:
            with RemoteLock(store, ["1001"]).hold(run("next"), 60.0):
                paused.send_signal(signal.SIGCONT)
                assert asked(paused, "check") == "not ours"
                assert asked(paused, "free") == "free"
                assert Turns(store, "lock/1001").newest().holder.run == "next"  # it frees nothing that is not its own
        finally:
            paused.send_signal(signal.SIGCONT)


@pytest.mark.campaign
@pytest.mark.parametrize("state", ["s3"], indirect=True)
def test_a_holder_paused_for_90_seconds_loses_a_lock_of_60(store, state):
    with contenders("remote", state, 1) as (paused,):
        assert asked(paused, "try") == "won"
        paused.send_signal(signal.SIGSTOP)
        try:
            time.sleep(90)
            with RemoteLock(store, ["1001"]).hold(run("next")):
                paused.send_signal(signal.SIGCONT)
                assert asked(paused, "check") == "not ours"
        finally:
            paused.send_signal(signal.SIGCONT)


def test_who_slept_through_its_lease_keeps_the_lock_if_nobody_took_it(store):
    now = [0.0]
    lock = RemoteLock(store, ["1001"], beat=HOUR, clock=lambda: now[0])
    with lock.hold(run("slept")):
        now[0] = 10 * HOUR
        lock.check()


def test_a_clock_that_stood_still_hides_no_successor(store):
    """A machine that was paused as a whole: its clock has not moved, the store has."""
    lock = RemoteLock(store, ["1001"], beat=HOUR, clock=lambda: 0.0)
    with lock.hold(run("frozen")):
        newest = Turns(store, "lock/1001").newest()
        assert Turns(store, "lock/1001").follow(newest.number, run("thief"), 60.0)
        with pytest.raises(LostLockError, match="taken over by run thief"):
            lock.check()
        with pytest.raises(LostLockError):
            lock.check()


def test_who_makes_a_number_that_others_have_passed_has_lost(store):
    turns = Turns(store, "lock/1001")
    for number in range(5):
        assert turns.follow(number, run(f"r{number}"), 60.0)
    assert not turns.follow(1, run("late"), 60.0)
    assert turns.newest().holder.run == "r4"


def test_of_two_that_follow_the_same_record_one_does(store):
    turns = Turns(store, "lock/1001")
    assert turns.follow(0, run("one"), 60.0)
    assert not turns.follow(0, run("two"), 60.0)
    assert turns.follow(0, run("one"), 60.0)  # the same record once more: an answer was lost, and it was sent again


def test_a_lock_in_a_store_that_is_gone_is_not_ours_any_more(tmp_path):
    lock = RemoteLock(open_store(f"file://{tmp_path}/state", os.environ), ["1001"])
    with lock.hold(run("one")):
        (tmp_path / "state").rename(tmp_path / "away")
        (tmp_path / "state").write_text("")
        with pytest.raises(LostLockError, match="nobody can tell whether this run still holds its lock"):
            lock.check()


def test_without_a_lock_nothing_is_permitted(store):
    with pytest.raises(LostLockError, match="holds no lock"):
        RemoteLock(store, ["1001"]).check()


def test_unlock_frees_the_lock_of_the_run_it_names_and_of_no_other(store):
    lock = RemoteLock(store, ["1001", "1002"])
    with lock.hold(run("stuck")):
        with pytest.raises(AccessctlError, match="no lock is held by run other") as refused:
            unlock(store, "other")
        assert refused.value.hint == f"held now: {run('stuck').words()}"
        assert unlock(store, "stuck") == ("1001", "1002")
        with pytest.raises(LostLockError, match="somebody who has unlocked it"):
            lock.check()
        with RemoteLock(store, ["1001", "1002"]).hold(run("next")):
            pass
    with pytest.raises(AccessctlError) as refused:
        unlock(store, "stuck")
    assert refused.value.hint == "no lock is held at all"


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"v": 1}', b'{"v": 1, "holder": {"since": "?"}, "seconds": 6}']
)
def test_a_record_that_accessctl_did_not_write_is_no_free_lock(store, content):
    store.put("lock/1001/000000000001.json", content)
    with pytest.raises(StateError), RemoteLock(store, ["1001"]).hold(run("one")):
        pass


def test_a_lock_of_a_newer_accessctl_is_respected(store):
    store.put("lock/1001/000000000001.json", b'{"v": 2}')
    with (
        pytest.raises(StateError, match="was made by another accessctl"),
        RemoteLock(store, ["1001"]).hold(run("one")),
    ):
        pass


def test_an_object_of_somebody_else_among_the_locks_is_named(store):
    store.put("lock/1001/notes.txt", b"")
    with pytest.raises(StateError, match=r"notes\.txt is no record of a lock"):
        Turns(store, "lock/1001").number()


def test_a_store_that_makes_an_object_twice_keeps_no_lock(monkeypatch):
    with s3_server("careless") as environ:
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        store = open_store("s3://state/x", os.environ)
        with pytest.raises(StateError, match="cannot keep a lock"), RemoteLock(store, ["1001"]).hold(run("one")):
            pass

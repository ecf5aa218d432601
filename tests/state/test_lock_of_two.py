"""A store that fails between two steps, or loses records, makes nobody lose or share a lock wrongly."""

import contextlib
import os
from datetime import UTC, datetime

import pytest

from accessctl.holder import Holder
from accessctl.lock import LostLockError
from accessctl.state import RemoteLock, StateError, open_store, unlock

HOUR = 3600.0


def run(name):
    return Holder(name, datetime(2026, 11, 22, 12, 3, tzinfo=UTC), "jo")


@pytest.fixture
def store(tmp_path):
    return open_store(f"file://{tmp_path}/state", os.environ)


class Failing:
    """A store of which one kind of call fails once, after `create` has made its object."""

    def __init__(self, store):
        self._store, self.url, self.fails = store, store.url, ""

    def __getattr__(self, name):
        def call(*args):
            if self.fails == name:
                self.fails = ""
                raise StateError("it could not be reached")
            if self.fails == "answer" and name == "create":
                self.fails = ""
                self._store.create(*args)
                raise StateError("it could not be reached")
            return getattr(self._store, name)(*args)

        return call


@pytest.mark.parametrize("fails", ["list", "delete", "answer"])
def test_a_renewal_that_was_made_but_not_heard_of_is_still_ours(store, fails):
    now = [0.0]
    failing = Failing(store)
    lock = RemoteLock(failing, ["1001"], beat=HOUR, clock=lambda: now[0])
    with lock.hold(run("one")):
        now[0] += 40
        failing.fails = fails
        with contextlib.suppress(LostLockError):
            lock.check()
        lock.check()
    with RemoteLock(store, ["1001"]).hold(run("next")):  # and it was freed at the end
        pass


def test_a_lock_whose_records_were_taken_away_is_not_ours_any_more(store):
    lock = RemoteLock(store, ["1001"], beat=HOUR)
    with lock.hold(run("one")):
        store.delete([found.name for found in store.list("lock")])
        with pytest.raises(LostLockError):
            lock.check()


def test_two_never_both_hold_a_lock_whose_records_were_taken_away(store):
    first, second = (RemoteLock(store, ["1001"], beat=HOUR) for _ in range(2))
    with first.hold(run("zero")):
        pass
    with first.hold(run("one")):
        store.delete([found.name for found in store.list("lock")])
        with second.hold(run("two")):
            permitted = 0
            for lock in (first, second):
                with contextlib.suppress(LostLockError):
                    lock.check()
                    permitted += 1
            assert permitted == 1


def test_unlock_frees_a_lock_that_is_renewed_at_that_moment(store):
    lock = RemoteLock(store, ["1001"], beat=HOUR)
    with lock.hold(run("alive")):
        held = lock._held[0]

        class Racing:
            url = store.url

            def __getattr__(self, name):
                return getattr(store, name)

            def create(self, name, content):
                if not getattr(self, "was", False):
                    self.was = True
                    lock._renew(held)
                return store.create(name, content)

        assert unlock(Racing(), "alive") == ("1001",)


def test_who_is_interrupted_while_it_takes_the_lock_leaves_none(store):
    class Interrupted:
        url = store.url

        def __getattr__(self, name):
            return getattr(store, name)

        def create(self, name, content):
            made = store.create(name, content)
            if name.startswith("lock/"):
                Interrupted.create = store.create
                raise KeyboardInterrupt
            return made

    with pytest.raises(KeyboardInterrupt), RemoteLock(Interrupted(), ["1001"]).hold(run("one")):
        pass
    with RemoteLock(store, ["1001"]).hold(run("next")):
        pass

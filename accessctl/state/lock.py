"""One apply at a time across machines: a lease that is renewed, and taken over only once it has run out."""

from __future__ import annotations

import contextlib
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from accessctl.errors import AccessctlError
from accessctl.lock import LockedError, LostLockError, Say
from accessctl.state.store import REACH, StateError
from accessctl.state.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from accessctl.holder import Holder
    from accessctl.state.store import Store
    from accessctl.state.turns import Turn

LEASE = 60.0  # seconds a record counts (FAULTS D3)
BEAT = 20.0  # seconds between two renewals
POLL = 2.0  # seconds between two looks at a lock that is waited for
GRAIN = 2.0  # seconds; stores tell times in whole seconds
LOCKS = "lock"


def _since_boot() -> float:
    """Return seconds that go on while the machine is suspended, where the system counts them."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


@dataclass(slots=True)
class _Held:
    """A lock of ours: the number of our newest record, and when that was made by our own clock."""

    turns: Turns
    number: int
    renewed: float


class RemoteLock:
    """The locks of these names in a store, a business's id each, held together by one run.

    `clock` counts seconds. While it is held, a thread renews it. It counts as lost as soon as a renewal is
    refused, and is never assumed: `check` asks the store.
    """

    def __init__(
        self,
        store: Store,
        names: Sequence[str],
        *,
        lease: float = LEASE,
        beat: float = BEAT,
        clock: Callable[[], float] = _since_boot,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._store = store
        self._names = sorted(f"{LOCKS}/{name}" for name in set(names))
        self._lease = lease
        self._beat = beat
        self._clock = clock
        self._sleep = sleep
        self._mutex = threading.Lock()
        self._held: list[_Held] = []
        self._holder: Holder | None = None
        self._beats = 0
        self._lost = ""

    @contextmanager
    def hold(self, holder: Holder, patience: float = 0.0, say: Say = lambda _: None) -> Iterator[None]:
        """Hold the lock while the block runs; `patience` is how many seconds to wait for whoever has it.

        `say` is told of waiting, and of a lock that is taken over. Raises LockedError where another run holds
        it, StateError where the store cannot be used.
        """
        self._holder, self._lost = holder, ""
        until = self._clock() + patience
        over = threading.Event()
        thread = threading.Thread(target=self._keep, args=(over,), daemon=True)
        self._store.check_creates()
        try:
            thread.start()  # the first lock is renewed while the second is waited for
            for name in self._names:
                self._held.append(self._take(Turns(self._store, name), until, say))
            yield
        finally:
            over.set()
            try:
                thread.join()
            finally:  # also where a signal came meanwhile
                self._let_go()

    def check(self) -> None:
        """Make sure that the lock is still ours. Raises LostLockError where it is not, or nobody can tell."""
        try:
            for held in self._held:
                self._check(held)
        except StateError as error:
            raise LostLockError(f"nobody can tell whether this run still holds its lock: {error.what}") from None
        if self._lost or not self._held:
            raise LostLockError(self._lost or "this run holds no lock")

    def _check(self, held: _Held) -> None:
        if self._clock() - held.renewed > self._lease / 2:  # we have slept: ask, do not guess
            with self._mutex:
                self._renew(held)
        if held.turns.number() != held.number:
            with self._mutex:  # a renewal of our own may have come between
                if held.turns.number() != held.number:
                    self._lose(held)
        if self._clock() - held.renewed > self._lease:
            raise StateError("the store answers too slowly", REACH)

    def _keep(self, over: threading.Event) -> None:
        """Renew the lock until the run is over; a store that does not answer is asked again at the next beat."""
        while not over.wait(self._beat):
            for held in tuple(self._held):
                with self._mutex, contextlib.suppress(StateError):
                    self._renew(held)

    def _renew(self, held: _Held) -> None:
        if self._lost:
            return
        self._beats += 1
        now = self._clock()
        if held.turns.follow(held.number, self._holder, self._lease, self._beats):
            held.number, held.renewed = held.number + 1, now
        else:
            self._lose(held)

    def _lose(self, held: _Held) -> None:
        newest = held.turns.newest()
        if newest and self._is_ours(newest):
            held.number = newest.number  # made by us, only that the store did not answer then
            return
        who = newest.holder.words() if newest and newest.holder else "somebody who has unlocked it"
        self._lost = self._lost or f"the lock was taken over by {who}"

    def _take(self, turns: Turns, until: float, say: Say) -> _Held:
        waited = False
        while True:
            now, newest = self._clock(), turns.newest()
            held = _Held(turns, newest.number + 1 if newest else 1, now)
            if newest is None or newest.holder is None or self._is_over(newest, newest.holder, say):
                if turns.follow(held.number - 1, self._holder, self._lease):
                    return held
            elif self._clock() >= until:
                raise LockedError(newest.holder)
            else:
                if not waited:
                    say(f"waiting for the lock: {LockedError(newest.holder).what}")
                waited = True
                self._sleep(min(POLL, self._lease / 4))

    def _is_over(self, turn: Turn, holder: Holder, say: Say) -> bool:
        """Tell whether a record has run out, by the store's clock alone."""
        age = (self._store.now() - turn.changed).total_seconds()
        if age < turn.seconds + GRAIN:
            return False
        say(f"taking over the lock of a run that gave no sign for {age:.0f} s: {holder.words()}")
        return True

    def _let_go(self) -> None:
        """Free what we hold; what cannot be freed runs out by itself."""
        for turns in (Turns(self._store, name) for name in self._names):
            with contextlib.suppress(StateError):
                newest = turns.newest()
                if newest and self._is_ours(newest):
                    turns.follow(newest.number, None, self._lease)
        self._held = []

    def _is_ours(self, turn: Turn) -> bool:
        return bool(turn.holder and self._holder and turn.holder.run == self._holder.run)


def unlock(store: Store, run: str) -> tuple[str, ...]:
    """Free every lock that this run holds; return their names.

    The run, if it still lives, stops before its next write. Raises AccessctlError where no lock has this
    holder, naming those that have another.
    """
    freed, others = [], []
    for name in sorted({found.name.rpartition("/")[0] for found in store.list(LOCKS)}):
        turns = Turns(store, name)
        while (newest := turns.newest()) and newest.holder and newest.holder.run == run:
            if turns.follow(newest.number, None, newest.seconds):  # else it was renewed meanwhile
                freed.append(name.rpartition("/")[2])
                break
        else:
            others += [newest.holder.words()] if newest and newest.holder else []
    if not freed:
        held = "; ".join(sorted(set(others)))
        raise AccessctlError(f"no lock is held by run {run}", f"held now: {held}" if held else "no lock is held at all")
    return tuple(freed)

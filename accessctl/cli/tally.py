"""The account of long work: what is read or applied, how far it is, what it waits for, and the words for that."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from accessctl.clean import display
from accessctl.watch import How, Watch

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

LONG = 10.0  # seconds; a shorter wait is not worth a line, nor is a change of its end by less


@dataclass(frozen=True, slots=True)
class Work:
    """A piece of work under way. `begun` is in seconds of its tally's clock, `total` None where nobody knows."""

    what: str
    total: int | None
    begun: float
    done: int = 0
    how: How = How.READING
    now: str = ""

    @property
    def title(self) -> str:
        """Return `reading ad accounts of acme`, `applying`, or a step with what it is busy with."""
        if self.how is How.READING:
            return f"reading {self.what}"
        if self.how is How.APPLYING:
            return "applying"
        return f"{self.what}: {self.now}" if self.now else self.what

    @property
    def count(self) -> str:
        """How many of how many. A reading's total is Meta's guess: nothing is said of one that was passed."""
        if self.total is None or self.done > self.total:
            return f"{self.done:,}"
        return f"{self.done:,} of {'about ' * (self.how is How.READING)}{self.total:,}"

    def pace(self, now: float) -> str:
        """Return how many are done in a second, or in a minute; nothing before there is a pace."""
        seconds = now - self.begun
        if not self.done or seconds < 1:
            return ""
        rate = self.done / seconds
        return f"{rate:,.0f}/s" if rate >= 1 else f"{max(60 * rate, 1):.0f}/min"


@dataclass(frozen=True, slots=True)
class Wait:
    """Meta is not asked before `until` (seconds of the tally's clock), which is `at` by the time of day."""

    until: float
    at: datetime
    why: str

    def words(self, now: float) -> str:
        """Return until when, for how much longer, and why. UTC is named, local time is not."""
        zone = " UTC" if self.at.tzname() == "UTC" else ""
        return f"waiting until {self.at:%H:%M:%S}{zone} ({about(self.until - now)}): {self.why}"


def about(seconds: float) -> str:
    """Return a duration as people say it: 55 s, about 4 min, about 2 h."""
    if seconds < 90:
        return f"{max(seconds, 0):.0f} s"
    return f"about {seconds / 60:.0f} min" if seconds < 5400 else f"about {seconds / 3600:.0f} h"


class Tally(Watch):
    """Keeps the account; what is made of this class shows it.

    `clock` counts seconds, `day` tells when something that many seconds from now is by the time of day. A
    piece of work that begins anew is counted anew; one that never began is not counted.
    """

    def __init__(self, clock: Callable[[], float], day: Callable[[float], datetime]) -> None:
        self._clock = clock
        self._day = day
        self._lock = threading.RLock()
        self._works: dict[str, Work] = {}
        self._wait: Wait | None = None

    def begin(self, what: str, total: int | None = None, how: How = How.READING) -> None:
        """Count from nothing."""
        with self._lock:
            self._works[what] = Work(display(what), total, self._clock(), how=how)

    def doing(self, what: str, now: str) -> None:
        """Keep it as the last word on that work."""
        with self._lock:
            if what in self._works:
                self._works[what] = replace(self._works[what], now=display(now))

    def advance(self, what: str, steps: int = 1) -> None:
        """Count on."""
        with self._lock:
            if what in self._works:
                work = self._works[what]
                self._works[what] = replace(work, done=work.done + steps)

    def end(self, what: str, said: str = "") -> None:
        """Count no more; a step that was tried counts for its plan."""
        with self._lock:
            work = self._works.pop(what, None)
            if work and said:
                for name in [name for name, other in self._works.items() if other.how is How.APPLYING]:
                    self.advance(name)

    @property
    def steps(self) -> list[Work]:
        """The steps in flight, the longest first."""
        return [work for work in self._works.values() if work.how is How.STEP]

    @property
    def works(self) -> list[Work]:
        """What is read or applied, without its steps."""
        return [work for work in self._works.values() if work.how is not How.STEP]

    def wait(self, seconds: float, why: str) -> None:
        """Keep the wait that ends last: the others are over by then."""
        with self._lock:
            until, before = self._clock() + seconds, self.waiting
            if before is None or until > before.until:
                self._wait = Wait(until, self._day(seconds), display(why))
            if seconds > LONG and (before is None or until > before.until + LONG):
                self.long_wait()

    def long_wait(self) -> None:
        """Take that a wait worth a line begins."""

    @property
    def waiting(self) -> Wait | None:
        """The wait that is going on."""
        return self._wait if self._wait and self._wait.until > self._clock() else None

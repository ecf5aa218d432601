"""The pace of a session: how full each quota is, and until when a call would come too early."""

from __future__ import annotations

import random
import threading
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from accessctl.graph.errors import GraphError, Trouble
from accessctl.graph.usage import APP, Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from accessctl.graph.call import Call
    from accessctl.graph.secret import Secret
    from accessctl.watch import Watch

    Bucket = str | Secret

WINDOW = 300.0  # seconds after which a score is forgotten, and a percentage old news (GRAPH_API 5.2)
CEILINGS = {"development_access": 60.0, "standard_access": 9000.0}  # points, by tier (GRAPH_API 5.2)
RESERVE = 0.95  # of a ceiling that we use: others call, too
POINTS_OF_A_WRITE = 3.0  # a read is one (GRAPH_API 5.2)
# From this percentage on, this many seconds between two calls. No figure is official (GRAPH_API 5.2).
SPACING = ((75.0, 1.0), (90.0, 5.0), (97.0, 15.0), (100.0, 60.0))
FIRST_BLOCK = 60.0
STRIKES = 6  # calls into a block, after which nobody tries again (FAULTS B3)
# Whose quota an error code speaks of (GRAPH_API 4.2); every other one is the node's.
_OF_APP = frozenset({0, 4, 341})
_OF_TOKEN = frozenset({17, 32})

_chance = random.SystemRandom()


class TooLongError(GraphError):
    """A call that was not made: its turn would come later than may be waited for."""


@dataclass(slots=True)
class _Quota:
    """One bucket. Times are the clock's; `spent` are the points of calls that are on their way."""

    opens: float = 0.0
    next: float = 0.0
    percent: float = 0.0
    empty: float = 0.0  # until when `percent` says something
    ceiling: float = 0.0
    spent: float = 0.0
    strikes: int = 0
    why: str = ""

    def delay(self, points: float, now: float) -> float:
        """Return how many seconds such a call would come too early."""
        used = self.percent if now < self.empty else 0.0
        room = self.ceiling * (RESERVE - used / 100.0) - self.spent + 1e-6
        full = self.empty - now if self.ceiling and points > room and used + self.spent else 0.0
        return max(self.opens - now, full, self.next - now if self._spacing(now) else 0.0)

    def take(self, points: float, now: float) -> None:
        """Count a call that sets out."""
        self.spent += points
        self.next = max(self.next, now) + self._spacing(now)

    def _spacing(self, now: float) -> float:
        """Return the seconds between two calls; where the ceiling is known, counting does better."""
        used = self.percent if now < self.empty and not self.ceiling else 0.0
        return max((seconds for least, seconds in SPACING if used >= least), default=0.0)


class Pace:
    """Lets the calls of any number of threads go when they are welcome.

    `sleep` takes seconds, `clock` gives them. `max_wait` is how many seconds the session may wait in all;
    threads that wait at the same time wait once. `watch` is told of every wait. `tier` is Meta's word for the
    app's access tier, as soon as an answer had it.
    """

    def __init__(
        self, *, sleep: Callable[[float], None], clock: Callable[[], float], max_wait: float, watch: Watch
    ) -> None:
        self.tier = ""
        self.waited = 0.0
        self._sleep = sleep
        self._clock = clock
        self._max_wait = max_wait
        self._watch = watch
        self._lock = threading.Lock()
        self._quotas: defaultdict[Bucket, _Quota] = defaultdict(_Quota)
        self._waiting_until = 0.0

    def enter(self, shares: Mapping[Bucket, float]) -> None:
        """Wait until calls of so many points are welcome in all these buckets, and count them there.

        Raises TooLongError, and counts nothing, where that would take longer than may be waited.
        """
        while True:
            with self._lock:
                now = self._clock()
                delay, bucket = max(
                    ((self._quotas[one].delay(points, now), one) for one, points in shares.items()),
                    key=lambda found: found[0],
                )
                if delay <= 0:
                    for one, points in shares.items():
                        self._quotas[one].take(points, now)
                    return
                why = self._quotas[bucket].why or f"Meta's quota for {_named(bucket)} is all but used up"
                if self._quotas[bucket].strikes >= STRIKES or not self._may_wait(now, delay):
                    raise _too_long(why, delay)
            self._watch.wait(delay, why)
            self._sleep(delay)

    def is_shut(self, shares: Iterable[Bucket]) -> bool:
        """Tell whether one of these buckets is closed by now, so that who entered before has to enter again."""
        with self._lock:
            now = self._clock()
            return any(self._quotas[bucket].opens > now for bucket in shares)

    def leave(self, shares: Mapping[Bucket, float]) -> None:
        """Take back the points of calls that are over: from now on the headers tell of them."""
        with self._lock:
            for bucket, points in shares.items():
                quota = self._quotas[bucket]
                quota.spent = max(0.0, quota.spent - points)

    def hear(self, shares: Iterable[Bucket], usages: Iterable[Usage], error: GraphError | None) -> None:
        """Take in what the answer to one call says of its quotas."""
        with self._lock:
            now = self._clock()
            for usage in usages:
                self._note(usage, now)
            if error is None or error.trouble is not Trouble.THROTTLED:
                for bucket in shares:
                    self._quotas[bucket].strikes, self._quotas[bucket].why = 0, ""
                return
            for bucket in _meant(shares, error.code):
                self._block(self._quotas[bucket], error, now)

    def _note(self, usage: Usage, now: float) -> None:
        self.tier = usage.tier or self.tier
        quota = self._quotas[usage.bucket]
        quota.percent, quota.empty = usage.percent, now + (usage.empty_in or WINDOW)
        if usage.is_score:
            quota.ceiling = CEILINGS.get(usage.tier, quota.ceiling)
        if usage.percent >= 100.0 and usage.empty_in:
            quota.opens = max(quota.opens, now + usage.empty_in)

    def _block(self, quota: _Quota, error: GraphError, now: float) -> None:
        seconds = error.wait_seconds
        if seconds is None:
            seconds = FIRST_BLOCK * 2.0**quota.strikes * _chance.uniform(0.8, 1.0)
        if now >= quota.opens:  # calls that set out together meet one block, not many
            quota.strikes += 1
        quota.why = error.steady
        quota.opens = max(quota.opens, now + seconds)

    def _may_wait(self, now: float, delay: float) -> bool:
        until = now + delay
        more = max(0.0, until - max(now, self._waiting_until))
        if self.waited + more > self._max_wait:
            return False
        self.waited += more
        self._waiting_until = max(self._waiting_until, until)
        return True


def shares_of(call: Call, token: Secret, points: float = 1.0) -> dict[Bucket, float]:
    """Return the buckets that one call counts in, with its points: the app's, the token's, the node's."""
    points *= POINTS_OF_A_WRITE if call.is_write else 1.0
    shares: dict[Bucket, float] = {APP: points, token: points}
    return shares | {call.node: points} if call.node else shares


def _meant(shares: Iterable[Bucket], code: int) -> list[Bucket]:
    """Return the bucket that a throttling error speaks of: the app's first, the token's second, the node's last."""
    buckets = list(shares)
    if code in _OF_APP:
        return buckets[:1]
    return buckets[1:2] if code in _OF_TOKEN else buckets[-1:]


def _named(bucket: Bucket) -> str:
    if bucket == APP:
        return "this app"
    return bucket if isinstance(bucket, str) else "this token"


def _too_long(why: str, delay: float) -> TooLongError:
    return TooLongError(
        f"{why}, for longer than may be waited",
        "run the command again later, or give a longer --max-wait",
        trouble=Trouble.THROTTLED,
        wait_seconds=delay,
    )

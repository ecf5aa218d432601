"""When a read is tried again, and how long to wait before; writes have no patience at all."""

from __future__ import annotations

import random
import threading
from typing import TYPE_CHECKING, TypeVar

from accessctl.graph.errors import GraphError, Trouble

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

TRIES = 3
THROTTLED_TRIES = 6
FIRST_PAUSE = 1.0
FIRST_THROTTLED_PAUSE = 60.0

_chance = random.SystemRandom()


class Patience:
    """Tries reads again: 3 tries for trouble that passes, more for throttling, but not without end.

    `sleep` takes seconds. `max_wait` is how many seconds each thread may wait out throttling in all, so that
    a storm is not waited out anew for every asset.
    """

    def __init__(self, *, sleep: Callable[[float], None], max_wait: float) -> None:
        self._sleep = sleep
        self._max_wait = max_wait
        self._thread = threading.local()

    def read(self, attempt: Callable[[], T]) -> T:
        """Return what `attempt` returns; raises its last GraphError when patience is at its end."""
        tries, throttled = 0, 0
        while True:
            try:
                return attempt()
            except GraphError as error:
                if error.trouble is Trouble.THROTTLED:
                    throttled += 1
                    if throttled == THROTTLED_TRIES or not self.wait_out(error, throttled):
                        raise
                    continue
                tries += 1
                if tries == TRIES or not may_pass(error):
                    raise
                self._sleep(FIRST_PAUSE * 2.0 ** (tries - 1) * _chance.uniform(0.5, 1.5))

    def wait_out(self, error: GraphError, times: int = 1) -> bool:
        """Sleep as long as a throttled call asks for; False, at once, where that is more than may be waited."""
        pause, waited = _throttled_pause(error, times), getattr(self._thread, "waited", 0.0)
        if waited + pause > self._max_wait:
            return False
        self._thread.waited = waited + pause
        self._sleep(pause)
        return True


def may_pass(error: GraphError) -> bool:
    """Tell whether another try of the same read may do better. A redirect will not."""
    passing = (Trouble.TRANSIENT, Trouble.NETWORK, Trouble.INCOMPLETE)
    return error.trouble in passing and not 300 <= error.http_status < 400


def _throttled_pause(error: GraphError, times: int) -> float:
    """Return what Meta stated, never less: calls inside a block prolong it (GRAPH_API 4.2)."""
    if error.wait_seconds is not None:
        return error.wait_seconds
    return FIRST_THROTTLED_PAUSE * 2.0 ** (times - 1) * _chance.uniform(0.8, 1.0)

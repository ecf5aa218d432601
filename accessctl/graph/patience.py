"""When a read is tried again, and how long to wait before; writes have no patience at all."""

from __future__ import annotations

import random
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
    """Tries reads again: 3 tries for trouble that passes, and as long as `max_wait` seconds for throttling.

    `sleep` takes seconds.
    """

    def __init__(self, *, sleep: Callable[[float], None], max_wait: float) -> None:
        self._sleep = sleep
        self._max_wait = max_wait

    def read(self, attempt: Callable[[], T], failed: GraphError | None = None) -> T:
        """Return what `attempt` returns; raises its last GraphError when patience is at its end.

        `failed` is a try that was made already, inside a batch.
        """
        tries, throttled, waited = 0, 0, 0.0
        while True:
            if failed is not None:
                if failed.trouble is Trouble.THROTTLED:
                    throttled += 1
                    pause = _throttled_pause(failed, throttled)
                    waited += pause
                    if throttled == THROTTLED_TRIES or waited > self._max_wait:
                        raise failed
                else:
                    tries += 1
                    if tries == TRIES or not may_pass(failed):
                        raise failed
                    pause = FIRST_PAUSE * 2.0 ** (tries - 1) * _chance.uniform(0.5, 1.5)
                self._sleep(pause)
            try:
                return attempt()
            except GraphError as error:
                failed = error


def may_pass(error: GraphError) -> bool:
    """Tell whether another try of the same read may do better. A redirect will not."""
    passing = (Trouble.TRANSIENT, Trouble.NETWORK, Trouble.INCOMPLETE)
    return error.trouble in passing and not 300 <= error.http_status < 400


def _throttled_pause(error: GraphError, times: int) -> float:
    """Return what Meta stated, never less: calls inside a block prolong it (GRAPH_API 4.2)."""
    if error.wait_seconds is not None:
        return error.wait_seconds
    return FIRST_THROTTLED_PAUSE * 2.0 ** (times - 1) * _chance.uniform(0.8, 1.0)

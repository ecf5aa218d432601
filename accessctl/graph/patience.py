"""When a read is tried again; writes have no patience at all."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, TypeVar

from accessctl.graph.errors import GraphError, Trouble
from accessctl.graph.pace import STRIKES, TooLongError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

TRIES = 3
FIRST_PAUSE = 1.0

_chance = random.SystemRandom()


class Patience:
    """Tries reads again: 3 tries for trouble that passes, 6 for throttling, whose waits the pace keeps.

    `sleep` takes seconds.
    """

    def __init__(self, sleep: Callable[[float], None]) -> None:
        self._sleep = sleep

    def read(self, attempt: Callable[[], T]) -> T:
        """Return what `attempt` returns; raises its last GraphError when patience is at its end."""
        tries, throttled = 0, 0
        while True:
            try:
                return attempt()
            except TooLongError:
                raise
            except GraphError as error:
                if error.trouble is Trouble.THROTTLED:
                    throttled += 1
                    if throttled == STRIKES:
                        raise
                    continue
                tries += 1
                if tries == TRIES or not may_pass(error):
                    raise
                self._sleep(FIRST_PAUSE * 2.0 ** (tries - 1) * _chance.uniform(0.5, 1.5))


def may_pass(error: GraphError) -> bool:
    """Tell whether another try of the same read may do better. A redirect will not."""
    passing = (Trouble.TRANSIENT, Trouble.NETWORK, Trouble.INCOMPLETE)
    return error.trouble in passing and not 300 <= error.http_status < 400

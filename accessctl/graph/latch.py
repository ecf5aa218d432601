"""A business whose token may list nothing of it: its first listing tells, and no other is sent (GRAPH_API 5.3)."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING

from accessctl.graph.lacking import BUSINESS_MANAGEMENT, VERIFICATION, named

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from accessctl.graph.call import Value
    from accessctl.graph.errors import GraphError

OPENS_ALL = frozenset({BUSINESS_MANAGEMENT, VERIFICATION})
# What may be refused alone, and is left out then: the listing without it tells.
_BESIDE = re.compile(r"\b(?:user_access_expire_time|agencies)\b")


class Latch:
    """What the first listing of each business has told in one look. Safe for many threads.

    Who looks sends one listing of a business ahead, and the others when that is `answered`. Later ones are not
    heard: what they tell would depend on which of them ends first (law 9).
    """

    def __init__(self, businesses: Iterable[str] = ()) -> None:
        self.answered = {one: threading.Event() for one in businesses}
        self._refused: dict[str, GraphError] = {}

    def refusal(self, path: Sequence[str]) -> GraphError | None:
        """Return what a read would be refused with, None where it may be sent."""
        return self._refused.get(path[0]) if len(path) == 2 else None

    def hear(self, path: Sequence[str], params: Mapping[str, Value], error: GraphError | None) -> None:
        """Take in how a read has ended; only the first listing of a business counts."""
        answered = self.answered.get(path[0]) if len(path) == 2 else None
        if answered is None or answered.is_set():
            return
        if error and named(error) & OPENS_ALL:
            if _BESIDE.search(str(params.get("fields", ""))):
                return
            self._refused[path[0]] = error
        answered.set()

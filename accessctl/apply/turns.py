"""Who goes first: the first write of an edge goes alone, so that one refusal tells that Meta does not open it."""

from __future__ import annotations

import threading
from collections import defaultdict
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager

    Edge = tuple[str, str]  # the acting business, and the method with the edge


class Turns:
    """A gate for each edge. Safe for many threads."""

    def __init__(self) -> None:
        self._gates: dict[Edge, threading.Lock] = defaultdict(threading.Lock)
        self._open: set[Edge] = set()

    def one_at_a_time(self, edge: Edge) -> AbstractContextManager[object]:
        """Give the gate of an edge whose calls never go side by side."""
        return self._gates[edge]

    def open(self, edges: Iterable[Edge]) -> None:
        """Take in that no call of these edges was refused as closed: from now on nobody waits there."""
        self._open.update(edges)

    @contextmanager
    def first(self, edges: Sequence[Edge], waiting: Callable[[], AbstractContextManager[object]]) -> Iterator[bool]:
        """Hold the gates of edges that are not open yet; tell who had to wait for one, which is done in `waiting`.

        Those that waited go on side by side as soon as it is open. Whoever needs two takes them in the order given,
        which has to be the same for all.
        """
        with ExitStack() as held:
            waited = [held.enter_context(self._first(edge, waiting)) for edge in edges]
            yield any(waited)

    @contextmanager
    def _first(self, edge: Edge, waiting: Callable[[], AbstractContextManager[object]]) -> Iterator[bool]:
        gate = self._gates[edge]
        if edge in self._open:
            yield False
            return
        if has_waited := not gate.acquire(blocking=False):
            with waiting():
                gate.acquire()
        if edge in self._open:
            gate.release()
            yield has_waited
            return
        try:
            yield has_waited
        finally:
            gate.release()

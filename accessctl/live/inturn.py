"""Many reads of assets' agencies: where Meta has closed that edge, a few refusals are enough to know it (FAULTS E7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.closed import SURE, asset_edge, shut
from accessctl.graph.batch import CHUNK
from accessctl.graph.errors import GraphError, Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from accessctl.closed import Closing
    from accessctl.graph.batch import BatchRead
    from accessctl.graph.edges import Row
    from accessctl.graph.reader import Reader
    from accessctl.graph.secret import Secret
    from accessctl.model import ClosedEdge, Kind


def read_in_turn(
    reader: Reader,
    token: Secret,
    business: str,
    reads: Sequence[tuple[Kind, BatchRead]],
    closing: Closing,
    tell: Callable[[int], None],
) -> list[Row | GraphError]:
    """Return the answers in the order of `reads`, each of the agencies of one asset, with its kind.

    The first of them go alone, one of each kind where the edge was found closed before: what these show to be
    closed is not asked any more.
    """
    answers: dict[int, Row | GraphError] = {}
    while left := [place for place in range(len(reads)) if place not in answers]:
        asked = _next(left, reads, business, closing, is_first=not answers)
        for place in left:
            closed = closing.just_found(business, asset_edge("GET", reads[place][0]))
            if closed and place not in asked:
                answers[place] = _closed_to_us(closed)
        tell(len([place for place in left if place in answers]))
        found = reader.batch([reads[place][1] for place in asked], token, tell)
        for place, answer in zip(asked, found, strict=True):
            answers[place] = answer
            _learn(business, *reads[place], answer, closing)
    closing.conclude()
    return [answers[place] for place in range(len(reads))]


def _next(
    left: Sequence[int], reads: Sequence[tuple[Kind, BatchRead]], business: str, closing: Closing, *, is_first: bool
) -> list[int]:
    """Return what is asked next: all that may be open, or at first no more than tells it."""
    open_ = [place for place in left if not closing.just_found(business, asset_edge("GET", reads[place][0]))]
    if not is_first:
        return open_
    known = {kind: closing.known(business, asset_edge("GET", kind)) for kind, _ in reads}
    doubtful = {kind for kind, closed in known.items() if closed and closed.code == SURE}
    if not doubtful:
        return open_[:CHUNK]
    first = {kind: next(place for place in open_ if reads[place][0] is kind) for kind in doubtful}
    return sorted(first.values())


def _closed_to_us(closed: ClosedEdge) -> GraphError:
    return GraphError(shut(closed, dated=False), trouble=Trouble.CAPABILITY_MISSING, code=closed.code)


def _learn(business: str, kind: Kind, read: BatchRead, answer: Row | GraphError, closing: Closing) -> None:
    edge = asset_edge("GET", kind)
    if isinstance(answer, GraphError):
        closing.refused(business, edge, answer, read.path[0])
    else:
        closing.worked(business, edge)

"""Many reads of assets' agencies: where Meta has closed that edge, a few refusals are enough to know it (FAULTS E7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.closed import ALIKE, SURE, unopened
from accessctl.graph.batch import CHUNK
from accessctl.graph.errors import GraphError
from accessctl.limited import asset_edge

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

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

    What is known to be closed is not asked. The first of the others go alone; what these show to be closed is not
    asked any more. Where a person wants a closed edge tried, one asset tells, or a few for a code that says less.
    """
    answers: dict[int, Row | GraphError] = {}
    edges = [asset_edge("GET", kind) for kind, _ in reads]
    while left := [place for place in range(len(reads)) if place not in answers]:
        shut = {place: closed for place in left if (closed := closing.barred(business, edges[place]))}
        answers |= {place: unopened(closed) for place, closed in shut.items()}
        tell(len(shut))
        open_ = [place for place in left if place not in shut]
        tried = {edges[place]: closed for place in open_ if (closed := closing.known(business, edges[place]))}
        asked = open_ if len(left) < len(reads) else _first(open_, reads, edges, tried, closing)
        found = reader.batch([reads[place][1] for place in asked], token, tell)
        answers |= zip(asked, found, strict=True)
        # What works comes first: then a refusal beside it is known to be of one asset.
        for place in sorted(asked, key=lambda place: isinstance(answers[place], GraphError)):
            _learn(business, *reads[place], answers[place], closing)
        closing.conclude({(business, edge) for edge in tried})
    closing.conclude({(business, edge) for edge in edges})
    return [answers[place] for place in range(len(reads))]


def _first(
    open_: Sequence[int],
    reads: Sequence[tuple[Kind, BatchRead]],
    edges: Sequence[str],
    tried: Mapping[str, ClosedEdge],
    closing: Closing,
) -> list[int]:
    """Return what is asked first: no more than tells what is open, those first that a person has named."""
    if not tried:
        return list(open_[:CHUNK])
    asked: list[int] = []
    for edge, closed in tried.items():
        named = closing.tried(closed.business, edge)
        places = [place for place in open_ if edges[place] == edge]
        places.sort(key=lambda place: reads[place][1].path[0] not in named)
        asked += places[: 1 if closed.code == SURE else ALIKE]
    return sorted(asked)


def _learn(business: str, kind: Kind, read: BatchRead, answer: Row | GraphError, closing: Closing) -> None:
    edge = asset_edge("GET", kind)
    if isinstance(answer, GraphError):
        closing.refused(business, edge, answer, read.path[0])
    else:
        closing.worked(business, edge)

"""Which piece of reading goes first for each business: where its token may see nothing, one refusal tells it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from accessctl.model import Kind, Side

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from concurrent.futures import Future, ThreadPoolExecutor

    from accessctl.graph.latch import Latch
    from accessctl.live.sources import Found, Source
    from accessctl.live.wanted import Listing, Wanted

    Pieces = tuple[list[tuple[Listing, Future[Found]]], list[Future[Found]], list[tuple[str, Future[Found]]]]

WITNESS, ALONE = "witness", "alone"


def begin(pool: ThreadPoolExecutor, source: Source, wanted: Wanted, latch: Latch) -> Pieces:
    """Begin to read all pieces: the listings, the assets that stand alone, and the witnesses, in their order.

    One piece of each business goes ahead; the others begin when its first listing is answered, so that a lack that
    all listings share is met once (GRAPH_API 5.3: refused calls count).
    """
    begun: dict[tuple[str, object], Future[Found]] = {}
    every = {business: dict(_pieces(business, source, wanted)) for business in wanted.businesses}
    for business, pieces in every.items():
        first = _leader(pieces)
        begun[business, first] = piece = pool.submit(pieces.pop(first))
        piece.add_done_callback(partial(_tell, latch.answered[business].set))
    for business, pieces in every.items():
        latch.answered[business].wait()
        begun.update({(business, what): pool.submit(read) for what, read in pieces.items()})
    return (
        [(listing, begun[listing.business, listing]) for listing in wanted.listings],
        [begun[owner, ALONE] for owner in wanted.alone],
        [(owner, begun[owner, WITNESS]) for owner in wanted.owners],
    )


def _pieces(business: str, source: Source, wanted: Wanted) -> Iterator[tuple[object, Callable[[], Found]]]:
    """Yield the pieces of a business, those with the most calls one after the other first.

    What clients share takes three, Pages two.
    """
    listings = [one for one in wanted.listings if one.business == business]
    for listing in sorted(listings, key=lambda one: (one.side is Side.OWNER, one.kind is not Kind.PAGE)):
        yield listing, partial(source.listing, listing, wanted)
    if business in wanted.alone:
        yield ALONE, partial(source.alone, business, wanted.alone[business])
    if business in wanted.owners:
        yield WITNESS, partial(source.witness, business)


def _leader(pieces: Mapping[object, Callable[[], Found]]) -> object:
    """Return the piece that goes ahead: the longest, so that nothing waits for it.

    Assets that are read alone list nothing of the business, so there the witness has to.
    """
    return next((one for one in pieces if one != ALONE), ALONE)


def _tell(set_: Callable[[], None], _: Future[Found]) -> None:
    set_()

"""Read the live access of all acting businesses, only what a plan needs."""

from __future__ import annotations

from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from accessctl.closed import nothing_known
from accessctl.garbage import held
from accessctl.graph.edges import read_name
from accessctl.graph.errors import HINT_UNVERIFIED, GraphError, Trouble, names_verification
from accessctl.graph.latch import Latch
from accessctl.live.ending import Ends, all_found, unasked
from accessctl.live.leading import begin
from accessctl.live.picture import Picture
from accessctl.live.sources import Source
from accessctl.lost import lost_business
from accessctl.model import Access, Business, Side
from accessctl.watch import QUIET

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from concurrent.futures import Future

    from accessctl.closed import Closing
    from accessctl.graph.reader import Reader
    from accessctl.graph.secret import Secret
    from accessctl.live.sources import Found
    from accessctl.live.wanted import Listing, Wanted
    from accessctl.watch import Watch

PIECES_AT_ONCE = 10
FORBIDDEN = frozenset({Trouble.PERMISSION, Trouble.ABSENT_OR_HIDDEN})
_OF_ANOTHER = (
    "check that the token belongs to this business and has business_management; "
    "ACCESSCTL_TOKEN_<ALIAS> gives each business its own"
)


@dataclass(frozen=True, slots=True)
class ActingBusiness:
    """A business whose token we hold."""

    business: Business
    token: Secret


def read_live(
    reader: Reader,
    acting: Sequence[ActingBusiness],
    wanted: Wanted,
    watch: Watch = QUIET,
    ends: Mapping[str, Ends] | None = None,
    closing: Closing | None = None,
) -> Access:
    """Read all that is wanted to the end, or say where it could not be.

    Raises GraphError for a token that is refused, or that may see nothing of its business: nothing else it
    would be asked can be believed. `watch` is told what is being read. `ends` has, by business, what is known
    of the ends of its token, and collects more; so does `closing` of the calls that Meta does not open.
    """
    closing = closing or nothing_known()
    by_id = {one.business.id: one for one in acting}
    ends = {one: (ends or {}).get(one) or Ends(one) for one in wanted.businesses}
    looking = {one: (by_id[one].business, by_id[one].token) for one in wanted.businesses}
    latch = Latch(wanted.businesses)
    source = Source(reader.heard_by(latch), looking, watch, ends, closing)
    watch.note(f"about {wanted.calls} calls to Meta, as far as the manifests tell")
    with held(), _pool() as pool:
        # Whoever cannot see itself is found out before any listing is read.
        known = list(pool.map(lambda one: check_identity(reader, by_id[one], ends[one]), wanted.businesses))
        listings, singles, witnesses = begin(pool, source, wanted, latch)
        _check_all([*(piece for _, piece in listings), *singles, *(piece for _, piece in witnesses)])
        closing.conclude()
        listed = [(listing, source.concluded(listing, piece.result())) for listing, piece in listings]
        check_sight(listed, by_id)
        picture = Picture(known)
        picture.take_in(listed, [piece.result() for piece in singles])
        for owner, witness in witnesses:
            picture.examine(by_id[owner].business, source.heard(owner, witness.result()))
        missing = [(owner, picture.missing(owner, assets)) for owner, assets in wanted.declared.items()]
        placed = [pool.submit(source.missing, owner, assets) for owner, assets in missing if assets]
        named = [pool.submit(source.named, owner, some) for owner, some in picture.unnamed(wanted.agencies)]
        for found in [*placed, *named]:
            picture.place(found.result())
    live = picture.access(is_narrow=wanted.is_narrow, are_all_heard=wanted.hears_all_owners)
    return replace(live, endings=all_found(ends.values()))


def _check_all(pieces: Sequence[Future[Found]]) -> None:
    """Wait for all pieces, or raise what the first to fail raises, however long the others would take."""
    done, _ = wait(pieces, return_when=FIRST_EXCEPTION)
    for piece in done:
        piece.result()


@contextmanager
def _pool() -> Iterator[ThreadPoolExecutor]:
    """Give a pool of threads; what fails, or is interrupted, does not wait for the others."""
    pool = ThreadPoolExecutor(max_workers=PIECES_AT_ONCE, thread_name_prefix="read")
    try:
        yield pool
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def check_identity(reader: Reader, acting: ActingBusiness, ends: Ends | None = None) -> Business:
    """Ask Meta who the business is, and return it with its live name; and whether it tells of its token's ends.

    Raises GraphError where the token cannot see it: with such a token every listing would be empty or
    foreign, which is not "no access".
    """
    ends = ends or unasked(acting.business.id)
    try:
        row = ends.ask("id,name", lambda fields: reader.get(acting.token, acting.business.id, fields=fields))
    except GraphError as error:
        what = f"{acting.business.alias} ({acting.business.id}) cannot be read: {error.what}"
        if error.trouble is Trouble.ABSENT_OR_HIDDEN and (end := ends.lost.get(None)):
            what = f"{what}; {lost_business(end)}"
        raise GraphError(what, error.hint, trouble=error.trouble, code=error.code, subcode=error.subcode) from None
    if row.get("id") != acting.business.id:
        raise GraphError(
            f"asked for business {acting.business.id} ({acting.business.alias}), Meta answered with another",
            trouble=Trouble.INCOMPLETE,
        )
    ends.note(None, row)
    return Business(acting.business.id, name=read_name(row))


def check_sight(listed: Sequence[tuple[Listing, Found]], acting: dict[str, ActingBusiness]) -> None:
    """Raise GraphError for a token that is allowed to see nothing of what its business owns, or holds.

    It may well be the token of another business: what such a token does not show is no evidence.
    """
    for business, side in dict.fromkeys((listing.business, listing.side) for listing, _ in listed):
        pieces = [found for listing, found in listed if (listing.business, listing.side) == (business, side)]
        if all(found.gap is not None and found.trouble in FORBIDDEN for found in pieces):
            called = f"{acting[business].business.alias} ({business})"
            what = "owns" if side is Side.OWNER else "holds at its clients"
            reason = pieces[0].gap.reason if pieces[0].gap else ""
            raise GraphError(
                f"this token may see nothing of what {called} {what}: {reason}",
                HINT_UNVERIFIED if names_verification(reason) else _OF_ANOTHER,
                trouble=Trouble.PERMISSION,
            )

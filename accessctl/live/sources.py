"""The pieces that live access is read in: each stands alone, fails alone, and may run beside the others."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from accessctl.closed import in_plain_words, not_opened, unopened, unread
from accessctl.graph.edges import MalformedError
from accessctl.graph.errors import GraphError, Trouble
from accessctl.limited import AGENCIES, CLIENTS
from accessctl.live.agency import AgencyView
from accessctl.live.lookup import look_up, read_nodes
from accessctl.live.names import read_names
from accessctl.live.owner import OwnerView
from accessctl.live.reasons import reason_unless_it_stops_all
from accessctl.live.witness import Testimony, hear_witness
from accessctl.model import Asset, AssetAccess, Business, Gap, Side

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from accessctl.closed import Closing
    from accessctl.graph.edges import Row
    from accessctl.graph.reader import Reader
    from accessctl.graph.secret import Secret
    from accessctl.live.ending import Ends
    from accessctl.live.wanted import Listing, Wanted
    from accessctl.watch import Watch


@dataclass(slots=True)
class Found:
    """What one piece of reading has found. `gap` and `trouble` say why it is not all there is."""

    assets: tuple[AssetAccess, ...] = ()
    gap: Gap | None = None
    trouble: Trouble | None = None
    told: Testimony = Testimony()  # noqa: RUF009  frozen
    names: dict[str, Business] = field(default_factory=dict)


class Source:
    """Reads pieces, for any number of threads. `acting` maps a business id to the business and its token.

    `ends` collects what each of them is foretold to lose, `closing` which calls Meta does not open.
    """

    def __init__(
        self,
        reader: Reader,
        acting: Mapping[str, tuple[Business, Secret]],
        watch: Watch,
        ends: Mapping[str, Ends],
        closing: Closing,
    ) -> None:
        self.reader = reader
        self.acting = acting
        self.watch = watch
        self.ends = ends
        self.closing = closing
        self._clients: dict[str, tuple[Row, ...] | GraphError] = {}
        self._asking = {business: threading.Lock() for business in acting}

    def listing(self, listing: Listing, wanted: Wanted) -> Found:
        """Read one kind of asset as one business sees it. Raises GraphError for what stops everything."""
        business, token = self.acting[listing.business]
        found = Found()
        ends = self.ends[business.id]
        view: OwnerView | AgencyView = OwnerView(self.reader, business.id, token, found.names, ends, self.closing)
        if listing.side is Side.AGENCY:
            view = AgencyView(self.reader, business.id, token, found.names, lambda: self._clients_of(business.id), ends)
        what = f"{listing.kind.nouns} of {business.alias}, as {listing.side}"
        self.watch.begin(what, wanted.expected(listing))
        try:
            found.assets = view.read(listing.kind, lambda steps: self.watch.advance(what, steps))
            self.closing.sighted(business.id)
        except (GraphError, MalformedError) as error:
            reason = reason_unless_it_stops_all(error)
            found.gap = Gap(business.id, listing.side, listing.kind, reason)
            found.trouble = error.trouble if isinstance(error, GraphError) else Trouble.INCOMPLETE
        finally:
            self.watch.end(what)
        return found

    def _clients_of(self, business: str) -> tuple[Row, ...]:
        """Return the rows of `clients`, read once for both kinds. Raises GraphError, for both the same."""
        with self._asking[business]:
            if business not in self._clients:
                self._clients[business] = self._read_clients(business)
            found = self._clients[business]
        if isinstance(found, GraphError):
            raise found
        return found

    def _read_clients(self, business: str) -> tuple[Row, ...] | GraphError:
        if closed := self.closing.barred(business, CLIENTS):
            return unopened(closed)
        try:
            with self.closing.around(business, CLIENTS):
                return AgencyView(self.reader, business, self.acting[business][1], {}).read_clients()
        except GraphError as error:
            return in_plain_words(error, self.closing.known(business, CLIENTS))

    def concluded(self, listing: Listing, found: Found) -> Found:
        """Return what a listing gave, once all is read: only then a refusal of `clients` may be seen as what it is."""
        closed = self.closing.met_with(listing.business, CLIENTS) if listing.side is Side.AGENCY else None
        if closed and found.gap:
            gap = replace(found.gap, reason=unread(closed))
            return replace(found, gap=gap, trouble=Trouble.CAPABILITY_MISSING)
        return found

    def heard(self, owner: str, found: Found) -> Found:
        """Return what a witness said, once all is read: only then its silence may be seen as what it is."""
        closed = self.closing.met_with(owner, AGENCIES)
        if closed and found.told.silence:
            return replace(found, told=Testimony(silence=not_opened(closed, dated=False)))
        return found

    def alone(self, owner: str, assets: Sequence[Asset]) -> Found:
        """Read these assets of an owner, each by itself. Raises GraphError for what stops everything."""
        business, token = self.acting[owner]
        found = Found()
        there, elsewhere = read_nodes(self.reader, business, token, assets, found.names, self.ends[owner])
        view = OwnerView(self.reader, owner, token, found.names, closing=self.closing)
        found.assets = (*view.read_each(there), *elsewhere)
        return found

    def witness(self, owner: str) -> Found:
        """Hear what the owner's own `agencies` edge says. Raises GraphError for what stops everything."""
        found = Found()
        found.told = hear_witness(self.reader, owner, self.acting[owner][1], found.names, self.closing)
        return found

    def missing(self, owner: str, assets: Sequence[Asset]) -> Found:
        """Look where declared assets are that no listing shows. Raises GraphError for what stops everything."""
        business, token = self.acting[owner]
        found = Found()
        found.assets = look_up(self.reader, business, token, assets, found.names)
        return found

    def named(self, owner: str, agencies: Sequence[str]) -> Found:
        """Read the names of agencies that an owner's manifests declare and no listing names. Raises nothing."""
        return Found(names={one.id: one for one in read_names(self.reader, self.acting[owner][1], agencies)})

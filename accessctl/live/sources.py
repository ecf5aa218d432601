"""The pieces that live access is read in: each stands alone, fails alone, and may run beside the others."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from accessctl.closed import CLIENTS, in_plain_words
from accessctl.graph.edges import MalformedError
from accessctl.graph.errors import GraphError, Trouble
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
        self._clients: dict[str, tuple[Row, ...]] = {}
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
        except (GraphError, MalformedError) as error:
            reason = reason_unless_it_stops_all(error)
            found.gap = Gap(business.id, listing.side, listing.kind, reason)
            found.trouble = error.trouble if isinstance(error, GraphError) else Trouble.INCOMPLETE
        finally:
            self.watch.end(what)
        return found

    def _clients_of(self, business: str) -> tuple[Row, ...]:
        """Return the rows of `clients`, read once for both kinds. Raises GraphError."""
        with self._asking[business]:
            if business not in self._clients:
                view = AgencyView(self.reader, business, self.acting[business][1], {})
                try:
                    with self.closing.around(business, CLIENTS):
                        self._clients[business] = view.read_clients()
                except GraphError as error:
                    raise in_plain_words(error, self.closing.known(business, CLIENTS)) from None
            return self._clients[business]

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

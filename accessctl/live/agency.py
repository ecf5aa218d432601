"""The agency's view: what clients share with a business, and what it has asked them for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from accessctl.graph import edges
from accessctl.graph.edges import CLIENT_EDGES, MalformedError
from accessctl.live.ending import unasked
from accessctl.live.witness import UNCERTAIN
from accessctl.model import Asset, AssetAccess, Business, Grant, Kind, Side, Status, frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from accessctl.graph.reader import Reader
    from accessctl.graph.secret import Secret
    from accessctl.live.ending import Ends

CLIENTS = "clients"


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one edge says of one asset. `status` is None where the edge has no word for it."""

    edge: str
    asset: Asset
    grant: Grant
    owner: str = ""
    name: str = ""


class AgencyView:
    """Reads what one business holds, or has asked for, at its clients."""

    def __init__(
        self,
        reader: Reader,
        business: str,
        token: Secret,
        names: dict[str, Business],
        clients: Callable[[], tuple[edges.Row, ...]] | None = None,
        ends: Ends | None = None,
    ) -> None:
        self.reader = reader
        self.business = business
        self.token = token
        self.names = names
        self.clients = clients or self.read_clients
        self.ends = ends or unasked(business)

    def read_clients(self) -> tuple[edges.Row, ...]:
        """Return the rows of `clients`, which tell of both kinds; who reads both passes them on as `clients`."""
        return self._rows(CLIENTS, edges.CLIENT_FIELDS, lambda _: None)

    def read(self, kind: Kind, tell: Callable[[int], None] = lambda _: None) -> tuple[AssetAccess, ...]:
        """Return the clients' assets of a kind on which this business holds or asks for something.

        Three edges tell of it; when one cannot be read to the end, what is not seen is not known to be absent:
        raises GraphError or MalformedError. `tell` is given how many more rows were read.
        """
        rows = self.clients()
        # Clients whose rows have no list of this kind say nothing about it; no client at all does.
        speaks = not rows or any(edges.PERMISSIONS_FIELD[kind] in row for row in rows)
        sightings = [*self._clients(kind, rows), *self._confirmed(kind, tell), *self._pending(kind, tell)]
        seen: dict[Asset, list[Sighting]] = {}
        for sighting in sightings:
            seen.setdefault(sighting.asset, []).append(sighting)
        return tuple(self._merged(asset, found, speaks=speaks) for asset, found in sorted(seen.items()))

    def _rows(self, edge: str, fields: str, tell: Callable[[int], None]) -> tuple[edges.Row, ...]:
        # GRAPH_API 3.3: these edges say how many rows they have, when asked.
        return self.reader.rows(self.token, self.business, edge, fields=fields, tell=tell, summary=True)

    def _clients(self, kind: Kind, rows: tuple[edges.Row, ...]) -> Iterator[Sighting]:
        for row in rows:
            client = edges.read_business(row)
            self.names.setdefault(client.id, client)
            for asset, item in edges.read_permissions(row, kind):
                yield Sighting(CLIENTS, asset, edges.read_grant(item), owner=client.id)

    def _confirmed(self, kind: Kind, tell: Callable[[int], None]) -> Iterator[Sighting]:
        edge = CLIENT_EDGES[kind]
        for row in self.ends.ask(edge.fields, lambda fields: self._rows(edge.confirmed, fields, tell)):
            asset = Asset(kind, edges.read_asset_id(row.get("id")))
            self.ends.note(asset, row)
            grant = edges.read_grant({**row, "access_status": "CONFIRMED"})
            yield Sighting(edge.confirmed, asset, grant, name=edges.read_name(row))

    def _pending(self, kind: Kind, tell: Callable[[int], None]) -> Iterator[Sighting]:
        edge = CLIENT_EDGES[kind]
        for row in self.reader.rows(self.token, self.business, edge.pending, fields=edge.pending_fields, tell=tell):
            node = row.get(edge.pending_node)
            if not isinstance(node, dict):
                raise MalformedError(f"a row of {edge.pending} names no {edge.pending_node}")
            asset = Asset(kind, edges.read_asset_id(node.get("id")))
            grant = edges.read_grant({**row, "access_status": "PENDING"})
            yield Sighting(edge.pending, asset, grant, name=edges.read_name(node))

    def _merged(self, asset: Asset, sightings: list[Sighting], *, speaks: bool) -> AssetAccess:
        owners = sorted({sighting.owner for sighting in sightings if sighting.owner})
        name = next((sighting.name for sighting in sightings if sighting.name), "")
        owner = owners[0] if len(owners) == 1 else ""
        if len(owners) > 1:
            trouble = f"Meta names two owners: {' and '.join(owners)}"
        else:
            trouble = _one_sided(asset, sightings) if speaks else ""
        if trouble:
            return AssetAccess(asset, owner, name, unreadable=trouble, reason_code=UNCERTAIN, side=Side.AGENCY)
        return AssetAccess(asset, owner, name, frozen({self.business: _agreed(sightings)}), side=Side.AGENCY)


def _one_sided(asset: Asset, sightings: list[Sighting]) -> str:
    """Say so where `clients` and the listing of what is held contradict each other about an asset."""
    edge = CLIENT_EDGES[asset.kind].confirmed
    by_edge = {sighting.edge: sighting.grant for sighting in sightings}
    told, held = by_edge.get(CLIENTS), edge in by_edge
    if held and told is None:
        return f"Meta contradicts itself: {edge} lists it, and clients does not"
    if told is not None and told.status is Status.CONFIRMED and not held:
        return f"Meta contradicts itself: clients names it as confirmed, and {edge} does not list it"
    return ""


def _agreed(sightings: list[Sighting]) -> Grant:
    """Return what the edges agree on, `clients` first; two that contradict each other make the pair unreadable.

    `clients` may come without a status (its reference lists none), so an edge with one fills it in.
    """
    words = {sighting.grant.status for sighting in sightings} - {Status.UNREADABLE}
    if {Status.CONFIRMED, Status.PENDING} <= words:
        told = ", ".join(f"{sighting.edge} says {sighting.grant.status}" for sighting in sightings)
        return Grant(status=Status.UNREADABLE, detail=f"Meta contradicts itself: {told}")
    odd = [
        one.grant for one in sightings if one.grant.status is Status.UNKNOWN and one.grant.detail != edges.NONE_GIVEN
    ]
    if odd:
        return odd[0]
    known = [sighting.grant for sighting in sightings if sighting.grant.status in (Status.CONFIRMED, Status.PENDING)]
    first = known[0] if known else sightings[0].grant
    since = next((sighting.grant.since for sighting in sightings if sighting.grant.since), None)
    return Grant(first.tasks, first.status, first.detail, since)

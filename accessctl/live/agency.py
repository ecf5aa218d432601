"""The agency's view: what clients share with a business, and what it has asked them for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from accessctl.graph import edges
from accessctl.graph.edges import CLIENT_EDGES, MalformedError
from accessctl.graph.errors import GraphError
from accessctl.live.owner import reason_unless_it_stops_all
from accessctl.model import Asset, AssetAccess, Business, Gap, Grant, Kind, Side, Status, frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from accessctl.graph.reader import Reader
    from accessctl.graph.secret import Secret


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

    def __init__(self, reader: Reader, business: str, token: Secret, names: dict[str, Business]) -> None:
        self.reader = reader
        self.business = business
        self.token = token
        self.names = names

    def read(self, kind: Kind) -> tuple[tuple[AssetAccess, ...], Gap | None]:
        """Return the clients' assets of a kind on which this business holds or asks for something.

        Three edges tell of it; when one cannot be read to the end, what is not seen is not known to be absent.
        """
        try:
            sightings = [*self._clients(kind), *self._confirmed(kind), *self._pending(kind)]
        except (GraphError, MalformedError) as error:
            return (), Gap(self.business, Side.AGENCY, kind, reason_unless_it_stops_all(error))
        seen: dict[Asset, list[Sighting]] = {}
        for sighting in sightings:
            seen.setdefault(sighting.asset, []).append(sighting)
        return tuple(self._merged(asset, found) for asset, found in sorted(seen.items())), None

    def _clients(self, kind: Kind) -> Iterator[Sighting]:
        for row in self.reader.rows(self.token, self.business, "clients", fields=edges.CLIENT_FIELDS):
            client = edges.read_business(row)
            self.names.setdefault(client.id, client)
            for asset, item in edges.read_permissions(row, kind):
                yield Sighting("clients", asset, edges.read_grant(item), owner=client.id)

    def _confirmed(self, kind: Kind) -> Iterator[Sighting]:
        edge = CLIENT_EDGES[kind]
        for row in self.reader.rows(self.token, self.business, edge.confirmed, fields=edge.fields):
            asset = Asset(kind, edges.read_asset_id(row.get("id")))
            grant = edges.read_grant({**row, "access_status": "CONFIRMED"})
            yield Sighting(edge.confirmed, asset, grant, name=_text(row.get("name")))

    def _pending(self, kind: Kind) -> Iterator[Sighting]:
        edge = CLIENT_EDGES[kind]
        for row in self.reader.rows(self.token, self.business, edge.pending, fields=edge.pending_fields):
            node = row.get(edge.pending_node)
            if not isinstance(node, dict):
                raise MalformedError(f"a row of {edge.pending} names no {edge.pending_node}")
            asset = Asset(kind, edges.read_asset_id(node.get("id")))
            grant = edges.read_grant({**row, "access_status": "PENDING"})
            yield Sighting(edge.pending, asset, grant, name=_text(node.get("name")))

    def _merged(self, asset: Asset, sightings: list[Sighting]) -> AssetAccess:
        owners = sorted({sighting.owner for sighting in sightings if sighting.owner})
        name = next((sighting.name for sighting in sightings if sighting.name), "")
        grants = frozen({self.business: _agreed(sightings)})
        if len(owners) > 1:
            return AssetAccess(asset, "", name, grants, f"Meta names two owners: {' and '.join(owners)}", Side.AGENCY)
        return AssetAccess(asset, "".join(owners), name, grants, side=Side.AGENCY)


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


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""

"""From an action to the one call that carries it out, and back to what is live now."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from accessctl.apply.look import TAKES_FROM_CLIENT
from accessctl.closed import nothing_known
from accessctl.endings import ENDED
from accessctl.graph.edges import MalformedError
from accessctl.graph.errors import GraphError
from accessctl.live.agency import AgencyView
from accessctl.live.owner import OwnerView
from accessctl.live.reasons import reason_unless_it_stops_all
from accessctl.model import Asset, AssetAccess, Side
from accessctl.plan.byhand import edge_of, edges_of
from accessctl.plan.nouns import Verb

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from accessctl.closed import Closing
    from accessctl.graph.reader import Reader
    from accessctl.graph.secret import Secret
    from accessctl.graph.writer import Answer, Writer
    from accessctl.live.read import ActingBusiness
    from accessctl.model import ClosedEdge
    from accessctl.plan.nouns import Action

SIDES = {
    Verb.GRANT: Side.OWNER,
    Verb.ACCEPT: Side.OWNER,
    Verb.CHANGE: Side.OWNER,
    Verb.REVOKE: Side.OWNER,
    Verb.REQUEST: Side.AGENCY,
    Verb.WITHDRAW: Side.AGENCY,
    Verb.RELINQUISH: Side.AGENCY,
}


class Door(Protocol):
    """What apply needs of the world outside."""

    def look(self, action: Action) -> AssetAccess:
        """Return the action's asset as it is now; unreadable, never empty, where Meta does not answer."""
        ...

    def send(self, action: Action) -> Answer:
        """Make the action's call, once."""
        ...

    def take_away(self, action: Action) -> Answer:
        """Revoke the pair of a change that is done with a gap."""
        ...

    def closed(self, action: Action) -> ClosedEdge | None:
        """Return the action's call where this run has found that Meta does not open it to the app."""
        ...


class GraphDoor:
    """The door to Meta's API, each action through the token of its acting business.

    `blind` tells why the token of a business may not see an asset, empty where nothing is known to be lost: what
    it does not show is then not known to be given up.
    """

    def __init__(
        self,
        reader: Reader,
        writer: Writer,
        acting: Sequence[ActingBusiness],
        closing: Closing | None = None,
        blind: Callable[[str, Asset], str] = lambda *_: "",
    ) -> None:
        self.reader = reader
        self.writer = writer
        self.closing = closing or nothing_known()
        self._blind = blind
        self.acting: Mapping[str, ActingBusiness] = {one.business.alias: one for one in acting}
        self.owners = {alias: OwnerView(reader, one.business.id, one.token, {}) for alias, one in self.acting.items()}

    def look(self, action: Action) -> AssetAccess:
        """Return the action's asset as it is now, seen from the side of the action."""
        asset = _asset(action)
        if SIDES[action.verb] is Side.OWNER:
            return self._owner(action).read_one(asset)
        one = self.acting[action.via]
        try:
            found = AgencyView(self.reader, one.business.id, one.token, {}).read(asset.kind)
        except (GraphError, MalformedError) as error:
            return AssetAccess(asset, "", unreadable=reason_unless_it_stops_all(error))
        absent = AssetAccess(asset, "")
        if action.verb in TAKES_FROM_CLIENT and (told := self._blind(one.business.id, asset)):
            absent = replace(absent, unreadable=told, reason_code=ENDED)
        return next((access for access in found if access.asset == asset), absent)

    def send(self, action: Action) -> Answer:
        """Make the action's call, once. Raises GraphError."""
        asset, business = _asset(action), self.acting[action.via].business.id
        token = self.acting[action.via].token
        match action.verb:
            case Verb.GRANT | Verb.ACCEPT | Verb.CHANGE:
                speaker = self._speaker(action)
                with self._learning(action.verb, action):
                    return self.writer.give(speaker, asset, action.agency.id, action.after.tasks)
            case Verb.REVOKE:
                return self.take_away(action)
            case Verb.REQUEST:
                with self._learning(action.verb, action):
                    return self.writer.ask(token, business, asset, action.after.tasks)
            case Verb.WITHDRAW | Verb.RELINQUISH:
                with self._learning(action.verb, action):
                    return self.writer.drop(token, business, asset)
        raise AssertionError(action.verb)

    def take_away(self, action: Action) -> Answer:
        """Revoke the agency's access. Raises GraphError."""
        speaker = self._speaker(action)
        with self._learning(Verb.REVOKE, action):
            return self.writer.take(speaker, _asset(action), action.agency.id)

    def closed(self, action: Action) -> ClosedEdge | None:
        """Return the action's call where this run has found that Meta does not open it to the app."""
        business = self.acting[action.via].business.id
        edges = edges_of(action.verb, action.asset.kind, with_gap=action.replace_with_gap)
        return next((found for edge in edges if (found := self.closing.just_found(business, edge))), None)

    def _learning(self, verb: Verb, action: Action) -> AbstractContextManager[None]:
        """Learn from how the call of a step ends whether Meta opens it to the app."""
        asset = _asset(action)
        return self.closing.around(self.acting[action.via].business.id, edge_of(verb, asset.kind), asset.node)

    def _owner(self, action: Action) -> OwnerView:
        """Return the view of the acting business, which keeps the Page token between the look and the write."""
        return self.owners[action.via]

    def _speaker(self, action: Action) -> Secret:
        return self._owner(action).token_for(_asset(action))


def _asset(action: Action) -> Asset:
    return Asset(action.asset.kind, action.asset.id)

"""What doctor says of calls that Meta does not open to the app, as earlier runs have met them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.closed import AGENCIES, CLIENTS, OBO_WORDS, USED, asset_edge, not_opened
from accessctl.doctor.facts import Unread
from accessctl.doctor.findings import Finding, Level
from accessctl.model import Kind
from accessctl.obo.look import BY_HAND, LISTING_ON_ACCOUNT
from accessctl.plan.byhand import ASK_EDGES, PARTNERS_PAGE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from accessctl.doctor.facts import Facts
    from accessctl.model import ClosedEdge

SOURCE = "what accessctl has noted of Meta's refusals"
CLIENT_ADDS = f"the client adds the business as a partner, at {PARTNERS_PAGE}"
ADMIN_DOES = "an admin does it in Business Settings, on the page of the asset"
ON_ITS_PAGE = "look in Business Settings, on the page of the asset, under Partners"
IN_TURN = "nothing: accessctl obo list asks each ad account instead"
READ_INSTEAD: Mapping[str, str] = {
    AGENCIES: "nothing: a plan is made without it, only that nothing is compared with it",
    CLIENTS: f"look in Business Settings, at {PARTNERS_PAGE}",
    **{asset_edge("GET", kind): ON_ITS_PAGE for kind in Kind},
    **dict.fromkeys(OBO_WORDS, IN_TURN),
    LISTING_ON_ACCOUNT: BY_HAND,
}
HARMLESS = frozenset({AGENCIES, *OBO_WORDS} - {LISTING_ON_ACCOUNT})  # what they tell is found in another way
EACH_PLAN = frozenset({CLIENTS, *(asset_edge("GET", kind) for kind in Kind)})  # a plan needs them, so each tries


def closed_findings(closed: Sequence[ClosedEdge] | Unread, every: Sequence[Facts]) -> Iterator[Finding]:
    """Yield each call that is closed to an acting business: a warning where a person has to do it instead."""
    if isinstance(closed, Unread):
        text = f"which calls Meta does not open to this app is not known: {closed.reason}"
        yield Finding("closed", Level.UNKNOWN, "", text, "make the place readable", SOURCE)
        return
    acting = {facts.business.id for facts in every}
    for one in sorted(closed):
        if one.business in acting:
            level = Level.OK if one.edge in HARMLESS else Level.WARNING
            yield Finding("closed", level, one.business, not_opened(one), _todo(one), SOURCE)


def _todo(closed: ClosedEdge) -> str:
    """Return what is done by hand, and how the call is tried again: a step by --ask-again, a listing by itself."""
    if closed.edge in EACH_PLAN:
        return f"{READ_INSTEAD[closed.edge]}; each plan tries it again"
    again = f"{closed.at + USED:%Y-%m-%d}"
    if closed.edge in READ_INSTEAD:
        return f"{READ_INSTEAD[closed.edge]}; it is tried again from {again} on"
    by_hand = CLIENT_ADDS if closed.edge in ASK_EDGES.values() else ADMIN_DOES
    return (
        f"{by_hand}: accessctl plan says who, and for which assets; plan --ask-again ASSET plans one such step by the "
        f"call, and all are planned so again from {again} on"
    )

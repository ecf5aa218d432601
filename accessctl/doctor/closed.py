"""What doctor says of calls that Meta does not open to the app, as earlier runs have met them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.closed import USED, not_opened
from accessctl.doctor.facts import Unread
from accessctl.doctor.findings import Finding, Level
from accessctl.limited import AGENCIES, CANCEL_OBO, OBO_LISTS, OBO_WORDS, PARTNERS_PAGE, page_of
from accessctl.obo.look import LISTING_ON_ACCOUNT
from accessctl.plan.byhand import ASK_EDGES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from accessctl.doctor.facts import Facts
    from accessctl.model import ClosedEdge

SOURCE = "what accessctl has noted of Meta's refusals"
CLIENT_ADDS = f"the client adds the business as a partner, at {PARTNERS_PAGE}"
ADMIN_DOES = "an admin does it in Business Settings, on the page of the asset"
IN_TURN = "nothing: accessctl obo list asks each ad account instead"
WITHOUT = "nothing: a plan is made without it, only that nothing is compared with it"
HARMLESS = frozenset({AGENCIES, *OBO_LISTS} - {LISTING_ON_ACCOUNT})  # what they tell is found in another way


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
            yield Finding("closed", level, one.business, not_opened(one), f"{_todo(one)}; {_again(one)}", SOURCE)


def _todo(closed: ClosedEdge) -> str:
    """Return what a person does instead."""
    if closed.edge in HARMLESS:
        return WITHOUT if closed.edge == AGENCIES else IN_TURN
    page = page_of(closed.edge, closed.business)
    if closed.edge == CANCEL_OBO:
        return f"cancel it by hand, at {page}"
    if closed.edge.startswith("GET "):
        return f"look by hand, at {page}"
    by_hand = CLIENT_ADDS if closed.edge in ASK_EDGES.values() else ADMIN_DOES
    return f"{by_hand}: accessctl plan says who, and for which assets"


def _again(closed: ClosedEdge) -> str:
    """Return the ways in which the call is tried again; no selector reaches a request."""
    flag = "" if closed.edge in OBO_WORDS else "with plan --ask-again ASSET, "
    return f"it is tried again {flag}with another token, or from {closed.at + USED:%Y-%m-%d} on"

"""Edges that Meta does not open to the app: since 8 June 2021 it limits some, and its code for that is not written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accessctl.sandbox.wire import Refusal
from accessctl.sandbox.world import AD_ACCOUNT, PAGE, Fault, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accessctl.sandbox.spot import Spot
    from accessctl.sandbox.world import Quirks

# By code (GRAPH_API 4.3), in words that Meta has for it; those of 10 and 200 are also those of a lack of permission.
WORDS: Mapping[int, str] = {
    3: "(#3) Application does not have the capability to make this API call",
    10: "(#10) Application does not have permission for this action",
    200: "(#200) Permissions error",
}
_OF_A_BUSINESS = (
    *("POST client_ad_accounts", "POST client_pages", "DELETE ad_accounts", "DELETE pages"),
    *("GET agencies", "GET clients", "GET owned_ad_accounts", "GET owned_pages"),
)
_OF_REQUESTS = tuple(f"GET {name}onbehalf_requests" for name in ("received_inprogress_", "sent_inprogress_", ""))
_A_REQUEST = {method: f"{method} OBO_REQUEST_ID" for method in ("GET", "DELETE")}  # whatever its id
_OF_AN_ASSET = tuple(f"{method} {kind}/agencies" for kind in (AD_ACCOUNT, PAGE) for method in ("GET", "POST", "DELETE"))
EDGES = (*_OF_A_BUSINESS, *_OF_REQUESTS, *_A_REQUEST.values(), *_OF_AN_ASSET)


def check_open(quirks: Quirks, method: str, kind: str, edge: str) -> None:
    """Raise Refusal where the edge is closed to every app of this world; `kind` is the type of the node it is on.

    Without an edge it is about the node itself, an on-behalf-of request.
    """
    name = f"{method} {kind}/{edge}" if edge else _A_REQUEST[method]
    if fault := quirks.closed.get(name if name in EDGES else f"{method} {edge}"):
        raise Refusal(fault.code, fault.message, fault.subcode)


def read_closed(spot: Spot) -> Mapping[str, Fault]:
    """Read the quirk `closed`: a code by edge, or a code and Meta's words."""
    if not spot.is_absent:
        spot.keys((), EDGES)
    return frozen({edge: _fault(below) for edge, below in spot.each()})


def closed_tree(closed: Mapping[str, Fault]) -> dict[str, Any]:
    """Return the quirk as a world file has it."""
    return {edge: {"code": one.code, "subcode": one.subcode, "message": one.message} for edge, one in closed.items()}


def _fault(spot: Spot) -> Fault:
    if not isinstance(spot.value, dict):
        code = spot.whole(least=1)
        return Fault(code, message=WORDS.get(code, f"(#{code}) Permissions error"))
    spot.keys(("code",), ("subcode", "message"))
    code = spot.at("code").whole(least=1)
    return Fault(code, spot.at("subcode").whole(), spot.at("message").text(WORDS.get(code, "Permissions error")))

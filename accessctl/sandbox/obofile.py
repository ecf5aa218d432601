"""On-behalf-of requests in a world file and in a saved world."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from accessctl.sandbox.obo import IN_PROGRESS, OboRequest
from accessctl.sandbox.spot import ID

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from accessctl.sandbox.spot import Spot
    from accessctl.sandbox.world import Asset, Business

STATUS = re.compile(r"[A-Z][A-Z0-9_]{0,79}", re.ASCII)


def read_obo_requests(
    spot: Spot, businesses: Mapping[str, Business], assets: Mapping[str, Asset]
) -> Iterator[OboRequest]:
    """Read `obo_requests`: each by its id, on an ad account and between two businesses of this world."""
    for key, one in spot.each():
        if not ID.fullmatch(key):
            one.refuse("no id", "an id is 1 to 20 digits in quotes, without a zero in front")
        if key in businesses or key in assets:
            one.refuse("the id is also a business or a Page", "give the request an id of its own")
        one.keys(("ad_account", "receiving", "requesting"), ("status",))
        receiving, requesting = (_business(one.at(name), businesses) for name in ("receiving", "requesting"))
        if receiving == requesting:
            one.at("requesting").refuse("a business asks itself", "name two businesses")
        yield OboRequest(key, _ad_account(one.at("ad_account"), assets), receiving, requesting, _status(one))


def obo_tree(requests: Mapping[str, OboRequest]) -> dict[str, Any]:
    """Return `obo_requests` as a world file has it."""
    return {
        key: {
            "ad_account": one.ad_account.removeprefix("act_"),
            "receiving": one.receiving,
            "requesting": one.requesting,
            "status": one.status,
        }
        for key, one in requests.items()
    }


def _business(spot: Spot, businesses: Mapping[str, Business]) -> str:
    if spot.text() not in businesses:
        spot.refuse(f'no business "{spot.value}"', "add it under businesses, or correct the id")
    return spot.text()


def _ad_account(spot: Spot, assets: Mapping[str, Asset]) -> str:
    node = "act_" + spot.text().removeprefix("act_")
    if node not in assets:
        spot.refuse(f'no ad account "{spot.value}"', "add it under ad_accounts, or correct the id")
    return node


def _status(spot: Spot) -> str:
    found = spot.at("status").text(IN_PROGRESS)
    if not STATUS.fullmatch(found):
        spot.at("status").refuse(f"{found!r} does not look like a status", f"write it like {IN_PROGRESS}")
    return found

"""The name of the ad account of one request, which no answer about the request has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.graph import edges
from accessctl.graph.edges import MalformedError
from accessctl.graph.errors import GraphError
from accessctl.model import Asset, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from accessctl.graph.reader import Reader
    from accessctl.live.read import ActingBusiness
    from accessctl.model import Access
    from accessctl.obo.requests import OboRequest

OWNED, SHARED = "owned_ad_accounts", "client_ad_accounts"


def account_name(request: OboRequest, reader: Reader, acting: Sequence[ActingBusiness], desired: Access) -> str:
    """Return the name of the ad account at Meta; empty where those of `acting` that are at an end cannot see it.

    One of our own is asked itself. Any other is looked up in what is shared with us (and in what we own where no
    manifest says whose it is): who may not see it is then told nothing, in place of an error. Raises nothing.
    """
    if request.asset is None:
        return ""
    declared = desired.assets.get(request.asset)
    for one in acting:
        if not request.concerns(one.business.id):
            continue
        is_own = declared is not None and declared.owner == one.business.id
        listings = (SHARED,) if declared else (OWNED, SHARED)
        try:
            name = _own(request.asset, reader, one) if is_own else _listed(request.asset, reader, one, listings)
        except (GraphError, MalformedError):
            continue
        if name:
            return name
    return ""


def _own(asset: Asset, reader: Reader, one: ActingBusiness) -> str:
    return edges.read_name(reader.get(one.token, asset.node, fields="id,name"))


def _listed(asset: Asset, reader: Reader, one: ActingBusiness, listings: Sequence[str]) -> str:
    for edge in listings:
        fields = edges.OWNED_AD_ACCOUNT_FIELDS_PLAIN
        for row in reader.rows(one.token, one.business.id, edge, fields=fields):
            if Asset(Kind.AD_ACCOUNT, edges.read_asset_id(row["id"])) == asset:
                return edges.read_name(row)
    return ""

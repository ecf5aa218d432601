"""What a person wants tried although Meta is known to refuse the call: steps, and reads. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from accessctl.limited import AGENCIES, CLIENTS, asset_edge
from accessctl.selectors import in_scope, selected

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from accessctl.model import Access


def with_tried_again(live: Access, desired: Access, ask_again: Sequence[str]) -> Access:
    """Return `live` with the pairs that the selectors of --ask-again mean. Raises AccessctlError for a bad one.

    The call counts as closed for all other pairs still: whether the one goes through tells how it is.
    """
    if not (live.closed and ask_again):
        return live
    pairs = {
        (asset, agency)
        for asset, access in desired.assets.items()
        for agency in {*access.grants, *(live.assets[asset].grants if asset in live.assets else ())}
    }
    return replace(live, tried_again=frozenset(selected(ask_again, pairs, desired)))


def reads_tried_again(
    desired: Access, acts_as: Collection[str], ask_again: Sequence[str]
) -> Mapping[tuple[str, str], Collection[str]]:
    """Return the reads of assets that the selectors of --ask-again reach, by business and edge, each with their ids.

    An asset of ours stands behind the agencies of itself and of its owner, one of a client behind our `clients`.
    Raises AccessctlError for a bad selector.
    """
    if not ask_again:
        return {}
    is_meant = in_scope(ask_again, (), desired)
    found: dict[tuple[str, str], set[str]] = {}
    for asset, access in desired.assets.items():
        if not is_meant(access, ""):
            continue
        own = {(access.owner, AGENCIES), (access.owner, asset_edge("GET", asset.kind))}
        for read in own if access.owner in acts_as else {(business, CLIENTS) for business in acts_as}:
            found.setdefault(read, set()).add(asset.node)
    return found

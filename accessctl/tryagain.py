"""Which pairs a person wants tried although Meta is known to refuse the call. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from accessctl.selectors import selected

if TYPE_CHECKING:
    from collections.abc import Sequence

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

"""Do a token's permissions cover what a plan writes? Told by debug_token, before anything is sent. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from accessctl.doctor.facts import NOT_ASKED, Facts
from accessctl.doctor.granular import elsewhere_only, named, uncovered
from accessctl.doctor.needs import NEEDS
from accessctl.doctor.permissions import names
from accessctl.model import Side, frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Set

    from accessctl.doctor.facts import TokenFacts
    from accessctl.doctor.needs import Need
    from accessctl.model import Asset, Business

# What each side and kind of asset is written with; the others are for reads alone.
WRITING = frozenset({"owner-ad-accounts-write", "owner-pages-write", "agency-ad-accounts", "agency-pages"})


def not_allowed(business: Business, token: TokenFacts, writes: Set[tuple[Side, Asset]]) -> Iterator[str]:
    """Yield what keeps the token of a business from making these writes, nothing where they may be tried.

    What an empty list of ids means is documented nowhere (GRAPH_API 1.6), so it is held against no token.
    """
    told = frozen({scope: ids for scope, ids in token.targets.items() if ids})
    facts = Facts(business, replace(token, targets=told), NOT_ASKED, NOT_ASKED, NOT_ASKED)
    for need in NEEDS:
        assets = frozenset(asset.id for side, asset in writes if (side, asset.kind) == (need.side, need.kind))
        if need.id in WRITING and assets:
            yield from _of_need(facts, token.scopes, need, assets)
    if writes and (covered := elsewhere_only(facts)) is not None:
        yield f"business_management of the token of {business.alias} covers {named(covered)}, and not {business.id}"


def _of_need(facts: Facts, scopes: frozenset[str], need: Need, assets: frozenset[str]) -> Iterator[str]:
    """Yield what is missing for writes of one side and kind, or which of them are not covered (GRAPH_API 1.6).

    Where more is better to have, that alone is a way too: to a Page that is reached by it. Ids that name the
    business itself cover all that it owns.
    """
    alias = facts.business.alias
    ways = (*need.ways, need.better) if need.better else need.ways
    way = next((way for way in ways if way <= scopes), None)
    if way is None:
        missing = min((way - scopes for way in need.ways), key=len)
        what = f"{need.verbs.replace(' and ', ' or ')} ({need.kind.nouns} as {need.side})"
        yield f"the token of {alias} lacks {names(missing)}, without which it cannot {what}"
    elif need.side is Side.OWNER:
        is_for_all = not uncovered(facts, way, frozenset({facts.business.id}))
        left = frozenset[str]() if is_for_all else uncovered(facts, way, assets)
        if left:
            yield f"{names(way)} of the token of {alias} do not cover {need.kind.noun} {named(left)}"

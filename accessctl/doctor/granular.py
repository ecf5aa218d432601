"""Findings about what permissions cover: a token may have one for some businesses and assets alone. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.counting import count
from accessctl.doctor import facts as f
from accessctl.doctor.findings import Finding, Level
from accessctl.doctor.needs import (
    ADS_MANAGEMENT,
    ADS_READ,
    BUSINESS_MANAGEMENT,
    PAGES_MANAGE_METADATA,
    PAGES_SHOW_LIST,
)
from accessctl.model import Kind, Side

if TYPE_CHECKING:
    from collections.abc import Iterator

    from accessctl.doctor.facts import Facts
    from accessctl.doctor.needs import Needs

NAMED = 3  # ids a line names before it counts the rest
GRANULAR = "granular_scopes of GET /debug_token"
ANEW = "make the token anew in this business, or correct the id of the business in the manifests"
# Which kind of asset a permission can be narrowed to; business_management is narrowed to businesses.
NARROWED = {
    ADS_MANAGEMENT: Kind.AD_ACCOUNT,
    ADS_READ: Kind.AD_ACCOUNT,
    PAGES_MANAGE_METADATA: Kind.PAGE,
    PAGES_SHOW_LIST: Kind.PAGE,
}


def granular_findings(facts: Facts, needs: Needs) -> Iterator[Finding]:
    """Yield what a permission does not cover: ids that are missing where Meta lists ids (GRAPH_API 1.6)."""
    if not isinstance(facts.token, f.TokenFacts):
        return
    token, subject = facts.token, facts.business.id
    found = []
    if (covered := elsewhere_only(facts)) is not None:
        text = f"business_management covers {named(covered)}, and not this business"
        found.append(Finding("granular.business_management", Level.PROBLEM, subject, text, ANEW, GRANULAR))
    for scope, kind in NARROWED.items():
        declared = frozenset(access.asset.id for access in needs.assets(Side.OWNER, kind))
        if scope in token.scopes and (missing := uncovered(facts, frozenset({scope}), declared)):
            text = f"{scope} covers {_of(len(declared) - len(missing), len(declared), kind)}, not {named(missing)}"
            found.append(Finding(f"granular.{scope}", Level.WARNING, subject, text, choose(missing), GRANULAR))
    if found:
        yield from found
    elif token.targets:
        text = "its permissions cover the business"
        text += " and all owned assets that the manifests declare" * bool(needs.owned)
        yield Finding("granular", Level.OK, subject, text, source=GRANULAR)


def elsewhere_only(facts: Facts) -> frozenset[str] | None:
    """Return the businesses that business_management covers where the acting one is not among them, else None."""
    token = facts.token
    if not isinstance(token, f.TokenFacts) or BUSINESS_MANAGEMENT not in token.scopes:
        return None
    covered = token.targets.get(BUSINESS_MANAGEMENT)
    return None if covered is None or facts.business.id in covered else covered


def uncovered(facts: Facts, permissions: frozenset[str], declared: frozenset[str]) -> frozenset[str]:
    """Return those of the declared assets that one of these permissions does not cover."""
    targets = facts.token.targets if isinstance(facts.token, f.TokenFacts) else {}
    narrow = [targets[one] for one in permissions & NARROWED.keys() if one in targets]
    return frozenset(asset for asset in declared if not all(asset in ids for ids in narrow))


def choose(missing: frozenset[str]) -> str:
    """Return what to do about assets that are not covered."""
    return (
        f"choose these too where the token is made, or assign them to its user in Business Settings: {named(missing)}"
    )


def _of(number: int, total: int, kind: Kind) -> str:
    return f"{number} of {count(total, kind.noun, kind.nouns)}"


def named(ids: set[str] | frozenset[str]) -> str:
    """Return the first ids and how many more there are, `nothing` for none."""
    shown = sorted(ids)[:NAMED]
    more = f" and {len(ids) - NAMED} more" if len(ids) > NAMED else ""
    return ", ".join(shown) + more or "nothing"

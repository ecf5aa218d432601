"""Findings about permissions: what the manifests need, and what the token has. Pure."""

from __future__ import annotations

from dataclasses import replace
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
    from accessctl.doctor.needs import Need, Needs

NAMED = 3  # ids a line names before it counts the rest
DIALOG = "https://www.facebook.com"
GRANULAR = "granular_scopes of GET /debug_token"
# Which kind of asset a permission can be narrowed to; business_management is narrowed to businesses.
NARROWED = {
    ADS_MANAGEMENT: Kind.AD_ACCOUNT,
    ADS_READ: Kind.AD_ACCOUNT,
    PAGES_MANAGE_METADATA: Kind.PAGE,
    PAGES_SHOW_LIST: Kind.PAGE,
}


def permission_findings(facts: Facts, needs: Needs, version: str) -> Iterator[Finding]:
    """Yield one finding for each group of calls that the manifests need, then what is narrowed.

    Where a permission is missing, `url` is where a person grants all that the manifests need, in this version.
    """
    url = login_url(facts, needs.permissions(), version)
    for need, number in needs.rows():
        found = _permission(facts, need, count(number, need.kind.noun, need.kind.nouns))
        yield replace(found, url=url) if found.todo else found
    if isinstance(facts.token, f.TokenFacts):
        yield from _narrowed(facts, facts.token, needs)


def _permission(facts: Facts, need: Need, assets: str) -> Finding:
    found, subject = f"permission.{need.id}", facts.business.id
    where = f"{assets} as {need.side}"
    if isinstance(facts.token, f.Unread):
        text = f"{where}: it needs {names(need.ways[0])} to {need.verbs}, and which permissions it has is not known"
        return Finding(found, Level.UNKNOWN, subject, text, source=need.source)
    scopes = facts.token.scopes
    way = next((way for way in need.ways if way <= scopes), None)
    if way is None:
        missing = min((way - scopes for way in need.ways), key=len)
        text = f"{where}: it cannot {need.verbs.replace(' and ', ' or ')}, for it lacks {names(missing)}"
        return Finding(found, Level.PROBLEM, subject, text, _todo(facts, need, missing), need.source)
    if need.better - scopes:
        text = f"{where}: Meta may refuse to let it {need.verbs}, for it lacks {names(need.better - scopes)}"
        return Finding(found, Level.WARNING, subject, text, _todo(facts, need, need.better - scopes), need.source)
    can = "has the permissions to" if facts.is_employee else "can"  # whose role forbids it all the same
    return Finding(found, Level.OK, subject, f"{where}: it {can} {need.verbs} ({names(way)})", source=need.source)


def _todo(facts: Facts, need: Need, missing: frozenset[str]) -> str:
    is_person = isinstance(facts.token, f.TokenFacts) and facts.token.type == f.USER
    how = "let the person log in again and allow" if is_person else "make a new token of the system user with"
    return f"{how} {names(missing)} as well: {need.why}"


def login_url(facts: Facts, permissions: frozenset[str], version: str) -> str:
    """Return the address of the dialog in which a person grants these, empty where the app is not known.

    YOUR_URL is for the user to fill in; Meta wants a slash at its end.
    """
    app = _app_id(facts)
    scope = ",".join(sorted(permissions))
    return f"{DIALOG}/{version}/dialog/oauth?client_id={app}&redirect_uri=YOUR_URL/&scope={scope}" if app else ""


def _app_id(facts: Facts) -> str:
    known = facts.token.app_id if isinstance(facts.token, f.TokenFacts) else ""
    return known if known.isascii() and known.isdigit() else ""


def _narrowed(facts: Facts, token: f.TokenFacts, needs: Needs) -> Iterator[Finding]:
    """Yield what a permission does not cover: ids that are missing where Meta lists ids (GRAPH_API 1.6)."""
    subject, found = facts.business.id, []
    covered = token.targets.get(BUSINESS_MANAGEMENT)
    if BUSINESS_MANAGEMENT in token.scopes and covered is not None and subject not in covered:
        text = f"business_management covers {named(covered)}, and not this business"
        todo = "make the token anew in this business, or correct the id of the business in the manifests"
        found.append(Finding("granular.business_management", Level.PROBLEM, subject, text, todo, GRANULAR))
    for scope, kind in NARROWED.items():
        declared = {access.asset.id for access in needs.assets(Side.OWNER, kind)}
        if scope in token.scopes and scope in token.targets and declared - token.targets[scope]:
            found.append(_uncovered(subject, scope, kind, declared, declared - token.targets[scope]))
    if found:
        yield from found
    elif token.targets:
        text = "its permissions cover the business"
        text += " and all owned assets that the manifests declare" * bool(needs.owned)
        yield Finding("granular", Level.OK, subject, text, source=GRANULAR)


def _uncovered(subject: str, scope: str, kind: Kind, declared: set[str], missing: set[str]) -> Finding:
    text = f"{scope} covers {len(declared) - len(missing)} of {count(len(declared), kind.noun, kind.nouns)}"
    todo = f"choose these too where the token is made, or add them to the system user's assets: {named(missing)}"
    return Finding(f"granular.{scope}", Level.WARNING, subject, f"{text}, not {named(missing)}", todo, GRANULAR)


def names(permissions: frozenset[str]) -> str:
    """Return names of permissions, in order: `a, b and c`."""
    *first, last = sorted(permissions) or [""]
    return f"{', '.join(first)} and {last}" if first else last


def named(ids: set[str] | frozenset[str]) -> str:
    """Return the first ids and how many more there are, `nothing` for none."""
    shown = sorted(ids)[:NAMED]
    more = f" and {len(ids) - NAMED} more" if len(ids) > NAMED else ""
    return ", ".join(shown) + more or "nothing"

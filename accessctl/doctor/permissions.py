"""Findings about permissions: what the manifests need, and what the token has. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from accessctl.counting import count
from accessctl.doctor import facts as f
from accessctl.doctor.findings import Finding, Level
from accessctl.doctor.granular import choose, granular_findings, uncovered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from accessctl.doctor.facts import Facts
    from accessctl.doctor.needs import Need, Needs

DIALOG = "https://www.facebook.com"
STATUS = "GET /me/permissions"


@dataclass(frozen=True, slots=True)
class Bar:
    """What stands in the way of all calls, as the end of a sentence, what to do, and who says so.

    All are empty where the finding of the cause itself says that permissions are of no use.
    """

    why: str = ""
    todo: str = ""
    source: str = ""


def permission_findings(facts: Facts, needs: Needs, version: str, bar: Bar | None = None) -> Iterator[Finding]:
    """Yield one finding for each group of calls that the manifests need, then what is narrowed.

    Where a person's token lacks a permission, `url` is where that person grants all that the manifests need, in
    this version. With a `bar` no permission is of use.
    """
    url = login_url(facts, needs.permissions(), version) if _may_be_persons(facts) else ""
    barred = []
    for need, number in needs.rows():
        declared = frozenset(access.asset.id for access in needs.assets(need.side, need.kind))
        one = _permission(facts, need, declared, url)
        if bar and facts.scopes is not None and one.level is not Level.PROBLEM:
            barred.append(_where(need, number))
        else:
            yield one
    if bar and bar.why and barred:
        yield _barred(facts, bar, dict.fromkeys(barred))
    yield from (one for one in granular_findings(facts, needs) if not bar or one.level is not Level.OK)


def _barred(facts: Facts, bar: Bar, assets: Iterable[str]) -> Finding:
    """Say that permissions are of no use, once for all that they are there for."""
    places = [*assets]
    take = "takes" if len(places) == 1 and places[0].startswith("1 ") else "take"
    text = f"it has the permissions that {', '.join(places)} {take}, and cannot use them: {bar.why}"
    return Finding("permission.barred", Level.PROBLEM, facts.business.id, text, bar.todo, bar.source)


def _where(need: Need, number: int) -> str:
    return f"{count(number, need.kind.noun, need.kind.nouns)} as {need.side}"


def _permission(facts: Facts, need: Need, declared: frozenset[str], url: str) -> Finding:
    found, subject, scopes = f"permission.{need.id}", facts.business.id, facts.scopes
    where = _where(need, len(declared))
    if scopes is None:
        text = f"{where}: it needs {names(need.ways[0])} to {need.verbs}, and which permissions it has is not known"
        todo = f"see with Meta's Access Token Debugger whether it has {names(need.ways[0])}"
        return Finding(found, Level.UNKNOWN, subject, text, todo, need.source)
    ways = [way for way in need.ways if way <= scopes]
    missing = need.better - scopes if ways else min((way - scopes for way in need.ways), key=len)
    if not missing:
        return _covering(facts, need, declared, ways)
    level = Level.WARNING if ways else Level.PROBLEM
    text = f"Meta may refuse to let it {need.verbs}" if ways else f"it cannot {need.verbs.replace(' and ', ' or ')}"
    text = f"{where}: {text}, for it lacks {names(missing)}{_why_missing(facts, missing)}"
    return Finding(found, level, subject, text, _todo(facts, need, missing), _source(facts, need, missing), url)


def _covering(facts: Facts, need: Need, declared: frozenset[str], ways: list[frozenset[str]]) -> Finding:
    """Say for how many assets there are permissions; of several ways the one that covers most."""
    found, subject, source = f"permission.{need.id}", facts.business.id, _source(facts, need)
    where = _where(need, len(declared))
    way = min(ways, key=lambda one: len(uncovered(facts, one, declared)))
    left = uncovered(facts, way, declared)
    text = f"{where}: it has the permissions to {need.verbs} ({names(way)})"
    if left:
        level = Level.WARNING if left < declared else Level.PROBLEM
        text += f" for {len(declared - left) or 'none'} of them"
        return Finding(found, level, subject, text, choose(left), source)
    if left := uncovered(facts, need.better, declared):
        text = f"{where}: for {len(left)} of them Meta may refuse to let it {need.verbs}, for not all are covered by "
        return Finding(found, Level.WARNING, subject, text + names(need.better), choose(left), source)
    return Finding(found, Level.OK, subject, text, source=source)


def _may_be_persons(facts: Facts) -> bool:
    return not isinstance(facts.token, f.TokenFacts) or facts.token.type == f.USER


def _why_missing(facts: Facts, missing: frozenset[str]) -> str:
    """Say which of these were declined, or have expired, where Meta has told."""
    if not isinstance(facts.granted, f.Granted):
        return ""
    told = {"declined": missing & facts.granted.declined, "expired": missing & facts.granted.expired}
    said = "; ".join(f"{word}: {names(some)}" for word, some in told.items() if some)
    return f" ({said})" * bool(said)


def _source(facts: Facts, need: Need, missing: frozenset[str] = frozenset()) -> str:
    """Return who says so: the permissions themselves stand in debug_token, or else where they were asked."""
    is_asked = isinstance(facts.token, f.Unread) or _why_missing(facts, missing)
    return f"{need.source}; {STATUS}" if is_asked else need.source


def _todo(facts: Facts, need: Need, missing: frozenset[str]) -> str:
    person, anew = "let the person log in again and allow", "make a new token of the system user with"
    if not isinstance(facts.token, f.TokenFacts):
        return f"{anew} {names(missing)} as well; or, where it is a person's, {person} that: {need.why}"
    return f"{person if facts.token.type == f.USER else anew} {names(missing)} as well: {need.why}"


def login_url(facts: Facts, permissions: frozenset[str], version: str) -> str:
    """Return the address of the dialog in which a person grants these, empty where the app is not known.

    YOUR_URL is for the user to fill in; Meta wants a slash at its end. What was declined once, the dialog asks for
    only where it is told to (Meta's guide to Facebook Login).
    """
    app, scope = _app_id(facts), ",".join(sorted(permissions))
    declined = facts.granted.declined if isinstance(facts.granted, f.Granted) else frozenset[str]()
    again = "&auth_type=rerequest" * bool(declined & permissions)
    return f"{DIALOG}/{version}/dialog/oauth?client_id={app}&redirect_uri=YOUR_URL/&scope={scope}{again}" if app else ""


def _app_id(facts: Facts) -> str:
    """Return the id of the app, where that is one; debug_token tells it, or else the app does."""
    told = facts.app.id if isinstance(facts.app, f.AppFacts) else ""
    known = facts.token.app_id if isinstance(facts.token, f.TokenFacts) else told
    return known if known.isascii() and known.isdigit() else ""


def names(permissions: frozenset[str]) -> str:
    """Return names of permissions, in order: `a, b and c`."""
    *first, last = sorted(permissions) or [""]
    return f"{', '.join(first)} and {last}" if first else last

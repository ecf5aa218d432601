"""Access levels: what App Review says of the permissions that are needed, and for whose assets that is enough. Pure.

Source: Meta's Authorization page. The standard access of a permission is another thing than the tier of the
Marketing API, which that page calls Ads Management Standard Access.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from accessctl.doctor import facts as f
from accessctl.doctor.findings import Finding, Level
from accessctl.doctor.needs import ADS_MANAGEMENT, ADS_READ, AUTHORIZATION
from accessctl.doctor.permissions import names
from accessctl.model import Kind, Side

if TYPE_CHECKING:
    from collections.abc import Iterator

    from accessctl.doctor.facts import Facts
    from accessctl.doctor.needs import Need, Needs

REVIEW = "App Dashboard > App Review > Permissions and Features"


class Access(StrEnum):
    """The access level that an app has to a permission."""

    ADVANCED = "advanced"
    STANDARD = "standard"
    UNKNOWN = "unknown"


class Verdict(StrEnum):
    """Whether a level is enough."""

    APPROVED = "approved"  # advanced access: for everybody's assets
    ENOUGH = "enough"  # standard access, and one's own assets
    ADVANCED_NEEDED = "advanced_needed"  # standard access, and other people's assets
    ROLE_NEEDED = "role_needed"  # standard access works for people with a role on the app alone
    OPEN = "open"


WORDS = {"live": Access.ADVANCED, "unapproved": Access.STANDARD}  # GRAPH_API 1.6


def judge(access: Access, *, is_others: bool, is_own_app: bool | None) -> Verdict:
    """Return whether a level is enough for assets of the business's own, or with `is_others` for those of others.

    `is_own_app`: the app is the business's own, or who calls has a role on it; None is not known.
    """
    if access is Access.ADVANCED:
        return Verdict.APPROVED
    if access is Access.UNKNOWN:
        return Verdict.OPEN
    if is_own_app is False:
        return Verdict.ROLE_NEEDED
    if is_others:
        return Verdict.ADVANCED_NEEDED
    return Verdict.ENOUGH if is_own_app else Verdict.OPEN


def level_findings(facts: Facts, needs: Needs) -> Iterator[Finding]:
    """Yield one finding for each verdict, with the permissions it is about."""
    if not needs.rows():
        return
    if isinstance(facts.reviewed, f.Unread):
        text = f"which access level the app has to its permissions: {facts.reviewed.reason}"
        yield Finding("access-level", Level.UNKNOWN, facts.business.id, text, f"look in {REVIEW}", AUTHORIZATION)
        return
    found = _verdicts(facts, needs)
    for verdict in Verdict:
        about = frozenset(name for name, said in found.items() if verdict in said)
        kinds = {kind for name in about for kind in found[name][verdict]}
        if about:
            yield _finding(facts, verdict, names(about), may_stay=Kind.AD_ACCOUNT not in kinds)


def _verdicts(facts: Facts, needs: Needs) -> dict[str, dict[Verdict, set[Kind]]]:
    """Return the verdicts on each permission, with the kinds of asset; of a good and a bad one the bad one."""
    assert not isinstance(facts.reviewed, f.Unread)
    found: dict[str, dict[Verdict, set[Kind]]] = {}
    for need, _ in needs.rows():
        for name in _used(facts, need):
            access = WORDS.get(facts.reviewed.get(name, ""), Access.UNKNOWN)
            verdict = judge(access, is_others=need.side is Side.AGENCY, is_own_app=facts.is_own_app)
            found.setdefault(name, {}).setdefault(verdict, set()).add(need.kind)
    for said in found.values():
        if said.keys() & {Verdict.ADVANCED_NEEDED, Verdict.ROLE_NEEDED}:
            said.pop(Verdict.ENOUGH, None)
            said.pop(Verdict.OPEN, None)
    return found


def _used(facts: Facts, need: Need) -> frozenset[str]:
    """Return the permissions that are used for a need; on clients' ad accounts also those for ads, where there."""
    scopes = facts.token.scopes if isinstance(facts.token, f.TokenFacts) else need.better
    way = next((way for way in need.ways if way <= scopes), need.ways[0])
    of_clients = need.side is Side.AGENCY and need.kind is Kind.AD_ACCOUNT
    ads = frozenset({ADS_READ, ADS_MANAGEMENT}) if of_clients else frozenset[str]()
    return way | (scopes & (need.better | ads))


def _finding(facts: Facts, verdict: Verdict, about: str, *, may_stay: bool) -> Finding:
    found, subject, source = f"access-level.{verdict}", facts.business.id, AUTHORIZATION
    ask = f"ask for advanced access to {about}: {REVIEW}"
    if verdict is Verdict.APPROVED:
        text = f"the app has advanced access to {about}"
        return Finding(found, Level.OK, subject, text, source=source)
    if verdict is Verdict.ENOUGH:
        text = f"the app has standard access to {about}, which is enough for what the business owns"
        return Finding(found, Level.OK, subject, text, source=source)
    if verdict is Verdict.ROLE_NEEDED:
        text = (
            f"the app has only standard access to {about}: that works for people with a role on the app, "
            "and who the token speaks for has none"
        )
        return Finding(found, Level.PROBLEM, subject, text, f"{ask}; or give that user a role on the app", source)
    if verdict is Verdict.ADVANCED_NEEDED:
        text = (
            f"the app has only standard access to {about}: for assets of other businesses Meta asks for advanced access"
        )
        is_bearable = may_stay or facts.is_own_app is True
        return Finding(found, Level.WARNING if is_bearable else Level.PROBLEM, subject, text, ask, source)
    text = f"whether the access level of {about} is enough: {_why_open(facts)}"
    return Finding(found, Level.UNKNOWN, subject, text, f"look in {REVIEW}", source)


def _why_open(facts: Facts) -> str:
    if facts.is_own_app is None:
        return "it is not advanced as far as is told, and nobody says whether the app is this business's own"
    return "Meta has no word for it that is known"

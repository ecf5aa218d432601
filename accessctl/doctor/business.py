"""Findings about the acting business: is it the one that is meant, is the token its own, two-factor. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from accessctl.called import called, quoted
from accessctl.clean import LIMIT
from accessctl.doctor import facts as f
from accessctl.doctor.findings import Finding, Level
from accessctl.doctor.permissions import names
from accessctl.plan.nouns import BusinessRef

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from accessctl.doctor.facts import Facts
    from accessctl.doctor.needs import Needs

TWO_FACTOR_NEEDED = 415  # GRAPH_API 4.3
OTHER = "set the token of a system user of this business, or correct the id of the business in the manifests"
_LOOK = "look in Business Settings, under Users, whether who the token speaks for is one of this business"
_ASK = "look in Business Settings, under Security Center"
ADVANCED = "live"  # what App Review says of a permission; GRAPH_API 1.6
PROVE = "let an admin of the business look in Business Settings, under Security Center, what Meta asks for"
# Meta's ten words for how far a business is verified (GRAPH_API 1.3), and what each means. None says that calls fail:
# Meta asks for it where an app wants advanced access to what is not its own.
VERIFIED: Mapping[str, tuple[Level, str]] = {
    "verified": (Level.OK, "the business is verified"),
    "expired": (Level.WARNING, "the verification of the business has run out"),
    "failed": (Level.PROBLEM, "the verification of the business has failed"),
    "ineligible": (Level.PROBLEM, "Meta says that the business cannot be verified"),
    "not_verified": (Level.WARNING, "the business is not verified"),
    "pending": (Level.WARNING, "the verification of the business is being looked at"),
    "pending_need_more_info": (Level.WARNING, "Meta asks for more before it verifies the business"),
    "pending_submission": (Level.WARNING, "the verification of the business was begun and not sent in"),
    "rejected": (Level.PROBLEM, "Meta has refused to verify the business"),
    "revoked": (Level.PROBLEM, "Meta has taken the verification of the business away"),
}
# For a business that only uses the app of another one nothing hangs on it.
_MILDER = {Level.PROBLEM: Level.WARNING, Level.WARNING: Level.OK, Level.OK: Level.OK}
_WHO = {"admin_required": "admins", "all_required": "everybody"}


def business_findings(facts: Facts, every: Sequence[Facts], needs: Needs) -> Iterator[Finding]:
    """Yield what is to be said of one acting business; `every` are the facts of all of them.

    Who only reads is no trouble where the manifests need nothing of the business.
    """
    yield _name(facts)
    yield _belonging(facts, every)
    if facts.is_employee and needs.rows():
        yield _employee(facts)
    yield _two_factor(facts)
    yield from _verification(facts, needs)


def _name(facts: Facts) -> Finding:
    subject, declared, source = facts.business.id, facts.business.name, f"GET /{facts.business.id}"
    if isinstance(facts.live, f.Unread):
        return _unreadable(facts, facts.live)
    live = facts.live
    if live.id != subject:
        text = f"asked for business {subject}, Meta answered with {live.id or 'another'}"
        return Finding("business", Level.PROBLEM, subject, text, "check the Graph API URL", source)
    if declared and live.name != declared:
        there, here = quoted(live.name, LIMIT), quoted(declared, LIMIT)
        text = f"Meta calls business {subject} {there}, the manifests call it {here}"
        todo = "correct the name in the manifests if it was renamed; else correct the id"
        return Finding("business", Level.WARNING, subject, text, todo, source)
    text = f"business {subject} is {quoted(live.name) if live.name else 'there'}"
    return Finding("business", Level.OK, subject, text + ", as in the manifests" * bool(declared), source=source)


def _unreadable(facts: Facts, unread: f.Unread) -> Finding:
    subject, source = facts.business.id, f"GET /{facts.business.id}"
    text = f"the business cannot be read: {unread.reason}"
    level = Level.PROBLEM if unread.code else Level.UNKNOWN
    return Finding("business", level, subject, text, OTHER, source)


def _belonging(facts: Facts, every: Sequence[Facts]) -> Finding:
    subject, belonging = facts.business.id, facts.belonging
    is_person, source = listing(facts)
    if isinstance(belonging, f.Belonging) and belonging.home is f.Home.PROVED:
        listed = "one of its people" if is_person else "one of its system users"
        return Finding("belongs", Level.OK, subject, f"the token is of this business: {listed}", source=source)
    others = belonging.others if isinstance(belonging, f.Belonging) else ()
    others = others or elsewhere(facts, every)
    if others:
        text = f"the token is of another business: {', '.join(others)}"
        return Finding("belongs", Level.PROBLEM, subject, text, OTHER, source)
    if isinstance(belonging, f.Unread):
        text = f"whether the token is of this business: {belonging.reason}"
        return Finding("belongs", Level.UNKNOWN, subject, text, _LOOK, source)
    text = "nothing proves that the token is of this business: Meta does not list who it speaks for"
    return Finding("belongs", Level.WARNING, subject, text, _LOOK, source)


def listing(facts: Facts) -> tuple[bool, str]:
    """Return whether the token is a person's, and the listing in which it was looked for."""
    is_person = isinstance(facts.token, f.TokenFacts) and facts.token.type == f.USER
    return is_person, "GET /me/business_users" if is_person else f"GET /{facts.business.id}/system_users"


def _employee(facts: Facts) -> Finding:
    text = "it is an employee of the business, not an admin: it cannot change partners"
    todo = "make it an admin in Business Settings, or set the token of a system user that is one"
    return Finding("role", Level.PROBLEM, facts.business.id, text, todo, f"role in {listing(facts)[1]}")


def elsewhere(facts: Facts, every: Sequence[Facts]) -> tuple[str, ...]:
    """Return other acting businesses among whose system users this one's stands."""
    if isinstance(facts.me, f.Unread):
        return ()
    return tuple(
        f"{one.business.alias} ({one.business.id})"
        for one in every
        if one is not facts
        and isinstance(one.belonging, f.Belonging)
        and one.belonging.home is f.Home.PROVED
        and one.me == facts.me
    )


def _two_factor(facts: Facts) -> Finding:
    subject, source = facts.business.id, f"two_factor_type of GET /{facts.business.id}"
    if TWO_FACTOR_NEEDED in facts.codes:
        text = f"Meta asks for two-factor authentication (code {TWO_FACTOR_NEEDED})"
        todo = "let whoever the token is of switch it on, or use the token of a system user, which needs none"
        return Finding("two-factor", Level.PROBLEM, subject, text, todo, f"code {TWO_FACTOR_NEEDED}")
    if isinstance(facts.live, f.Unread):
        text = "whether the business asks for two-factor authentication: it could not be read"
        return Finding("two-factor", Level.UNKNOWN, subject, text, _ASK, source)
    word = facts.live.two_factor
    if word == "none":
        text = "the business asks nobody for two-factor authentication"
        return Finding("two-factor", Level.OK, subject, text, source=source)
    if word in _WHO:
        text = f"the business asks {_WHO[word]} for two-factor authentication: the people who approve, no system user"
        return Finding("two-factor", Level.OK, subject, text, source=source)
    told = f"the word {quoted(word)}, which nobody knows" if word else "nothing"
    text = f"whether the business asks for two-factor authentication: Meta says {told}"
    return Finding("two-factor", Level.UNKNOWN, subject, text, _ASK, source)


def _verification(facts: Facts, needs: Needs) -> Iterator[Finding]:
    """Yield how far the business that claims the app is verified, and the acting one where that is another."""
    subject, app, asked = facts.business.id, facts.app, _before_advanced(facts, needs)
    source = f"verification_status of GET /{subject}"
    word = facts.live.verification if isinstance(facts.live, f.LiveBusiness) else ""
    if not isinstance(app, f.AppFacts) or app.claimant in (None, "", subject):
        yield _verified("business-verification", subject, _means(word, asked), source)
        return
    claimant = called(BusinessRef(app.claimant or "", "", app.claimant_name))
    level, text = _means(app.claimant_verified, asked)
    text = text if level is Level.UNKNOWN else f"the app is claimed by {claimant}: {text}"
    text = text.replace("whether the business", f"whether {claimant}, which claims the app,")
    one = _verified("business-verification", subject, (level, text), f"owner_business of GET /{app.id}")
    yield replace(one, todo=one.todo.replace("the business", "the business that claims the app"))
    level, text = _means(word, "")
    text += "; it only uses the app, and Meta asks for the verification of the business that claims it"
    yield _verified("business-verification.acting", subject, (_MILDER.get(level, level), text), source)


def _verified(found: str, subject: str, means: tuple[Level, str], source: str) -> Finding:
    level, text = means
    return Finding(found, level, subject, text, PROVE * (level is not Level.OK), source)


def _means(word: str, asked: str) -> tuple[Level, str]:
    """Return what Meta's word for how far a business is verified means. `asked` says what it is asked for."""
    if word not in VERIFIED:
        told = f"Meta says the word {quoted(word)}, which nobody knows" if word else "Meta says nothing"
        return Level.UNKNOWN, f"whether the business is verified: {told}"
    level, means = VERIFIED[word]
    return level, means if level is Level.OK else f"{means} ({word}){asked * (word == 'not_verified')}"


def _before_advanced(facts: Facts, needs: Needs) -> str:
    """Say what verification is asked for, as far as the app does not have it already."""
    told = facts.reviewed if not isinstance(facts.reviewed, f.Unread) else {}
    has = frozenset(name for name in needs.permissions() if told.get(name) == ADVANCED)
    if has:
        return f"; the app has advanced access to {names(has)} all the same, and Meta asks for it before it gives more"
    return ", which Meta asks for before advanced access"

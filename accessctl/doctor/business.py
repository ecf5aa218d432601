"""Findings about the acting business: is it the one that is meant, is the token its own, two-factor. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.called import quoted
from accessctl.clean import LIMIT
from accessctl.doctor import facts as f
from accessctl.doctor.findings import Finding, Level

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from accessctl.doctor.facts import Facts
    from accessctl.doctor.needs import Needs

TWO_FACTOR_NEEDED = 415  # GRAPH_API 4.3
_OTHER = "set the token of a system user of this business, or correct the id of the business in the manifests"
PROVE = "let an admin of the business look in Business Settings, under Security Center, what Meta asks for"
# Meta's ten words for how far a business is verified (GRAPH_API 1.3), and what each means. None says that calls fail:
# Meta asks for it where an app wants advanced access to what is not its own.
VERIFIED: Mapping[str, tuple[Level, str]] = {
    "verified": (Level.OK, "the business is verified"),
    "expired": (Level.WARNING, "the verification of the business has run out"),
    "failed": (Level.PROBLEM, "the verification of the business has failed"),
    "ineligible": (Level.PROBLEM, "Meta says that the business cannot be verified"),
    "not_verified": (Level.WARNING, "the business is not verified, which Meta asks for before advanced access"),
    "pending": (Level.WARNING, "the verification of the business is being looked at"),
    "pending_need_more_info": (Level.WARNING, "Meta asks for more before it verifies the business"),
    "pending_submission": (Level.WARNING, "the verification of the business was begun and not sent in"),
    "rejected": (Level.PROBLEM, "Meta has refused to verify the business"),
    "revoked": (Level.PROBLEM, "Meta has taken the verification of the business away"),
}
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
    yield _verified(facts)


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
    return Finding("business", level, subject, text, _OTHER if unread.code else "", source)


def _belonging(facts: Facts, every: Sequence[Facts]) -> Finding:
    subject, belonging = facts.business.id, facts.belonging
    is_person, source = _listing(facts)
    if isinstance(belonging, f.Belonging) and belonging.home is f.Home.PROVED:
        listed = "one of its people" if is_person else "one of its system users"
        return Finding("belongs", Level.OK, subject, f"the token is of this business: {listed}", source=source)
    others = belonging.others if isinstance(belonging, f.Belonging) else ()
    others = others or _elsewhere(facts, every)
    if others:
        text = f"the token is of another business: {', '.join(others)}"
        return Finding("belongs", Level.PROBLEM, subject, text, _OTHER, source)
    if isinstance(belonging, f.Unread):
        text = f"whether the token is of this business: {belonging.reason}"
        return Finding("belongs", Level.UNKNOWN, subject, text, "", source)
    text = "nothing proves that the token is of this business: Meta does not list who it speaks for"
    todo = "look in Business Settings, under System users, whether it is one of this business"
    return Finding("belongs", Level.WARNING, subject, text, todo, source)


def _listing(facts: Facts) -> tuple[bool, str]:
    """Return whether the token is a person's, and the listing in which it was looked for."""
    is_person = isinstance(facts.token, f.TokenFacts) and facts.token.type == f.USER
    return is_person, "GET /me/business_users" if is_person else f"GET /{facts.business.id}/system_users"


def _employee(facts: Facts) -> Finding:
    text = "it is an employee of the business, not an admin: it cannot change partners"
    todo = "make it an admin in Business Settings, or set the token of a system user that is one"
    return Finding("role", Level.PROBLEM, facts.business.id, text, todo, f"role in {_listing(facts)[1]}")


def _elsewhere(facts: Facts, every: Sequence[Facts]) -> tuple[str, ...]:
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
        return Finding("two-factor", Level.UNKNOWN, subject, text, source=source)
    word = facts.live.two_factor
    if word == "none":
        text = "the business asks nobody for two-factor authentication"
        return Finding("two-factor", Level.OK, subject, text, source=source)
    if word in _WHO:
        text = f"the business asks {_WHO[word]} for two-factor authentication: the people who approve, no system user"
        return Finding("two-factor", Level.OK, subject, text, source=source)
    told = f"the word {quoted(word)}, which nobody knows" if word else "nothing"
    text = f"whether the business asks for two-factor authentication: Meta says {told}"
    return Finding("two-factor", Level.UNKNOWN, subject, text, source=source)


def _verified(facts: Facts) -> Finding:
    subject, source = facts.business.id, f"verification_status of GET /{facts.business.id}"
    word = facts.live.verification if isinstance(facts.live, f.LiveBusiness) else ""
    if word not in VERIFIED:
        told = f"Meta says the word {quoted(word)}, which nobody knows" if word else "Meta says nothing"
        text = f"whether the business is verified: {told}"
        return Finding("business-verification", Level.UNKNOWN, subject, text, source=source)
    level, means = VERIFIED[word]
    text = f"{means} ({word})" if level is not Level.OK else means
    return Finding("business-verification", level, subject, text, PROVE * (level is not Level.OK), source)

"""Findings about the token itself: is it taken, whose kind is it, when does it end. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from accessctl.called import quoted
from accessctl.counting import count
from accessctl.doctor import facts as f
from accessctl.doctor.findings import Finding, Level

if TYPE_CHECKING:
    from collections.abc import Iterator

    from accessctl.doctor.facts import Facts

SOON = timedelta(days=14)
TOO_LATE = timedelta(minutes=15)  # FAULTS B6: no run begins with less
DEBUG = "GET /debug_token"
NEW_TOKEN = "make a new token of a system user in Business Settings, and set it"  # noqa: S105  # a text
LOOK = "look at the token by hand in Meta's Access Token Debugger"
KINDS = {f.SYSTEM_USER: "a system user", f.USER: "a person", f.PAGE: "a Page", f.APP: "an app, not of anybody"}


def token_findings(facts: Facts, now: datetime) -> Iterator[Finding]:
    """Yield what is to be said of one acting business's token."""
    yield _accepted(facts)
    if isinstance(facts.token, f.Unread):
        if not facts.is_refused:
            yield _not_told(facts, facts.token)
        return
    yield _type(facts, facts.token)
    yield _app(facts, facts.token)
    yield _end(facts, facts.token.expires_at, now)
    yield _data_access(facts, facts.token.data_access_expires_at, now)


def _accepted(facts: Facts) -> Finding:
    me, subject = facts.me, facts.business.id
    if isinstance(facts.token, f.TokenFacts) and not facts.token.is_valid:
        why = f": {facts.token.error}" if facts.token.error else ""
        return Finding("token", Level.PROBLEM, subject, f"the token is no longer valid{why}", NEW_TOKEN, DEBUG)
    if isinstance(me, f.Me):
        who = f"{quoted(me.name)} ({me.id})" if me.name else me.id
        return Finding("token", Level.OK, subject, f"Meta accepts the token; it speaks for {who}", source="GET /me")
    if me.token_refused:
        return Finding("token", Level.PROBLEM, subject, me.reason, NEW_TOKEN, "GET /me")
    return Finding("token", Level.UNKNOWN, subject, f"Meta did not say who the token is: {me.reason}", LOOK, "GET /me")


def _not_told(facts: Facts, unread: f.Unread) -> Finding:
    which = "which permissions it has" if facts.scopes is None else "which assets its permissions cover"
    text = f"what the token is, when it ends and {which}: {unread.reason}"
    return Finding("debug-token", Level.UNKNOWN, facts.business.id, text, LOOK, DEBUG)


def _type(facts: Facts, token: f.TokenFacts) -> Finding:
    subject = facts.business.id
    if token.type not in KINDS:
        text = f"nobody knows what a token of the type {token.type or '(none given)'} may do"
        return Finding("token-type", Level.UNKNOWN, subject, text, NEW_TOKEN, DEBUG)
    text = f"it is the token of {KINDS[token.type]}"
    if token.type == f.SYSTEM_USER:
        return Finding("token-type", Level.OK, subject, text, source=DEBUG)
    if token.type == f.USER:
        return _of_person(facts, token, text)
    return Finding("token-type", Level.PROBLEM, subject, f"{text}; it cannot see the business", NEW_TOKEN, DEBUG)


def _of_person(facts: Facts, token: f.TokenFacts, text: str) -> Finding:
    """Say what a person's token is in for, but for a move where `ending.ending_findings` says that of the account."""
    is_told = isinstance(facts.managed, f.Managed) and facts.managed.work_account is not None and not facts.is_refused
    said = [] if is_told else ["it loses access when the person moves to a managed Meta account"]
    said += ["it ends within 60 days or so"] * (token.expires_at is None)  # else it is told, GRAPH_API 6
    level, todo = (Level.WARNING, "use the token of a system user instead") if said else (Level.OK, "")
    text += f": {', and '.join(said)}" if said else ""
    return Finding("token-type", level, facts.business.id, text, todo, DEBUG)


def _app(facts: Facts, token: f.TokenFacts) -> Finding:
    if not token.app_id:
        text = "Meta did not say which app the token was made with"
        return Finding("app", Level.UNKNOWN, facts.business.id, text, LOOK, DEBUG)
    named = f"it was made with the app {quoted(token.app)} ({token.app_id})"
    text = named if token.app else f"its app is {token.app_id}"
    return Finding("app", Level.OK, facts.business.id, text, source=DEBUG)


def _end(facts: Facts, seconds: int | None, now: datetime) -> Finding:
    subject = facts.business.id
    if seconds is None:
        return Finding("expiry", Level.UNKNOWN, subject, "Meta did not say when the token ends", LOOK, DEBUG)
    if not seconds:
        return Finding("expiry", Level.OK, subject, "the token has no end", source=DEBUG)
    level, when = _judged(seconds, now)
    todo = "" if level is Level.OK else f"{NEW_TOKEN} before the next run; one of a system user can be without end"
    return Finding("expiry", level, subject, f"the token {when}", todo, DEBUG)


def _data_access(facts: Facts, seconds: int | None, now: datetime) -> Finding:
    subject = facts.business.id
    if not seconds:
        level, text = (Level.OK, "has no end") if seconds == 0 else (Level.UNKNOWN, "may have an end: Meta did not say")
        todo = LOOK * (level is Level.UNKNOWN)
        return Finding("data-access", level, subject, f"its access to data {text}", todo, DEBUG)
    level, when = _judged(seconds, now)
    todo = "" if level is Level.OK else "let the person log in to the app again, or use the token of a system user"
    return Finding("data-access", level, subject, f"its access to data {when}", todo, DEBUG)


def _judged(seconds: int, now: datetime) -> tuple[Level, str]:
    """Return how bad it is that something ends then, and the words for it."""
    end = datetime.fromtimestamp(seconds, UTC)
    left = end - now
    moment = f"{end:%Y-%m-%d %H:%M} UTC"
    if left <= timedelta(0):
        return Level.PROBLEM, f"ended on {moment}"
    level = Level.PROBLEM if left < TOO_LATE else Level.WARNING if left < SOON else Level.OK
    return level, f"ends on {moment}, in {_duration(left)}"


def _duration(left: timedelta) -> str:
    if left.days:
        return count(left.days, "day")
    hours, minutes = left.seconds // 3600, left.seconds // 60
    return count(hours, "hour") if hours else count(minutes, "minute")

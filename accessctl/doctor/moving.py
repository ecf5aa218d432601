"""What the notices of the webhook mean: people who move to managed Meta accounts, and their tokens. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.counting import count
from accessctl.doctor import facts as f
from accessctl.doctor.findings import Finding, Level
from accessctl.endings import day

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from accessctl.doctor.facts import Facts
    from accessctl.webhook.kept import Kept

SOURCE = "notices that the webhook has kept"
SYSTEM_USER = "use the token of a system user instead: those lose nothing"
SAY_WHO = "set ACCESSCTL_APP_SECRET, and doctor knows whether the person of this token is one of them"
WHO_LOSES = "system users lose nothing, user tokens do"


def moving_findings(kept: Kept, every: Sequence[Facts], now: datetime) -> Iterator[Finding]:
    """Yield what is to be said of people who move: of a token's own person where it is one, else how many do.

    A person is known by the hash of the id that the token speaks for.
    """
    if kept.unread:
        text = f"whether people of this app move to managed Meta accounts is not known: {kept.unread}"
        yield Finding("moving", Level.UNKNOWN, "", text, "make the place readable", SOURCE)
        return
    own = [(facts, end) for facts in every if (end := _end_of(facts, kept)) is not None]
    for facts, end in own:
        has_moved = end <= now
        text = (
            "this token's person has moved to a managed Meta account; it lost access on"
            if has_moved
            else "this token's person moves to a managed Meta account; it loses access on"
        )
        level = Level.PROBLEM if has_moved else Level.WARNING
        yield Finding("moving", level, facts.business.id, f"{text} {when(end, now)}", SYSTEM_USER, SOURCE)
    if kept.ends and not own:
        yield _count(kept, every, now)


def moving_warnings(kept: Kept, now: datetime) -> tuple[str, ...]:
    """Return what a plan has to say of it: how many people are still to move."""
    if kept.unread:
        return (f"notices of people who move to managed Meta accounts could not be read: {kept.unread}",)
    ahead = sorted(end for end in kept.ends.values() if end > now)
    return (_ahead(ahead, now),) if ahead else ()


def when(end: datetime, now: datetime) -> str:
    """Return `4 May 2027 (in 12 days)`; both times are UTC."""
    days = (end.date() - now.date()).days
    ago, left = (f"{count(-days, 'day')} ago" if days else "today"), count(days, "day")
    return f"{day(end)} ({f'in {left}' if days > 0 else ago})"


def _end_of(facts: Facts, kept: Kept) -> datetime | None:
    """Return when the access of the token's own person ends, None where it is not known to end."""
    if kept.hashed is None or not isinstance(facts.me, f.Me) or not _may_be_persons(facts):
        return None
    return kept.ends.get(kept.hashed(facts.me.id))


def _may_be_persons(facts: Facts) -> bool:
    return not isinstance(facts.token, f.TokenFacts) or facts.token.type != f.SYSTEM_USER


def _count(kept: Kept, every: Sequence[Facts], now: datetime) -> Finding:
    ahead = sorted(end for end in kept.ends.values() if end > now)
    text = _ahead(ahead, now) if ahead else _behind(sorted(kept.ends.values()), now)
    if kept.hashed is None and any(_may_be_persons(facts) for facts in every):
        return Finding("moving", Level.UNKNOWN, "", text, SAY_WHO, SOURCE)
    return Finding("moving", Level.OK, "", text, source=SOURCE)


def _ahead(ends: Sequence[datetime], now: datetime) -> str:
    moment = when(ends[0], now)
    if len(ends) == 1:
        return f"1 person of this app moves to a managed Meta account on {moment}: {WHO_LOSES}"
    return f"{len(ends)} people of this app move to managed Meta accounts, the first on {moment}: {WHO_LOSES}"


def _behind(ends: Sequence[datetime], now: datetime) -> str:
    moment = when(ends[-1], now)
    if len(ends) == 1:
        return f"1 person of this app has moved to a managed Meta account on {moment}: {WHO_LOSES}"
    return f"{len(ends)} people of this app have moved to managed Meta accounts, the last on {moment}: {WHO_LOSES}"

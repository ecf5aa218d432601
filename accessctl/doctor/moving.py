"""What the notices of the webhook mean: people who move to managed Meta accounts, and their tokens. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.doctor import facts as f
from accessctl.doctor.ending import SOON, when
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
    """Yield what is to be said of people who move: of a token's own person where it is one, and how many others do.

    A person is known by the hash of the id that the token speaks for.
    """
    if kept.unread:
        text = f"whether people of this app move to managed Meta accounts: {kept.unread}"
        yield Finding("moving", Level.UNKNOWN, "", text, "make the place readable", SOURCE)
        return
    own = [(facts, person) for facts in every if (person := _person_of(facts, kept)) in kept.ends]
    for facts, person in own:
        has_moved = (end := kept.ends[person]) <= now
        text = (
            "this token's person has moved to a managed Meta account; it lost access on"
            if has_moved
            else "this token's person moves to a managed Meta account; it loses access on"
        )
        level = Level.PROBLEM if has_moved else Level.WARNING if end - now <= SOON else Level.OK
        yield Finding("moving", level, facts.business.id, f"{text} {when(end, now)}", SYSTEM_USER, SOURCE)
    others = sorted(end for person, end in kept.ends.items() if person not in {one for _, one in own})
    if others:
        is_known = kept.hashed is not None or not any(_may_be_persons(facts) for facts in every)
        text = _told(others, "other " if own else "", now)
        level, todo = (Level.OK, "") if is_known else (Level.UNKNOWN, SAY_WHO)
        yield Finding("moving", level, "", text, todo, SOURCE)


def moving_notes(kept: Kept, now: datetime) -> tuple[str, ...]:
    """Return what a plan has to say of it: how many people are still to move. Days are not counted in a plan."""
    ahead = sorted(end for end in kept.ends.values() if end > now)
    return (_ahead(ahead, "", day(ahead[0])),) if ahead else ()


def unread_notices(kept: Kept) -> tuple[str, ...]:
    """Return what is to be said beside a plan where the notices could not be read."""
    said = f"notices of people who move to managed Meta accounts could not be read: {kept.unread}"
    return (said,) if kept.unread else ()


def _person_of(facts: Facts, kept: Kept) -> str:
    """Return the hash of the token's own person, empty where nobody knows it or it is none."""
    if kept.hashed is None or not isinstance(facts.me, f.Me) or not _may_be_persons(facts):
        return ""
    return kept.hashed(facts.me.id)


def _may_be_persons(facts: Facts) -> bool:
    return not isinstance(facts.token, f.TokenFacts) or facts.token.type != f.SYSTEM_USER


def _told(ends: Sequence[datetime], other: str, now: datetime) -> str:
    """Return how many people move, or where all have, have moved. `ends` is in order; `other` goes before them."""
    ahead = [end for end in ends if end > now]
    return _ahead(ahead, other, when(ahead[0], now)) if ahead else _behind(ends, other, when(ends[-1], now))


def _ahead(ends: Sequence[datetime], other: str, moment: str) -> str:
    if len(ends) == 1:
        return f"1 {other}person of this app moves to a managed Meta account on {moment}: {WHO_LOSES}"
    return f"{len(ends)} {other}people of this app move to managed Meta accounts, the first on {moment}: {WHO_LOSES}"


def _behind(ends: Sequence[datetime], other: str, moment: str) -> str:
    if len(ends) == 1:
        return f"1 {other}person of this app has moved to a managed Meta account on {moment}: {WHO_LOSES}"
    several = f"{len(ends)} {other}people of this app have moved to managed Meta accounts"
    return f"{several}, the last on {moment}: {WHO_LOSES}"

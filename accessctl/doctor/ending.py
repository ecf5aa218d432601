"""Findings about managed Meta accounts: what a person's token loses, and what it has lost. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from accessctl.counting import count
from accessctl.doctor import facts as f
from accessctl.doctor.findings import Finding, Level
from accessctl.endings import WHY, day
from accessctl.model import Asset

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from accessctl.doctor.facts import Facts
    from accessctl.doctor.needs import Needs
    from accessctl.endings import Foretold

SOON = timedelta(days=60)  # as in a plan
SHOWN = 5
ACCOUNT = "is_work_account of GET /me"
FIELD = "user_access_expire_time"
RECORDS = "what accessctl has noted of ends"
SYSTEM_USER = (
    "use the token of a system user instead: those, and what partners share, are not affected when people move to "
    "managed Meta accounts"
)
LOG_IN = f"{SYSTEM_USER}; or let the person log in again with the managed account, and set the token of that"


def ending_findings(facts: Facts, needs: Needs, now: datetime) -> Iterator[Finding]:
    """Yield what is to be said of the account behind a person's token, and of the ends that Meta foretells.

    Nothing is to be said of a token that is no person's: it loses nothing by a move.
    """
    if not isinstance(facts.managed, f.Managed):
        return
    yield _account(facts, facts.managed)
    yield _ends(facts, facts.managed, _called(needs), now)


def lost_findings(
    known: Foretold | f.Unread, every: Sequence[Facts], needs: Mapping[str, Needs], now: datetime
) -> Iterator[Finding]:
    """Yield what tokens of people have lost of what is declared, as was foretold, and do not show any more."""
    if isinstance(known, f.Unread):
        text = f"what tokens have lost of what was foretold is not known: {known.reason}"
        yield Finding("lost", Level.UNKNOWN, "", text, "make the place readable; until then no plan is made", RECORDS)
        return
    for facts in every:
        if isinstance(facts.token, f.TokenFacts) and facts.token.type != f.USER:
            continue
        business, called = facts.business.id, _called(needs[facts.business.id])
        seen = facts.managed.seen if isinstance(facts.managed, f.Managed) else frozenset[Asset]()
        ended = {
            asset: end
            for asset, end in known.lost(business, now).items()
            if (asset in called and asset not in seen) or (asset is None and isinstance(facts.live, f.Unread))
        }
        if ended:
            text = f"this token lost {_listed(ended, called, now)}, {WHY}: hidden, not deleted, as far as is known"
            yield Finding("lost", Level.PROBLEM, business, text, LOG_IN, RECORDS)


def _account(facts: Facts, managed: f.Managed) -> Finding:
    subject = facts.business.id
    if managed.work_account is None:
        text = "whether this token is of a person's managed account is not known: Meta did not say"
        return Finding("managed", Level.UNKNOWN, subject, text, SYSTEM_USER, ACCOUNT)
    if managed.work_account:
        text = "this token is a person's managed account: the organization can take it away, and all it sees with it"
        return Finding("managed", Level.WARNING, subject, text, SYSTEM_USER, ACCOUNT)
    text = (
        "this token is a person's own Facebook account: where that person moves to a managed Meta account, it loses "
        "what the business gave it, and so does every Page token made from it"
    )
    return Finding("managed", Level.WARNING, subject, text, SYSTEM_USER, ACCOUNT)


def _ends(facts: Facts, managed: f.Managed, called: Mapping[Asset | None, str], now: datetime) -> Finding:
    subject = facts.business.id
    found = {asset: end for asset, end in managed.ends.items() if asset in called}
    if not found and managed.unread:
        text = f"whether and when this token loses assets cannot be known: {managed.unread}"
        return Finding("ends", Level.UNKNOWN, subject, text, SYSTEM_USER, FIELD)
    if not found:
        return Finding("ends", Level.OK, subject, "Meta foretells no end of what this token sees", source=FIELD)
    text = f"this token loses {_listed(found, called, now)}"
    text += f"; more cannot be known: {managed.unread}" * bool(managed.unread)
    level = Level.WARNING if min(found.values()) - now <= SOON else Level.OK
    return Finding("ends", level, subject, text, LOG_IN, FIELD)


def _listed(ends: Mapping[Asset | None, datetime], called: Mapping[Asset | None, str], now: datetime) -> str:
    """Return `ad account de-brand (act_1) on 4 May 2027 (in 12 days)`, the next first, five at most."""
    rows = sorted((end, called[asset]) for asset, end in ends.items())
    told = [f"{name} on {day(end)} ({_when(end, now)})" for end, name in rows[:SHOWN]]
    return ", ".join(told) + (f" and {len(rows) - SHOWN:,} more" if len(rows) > SHOWN else "")


def _when(end: datetime, now: datetime) -> str:
    days = (end.date() - now.date()).days
    if not days:
        return "today"
    return f"in {count(days, 'day')}" if days > 0 else f"{count(-days, 'day')} ago"


def _called(needs: Needs) -> dict[Asset | None, str]:
    """Return how the declared assets are called; None is the business itself."""
    called: dict[Asset | None, str] = {None: "the business itself"}
    for one in (*needs.owned, *needs.clients):
        called[one.asset] = f"{one.asset.kind.noun} {one.alias} ({one.asset.node})"
    return called

"""Findings about managed Meta accounts: what a person's token loses, and what it has lost. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from accessctl.counting import count
from accessctl.doctor import facts as f
from accessctl.doctor.findings import Finding, Level
from accessctl.endings import WHY, day

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from accessctl.doctor.facts import Facts
    from accessctl.doctor.needs import Needs
    from accessctl.endings import Foretold
    from accessctl.model import Asset

SOON = timedelta(days=60)  # as in a plan
SHOWN = 5
HIDDEN = frozenset({100, 110, 803})  # codes with which Meta hides what a token may not see (GRAPH_API 4.2)
ACCOUNT = "is_work_account of GET /me"
FIELD = "user_access_expire_time"
RECORDS = "what accessctl has noted of ends"
SYSTEM_USER = (
    "use the token of a system user instead: those, and what partners share, are not affected when people move to "
    "managed Meta accounts"
)
OF_ITS_OWN = "it does so only for what the person was assigned directly, and the rest may be lost without a word"
LOOK = (
    "accessctl plan looks at each by itself, and plans nothing on what stays hidden; assign that to the person in "
    "Business Settings"
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
    """Yield what tokens of people have lost of what is declared, as was foretold, and do not show any more.

    What could not be read is not known to be lost. Nothing is said of a token that Meta refuses.
    """
    if isinstance(known, f.Unread):
        text = f"what tokens have lost of what was foretold: {known.reason}"
        yield Finding("lost", Level.UNKNOWN, "", text, "make the place readable; until then no plan is made", RECORDS)
        return
    for facts in every:
        if facts.is_refused or (isinstance(facts.token, f.TokenFacts) and facts.token.type != f.USER):
            continue
        called = _called(needs[facts.business.id])
        ended = {asset: end for asset, end in known.lost(facts.business.id, now).items() if asset in called}
        yield from _lost(facts, ended, called, now)
        yield from _unlisted(facts, needs[facts.business.id], ended, called)


def _lost(
    facts: Facts, ended: Mapping[Asset | None, datetime], called: Mapping[Asset | None, str], now: datetime
) -> Iterator[Finding]:
    """Yield what is hidden of what was foretold to have ended, and what nobody could look at, by the reason why."""
    hidden: dict[Asset | None, datetime] = {}
    unread: dict[str, dict[Asset | None, datetime]] = {}
    for asset, end in ended.items():
        if why := _unread(facts, asset):
            unread.setdefault(why, {})[asset] = end
        elif not _is_seen(facts, asset):
            hidden[asset] = end
    if hidden:
        text = f"this token lost {_listed(hidden, called, now)}, {WHY}: hidden, not deleted, as far as is known"
        yield Finding("lost", Level.PROBLEM, facts.business.id, text, LOG_IN, RECORDS)
    for why, ends in unread.items():
        text = f"whether this token lost {_listed(ends, called, now)}, as was foretold: {why}"
        yield Finding("lost", Level.UNKNOWN, facts.business.id, text, SYSTEM_USER, RECORDS)


def _unlisted(
    facts: Facts, needs: Needs, ended: Mapping[Asset | None, datetime], called: Mapping[Asset | None, str]
) -> Iterator[Finding]:
    """Yield what the business is to own and a person's token does not list, where no end tells why."""
    if not isinstance(facts.managed, f.Managed) or facts.managed.unread:
        return
    unlisted = [one.asset for one in needs.owned if one.asset not in facts.managed.seen and one.asset not in ended]
    if unlisted:
        names = ", ".join(called[asset] for asset in unlisted[:SHOWN])
        names += f" and {len(unlisted) - SHOWN:,} more" * (len(unlisted) > SHOWN)
        they_are = "it is" if len(unlisted) == 1 else "they are"
        text = f"whether this token lost {names}: Meta's listing lacks that, and no end before now was noted, so "
        text += f"{they_are} hidden or gone"
        yield Finding("lost", Level.UNKNOWN, facts.business.id, text, f"{LOOK}, or {SYSTEM_USER}", RECORDS)


def _unread(facts: Facts, asset: Asset | None) -> str:
    """Return why nobody knows whether the token still sees an asset, or the business; empty where that is known."""
    if asset is None:
        return facts.live.reason if isinstance(facts.live, f.Unread) and facts.live.code not in HIDDEN else ""
    if isinstance(facts.managed, f.Managed):
        return "" if asset in facts.managed.seen else facts.managed.unread
    return facts.token.reason if isinstance(facts.token, f.Unread) else facts.managed.reason


def _is_seen(facts: Facts, asset: Asset | None) -> bool:
    if asset is None:
        return not isinstance(facts.live, f.Unread)
    return isinstance(facts.managed, f.Managed) and asset in facts.managed.seen


def _account(facts: Facts, managed: f.Managed) -> Finding:
    subject = facts.business.id
    if managed.work_account is None:
        text = "whether this token is of a person's managed account: Meta did not say"
        return Finding("managed", Level.UNKNOWN, subject, text, SYSTEM_USER, ACCOUNT)
    if managed.work_account:
        text = (
            "this token is a person's managed account: the organization can take it away, and all it sees with it. "
            "Meta ignores user_* permissions of such accounts, and accessctl needs none"
        )
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
        text = f"whether and when this token loses assets: {managed.unread}; its ends cannot be known ahead"
        return Finding("ends", Level.UNKNOWN, subject, text, SYSTEM_USER, FIELD)
    if not found:
        text = f"Meta foretells no end of what this token sees; {OF_ITS_OWN}"
        return Finding("ends", Level.OK, subject, text, source=FIELD)
    text = f"this token loses {_listed(found, called, now)}"
    text += f"; more cannot be known: {managed.unread}" * bool(managed.unread)
    level = Level.WARNING if min(found.values()) - now <= SOON else Level.OK
    return Finding("ends", level, subject, text, LOG_IN, FIELD)


def when(end: datetime, now: datetime) -> str:
    """Return `4 May 2027 (in 12 days)`; both times are UTC."""
    days = (end.date() - now.date()).days
    ago, left = (f"{count(-days, 'day')} ago" if days else "today"), count(days, "day")
    return f"{day(end)} ({f'in {left}' if days > 0 else ago})"


def _listed(ends: Mapping[Asset | None, datetime], called: Mapping[Asset | None, str], now: datetime) -> str:
    """Return `ad account de-brand (act_1) on 4 May 2027 (in 12 days)`, the next first, five at most."""
    rows = sorted((end, called[asset]) for asset, end in ends.items())
    told = [f"{name} on {when(end, now)}" for end, name in rows[:SHOWN]]
    return ", ".join(told) + (f" and {len(rows) - SHOWN:,} more" if len(rows) > SHOWN else "")


def _called(needs: Needs) -> dict[Asset | None, str]:
    """Return how the declared assets are called; None is the business itself."""
    called: dict[Asset | None, str] = {None: "the business itself"}
    for one in (*needs.owned, *needs.clients):
        called[one.asset] = f"{one.asset.kind.noun} {one.alias} ({one.asset.node})"
    return called

"""Keeping the access level: does the call ledger say that the app calls enough, and fails seldom enough? Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from accessctl.calls import RECENT, WINDOW, CallTally
from accessctl.doctor import facts as f
from accessctl.doctor.findings import Finding, Level
from accessctl.doctor.service import LIMITED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from accessctl.doctor.facts import Facts


@dataclass(frozen=True, slots=True)
class Threshold:
    """What Meta asks for to get and keep Full access: calls in 15 days, and less than this share of errors."""

    calls: int
    rate: float
    source: str


NOW = Threshold(500, 0.15, "Meta's rate limits of May 2026: errors are counted over the last 500 calls")
OLDER = Threshold(1500, 0.10, "an older text of Meta's page on authorization")
NEAR_CALLS, NEAR_RATE = 1.2, 0.8  # of a threshold, and it is time to say so
LEDGER = "accessctl's ledger of calls"
ONLY_OURS = (
    "look in the App Dashboard how the app stands: only the runs of this project are counted here, and other programs "
    "may call with the same app. accessctl never makes calls to reach a number"
)
STEADY = "see with plan what is refused, and mend it in the manifests or the token: a call that fails counts too"


def keeping_findings(tally: CallTally | f.Unread, every: Sequence[Facts], now: datetime) -> Iterator[Finding]:
    """Yield what the ledger says. Before it is 15 days old it says nothing for certain of the number of calls.

    An app that is known to have Limited access has none to keep, so what it lacks is no warning.
    """
    if isinstance(tally, f.Unread):
        text = f"whether the app calls enough to keep its access: {tally.reason}"
        yield Finding("keeping", Level.UNKNOWN, "", text, "make the place readable", LEDGER)
        return
    told = {facts.tier for facts in every} - {""}
    may_lose = told != {LIMITED}
    is_young = tally.since is None or now - tally.since < WINDOW
    yield _young(tally, now) if is_young else _calls(tally, may_lose=may_lose)
    if not is_young or tally.recent == RECENT:  # the share of errors is that of 500 calls, however quick they came
        yield _errors(tally, may_lose=may_lose)


def is_near(tally: CallTally, asked: Threshold) -> tuple[bool, bool]:
    """Tell whether the number of calls, and the share of errors, are missed or near to it."""
    return tally.calls < round(NEAR_CALLS * asked.calls), tally.error_rate > NEAR_RATE * asked.rate


def _young(tally: CallTally, now: datetime) -> Finding:
    begun = tally.since or now
    since = f"began on {begun:%Y-%m-%d}" if tally.since else "has no call yet"
    text = (
        f"whether the app calls enough, and fails seldom enough, to keep its access: not yet, as the ledger of this "
        f"project's calls {since}, and 15 days count. It has {tally.calls:,} calls, and {tally.errors:,} of them failed"
    )
    again = begun + WINDOW + timedelta(days=1)
    todo = f"ask again from {again:%Y-%m-%d} on; accessctl never makes calls to reach a number"
    return Finding("keeping", Level.UNKNOWN, "", text, todo, LEDGER)


def _calls(tally: CallTally, *, may_lose: bool) -> Finding:
    is_low = is_near(tally, NOW)[0] and may_lose
    text = f"this project's runs made {tally.calls:,} calls in the last 15 days; Full access takes {_asked_calls()}"
    level = Level.WARNING if is_low else Level.OK
    return Finding("keeping.calls", level, "", text, ONLY_OURS * is_low, f"{LEDGER}; {NOW.source}")


def _errors(tally: CallTally, *, may_lose: bool) -> Finding:
    is_high = is_near(tally, NOW)[1] and may_lose
    text = (
        f"{tally.recent_errors:,} of the last {tally.recent:,} calls of this project failed, "
        f"{100 * tally.error_rate:.1f} %; Full access takes {_asked_rate()}"
    )
    level = Level.WARNING if is_high else Level.OK
    return Finding("keeping.errors", level, "", text, STEADY * is_high, f"{LEDGER}; {NOW.source}")


def _asked_calls() -> str:
    return f"{NOW.calls:,} ({OLDER.calls:,} in an older text of Meta's)"


def _asked_rate() -> str:
    return f"less than {NOW.rate:.0%} ({OLDER.rate:.0%} in an older text)".replace("%", " %")

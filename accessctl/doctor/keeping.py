"""Keeping the access level: does the call ledger say that each app calls enough, and fails seldom enough? Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from accessctl.calls import RECENT, WINDOW, CallTally
from accessctl.counting import count
from accessctl.doctor import facts as f
from accessctl.doctor.findings import Finding, Level
from accessctl.doctor.service import LIMITED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from accessctl.doctor.apps import AppCalls


@dataclass(frozen=True, slots=True)
class Threshold:
    """What Meta asks for to get and keep Full access: calls in 15 days, and less than this share of errors."""

    calls: int
    rate: float
    source: str


@dataclass(frozen=True, slots=True)
class Idle:
    """After how long without a call an app may lose its access, and a permission is to be granted again."""

    access: timedelta
    permissions: timedelta
    warned: timedelta  # this long without a call, and it is time to say so


NOW = Threshold(500, 0.15, "Meta's rate limits of May 2026: errors are counted over the last 500 calls")
OLDER = Threshold(1500, 0.10, "an older text of Meta's page on authorization")
NEAR_CALLS, NEAR_RATE = 1.2, 0.8  # of a threshold, and it is time to say so
ENOUGH = 10  # failed calls: fewer say nothing of a share, but where they are of the 500 that Meta looks at
IDLE = Idle(timedelta(days=30), timedelta(days=90), timedelta(days=23))  # GRAPH_API 5.3
LEDGER = "accessctl's ledger of its calls about ad accounts and to edges of businesses"
UNUSED = "Meta's rate limits of May 2026"
NEVER = "accessctl never makes calls to reach a number"
ONLY_OURS = (
    "look in the App Dashboard how the app stands: only the runs of this project are counted here, and other programs "
    f"may call with the same app. {NEVER}"
)
STEADY = "see with plan what is refused, and mend it in the manifests or the token: a call that fails counts too"
USE = "let a job look for drift with accessctl plan, every night or every week; this run counts as a use, too"
TOO_LATE = "look in the App Dashboard whether the app still has its access, and apply for it again where it has not"


def keeping_findings(apps: Sequence[AppCalls] | f.Unread, now: datetime) -> Iterator[Finding]:
    """Yield what the ledger says of each app.

    A finding has the same id for each; where there are several apps, the id of the app is at its end.
    """
    if isinstance(apps, f.Unread):
        text = f"whether the app calls enough to keep its access: {apps.reason}"
        yield Finding("keeping", Level.UNKNOWN, "", text, "make the place readable", LEDGER)
        return
    for number, app in enumerate(apps, 1):
        yield from _of_app(app, f".{app.id or number}" * (len(apps) > 1), now)
    if older := max((app.tally.older for app in apps), default=0):
        text = (
            f"{count(older, 'call')} of the last 15 days are of runs that did not note their token: they count for "
            "each app, and those that are not of the Marketing API count, too"
        )
        yield Finding("keeping.older", Level.OK, "", text, source=LEDGER)


def _of_app(app: AppCalls, end: str, now: datetime) -> Iterator[Finding]:
    """Yield what the ledger says of one app.

    An app that is known to have Limited access has none to keep, so few calls are no warning; but calls that fail
    keep it from Full access. A ledger that is not 15 days old has a number of calls that is enough, or none.
    """
    tally = app.tally
    is_young = tally.since is None or now - tally.since < WINDOW
    is_told = not is_young or tally.recent == RECENT or _is_high(tally)
    if is_young and is_near(tally, NOW)[0]:
        yield _young(app, end, now, is_alone=not is_told)
    else:
        yield _calls(app, end)
    if is_told:
        yield _errors(app, end)
    if tally.since and (tally.last or now - tally.since >= IDLE.warned):
        yield _used(app, end, now)


def is_near(tally: CallTally, asked: Threshold) -> tuple[bool, bool]:
    """Tell whether the number of calls, and the share of errors, are missed or near to it."""
    return tally.calls < round(NEAR_CALLS * asked.calls), tally.error_rate > NEAR_RATE * asked.rate


def _is_high(tally: CallTally) -> bool:
    """Tell whether so many calls fail that it says something, however few there are."""
    return is_near(tally, NOW)[1] and tally.recent_errors >= ENOUGH


def _young(app: AppCalls, end: str, now: datetime, *, is_alone: bool) -> Finding:
    tally = app.tally
    begun = tally.since or now
    since = f"began on {begun:%Y-%m-%d}" if tally.since else "has no call yet"
    text = (
        f"whether {app.called} calls enough{', and fails seldom enough,' * is_alone} to keep its access: not yet, as "
        f"the ledger of this project's calls {since}, and 15 days count{_so_far(app)}"
    )
    again = begun + WINDOW + timedelta(days=1)
    todo = f"ask again from {again:%Y-%m-%d} on; {NEVER}"
    return Finding(f"keeping{end}", Level.UNKNOWN, "", text, todo, LEDGER)


def _calls(app: AppCalls, end: str) -> Finding:
    is_low = is_near(app.tally, NOW)[0] and app.tiers != {LIMITED}
    text = (
        f"with {app.called} this project's runs made {_calls_of(app.tally.calls, 'Marketing API call')} in the last "
        f"15 days{_others(app)}; Full access takes {_asked_calls()}"
    )
    level = _unsure(app) if is_low else Level.OK
    return Finding(f"keeping.calls{end}", level, "", text, ONLY_OURS * is_low, f"{LEDGER}; {NOW.source}")


def _unsure(app: AppCalls) -> Level:
    """Return how bad too few calls are: not known where those with tokens of no known app may make them enough."""
    both = CallTally(app.tally.calls + app.others.calls)
    return Level.WARNING if is_near(both, NOW)[0] else Level.UNKNOWN


def _errors(app: AppCalls, end: str) -> Finding:
    tally, is_near_limit = app.tally, is_near(app.tally, NOW)[1]
    text = f"{_failed(app)}; Full access takes {_asked_rate()}"
    source = f"{LEDGER}; {NOW.source}"
    if not is_near_limit:
        return Finding(f"keeping.errors{end}", Level.OK, "", text, source=source)
    if not _is_high(tally):
        few = f"whether too many calls fail, of too few to tell: {text}"
        return Finding(f"keeping.errors{end}", Level.UNKNOWN, "", few, STEADY, source)
    text += ", so they stand in the way of it" * (app.tiers == {LIMITED})
    return Finding(f"keeping.errors{end}", Level.WARNING, "", text, STEADY, source)


def _failed(app: AppCalls) -> str:
    """Return how many calls failed, and their share where there are any calls."""
    tally, whose = app.tally, f"of this project with {app.called}"
    if not tally.recent:
        return f"there is no Marketing API call {whose} that could have failed"
    calls = f"the last {tally.recent:,} Marketing API calls" if tally.recent > 1 else "1 Marketing API call"
    return f"{tally.recent_errors:,} of {calls} {whose} failed, {100 * tally.error_rate:.1f} %"


def _used(app: AppCalls, end: str, now: datetime) -> Finding:
    """Say when the app was last used: before this run, whose own calls the ledger does not have yet."""
    last = app.tally.last
    idle = now - (last or app.tally.since or now)
    ago = f", {count(idle.days, 'day')} ago" if idle.days else ""
    if last:
        said = f"before this run this project last called with {app.called} on {last:%Y-%m-%d}{ago}"
    else:
        said = f"before this run the ledger has no call with {app.called} since it began{ago}"
    text = f"{said}; access may lapse after {IDLE.access.days} days without use"
    is_idle = idle >= IDLE.warned
    if is_idle and app.others.last and now - app.others.last < IDLE.warned:
        text += ". It was called with tokens whose app is not known"
        return Finding(f"keeping.used{end}", Level.UNKNOWN, "", text, USE, f"{LEDGER}; {UNUSED}")
    if idle >= IDLE.permissions - (IDLE.access - IDLE.warned):
        text += f", and permissions that were not used for {IDLE.permissions.days} days are to be granted again"
    todo = (TOO_LATE if idle >= IDLE.access else USE) * is_idle
    level = Level.WARNING if is_idle else Level.OK
    return Finding(f"keeping.used{end}", level, "", text, todo, f"{LEDGER}; {UNUSED}")


def _so_far(app: AppCalls) -> str:
    """Return what a young ledger has of one app; nothing where it has nothing at all."""
    tally = app.tally
    if not tally.calls and tally.since is None and not app.others.calls:
        return ""
    failed = f", and {tally.errors:,} of them failed" if tally.calls > 1 else ", which failed" * tally.errors
    number = _calls_of(tally.calls, "call") if tally.calls else "no call with that app"
    return f". It has {number}{failed}{_others(app)}"


def _calls_of(number: int, noun: str) -> str:
    """Return `1 call`, `1,200 calls`."""
    return f"{number:,} {noun if number == 1 else noun + 's'}"


def _others(app: AppCalls) -> str:
    """Return what is to be said of calls with tokens of which nobody knows the app: they may be this one's."""
    return f" ({app.others.calls:,} more with tokens whose app is not known)" if app.others.calls else ""


def _asked_calls() -> str:
    return f"{NOW.calls:,} ({OLDER.calls:,} in an older text of Meta's)"


def _asked_rate() -> str:
    return f"less than {NOW.rate:.0%} ({OLDER.rate:.0%} in an older text)".replace("%", " %")

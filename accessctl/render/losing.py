"""What the tokens behind a plan lose, and when, in sentences; the same for every format. Days count from `now`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from accessctl.clean import display
from accessctl.counting import count
from accessctl.endings import day
from accessctl.render.names import asset_in_words, business_in_words

if TYPE_CHECKING:
    from datetime import datetime

    from accessctl.plan.document import SavedPlan
    from accessctl.plan.nouns import Losing
    from accessctl.render.paper import Paper

SOON = timedelta(days=60)  # Meta tells a month ahead, and a person has to act; what comes later is told in a line
SHOWN = 5
LONGEST = 400
TODO = (
    "use the token of a system user, which keeps its access; or let the person log in again with the managed Meta "
    "account, and set the token of that"
)


@dataclass(frozen=True, slots=True)
class Losses:
    """What is lost soon, a sentence each, how much more, and a sentence on what is lost later; all may be empty."""

    soon: tuple[str, ...] = ()
    more: str = ""
    later: str = ""
    todo: str = TODO

    @property
    def lines(self) -> tuple[str, ...]:
        """The sentences on what is lost soon, the last of which may say how much more."""
        return (*self.soon, *[self.more] * bool(self.more))


def losses(saved: SavedPlan, now: datetime) -> Losses:
    """Return what the plan says of it, as it reads at `now`."""
    several = len(saved.origin.acts_as) > 1
    soon = [one for one in saved.plan.losing if one.expires_at - now <= SOON]
    later = saved.plan.losing[len(soon) :]
    rest = soon[SHOWN:]
    return Losses(
        tuple(f"{_loses(one, now, several=several)} on {when(one.expires_at, now)}" for one in soon[:SHOWN]),
        f"and {len(rest):,} more, the last on {when(rest[-1].expires_at, now)}" if rest else "",
        _later(later, now, several=several),
    )


def when(end: datetime, now: datetime) -> str:
    """Return `4 May 2027 (in 12 days)`."""
    days = (end.astimezone(UTC).date() - now.astimezone(UTC).date()).days
    left = "which has passed" if end <= now else f"in {count(days, 'day')}" if days else "today"
    return f"{day(end)} ({left})"


def losing_text(saved: SavedPlan, now: datetime, paper: Paper) -> str:
    """Return it as lines of text, nothing where nothing is lost."""
    found = losses(saved, now)
    lines = [paper.wrap(f"! {display(line, LONGEST)}", indent=2, first=0, style="yellow") for line in found.lines]
    lines += [paper.wrap(f"do: {found.todo}", indent=6, first=2)] * bool(lines)
    return "\n".join([*lines, *[paper.wrap(found.later, indent=2, first=0, style="dim")] * bool(found.later)])


def _loses(losing: Losing, now: datetime, *, several: bool) -> str:
    token = f"the token of {display(losing.business.alias)}" if several else "this token"
    verb = "was to lose" if losing.expires_at <= now else "loses"
    what = asset_in_words(losing.asset) if losing.asset else f"{business_in_words(losing.business)} itself"
    return f"{token} {verb} {what}"


def _later(later: tuple[Losing, ...], now: datetime, *, several: bool) -> str:
    if not later:
        return ""
    first = day(later[0].expires_at)
    more = f", and {len(later) - 1:,} more on that day or later" if len(later) > 1 else ""
    return f"Later, in more than {SOON.days} days: {_loses(later[0], now, several=several)} on {first}{more}."

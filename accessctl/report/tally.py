"""What a review counts: rows by standing, what is held, and for its charts agencies, tasks, what ends. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from accessctl.model import Status
from accessctl.report.nouns import Standing, Way

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from accessctl.report.nouns import Report, ReportedBusiness, ReportedGrant

SOON = timedelta(days=90)
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class AgencyTally:
    """How many grants an agency holds as declared, how many otherwise, and how many it does not hold (yet)."""

    agency: ReportedBusiness
    as_declared: int
    otherwise: int
    open: int

    @property
    def held(self) -> int:
        """How many grants it holds."""
        return self.as_declared + self.otherwise


@dataclass(frozen=True, slots=True)
class WeekTally:
    """Seven days from `start` on: how many grants end in them, and of how many only a part ends."""

    start: date
    ends: int
    part_ends: int


def standings_of(report: Report) -> Mapping[Standing, int]:
    """Return how many rows stand how, in the order of Standing; none that is zero."""
    counts = Counter(one.standing for one in report.grants)
    return {standing: counts[standing] for standing in Standing if counts[standing]}


def held_of(report: Report) -> int | None:
    """Return how many rows are grants that are held; None of manifests alone, where nobody looked."""
    if report.origin.way is Way.MANIFESTS:
        return None
    return sum(one.status is Status.CONFIRMED for one in report.grants)


def by_agency(report: Report) -> tuple[AgencyTally, ...]:
    """Return the count of each agency, the one that holds most first."""
    counts: dict[str, Counter[str]] = {agency.id: Counter() for agency in report.agencies}
    for one in report.grants:
        counts[one.agency.id][_place(one)] += 1
    found = [AgencyTally(agency, *(counts[agency.id][key] for key in PLACES)) for agency in report.agencies]
    return tuple(sorted(found, key=lambda one: -one.held))


PLACES = ("as_declared", "otherwise", "open")


def _place(one: ReportedGrant) -> str:
    if not one.held:
        return "open"
    return "as_declared" if one.standing is Standing.DECLARED else "otherwise"


def by_market(report: Report) -> tuple[tuple[str, ...], tuple[str, ...], dict[tuple[str, str], int]]:
    """Return the markets (the empty name, of assets without one, last), the tasks, and how often each is held there.

    The tasks that are held most come first.
    """
    counts = Counter((one.asset.market, task) for one in report.grants for task in one.held)
    tasks = Counter(task for one in report.grants for task in one.held)
    markets = sorted({market for market, _ in counts}, key=lambda market: (not market, market))
    return tuple(markets), tuple(sorted(tasks, key=lambda task: (-tasks[task], task))), dict(counts)


def ending(report: Report) -> tuple[tuple[ReportedGrant, date, bool], ...]:
    """Return what is held and ends in the next 90 days: the day, and whether all of it ends then; soonest first."""
    today = report.origin.read_at.date()
    found = []
    for one in report.grants:
        first, last = one.until
        if one.held and first is not None and today <= first <= today + SOON:
            found.append((one, first, first == last))
        if one.held and last is not None and last != first and today <= last <= today + SOON:
            found.append((one, last, True))
    return tuple(sorted(found, key=lambda item: item[1]))


def by_week(report: Report) -> tuple[WeekTally, ...]:
    """Return the next 90 days in weeks, from the day the review is of."""
    start, ends = report.origin.read_at.date(), ending(report)
    weeks = [start + WEEK * number for number in range(-(-SOON // WEEK))]
    return tuple(WeekTally(week, _count(ends, week, whole=True), _count(ends, week, whole=False)) for week in weeks)


def _count(ends: Iterable[tuple[ReportedGrant, date, bool]], week: date, *, whole: bool) -> int:
    return sum(is_whole is whole and week <= day < week + WEEK for _, day, is_whole in ends)

"""The shapes of a review's charts: where each bar stands and how long it is. Templates print them as SVG."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from accessctl.report.tally import by_agency, by_market, by_week

if TYPE_CHECKING:
    from datetime import date

    from accessctl.report.nouns import Report, ReportedBusiness

WIDE = 100  # units of a bar that fills its cell
MOST_AGENCIES = 12
MOST_TASKS = 10
HEIGHT = 96  # units of the highest column of weeks
COLUMN = 48  # units between the left sides of two columns


@dataclass(frozen=True, slots=True)
class AgencyBar:
    """One agency's grants; `agency` is None for the `others` together, who have no bar. Lengths are of WIDE."""

    agency: ReportedBusiness | None
    others: int
    as_declared: int
    otherwise: int
    first: float
    second: float


@dataclass(frozen=True, slots=True)
class TaskCell:
    """How many grants in a market hold a task, and how long a bar that is, of WIDE."""

    number: int
    length: float


@dataclass(frozen=True, slots=True)
class WeekColumn:
    """One week: where it stands, how high what ends wholly is, and above it what ends in part."""

    start: date
    x: int
    ends: int
    part: int
    high: float
    higher: float

    @property
    def both(self) -> float:
        """How high both are together."""
        return self.high + self.higher


def agency_bars(report: Report) -> tuple[AgencyBar, ...]:
    """Return a bar for each agency that holds something, the longest first; those beyond the most as one."""
    tallies = [one for one in by_agency(report) if one.held]
    longest = max((one.held for one in tallies), default=0) or 1
    bars = [
        AgencyBar(one.agency, 0, one.as_declared, one.otherwise, *_lengths(one.as_declared, one.otherwise, longest))
        for one in tallies[:MOST_AGENCIES]
    ]
    rest = tallies[MOST_AGENCIES:]
    if rest:
        held, other = sum(one.as_declared for one in rest), sum(one.otherwise for one in rest)
        bars.append(AgencyBar(None, len(rest), held, other, 0, 0))
    return tuple(bars)


def _lengths(first: int, second: int, longest: int) -> tuple[float, float]:
    return round(first * WIDE / longest, 2), round(second * WIDE / longest, 2)


def task_table(report: Report) -> tuple[tuple[str, ...], tuple[tuple[str, tuple[TaskCell, ...]], ...], int]:
    """Return the markets, a line of cells for each of the tasks held most, and how many tasks are left out."""
    markets, tasks, counts = by_market(report)
    shown = tasks[:MOST_TASKS]
    longest = max((counts.get((market, task), 0) for market in markets for task in shown), default=0) or 1

    def cell(market: str, task: str) -> TaskCell:
        number = counts.get((market, task), 0)
        return TaskCell(number, round(number * WIDE / longest, 2))

    lines = tuple((task, tuple(cell(market, task) for market in markets)) for task in shown)
    return markets, lines, len(tasks) - len(shown)


def week_columns(report: Report) -> tuple[WeekColumn, ...]:
    """Return a column for each of the next weeks; none where nothing ends in them."""
    weeks = by_week(report)
    highest = max(week.ends + week.part_ends for week in weeks)
    if not highest:
        return ()
    return tuple(
        WeekColumn(
            week.start,
            number * COLUMN,
            week.ends,
            week.part_ends,
            round(week.ends * HEIGHT / highest, 2),
            round(week.part_ends * HEIGHT / highest, 2),
        )
        for number, week in enumerate(weeks)
    )

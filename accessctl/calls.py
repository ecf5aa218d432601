"""The call ledger: how many calls were made in the last 15 days, and how many of the last 500 failed. Pure.

Meta takes an app's access level away where it calls too little or fails too often (GRAPH_API 5.3). Each run adds a
row; only what this project's runs did is known, not what other programs do with the same app.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from accessctl.records import moment_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from accessctl.model import Cost
    from accessctl.records import Row

WINDOW = timedelta(days=15)
RECENT = 500  # calls
GOOD, BAD = ".", "x"


@dataclass(frozen=True, slots=True)
class CallTally:
    """What the ledger has of one Graph URL. `calls` and `errors` are those of the last 15 days.

    `recent` is how many of the last 500 calls it has, `recent_errors` how many of those failed. `since` is when
    its first row was added, None where there is none: what was before is not known.
    """

    calls: int = 0
    errors: int = 0
    recent: int = 0
    recent_errors: int = 0
    since: datetime | None = None

    @property
    def error_rate(self) -> float:
        """The share of the recent calls that failed, 0 to 1; 0 where there were none."""
        return self.recent_errors / self.recent if self.recent else 0.0


def row_of(url: str, cost: Cost, recent: Sequence[bool], now: datetime) -> Row:
    """Return the row of one run: calls in all, failed ones, and how each of the last 500 ended."""
    ends = "".join(GOOD if is_good else BAD for is_good in recent)
    return {
        "at": now.isoformat(timespec="seconds"),
        "run": uuid.uuid4().hex[:12],
        "url": url,
        "calls": cost.calls,
        "errors": cost.errors,
        "ends": ends,
    }


def tally(rows: Iterable[Row], url: str, now: datetime) -> CallTally:
    """Add up the rows of one Graph URL; a row that makes no sense counts for nothing."""
    told = [(at, row) for row in rows if row.get("url") == url and (at := moment_of(row)) is not None and at <= now]
    told.sort(key=lambda one: one[0])
    young = [row for at, row in told if at > now - WINDOW]
    ends = "".join(row["ends"] for row in young if isinstance(row.get("ends"), str))[-RECENT:]
    return CallTally(
        calls=sum(_whole(row.get("calls")) for row in young),
        errors=sum(_whole(row.get("errors")) for row in young),
        recent=len(ends),
        recent_errors=ends.count(BAD),
        since=told[0][0] if told else None,
    )


def _whole(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0

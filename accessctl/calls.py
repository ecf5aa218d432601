"""The call ledger: how many calls were made in the last 15 days, and how many of the last 500 failed. Pure.

Meta takes an app's access level away where it calls too little or fails too often (GRAPH_API 5.3). Each run adds a
row for each of its tokens, by fingerprint; doctor adds which app a token is of, as no plan asks for that. Only what
this project's runs did is known, not what other programs do with the same app.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from accessctl.records import moment_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Set
    from datetime import datetime

    from accessctl.graph.ends import Ended
    from accessctl.records import Row

WINDOW = timedelta(days=15)
RECENT = 500  # calls
GOOD, BAD = ".", "x"


@dataclass(frozen=True, slots=True)
class CallTally:
    """What the ledger has of the calls to one Graph URL with some tokens. `calls` and `errors` are of 15 days.

    `recent` is how many of the last 500 calls it has, `recent_errors` how many of those failed. `since` is when
    its first row was added, whatever its token, and `last` when the last one with such a token was; both are None
    where there is none: what was before is not known. `older` of the calls are of rows that name no token.
    """

    calls: int = 0
    errors: int = 0
    recent: int = 0
    recent_errors: int = 0
    since: datetime | None = None
    last: datetime | None = None
    older: int = 0

    @property
    def error_rate(self) -> float:
        """The share of the recent calls that failed, 0 to 1; 0 where there were none."""
        return self.recent_errors / self.recent if self.recent else 0.0


def row_of(url: str, token: str, ended: Ended, now: datetime) -> Row:
    """Return the row of one run and token, a fingerprint: its calls, and how each of the last 500 ended."""
    return _row(url, token, now) | {
        "calls": ended.calls,
        "errors": ended.errors,
        "ends": "".join(GOOD if is_good else BAD for is_good in ended.recent),
    }


def app_row(url: str, token: str, app: str, now: datetime) -> Row:
    """Return the row that says of which app a token is, so that its calls count when it is no longer in use."""
    return _row(url, token, now) | {"app": app}


def _row(url: str, token: str, now: datetime) -> Row:
    return {"at": now.isoformat(timespec="seconds"), "run": uuid.uuid4().hex[:12], "url": url, "token": token}


def apps_of(rows: Iterable[Row], url: str) -> Mapping[str, str]:
    """Return the app of each token that a row tells of, by fingerprint."""
    told = ((row.get("token"), row.get("app")) for row in rows if row.get("url") == url)
    return {token: app for token, app in told if isinstance(token, str) and isinstance(app, str) and app}


def tally(rows: Iterable[Row], url: str, now: datetime, tokens: Set[str] | None = None) -> CallTally:
    """Add up the rows of one Graph URL; a row that makes no sense counts for nothing.

    `tokens` are fingerprints, None for all. A row without one is of before they were noted, and counts for each.
    """
    told = [(at, row) for row in rows if row.get("url") == url and (at := moment_of(row)) is not None and at <= now]
    told.sort(key=lambda one: one[0])
    ours = [(at, row) for at, row in told if tokens is None or not row.get("token") or row["token"] in tokens]
    young = [row for at, row in ours if at > now - WINDOW]
    ends = "".join(row["ends"] for row in young if isinstance(row.get("ends"), str))[-RECENT:]
    return CallTally(
        calls=sum(_whole(row.get("calls")) for row in young),
        errors=sum(_whole(row.get("errors")) for row in young),
        recent=len(ends),
        recent_errors=ends.count(BAD),
        since=told[0][0] if told else None,
        last=max((at for at, row in ours if _whole(row.get("calls"))), default=None),
        older=sum(_whole(row.get("calls")) for row in young if not row.get("token")),
    )


def _whole(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0

"""Points in time in words: how long ago, and the snapshot a plan was made from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from accessctl.counting import count

if TYPE_CHECKING:
    from accessctl.model import Cost
    from accessctl.plan.nouns import SnapshotRef

OLD = timedelta(hours=24)
# From how long on each unit is the one people use.
UNITS = (
    (timedelta(days=2), timedelta(days=1), "day"),
    (timedelta(hours=1), timedelta(hours=1), "hour"),
    (timedelta(minutes=1), timedelta(minutes=1), "minute"),
)
SLACK = timedelta(minutes=5)  # clocks of two machines differ by this much, and nobody needs to know


def age(then: datetime, now: datetime) -> str:
    """Return `3 hours ago`; `just now` for less than a minute."""
    passed = now - then
    if passed < -SLACK:
        return f"{span(-passed)} in the future"
    return f"{span(passed)} ago" if passed >= timedelta(minutes=1) else "just now"


def moment(time: datetime) -> str:
    """Return `2026-11-21 09:00 UTC`."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def snapshot_line(snapshot: SnapshotRef, now: datetime) -> str:
    """Say which snapshot a plan was made from, how old it is and whether it has everything."""
    read = "read completely" if snapshot.is_complete else "not read completely"
    return f"From a snapshot taken {age(snapshot.taken_at, now)} ({moment(snapshot.taken_at)}), {read}."


def age_warnings(snapshot: SnapshotRef | None, now: datetime) -> tuple[str, ...]:
    """Warn of a snapshot that is older than a day. No part of the plan: its digest must not move with the clock."""
    if snapshot is None or now - snapshot.taken_at <= OLD:
        return ()
    return (f"the snapshot was taken {age(snapshot.taken_at, now)}; take a new one with accessctl snapshot --out FILE",)


def cost_line(cost: Cost) -> str:
    """Return `read with 342 calls in 71 requests, 0 errors, waited 0 s`."""
    return (
        f"read with {count(cost.calls, 'call')} in {count(cost.requests, 'request')}, "
        f"{count(cost.errors, 'error')}, waited {cost.seconds_waited:.0f} s"
    )


def span(length: timedelta) -> str:
    """Return `3 hours`, rounded down."""
    for least, unit, word in UNITS:
        if length >= least:
            return count(length // unit, word)
    return "less than a minute"

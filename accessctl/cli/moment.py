"""A time that people give a sandbox command: so many days from now, a day, or a moment, UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

DAYS = re.compile(r"([0-9]{1,4})d", re.ASCII)
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
LAST = datetime.max.replace(tzinfo=UTC, microsecond=0)


def time_of(text: str) -> timedelta | datetime:
    """Return what 40d, 2031-05-04 or 2031-05-04T10:00:00Z stands for. Raises ValueError for anything else."""
    if days := DAYS.fullmatch(text):
        return timedelta(days=int(days[1]))
    if not text.isascii():
        raise ValueError("it is no time")
    moment = f"{text}T00:00:00Z" if DAY.fullmatch(text) else text
    return datetime.strptime(moment, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def moment_of(time: timedelta | datetime, now: datetime) -> datetime:
    """Return the moment that a time stands for, `now` being what time it is; at most the last there is."""
    try:
        return now + time if isinstance(time, timedelta) else time
    except OverflowError:
        return LAST

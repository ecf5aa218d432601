"""How long Meta asks us to stay away, from the headers of an answer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from accessctl.graph.answer import UnreadableError, parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LONGEST = 24 * 3600.0


def stated_wait(headers: Mapping[str, str]) -> float | None:
    """Return the seconds until calls are welcome again, None where no header says.

    `headers` has lower-case names. The units differ (GRAPH_API 5.1): minutes in X-Business-Use-Case-Usage,
    seconds in X-Ad-Account-Usage and Retry-After. The longest counts; garbage is ignored, a day is the most.
    """
    waits = [
        *_numbers(headers.get("retry-after", ""), 1.0),
        *_ad_account(headers.get("x-ad-account-usage", "")),
        *_use_cases(headers.get("x-business-use-case-usage", "")),
    ]
    return min(max(waits), LONGEST) if waits else None


def _ad_account(header: str) -> Iterator[float]:
    usage = _parsed(header)
    if isinstance(usage, dict):
        yield from _numbers(usage.get("reset_time_duration"), 1.0)


def _use_cases(header: str) -> Iterator[float]:
    usage = _parsed(header)
    for rows in usage.values() if isinstance(usage, dict) else ():
        for row in rows if isinstance(rows, list) else ():
            if isinstance(row, dict):
                yield from _numbers(row.get("estimated_time_to_regain_access"), 60.0)


def _numbers(value: object, unit: float) -> Iterator[float]:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return
    try:
        number = float(value) * unit
    except (ValueError, OverflowError):
        return
    if math.isfinite(number) and number > 0:
        yield number


def _parsed(header: str) -> object:
    try:
        return parse(header.encode("utf-8", "replace"))
    except UnreadableError:
        return None

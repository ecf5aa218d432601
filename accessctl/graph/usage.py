"""How full Meta's quotas are, and how long it asks us to stay away: from the headers of an answer."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from accessctl.graph.answer import UnreadableError, parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LONGEST = 24 * 3600.0
APP = "app"
_PERCENTS = ("call_count", "total_time", "total_cputime")
_ID = re.compile(r"(?:act_)?([0-9]{1,20})", re.ASCII)
_TIER = re.compile(r"[a-z_]{1,40}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Usage:
    """One quota as a header shows it. `bucket` is `app`, or the bare id of what the quota belongs to.

    `percent` is how much is used up, 0 to 1000; `empty_in` how many seconds until nothing is, None where
    nobody says; `tier` is Meta's word for the app's access tier, empty where the header has none. `is_score`
    tells the score of the Marketing API, whose ceiling the tier gives away, from the other quotas.
    """

    bucket: str
    percent: float
    empty_in: float | None = None
    tier: str = ""
    is_score: bool = False


def read_usage(headers: Mapping[str, str], node: str) -> tuple[Usage, ...]:
    """Return what the headers of an answer about `node` (a bare id) say; what makes no sense is left out.

    `headers` has lower-case names. The units differ (GRAPH_API 5.1): minutes in X-Business-Use-Case-Usage,
    seconds in X-Ad-Account-Usage.
    """
    app, score = _parsed(headers.get("x-app-usage", "")), _parsed(headers.get("x-ad-account-usage", ""))
    found = []
    if isinstance(app, dict) and (percents := _percents(app, _PERCENTS)):
        found.append(Usage(APP, max(percents)))
    if isinstance(score, dict) and (percents := _percents(score, ("acc_id_util_pct",))):
        wait = max(_numbers(score.get("reset_time_duration"), 1.0), default=None)
        found.append(Usage(node, percents[0], wait and min(wait, LONGEST), _tier(score), is_score=True))
    for bucket, row in _use_cases(headers.get("x-business-use-case-usage", "")):
        if percents := _percents(row, _PERCENTS):
            wait = max(_numbers(row.get("estimated_time_to_regain_access"), 60.0), default=None)
            found.append(Usage(bucket, max(percents), wait and min(wait, LONGEST), _tier(row)))
    return tuple(found)


def stated_wait(headers: Mapping[str, str]) -> float | None:
    """Return the seconds until calls are welcome again, None where no header says.

    The longest counts, Retry-After among them; garbage is ignored, a day is the most.
    """
    score = _parsed(headers.get("x-ad-account-usage", ""))
    waits = [*_numbers(headers.get("retry-after", ""), 1.0)]
    if isinstance(score, dict):
        waits += _numbers(score.get("reset_time_duration"), 1.0)
    for _, row in _use_cases(headers.get("x-business-use-case-usage", "")):
        waits += _numbers(row.get("estimated_time_to_regain_access"), 60.0)
    return min(max(waits), LONGEST) if waits else None


def _use_cases(header: str) -> Iterator[tuple[str, dict[str, object]]]:
    usage = _parsed(header)
    for bucket, rows in usage.items() if isinstance(usage, dict) else ():
        found = _ID.fullmatch(bucket)
        for row in rows if isinstance(rows, list) and found else ():
            if isinstance(row, dict) and found:
                yield found[1], row


def _percents(row: Mapping[str, object], names: tuple[str, ...]) -> list[float]:
    found = [row.get(name) for name in names]
    return [
        float(min(value, 1000.0))
        for value in found
        if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < math.inf
    ]


def _tier(row: Mapping[str, object]) -> str:
    tier = row.get("ads_api_access_tier")
    return tier if isinstance(tier, str) and _TIER.fullmatch(tier) else ""


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

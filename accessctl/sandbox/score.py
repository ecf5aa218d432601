"""The score rule: how many points a bucket may take before it is shut for a while; GRAPH_API 5.2."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from accessctl.sandbox.app import FULL, LIMITED

if TYPE_CHECKING:
    from accessctl.sandbox.app import App
    from accessctl.sandbox.auth import Caller
    from accessctl.sandbox.call import Call
    from accessctl.sandbox.world import Quirks

READ, WRITE = 1, 3
LOWEST = 60  # the ceiling of Meta's lowest tier
APP = "app"
DEVELOPMENT, STANDARD = "development_access", "standard_access"  # the headers' words for Limited and Full
TIERS = {LIMITED: (60, 300, DEVELOPMENT), FULL: (9000, 60, STANDARD)}  # points, seconds of a block; GRAPH_API 5.2


@dataclass(frozen=True, slots=True)
class Standing:
    """How a bucket stands. `percent` of its limit is used; `reset` is in seconds, rounded up: until the bucket
    is empty or, where it is shut, until it opens. `of_app` tells the one bucket for everything."""

    percent: float
    reset: int
    is_shut: bool
    of_app: bool


class Score:
    """The buckets and what was charged to them. Moments are seconds of the sandbox's own clock."""

    def __init__(self) -> None:
        self._buckets: dict[str, _Bucket] = {}
        self.refused = 0

    def charge(self, bucket: str, points: int, quirks: Quirks, now: float) -> bool:
        """Charge a call and tell whether it may go on. A refused call is charged nothing and shuts the bucket."""
        found = self._buckets.setdefault(bucket, _Bucket())
        found.forget(now - quirks.score_window)
        if found.opens <= now and found.total + points <= quirks.score_limit:
            found.add(now, points)
            return True
        found.opens = now + quirks.score_block
        self.refused += 1
        return False

    def standing(self, bucket: str, quirks: Quirks, now: float) -> Standing:
        """Return how a bucket stands."""
        found = self._buckets.get(bucket, _Bucket())
        found.forget(now - quirks.score_window)
        is_shut = found.opens > now
        percent = 100.0 if is_shut else round(100 * found.total / quirks.score_limit, 2)
        until = found.opens if is_shut else found.last + quirks.score_window if found.total else now
        return Standing(percent, math.ceil(until - now), is_shut, bucket == APP)


class _Bucket:
    """Points of one bucket by the moment they were made, oldest first."""

    def __init__(self) -> None:
        self._made: deque[tuple[float, int]] = deque()
        self.total = 0
        self.last = 0.0
        self.opens = -math.inf

    def add(self, now: float, points: int) -> None:
        self._made.append((now, points))
        self.total += points
        self.last = now

    def forget(self, until: float) -> None:
        while self._made and self._made[0][0] <= until:
            self.total -= self._made.popleft()[1]


def bucket_of(call: Call, caller: Caller, quirks: Quirks) -> str:
    """Return the bucket a call draws from: the node it names first, else who calls."""
    if quirks.score_per == APP:
        return APP
    first = call.steps[0] if call.steps else ""
    return first if first.removeprefix("act_").isdigit() else caller.page or caller.business


def points_of(call: Call) -> int:
    """Return what a call costs; a batch itself costs nothing, its items do."""
    if call.method == "POST" and not call.steps:
        return 0
    return READ if call.method == "GET" else WRITE


def tier_of(quirks: Quirks) -> str:
    """Return the word for the access tier; GRAPH_API 5.1."""
    if quirks.tier != "by_score":
        return quirks.tier
    return DEVELOPMENT if 0 < quirks.score_limit <= LOWEST else STANDARD


def with_tier(quirks: Quirks, app: App) -> Quirks:
    """Return how a world behaves to this app: where the app has a tier, with that tier's limits and word."""
    if app.tier not in TIERS:
        return quirks
    limit, block, word = TIERS[app.tier]
    return replace(quirks, score_limit=limit, score_block=block, tier=word)

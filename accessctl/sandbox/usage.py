"""The headers of an answer: version, trace and how much of the quotas is used."""

from __future__ import annotations

import base64
import hashlib
import json
import math
from typing import TYPE_CHECKING, Any

from accessctl.sandbox.score import Standing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accessctl.sandbox.call import Call


def trace_id(calls: int) -> str:
    """Return the fbtrace_id of the Nth call: looks like Meta's, and is the same in every run."""
    digest = hashlib.sha256(f"trace {calls}".encode()).digest()
    return "A" + base64.urlsafe_b64encode(digest).decode()[:22]


def headers_for(
    call: Call, business: str, calls: int, tier: str, *, regain: int = 0, ruled: Standing | None = None
) -> Mapping[str, str]:
    """Return the headers of one answer; units as in GRAPH_API 5.1.

    Where no score rule counts, `ruled` is None and `calls` so far make the figures grow slowly. `regain`, in
    minutes, is above zero in the throttle of a fault.
    """
    percent = 100 if regain else min(20, 1 + calls // 500)
    slow = Standing(float(percent), regain * 60, is_shut=regain > 0, of_app=False)
    standing = ruled if ruled and not regain else slow
    of_app = math.ceil(standing.percent) if standing.of_app else percent
    found = {
        "Content-Type": "application/json; charset=UTF-8",
        "facebook-api-version": call.version,
        "x-fb-trace-id": trace_id(calls),
        "X-App-Usage": _json({"call_count": of_app, "total_cputime": 1, "total_time": 1}),
    }
    is_ads = bool(call.steps) and call.steps[0].startswith("act_")
    if is_ads or ruled:
        found["X-Ad-Account-Usage"] = _json(_ad_account(standing, tier))
    if business:
        found["X-Business-Use-Case-Usage"] = _json({business: [_use_case(standing, percent, tier if is_ads else "")]})
    return found


def _ad_account(standing: Standing, tier: str) -> dict[str, Any]:
    return {
        "acc_id_util_pct": standing.percent,
        "reset_time_duration": standing.reset,
        "ads_api_access_tier": tier,
    }


def _use_case(standing: Standing, percent: int, tier: str) -> dict[str, Any]:
    """Return one use case; only those of ads name the tier."""
    usage = {
        "type": "ads_management" if tier else "pages",
        "call_count": 100 if standing.is_shut else percent,
        "total_cputime": 1,
        "total_time": 1,
        "estimated_time_to_regain_access": math.ceil(standing.reset / 60) if standing.is_shut else 0,
    }
    return usage | ({"ads_api_access_tier": tier} if tier else {})


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))

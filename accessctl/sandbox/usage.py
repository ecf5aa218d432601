"""The headers of an answer: version, trace and how much of the quotas is used."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accessctl.sandbox.call import Call

TIER = "standard_access"


def trace_id(calls: int) -> str:
    """Return the fbtrace_id of the Nth call: looks like Meta's, and is the same in every run."""
    digest = hashlib.sha256(f"trace {calls}".encode()).digest()
    return "A" + base64.urlsafe_b64encode(digest).decode()[:22]


def headers_for(call: Call, business: str, calls: int, regain: int = 0) -> Mapping[str, str]:
    """Return the headers of one answer; units as in GRAPH_API 5.1.

    `calls` so far make the figures grow slowly; `regain`, in minutes, is above zero in a throttle.
    """
    percent = 100 if regain else min(20, 1 + calls // 500)
    found = {
        "Content-Type": "application/json; charset=UTF-8",
        "facebook-api-version": call.version,
        "x-fb-trace-id": trace_id(calls),
        "X-App-Usage": _json({"call_count": percent, "total_cputime": 1, "total_time": 1}),
    }
    first = call.steps[0] if call.steps else ""
    if first.startswith("act_"):
        usage = {
            "acc_id_util_pct": float(percent),
            "reset_time_duration": regain * 60,
            "ads_api_access_tier": TIER,
        }
        found["X-Ad-Account-Usage"] = _json(usage)
    if business:
        kind = "ads_management" if first.startswith("act_") else "pages"
        found["X-Business-Use-Case-Usage"] = _json({business: [_use_case(kind, percent, regain)]})
    return found


def _use_case(kind: str, percent: int, regain: int) -> dict[str, Any]:
    usage = {
        "type": kind,
        "call_count": percent,
        "total_cputime": 1,
        "total_time": 1,
        "estimated_time_to_regain_access": regain,
    }
    return usage | ({"ads_api_access_tier": TIER} if kind == "ads_management" else {})


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))

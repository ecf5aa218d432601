"""How much one request may ask for before it is told to ask for less."""

from __future__ import annotations

from typing import Any

from accessctl.sandbox.wire import Refusal


def too_much() -> Refusal:
    """Answer for a request that asks for too much at once."""
    return Refusal(1, "Please reduce the amount of data you're asking for, then retry your request", status=500)


def check_amount(answer: dict[str, Any], most: int) -> None:
    """Raise Refusal 1 where a listing has more than `most` rows, or more than that nested in them; 0 is no limit."""
    rows = answer.get("data")
    plain = len(rows) if isinstance(rows, list) else 0
    if most and max(plain, _rows_in(answer) - plain) > most:
        raise too_much()


def _rows_in(value: Any) -> int:
    """Count the rows of every listing in an answer, at any depth."""
    if isinstance(value, list):
        return sum(_rows_in(one) for one in value)
    if not isinstance(value, dict):
        return 0
    rows = value.get("data")
    return (len(rows) if isinstance(rows, list) else 0) + sum(_rows_in(inner) for inner in value.values())

"""JSON with one meaning: one text for a value, and one value for a text. Pure."""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any


def canonical(value: object) -> str:
    """Return the one JSON text of `value`: keys sorted, no blanks, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def sha256_of(value: object) -> str:
    """Return `sha256:` and the 64 hex digits of the canonical text; half a surrogate pair counts as it stands."""
    return "sha256:" + hashlib.sha256(canonical(value).encode("utf-8", "surrogatepass")).hexdigest()


def parse(content: bytes) -> object:
    """Return the value in `content`.

    Raises ValueError for what two readers could understand differently or what could bring a reader down: a
    key twice, NaN and Infinity, numbers beyond all bounds, other encodings than UTF-8, nesting without end.
    """
    try:
        return json.loads(
            content.decode("utf-8"), object_pairs_hook=once, parse_constant=no_constant, parse_float=finite
        )
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build an object of which no key stands twice; raises ValueError."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def no_constant(name: str) -> None:
    """Refuse NaN and Infinity, which Python reads and JSON does not know; raises ValueError."""
    raise ValueError(f"{name} is no JSON")


def finite(text: str) -> float:
    """Return a number that can be written again; raises ValueError for one like 1e999."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number

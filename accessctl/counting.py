"""How many of what, in words. Pure."""

from __future__ import annotations


def count(number: int, one: str, many: str = "") -> str:
    """Return `1 file`, `2 files`."""
    return f"{number} {one if number == 1 else many or one + 's'}"

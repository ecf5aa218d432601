"""How long a campaign is: whole by hand (`pytest -m campaign`), a fiftieth where ACCESSCTL_CAMPAIGN=sample says so."""

from __future__ import annotations

import os


def examples(whole: int) -> int:
    """Return how many examples to try of `whole`."""
    return whole // 50 if os.environ.get("ACCESSCTL_CAMPAIGN") == "sample" else whole

"""The verdict on a plan in words, the same in every format: what it comes to, and whether it shows all of Meta."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accessctl.plan.document import SavedPlan
    from accessctl.plan.nouns import Origin

UNREAD = "not everything could be read"


def verdict_words(saved: SavedPlan) -> str:
    """Return `Changes to review`, and whether that is all there may be."""
    if saved.verdict.reasons:
        words = "Refused by a guard"
    else:
        words = "Changes to review" if saved.plan.actions else "No changes"
    return words if saved.plan.is_whole else f"{words}, and {UNREAD}"


def source_words(origin: Origin) -> str:
    """Return a sentence where the plan says nothing about Meta, for it was made from the sandbox; else nothing."""
    return "From the sandbox, not from Meta." if origin.graph_url.startswith("sandbox:") else ""

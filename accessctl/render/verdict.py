"""The verdict on a plan in words, the same in every format: what it comes to, and whether it shows all of Meta."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accessctl.plan.document import SavedPlan
    from accessctl.plan.nouns import Origin, Plan

UNREAD = "not everything could be read"
UNKNOWN = "not everything is known"
READ_AND_UNKNOWN = "unknown_status"  # the reason's code where Meta has a word for a status that nobody here knows


def verdict_words(saved: SavedPlan) -> str:
    """Return `Changes to review`, and whether that is all there may be."""
    if saved.verdict.reasons:
        words = "Refused by a guard"
    else:
        words = "Changes to review" if saved.plan.actions else "No changes"
    return words if saved.plan.is_whole else f"{words}, and {doubt_words(saved.plan)}"


def doubt_words(plan: Plan) -> str:
    """Return why the plan may not be all there is, nothing where it is whole."""
    if plan.is_whole:
        return ""
    was_read = not plan.unread and all(row.reason.code == READ_AND_UNKNOWN for row in plan.blocked)
    return UNKNOWN if was_read else UNREAD


def source_words(origin: Origin) -> str:
    """Return a sentence where the plan says nothing about Meta, for it was made from the sandbox; else nothing."""
    return "From the sandbox, not from Meta." if origin.graph_url.startswith("sandbox:") else ""

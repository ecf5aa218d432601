"""Task words and what Meta does to them, as data per kind of asset."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.sandbox.world import AD_ACCOUNT, PAGE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from accessctl.sandbox.world import Asset

PREFIX = "PROFILE_PLUS_"

# GRAPH_API 2.3: the classic names that have a PROFILE_PLUS_ twin.
TWINS = frozenset(
    [
        "ADVERTISE",
        "ANALYZE",
        "CREATE_CONTENT",
        "GLOBAL_STRUCTURE_MANAGEMENT",
        "MANAGE",
        "MANAGE_LEADS",
        "MESSAGING",
        "MODERATE",
    ]
)

# GRAPH_API 2.1 and 2.2. For Pages the union of spec v25.0 and SDK v26.0: each lacks two of the other's.
TASKS: Mapping[str, frozenset[str]] = {
    AD_ACCOUNT: frozenset(["AA_ANALYZE", "ADVERTISE", "ANALYZE", "DRAFT", "MANAGE"]),
    PAGE: TWINS
    | frozenset(
        [
            "CASHIER_ROLE",
            "MANAGE_JOBS",
            "MODERATE_COMMUNITY",
            "PAGES_MESSAGING",
            "PAGES_MESSAGING_SUBSCRIPTIONS",
            "READ_PAGE_MAILBOXES",
            "VIEW_MONETIZATION_INSIGHTS",
        ]
    )
    | frozenset(PREFIX + twin for twin in TWINS)
    | frozenset(
        PREFIX + task
        for task in [
            "CREATIVE_MANAGEMENT",
            "CREATOR_MANAGEMENT",
            "FACEBOOK_ACCESS",
            "FULL_CONTROL",
            "MODERATE_DELEGATE_COMMUNITY",
            "REVENUE",
        ]
    ),
}

# GRAPH_API 2.3: a live read-back after granting these four showed the other three as well.
WIDENING = frozenset({"MANAGE", "CREATE_CONTENT", "MODERATE", "ADVERTISE"})
ADDED = ("ANALYZE", "MESSAGING", "MANAGE_LEADS")


def kept(asset_is_new: bool, tasks: Iterable[str]) -> tuple[str, ...]:
    """Return each task once, in order; for a new-experience Page by its classic name where it has one."""
    if not asset_is_new:
        return tuple(dict.fromkeys(tasks))
    short = ((task, task.removeprefix(PREFIX)) for task in tasks)
    return tuple(dict.fromkeys(name if name in TWINS else task for task, name in short))


def granted(asset: Asset, tasks: Iterable[str]) -> tuple[str, ...]:
    """Return what a grant of `tasks` really gives: new-experience Pages add some by themselves."""
    held = kept(asset.new_experience, tasks)
    if asset.new_experience and WIDENING & set(held):
        return kept(True, (*held, *ADDED))
    return held


def read_back(asset: Asset, tasks: Iterable[str]) -> list[str]:
    """Return `tasks` as this asset spells them in an answer."""
    if not asset.new_experience:
        return list(tasks)
    return [PREFIX + task if task in TWINS else task for task in tasks]

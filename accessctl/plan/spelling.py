"""From a plan's state back to the task names Meta must have shown for it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.tasks import PROFILE_PLUS, TWINS

if TYPE_CHECKING:
    from accessctl.plan.nouns import State


def as_meta_spells(before: State, after: State | None) -> frozenset[str]:
    """Return names of which `before.tasks` is the normal form, and that explain what is server-added and kept.

    Only a Page that answers in PROFILE_PLUS_ names has server-added tasks (GRAPH_API 2.3). A name that is
    kept with its prefix is one that nobody knows on this kind of asset.
    """
    kept = after.tasks if after else ()
    return frozenset(
        PROFILE_PLUS + task if task in TWINS and (before.server_added or PROFILE_PLUS + task in kept) else task
        for task in before.tasks
    )

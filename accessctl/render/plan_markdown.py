"""A plan as Markdown for a pull request: what matters first, then asset by asset, never longer than is taken."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from accessctl.counting import count
from accessctl.render.limit import COMMENT, Limit
from accessctl.render.markdown_cut import cut
from accessctl.render.markdown_head import foot, head, marker_line
from accessctl.render.markdown_rows import LEGEND, blocks, fold
from accessctl.render.markdown_sections import sections

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from accessctl.plan.document import SavedPlan
    from accessctl.plan.nouns import Plan
    from accessctl.render.forge import Forge

OPEN = 20  # changes that stand open; more are folded
LEAST_OF_A_ROW = 20  # characters; with more rows than that allows nobody need try


def plan_markdown(
    saved: SavedPlan, now: datetime, forge: Forge | None = None, marker: str = "default", limit: Limit = COMMENT
) -> str:
    """Return the plan, whole where `limit` lets it; else cut, and marked as cut.

    Removals are kept as far as their ids fit; else it says how many are not shown. The first line is hidden: it names
    the comment that this one is to replace. `now` tells the age of a snapshot. Before anything is cut, the links to
    manifests go; their files and lines stay.
    """
    whole = _whole(saved, now, forge, marker, limit)
    if not whole and forge:
        whole = _whole(saved, now, None, marker, limit)
    return whole or cut(saved, now, marker, limit)


def _whole(saved: SavedPlan, now: datetime, forge: Forge | None, marker: str, limit: Limit) -> str:
    """Return the whole plan, nothing as soon as it is too long."""
    plan, parts, left = saved.plan, list[str](), limit.most
    listed = len(plan.actions) + len(plan.waiting) + sum(bool(row.asset.alias) for row in plan.unmanaged)
    if LEAST_OF_A_ROW * listed > limit.most:
        return ""
    changes = _changes(plan, forge)
    rest = (section.text for section in sections(saved, now, forge))
    for part in chain([marker_line(marker)], head(saved, now), changes, rest, [foot(saved, is_cut=False)]):
        parts.append(part)
        left -= limit.size(part) + 2
        if left < 0:
            return ""
    return "\n\n".join(parts) + "\n"


def _changes(plan: Plan, forge: Forge | None) -> Iterator[str]:
    """Return the changes by asset, folded where there are many."""
    if plan.actions or plan.blocked:
        yield LEGEND
    changes = blocks(plan.actions, forge)
    if len(plan.actions) <= OPEN:
        yield from changes
        return
    assets = len({action.asset for action in plan.actions})
    yield from fold(f"{count(len(plan.actions), 'change')} on {count(assets, 'asset')}", changes)

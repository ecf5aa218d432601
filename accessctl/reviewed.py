"""That a saved plan is the one its manifests call for, whoever has had the file in hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.errors import StaleError
from accessctl.live.recall import recall
from accessctl.model import Asset
from accessctl.plan.called_for import not_called_for
from accessctl.plan.claimed import as_of, claimed_access, said_before
from accessctl.plan.document import without_base
from accessctl.plan.make import make_plan
from accessctl.planfile import REMAKE
from accessctl.selectors import in_scope, selected
from accessctl.tryagain import with_tried_again

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accessctl.manifest import Project
    from accessctl.model import Access, Remembered
    from accessctl.plan.document import SavedPlan


def check_called_for(saved: SavedPlan, project: Project, journal: Mapping[tuple[Asset, str], Remembered]) -> None:
    """Raise StaleError where a plan is not what the manifests call for, whatever its digest says.

    The plan's rows tell which live access it was made from; planning from that again has to give the same plan.
    Apply reads each pair right before it writes, so what is carried out is what planning anew would give.

    Five things only the digest of the review binds (--expect-digest): what was left out of a plan, what was
    asked of it (its scope), names at Meta that no manifest has, when a token loses what, and which calls Meta does
    not open: for these the plan holds no step, and says who does what instead.
    `journal` is what it remembers by now.
    """
    scope = saved.origin.scope
    selectors = (*scope.targets, *scope.excludes)
    desired = as_of(project.desired, saved.created_at.date())
    meant = in_scope(scope.targets, scope.excludes, desired)
    is_whole = saved.plan.is_whole and not selectors
    claimed = claimed_access(saved.plan, desired, project.policy, meant, is_part=not is_whole)
    claimed = _recalled(claimed, saved, desired, _known(saved, journal))
    claimed = with_tried_again(claimed, desired, scope.ask_again)
    fresh = make_plan(desired, claimed, project.policy, in_scope=meant, replace_with_gap=scope.replace_with_gap)
    unseen = {"last_holder"} if any(one.startswith("agency:") for one in selectors) else set()
    if wrong := not_called_for(without_base(saved), fresh, is_whole=is_whole, unseen=unseen):
        raise StaleError(f"this plan is not what the manifests call for: {wrong}", REMAKE)


def _known(saved: SavedPlan, journal: Mapping[tuple[Asset, str], Remembered]) -> Mapping[tuple[Asset, str], Remembered]:
    """Return what the journal knew of the pairs of the plan's actions when the plan was made.

    What came after, or came of this very plan, is a matter of each write. Another machine's journal may have
    known more: an action that says so is believed, for that is the more careful.
    """
    known = {}
    for action in saved.plan.actions:
        pair = Asset(action.asset.kind, action.asset.id), action.agency.id
        memory = journal.get(pair)
        if memory is None or memory.plan == saved.name or memory.since > saved.read_at:
            memory = said_before(action)
        if memory is not None:
            known[pair] = memory
    return known


def _recalled(
    claimed: Access, saved: SavedPlan, desired: Access, known: Mapping[tuple[Asset, str], Remembered]
) -> Access:
    return recall(claimed, known, desired, selected(saved.origin.scope.ask_again, known, desired))

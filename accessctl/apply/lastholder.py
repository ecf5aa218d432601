"""Whoever still runs campaigns on an asset keeps that until those who are to take over really hold it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl import tasks
from accessctl.apply.outcomes import Outcome
from accessctl.model import Side, Status
from accessctl.plan.risk import RUNNING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from accessctl.apply.outcomes import Step
    from accessctl.model import AssetAccess, Grant
    from accessctl.plan.nouns import Action


def too_early(action: Action, access: AssetAccess, steps: Sequence[Step]) -> str:
    """Say why an action would leave an asset without anybody who runs campaigns; empty where it would not.

    `steps` are those on the same asset before it. Only one that waits for a second admin makes it too early:
    where the new state has nobody either, the plan says so and a person has agreed (FAULTS J7).
    """
    waiting = [step.action for step in steps if step.outcome is Outcome.AWAITING_APPROVAL]
    heirs = [one for one in waiting if not RUNNING.isdisjoint(one.after.tasks)]
    if not heirs or access.side is not Side.OWNER or not RUNNING.isdisjoint(action.after.tasks):
        return ""
    running = {agency for agency, grant in access.grants.items() if agency != access.owner and _runs(grant)}
    if running != {action.agency.id}:
        return ""
    who = heirs[0].agency.alias or heirs[0].agency.id
    return f"not tried: nobody else here advertises or manages until a second admin approves the grant for {who}"


def _runs(grant: Grant) -> bool:
    return grant.status is Status.CONFIRMED and not RUNNING.isdisjoint(tasks.normal(grant.tasks))

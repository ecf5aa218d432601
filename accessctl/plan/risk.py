"""What a reviewer should look at twice, as codes on the actions of a plan. Pure."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from accessctl import tasks
from accessctl.model import Asset, Side, Status
from accessctl.plan.nouns import Verb

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from accessctl.model import Access, AssetAccess
    from accessctl.plan.nouns import Action, State

# Without one of these nobody but the owner can run or stop a campaign.
RUNNING = frozenset({"ADVERTISE"}) | tasks.MANAGE_LIKE
GIVING = frozenset({Verb.GRANT, Verb.ACCEPT})
IN_PART = "first_in_part"


def takes_own_access(action: Action, acting: Collection[str]) -> bool:
    """Tell whether an action takes from one of `acting` (ids) what it holds on an asset of another of them."""
    if action.owner not in acting or action.agency.id not in acting or action.before.status is not Status.CONFIRMED:
        return False
    return action.verb is Verb.REVOKE or action.replace_with_gap or bool(_lost(action))


def flagged(actions: Sequence[Action], live: Access, acting: Collection[str] = ()) -> tuple[Action, ...]:
    """Return the actions, in their order, with the codes that need a look at all of them.

    `last_holder` is given on assets that their owner has read alone: an agency does not see the others. The
    businesses we act as (`acting`, ids) are no strangers: their own tokens have said who they are.
    """
    first = _FirstGrants(_holders(live).union(acting), live)
    found: list[Action] = []
    for (kind, number), group in groupby(actions, key=lambda action: (action.asset.kind, action.asset.id)):
        steps = list(group)
        asset = live.assets.get(Asset(kind, number))
        lonely = asset is not None and _ends_alone(asset, steps)
        found += (_with(action, lonely, first) for action in steps)
    return tuple(found)


class _FirstGrants:
    """Tells who gets a first grant, how sure that is, and whether anybody has read the name."""

    def __init__(self, holders: Collection[str], live: Access) -> None:
        self.holders = holders
        self.code = "first_grant" if live.are_holders_known else IN_PART
        self.named = {business.id for business in live.businesses.values() if business.name}

    def codes(self, action: Action) -> tuple[str, ...]:
        if action.verb not in GIVING or action.agency.id in self.holders:
            return ()
        return (self.code,) if action.agency.id in self.named else (self.code, "name_unread")


def _with(action: Action, lonely: bool, first: _FirstGrants) -> Action:
    codes = ("last_holder",) * (lonely and bool(_lost(action) & RUNNING)) + first.codes(action)
    return replace(action, risk=(*action.risk, *codes)) if codes else action


def _holders(live: Access) -> frozenset[str]:
    """Every business that holds something, or will once a second admin approves what was granted.

    A request of its own makes no business a known one.
    """
    known = (Status.CONFIRMED, Status.AWAITING_APPROVAL)
    return live.holders.union(
        agency
        for access in live.assets.values()
        for agency, grant in access.grants.items()
        if grant.status in known and agency != access.owner
    )


def _ends_alone(asset: AssetAccess, steps: Sequence[Action]) -> bool:
    """Tell whether an agency advertises or manages now, and none does once `steps` are done."""
    if asset.unreadable or asset.side is not Side.OWNER:
        return False
    before = set(_running(asset))
    after = before - {action.agency.id for action in steps}
    after |= {action.agency.id for action in steps if _runs(action.after)}
    return bool(before) and not after


def _running(asset: AssetAccess) -> Iterator[str]:
    for agency, grant in asset.grants.items():
        if grant.status is Status.CONFIRMED and agency != asset.owner and tasks.normal(grant.tasks) & RUNNING:
            yield agency


def _runs(state: State) -> bool:
    return state.status is Status.CONFIRMED and not RUNNING.isdisjoint(state.tasks)


def _lost(action: Action) -> frozenset[str]:
    """Return the tasks held now and not after; those that Meta adds by itself are nobody's loss."""
    if action.before.status is not Status.CONFIRMED:
        return frozenset()
    return frozenset(action.before.tasks) - frozenset(action.after.tasks) - frozenset(action.before.server_added)

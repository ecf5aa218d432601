"""The live access that a plan says it was made from, put together again from its rows. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from accessctl.model import Access, Asset, AssetAccess, Business, Gap, Grant, Kind, Remembered, Side, Status, frozen
from accessctl.plan.byhand import edges_in
from accessctl.plan.decide import AWAITED, BEFORE
from accessctl.plan.losing import endings_in
from accessctl.plan.make import gap_line
from accessctl.plan.nouns import Verb
from accessctl.plan.risk import GIVING, IN_PART
from accessctl.plan.settle import UNDECLARED_UNREAD
from accessctl.plan.spelling import as_meta_spells
from accessctl.tasks import normal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date

    from accessctl.model import Policy
    from accessctl.plan.nouns import Action, Plan, Row

AWAITS = frozenset({"admin_approval", "approval_not_wanted"})


def claimed_access(
    plan: Plan, desired: Access, policy: Policy, in_scope: Callable[[AssetAccess, str], bool], *, is_part: bool
) -> Access:
    """Return live access as it must have been for `plan` to be the one that `desired` calls for.

    A declared pair in scope on which the plan has no row is as declared. Names are taken from the rows, as no
    manifest has them. `is_part` tells that more was read than the rows show: who has had a grant before is
    then taken from the plan.
    """
    rebuilt = _Rebuilt(plan, desired, policy)
    for access in desired.assets.values():
        rebuilt.add_unchanged(access, in_scope)
    steps = [action for action in plan.actions if action.verb in GIVING] if is_part else []
    known = {action.agency.id for action in steps if "first_grant" not in action.risk and IN_PART not in action.risk}
    return Access(
        frozen(rebuilt.assets()),
        frozen(dict(_businesses(plan))),
        tuple(_gaps(plan, desired, policy)),
        is_narrow=is_part,
        holders=frozenset(known),
        are_holders_known=not any(IN_PART in action.risk for action in steps),
        endings=endings_in(plan, policy.acts_as),
        closed=edges_in(plan, policy.acts_as),
    )


def said_before(action: Action) -> Remembered | None:
    """Return what an action itself says was sent before, None for one that says nothing."""
    told = BEFORE.match(action.reason.text)
    try:
        since = datetime.fromisoformat(f"{told[1]}T00:00:00+00:00") if told else None
    except ValueError:  # a day that no calendar has
        return None
    if since is None:
        return None
    if action.verb is Verb.REQUEST:
        return Remembered(since, is_request=True)
    return Remembered(since, is_doubtful=True, awaiting=frozenset(action.after.tasks))


def as_of(desired: Access, day: date) -> Access:
    """Return desired access as it was on an earlier `day`: what has ended since still holds."""
    assets = {
        asset: replace(
            access, grants=frozen({agency: _grant_on(grant, day) for agency, grant in access.grants.items()})
        )
        for asset, access in desired.assets.items()
    }
    return replace(desired, assets=frozen(assets))


def _grant_on(grant: Grant, day: date) -> Grant:
    if not any(source.expired and source.until and source.until >= day for source in grant.sources):
        return grant
    sources = tuple(
        replace(source, expired=source.until is not None and source.until < day) for source in grant.sources
    )
    held = frozenset[str]().union(*(source.tasks for source in sources if not source.expired))
    return Grant(tasks=normal(held), sources=sources)


class _Rebuilt:
    """Gathers what the rows say, pair by pair."""

    def __init__(self, plan: Plan, desired: Access, policy: Policy) -> None:
        self.desired = desired
        self.policy = policy
        self.ids = {business.alias: business.id for business in desired.businesses.values() if business.alias}
        self.names: dict[Asset, str] = {}
        self.owners: dict[Asset, str] = {}
        self.grants: dict[Asset, dict[str, Grant]] = {}
        self.troubles: dict[Asset, tuple[str, str]] = {}
        for row in _rows(plan):
            self._take_in(row)
        for one in plan.losing:
            if one.asset:
                self.names.setdefault(Asset(one.asset.kind, one.asset.id), one.asset.name)

    def add_unchanged(self, access: AssetAccess, in_scope: Callable[[AssetAccess, str], bool]) -> None:
        """Take a declared pair without a row for as declared, where it is in scope and ours to look at."""
        asset, seen = access.asset, self.grants.setdefault(access.asset, {})
        if asset in self.troubles:
            return
        for agency, grant in access.grants.items():
            ours = access.owner in self.policy.acts_as or agency in self.policy.acts_as
            if ours and grant.status is Status.CONFIRMED and in_scope(access, agency):
                seen.setdefault(agency, Grant(grant.tasks))

    def assets(self) -> dict[Asset, AssetAccess]:
        """Return the assets, in order."""
        return {asset: self._asset(asset) for asset in sorted({*self.grants, *self.troubles})}

    def _asset(self, asset: Asset) -> AssetAccess:
        declared = self.desired.assets.get(asset)
        owner = declared.owner if declared else self.owners.get(asset, "")
        is_ours = owner in self.policy.acts_as
        code, text = self.troubles.get(asset, ("", ""))
        return AssetAccess(
            asset,
            owner,
            self.names.get(asset, ""),
            frozen(self.grants.get(asset, {})),
            unreadable=text,
            reason_code=code,
            side=Side.OWNER if is_ours else Side.AGENCY,
        )

    def _take_in(self, row: Action | Row) -> None:
        asset = Asset(row.asset.kind, row.asset.id)
        self.names.setdefault(asset, row.asset.name)
        via = self.ids.get(row.via, row.via)
        if row.agency is None or via != row.agency.id:
            self.owners.setdefault(asset, via)
        if row.agency is None or self._is_of_the_whole_asset(row, asset):
            self.troubles.setdefault(asset, (row.reason.code, row.reason.text.removeprefix(UNDECLARED_UNREAD)))
        if row.agency is not None:
            self.grants.setdefault(asset, {})[row.agency.id] = _grant(row)

    def _is_of_the_whole_asset(self, row: Action | Row, asset: Asset) -> bool:
        """Tell whether a row of one agency tells of trouble with all of a client's asset."""
        declared = self.desired.assets.get(asset)
        at_client = declared is not None and declared.owner not in self.policy.acts_as
        is_trouble = row.before.status is Status.UNREADABLE and row.reason.code != "unreadable"
        return at_client and is_trouble


def _rows(plan: Plan) -> Iterator[Action | Row]:
    yield from plan.actions
    for rows in (plan.waiting, plan.blocked, plan.unmanaged):
        yield from rows


def _grant(row: Action | Row) -> Grant:
    """Return the live grant that a row was made from."""
    before, text = row.before, row.reason.text
    tasks = as_meta_spells(before, row.after)
    detail = text if before.status is Status.UNREADABLE else before.detail
    awaiting = frozenset[str]()
    if before.status is Status.CONFIRMED and row.reason.code in AWAITS:
        told = AWAITED.match(text)
        awaiting = frozenset(told[1].split(", ") if told else (row.after.tasks if row.after else ()))
    return Grant(tasks, before.status, detail, getattr(row, "since", None), awaiting=awaiting)


def _businesses(plan: Plan) -> Iterator[tuple[str, Business]]:
    """The businesses whose live name the rows have: all but those of which a row says it could not be read."""
    unread = {action.agency.id for action in plan.actions if "name_unread" in action.risk}
    for row in _rows(plan):
        if row.agency is not None and row.agency.name and row.agency.id not in unread:
            yield row.agency.id, Business(row.agency.id, name=row.agency.name)


def _gaps(plan: Plan, desired: Access, policy: Policy) -> Iterator[Gap]:
    """Read back which listings the plan says could not be read to the end, in the order of the plan."""
    listings = [Gap(business, side, kind, "") for business in policy.acts_as for side in Side for kind in Kind]
    starts = {gap_line(desired, gap): gap for gap in listings}
    for line in plan.unread:
        yield from (replace(gap, reason=line[len(start) :]) for start, gap in starts.items() if line.startswith(start))

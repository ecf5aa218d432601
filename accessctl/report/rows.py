"""Turn settled pairs into the rows of a review, with the names people know. Pure."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from accessctl import tasks
from accessctl.model import Status
from accessctl.plan.byhand import BY_HAND, without_todo
from accessctl.plan.nouns import Plan
from accessctl.plan.refs import state_of
from accessctl.plan.rows import Rows as PlanRows
from accessctl.report.nouns import ReportedAsset, ReportedBusiness, ReportedGrant, Standing, Waits
from accessctl.report.since import since_of
from accessctl.report.standing import standing_of
from accessctl.waiting import waiting_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import date, datetime

    from accessctl.model import Access, Asset, Contribution, Policy
    from accessctl.plan.settle import Settled
    from accessctl.report.nouns import Since
    from accessctl.report.pairs import Key


class Rows:
    """Writes the assets and the grants of one review. `live` is None where nobody looked."""

    def __init__(self, desired: Access, live: Access | None, sinces: Mapping[Key, Since]) -> None:
        self.desired = desired
        self.live = live
        self.sinces = sinces
        self.business = cache(self._business)

    def asset(self, asset: Asset, trouble: str = "") -> ReportedAsset:
        """Return an asset as the review shows it; `trouble` says why not all of it is known."""
        declared = self.desired.assets.get(asset)
        seen = self.live.assets.get(asset) if self.live else None
        access = declared or seen
        place = declared.place if declared else None
        return ReportedAsset(
            kind=asset.kind,
            id=asset.id,
            owner=self.business(access.owner if access else ""),
            alias=declared.alias if declared else "",
            name=seen.name if seen else "",
            declared_name=declared.name if declared else "",
            labels=tuple(sorted(declared.labels.items())) if declared else (),
            file=place.file if place else "",
            line=place.line if place else 0,
            exclusive=declared.exclusive if declared else False,
            unreadable=trouble,
        )

    def declared(self, pair: Settled, asset: ReportedAsset) -> ReportedGrant:
        """Return a pair of which nobody knows what is live."""
        is_over = pair.live.status is Status.ABSENT
        return ReportedGrant(
            asset=asset,
            agency=self.business(pair.agency),
            standing=Standing.ENDED if is_over else Standing.DECLARED,
            text="its declaration has ended" if is_over else "declared; nobody looked at what is live",
            declared=tuple(sorted(pair.live.tasks)),
            sources=pair.live.sources,
            until=until_of(pair.live.sources),
        )

    def grant(self, pair: Settled, asset: ReportedAsset, waits: Waits | None) -> ReportedGrant:
        """Return a pair, live beside declared."""
        standing = standing_of(pair)
        assert standing is not None
        live, wanted = pair.live, pair.declared.tasks if pair.declared else frozenset[str]()
        state = state_of(asset.kind, wanted, live)
        is_held = live.status is Status.CONFIRMED
        missing, extra = tasks.difference(asset.kind, wanted, live.tasks) if is_held else (wanted, frozenset[str]())
        is_known = standing is not Standing.UNREADABLE
        return ReportedGrant(
            asset=asset,
            agency=self.business(pair.agency),
            standing=standing,
            text="its declaration has ended" if standing is Standing.ENDED else _why(pair, waits),
            status=live.status,
            detail=live.detail if live.status in (Status.UNKNOWN, Status.UNREADABLE) else "",
            tasks=state.tasks if is_known else (),
            server_added=state.server_added if is_known else (),
            declared=tuple(sorted(wanted)),
            missing=tuple(sorted(missing)) if is_known else (),
            extra=tuple(sorted(extra)) if is_known else (),
            sources=pair.declared.sources if pair.declared else (),
            until=until_of(pair.declared.sources) if pair.declared else (None, None),
            since=since_of(live, self.sinces.get((pair.asset.asset, pair.agency))),
            waits=waits,
        )

    def _business(self, business: str) -> ReportedBusiness:
        declared = self.desired.businesses.get(business)
        seen = self.live.businesses.get(business) if self.live else None
        return ReportedBusiness(
            business,
            declared.alias if declared else "",
            seen.name if seen else "",
            declared.name if declared else "",
        )


def _why(pair: Settled, waits: Waits | None) -> str:
    """Return the planner's reason; whom it waits for tells by itself what that one does."""
    reason = pair.decision.reason
    return without_todo(reason.text) if waits and reason.code == BY_HAND else reason.text


def until_of(sources: Iterable[Contribution]) -> tuple[date | None, date | None]:
    """Return the first day on which a part ends, and the last one, after which nothing is left.

    None is no such day: nothing ends, or something has no end.
    """
    days = [source.until for source in sources if not source.expired]
    dated = [day for day in days if day is not None]
    return min(dated, default=None), max(dated) if dated and len(dated) == len(days) else None


def waits_of(
    pairs: Collection[Settled], desired: Access, live: Access, policy: Policy, now: datetime
) -> dict[Key, Waits]:
    """Return whom each waiting pair waits for, as `accessctl waiting` says it."""
    write = PlanRows(desired, live, policy, replace_with_gap=False)
    found = {}
    for pair in pairs:
        if standing_of(pair) is not Standing.WAITING:
            continue
        (wait,) = waiting_of(Plan(waiting=(write.row(pair),)), desired, now)
        found[pair.asset.asset, pair.agency] = Waits(
            wait.whom, wait.business, wait.todo, wait.where, wait.row.since, wait.days, wait.is_stale
        )
    return found

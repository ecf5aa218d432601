"""Since when a pair is as it is, as far as the journal tells; and the journal's last word on each pair. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.history import WriteTold
from accessctl.model import Status
from accessctl.plan.nouns import Verb
from accessctl.report.nouns import Since

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from accessctl.history import Told
    from accessctl.model import Asset, Grant

TOOK_EFFECT = frozenset({"applied", "awaiting_admin_approval", "waiting_for_client"})
WHAT = {Verb.GRANT: "granted", Verb.ACCEPT: "granted", Verb.CHANGE: "changed", Verb.REQUEST: "requested"}
BY_META = {Status.CONFIRMED: "updated", Status.PENDING: "requested", Status.AWAITING_APPROVAL: "granted"}


def writes_of(told: Iterable[Told], graph_url: str = "", until: datetime | None = None) -> Iterator[WriteTold]:
    """Return the writes to one Graph API, in order; those sent until some moment, if one is given.

    Without `graph_url`, those to any. How a write ended that was settled later is not known at that moment.
    """
    for one in told:
        if not isinstance(one, WriteTold) or (graph_url and one.run.graph_url != graph_url):
            continue
        if until is None or max(one.at, one.settled_at or one.at) <= until:
            yield one


def last_writes(writes: Iterable[WriteTold]) -> Mapping[tuple[Asset, str], WriteTold]:
    """Return the last write on each pair."""
    return {(one.asset, one.agency): one for one in writes}


def sinces(writes: Iterable[WriteTold]) -> Mapping[tuple[Asset, str], Since]:
    """Return when each pair was given what it holds, or asked for it, by us; nothing for what we took away.

    A grant counts from when it was given, whatever was changed later: only where the journal has no grant, the
    first change counts. What others did at Meta, nobody here knows.
    """
    found: dict[tuple[Asset, str], Since] = {}
    for one in writes:
        pair = one.asset, one.agency
        if one.outcome not in TOOK_EFFECT:
            continue
        if one.verb not in WHAT:
            found.pop(pair, None)
        elif one.verb is not Verb.CHANGE or pair not in found:
            found[pair] = Since(one.at, WHAT[one.verb], one.run.id)
    return found


def since_of(live: Grant, told: Since | None) -> Since | None:
    """Return since when, by the journal; else what Meta says of a pair that is there; None where nobody knows."""
    if live.status in (Status.ABSENT, Status.UNREADABLE):
        return None
    if told is not None:
        return told
    if live.since is None:
        return None
    return Since(live.since, BY_META.get(live.status, "updated"))

"""What a person does instead of a call that Meta does not open to the app: the words, and the link. Pure."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from accessctl import tasks
from accessctl.called import called
from accessctl.closed import said
from accessctl.limited import ASSET_PAGES, PARTNERS_PAGE, asset_edge
from accessctl.model import Business, ClosedEdge, Kind, Status
from accessctl.plan.decide import Decision, Outcome
from accessctl.plan.nouns import REMOVING, BusinessRef, Closed, Reason, Row, Verb
from accessctl.plan.rowdocument import Json, flat, read_flat

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from accessctl.model import Access, Asset
    from accessctl.plan.nouns import Plan
    from accessctl.plan.settle import Settled

BY_HAND = "by_hand"  # the code of the reason
AFTER_BY_HAND = "after_by_hand"
AFTER = Reason(AFTER_BY_HAND, "not before what is by hand on this asset is done, so that nobody is left without")
_TOLD = re.compile(r"; by hand, at (https://\S+): (.+)", re.DOTALL)
ASK_EDGES = {Kind.AD_ACCOUNT: "POST client_ad_accounts", Kind.PAGE: "POST client_pages"}
DROP_EDGES = {Kind.AD_ACCOUNT: "DELETE ad_accounts", Kind.PAGE: "DELETE pages"}


def edge_of(verb: Verb, kind: Kind) -> str:
    """Return which edge carries out a step (GRAPH_API 1.1 to 1.3)."""
    match verb:
        case Verb.REQUEST:
            return ASK_EDGES[kind]
        case Verb.WITHDRAW | Verb.RELINQUISH:
            return DROP_EDGES[kind]
        case Verb.REVOKE:
            return asset_edge("DELETE", kind)
        case _:
            return asset_edge("POST", kind)


def edges_of(verb: Verb, kind: Kind, *, with_gap: bool) -> tuple[str, ...]:
    """Return the edges that a step may need, the one of its verb first: a change with a gap revokes as well."""
    gap = (edge_of(Verb.REVOKE, kind),) if with_gap and verb is Verb.CHANGE else ()
    return edge_of(verb, kind), *gap


class ByHand:
    """Turns steps whose call is closed into rows that wait for a person; a change with a gap where either is."""

    def __init__(self, desired: Access, live: Access, *, replace_with_gap: bool = False) -> None:
        self.desired = desired
        self.replace_with_gap = replace_with_gap
        self.closed: Mapping[tuple[str, str], ClosedEdge] = {(one.business, one.edge): one for one in live.closed}
        self.tried_again: Collection[tuple[Asset, str]] = live.tried_again

    def instead(self, pair: Settled) -> Settled:
        """Return the pair with the step done by hand, where its call is closed and nobody wants it tried again."""
        if not self.closed or not isinstance(pair.decision.what, Verb):
            return pair
        verb, asset = pair.decision.what, pair.asset.asset
        edges = edges_of(verb, asset.kind, with_gap=self.replace_with_gap or pair.asset.replace_with_gap)
        closed = next((self.closed[pair.via, edge] for edge in edges if (pair.via, edge) in self.closed), None)
        if closed is None or (asset, pair.agency) in self.tried_again:
            return pair
        where, todo = self._todo(verb, pair)
        text = f"Meta does not open this call to the app ({said(closed)}); by hand, at {where}: {todo}"
        return replace(pair, decision=Decision(Outcome.WAITING, Reason(BY_HAND, text), closed))

    def in_order(self, pairs: Iterable[Settled]) -> Iterable[Settled]:
        """Return the pairs of one asset; what narrows access waits for what is to be given by hand there (law 7)."""
        if not self.closed:
            return pairs
        found = list(pairs)
        if not any(pair.decision.closed and _gives(pair) for pair in found):
            return found
        return [replace(pair, decision=Decision(Outcome.WAITING, AFTER)) if _narrows(pair) else pair for pair in found]

    def _todo(self, verb: Verb, pair: Settled) -> tuple[str, str]:
        """Return the link, and who does what there; the tasks come last, as they may be many."""
        asset, agency, noun = pair.asset.asset, self._called(pair.agency), pair.asset.asset.kind.noun
        all_tasks = ", ".join(sorted(pair.declared.tasks)) if pair.declared else ""
        page = f"{ASSET_PAGES[asset.kind]}/{asset.id}?business_id={pair.via}"
        match verb:
            case Verb.REQUEST:
                owner = self._called(pair.asset.owner)
                return PARTNERS_PAGE, f"{owner} adds {agency} as a partner on {noun} {asset.node}, with {all_tasks}"
            case Verb.WITHDRAW:
                return page, "withdraw the request"
            case Verb.RELINQUISH:
                return page, f"remove it from {agency}"
            case Verb.REVOKE if pair.live.status is Status.PENDING:
                return page, f"decline the request of {agency}"
            case Verb.REVOKE:
                return page, f"remove {agency} as a partner"
            case Verb.ACCEPT:
                return page, f"accept the request of {agency}, with {all_tasks}"
            case Verb.CHANGE:
                return page, f"change what {agency} holds to {all_tasks}"
            case _:
                return page, f"assign {agency} as a partner, with {all_tasks}"

    def _called(self, business: str) -> str:
        """Return a business as the manifests name it: what is planned must not depend on a name at Meta."""
        return called(self.desired.businesses.get(business, Business(business)))


def _gives(pair: Settled) -> bool:
    """Tell whether a step is to leave the agency with access: a change with a gap may be closed where it revokes."""
    return pair.declared is not None and pair.declared.status is Status.CONFIRMED


def _narrows(pair: Settled) -> bool:
    """Tell whether a step takes something that is held; a request that is only pending is not."""
    verb = pair.decision.what
    if pair.live.status is not Status.CONFIRMED or not isinstance(verb, Verb):
        return False
    wanted = pair.declared.tasks if pair.declared else frozenset[str]()
    return verb in REMOVING or bool(tasks.difference(pair.asset.asset.kind, wanted, pair.live.tasks)[1])


def told_in(row: Row) -> tuple[str, str]:
    """Return the link, and what to do there, that a row has; empty where it is none of these."""
    found = _TOLD.search(row.reason.text) if row.reason.code == BY_HAND else None
    return (found[1], found[2]) if found else ("", row.reason.text)


def without_todo(text: str) -> str:
    """Return the text of a reason without what a person does and where, for where that is told beside it."""
    return _TOLD.sub("", text)


def asks_client(row: Row) -> bool:
    """Tell whether the client does it, in place of answering a request of ours."""
    is_ours = row.agency is not None and row.via in (row.agency.alias, row.agency.id)
    return row.reason.code == BY_HAND and is_ours and row.after is not None and row.after.status is Status.CONFIRMED


def closed_in(desired: Access, settled: Iterable[Settled]) -> tuple[Closed, ...]:
    """Return the calls that are closed and would have been made, each with how many steps are by hand for it."""
    steps = Counter(pair.decision.closed for pair in settled if pair.decision.closed)
    found = []
    for one, count in sorted(steps.items()):
        known = desired.businesses[one.business]
        found.append(Closed(BusinessRef(known.id, known.alias, known.name), one.edge, one.code, one.at, count))
    return tuple(found)


def closed_document(closed: Closed) -> Json:
    """Return one as schemas/plan.schema.json has it."""
    return {
        "business": flat(closed.business),
        "edge": closed.edge,
        "code": closed.code,
        "at": closed.at.isoformat(),
        "steps": closed.steps,
    }


def read_closed(item: Json) -> Closed:
    """Return the one in an item that fits the schema. Raises ValueError for a day that no calendar has."""
    business = read_flat(BusinessRef, item["business"])
    return Closed(business, item["edge"], item["code"], datetime.fromisoformat(item["at"]), item["steps"])


def edges_in(plan: Plan, acts_as: Collection[str]) -> tuple[ClosedEdge, ...]:
    """Return the closed calls that a plan was made from, as it says itself."""
    closed = (ClosedEdge(one.business.id, one.edge, one.code, one.at) for one in plan.closed)
    return tuple(one for one in closed if one.business in acts_as)

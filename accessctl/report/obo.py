"""On-behalf-of requests in an access review: beside the grants of the same businesses, the others as notes. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from accessctl.called import called
from accessctl.counting import count
from accessctl.model import Kind
from accessctl.obo.requests import asks, by_reason, status_words
from accessctl.plan.nouns import BusinessRef

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from accessctl.model import Asset, Business
    from accessctl.obo.requests import OboRequest, OboRequests, Unread
    from accessctl.report.nouns import Report, ReportedGrant

SHOWN = 3  # ad accounts named in a sentence


def accounts_of(report: Report) -> tuple[Asset, ...]:
    """Return the ad accounts of a review, whose requests stand beside its rows."""
    return tuple(asset.key for asset in report.assets if asset.kind is Kind.AD_ACCOUNT)


def with_requests(report: Report, found: OboRequests, businesses: Mapping[str, Business]) -> Report:
    """Return the review with the requests found on its ad accounts.

    `businesses` are those the manifests name. What could not be read makes the review incomplete.
    """
    requests = [_named(one, businesses) for one in found.requests]
    pairs: dict[tuple[Asset | None, str], list[OboRequest]] = defaultdict(list)
    for one in requests:
        for end in (one.receiving, one.requesting):
            pairs[one.asset, end.id].append(one)
    grants = tuple(_beside(grant, pairs, found) for grant in report.grants)
    shown = {one.id for grant in grants for one in grant.obo or ()}
    alone = tuple(_alone(one) for one in requests if one.id not in shown)
    unread = tuple(unread_words(found.unread))
    notes = (*report.notes, *found.notes, *alone)
    return replace(report, grants=grants, notes=notes, unread=(*report.unread, *unread))


def unread_words(unread: Iterable[Unread]) -> list[str]:
    """Return a sentence for each reason why requests could not be read, with the ad accounts it is true of."""
    return [_unread(reason, paths) for reason, paths in by_reason(unread).items()]


def said(request: OboRequest) -> str:
    """Return `on behalf of: "Mediahouse Ltd" (2002) asked to act on behalf of ...: approved (APPROVE), request 1`."""
    return f"on behalf of: {_asks(request)}: {status_words(request)}, request {request.id}"


def words_of(grant: ReportedGrant) -> list[str]:
    """Return a sentence for each request that stands beside a grant."""
    return [said(one) for one in grant.obo or ()]


def requests_json(grant: ReportedGrant) -> dict[str, Any]:
    """Return the requests beside a grant as a part of its JSON; nothing where they were not read."""
    if grant.obo is None:
        return {}
    return {
        "obo_requests": [
            {
                "id": one.id,
                "status": one.status,
                "phase": one.phase,
                "receiving_business": _business(one.receiving),
                "requesting_business": _business(one.requesting),
            }
            for one in grant.obo
        ]
    }


def _beside(
    grant: ReportedGrant, pairs: Mapping[tuple[Asset | None, str], list[OboRequest]], found: OboRequests
) -> ReportedGrant:
    if grant.asset.key not in found.asked:
        return grant
    return replace(grant, obo=tuple(pairs.get((grant.asset.key, grant.agency.id), ())))


def _alone(request: OboRequest) -> str:
    where = f" on {request.asset.node}" if request.asset else ""
    return f"beside no grant: {_asks(request)}{where}: {status_words(request)}, request {request.id}"


def _unread(reason: str, paths: list[str]) -> str:
    nodes = [path.partition("/")[0] for path in paths]
    more = f" and {len(nodes) - SHOWN} more" if len(nodes) > SHOWN else ""
    accounts = f"{count(len(nodes), 'ad account')} ({', '.join(nodes[:SHOWN])}{more})"
    return f"the on-behalf-of requests on {accounts} could not be read: {reason}"


def _asks(request: OboRequest) -> str:
    sender, receiver = (
        called(BusinessRef(end.id, end.alias, end.name)) for end in (request.requesting, request.receiving)
    )
    return f"{sender} {asks(request)} {receiver}"


def _named(request: OboRequest, businesses: Mapping[str, Business]) -> OboRequest:
    ends = (request.receiving, request.requesting)
    receiving, requesting = (
        replace(end, alias=businesses[end.id].alias, name=end.name or businesses[end.id].name)
        if end.id in businesses
        else end
        for end in ends
    )
    return replace(request, receiving=receiving, requesting=requesting)


def _business(business: Business) -> dict[str, str]:
    return {"id": business.id, "alias": business.alias, "name": business.name}

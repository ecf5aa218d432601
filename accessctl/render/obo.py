"""On-behalf-of requests as text and JSON: who asks whom, about what, how far it is, and what could not be read."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from accessctl.clean import display
from accessctl.counting import count
from accessctl.model import Access, AssetAccess, frozen
from accessctl.obo.hints import of_request
from accessctl.obo.requests import OboRequest, Phase, asks, by_reason, not_cancelable, status_words
from accessctl.plan.refs import Names
from accessctl.render.names import asset_name, business_in_words, business_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from accessctl.model import Business
    from accessctl.obo.cancel import Canceled
    from accessctl.obo.requests import OboRequests
    from accessctl.plan.nouns import AssetRef, BusinessRef
    from accessctl.render.paper import Paper

STYLES = {Phase.WAITING: "yellow", Phase.APPROVED: "green", Phase.UNKNOWN: "red"}
COUNTED = {Phase.WAITING: "waiting", Phase.APPROVED: "approved", Phase.ENDED: "ended", Phase.UNKNOWN: "unknown"}


def names_of(desired: Access, found: OboRequests) -> Names:
    """Return names as the answers gave them, beside those of the manifests."""
    businesses = {end.id: end for one in found.requests for end in (one.receiving, one.requesting)}
    assets = {asset: AssetAccess(asset, "", name) for asset, name in found.names.items()}
    return Names(desired, Access(frozen(assets), frozen(businesses)))


def obo_list_text(found: OboRequests, names: Names, acting: Collection[str], paper: Paper) -> str:
    """Return the requests, then how many there are, how they were read, and what could not be."""
    blocks = ["\n".join(_lines(one, names, acting, paper)) for one in found.requests]
    after = [paper.wrap(note, indent=2, first=0) for note in notes_of(found)]
    for line, todo in unread_lines(found):
        after += [paper.wrap(line, indent=2, first=0, style="red")]
        after += [paper.wrap(todo, indent=6, first=2)] * bool(todo)
    return "\n\n".join([*blocks, "\n".join([counted(found), *after])])


def notes_of(found: OboRequests) -> tuple[str, ...]:
    """Return the sentences below the requests: how they were read, and what cannot be known of them."""
    return (*found.notes, *(one.text for one in found.not_known))


def counted(found: OboRequests) -> str:
    """Return `3 requests: 1 waiting, 2 approved.`"""
    if not found.requests:
        where = "" if not found.not_known else " in what Meta shows us"
        where = where if found.is_whole else " in what could be read"
        return f"No on-behalf-of requests{where}."
    phases = Counter(one.phase for one in found.requests)
    parts = [f"{phases[phase]} {word}" for phase, word in COUNTED.items() if phases[phase]]
    return f"{count(len(found.requests), 'request')}: {', '.join(parts)}."


def unread_lines(found: OboRequests) -> list[tuple[str, str]]:
    """Return a line for each reason why something could not be read, with what it is true of, and what to do."""
    todos = {one.what: f"do: {one.todo}" for one in found.unread if one.todo}
    lines = []
    for reason, paths in by_reason(found.unread).items():
        more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
        said = f"{', '.join(paths[:3])}{more} could not be read, so requests there are not known"
        lines.append((f"! {said}: {display(reason, 300)}", todos.get(paths[0], "")))
    return lines


def unread_text(lines: Iterable[str], paper: Paper) -> list[str]:
    """Return what could not be read of the requests, below an explanation of grants."""
    return [paper.wrap(f"! {display(line, 400)}", indent=4, first=2, style="red") for line in lines]


def obo_text(request: OboRequest, names: Names, acting: Collection[str], paper: Paper) -> str:
    """Return one request, and what can be done about it."""
    return "\n".join([*_lines(request, names, acting, paper), paper.wrap(next_step(request, acting), indent=4)])


def next_step(request: OboRequest, acting: Collection[str]) -> str:
    """Say what can be done about a request."""
    todo = of_request(request, acting)
    match request.phase:
        case Phase.WAITING:
            cancel = f"; accessctl obo cancel {request.id} cancels it"
            return todo + cancel * (not not_cancelable(request, acting))
        case Phase.APPROVED:
            return todo
        case _:
            return f"nothing can be done here: {not_cancelable(request, acting)}"


def business_ref(business: Business, names: Names) -> BusinessRef:
    """Return a business as it is called elsewhere, else by the name that came with the request."""
    found = names.business(business.id)
    return found if found.name else replace(found, name=business.name)


def asset_ref(request: OboRequest, names: Names) -> AssetRef | None:
    """Return the ad account a request is about; None where no answer told it."""
    asset = request.asset
    return names.asset(names.desired.assets.get(asset) or AssetAccess(asset, "")) if asset else None


def ends_words(request: OboRequest, acting: Collection[str]) -> str:
    """Return `received`, `sent` or both; `of others` where no acting business has a part in it."""
    return " and ".join(request.ends(acting)) or "of others"


def obo_list_json(found: OboRequests, names: Names, acting: Collection[str]) -> str:
    """Return the requests, the notes and what could not be read as JSON."""
    body = {
        "requests": [request_json(one, names, acting) for one in found.requests],
        "notes": list(found.notes),
        "not_known": [
            {"text": one.text, "businesses": list(one.businesses), "ad_accounts": list(one.accounts)}
            for one in found.not_known
        ],
        "unread": [{"path": one.what, "reason": one.reason, "do": one.todo} for one in found.unread],
        "is_complete": found.is_whole,
    }
    return json.dumps(body, indent=2, sort_keys=True)


def obo_json(request: OboRequest, names: Names, acting: Collection[str]) -> str:
    """Return one request as JSON."""
    return json.dumps(request_json(request, names, acting), indent=2, sort_keys=True)


def request_json(request: OboRequest, names: Names, acting: Collection[str]) -> dict[str, Any]:
    """Return a request as an object; `why_not` says why it cannot be canceled here, empty where it can be."""
    asset = asset_ref(request, names)
    return fact_json(request, names) | {
        "ad_account": {"id": asset.id, "alias": asset.alias, "name": asset.name} if asset else None,
        "ends": [end.value for end in request.ends(acting)],
        "why_not": not_cancelable(request, acting),
    }


def canceled_words(ended: Canceled) -> str:
    """Return `- request 9001 canceled [run 1f3a]`, or how else a cancel ended and why."""
    sign = "-" if ended.outcome in ("applied", "converged") else "!"
    text = f": {display(ended.text, 400)}" * bool(ended.text)
    run = f" [run {ended.run}]" * bool(ended.run)
    word = {"applied": "canceled", "converged": "canceled"}.get(ended.outcome, f"cancel {ended.outcome}")
    return f"{sign} request {ended.request.id} {word}{text}{run}"


def canceled_text(ended: Canceled, paper: Paper) -> str:
    """Say how a cancel ended, and what to do where it is not done."""
    lines = [paper.wrap(canceled_words(ended), indent=4, first=0)]
    lines += [paper.wrap(f"do: {display(ended.hint, 300)}", indent=4)] * bool(ended.hint)
    return "\n".join(lines)


def canceled_json(ended: Canceled, names: Names, acting: Collection[str]) -> str:
    """Return how a cancel ended as JSON."""
    body = {
        "request": request_json(ended.request, names, acting),
        "outcome": ended.outcome,
        "text": ended.text,
        "do": ended.hint,
        "fbtrace_id": ended.trace,
        "run": ended.run,
    }
    return json.dumps(body, indent=2, sort_keys=True)


def facts_of(requests: Sequence[OboRequest], names: Names) -> Iterator[str]:
    """Return a sentence for each request, to stand beside a grant on the same ad account."""
    for one in requests:
        sender, receiver = (business_in_words(business_ref(end, names)) for end in (one.requesting, one.receiving))
        yield f"on behalf of: {sender} {asks(one)} {receiver}: {status_words(one)}, request {one.id}"


def fact_json(request: OboRequest, names: Names) -> dict[str, Any]:
    """Return a request as an object beside a grant on the same ad account."""
    return {
        "id": request.id,
        "status": request.status,
        "phase": request.phase,
        "receiving_business": _business(request.receiving, names),
        "requesting_business": _business(request.requesting, names),
    }


def _lines(request: OboRequest, names: Names, acting: Collection[str], paper: Paper) -> Iterator[str]:
    title = f"{request.id}  {status_words(request)}, {ends_words(request, acting)}"
    yield paper.wrap(title, indent=4, first=0, style=STYLES.get(request.phase, ""))
    sender, receiver = (business_name(business_ref(one, names)) for one in (request.requesting, request.receiving))
    yield paper.wrap(f"from {sender}", indent=8, first=4)
    yield paper.wrap(f"to act on behalf of {receiver}", indent=8, first=4)
    if asset := asset_ref(request, names):
        yield paper.wrap(f"on {asset_name(asset)}", indent=8, first=4)


def _business(business: Business, names: Names) -> dict[str, str]:
    found = business_ref(business, names)
    return {"id": found.id, "alias": found.alias, "name": found.name}

"""Explanations as text and JSON: what is declared, what is live, what the journal says, what a plan would do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from accessctl import tasks
from accessctl.called import quoted
from accessctl.clean import display
from accessctl.counting import count
from accessctl.model import Status
from accessctl.plan.refs import Names, source_of, state_of
from accessctl.render.conclusion import NOT_LOOKED, conclusion_json, conclusion_words, refusal_words
from accessctl.render.history import cancel_row, cancel_words, write_row, write_words
from accessctl.render.names import (
    asset_in_words,
    asset_name,
    business_in_words,
    business_name,
    source_name,
    state_tasks,
    task_names,
)
from accessctl.render.obo import fact_json, facts_of
from accessctl.render.report_words import since_words
from accessctl.report.document import since_json, sources_json
from accessctl.report.rows import until_of
from accessctl.report.since import since_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from accessctl.explain import Holding
    from accessctl.model import AssetAccess, Grant
    from accessctl.plan.nouns import BusinessRef
    from accessctl.render.paper import Paper

OF_ASSET = "a plan of this asset alone"  # no more was asked for, so no more is judged


def asset_text(
    access: AssetAccess,
    holdings: Sequence[Holding],
    names: Names,
    paper: Paper,
    *,
    is_ours: bool = True,
    is_looked_at: bool = True,
) -> str:
    """Return who holds what on one asset; `is_ours` tells that an acting business owns it, `is_looked_at` of live."""
    title = f"{asset_in_words(names.asset(access))}, owned by {business_in_words(names.business(access.owner))}"
    lines = [
        paper.wrap(title, indent=2, first=0, style="bold"),
        paper.wrap(managed(access, is_ours=is_ours), indent=2),
    ]
    for holding in holdings:
        who = business_name(names.business(holding.agency)) if holding.agency else "anybody else"
        lines.append(paper.wrap(who, indent=2, style="bold"))
        lines += _facts(holding, names, paper)
    lines += [paper.wrap(line, indent=4, first=2) for line in end_of_asset(holdings, is_looked_at=is_looked_at)]
    return "\n".join(lines)


def agency_text(
    agency: BusinessRef,
    holdings: Sequence[Holding],
    names: Names,
    paper: Paper,
    unseen: tuple[int, int] | None = (0, 0),
) -> str:
    """Return what one agency holds. `unseen` is how many assets, and listings, could not be read; None: no look."""
    lines = [paper.wrap(business_name(agency), first=0, style="bold")]
    for holding in holdings:
        lines.append(paper.wrap(asset_name(names.asset(holding.asset)), indent=4, first=2, style="bold"))
        lines += _facts(holding, names, paper)
    if unseen and any(unseen):
        lines.append(paper.wrap(f"! {unseen_words(unseen)}", indent=4, first=2))
    lines += [paper.wrap(line, indent=4, first=2) for line in end_of_agency(holdings, unseen)]
    return "\n".join(lines)


def end_of_asset(holdings: Sequence[Holding], *, is_looked_at: bool) -> Iterator[str]:
    """Say that there is nobody, that a guard refuses the plan of the asset, or that nobody looked."""
    if not holdings:
        yield "no agency has access" if is_looked_at else "no manifest gives any agency access"
    yield from refusal_words(holdings, OF_ASSET) if is_looked_at else (NOT_LOOKED,)


def end_of_agency(holdings: Sequence[Holding], unseen: tuple[int, int] | None) -> Iterator[str]:
    """Say that it holds nothing, that a guard refuses the plan, or that nobody looked (`unseen` is None)."""
    if unseen is None:
        yield from ("no manifest gives it anything",) * (not holdings)
        yield NOT_LOOKED
        return
    yield from ("holds nothing",) * (not holdings and not any(unseen))
    yield from refusal_words(holdings, "the plan")


def unseen_words(unseen: tuple[int, int]) -> str:
    """Return `2 assets and 1 listing could not be read: it may hold more there`."""
    assets, listings = unseen
    parts = [count(assets, "asset")] * bool(assets) + [count(listings, "listing")] * bool(listings)
    return f"{' and '.join(parts)} could not be read: it may hold more there"


def pair_text(holding: Holding, names: Names, paper: Paper) -> str:
    """Return why one agency has, or has not, access to one asset."""
    lines = [paper.wrap(pair_words(holding, names), first=0, style="bold")]
    lines += [paper.wrap(fact, indent=6, first=4) for fact in story(holding, names)]
    return "\n".join(lines)


def pair_words(holding: Holding, names: Names) -> str:
    """Return `"Mediahouse Ltd" (mediahouse, 2002) is to hold ANALYZE on ad account de-brand (act_102).`."""
    who, what = business_in_words(names.business(holding.agency)), asset_in_words(names.asset(holding.asset))
    if holding.agency == holding.asset.owner:
        return f"{who} owns {what}."
    if holding.declared is None and not (holding.asset.exclusive and holding.is_reached):
        return f"No manifest says what {who} is to hold on {what}."
    verb = "is to hold" if holding.declared and holding.declared.tasks else "is to have no access to"
    held = f" {task_names(sorted(holding.declared.tasks))} on" if holding.declared and holding.declared.tasks else ""
    return f"{who} {verb}{held} {what}."


def story(holding: Holding, names: Names) -> Iterator[str]:
    """Tell all of one pair: from its declarations, or why there are none, to what a plan would do about it."""
    yield from known(holding, names)
    if holding.declared is None:
        yield _undeclared(holding, is_looked_at=holding.planned is not None)
    if holding.last is None and holding.canceled is None:
        yield "journal: nothing on this pair"
    yield from conclusion_words(holding) if holding.planned else (NOT_LOOKED,)
    yield from refusal_words([holding], OF_ASSET)


def managed(asset: AssetAccess, *, is_ours: bool) -> str:
    """Say what becomes of live access to an asset that nobody declared, and which line says so."""
    if asset.place is None:
        return "no manifest declares it, so accessctl leaves it alone"
    gone = "access that is not declared is revoked" if is_ours else "access of ours that is not declared is given up"
    manage = f"exclusive: {gone}" if asset.exclusive else "additive: only declared access is touched"
    return f"{manage} [{asset.place.file}:{asset.place.line}]"


def _undeclared(holding: Holding, *, is_looked_at: bool) -> str:
    """Say why a pair is not declared; where nobody looked, also what would become of live access, if any."""
    asset = holding.asset
    if asset.place is None:
        return "no manifest declares this asset, so accessctl leaves it alone"
    manage = "exclusive" if asset.exclusive else "additive"
    place = f"[{asset.place.file}:{asset.place.line}]"
    if holding.agency == asset.owner:
        return f"an owner needs no grant on its own asset {place}"
    is_of_others = asset.exclusive and not holding.is_reached
    but = ", which on a client's asset covers access of ours alone" if is_of_others else ""
    said = f"no manifest gives it access, and the asset is {manage}{but} {place}"
    if is_looked_at:
        return said
    return f"{said}: live access would be {'removed' if asset.exclusive and holding.is_reached else 'left alone'}"


def _facts(holding: Holding, names: Names, paper: Paper) -> Iterator[str]:
    for fact in facts(holding, names):
        yield paper.wrap(fact, indent=6, first=4)


def facts(holding: Holding, names: Names) -> Iterator[str]:
    """Return the facts of a pair and what a plan would do about it, a sentence each."""
    yield from known(holding, names)
    yield from conclusion_words(holding)


def known(holding: Holding, names: Names) -> Iterator[str]:
    """Return what is known of a pair, a sentence each: every declaration, what is live, the journal's last word."""
    for source in holding.declared.sources if holding.declared else ():
        expired = "expired: " * source.expired
        yield f"{expired}{task_names(sorted(source.tasks))}, from {source_name(source_of(source))}"
    if holding.declared is None and holding.agency:
        yield "declared nowhere"
    if holding.live is not None:
        yield f"live: {_live(holding, holding.live)}"
    yield from facts_of(holding.obo or (), names)
    if holding.obo_unread:
        yield f"on behalf of: could not be read: {display(holding.obo_unread, 300)}"
    if holding.last is not None:
        yield f"journal: {write_words(holding.last, names)}".replace("  ", " ", 1)
    if holding.canceled is not None:
        yield f"journal: {cancel_words(holding.canceled, names)}".replace("  ", " ", 1)


def _live(holding: Holding, live: Grant) -> str:
    if live.status is Status.UNREADABLE:
        return f"could not be read: {display(live.detail, 300)}"
    if live.status is Status.ABSENT:
        return "no access"
    word = live.status.replace("_", " ")
    if live.status is Status.UNKNOWN:
        word = f"a status that accessctl does not know, {quoted(live.detail)},"
    since = f", since {live.since:%Y-%m-%d}" if live.since else ""
    if found := since_of(live, holding.since):
        since = f", since {display(since_words(found))}" if found.run else since
    same = (
        ", as declared"
        if holding.declared
        and live.status is Status.CONFIRMED
        and tasks.is_same(holding.asset.asset.kind, holding.declared.tasks, live.tasks)
        else ""
    )
    wanted = holding.declared.tasks if holding.declared else frozenset[str]()
    state = state_of(holding.asset.asset.kind, wanted, live)
    return f"{word} with {state_tasks(state)}{since}{same}"


def explanation_json(holdings: Sequence[Holding], names: Names) -> str:
    """Return the pairs as a JSON list."""
    return json.dumps([_pair(holding, names) for holding in holdings], indent=2, sort_keys=True)


def _pair(holding: Holding, names: Names) -> dict[str, Any]:
    asset, agency = names.asset(holding.asset), names.business(holding.agency)
    first, last = until_of(holding.declared.sources if holding.declared else ())
    return {
        "asset": {"kind": asset.kind, "id": asset.id, "alias": asset.alias, "name": asset.name},
        "agency": {"id": agency.id, "alias": agency.alias, "name": agency.name} if agency.id else None,
        "owner": holding.asset.owner,
        "exclusive": holding.asset.exclusive,
        "declared": _declared(holding.declared) if holding.declared else None,
        "live": _live_json(holding.live) if holding.live else None,
        "since": since_json(since_of(holding.live, holding.since) if holding.live else None),
        "until": {"first": str(first or ""), "last": str(last or "")},
        "journal": write_row(holding.last, names) if holding.last else None,
        "obo_canceled": cancel_row(holding.canceled, names) if holding.canceled else None,
        "plan": conclusion_json(holding),
        "obo_requests": None if holding.obo is None else [fact_json(one, names) for one in holding.obo],
    }


def _declared(grant: Grant) -> dict[str, Any]:
    return {"tasks": sorted(grant.tasks), "sources": sources_json(grant.sources)}


def _live_json(grant: Grant) -> dict[str, Any]:
    since = grant.since.isoformat() if grant.since else ""
    return {"status": grant.status, "tasks": sorted(grant.tasks), "detail": grant.detail, "since": since}

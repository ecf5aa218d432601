"""An access review as text: what matters first, then asset by asset."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from accessctl.called import quoted
from accessctl.clean import display
from accessctl.plan.nouns import AssetRef, BusinessRef
from accessctl.plan.refs import source_of
from accessctl.render.names import asset_in_words, business_in_words, source_name
from accessctl.render.report_words import (
    coverage_lines,
    origin_lines,
    summary_line,
    tasks_words,
    times_words,
    title,
    waits_words,
)
from accessctl.report.nouns import Standing, Way
from accessctl.report.obo import words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from accessctl.render.paper import Paper
    from accessctl.report.nouns import Report, ReportedAsset, ReportedBusiness, ReportedGrant

STYLES = {
    Standing.DECLARED: "green",
    Standing.DRIFT: "yellow",
    Standing.UNMANAGED: "yellow",
    Standing.WAITING: "blue",
    Standing.MISSING: "cyan",
    Standing.UNKNOWN: "magenta",
    Standing.UNREADABLE: "magenta",
    Standing.ENDED: "dim",
}
INDENT = 4


def report_text(report: Report, paper: Paper) -> str:
    """Return the whole review."""
    head = [paper.paint(title(report), "bold")]
    head += [paper.wrap(display(line, 2000)) for line in origin_lines(report.origin)]
    unread = [paper.wrap(f"! {display(line, 400)}", indent=2, first=0, style="magenta") for line in report.unread]
    unread += [_unreadable(asset, paper) for asset in report.unreadable]
    unread += [paper.wrap(f"note: {display(line, 400)}", indent=2, first=0, style="yellow") for line in report.notes]
    end = [paper.wrap(summary_line(report), style="bold"), *map(paper.wrap, coverage_lines(report.coverage))]
    blocks = ["\n".join(head), "\n".join(unread), *_blocks(report, paper), "\n".join(end)]
    return "\n\n".join(block for block in blocks if block) + "\n"


def asset_ref(asset: ReportedAsset) -> AssetRef:
    """Return an asset as all text names it."""
    return AssetRef(asset.kind, asset.id, asset.alias, asset.called)


def business_ref(business: ReportedBusiness) -> BusinessRef:
    """Return a business as all text names it."""
    return BusinessRef(business.id, business.alias, business.called)


def renamed(thing: ReportedAsset | ReportedBusiness) -> str:
    """Return `declared as "X"` where Meta has another name than the manifests; else nothing."""
    is_other = thing.name and thing.declared_name and thing.name != thing.declared_name
    return f"declared as {quoted(thing.declared_name)}" if is_other else ""


def _unreadable(asset: ReportedAsset, paper: Paper) -> str:
    text = f"! {asset_in_words(asset_ref(asset))} could not be read to the end: {display(asset.unreadable, 300)}"
    return paper.wrap(text, indent=INDENT, first=0, style="magenta")


def _blocks(report: Report, paper: Paper) -> Iterator[str]:
    rows = {key: list(some) for key, some in groupby(report.grants, key=lambda one: one.asset.key)}
    is_looked_at = report.origin.way is not Way.MANIFESTS
    nobody = "no agency has access" if is_looked_at else "no manifest gives any agency access"
    for asset in report.assets:
        held = rows.get(asset.key, [])
        if not held and asset.unreadable:
            continue
        lines = [paper.wrap(_asset_line(asset), indent=2, first=0, style="bold")]
        lines += [line for one in held for line in _grant(one, paper)]
        yield "\n".join(lines if held else [*lines, paper.wrap(nobody, indent=2)])


def _asset_line(asset: ReportedAsset) -> str:
    owner = business_in_words(business_ref(asset.owner)) if asset.owner.id else "nobody knows whom"
    facts = [asset_in_words(asset_ref(asset)), renamed(asset), f"owned by {owner}"]
    facts += [f"{display(key, 60)} {display(value, 60)}" for key, value in asset.labels]
    facts += ["declared nowhere"] * (not asset.is_declared)
    return ", ".join(fact for fact in facts if fact)


def _grant(grant: ReportedGrant, paper: Paper) -> Iterator[str]:
    who = business_in_words(business_ref(grant.agency))
    other = renamed(grant.agency)
    style = STYLES[grant.standing]
    yield paper.wrap(f"{who}{f', {other}' * bool(other)}: {grant.standing}", indent=INDENT, first=2, style=style)
    for fact in facts(grant):
        yield paper.wrap(fact, indent=INDENT + 2, first=INDENT)


def facts(grant: ReportedGrant) -> Iterable[str]:
    """Return what there is to say of a grant, a line each, all of it harmless in text."""
    asked, added = (display(words, 1000) for words in tasks_words(grant))
    found = [asked + (f" (and {added}, added by Meta)" if added else "")]
    found += [display(grant.text, 300)] * (grant.standing is not Standing.DECLARED)
    found += [display(waits_words(grant), 600), display(times_words(grant), 300)]
    found += [display(line, 400) for line in words_of(grant)]
    found += [f"{'ended: ' * one.expired}{source_name(source_of(one))}" for one in grant.sources]
    return [fact for fact in found if fact]

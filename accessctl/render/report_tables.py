"""The tables of an access review in Markdown: a row a grant for each agency, and a row an asset."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from accessctl.counting import count
from accessctl.model import Asset, Status
from accessctl.plan.refs import source_of
from accessctl.render.escape import html_text, markdown_cell, markdown_code
from accessctl.render.markdown_rows import details
from accessctl.render.report_words import since_words, tasks_words, until_words, verb_of, waits_words
from accessctl.report.nouns import Standing
from accessctl.report.obo import words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from accessctl.model import Contribution
    from accessctl.render.forge import Forge
    from accessctl.report.nouns import Report, ReportedAsset, ReportedBusiness, ReportedGrant

HEAD = "| asset | standing | tasks | since | until | why |\n| --- | --- | --- | --- | --- | --- |"


@dataclass(frozen=True, slots=True)
class Holders:
    """By asset, how many agencies hold something, or are declared to; and of how many nobody knows."""

    held: Mapping[Asset, int]
    unsure: Mapping[Asset, int]

    def is_empty(self, asset: ReportedAsset) -> bool:
        """Tell whether nobody holds anything on it, as far as that is known."""
        return not (self.held.get(asset.key) or self.unsure.get(asset.key) or asset.unreadable)


def holders_of(report: Report) -> Holders:
    """Count who holds something on which asset."""
    held = Counter(one.asset.key for one in report.grants if one.held)
    return Holders(held, Counter(one.asset.key for one in report.grants if one.standing is Standing.UNKNOWN))


def who_heading(report: Report) -> str:
    """Return the heading above the agencies."""
    return "## Who holds what" if verb_of(report) == "held" else "## Who is to hold what"


def agency_order(one: ReportedGrant) -> tuple[str, str]:
    """By the agency's name and id."""
    return one.agency.called.casefold(), one.agency.id


def agency_table(agency: ReportedBusiness, counts: str, lines: Iterable[str], *, is_folded: bool) -> str:
    """Return an agency's heading, what is counted of it, and its rows."""
    table = joined(_renamed(agency), "\n".join([HEAD, *lines]))
    if is_folded:
        return details(f"<b>{_business_html(agency)}</b>: {counts}", table)
    return joined(f"### {_business(agency)}\n\n{counts}", table)


def counts_of(rows: Sequence[ReportedGrant], verb: str) -> str:
    """Return `2 grants held, 5 rows`; `verb` is held, or declared where nobody looked."""
    return f"{count(sum(bool(one.held) for one in rows), 'grant')} {verb}, {count(len(rows), 'row')}"


def joined(*parts: str) -> str:
    """Return the parts that are not empty, with an empty line between them."""
    return "\n\n".join(part for part in parts if part)


def grant_row(one: ReportedGrant, forge: Forge | None) -> str:
    """Return one line of an agency's table."""
    is_live = one.status is Status.CONFIRMED
    cells = (
        asset_words(one.asset, markdown_cell),
        _standing(one),
        _tasks(one),
        markdown_cell(since_words(one.since)) if one.since and is_live else "unknown" * is_live,
        until_words(one),
        "<br>".join(_source(source, forge) for source in one.sources) or "declared nowhere",
    )
    return f"| {' | '.join(cells)} |"


def asset_table(lines: Iterable[str], verb: str) -> str:
    """Return the table of assets; `verb` is held, or declared where nobody looked."""
    by = f"{verb} {'by' if verb == 'held' else 'for'}"
    head = [f"| asset | owner | labels | declared in | {by} |", "| --- | --- | --- | --- | --- |"]
    return "\n".join([*head, *lines])


def assets_line(report: Report, holders: Holders) -> str:
    """Return `8 assets; on 1 of them nobody holds anything.`"""
    empty = sum(map(holders.is_empty, report.assets))
    said = f"on {empty} of them nobody holds anything"
    if verb_of(report) != "held":
        said = f"on {empty} of them no manifest gives anybody anything"
    return f"{count(len(report.assets), 'asset')}; {said}."


def asset_row(asset: ReportedAsset, holders: Holders, forge: Forge | None) -> str:
    """Return one line of the table of assets."""
    owner = " ".join(map(markdown_cell, filter(None, (asset.owner.called, asset.owner.alias, asset.owner.id))))
    labels = " ".join(markdown_cell(f"{key} {value}") for key, value in asset.labels)
    place = markdown_cell(f"{asset.file}:{asset.line}", 200)
    link = forge.link(asset.file, asset.line) if forge and asset.is_declared else ""
    declared = (f"[{place}]({link})" if link else place) if asset.is_declared else "declared nowhere"
    held, unsure = holders.held.get(asset.key, 0), holders.unsure.get(asset.key, 0)
    also = f"; {unsure} of unknown status" * bool(unsure)
    by = "could not be read" if asset.unreadable else f"{count(held, 'agency', 'agencies')}{also}"
    name = asset_words(asset, markdown_cell)
    return f"| {name} | {owner or 'nobody knows whom'} | {labels} | {declared} | {by} |"


def asset_words(asset: ReportedAsset, escape: Callable[[str], str]) -> str:
    """Return kind, alias, id and names, each in a span of its own, so that no name can pose as more."""
    parts = [asset.alias, Asset(asset.kind, asset.id).node, asset.name or asset.declared_name]
    shown = " ".join([asset.kind.noun, *(escape(part) for part in parts if part)])
    is_other = asset.name and asset.declared_name and asset.name != asset.declared_name
    return f"{shown} (declared as {escape(asset.declared_name)})" if is_other else shown


def _standing(one: ReportedGrant) -> str:
    words = [one.text] * (one.standing is not Standing.DECLARED)
    words += [waits_words(one), *words_of(one)]
    return "<br>".join([f"**{one.standing}**", *(markdown_cell(word, 600) for word in words if word)])


def _tasks(one: ReportedGrant) -> str:
    asked, added = tasks_words(one)
    return markdown_cell(asked, 600) + (f"<br>added by Meta: {markdown_cell(added, 600)}" if added else "")


def _source(source: Contribution, forge: Forge | None) -> str:
    said = source_of(source)
    place = markdown_cell(f"{said.file}:{said.line}", 200)
    link = forge.link(said.file, said.line) if forge else ""
    notes = [f"rule {said.rule}"] * bool(said.rule) + [f"profile {said.profile}"] * bool(said.profile)
    notes += [f"until {said.until}"] * bool(said.until) + [said.reason] * bool(said.reason)
    shown = f"[{place}]({link})" if link else place
    return ("ended: " * source.expired) + shown + (f" {markdown_cell(', '.join(notes), 300)}" if notes else "")


def _business(business: ReportedBusiness) -> str:
    return " ".join(markdown_code(part) for part in (business.called, business.alias, business.id) if part)


def _business_html(business: ReportedBusiness) -> str:
    known = ", ".join(part for part in (business.alias, business.id) if part)
    return f"<code>{html_text(business.called)}</code> ({known})" if business.called else f"business {known}"


def _renamed(business: ReportedBusiness) -> str:
    """Return a sentence where Meta has another name than the manifests; else nothing."""
    if not (business.name and business.declared_name and business.name != business.declared_name):
        return ""
    return f"The manifests call it {markdown_code(business.declared_name)}."

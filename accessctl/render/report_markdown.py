"""An access review as Markdown: what matters first, then a table an agency, folded where it is long."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING

from accessctl.counting import count
from accessctl.model import Asset, Kind, Status
from accessctl.plan.refs import source_of
from accessctl.render.escape import html_text, markdown_cell, markdown_code, markdown_text
from accessctl.render.markdown_rows import details
from accessctl.render.report_words import (
    coverage_lines,
    covered_name,
    meaning,
    origin_lines,
    share_words,
    since_words,
    summary_line,
    tasks_words,
    title,
    until_words,
    waits_words,
)
from accessctl.report.nouns import Standing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from accessctl.model import Contribution
    from accessctl.render.forge import Forge
    from accessctl.report.nouns import Coverage, Covered, Report, ReportedAsset, ReportedBusiness, ReportedGrant

FOLDED = 20  # rows of all tables together from which on each is folded
HEAD = "| asset | standing | tasks | since | until | why |\n| --- | --- | --- | --- | --- | --- |"


def report_markdown(report: Report, forge: Forge | None = None) -> str:
    """Return the whole review; `forge` makes links of the lines of manifests. It is not cut: see --target, and CSV."""
    parts = [f"# {title(report)}", *(markdown_text(line, 2000) for line in origin_lines(report.origin))]
    parts += [f"**{summary_line(report)}**", *coverage_lines(report.coverage), _standings(report)]
    parts += _coverage(report.coverage) if report.coverage else []
    parts += _unread(report)
    parts += _agencies(report, forge)
    parts += _assets(report, forge)
    return "\n\n".join(part for part in parts if part) + "\n"


def _standings(report: Report) -> str:
    there = {one.standing for one in report.grants}
    lines = [f"- **{one}**: {meaning(one, report.origin.way)}" for one in Standing if one in there]
    return "\n".join(lines)


def _coverage(coverage: Coverage) -> Iterator[str]:
    lines = ["| declared | live grants | assets |", "| --- | --- | --- |"]
    lines += [_covered(Kind(one.of).nouns, one) for one in coverage.by_kind]
    lines += [_covered(markdown_cell(covered_name(one.of)), one) for one in coverage.by_market]
    yield "## How much is declared"
    yield "\n".join(lines)


def _covered(name: str, covered: Covered) -> str:
    return f"| {name} | {share_words(covered.grants, 'grant')} | {share_words(covered.assets, 'asset')} |"


def _unread(report: Report) -> Iterator[str]:
    lines = [f"- {markdown_text(line)}" for line in report.unread]
    lines += [f"- {_asset(one, markdown_code)}: {markdown_text(one.unreadable)}" for one in report.unreadable]
    if lines:
        yield "## Could not be read"
        yield 'What is live here is not known; it is not "no access".'
        yield "\n".join(lines)
    yield "\n".join(f"- note: {markdown_text(line)}" for line in report.notes)


def _agencies(report: Report, forge: Forge | None) -> Iterator[str]:
    by_agency = sorted(report.grants, key=lambda one: (one.agency.called.casefold(), one.agency.id))
    if by_agency:
        yield "## Who holds what"
    is_long = len(report.grants) > FOLDED
    for _, group in groupby(by_agency, key=lambda one: one.agency.id):
        rows = list(group)
        table = "\n".join([HEAD, *(_row(one, forge) for one in rows)])
        held = f"{count(sum(bool(one.held) for one in rows), 'grant')} held, {count(len(rows), 'row')}"
        other = renamed_words(rows[0].agency)
        if is_long:
            yield details(f"<b>{_business_html(rows[0].agency)}</b>: {held}", _joined(other, table))
        else:
            yield _joined(f"### {_business(rows[0].agency)}\n\n{held}", other, table)


def _joined(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)


def _row(one: ReportedGrant, forge: Forge | None) -> str:
    is_live = one.status is Status.CONFIRMED
    cells = (
        _asset(one.asset, markdown_cell),
        _standing(one),
        _tasks(one),
        markdown_cell(since_words(one.since)) if one.since and is_live else "unknown" * is_live,
        until_words(one),
        "<br>".join(_source(source, forge) for source in one.sources) or "declared nowhere",
    )
    return f"| {' | '.join(cells)} |"


def _standing(one: ReportedGrant) -> str:
    words = [one.text] * (one.standing is not Standing.DECLARED)
    words += [waits_words(one)]
    return "<br>".join([f"**{one.standing}**", *(markdown_cell(word, 400) for word in words if word)])


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


def _asset(asset: ReportedAsset, escape: object) -> str:
    """Return kind, alias, id and names, each in a span of its own, so that no name can pose as more."""
    assert callable(escape)
    parts = [asset.alias, Asset(asset.kind, asset.id).node, asset.name or asset.declared_name]
    shown = " ".join([asset.kind.noun, *(escape(part) for part in parts if part)])
    is_other = asset.name and asset.declared_name and asset.name != asset.declared_name
    return f"{shown} (declared as {escape(asset.declared_name)})" if is_other else shown


def _business(business: ReportedBusiness) -> str:
    return " ".join(markdown_code(part) for part in (business.called, business.alias, business.id) if part)


def _business_html(business: ReportedBusiness) -> str:
    known = ", ".join(part for part in (business.alias, business.id) if part)
    return f"<code>{html_text(business.called)}</code> ({known})" if business.called else f"business {known}"


def renamed_words(business: ReportedBusiness) -> str:
    """Return a sentence where Meta has another name than the manifests; else nothing."""
    if not (business.name and business.declared_name and business.name != business.declared_name):
        return ""
    return f"The manifests call it {markdown_code(business.declared_name)}."


def _assets(report: Report, forge: Forge | None) -> Iterable[str]:
    """List every asset: whose it is, how it is labelled, where it is declared, and how many hold something on it."""
    held = Counter(one.asset.key for one in report.grants if one.held)
    lines = [_asset_row(one, held[one.key], forge) for one in report.assets]
    if lines:
        yield "## Assets"
        table = "\n".join(
            ["| asset | owner | labels | declared in | held by |", "| --- | --- | --- | --- | --- |", *lines]
        )
        empty = sum(not held[one.key] and not one.unreadable for one in report.assets)
        yield f"{count(len(lines), 'asset')}; on {empty} of them nobody holds anything."
        yield details("All of them", table) if len(lines) > FOLDED else table


def _asset_row(asset: ReportedAsset, held: int, forge: Forge | None) -> str:
    owner = " ".join(map(markdown_cell, filter(None, (asset.owner.called, asset.owner.alias, asset.owner.id))))
    labels = " ".join(markdown_cell(f"{key} {value}") for key, value in asset.labels)
    place = markdown_cell(f"{asset.file}:{asset.line}", 200)
    link = forge.link(asset.file, asset.line) if forge and asset.is_declared else ""
    declared = (f"[{place}]({link})" if link else place) if asset.is_declared else "declared nowhere"
    holders = "could not be read" if asset.unreadable else count(held, "agency", "agencies")
    return f"| {_asset(asset, markdown_cell)} | {owner or 'nobody knows whom'} | {labels} | {declared} | {holders} |"

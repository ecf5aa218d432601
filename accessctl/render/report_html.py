"""An access review as one HTML page: how much is declared, charts, the matrix, every agency and every asset."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from accessctl.model import Kind
from accessctl.render.age import moment
from accessctl.render.html.charts import agency_bars, task_table, week_columns
from accessctl.render.html.holdings import MARKS, Facets, Holding, holdings_of
from accessctl.render.html.matrix import Mark, Matrix, matrix
from accessctl.render.html.page import page
from accessctl.render.report_text import asset_ref, business_ref, renamed
from accessctl.render.report_words import (
    coverage_lines,
    covered_name,
    held_words,
    meaning,
    summary_line,
    title,
    verb_of,
)
from accessctl.report.nouns import Standing, Way
from accessctl.report.obo import words_of
from accessctl.report.tally import ending

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from accessctl.model import Asset
    from accessctl.plan.nouns import AssetRef, BusinessRef
    from accessctl.report.nouns import Covered, Report, ReportedAsset, ReportedBusiness

FILTERED_FROM = 4  # rows; fewer are read at a glance
FOLDED_FROM = 60  # assets, from which on the matrix is folded away until somebody wants it
ENDING_SHOWN = 15


@dataclass(frozen=True, slots=True)
class AgencyPart:
    """One agency with its rows, and how many of them it holds."""

    agency: BusinessRef
    renamed: str
    rows: tuple[Holding, ...]
    held: int
    odd: tuple[tuple[Standing, int], ...]


@dataclass(frozen=True, slots=True)
class AssetPart:
    """One asset with its rows."""

    asset: ReportedAsset
    ref: AssetRef
    renamed: str
    owner: BusinessRef
    rows: tuple[Holding, ...]


def report_html(report: Report) -> str:
    """Return the whole review as one file of HTML that loads nothing."""
    rows = holdings_of(report.grants)
    by_asset = {key: tuple(group) for key, group in groupby(rows, key=lambda row: row.grant.asset.key)}
    places = {row.grant.asset.key: row for row in rows}
    counts = Counter(one.standing for one in report.grants)
    columns = week_columns(report)
    ends = ending(report)
    ids = {(row.grant.asset.key, row.grant.agency.id): row for row in rows}
    return page(
        "report.html",
        title=title(report),
        styles=("report.css",),
        report=report,
        origin=report.origin,
        is_live=report.origin.way is not Way.MANIFESTS,
        day=f"{report.origin.read_at:%-d %B %Y}",
        read_at=moment(report.origin.read_at),
        made_at=moment(report.origin.made_at),
        summary=summary_line(report),
        held=held_words(report),
        verb=verb_of(report),
        counted=[(one.value, *MARKS[one], counts[one]) for one in Standing],
        meanings=[(one.value, *MARKS[one], meaning(one, report.origin.way)) for one in Standing if counts[one]],
        coverage=report.coverage,
        covered_words=coverage_lines(report.coverage),
        covered=_covered(report),
        bars=agency_bars(report),
        market=task_table(report),
        weeks=columns,
        ending=[(ids[one.asset.key, one.agency.id], day, is_whole) for one, day, is_whole in ends[:ENDING_SHOWN]],
        more_ending=max(0, len(ends) - ENDING_SHOWN),
        unreadable=[(asset, asset_ref(asset)) for asset in report.unreadable],
        facets=Facets(rows, report.origin.read_at.date(), verb_of(report)),
        is_filtered=len(rows) >= FILTERED_FROM,
        matrix=_matrix(rows),
        is_large=len(places) > FOLDED_FROM,
        assets=_assets(report, by_asset),
        agencies=_agencies(report, rows),
        empty=[part for part in _assets(report, {}) if part.asset.key not in by_asset and not part.asset.unreadable],
        rows=rows,
        obo_words=words_of,
    )


def _covered(report: Report) -> Sequence[tuple[str, Covered]]:
    """The lines of the coverage's table: kinds, then markets."""
    if report.coverage is None:
        return ()
    kinds = [(Kind(one.of).nouns, one) for one in report.coverage.by_kind if one.assets.of or one.grants.of]
    return [*kinds, *((covered_name(one.of), one) for one in report.coverage.by_market)]


def _matrix(rows: Sequence[Holding]) -> Matrix | None:
    return matrix({(row.asset, row.agency): Mark(row.id, row.sign, row.tone, row.word) for row in rows})


def _assets(report: Report, by_asset: Mapping[Asset, tuple[Holding, ...]]) -> tuple[AssetPart, ...]:
    return tuple(
        AssetPart(asset, asset_ref(asset), renamed(asset), business_ref(asset.owner), by_asset.get(asset.key, ()))
        for asset in report.assets
        if asset.key in by_asset or not by_asset
    )


def _agencies(report: Report, rows: Sequence[Holding]) -> tuple[AgencyPart, ...]:
    found: dict[str, list[Holding]] = {agency.id: [] for agency in report.agencies}
    for row in rows:
        found[row.agency.id].append(row)
    return tuple(_agency(agency, found[agency.id]) for agency in report.agencies)


def _agency(agency: ReportedBusiness, rows: Sequence[Holding]) -> AgencyPart:
    counts = Counter(row.grant.standing for row in rows)
    odd = tuple((one, counts[one]) for one in Standing if counts[one] and one is not Standing.DECLARED)
    return AgencyPart(
        business_ref(agency), renamed(agency), tuple(rows), sum(bool(row.grant.held) for row in rows), odd
    )

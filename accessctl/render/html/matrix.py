"""Assets against agencies, cut into tables that a screen and a sheet of paper hold."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from math import ceil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from accessctl.plan.nouns import AssetRef, BusinessRef

COLUMNS = 14  # agencies side by side on a sheet of A4, across
ROWS = 40  # assets below each other: a table of its own each, so that what is not in sight costs nothing


@dataclass(frozen=True, slots=True)
class Mark:
    """A cell: `item` is the id of the row on the page that says the rest."""

    item: str
    sign: str
    tone: str
    word: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell with a mark, or `span` empty ones."""

    mark: Mark | None
    span: int = 1


@dataclass(frozen=True, slots=True)
class Line:
    """An asset with its cells, which together span all agencies of the band."""

    asset: AssetRef
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Band:
    """Agencies side by side and the assets on which one of them has a mark, in blocks of at most ROWS."""

    agencies: tuple[BusinessRef, ...]
    blocks: tuple[tuple[Line, ...], ...]


def bands(
    marks: Mapping[tuple[AssetRef, BusinessRef], Mark], columns: int = COLUMNS, rows: int = ROWS
) -> tuple[Band, ...]:
    """Return every mark in exactly one cell: agencies by name, assets in the order of their first mark."""
    order = list(dict.fromkeys(asset for asset, _ in marks))
    agencies = sorted({agency for _, agency in marks}, key=lambda one: (one.name.casefold(), one.alias, one.id))
    width = max(1, ceil(len(agencies) / max(1, ceil(len(agencies) / columns))))  # no band much narrower than the others
    groups = [tuple(agencies[start : start + width]) for start in range(0, len(agencies), width)]
    return tuple(Band(group, _blocks(order, group, marks, rows)) for group in groups)


def _blocks(
    assets: Sequence[AssetRef],
    agencies: Sequence[BusinessRef],
    marks: Mapping[tuple[AssetRef, BusinessRef], Mark],
    rows: int,
) -> tuple[tuple[Line, ...], ...]:
    lines = [
        Line(asset, tuple(_cells([marks.get((asset, agency)) for agency in agencies])))
        for asset in assets
        if any((asset, agency) in marks for agency in agencies)
    ]
    return tuple(tuple(lines[start : start + rows]) for start in range(0, len(lines), rows))


def _cells(marks: Sequence[Mark | None]) -> Iterator[Cell]:
    """Join what is empty: a page of many assets has few cells."""
    for is_empty, group in groupby(marks, key=lambda mark: mark is None):
        found = list(group)
        yield from [Cell(None, len(found))] if is_empty else map(Cell, found)

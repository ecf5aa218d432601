"""Assets against agencies, cut into tables that a screen and a sheet of paper hold."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import accumulate, groupby
from math import ceil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from accessctl.plan.nouns import AssetRef, BusinessRef

COLUMNS = 14  # agencies side by side on a sheet of A4, across
PRINTED = 300  # lines in all; Chromium takes minutes to cut longer ones into sheets, and nobody reads those
MOST = 6_000  # lines in all, of which a browser still makes a table: some 8 MB
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


@dataclass(frozen=True, slots=True)
class Matrix:
    """The bands of the first assets, `shown` of `of`. `lines` are those of all bands."""

    bands: tuple[Band, ...]
    shown: int
    of: int

    @property
    def lines(self) -> int:
        """How many there are; an asset has one in each band where it has a mark."""
        return sum(len(block) for band in self.bands for block in band.blocks)

    @property
    def is_long(self) -> bool:
        """Whether it is left out on paper."""
        return self.lines > PRINTED


def matrix(marks: Mapping[tuple[AssetRef, BusinessRef], Mark], most: int = MOST) -> Matrix | None:
    """Return the matrix of the first assets that `most` lines hold, at least one; None without marks."""
    if not marks:
        return None
    order = list(dict.fromkeys(asset for asset, _ in marks))
    shown = len(order)
    found = bands(marks)
    if sum(len(block) for band in found for block in band.blocks) > most:
        shown = _fitting(order, found, most)
        kept = set(order[:shown])
        found = bands({pair: mark for pair, mark in marks.items() if pair[0] in kept})
    return Matrix(found, shown, len(order))


def _fitting(order: Sequence[AssetRef], found: Sequence[Band], most: int) -> int:
    lines = Counter(line.asset for band in found for block in band.blocks for line in block)
    sums = accumulate(lines[asset] for asset in order)
    return max(1, sum(one <= most for one in sums))


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

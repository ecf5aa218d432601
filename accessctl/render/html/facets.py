"""What the rows of a page can be filtered by: one facet a question, one option an answer."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Option:
    """One answer. `value` stands in `data-KEY` of its rows and has no blanks; `note` is said in small letters."""

    value: str
    label: str
    note: str = ""
    sign: str = ""
    tone: str = "dim"
    count: int = 0


@dataclass(frozen=True, slots=True)
class Facet:
    """One question: `key` is lower-case letters alone, as in `data-KEY` and in the address of the page."""

    key: str
    title: str
    options: tuple[Option, ...]


def facet(key: str, title: str, options: Iterable[Option], values: Iterable[str]) -> Facet:
    """Return the facet with those of `options` that occur in `values` (one a row), each counted, in the given order."""
    counts = Counter(values)
    found = (
        Option(one.value, one.label, one.note, one.sign, one.tone, counts[one.value])
        for one in options
        if counts[one.value]
    )
    return Facet(key, title, tuple(found))

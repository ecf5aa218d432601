"""What the page of a plan is filtered by: the values of each of its rows, and the facets made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.model import Kind
from accessctl.plan.nouns import BusinessRef
from accessctl.render.html.facets import Facet, Option, facet
from accessctl.render.plan_text import ROW_MARKS, VERB_MARKS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from accessctl.render.html.entries import Entry

# Codes of risks (plan.nouns.Action) in the two or three words that fit on a chip.
LOOKS = {
    "manage": "wider rights",
    "last_holder": "last agency",
    "own_access": "our own access",
    "gap": "with a gap",
    "first_grant": "first grant",
    "first_in_part": "first grant, part read",
    "name_unread": "name not read",
    "asked_before": "asked before",
}
Values = dict[str, tuple[str, ...]]


class Filtering:
    """The facets of all rows of a page; `of` tells the values of one. Labels, files and rules go by their numbers."""

    def __init__(self, entries: Sequence[Entry], known: Iterable[BusinessRef]) -> None:
        self._files = _numbers("f", (source.file for entry in entries for source in entry.sources))
        self._rules = _numbers("r", (source.rule for entry in entries for source in entry.sources if source.rule))
        self._labels = _numbers("l", (_label(label) for entry in entries for label in entry.asset.labels))
        agencies = [entry.agency for entry in entries if entry.agency]
        self._names = {one.id: one for one in (*agencies, *known)}
        self.facets = tuple(self._facets(entries, sorted(set(agencies), key=_by_name)))

    def of(self, entry: Entry) -> Values:
        """Return the values of a row by the facets' keys."""
        return {
            "do": (entry.do,),
            "kind": (entry.asset.kind.value,),
            "agency": (entry.agency.id,) if entry.agency else (),
            "look": entry.risk,
            "owner": (entry.owner,) if entry.owner else (),
            "label": tuple(self._labels[_label(label)] for label in entry.asset.labels),
            "file": _unique(self._files[source.file] for source in entry.sources),
            "rule": _unique(self._rules[source.rule] for source in entry.sources if source.rule),
        }

    def _facets(self, entries: Iterable[Entry], agencies: Iterable[BusinessRef]) -> Iterable[Facet]:
        rows = [self.of(entry) for entry in entries]
        marks = [*VERB_MARKS.items(), *ROW_MARKS.items()]
        businesses = {agency.id: agency for agency in agencies}.values()
        owners = sorted({value for row in rows for value in row["owner"]})
        options = {
            "do": ("Change", [Option(do, do, "", *mark) for do, mark in marks]),
            "kind": ("Asset", [Option(kind.value, kind.nouns) for kind in Kind]),
            "look": ("Look at", [Option(code, word, "", "!", "yellow") for code, word in LOOKS.items()]),
            "agency": ("Agency", [_business(agency) for agency in businesses]),
            "owner": ("Owner", [_business(self._names.get(owner, BusinessRef(owner))) for owner in owners]),
            "label": ("Label", [Option(number, label) for label, number in self._labels.items()]),
            "file": ("Declared in", [Option(number, file) for file, number in self._files.items()]),
            "rule": ("By rule", [Option(number, rule) for rule, number in self._rules.items()]),
        }
        for key, (title, known) in options.items():
            yield facet(key, title, known, (value for row in rows for value in row[key]))


def _business(ref: BusinessRef) -> Option:
    return Option(ref.id, ref.name or ref.alias or "business", ref.id)


def _by_name(ref: BusinessRef) -> tuple[str, str]:
    return (ref.name or ref.alias).casefold(), ref.id


def _label(label: tuple[str, str]) -> str:
    return f"{label[0]}: {label[1]}"


def _unique(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


def _numbers(letter: str, names: Iterable[str]) -> Mapping[str, str]:
    return {name: f"{letter}{number}" for number, name in enumerate(sorted(set(names)))}

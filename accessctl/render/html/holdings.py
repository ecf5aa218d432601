"""The rows of a review's page, and what they can be filtered by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from accessctl.model import Kind, Status
from accessctl.plan.refs import source_of
from accessctl.render.html.facets import Facet, Option, facet
from accessctl.render.report_text import asset_ref, business_ref
from accessctl.render.report_words import NOT_HELD, since_note, until_words, waits_words
from accessctl.report.nouns import Standing
from accessctl.report.tally import SOON

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from accessctl.plan.nouns import AssetRef, BusinessRef, Source
    from accessctl.report.nouns import ReportedBusiness, ReportedGrant

# Sign and tone of each standing (base.css); the word stands beside them, so that colour says nothing alone.
MARKS = {
    Standing.DECLARED: ("=", "green"),
    Standing.DRIFT: ("~", "yellow"),
    Standing.UNMANAGED: ("?", "red"),
    Standing.WAITING: ("…", "blue"),
    Standing.MISSING: ("+", "cyan"),
    Standing.UNKNOWN: ("!", "magenta"),
    Standing.UNREADABLE: ("!", "magenta"),
    Standing.ENDED: ("x", "dim"),
}
# What a task lets its holder do, in one word, the widest first; a cell of the matrix has room for one.
WORDS = (
    ({"MANAGE", "PROFILE_PLUS_FULL_CONTROL"}, "manage"),
    ({"ADVERTISE"}, "advertise"),
    ({"CREATE_CONTENT"}, "content"),
    ({"MODERATE", "MESSAGING", "PAGES_MESSAGING", "MODERATE_COMMUNITY"}, "messages"),
    ({"DRAFT"}, "draft"),
    ({"ANALYZE", "AA_ANALYZE"}, "analyze"),
)
ENDS = {"soon": "within 90 days", "later": "later", "open": "no end"}


@dataclass(frozen=True, slots=True)
class Task:
    """One task of a row: `tone` and `note` are empty where it is simply held."""

    name: str
    tone: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Holding:
    """One row, ready to be printed. `id` is its place on the page; `said` what stands before its tasks."""

    id: str
    grant: ReportedGrant
    asset: AssetRef
    agency: BusinessRef
    sign: str
    tone: str
    said: str
    tasks: tuple[Task, ...]
    since: str
    since_note: str
    until: str
    waits: str
    sources: tuple[tuple[Source, bool], ...]
    word: str


def holdings_of(grants: Iterable[ReportedGrant]) -> tuple[Holding, ...]:
    """Return the rows in their order."""
    return tuple(_holding(f"g{number}", one) for number, one in enumerate(grants, 1))


def _holding(place: str, one: ReportedGrant) -> Holding:
    sign, tone = MARKS[one.standing]
    since, note = _since(one)
    return Holding(
        id=place,
        grant=one,
        asset=asset_ref(one.asset),
        agency=business_ref(one.agency),
        sign=sign,
        tone=tone,
        said=NOT_HELD.get(one.status, "") if one.status and one.tasks else "",
        tasks=tuple(_tasks(one)),
        since=since,
        since_note=note,
        until=until_words(one),
        waits=waits_words(one),
        sources=tuple((source_of(source), source.expired) for source in one.sources),
        word=next((word for names, word in WORDS if names & set(one.held)), "other") if one.held else one.standing,
    )


def _tasks(one: ReportedGrant) -> Iterator[Task]:
    shown = one.held or one.tasks
    for task in shown:
        if task in one.server_added:
            yield Task(task, "", "added by Meta")
        elif one.held and one.is_declared and task in one.extra:
            yield Task(task, "yellow", "not declared")
        else:
            yield Task(task)
    if one.status not in NOT_HELD and one.status is not Status.UNREADABLE:
        yield from (Task(task, "cyan", "not held") for task in one.missing)


def _since(one: ReportedGrant) -> tuple[str, str]:
    if one.status not in (Status.CONFIRMED, Status.PENDING, Status.AWAITING_APPROVAL):
        return "", ""
    if one.since is None:
        return "unknown", ""
    return f"{one.since.at:%Y-%m-%d}", since_note(one.since)


class Facets:
    """The facets of all rows, in which tasks are `verb` (held or declared); `of` tells the values of one.

    Whatever is no plain word is spelled as in an address.
    """

    def __init__(self, holdings: Sequence[Holding], today: date, verb: str) -> None:
        self.today = today
        self.all = tuple(self._facets(holdings, "Declared" if verb == "declared" else "Holds"))

    def of(self, row: Holding) -> Mapping[str, tuple[str, ...]]:
        """Return the values of a row by the facets' keys."""
        asset = row.grant.asset
        return {
            "standing": (row.grant.standing.value,),
            "kind": (asset.kind.value,),
            "agency": (row.agency.id,),
            "task": tuple(map(_plain, row.grant.held)),
            "label": tuple(_plain(f"{key}={value}") for key, value in asset.labels),
            "owner": (asset.owner.id,) if asset.owner.id else (),
            "ends": self._ends(row.grant),
        }

    def _ends(self, one: ReportedGrant) -> tuple[str, ...]:
        first = one.until[0]
        if not one.held or not one.declared:
            return ()
        return ("open",) if first is None else ("soon" if first <= self.today + SOON else "later",)

    def _facets(self, holdings: Sequence[Holding], word: str) -> Iterable[Facet]:
        rows = [self.of(row) for row in holdings]
        grants = [row.grant for row in holdings]
        tasks = sorted({task for one in grants for task in one.held})
        labels = sorted({label for one in grants for label in one.asset.labels})
        options = {
            "standing": ("Standing", [Option(one.value, one.value, "", *MARKS[one]) for one in Standing]),
            "kind": ("Asset", [Option(kind.value, kind.nouns) for kind in Kind]),
            "ends": ("Ends", [Option(value, word) for value, word in ENDS.items()]),
            "label": ("Label", [Option(_plain(f"{key}={value}"), f"{key}: {value}") for key, value in labels]),
            "task": (f"{word} task", [Option(_plain(task), task) for task in tasks]),
            "agency": ("Agency", _businesses(one.agency for one in grants)),
            "owner": ("Owner", _businesses(one.asset.owner for one in grants)),
        }
        for key, (title, known) in options.items():
            yield facet(key, title, known, (value for row in rows for value in row[key]))


def _plain(text: str) -> str:
    return quote(text[:200], safe="=", errors="replace")


def _businesses(found: Iterable[ReportedBusiness]) -> list[Option]:
    known = {one.id: one for one in found}.values()
    ordered = sorted(known, key=lambda one: (one.called.casefold(), one.id))
    return [Option(one.id, one.called or one.alias or "business", one.id) for one in ordered]

"""What the journal's last word on each pair leaves open: whom was asked, what waits, what was never answered. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias

from accessctl.chain import HINT, JournalError
from accessctl.model import Asset, Kind, Remembered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accessctl.chain import Entry

    _Key: TypeAlias = tuple[str, str, tuple[Asset, str]]  # run, verb and pair of an intent


def remember(entries: tuple[Entry, ...], graph_url: str) -> Mapping[tuple[Asset, str], Remembered]:
    """Return, by (asset, agency), what the last word on each pair leaves open, at one Graph URL.

    An intent to ask a client counts as asked even without its outcome: a client is never asked twice. What
    failed leaves a pair as it was before. An intent that was settled later is forgotten where it had been
    applied; a grant that did not show stays in doubt, as a second admin may still have to approve it. Raises
    JournalError for an entry that makes no sense.
    """
    memory = _Memory(graph_url)
    for number, entry in enumerate(entries, 1):
        try:
            memory.take_in(entry)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise JournalError(f"line {number} of the journal is no entry accessctl wrote", HINT) from None
    return memory.found


class _Memory:
    """Reads a journal entry by entry."""

    def __init__(self, graph_url: str) -> None:
        self.graph_url = graph_url
        self.found: dict[tuple[Asset, str], Remembered] = {}
        self._open: dict[_Key, Remembered | None] = {}  # what was known of the pair before an open intent
        self._is_here = False
        self._plan = ""

    def take_in(self, entry: Entry) -> None:
        if entry["event"] == "run_started":
            self._is_here, self._plan = entry["graph"]["url"] == self.graph_url, str(entry.get("plan", ""))
        elif self._is_here and entry["event"] in ("intent", "outcome", "settled"):
            pair = Asset(Kind(entry["pair"]["kind"]), entry["pair"]["asset"]), entry["pair"]["agency"]
            since = datetime.fromisoformat(entry["at"])
            if since.tzinfo is None:
                raise ValueError("a time without its zone")
            read = {"intent": self._intent, "outcome": self._outcome, "settled": self._settled}[entry["event"]]
            read(pair, entry, since)

    def _intent(self, pair: tuple[Asset, str], entry: Entry, since: datetime) -> None:
        self._open[entry["run"], entry["verb"], pair] = self.found.get(pair)
        if entry["verb"] == "request":
            self.found[pair] = Remembered(since, self._plan, is_request=True)
        elif entry["verb"] in ("grant", "accept", "change"):
            self.found[pair] = self._granted(entry, since, is_doubtful=True)

    def _outcome(self, pair: tuple[Asset, str], entry: Entry, since: datetime) -> None:
        outcome, is_request = entry["outcome"], entry["verb"] == "request"
        before = self._open.pop((entry["run"], entry["verb"], pair), None)
        if outcome == "failed" and before:
            self.found[pair] = before
        elif outcome == "awaiting_admin_approval":
            self.found[pair] = self._granted(entry, since)
        elif outcome == "failed" or (not is_request and outcome in ("applied", "converged")):
            self.found.pop(pair, None)

    def _settled(self, pair: tuple[Asset, str], entry: Entry, _: datetime) -> None:
        """Take in how an intent of an earlier run turned out: never `applied` where a later write came after it."""
        del self._open[entry["of_run"], entry["verb"], pair]
        if entry["verb"] != "request" and entry["outcome"] == "applied":
            self.found.pop(pair, None)

    def _granted(self, entry: Entry, since: datetime, *, is_doubtful: bool = False) -> Remembered:
        before = entry["before"]["status"], frozenset(entry["before"]["tasks"])
        tasks = frozenset(entry["after"]["tasks"])
        return Remembered(since, self._plan, awaiting=tasks, before=before, is_doubtful=is_doubtful)

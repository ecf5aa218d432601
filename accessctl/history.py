"""What the journal says happened: each write with how it ended, and each run. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from accessctl.chain import HINT, JournalError
from accessctl.model import Asset, Kind, Status
from accessctl.obo.told import EVENTS, OboTeller, OboTold
from accessctl.plan.nouns import State, Verb

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from accessctl.chain import Entry


GIVING_UP = frozenset({Verb.WITHDRAW, Verb.RELINQUISH})
GIVEN_UP = frozenset({"applied", "converged"})  # outcomes, as accessctl.apply has them
FAILED = "failed"


@dataclass(frozen=True, slots=True)
class RunTold:
    """One run of apply, as its first and last line say. `ended_at` is None for one that never came to its end.

    `outcomes` counts its steps by word; what was stale or skipped has no line of its own. `commit`, `url` and
    `actor` are empty where the environment did not say.
    """

    id: str
    at: datetime
    plan: str = ""
    commit: str = ""
    url: str = ""
    actor: str = ""
    graph_url: str = ""
    ended_at: datetime | None = None
    outcomes: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class WriteTold:
    """One write: an intent, and the outcome that belongs to it.

    `outcome` is empty where no outcome was recorded. `via` is the acting business, by alias or id, and `acting`
    its id, empty in old journals; `line` is the intent's line in the journal; `code` is Meta's, 0 where it gave
    none. Where a crash left the write open, `settled_by` is the run that settled it, at `settled_at`; outcome,
    text and `live` are then what that run found.
    """

    run: RunTold
    line: int
    at: datetime
    verb: Verb
    asset: Asset
    agency: str
    via: str
    before: State
    after: State
    outcome: str = ""
    text: str = ""
    trace: str = ""
    code: int = 0
    live: State | None = None
    acting: str = ""
    settled_by: str = ""
    settled_at: datetime | None = None


Told: TypeAlias = "RunTold | WriteTold | OboTold"


def tell(entries: Iterable[Entry]) -> tuple[Told, ...]:
    """Return the writes in the order they were sent, each run after its own.

    Raises JournalError with the line number for an entry that makes no sense.
    """
    teller = _Teller()
    for number, entry in enumerate(entries, 1):
        try:
            teller.take_in(entry, number)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise JournalError(f"line {number} of the journal is no entry accessctl wrote", HINT) from None
    return teller.told()


def narrowed(
    told: Iterable[Told],
    *,
    assets: Collection[Asset] = (),
    agencies: Collection[str] = (),
    run: str = "",
    since: datetime | None = None,
) -> tuple[Told, ...]:
    """Return what is about any of these assets or agencies, if any are named; by a run; from a time on.

    `run` is a run's id or how it begins. A run itself is about no asset.
    """
    wants_pairs = bool(assets or agencies)
    return tuple(
        one
        for one in told
        if (not wants_pairs or _is_about(one, assets, agencies))
        and run_of(one).id.startswith(run)
        and (since is None or moment_of(one) >= since)
    )


def _is_about(told: Told, assets: Collection[Asset], agencies: Collection[str]) -> bool:
    if isinstance(told, OboTold):
        return told.is_about(assets, agencies)
    return isinstance(told, WriteTold) and (told.asset in assets or told.agency in agencies)


def run_of(told: Told) -> RunTold:
    """Return the run that something belongs to."""
    return told if isinstance(told, RunTold) else told.run


def moment_of(told: Told) -> datetime:
    """Return when a write was sent, or when a run ended; where it never did, when it began."""
    return told.ended_at or told.at if isinstance(told, RunTold) else told.at


def given_up(entries: Iterable[Entry], graph_url: str) -> Mapping[tuple[Asset, str], datetime]:
    """Return when each of our businesses gave up what it held at a client, or asked for, by (asset, business).

    Raises JournalError with the line number for an entry that makes no sense.
    """
    writes = (one for one in tell(entries) if isinstance(one, WriteTold) and one.run.graph_url == graph_url)
    last = {(one.asset, one.agency): one for one in writes if one.outcome != FAILED}
    return {pair: one.at for pair, one in last.items() if one.verb in GIVING_UP and one.outcome in GIVEN_UP}


class _Teller:
    """Reads a journal entry by entry."""

    def __init__(self) -> None:
        self._runs: dict[str, RunTold] = {}
        self._writes: dict[int, WriteTold] = {}
        self._open: dict[tuple[str, str, Asset, str], int] = {}  # the line of an intent that is still open
        self._places: dict[str, int] = {}  # the last line of each run
        self._obo = OboTeller()

    def take_in(self, entry: Entry, number: int) -> None:
        run = str(entry["run"])
        if entry["event"] in EVENTS:  # a run of its own, of one write
            self._obo.take_in(entry, number, _about_run(entry), _time(entry))
            return
        self._places[run] = number
        match entry["event"]:
            case "run_started":
                self._runs[run] = _started(entry)
            case "run_ended":
                outcomes = tuple(sorted((str(word), int(count)) for word, count in entry["outcomes"].items()))
                self._runs[run] = replace(self._run(entry), ended_at=_time(entry), outcomes=outcomes)
            case "intent":
                self._open[_key(entry, run)] = number
                self._writes[number] = _intent(entry, number, self._run(entry))
            case "outcome":
                line = self._open.pop(_key(entry, run))
                self._writes[line] = _ended(self._writes[line], entry)
            case "settled":
                line = self._open.pop(_key(entry, str(entry["of_run"])))
                found = _ended(self._writes[line], entry)
                self._writes[line] = replace(found, settled_by=run, settled_at=_time(entry))

    def told(self) -> tuple[Told, ...]:
        writes = [(line, 0, replace(write, run=self._runs[write.run.id])) for line, write in self._writes.items()]
        runs = [(self._places[run.id], 1, run) for run in self._runs.values()]
        canceled = [(line, 0, told) for line, told in self._obo.told.items()]
        placed: list[tuple[int, int, Told]] = sorted([*writes, *runs, *canceled], key=lambda one: one[:2])
        return tuple(one for _, _, one in placed)

    def _run(self, entry: Entry) -> RunTold:
        return self._runs.setdefault(str(entry["run"]), RunTold(str(entry["run"]), _time(entry)))


def _started(entry: Entry) -> RunTold:
    plan = str(entry.get("plan_digest") or str(entry.get("plan", "")).partition(" ")[0])
    return replace(_about_run(entry), plan=plan, graph_url=str(entry["graph"]["url"]))


def _about_run(entry: Entry) -> RunTold:
    return RunTold(
        id=str(entry["run"]),
        at=_time(entry),
        commit=str(entry.get("commit", "")),
        url=str(entry.get("run_url", "")),
        actor=str(entry.get("actor", "")),
        graph_url=str((entry.get("graph") or {}).get("url", "")),
    )


def _intent(entry: Entry, number: int, run: RunTold) -> WriteTold:
    return WriteTold(
        run=run,
        line=number,
        at=_time(entry),
        verb=Verb(entry["verb"]),
        asset=_asset(entry),
        agency=str(entry["pair"]["agency"]),
        via=str(entry.get("via", "")),
        before=_state(entry["before"]),
        after=_state(entry["after"]),
        acting=str((entry.get("acting") or {}).get("id", "")),
    )


def _ended(write: WriteTold, entry: Entry) -> WriteTold:
    return replace(
        write,
        outcome=str(entry["outcome"]),
        text=str(entry.get("text", "")),
        trace=str(entry.get("fbtrace_id", "")),
        code=int((entry.get("answer") or {}).get("code", 0)),
        live=_state(entry["live"]) if entry.get("live") else None,
    )


def _key(entry: Entry, run: str) -> tuple[str, str, Asset, str]:
    """Return what an intent and the entry that closes it have in common; `run` is that of the intent."""
    return run, str(entry["verb"]), _asset(entry), str(entry["pair"]["agency"])


def _asset(entry: Entry) -> Asset:
    return Asset(Kind(entry["pair"]["kind"]), str(entry["pair"]["asset"]))


def _state(value: Mapping[str, Any]) -> State:
    tasks = value["tasks"]
    if not isinstance(tasks, list):
        raise TypeError("tasks that are no list")
    return State(Status(value["status"]), tuple(map(str, tasks)))


def _time(entry: Entry) -> datetime:
    time = datetime.fromisoformat(entry["at"])
    if time.tzinfo is None:
        raise ValueError("a time without its zone")
    return time

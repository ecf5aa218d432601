"""Carry out a plan: assets side by side, one asset strictly in order, every write between two journal lines."""

from __future__ import annotations

import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

from accessctl.apply.look import Seen, compare, what_moved
from accessctl.apply.outcomes import GOOD, Outcome, Result, Step
from accessctl.apply.write import write
from accessctl.graph.errors import GraphError, Trouble
from accessctl.plan.nouns import Verb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from accessctl.apply.door import Door
    from accessctl.journal import Journal
    from accessctl.plan.nouns import Action

# After one of these the next call would fare no better, or make things worse.
STOPS_THE_RUN = frozenset({Trouble.TOKEN, Trouble.NEEDS_HUMAN, Trouble.THROTTLED, Trouble.NETWORK})

# GRAPH_API 0.1 and 1.3: asking for ad accounts was closed to most apps on 8 June 2021.
BY_HAND = (
    "Meta lets only few apps ask for access by this call. Ask by hand, in Business Settings under the kind of asset, "
    "Add, Request access; or have the client add your business as a partner. The next plan sees either"
)


@dataclass
class _Stops:
    """What ends more than one asset: a dead token ends the run, a closed edge ends its kind of call."""

    run: str = ""
    edges: dict[tuple[str, Verb, str], str] = field(default_factory=dict)
    gates: dict[tuple[str, Verb, str], threading.Lock] = field(default_factory=lambda: defaultdict(threading.Lock))

    def reason(self, action: Action) -> str:
        return self.run or self.edges.get(_edge(action), "")


def apply_actions(
    actions: Sequence[Action],
    door: Door,
    journal: Journal,
    *,
    sleep: Callable[[float], None],
    parallelism: int = 10,
    tell: Callable[[Step], None] = lambda _: None,
) -> Result:
    """Carry out `actions`, which stand in the order of a plan, and say how each ended.

    A step that does not end well stops its asset and no other. `tell` is given each step as it ends, from
    any thread.
    """
    stops = _Stops()
    groups = [list(group) for _, group in groupby(actions, key=lambda action: (action.asset.kind, action.asset.id))]

    def carry_out(group: list[Action]) -> list[Step]:
        steps = []
        for step in _on_one_asset(group, door, journal, sleep, stops):
            steps.append(step)
            tell(step)
        return steps

    with ThreadPoolExecutor(max_workers=max(1, parallelism)) as pool:
        try:
            steps = [step for found in pool.map(carry_out, groups) for step in found]
        except BaseException:  # Ctrl-C, SIGTERM or a full disk: what is in flight ends, nothing new begins
            stops.run = "not tried: the run was interrupted"
            raise
    return Result(journal.run, tuple(steps))


def _on_one_asset(
    group: list[Action], door: Door, journal: Journal, sleep: Callable[[float], None], stops: _Stops
) -> Iterator[Step]:
    stopped = ""
    for action in group:
        if reason := stops.reason(action) or stopped:
            yield Step(action, Outcome.SKIPPED, reason)
            continue
        with _gate(action, stops):
            step = _one(action, door, journal, sleep, stops)
        if step.outcome not in GOOD:
            stopped = f"not tried: {action.verb} for {action.agency.alias or action.agency.id} on this asset came first"
        yield step


def _one(action: Action, door: Door, journal: Journal, sleep: Callable[[float], None], stops: _Stops) -> Step:
    """Look, compare, write. Between the look and the write lies nothing but the journal."""
    if reason := stops.reason(action):  # the one before us at this gate may have found it closed
        return Step(action, Outcome.SKIPPED, reason)
    try:
        access = door.look(action)
        seen, text, live = compare(action, access)
        if seen is Seen.WANTED:
            return Step(action, Outcome.CONVERGED, text, live=live)
        if seen is Seen.UNREADABLE:
            return Step(action, Outcome.FAILED, text, "nothing was sent; run plan to see what can be read", live=live)
        if seen is Seen.MOVED and live is not None:
            text += f" ({what_moved(action.before, live)})"
            return Step(action, Outcome.STALE, text, "make and review a new plan", live=live)
        return write(action, door, journal, sleep)
    except GraphError as error:
        if error.trouble in STOPS_THE_RUN:
            stops.run = f"not tried: the run was stopped: {error.what}"
        elif error.trouble is Trouble.CAPABILITY_MISSING:
            stops.edges[_edge(action)] = "not tried: Meta does not open this kind of call to this app"
        hint = BY_HAND if error.trouble is Trouble.CAPABILITY_MISSING and action.verb is Verb.REQUEST else error.hint
        return Step(action, Outcome.FAILED, error.what, hint, error.trace)


def _edge(action: Action) -> tuple[str, Verb, str]:
    return action.via, action.verb, action.asset.kind


class _Open:
    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


def _gate(action: Action, stops: _Stops) -> threading.Lock | _Open:
    """Requests go one at a time: where Meta has closed the edge, one refusal is enough to know it."""
    return stops.gates[_edge(action)] if action.verb is Verb.REQUEST else _Open()

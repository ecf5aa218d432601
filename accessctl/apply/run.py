"""Carry out a plan: assets side by side, one asset strictly in order, every write between two journal lines."""

from __future__ import annotations

import contextlib
import signal
import threading
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from accessctl.apply.lastholder import too_early
from accessctl.apply.look import Seen, compare
from accessctl.apply.outcomes import GOOD, Outcome, Result, Step, called
from accessctl.apply.stops import Stops, call_of, calls_of
from accessctl.apply.turns import Turns
from accessctl.apply.write import NEW_PLAN, Writer
from accessctl.graph.errors import GraphError, Trouble
from accessctl.journal import JournalError
from accessctl.model import Asset
from accessctl.plan.moved import in_between
from accessctl.plan.nouns import Verb
from accessctl.watch import How

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from accessctl.model import Remembered
    from accessctl.plan.nouns import Action

PLAN = "plan"  # what the watch knows the run by
# After one of these the next call would fare no better, or make things worse.
STOPS_THE_RUN = frozenset({Trouble.TOKEN, Trouble.NEEDS_HUMAN, Trouble.THROTTLED, Trouble.NETWORK, Trouble.NOT_ALONE})


class Run:
    """One run of apply over the actions of a plan.

    `sent_since` holds what the journal knows of pairs this plan asked for or granted before, or that another
    run did after the plan was made: those are not sent again. `stop` is called once when the run is
    interrupted, with how many steps are in flight, so that nobody goes on waiting. The writer's watch is told of
    every step; `in_words` says how one ended.
    """

    def __init__(
        self,
        writer: Writer,
        sent_since: Mapping[tuple[Asset, str], Remembered],
        *,
        stop: Callable[[int], None] = lambda _: None,
        in_words: Callable[[Step], str] = lambda step: step.outcome.value,
    ) -> None:
        self.writer = writer
        self.sent_since = sent_since
        self.stop = stop
        self.in_words = in_words
        self.watch = writer.watch
        self.in_flight: set[str] = set()
        self.stops = Stops()
        self.turns = Turns()

    def carry_out(self, actions: Sequence[Action], parallelism: int) -> Result:
        """Carry out `actions`, which stand in the order of a plan, and say how each ended.

        A step that does not end well stops its asset and no other. After Ctrl-C, SIGTERM or a journal that
        cannot be written, what is in flight ends and nothing new begins.
        """
        groups = [list(group) for _, group in groupby(actions, key=lambda action: (action.asset.kind, action.asset.id))]
        ended: list[list[Step]] = [[] for _ in groups]
        found: list[Future[None]] = []
        self.watch.begin(PLAN, len(actions), How.APPLYING)
        with ThreadPoolExecutor(max_workers=max(1, parallelism)) as pool:
            try:
                with _no_signal():
                    found.extend(pool.submit(self._on_one_asset, *pair) for pair in zip(groups, ended, strict=True))
                wait(found)
            except BaseException as cause:  # noqa: BLE001  Ctrl-C too: what was done must still be told
                self.stops.end("the run was interrupted", cause)
                self.stop(len(self.in_flight))
        self.watch.end(PLAN)
        for future in found:
            future.result()
        for group, steps in zip(groups, ended, strict=True):
            steps += [self._not_tried(action) for action in group[len(steps) :]]
        return Result(self.writer.journal.run, tuple(step for steps in ended for step in steps), self.stops.cause)

    def _on_one_asset(self, group: list[Action], steps: list[Step]) -> None:
        """Carry out the actions on one asset; `steps` takes how each ended."""
        stopped = ""
        for action in group:
            self.watch.begin(called(action), how=How.STEP)
            if self.stops.reason(action) or stopped:
                step = self._not_tried(action, stopped)
            else:
                step = self._in_flight(action, steps)
                if step.outcome not in GOOD:
                    who = action.agency.alias or action.agency.id
                    stopped = f"not tried: {action.verb} for {who} on this asset came first"
            steps.append(step)
            # Once the run is stopped, what is left is told at its end, and not one by one.
            is_left = step.outcome is Outcome.SKIPPED and self.stops.run
            self.watch.end(called(action), "" if is_left else self.in_words(step))

    def _not_tried(self, action: Action, stopped: str = "") -> Step:
        if self.stops.run:
            return Step(action, Outcome.SKIPPED, self.stops.run, self.stops.hint)
        if kept := self.stops.kept(action):
            return Step(action, Outcome.SKIPPED, kept.why, kept.hint)
        return Step(action, Outcome.SKIPPED, stopped, "settle that one first")

    def _in_flight(self, action: Action, before: Sequence[Step]) -> Step:
        self.watch.doing(called(action), "waiting for its turn")
        with self._gate(action):
            self.in_flight.add(action.id)
            try:
                return self._one(action, before)
            finally:
                self.in_flight.discard(action.id)

    def _one(self, action: Action, before: Sequence[Step]) -> Step:
        """Look, compare, write. Between the look and the write lies nothing but the journal."""
        if self.stops.reason(action):  # the one before us at this gate may have found it closed
            return self._not_tried(action)
        try:
            step = self._look(action, before)
            if step is None and self.stops.run:  # which came while we looked: nothing new begins
                return self._not_tried(action)
            return self._judged(step, action) if step else self._write(action, before)
        except GraphError as error:
            step = Step(action, Outcome.FAILED, error.what, error.hint, error.trace, trouble=error.trouble)
            return self._judged(step, action)
        except JournalError as error:
            self.stops.end("the journal cannot be written", error, error.hint)
            return Step(action, Outcome.FAILED, error.what, error.hint)
        except Exception as error:  # noqa: BLE001  a slip of ours must not hide what the other assets had done
            self.stops.end(f"{type(error).__name__} in accessctl itself", error)
            return Step(action, Outcome.UNKNOWN, f"{type(error).__name__} in accessctl itself")

    def _write(self, action: Action, before: Sequence[Step]) -> Step:
        """Make the call, and judge how it ended before others of its kind begin; requests have their turn already."""
        edges = calls_of(action)
        is_request = action.verb is Verb.REQUEST
        turn = contextlib.nullcontext(False) if is_request else self.turns.first(edges, lambda: self._waiting(action))
        with turn as has_waited:
            if self.stops.reason(action):  # the first one may have ended just before we came
                return self._not_tried(action)
            if has_waited and (step := self._look(action, before)):  # what we saw is of before the wait
                return self._judged(step, action)
            if self.stops.run:
                return self._not_tried(action)
            step = self._judged(replace(self.writer.write(action), is_journalled=True), action)
            if not step.lacks:  # such words may hold for all: the next goes alone too
                self.turns.open(edge for edge in edges if edge not in self.stops.edges)
            return step

    def _judged(self, step: Step, action: Action) -> Step:
        """Stop what fares no better after a step: the run, or all calls of its kind."""
        if step.trouble in STOPS_THE_RUN:
            self.stops.end(f"the run was stopped: {step.text}", hint=step.hint)
        elif edge := self._closed(step, action):
            return replace(step, hint=self.stops.close(action, edge))
        else:
            self.stops.learn(step)
        return step

    def _closed(self, step: Step, action: Action) -> str:
        """Return the edge of which all calls would be refused as this one was, empty where there is none."""
        call, is_refused = call_of(action), step.trouble is Trouble.CAPABILITY_MISSING
        if is_refused and action.verb is Verb.REQUEST and call not in self.stops.worked:
            return call[1]
        closed = self.writer.door.closed(action) if step.outcome is Outcome.FAILED else None
        return closed.edge if closed else ""

    def _look(self, action: Action, before: Sequence[Step]) -> Step | None:
        """Return how an action ends without a call, None where its call is to be made.

        `before` are the steps on its asset that came first.
        """
        self.watch.doing(called(action), "looking")
        access = self.writer.door.look(action)
        seen, text, live = compare(action, access)
        if seen is Seen.WANTED:
            return Step(action, Outcome.CONVERGED, text, live=live)
        if seen is Seen.UNREADABLE:
            return Step(action, Outcome.FAILED, text, "nothing was sent; accessctl plan shows why", live=live)
        if seen is Seen.MOVED and live is not None:
            text += f" ({in_between(action.before, live)})"
            return Step(action, Outcome.STALE, text, NEW_PLAN, live=live)
        if reason := too_early(action, access, before):
            return Step(action, Outcome.SKIPPED, reason, "when that is approved, apply again", live=live)
        memory = self.sent_since.get((Asset(action.asset.kind, action.asset.id), action.agency.id))
        if memory and memory.awaiting and not memory.is_doubtful and action.after.tasks:
            text = f"granted on {memory.since:%Y-%m-%d} already; a second admin of the owner must approve it"
            return Step(action, Outcome.AWAITING_APPROVAL, text, live=live)
        if memory and memory.is_request and action.verb is Verb.REQUEST:
            text = f"asked on {memory.since:%Y-%m-%d}, after this plan was made, and that request is gone"
            return Step(
                action, Outcome.STALE, text, "a client is not asked twice; a new plan shows what is left", live=live
            )
        return None

    def _gate(self, action: Action) -> contextlib.AbstractContextManager[object]:
        """Requests go one at a time: where Meta has closed the edge, one refusal is enough to know it."""
        return self.turns.one_at_a_time(call_of(action)) if action.verb is Verb.REQUEST else contextlib.nullcontext()

    @contextlib.contextmanager
    def _waiting(self, action: Action) -> Iterator[None]:
        """Wait for a turn: what waits is not in flight."""
        self.in_flight.discard(action.id)
        self.watch.doing(called(action), "waiting for its turn")
        yield
        self.in_flight.add(action.id)


@contextlib.contextmanager
def _no_signal() -> Iterator[None]:
    """Keep signals waiting: one between a thread's start and its place in the pool would leave it behind unseen.

    A mask would not do: the system gives the signal to another thread, and Python handles it in this one.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before = {one: signal.signal(one, lambda number, _: came.append(number)) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
        for number in came:
            signal.raise_signal(number)


def sent_since(
    remembered: Mapping[tuple[Asset, str], Remembered], plan: str, made: datetime
) -> Mapping[tuple[Asset, str], Remembered]:
    """Return what the plan of this name has asked for or granted, or anybody after it was made."""
    return {pair: memory for pair, memory in remembered.items() if memory.plan == plan or memory.since > made}

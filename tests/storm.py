"""A sandbox in bad weather: each write of a run meets a fate of its own, and some looks after it find nothing.

Fates are drawn from a seed and the call itself, so that threads that overtake each other change none. Time is the
sandbox's own: patience costs nothing.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import signal
from collections import Counter
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import pytest

from accessctl.__main__ import run
from accessctl.sandbox import Sandbox, store
from accessctl.sandbox.call import read_call
from accessctl.sandbox.edges_write import AWAITING
from accessctl.sandbox.world import Mishap

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from accessctl.sandbox import World
    from accessctl.sandbox.call import Call
    from accessctl.sandbox.wire import Request, Response

ENDLESS = 10**9
BLIND = "a look after a write fails"
BLIND_TO_THE_END = "every look after a write fails"


class Fate(StrEnum):
    """What can become of a write."""

    FINE = "fine"
    DROPPED_BEFORE = "dropped before it was committed"
    DROPPED_AFTER = "committed, then dropped"
    ERROR_BEFORE = "500 before it was committed"
    ERROR_AFTER = "committed, then 500"
    UNREADABLE = "committed, its answer not to be read"
    LATE = "committed, shown only after some time"
    APPROVAL = "waits for a second admin"
    APPROVAL_DROPPED = "waits for a second admin, its answer lost"


DO = {  # in the words of the sandbox's own faults
    Fate.DROPPED_BEFORE: ("drop_before",),
    Fate.DROPPED_AFTER: ("commit_then_drop",),
    Fate.ERROR_BEFORE: ("http_500",),
    Fate.ERROR_AFTER: ("commit_then_500",),
    Fate.UNREADABLE: ("html_200", "truncate"),
    Fate.APPROVAL_DROPPED: ("commit_then_drop",),
}
NOT_SENT = frozenset({Fate.DROPPED_BEFORE, Fate.ERROR_BEFORE})
OF_APPROVAL = frozenset({Fate.APPROVAL, Fate.APPROVAL_DROPPED})
READS_FAIL = ("http_500", "drop_before", "html_200", "truncate")
IN_DOUBT = frozenset(DO) - {Fate.APPROVAL_DROPPED}


@dataclass(frozen=True, slots=True)
class Sent:
    """One write as it arrived.

    `awaits` says that it waits for a second admin. `late` is how many seconds it took to show; `blind`, that nobody
    could look after it.
    """

    method: str
    path: str
    params: str
    fate: Fate
    is_committed: bool
    asset: str = ""
    agency: str = ""
    awaits: bool = False
    late: float = 0.0
    blind: bool = False

    @property
    def call(self) -> tuple[str, str, str]:
        """What was sent, without what became of it."""
        return self.method, self.path, self.params

    @property
    def is_unanswered(self) -> bool:
        """Nobody was told what became of it."""
        return self.fate in DO

    @property
    def is_request(self) -> bool:
        """It asks a client for access."""
        return "/client_" in self.path


class Storm:
    """The weather of one schedule. `rages` is switched off for the clean re-run.

    `fates` are those to draw from, `late` the least and the most seconds a write takes to show, `blindness` the
    share of writes after which looks fail, `blind_for` how many do.
    """

    def __init__(
        self,
        seed: object,
        fates: tuple[Fate, ...] = tuple(Fate),
        *,
        late: tuple[float, float] = (0.0, 60.0),
        blindness: float = 0.15,
        blind_for: tuple[int, ...] = (1, 2, 5, ENDLESS),
    ) -> None:
        self.seed = seed
        self.fates = fates
        self.late = late
        self.blindness = blindness
        self.blind_for = blind_for
        self.rages = False
        self.seconds = 0.0
        self.sent: list[Sent] = []
        self.tally: Counter[str] = Counter()
        self.shows_at: dict[str, float] = {}
        self.blind: Counter[str] = Counter()

    def chance(self, call: Call) -> random.Random:
        """Return the dice for a call: the same for the nth call of its kind in every run of this schedule."""
        params = json.dumps(dict(call.params), sort_keys=True)
        nth = sum(one.call == (call.method, call.path, params) for one in self.sent)
        return random.Random(f"{self.seed} {call.method} {call.path} {params} {nth}")


class Stormy(Sandbox):
    """A sandbox that the weather acts on, one request at a time."""

    def __init__(self, storm: Storm, world: World, **more: Any) -> None:
        super().__init__(world, **more)
        self._storm = storm

    @property
    def elapsed(self) -> float:
        return self._storm.seconds

    def pass_time(self, seconds: float) -> None:
        with self._lock:
            self._storm.seconds += seconds

    def handle(self, request: Request) -> Response:
        call = read_call(request)
        with self._lock, self._kept():
            self._show_what_is_due()
            is_write = call.method != "GET" and bool(call.steps)
            return self._write(request, call) if is_write else self._read(request, call)

    def _read(self, request: Request, call: Call) -> Response:
        watched = call.steps[0] if len(call.steps) > 1 else ""
        if not self._storm.rages or not self._storm.blind[watched]:
            return super().handle(request)
        self._storm.blind[watched] -= 1
        return self._suffering(request, call, random.Random(self._storm.blind[watched]).choice(READS_FAIL))

    def _write(self, request: Request, call: Call) -> Response:
        storm, chance, count = self._storm, self._storm.chance(call), len(self._world.writes)
        fate = chance.choice(storm.fates) if storm.rages else Fate.FINE
        if fate in OF_APPROVAL and not (call.method == "POST" and call.path.endswith("/agencies")):
            fate = Fate.FINE
        before = self._world
        if fate in OF_APPROVAL:
            asset = replace(before.assets[call.steps[0]], admin_approval=True)
            self._world = before.with_assets([asset])
        try:
            if do := DO.get(fate):
                return self._suffering(request, call, chance.choice(do))
            return super().handle(request)
        finally:
            is_committed = len(self._world.writes) > count
            self._note(call, fate, chance, before if is_committed else None)

    def _note(self, call: Call, fate: Fate, chance: random.Random, before: World | None) -> None:
        """Keep what became of a write; `before` is the world before it, None where it was not committed."""
        storm, late, blind = self._storm, 0.0, 0
        write = self._world.writes[-1] if before else None
        if fate is Fate.LATE and write and before:
            late = chance.uniform(*storm.late)
            shown = replace(self._world.assets[write.asset], shown=before.assets[write.asset].agencies, lag=1)
            self._world = self._world.with_assets([shown])
            storm.shows_at[write.asset] = storm.seconds + late
        if storm.rages and chance.random() < storm.blindness:
            blind = chance.choice(storm.blind_for)
            storm.blind[call.steps[0]] = blind
            storm.tally[BLIND_TO_THE_END if blind == ENDLESS else BLIND] += 1
        if storm.rages and (before or fate in NOT_SENT):
            storm.tally[fate] += 1
        params = json.dumps(dict(call.params), sort_keys=True)
        found = (write.asset, write.agency, bool(write.after and write.after.status == AWAITING)) if write else ()
        storm.sent.append(
            Sent(call.method, call.path, params, fate, bool(before), *found, late=late, blind=blind == ENDLESS)
        )

    def _suffering(self, request: Request, call: Call, do: str) -> Response:
        """Answer as one of the sandbox's own faults has it; what can hold a token does."""
        self._world = replace(self._world, mishaps=(Mishap(f"{call.method} {call.path}", do),))
        try:
            answer = super().handle(request)
        finally:
            self._world = replace(self._world, mishaps=())
        echo = f"access_token={call.token}&x=".encode()
        return replace(answer, body=answer.body.replace(b"Please retry", b"Please retry " + echo + b" ", 1))

    def _show_what_is_due(self) -> None:
        for node, when in tuple(self._storm.shows_at.items()):
            if when <= self._storm.seconds:
                del self._storm.shows_at[node]
                self._world = self._world.with_assets([replace(self._world.assets[node], lag=0)])


@dataclass(frozen=True, slots=True)
class Ran:
    """One command that was run to its end."""

    code: int
    out: str
    said: str


@contextlib.contextmanager
def in_weather(storm: Storm) -> Iterator[None]:
    """Let every sandbox that a command opens stand in this weather, and nothing of our own environment be heard."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "Sandbox", lambda world, **more: Stormy(storm, world, **more))
        for key in list(os.environ):
            if key.startswith(("ACCESSCTL", "GITHUB_", "CI")):
                patch.delenv(key)
        yield


def command(directory: Path, *args: str) -> Ran:
    """Run accessctl in this process, in a project's directory, with its sandbox."""
    out, said = io.StringIO(), io.StringIO()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(said):
            code = run(["-C", str(directory), *args, "--sandbox", "world.yaml"])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return Ran(code, out.getvalue(), said.getvalue())

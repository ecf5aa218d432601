"""The simulated Graph API: one lock around one world, requests in, responses out."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from accessctl.sandbox import people
from accessctl.sandbox.amount import check_amount
from accessctl.sandbox.auth import Caller, caller_of
from accessctl.sandbox.batch import answer_batch
from accessctl.sandbox.call import Call, View, check_version, read_call
from accessctl.sandbox.faults import BEFORE, REGAIN_MINUTES, expire, next_mishap, refusal_for, spoil, throttled
from accessctl.sandbox.moving import moved
from accessctl.sandbox.paging import Listings
from accessctl.sandbox.reading import read
from accessctl.sandbox.score import APP, Score, bucket_of, points_of, tier_of, with_tier
from accessctl.sandbox.usage import headers_for, trace_id
from accessctl.sandbox.wire import Dropped, Refusal, Request, Response, json_bytes, unseen
from accessctl.sandbox.world import World, WorldError, Write, real_time
from accessctl.sandbox.writing import after_read, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from accessctl.sandbox.obo import OboRequest
    from accessctl.sandbox.world import Quirks


@dataclass(frozen=True, slots=True)
class Seen:
    """One call as it arrived. `path` has no version and no parameters; `batched` tells a batch's items."""

    method: str
    path: str
    batched: bool = False


class Sandbox:
    """A simulated Graph API over one world. Safe to use from many threads.

    `clock` is asked only where the world has no `now` of its own. `on_change` gets the world once after each
    request that changed it, inside the lock and before the answer goes out, so that what was answered has been
    kept; what it raises goes to the caller, and nothing was changed. `start` is what `reset` goes back to,
    without it the world given. `wait` takes the seconds by which an answer is to be late.
    """

    def __init__(
        self,
        world: World,
        *,
        clock: Callable[[], datetime] = real_time,
        on_change: Callable[[World], None] | None = None,
        start: World | None = None,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._world = world
        self._start = start or world
        self._clock = clock
        self._on_change = on_change
        self.wait = wait
        self._lock = threading.RLock()
        self._calls: list[Seen] = []
        self._http_requests = 0
        self._is_closed = False
        self._listings = Listings()
        self._score = Score()
        self._late = 0.0
        self._began = time.monotonic()
        self._passed = 0.0

    @property
    def world(self) -> World:
        """The world as it is now."""
        return self._world

    @property
    def write_log(self) -> tuple[Write, ...]:
        """Every committed write, in order."""
        return self._world.writes

    @property
    def http_requests(self) -> int:
        """How many HTTP requests came; a batch counts once."""
        return self._http_requests

    @property
    def calls(self) -> tuple[Seen, ...]:
        """Every call in order; a batch is itself one, and so is each of its items."""
        with self._lock:
            return tuple(self._calls)

    @property
    def elapsed(self) -> float:
        """Seconds on the clock of the score rule. Where the world has a `now`, only `pass_time` moves it."""
        real = time.monotonic() - self._began if self._world.now is None else 0.0
        return real + self._passed

    @property
    def throttled(self) -> int:
        """How many calls the score rule has refused."""
        return self._score.refused

    def pass_time(self, seconds: float) -> None:
        """Let time pass for the score rule, at once; the world's own `now` stays. Raise WorldError."""
        if not 0 <= seconds < float("inf"):
            raise WorldError(f"{seconds} seconds cannot pass", "time goes forward: name a number from 0 up")
        with self._lock:
            self._passed += seconds

    def move_to(self, moment: datetime) -> None:
        """Set the time of a world that has a `now` of its own. Raise WorldError for a time that has passed."""
        if moment < self._now():
            raise WorldError(f"{moment} has passed in this world", "time goes forward: name a later moment")
        self._act(lambda world: replace(world, now=moment.replace(microsecond=0)))

    def close(self) -> None:
        """Answer nobody any more, so that nothing changes after whoever had it open has gone."""
        with self._lock:
            self._is_closed = True

    def handle(self, request: Request) -> Response:
        """Answer one HTTP request. Raise Dropped where the connection is to be cut instead."""
        with self._lock:
            if self._is_closed:
                raise Dropped
            self._http_requests += 1
            self._late = 0.0
            with self._kept():
                answered = self._answer(read_call(request))
            assert answered is not None
            late = self._late
        if late:
            self.wait(late)
        return answered

    def accept(self, asset: str, business: str) -> None:
        """Let the client accept a pending request, with the tasks asked for."""
        self._act(lambda world: people.accept(world, asset, business, self._now()))

    def decline(self, asset: str, business: str) -> None:
        """Let the client turn a request down, or the second admin a grant."""
        self._act(lambda world: people.decline(world, asset, business))

    def answer_obo(self, request: str, *, is_yes: bool) -> None:
        """Let the business that got an on-behalf-of request say yes or no to it."""
        self._act(lambda world: people.answer_obo(world, request, is_yes=is_yes))

    def approve(self, asset: str, business: str) -> None:
        """Let the second admin approve a grant that waits for one."""
        self._act(lambda world: people.approve(world, asset, business, self._now()))

    def give(self, asset: str, business: str, tasks: Iterable[str]) -> None:
        """Let somebody else give access, as by hand in Business Settings."""
        self._act(lambda world: people.give(world, asset, business, tuple(tasks), self._now()))

    def take(self, asset: str, business: str) -> None:
        """Let somebody else take access away."""
        self._act(lambda world: people.take(world, asset, business))

    def pending(self) -> tuple[people.Waiting, ...]:
        """List what waits for whom."""
        return people.pending(self._world)

    def pending_obo(self) -> tuple[OboRequest, ...]:
        """List the on-behalf-of requests that wait for an answer."""
        return people.pending_obo(self._world)

    def reset(self) -> None:
        """Go back to the start: the world, its write log and its faults; the score is forgotten."""
        self._act(lambda _: self._start)
        self._score = Score()

    def _act(self, act: Callable[[World], World]) -> None:
        with self._lock, self._kept():
            self._world = act(self._world)

    @contextmanager
    def _kept(self) -> Iterator[None]:
        """Hand the world on if the block changed it, even where the connection was cut; undo what is not kept."""
        before = self._world
        try:
            yield
        finally:
            if self._on_change and self._world is not before:
                changed, self._world = self._world, before
                self._on_change(changed)
                self._world = changed

    def _now(self) -> datetime:
        return self._world.now or self._clock().replace(microsecond=0)

    def _answer(self, call: Call) -> Response | None:
        """Answer one call as it would be, then let it suffer its mishap; None is a null entry of a batch."""
        self._calls.append(Seen(call.method, call.path, call.batched))
        trace = len(self._calls)
        counted, mishap = next_mishap(self._world, call)
        do = mishap.do
        self._world = moved(do, expire(counted, call.token) if do == "token_expired" else counted, call)
        self._late += mishap.seconds
        if do == "drop_before":
            raise Dropped
        response = self._respond(call, trace, do)
        if do == "commit_then_drop":
            raise Dropped
        return None if do == "null_batch_entry" else spoil(do, response, call)

    def _respond(self, call: Call, trace: int, mishap: str) -> Response:
        quirks, caller = self._world.quirks, None
        try:
            caller = caller_of(self._world, call.token, call.proof, self._now())
            quirks = with_tier(quirks, caller.app)
            self._charge(call, bucket_of(call, caller, quirks), quirks)
            status, body = 200, self._outcome(call, caller, mishap)
        except Refusal as refusal:
            status, body = refusal.status, refusal.body(trace_id(trace))
        ruled, regain = None, REGAIN_MINUTES if mishap == "throttle" else 0
        if caller and quirks.score_limit:
            ruled = self._score.standing(bucket_of(call, caller, quirks), quirks, self.elapsed)
        business = caller.business if caller else ""
        headers = headers_for(call, business, trace, tier_of(quirks), regain=regain, ruled=ruled)
        return Response(status, headers, json_bytes(body))

    def _charge(self, call: Call, bucket: str, quirks: Quirks) -> None:
        """Count a call for the score rule. Raise Refusal, a throttle, where it is one too many."""
        points = points_of(call)
        if quirks.score_limit and points and not self._score.charge(bucket, points, quirks, self.elapsed):
            raise throttled(call, of_app=bucket == APP)

    def _outcome(self, call: Call, caller: Caller, mishap: str) -> Any:
        refusal = refusal_for(mishap, call)
        if mishap not in BEFORE:
            body = self._carry_out(call, caller)
        elif mishap == "success_false_string":
            body = {"success": "false"}
        if refusal:
            raise refusal
        return body

    def _carry_out(self, call: Call, caller: Caller) -> Any:
        check_version(call.version)
        view = View(self._world, caller, call, self._listings, self._now())
        if call.method == "POST" and not call.steps and not call.batched:
            return answer_batch(call, self._answer)
        if call.method == "GET" and call.steps:
            body: Any = read(view)
            check_amount(body, self._world.quirks.most_nested)
            self._world = after_read(view)
        elif call.method in ("POST", "DELETE"):
            self._world, body = write(view, self._now())
        else:
            raise unseen(call.path)
        return body

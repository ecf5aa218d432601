"""The simulated Graph API: one lock around one world, requests in, responses out."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from accessctl.sandbox import people
from accessctl.sandbox.auth import Caller, caller_of
from accessctl.sandbox.batch import answer_batch
from accessctl.sandbox.call import Call, View, check_version, read_call
from accessctl.sandbox.faults import BEFORE, REGAIN_MINUTES, expire, next_mishap, refusal_for, spoil
from accessctl.sandbox.paging import Listings
from accessctl.sandbox.reading import read
from accessctl.sandbox.usage import headers_for, trace_id
from accessctl.sandbox.wire import Dropped, Refusal, Request, Response, json_bytes, unseen
from accessctl.sandbox.world import World, Write, real_time
from accessctl.sandbox.writing import after_read, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Seen:
    """One call as it arrived. `path` has no version and no parameters; `batched` tells a batch's items."""

    method: str
    path: str
    batched: bool = False


class Sandbox:
    """A simulated Graph API over one world. Safe to use from many threads.

    `clock` is asked only where the world has no `now` of its own. `on_change` gets every new world, inside
    the lock and before the answer goes out, so that what was answered has been kept; what it raises goes to
    the caller. `start` is what `reset` goes back to, without it the world given.
    """

    def __init__(
        self,
        world: World,
        *,
        clock: Callable[[], datetime] = real_time,
        on_change: Callable[[World], None] | None = None,
        start: World | None = None,
    ) -> None:
        self._world = world
        self._start = start or world
        self._clock = clock
        self._on_change = on_change
        self._lock = threading.RLock()
        self._calls: list[Seen] = []
        self._http_requests = 0
        self._listings = Listings()

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

    def handle(self, request: Request) -> Response:
        """Answer one HTTP request. Raise Dropped where the connection is to be cut instead."""
        with self._lock:
            self._http_requests += 1
            call = read_call(request)
            answered = self._answer(call)
            assert answered is not None
            return answered

    def accept(self, asset: str, business: str) -> None:
        """Let the client accept a pending request, with the tasks asked for."""
        self._act(lambda world: people.accept(world, asset, business, self._now()))

    def decline(self, asset: str, business: str) -> None:
        """Let the client turn a request down, or the second admin a grant."""
        self._act(lambda world: people.decline(world, asset, business))

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

    def reset(self) -> None:
        """Go back to the start: the world, its write log and its faults."""
        self._act(lambda _: self._start)

    def _act(self, act: Callable[[World], World]) -> None:
        with self._lock:
            self._become(act(self._world))

    def _become(self, world: World) -> None:
        if world is not self._world:
            if self._on_change:
                self._on_change(world)
            self._world = world

    def _now(self) -> datetime:
        return self._world.now or self._clock().replace(microsecond=0)

    def _answer(self, call: Call) -> Response | None:
        """Answer one call as it would be, then let it suffer its mishap; None is a null entry of a batch."""
        self._calls.append(Seen(call.method, call.path, call.batched))
        trace = len(self._calls)
        counted, mishap = next_mishap(self._world, call)
        self._become(expire(counted, call.token) if mishap == "token_expired" else counted)
        if mishap == "drop_before":
            raise Dropped
        response = self._respond(call, trace, mishap)
        if mishap == "commit_then_drop":
            raise Dropped
        return None if mishap == "null_batch_entry" else spoil(mishap, response, call)

    def _respond(self, call: Call, trace: int, mishap: str) -> Response:
        business, regain = "", REGAIN_MINUTES if mishap == "throttle" else 0
        try:
            caller = caller_of(self._world, call.token, call.proof)
            business = caller.business
            status, body = 200, self._outcome(call, caller, mishap)
        except Refusal as refusal:
            status, body = refusal.status, refusal.body(trace_id(trace))
        return Response(status, headers_for(call, business, trace, regain), json_bytes(body))

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
        view = View(self._world, caller, call, self._listings)
        if call.method == "POST" and not call.steps and not call.batched:
            return answer_batch(call, self._answer)
        if call.method == "GET" and call.steps:
            body: Any = read(view)
            self._become(after_read(view))
        elif call.method in ("POST", "DELETE"):
            changed, body = write(view, self._now())
            self._become(changed)
        else:
            raise unseen(call.path)
        return body

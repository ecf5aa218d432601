"""Keeps notices: a body is known only once its rows are durable, and what queues up meanwhile is added as one."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

from accessctl.errors import AccessctlError
from accessctl.records import NOTICES
from accessctl.webhook.notice import whole_bodies

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from accessctl.records import Records, Row

TIDY_EVERY = timedelta(hours=1)
_Waiting = tuple[str, "Sequence[Row]", "asyncio.Future[None]"]


class CannotKeepError(AccessctlError):
    """The place where notices are kept cannot be used now; Meta will send again."""


class Keeper:
    """Adds rows to records with one thread. Everything else happens in the event loop, so nothing needs a lock."""

    def __init__(self, records: Records, clock: Callable[[], datetime]) -> None:
        self.name = records.name
        self._records = records
        self._clock = clock
        self._known: set[str] = set()  # digests of bodies
        self._is_loaded = False
        self._queue: list[_Waiting] = []
        self._pending: dict[str, asyncio.Future[None]] = {}
        self._writing: asyncio.Task[None] | None = None
        self._tidied: datetime | None = None
        self._thread = ThreadPoolExecutor(1, "notices")

    def load(self) -> None:
        """Learn which bodies are there already. Raises CannotKeepError."""
        if self._is_loaded:
            return
        try:
            self._known |= whole_bodies(self._records.read(NOTICES))
        except OSError as error:
            raise _cannot(self.name, "read", error) from None
        self._is_loaded = True

    async def open(self) -> None:
        """Do the same without holding up others."""
        if not self._is_loaded:
            await asyncio.get_running_loop().run_in_executor(self._thread, self.load)

    def knows(self, body: str) -> bool:
        """Tell whether a body with this digest is there; ask only after `open`."""
        return body in self._known

    async def keep(self, body: str, rows: Sequence[Row]) -> bool:
        """Return once the rows of a body are durable; False where they were there. Raises CannotKeepError."""
        if self.knows(body):
            return False
        if body in self._pending:
            await asyncio.shield(self._pending[body])
            return False
        done = asyncio.get_running_loop().create_future()
        done.add_done_callback(_look)
        self._pending[body] = done
        self._queue.append((body, rows, done))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
            self._writing.add_done_callback(_look)
        await asyncio.shield(done)
        return True

    async def close(self) -> None:
        """Finish what is queued."""
        if self._writing is not None:
            await asyncio.shield(self._writing)
        self._thread.shutdown()

    async def _write(self) -> None:
        """Add what has queued up, again and again until nothing has.

        However this ends, nobody is left waiting: what is not there is refused, and Meta sends it again.
        """
        batch: list[_Waiting] = []
        why = CannotKeepError(f"{self.name} was not written")
        try:
            while self._queue:
                batch, self._queue = self._queue, []
                error = await self._in_thread(self._records.add, NOTICES, [row for _, rows, _ in batch for row in rows])
                if error is None:
                    self._known.update(body for body, _, _ in batch)
                self._settle(batch, why if error is None else _cannot(self.name, "written", error))
                batch = []
                if not self._queue:
                    await self._tidy()
        finally:
            left, self._queue = [*batch, *self._queue], []
            self._settle(left, why)

    async def _in_thread(self, act: Callable[..., None], *args: object) -> BaseException | None:
        """Let the thread do something as of now; return what it raised, of whatever kind."""
        running = asyncio.get_running_loop().run_in_executor(self._thread, lambda: act(*args, self._clock()))
        await asyncio.wait([running])
        return running.exception()

    def _settle(self, batch: Sequence[_Waiting], why: Exception) -> None:
        for body, _, done in batch:
            self._pending.pop(body, None)
            if self.knows(body):
                done.set_result(None)
            else:
                done.set_exception(why)

    async def _tidy(self) -> None:
        """Put the records in order now and then. Where that goes wrong no notice is the worse for it."""
        now = self._clock()
        if self._tidied is None or now - self._tidied >= TIDY_EVERY:
            self._tidied = now
            await self._in_thread(self._records.tidy, NOTICES)


def _cannot(name: str, how: str, error: BaseException) -> CannotKeepError:
    """Say why in words that can hold nothing of a notice: those of the system, else the name of the error."""
    reason = error.strerror or error if isinstance(error, OSError) else type(error).__name__
    return CannotKeepError(f"{name} cannot be {how}: {reason}", "make it usable; Meta sends again")


def _look(done: asyncio.Future[None]) -> None:
    """Take note of an exception that nobody may wait for any more."""
    if not done.cancelled():
        done.exception()

"""The webhook as an ASGI application: Meta's handshake, its notifications, and a sign of life."""

from __future__ import annotations

import logging
import time
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from accessctl.counting import count
from accessctl.webhook.exchange import (
    SLOWEST,
    Answer,
    GoneError,
    UnfitError,
    header,
    read_body,
    send_answer,
    take_query,
)
from accessctl.webhook.handshake import challenge_of
from accessctl.webhook.keeper import CannotKeepError, Keeper
from accessctl.webhook.notice import FARTHEST, is_likely, rows_of
from accessctl.webhook.payload import read_payload
from accessctl.webhook.signing import digest_of, is_signed

if TYPE_CHECKING:
    from collections.abc import Callable

    from accessctl.webhook.exchange import Receive, Scope, Send
    from accessctl.webhook.settings import Settings

PATH = "/webhook"
HEALTH = "/healthz"
AT_ONCE = 256  # notifications that are taken in at a time; each may hold a whole body in memory
_METHODS = {PATH: "GET, POST", HEALTH: "GET"}

NOT_HERE = Answer(404, f"nothing here; the webhook is {PATH}", "another path")
BUSY = Answer(503, "busy", "busy", headers=((b"retry-after", b"5"),), level=logging.ERROR)
REFUSED = Answer(403, "refused", "refused", "the signature is not that of the app secret", level=logging.WARNING)
NOT_OURS = Answer(403, "refused", "refused", "not Meta's question, or another verify token", level=logging.WARNING)
UNTIMELY = Answer(403, "refused", "refused", "sent too long ago, or in the future", level=logging.WARNING)
NO_NOTICE = Answer(400, "not understood", "not understood", "it is signed", level=logging.WARNING)
FAR = f"an end more than {FARTHEST.days // 365} years away"
ALL_FAR = Answer(200, "not kept", "no likely end", f"each is of {FAR}", level=logging.WARNING)  # no trouble to mend
OF_OTHERS = Answer(200, "not kept", "other fields")
KNOWN = Answer(200, "known", "known")
GONE = Answer(499, "", "gone", "before it had said all")  # never sent


def utc_now() -> datetime:
    """Return the time, UTC."""
    return datetime.now(UTC)


class Webhook:
    """Takes Meta's notifications in and answers 200 once they are durable.

    `say` is given the log: a level as `logging` has them, and a line. `seconds` is how long a client may take to
    send its body.
    """

    def __init__(
        self,
        settings: Settings,
        say: Callable[[int, str], None] = lambda *_: None,
        *,
        seconds: float = SLOWEST,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.keeper = Keeper(settings.records, clock)
        self.ended: Counter[str] = Counter()
        self._settings = settings
        self._say = say
        self._seconds = seconds
        self._clock = clock
        self._open = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection of the server's, as ASGI 3 says."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._exchange(scope, receive, send)
        else:
            await receive()
            await send({"type": "websocket.close", "code": 1000})

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                try:
                    await self.keeper.open()
                except CannotKeepError as error:
                    await send({"type": "lifespan.startup.failed", "message": f"{error.what}; {error.hint}"})
                    return
                await send({"type": "lifespan.startup.complete"})
            else:
                await self.keeper.close()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _exchange(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.monotonic()
        path = str(scope["path"]).removeprefix(str(scope.get("root_path", "")))
        query = take_query(scope)
        try:
            answer = await self._answer(scope, path, query, receive)
        except UnfitError as error:
            answer = error.answer
        except GoneError:
            self._note(scope, path, GONE, began)
            return
        self._note(scope, path, answer, began)
        await send_answer(scope, send, answer)

    async def _answer(self, scope: Scope, path: str, query: bytes, receive: Receive) -> Answer:
        method = scope["method"]
        if path not in _METHODS:
            return NOT_HERE
        if method not in _METHODS[path].split(", "):
            return Answer(405, "not this way", "another method", headers=((b"allow", _METHODS[path].encode()),))
        if path == HEALTH:
            return Answer(200, "ok", "alive")
        if method == "GET":
            challenge = challenge_of(query, self._settings.verify_token)
            return NOT_OURS if challenge is None else Answer(200, challenge, "handshake")
        if self._open >= AT_ONCE:
            return BUSY
        self._open += 1
        try:
            return await self._take(scope, await read_body(scope, receive, self._seconds))
        finally:
            self._open -= 1

    async def _take(self, scope: Scope, body: bytes) -> Answer:
        """Check a notification and keep it. What another has signed is not even read."""
        if not is_signed(body, header(scope, b"x-hub-signature-256"), self._settings.app_secret):
            return REFUSED
        try:
            await self.keeper.open()
            return await self._keep(body)
        except CannotKeepError as error:
            again, later = "cannot be kept now; send it again", ((b"retry-after", b"60"),)
            return Answer(503, again, "not kept", error.what, later, logging.ERROR)

    async def _keep(self, body: bytes) -> Answer:
        digest, now = digest_of(self._settings.app_secret, body), self._clock()
        if self.keeper.knows(digest):
            return KNOWN
        try:
            payload = read_payload(body)
        except ValueError:
            return NO_NOTICE
        if not payload.is_timely(now):
            return UNTIMELY
        if not payload.notices:
            return NO_NOTICE if payload.unfit else OF_OTHERS
        likely = [one for one in payload.notices if is_likely(one.until, now)]
        if not likely:
            return ALL_FAR
        if not await self.keeper.keep(digest, rows_of(likely, digest, self._settings.app_secret, now)):
            return KNOWN
        return _kept(len(likely), len(payload.notices) - len(likely), payload.unfit)

    def _note(self, scope: Scope, path: str, answer: Answer, began: float) -> None:
        """Add a line to the log, in which nothing stands that a stranger wrote: no address, query or body."""
        where = path if path in _METHODS else "elsewhere"
        method = scope["method"] if scope["method"] in ("GET", "POST") else "OTHER"
        more = f": {answer.more}" if answer.more else ""
        self.ended[answer.kind] += 1
        line = f"{method} {where} {answer.status} {answer.kind}{more} ({(time.monotonic() - began) * 1000:.0f} ms)"
        self._say(answer.level, line)


def _kept(kept: int, far: int, unfit: int) -> Answer:
    """Say how many notices are kept, and what of the body is not."""
    left = f", {count(far, 'other')} of {FAR}" if far else ""
    left += f", {count(unfit, 'other')} not understood" if unfit else ""
    level = logging.WARNING if left else logging.INFO
    return Answer(200, "kept", "kept", count(kept, "notice") + left, level=level)

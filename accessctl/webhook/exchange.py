"""One request and one answer in the words of ASGI, with limits on what a stranger may send and how slowly."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

LARGEST = 256 * 1024  # bytes of one body; a thousand notices are less
SLOWEST = 10.0  # seconds in which a whole body must be there


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and a text. `kind` is what the log calls and counts it, `more` what else the log says.

    Nothing that a stranger wrote is in either, and the text has of it the challenge alone. `level` is how much that
    line matters, in the numbers of `logging`.
    """

    status: int
    text: str
    kind: str
    more: str = ""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    level: int = logging.INFO


class UnfitError(Exception):
    """A request that is not taken; `answer` says so."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.text)
        self.answer = answer


class GoneError(Exception):
    """The client has gone away before it had said all."""


TOO_LARGE = Answer(413, "too large", "too large", level=logging.WARNING)
TOO_SLOW = Answer(408, "too slow", "too slow", level=logging.WARNING)


async def read_body(scope: Scope, receive: Receive, seconds: float = SLOWEST) -> bytes:
    """Return the body. Raises UnfitError for one too large, of which no more is read, or too slow; GoneError."""
    length = header(scope, b"content-length")
    if length and not (length.isdigit() and int(length[:12]) <= LARGEST):
        raise UnfitError(TOO_LARGE)
    try:
        async with asyncio.timeout(seconds):
            return await _read(receive)
    except TimeoutError:
        raise UnfitError(TOO_SLOW) from None


async def _read(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise GoneError
        body += message.get("body", b"")
        if len(body) > LARGEST:
            raise UnfitError(TOO_LARGE)
        if not message.get("more_body", False):
            return bytes(body)


def take_query(scope: Scope) -> bytes:
    """Return the query and take it away: servers write their access log from the scope, and it has a secret."""
    query, scope["query_string"] = bytes(scope["query_string"]), b""
    return query


def header(scope: Scope, name: bytes) -> bytes:
    """Return a header that is there once, else nothing."""
    values = [value for key, value in scope["headers"] if bytes(key).lower() == name]
    return bytes(values[0]) if len(values) == 1 else b""


async def send_answer(scope: Scope, send: Send, answer: Answer) -> None:
    """Send an answer as plain text. After trouble the connection ends: what is left of the request is not read."""
    body = answer.text.encode()
    ends = answer.status >= 400 and str(scope.get("http_version", "1.1")).startswith("1")
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"cache-control", b"no-store"),
        *answer.headers,
        *([(b"connection", b"close")] if ends else []),
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})

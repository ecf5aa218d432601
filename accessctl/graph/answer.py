"""What came back from Meta, read strictly: bytes with a cap, JSON without surprises, success that is plain."""

from __future__ import annotations

import json
import time
import zlib
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

MAX_BYTES = 16 * 1024 * 1024
MAX_SECONDS = 300.0
MAX_DEPTH = 64
_CHUNK = 1024 * 1024


class UnreadableError(Exception):
    """The answer cannot be trusted; the text says why, without quoting it."""


class OversizeError(UnreadableError):
    """The answer is larger than any answer may be."""


def read_body(response: httpx.Response) -> bytes:
    """Return the decoded body, and stop as soon as it passes 16 MiB or 300 seconds.

    Decodes gzip here, in pieces: the HTTP library would unpack a whole network chunk at once, and 200 KB can
    hold 200 MB. Raises UnreadableError, and what the HTTP library raises while reading.
    """
    if response.is_stream_consumed:  # a transport inside this process hands over finished bytes
        _check_size(len(response.content))
        return response.content
    inflate = _decoder(response.headers.get("content-encoding", "identity").strip().lower())
    body, deadline = bytearray(), time.monotonic() + MAX_SECONDS
    for raw in response.iter_raw():
        if time.monotonic() > deadline:
            raise UnreadableError("takes too long to arrive")
        _append(body, raw, inflate)
    if inflate is not None and not inflate.eof:
        raise UnreadableError("ends early")
    return bytes(body)


def _append(body: bytearray, raw: bytes, inflate: zlib._Decompress | None) -> None:
    if inflate is None:
        body += raw
        _check_size(len(body))
        return
    if inflate.eof:
        raise UnreadableError("goes on after its end")
    while True:
        try:
            piece = inflate.decompress(raw, _CHUNK)
        except zlib.error:
            raise UnreadableError("is compressed in a way that cannot be undone") from None
        body += piece
        _check_size(len(body))
        raw = inflate.unconsumed_tail
        if inflate.eof or (not raw and len(piece) < _CHUNK):
            return


def _decoder(encoding: str) -> zlib._Decompress | None:
    if encoding == "identity":
        return None
    if encoding != "gzip":  # the only one we ask for
        raise UnreadableError("is encoded in a way nobody asked for")
    return zlib.decompressobj(zlib.MAX_WBITS | 16)


def _check_size(size: int) -> None:
    if size > MAX_BYTES:
        raise OversizeError("is larger than 16 MiB")


def parse(body: bytes) -> object:
    """Return the JSON value in `body`.

    Refuses what two readers could understand differently or what could bring a reader down: duplicate keys,
    NaN and Infinity, other encodings than UTF-8, more than 64 levels. Half a surrogate pair (a name that was
    cut) becomes a question mark, so that the text can be written again. Raises UnreadableError.
    """
    if not body.strip():
        raise UnreadableError("is empty")
    try:
        text = body.decode("utf-8")
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant, parse_float=_finite)
        _check_depth(value)
        return _whole(value) if "\\ud" in text or "\\uD" in text else value
    except UnreadableError:
        raise
    except (ValueError, RecursionError):
        raise UnreadableError("is not whole and plain JSON") from None


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise UnreadableError("names a key twice")
    return found


def _no_constant(word: str) -> NoReturn:
    raise UnreadableError(f"holds {word}, which is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if abs(number) == float("inf"):
        raise UnreadableError("holds a number out of range")
    return number


def _check_depth(value: object) -> None:
    """Raise UnreadableError for more levels than any answer has. Looks at lists and objects only."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            item
            for outer in level
            for item in (outer.values() if isinstance(outer, dict) else outer if isinstance(outer, list) else ())
            if isinstance(item, (dict, list))
        ]
        if not level:
            return
    raise UnreadableError("is nested too deeply")


def _whole(value: object) -> object:
    """Put a question mark in the place of each half of a surrogate pair."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {str(_whole(key)): _whole(item) for key, item in value.items()}
    return [_whole(item) for item in value] if isinstance(value, list) else value


def truth(answer: Mapping[str, object], key: str) -> bool | None:
    """Return the yes or no under `key`, None where there is neither.

    Meta writes true and "true" (and so "false", which a careless reader takes for a yes).
    """
    value = answer.get(key)
    if value is True or value == "true":
        return True
    return False if value is False or value == "false" else None

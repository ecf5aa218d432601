"""The journal in an object store: a line is an object until its run has ended, then a run is one.

An object's name is the number of its first line. Lines never change, so objects that overlap, because a run
ended in the middle of putting its lines together, say the same.
"""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import takewhile
from typing import TYPE_CHECKING

from accessctl.errors import AccessctlError
from accessctl.state.store import StateError

if TYPE_CHECKING:
    from collections.abc import Callable

    from accessctl.state.store import Found, Store

PREFIX = "journal"
AT_ONCE = 16
TRIES = 5  # reads of a journal whose objects are put together meanwhile
MANY = 100  # objects; from then on a run puts together what earlier ones have left
LONG = timedelta(days=7)  # no run that wrote so long before the last line still lives


class ObjectLedger:
    """Keeps a journal's lines in a store, one writer at a time: who is not the only one cannot append.

    Every method but `close` raises OSError where the store cannot be used.
    """

    def __init__(self, store: Store, permit: Callable[[], None] = lambda: None) -> None:
        self.name = f"{store.url}/{PREFIX}"
        self._store = store
        self._permit = permit  # raises where the lock is not ours any more
        self._next = 1
        self._first = 1
        self._lines: list[bytes] = []

    def read(self) -> bytes:
        """Return all lines; nothing where there is no journal yet."""
        return self._read()[0]

    def open(self) -> tuple[bytes, int]:
        """Find the end. No line is ever torn here: an object is there as a whole or not at all."""
        content, found = self._read()
        self._next = self._first = content.count(b"\n") + 1
        self._lines = []
        old = list(takewhile(lambda one: found[-1].changed - one.changed > LONG, found))
        if len(old) > MANY:
            lines = content.splitlines(keepends=True)[: _number(found[len(old)].name) - 1]
            self._put_together(1, b"".join(lines), [one.name for one in old])
        return content, 0

    def append(self, line: bytes) -> None:
        """Add a line, with its end; refused where another run has added one since. Raises LostLockError too."""
        if not self._lines:  # since we have read where the end is, another may have come, and gone
            self._permit()
        try:
            is_ours = self._store.create(_name(self._next), line)
        except StateError as error:
            raise OSError(error.reason) from None
        if not is_ours:
            raise OSError("another run writes to it")
        self._next += 1
        self._lines.append(line)

    def close(self) -> None:
        """Put the lines of this run together into one object; where that fails, they stay as they are."""
        lines, self._lines = self._lines, []
        if len(lines) > 1 and self._is_ours():
            names = [_name(self._first + place) for place in range(len(lines))]
            self._put_together(self._first, b"".join(lines), names)

    def _is_ours(self) -> bool:
        """Tell whether nobody has opened the journal since: who did may be about to write where our lines are."""
        try:
            self._permit()
        except AccessctlError:
            return False
        return True

    def _put_together(self, first: int, content: bytes, names: list[str]) -> None:
        with contextlib.suppress(StateError):
            self._store.put(_name(first), content)
            self._store.delete(name for name in names if name != _name(first))

    def _read(self) -> tuple[bytes, list[Found]]:
        try:
            for _ in range(TRIES):
                found = self._store.list(PREFIX)
                with ThreadPoolExecutor(AT_ONCE) as pool:
                    pieces = list(pool.map(lambda one: self._store.get(one.name), found))
                if (content := _joined(found, pieces)) is not None:
                    return content, found
        except StateError as error:
            raise OSError(error.reason) from None
        raise OSError("its lines do not follow each other: an object is missing")


def _joined(found: list[Found], pieces: list[bytes | None]) -> bytes | None:
    """Return all lines in order; None where some are missing, or two objects tell a line differently."""
    lines: list[bytes] = []
    last_gone = 0
    for one, piece in zip(found, pieces, strict=True):
        first = _number(one.name)
        if piece is None:  # taken away while we read: one before it must have its lines
            last_gone = first
            continue
        new = piece.split(b"\n")
        if first < 1 or first > len(lines) + 1 or new.pop():
            return None
        known = lines[first - 1 : first - 1 + len(new)]
        if known != new[: len(known)]:
            return None
        lines += new[len(known) :]
    return None if last_gone > len(lines) else b"".join(line + b"\n" for line in lines)


def _name(number: int) -> str:
    return f"{PREFIX}/{number:012}.jsonl"


def _number(name: str) -> int:
    stem = name.rpartition("/")[2].removesuffix(".jsonl")
    return int(stem) if stem.isascii() and stem.isdigit() else 0

"""The append-only record of what apply sent and what came back: JSON lines, each durable before the next step."""

from __future__ import annotations

import contextlib
import os
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

from accessctl.chain import Entry, Head, JournalError, hash_of, read_chain, sealed
from accessctl.remember import remember

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

__all__ = ["Entry", "Journal", "JournalError", "read_journal", "remember"]

_PIECE = 1024 * 1024


class Journal:
    """Appends entries; every one is on disk (fsync) when `write` returns. Safe to use from many threads.

    `about` is what every line of this run says beside its own content: the plan, the commit, who started it.
    """

    def __init__(
        self,
        path: Path,
        run: str,
        *,
        about: Mapping[str, str] | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.path = path
        self.run = run
        self.head = Head()
        self.torn = 0
        self._about = dict(about or {})
        self._now = now
        self._lock = threading.Lock()
        self._handle = -1
        self._end = 0
        self._broken: OSError | None = None

    def __enter__(self) -> Self:
        """Open the file and go to its end; `torn` then counts the bytes of a torn last line that were cut."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            is_new = not self.path.exists()
            self._handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            self._go_on()
            if is_new:
                _sync_directory(self.path.parent)
        except OSError as error:
            self._close()
            raise self._unwritable(error) from None
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def write(self, event: str, **content: Any) -> None:
        """Append one entry and wait until it is on disk.

        Raises JournalError: the caller must then send nothing.
        """
        entry = {**self._about, "at": self._now().isoformat(), "run": self.run, "event": event, **content}
        with self._lock:
            if self._broken:
                raise self._unwritable(self._broken)
            line = sealed(entry, self.head.hash)
            try:
                self._append(line + b"\n")
            except OSError as error:
                self._broken = error
                raise self._unwritable(error) from None
            self.head = Head(self.head.lines + 1, hash_of(line))

    def _append(self, line: bytes) -> None:
        if os.lseek(self._handle, 0, os.SEEK_END) != self._end:
            raise OSError("something else has written to it")
        try:
            if os.write(self._handle, line) != len(line):
                raise OSError("the disk took only part of a line")
            os.fsync(self._handle)
        except OSError:
            with contextlib.suppress(OSError):  # take the stump away, so that it never stands inside
                os.ftruncate(self._handle, self._end)
            raise
        self._end += len(line)

    def _go_on(self) -> None:
        """Find the last whole line, and cut what a crash has left of one: nothing relied on that yet."""
        content = _content(self._handle)
        self._end = content.rfind(b"\n") + 1
        self.torn = len(content) - self._end
        if self.torn:
            os.ftruncate(self._handle, self._end)
        if self._end:
            self.head = Head(content.count(b"\n"), hash_of(content[: self._end - 1].rpartition(b"\n")[2]))

    def _close(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
        self._handle = -1

    def _unwritable(self, error: OSError) -> JournalError:
        return JournalError(
            f"the journal {self.path} cannot be written: {error.strerror or error}",
            "nothing is sent to Meta without it; make room or make it writable, then run the command again",
        )


def read_journal(path: Path) -> tuple[Entry, ...]:
    """Return the entries in order; none where there is no journal yet. A torn last line is left out.

    Raises JournalError with the line number for anything else that is not as it was written.
    """
    return read_chain(path).entries


def _content(handle: int) -> bytes:
    pieces, at = [], 0
    while piece := os.pread(handle, _PIECE, at):
        pieces.append(piece)
        at += len(piece)
    return b"".join(pieces)


def _sync_directory(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

"""A journal in a file: appended to and synced line by line, and cut back to its last whole line when it is opened."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from accessctl.synced import sync

if TYPE_CHECKING:
    from pathlib import Path

_PIECE = 1024 * 1024


class FileLedger:
    """Keeps a journal's lines in one file. Every method raises OSError where the file cannot be used."""

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self._path = path
        self._handle = -1
        self._end = 0

    def read(self) -> bytes:
        """Return all that is there, a torn last line too; nothing where there is no file yet."""
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return b""

    def open(self) -> tuple[bytes, int]:
        """Make the file ready for more; return its whole lines, and how many bytes of a torn last one were cut.

        What a crash has left of a line can go: nothing relied on it yet.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        is_new = not self._path.exists()
        self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        content = _content(self._handle)
        self._end = content.rfind(b"\n") + 1
        torn = len(content) - self._end
        if torn:
            os.ftruncate(self._handle, self._end)
        if is_new:
            sync(self._path.parent)
        return content[: self._end], torn

    def append(self, line: bytes) -> None:
        """Add a line, with its end, and wait until it is on disk (fsync)."""
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

    def close(self) -> None:
        """Let go of the file."""
        if self._handle >= 0:
            os.close(self._handle)
        self._handle = -1


def _content(handle: int) -> bytes:
    pieces, at = [], 0
    while piece := os.pread(handle, _PIECE, at):
        pieces.append(piece)
        at += len(piece)
    return b"".join(pieces)

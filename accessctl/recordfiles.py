"""Records in files: a file for each topic and month, appended to and synced."""

from __future__ import annotations

import os
import re
from datetime import UTC
from typing import TYPE_CHECKING

from accessctl.records import read_rows, write_rows
from accessctl.synced import sync

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from accessctl.records import Row, Topic

_MONTH = re.compile(r"-\d{4}-\d\d\.jsonl", re.ASCII)


class FileRecords:
    """Keeps rows below a directory, which is made with the first of them."""

    def __init__(self, directory: Path) -> None:
        self.name = str(directory)
        self._directory = directory

    def add(self, topic: Topic, rows: Sequence[Row], now: datetime) -> None:
        """Append rows with one write, which other processes cannot come between, and wait until they are on disk."""
        path = self._directory / f"{topic.name}-{now.astimezone(UTC):%Y-%m}.jsonl"
        self._directory.mkdir(parents=True, exist_ok=True)
        is_new = not path.exists()
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            content = _end_of_stump(handle) + write_rows(rows)
            if os.write(handle, content) != len(content):
                raise OSError("the disk took only part of a row")
            os.fsync(handle)
        finally:
            os.close(handle)
        if is_new:
            sync(self._directory)

    def read(self, topic: Topic) -> tuple[Row, ...]:
        """Return all rows, month by month."""
        return read_rows(b"\n".join(path.read_bytes() for path in self._paths(topic)), topic)

    def tidy(self, topic: Topic, now: datetime) -> None:
        """Take away the files of months that are wholly too old."""
        oldest = f"{topic.name}-{(now - topic.kept).astimezone(UTC):%Y-%m}.jsonl"
        for path in self._paths(topic):
            if path.name < oldest:
                path.unlink(missing_ok=True)

    def _paths(self, topic: Topic) -> list[Path]:
        """Return the files of a topic. What may not be looked into is no empty place: that raises OSError."""
        try:
            names = [path.name for path in self._directory.iterdir()]
        except FileNotFoundError:
            if os.path.lexists(self._directory):  # a link that leads nowhere
                raise
            return []
        return [self._directory / name for name in sorted(names) if _MONTH.fullmatch(name.removeprefix(topic.name))]


def _end_of_stump(handle: int) -> bytes:
    """Return what closes a line that a crash has torn."""
    size = os.lseek(handle, 0, os.SEEK_END)
    return b"\n" if size and os.pread(handle, 1, size - 1) != b"\n" else b""

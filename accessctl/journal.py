"""The append-only record of what apply sent and what came back: JSON lines, each durable before the next step."""

from __future__ import annotations

import contextlib
import json
import os
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

from accessctl.errors import AccessctlError
from accessctl.model import Asset, Kind, Remembered

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

FORMAT = 1
Entry = dict[str, Any]


class JournalError(AccessctlError):
    """The journal cannot be read or written. Nothing is sent to Meta without it."""


class Journal:
    """Appends entries; every one is on disk (fsync) when `write` returns. Safe to use from many threads."""

    def __init__(self, path: Path, run: str, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.path = path
        self.run = run
        self._now = now
        self._lock = threading.Lock()
        self._handle = -1
        self._broken: OSError | None = None

    def __enter__(self) -> Self:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            is_new = not self.path.exists()
            self._handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            _cut_torn_tail(self._handle)
            if is_new:
                _sync_directory(self.path.parent)
        except OSError as error:
            raise self._unwritable(error) from None
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._handle)
        self._handle = -1

    def write(self, event: str, **content: Any) -> None:
        """Append one entry and wait until it is on disk.

        Raises JournalError: the caller must then send nothing.
        """
        entry = {"v": FORMAT, "at": self._now().isoformat(), "run": self.run, "event": event, **content}
        line = json.dumps(entry, sort_keys=True, ensure_ascii=True, allow_nan=False).encode() + b"\n"
        with self._lock:
            if self._broken:
                raise self._unwritable(self._broken)
            end = os.lseek(self._handle, 0, os.SEEK_END)
            try:
                if os.write(self._handle, line) != len(line):
                    raise OSError("the disk took only part of a line")
                os.fsync(self._handle)
            except OSError as error:
                self._broken = error
                with contextlib.suppress(OSError):  # take the stump away, so that it never stands inside
                    os.ftruncate(self._handle, end)
                raise self._unwritable(error) from None

    def _unwritable(self, error: OSError) -> JournalError:
        return JournalError(
            f"the journal {self.path} cannot be written: {error.strerror or error}",
            "nothing is sent to Meta without it; make room or make it writable, then run the command again",
        )


def read_journal(path: Path) -> tuple[Entry, ...]:
    """Return the entries in order; none where there is no journal yet. A torn last line is left out.

    Raises JournalError with the line number for anything else that is no entry.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise JournalError(f"the journal {path} cannot be read: {error.strerror}") from None
    *lines, _torn = content.split(b"\n")
    return tuple(_entry(line, number, path) for number, line in enumerate(lines, 1))


def _entry(line: bytes, number: int, path: Path) -> Entry:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        entry = None
    if not isinstance(entry, dict) or not isinstance(entry.get("event"), str):
        raise JournalError(
            f"{path}:{number}: this line is no journal entry",
            "the journal is the record of what was sent; restore it from a backup, or move it aside on purpose",
        )
    if entry.get("v") != FORMAT:
        raise JournalError(f"{path}:{number}: journal format {entry.get('v')} is not known to this accessctl")
    return entry


def _cut_torn_tail(handle: int) -> None:
    """Take away a last line without its end: it was cut by a crash before anything relied on it."""
    size = os.lseek(handle, 0, os.SEEK_END)
    tail = b""
    at = size
    while at > 0 and b"\n" not in tail:
        at = max(0, at - 65536)
        tail = os.pread(handle, size - at, at)
    os.ftruncate(handle, at + tail.rfind(b"\n") + 1)


def _sync_directory(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remember(entries: tuple[Entry, ...], graph_url: str) -> Mapping[tuple[Asset, str], Remembered]:
    """Return, by (asset, agency), what the last word on each pair leaves open, at one Graph URL.

    An intent to ask a client counts as asked even without its outcome: a client is never asked twice.
    """
    found: dict[tuple[Asset, str], Remembered] = {}
    here, plan = False, ""
    for entry in entries:
        if entry["event"] == "run_started":
            here, plan = entry["graph"]["url"] == graph_url, entry.get("plan", "")
        if not here or "pair" not in entry:
            continue
        pair = Asset(Kind(entry["pair"]["kind"]), entry["pair"]["asset"]), entry["pair"]["agency"]
        since = datetime.fromisoformat(entry["at"])
        if entry["event"] == "intent":
            found.pop(pair, None)
            if entry["verb"] == "request":
                found[pair] = Remembered(since, plan, is_request=True)
        elif entry["event"] == "outcome" and entry["outcome"] == "awaiting_admin_approval":
            before = entry["before"]["status"], frozenset(entry["before"]["tasks"])
            found[pair] = Remembered(since, plan, awaiting=frozenset(entry["after"]["tasks"]), before=before)
        elif entry["event"] == "outcome" and entry["outcome"] in ("failed", "skipped"):
            found.pop(pair, None)
    return found

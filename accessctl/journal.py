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

    An intent to ask a client counts as asked even without its outcome: a client is never asked twice. What
    failed leaves a pair as it was before. Raises JournalError for an entry that makes no sense.
    """
    memory = _Memory(graph_url)
    for number, entry in enumerate(entries, 1):
        try:
            memory.take_in(entry)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise JournalError(
                f"line {number} of the journal is no entry accessctl wrote",
                "the journal is the record of what was sent; restore it from a backup, or move it aside on purpose",
            ) from None
    return memory.found


class _Memory:
    """Reads a journal entry by entry."""

    def __init__(self, graph_url: str) -> None:
        self.graph_url = graph_url
        self.found: dict[tuple[Asset, str], Remembered] = {}
        self._before: dict[tuple[Asset, str], Remembered | None] = {}
        self._is_here = False
        self._plan = ""

    def take_in(self, entry: Entry) -> None:
        if entry["event"] == "run_started":
            self._is_here, self._plan = entry["graph"]["url"] == self.graph_url, str(entry.get("plan", ""))
        elif self._is_here and entry["event"] in ("intent", "outcome"):
            pair = Asset(Kind(entry["pair"]["kind"]), entry["pair"]["asset"]), entry["pair"]["agency"]
            since = datetime.fromisoformat(entry["at"])
            if since.tzinfo is None:
                raise ValueError("a time without its zone")
            (self._intent if entry["event"] == "intent" else self._outcome)(pair, entry, since)

    def _intent(self, pair: tuple[Asset, str], entry: Entry, since: datetime) -> None:
        self._before[pair] = self.found.get(pair)
        if entry["verb"] == "request":
            self.found[pair] = Remembered(since, self._plan, is_request=True)
        elif entry["verb"] in ("grant", "accept", "change"):
            self.found[pair] = self._granted(entry, since, is_doubtful=True)

    def _outcome(self, pair: tuple[Asset, str], entry: Entry, since: datetime) -> None:
        outcome, is_request = entry["outcome"], entry["verb"] == "request"
        before = self._before.pop(pair, None)
        if outcome == "failed" and before:
            self.found[pair] = before
        elif outcome == "awaiting_admin_approval":
            self.found[pair] = self._granted(entry, since)
        elif outcome == "failed" or (not is_request and outcome in ("applied", "converged")):
            self.found.pop(pair, None)

    def _granted(self, entry: Entry, since: datetime, *, is_doubtful: bool = False) -> Remembered:
        before = entry["before"]["status"], frozenset(entry["before"]["tasks"])
        tasks = frozenset(entry["after"]["tasks"])
        return Remembered(since, self._plan, awaiting=tasks, before=before, is_doubtful=is_doubtful)

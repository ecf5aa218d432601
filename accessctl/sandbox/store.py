"""A sandbox's state on disk: every change is kept before it is answered, and the world file stays as it is."""

from __future__ import annotations

import hashlib
import os
import shutil
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from accessctl.sandbox.sandbox import Sandbox
from accessctl.sandbox.saved import Texts, world_from_json, world_to_json
from accessctl.sandbox.world import World, WorldError, real_time
from accessctl.sandbox.worldfile import load_world

if TYPE_CHECKING:
    from pathlib import Path

LATEST = datetime(3000, 1, 1, tzinfo=UTC)  # what is counted from there on still has a date
MOST = 1000 * 366 * 24 * 60 * 60  # seconds by which a clock goes ahead


def ahead(directory: Path, world_file: Path) -> timedelta:
    """Return by how much the clock of a world file's sandbox goes ahead. Raise WorldError where it cannot be read.

    A world file that cannot be read has no such clock; whoever loads it says so.
    """
    try:
        clock = _clock_of(_state_of(directory, world_file))
    except OSError:
        return timedelta()
    try:
        seconds = int(clock.read_text(encoding="ascii"))
    except (FileNotFoundError, NotADirectoryError):
        return timedelta()
    except (OSError, ValueError):
        seconds = -1
    if 0 <= seconds <= MOST:
        return timedelta(seconds=seconds)
    again = f"start again: accessctl sandbox reset {world_file.name}"
    raise WorldError(f"the clock of {world_file.name} cannot be read", again)


def _state_of(directory: Path, world_file: Path) -> Path:
    content = hashlib.sha256(world_file.read_bytes()).hexdigest()
    return directory / f"{world_file.stem}-{content[:16]}.json"


def _clock_of(state: Path) -> Path:
    return state.with_suffix(".ahead")


class Store:
    """Where the state of one world file is kept. An edited world file has a state of its own and starts anew.

    `journal` and `records` are the paths for what is written down about this state; they go with it.
    """

    def __init__(self, directory: Path, world_file: Path) -> None:
        self._texts = Texts()
        self._start = load_world(world_file)
        self._state = _state_of(directory, world_file)
        self._ahead = partial(ahead, directory, world_file)
        self.journal = self._state.with_suffix(".journal.jsonl")
        self.records = self._state.with_suffix(".records")

    def open(self) -> Sandbox:
        """Return the sandbox as it was left. Raise WorldError where its state cannot be read."""
        try:
            world = world_from_json(self._state.read_text(encoding="utf-8"), self._state.name)
        except FileNotFoundError:
            world = self._start
        except (OSError, UnicodeDecodeError) as error:
            raise WorldError(f"{self._state} cannot be read: {error}", "accessctl sandbox reset starts again") from None
        before = self._ahead()
        return Sandbox(world, clock=lambda: real_time() + before, on_change=self._keep, start=self._start)

    def now(self) -> datetime:
        """Return what time it is in the sandbox, to the second."""
        return self._start.now or (real_time() + self._ahead()).replace(microsecond=0)

    def forward(self, moment: datetime) -> None:
        """Let time pass until `moment` at once; it goes on from there. Raise WorldError for one that has passed."""
        if self._start.now is not None:
            raise WorldError("this world has a clock of its own that stands", "take `now` out of the world file")
        if not self.now() <= moment < LATEST:
            what = "has passed in this sandbox" if moment < LATEST else "is too far away"
            raise WorldError(f"{moment:%Y-%m-%dT%H:%M:%SZ} {what}", "name a later moment, before the year 3000")
        seconds = int((moment - real_time()).total_seconds()) + 1
        try:
            self._state.parent.mkdir(parents=True, exist_ok=True)
            _clock_of(self._state).write_text(str(seconds), encoding="ascii")
        except OSError as error:
            raise WorldError(f"its clock cannot be written: {error.strerror}", "make it writable") from None

    def reset(self) -> None:
        """Forget the state: the next one to open it starts from the world file, and its clock goes right again."""
        self._state.unlink(missing_ok=True)
        _clock_of(self._state).unlink(missing_ok=True)
        self.journal.unlink(missing_ok=True)
        shutil.rmtree(self.records, ignore_errors=True)

    def _keep(self, world: World) -> None:
        """Write the state so that a crash leaves the old one or the new one, never a half."""
        try:
            self._state.parent.mkdir(parents=True, exist_ok=True)
            draft = self._state.with_suffix(".new")
            with draft.open("w", encoding="utf-8") as file:
                file.write(world_to_json(world, self._texts))
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._state)
        except OSError as error:
            raise WorldError(f"{self._state} cannot be written: {error.strerror}", "make it writable") from None

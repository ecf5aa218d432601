"""A sandbox's state on disk: every change is kept before it is answered, and the world file stays as it is."""

from __future__ import annotations

import hashlib
import os
import shutil
from typing import TYPE_CHECKING

from accessctl.sandbox.sandbox import Sandbox
from accessctl.sandbox.saved import Texts, world_from_json, world_to_json
from accessctl.sandbox.world import World, WorldError
from accessctl.sandbox.worldfile import load_world

if TYPE_CHECKING:
    from pathlib import Path


class Store:
    """Where the state of one world file is kept. An edited world file has a state of its own and starts anew.

    `journal` and `records` are the paths for what is written down about this state; they go with it.
    """

    def __init__(self, directory: Path, world_file: Path) -> None:
        self._texts = Texts()
        self._start = load_world(world_file)
        content = hashlib.sha256(world_file.read_bytes()).hexdigest()
        self._state = directory / f"{world_file.stem}-{content[:16]}.json"
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
        return Sandbox(world, on_change=self._keep, start=self._start)

    def reset(self) -> None:
        """Forget the state: the next one to open it starts from the world file."""
        self._state.unlink(missing_ok=True)
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

"""What the action was given, from the environment alone, checked before it is used."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

# As accessctl takes --marker: a name that cannot end the comment it stands in.
MARKER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,99}")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
NUMBER = re.compile(r"[0-9]{1,9}")


class SetupError(Exception):
    """The action was set up in a way that cannot work; the text says what and what to do."""


class Settings:
    """The variables KIT_* that action.yml sets, and those of the runner."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.mode = self.get("MODE")

    def get(self, name: str) -> str:
        """Return KIT_`name`, empty where it is not set."""
        return self.environ.get(f"KIT_{name}", "").strip()

    @property
    def directory(self) -> str:
        """Where the project is."""
        return self.get("DIRECTORY") or "."

    @property
    def marker(self) -> str:
        """The name in the hidden first line of our comment."""
        return self._checked("MARKER", MARKER, "letters, digits and . _ / -") or "default"

    @property
    def allow_revokes(self) -> str:
        """The number that confirms a refused plan, or nothing."""
        return self._checked("ALLOW_REVOKES", NUMBER, "a number")

    @property
    def digest(self) -> str:
        """The digest that was reviewed. Without one nothing may be applied."""
        found = self._checked("DIGEST", DIGEST, "sha256: and 64 digits")
        if not found:
            raise SetupError("no digest was given: hand the reviewed one on through the outputs of the plan job")
        return found

    @property
    def state(self) -> str:
        """The object store of lock and journal, which an apply must have: the next runner starts from nothing."""
        found = self.get("STATE")
        if not found:
            raise SetupError("no state was given: apply keeps its lock and journal there, as in s3://bucket/path")
        return found

    @property
    def place(self) -> Path:
        """A directory for what this job makes, outside the checkout."""
        name = f"accessctl-{self.mode}-{self.marker.replace('/', '_')}"
        found = Path(self.environ["RUNNER_TEMP"]) / name
        found.mkdir(parents=True, exist_ok=True)
        return found

    @property
    def run_url(self) -> str:
        """The address of this run on GitHub."""
        server, repository, number = (self.environ[f"GITHUB_{name}"] for name in ("SERVER_URL", "REPOSITORY", "RUN_ID"))
        return f"{server}/{repository}/actions/runs/{number}"

    def event(self) -> dict[str, Any]:
        """Return what started this run, as GitHub tells it."""
        found: dict[str, Any] = json.loads(Path(self.environ["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
        return found

    def _checked(self, name: str, pattern: re.Pattern[str], what: str) -> str:
        found = self.get(name)
        if found and not pattern.fullmatch(found):
            raise SetupError(f"{name.lower().replace('_', '-')} must be {what}")
        return found

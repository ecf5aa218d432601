"""Who holds a lock: which run, since when, who started it and where its log is. Pure."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from accessctl.clean import display

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Holder:
    """A run that holds a lock. `run` is its id, `by` a person or a machine, `run_url` the CI job's page."""

    run: str
    since: datetime
    by: str = ""
    run_url: str = ""

    def words(self) -> str:
        """Return `run 3fa29c01d2ab, since 2026-11-22 12:03 UTC, by jo, https://ci.example/1`."""
        parts = [f"run {self.run}", f"since {self.since.astimezone(UTC):%Y-%m-%d %H:%M} UTC"]
        parts += [f"by {self.by}"] * bool(self.by) + [self.run_url] * bool(self.run_url)
        return ", ".join(parts)

    def document(self) -> dict[str, str]:
        """Return it as a lock's record has it."""
        return asdict(self) | {"since": self.since.isoformat()}


def holder_of(document: Mapping[str, object]) -> Holder:
    """Return the holder that a lock's record names. Raises ValueError where it names none."""
    since = datetime.fromisoformat(str(document.get("since")))
    run, by, url = (display(str(document.get(key, "")), 300) for key in ("run", "by", "run_url"))
    if since.tzinfo is None or not run:
        raise ValueError("no holder")
    return Holder(run, since, by, url)


def holder_in(content: bytes) -> Holder | None:
    """Return the holder that a file beside a lock names; None where it does not make sense."""
    try:
        document = json.loads(content)
        return holder_of(document) if isinstance(document, dict) else None
    except (ValueError, RecursionError):
        return None

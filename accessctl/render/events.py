r"""What happens as events, one JSON object a line; the first tells the version. Pure.

schemas/events.schema.json describes them. No line holds a command that a CI system would find in its log.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from accessctl import __version__
from accessctl.render.escape import json_text

if TYPE_CHECKING:
    from collections.abc import Iterable

FORMAT_VERSION = "1.0"
Event = dict[str, Any]


def version_event(command: str) -> Event:
    """Return the first event of every stream. A minor version adds types and keys; a major one breaks."""
    return {"type": "version", "format_version": FORMAT_VERSION, "tool_version": __version__, "command": command}


def event_line(event: Event) -> str:
    """Return an event as one line of ASCII, without its end."""
    return json_text(json.dumps(event, ensure_ascii=True, allow_nan=False))


def event_lines(events: Iterable[Event]) -> str:
    """Return events, each on a line of its own."""
    return "".join(event_line(event) + "\n" for event in events)

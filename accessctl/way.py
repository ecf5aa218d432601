"""How a person says which Graph API to use, how hard, and where the lock and the journal are. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Way:
    """The way to Meta and back; everything empty is Meta's own API, with lock and journal below the project.

    `max_wait` is how many seconds a run may wait out throttling in all, `parallelism` how many requests may
    be on their way at a time. `state` is the URL of an object store, `journal` the path of a file.
    """

    graph_url: str = ""
    sandbox: str = ""
    token_command: str = ""
    max_wait: float = 900.0
    parallelism: int = 10
    state: str = ""
    journal: str = ""

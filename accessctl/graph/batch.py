"""Many reads in one request, and each answer told apart from the others."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from accessctl.graph.address import join_path
from accessctl.graph.call import Call, spell
from accessctl.graph.errors import GraphError
from accessctl.graph.secret import Secret
from accessctl.graph.verdict import judge, untrusted
from accessctl.model import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from accessctl.graph.call import Value

CHUNK = 50  # GRAPH_API 3.6: 51 are refused


@dataclass(frozen=True, slots=True)
class BatchRead:
    """One read of a batch. `token` is its own where the batch's token may not read this, as for a Page."""

    path: tuple[str, ...]
    params: Mapping[str, Value] = field(default_factory=dict)
    token: Secret | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "params", frozen(self.params))

    @property
    def call(self) -> Call:
        """The read as a call of its own."""
        return Call("GET", self.path)


def write_batch(items: Sequence[tuple[BatchRead, Mapping[str, Secret]]]) -> Secret:
    """Return the `batch` parameter for these reads, each with what goes along for its own token.

    The whole is a secret, for Page tokens stand in it (in the body of a POST, never in a URL).
    """
    return Secret(
        json.dumps([{"method": "GET", "relative_url": _relative_url(read, own)} for read, own in items]), "batch"
    )


def read_batch(value: object, asked: int, call: Call) -> list[object]:
    """Return the entries of the answer, as many as were asked for and in that order; raises GraphError.

    Where the number differs nobody can tell which answer belongs to which read.
    """
    if not isinstance(value, list):
        raise untrusted(call, "is not a list")
    if len(value) != asked:
        raise untrusted(call, f"has {len(value)} entries for {asked} reads")
    return value


def read_entry(
    entry: object, read: BatchRead, secrets: Sequence[Secret]
) -> tuple[dict[str, object] | GraphError, Mapping[str, str]]:
    """Return the answer to one read of the batch, and its headers by lower-case name.

    A null entry is a read Meta did not finish in time.
    """
    if entry is None:
        return untrusted(read.call, "is missing from the batch"), {}
    status, body = (entry.get("code"), entry.get("body")) if isinstance(entry, dict) else (None, None)
    if not isinstance(entry, dict) or not isinstance(status, int) or not isinstance(body, str):
        return untrusted(read.call, "came in a batch entry nobody can read"), {}
    headers = _headers(entry.get("headers"))
    outcome = judge(read.call, status, headers, body.encode(), secrets)
    if isinstance(outcome, (dict, GraphError)):
        return outcome, headers
    return untrusted(read.call, "is not a JSON object"), headers


def _relative_url(read: BatchRead, own: Mapping[str, Secret]) -> str:
    path, shown = join_path(read.path), {**spell(read.params), **own}
    plain = {name: value.reveal() if isinstance(value, Secret) else value for name, value in shown.items()}
    return f"{path}?{urlencode(plain)}" if plain else path


def _headers(rows: object) -> dict[str, str]:
    """Return the headers of an entry by lower-case name; what is no header is left out."""
    pairs = [
        (row.get("name"), row.get("value")) for row in (rows if isinstance(rows, list) else []) if isinstance(row, dict)
    ]
    return {name.lower(): value for name, value in pairs if isinstance(name, str) and isinstance(value, str)}

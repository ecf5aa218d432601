"""What goes over the wire: requests and responses as plain values, Meta's error body, its times."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from accessctl.sandbox.world import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

NEWEST = "v26.0"


class Dropped(Exception):  # noqa: N818  (it is what happens to the connection, not a mistake)
    """The connection is to be cut without an answer."""


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. `path` is decoded and has no query; header names are lower case."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=frozen)
    form: Mapping[str, str] = field(default_factory=frozen)
    headers: Mapping[str, str] = field(default_factory=frozen)


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP response."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body, read as JSON."""
        return json.loads(self.body)


class Refusal(Exception):  # noqa: N818  (an answer of the simulated API, not a mistake of this program)
    """An error answer in Meta's shape; GRAPH_API 4.1. Status 403 for permissions, else 400."""

    def __init__(
        self, code: int, message: str, subcode: int = 0, *, kind: str = "OAuthException", status: int = 0
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.subcode = subcode
        self.kind = kind
        self.status = status or (403 if code == 10 or 200 <= code < 300 else 400)

    def body(self, trace: str) -> dict[str, Any]:
        """Return the JSON body."""
        error: dict[str, Any] = {"message": self.message, "type": self.kind, "code": self.code}
        if self.subcode:
            error["error_subcode"] = self.subcode
        if self.code in (1, 2):
            error["is_transient"] = True
        return {"error": error | {"fbtrace_id": trace}}


def unseen(node: str) -> Refusal:
    """Answer for what is absent or not to be seen; Meta does not tell which."""
    text = f"Object '{node}' is not there, cannot be loaded for lack of permissions, or has no such operation"
    return Refusal(100, f"Unsupported request. {text}", 33, kind="GraphMethodException")


def edge_time(moment: datetime) -> str:
    """Write a time as edges do, `2014-01-07T23:26:09+0000`; GRAPH_API 3.2."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def json_bytes(value: Any) -> bytes:
    """Write a JSON body as Meta does: compact, ASCII."""
    return json.dumps(value, separators=(",", ":")).encode()


def read_request(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Request:
    """Make a Request of what an HTTP server or client has in hand.

    A parameter given twice counts with its last value. A body may be url-encoded or multipart (`curl -F`).
    """
    local = "/" + target.split("/", 3)[-1] if target.startswith(("http://", "https://")) else target
    path, _, query = local.partition("#")[0].partition("?")
    named = {key.lower(): value for key, value in headers.items()}
    return Request(
        method.upper(),
        unquote(path),
        frozen(pairs(query)),
        frozen(_form(named.get("content-type", ""), body)),
        frozen(named),
    )


def pairs(encoded: str) -> dict[str, str]:
    """Read url-encoded parameters."""
    return dict(parse_qsl(encoded, keep_blank_values=True))


def _form(content_type: str, body: bytes) -> dict[str, str]:
    if not content_type.startswith("multipart/form-data"):
        return pairs(body.decode("utf-8", "replace"))
    from email.parser import BytesParser  # slow to load, and few send multipart

    message = BytesParser().parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    found = {}
    for part in message.walk():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes):
            found[name] = content.decode("utf-8", "replace")
    return found

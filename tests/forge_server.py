"""What a forge is to a test: a server on a port of this machine that reads a request and answers in JSON."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator


class ForgeHandler(BaseHTTPRequestHandler):
    """Reads a request; what a forge answers is its own."""

    def asked(self) -> tuple[str, dict[str, str], dict[str, Any]]:
        """Return the path, the query and the content of the request."""
        length = int(self.headers.get("Content-Length") or 0)
        content = json.loads(self.rfile.read(length)) if length else {}
        parts = urlsplit(self.path)
        return parts.path, {key: values[0] for key, values in parse_qs(parts.query).items()}, content

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def served(handler: type[ForgeHandler]) -> Iterator[str]:
    """Serve on a free port, and yield the URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

"""A scripted Graph API on a real loopback socket: it gives the answers it was told to, and keeps what it got."""

from __future__ import annotations

import json
import socket
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

CANARY = "EAAcanaryTOKEN0123456789abcdefXYZ"


@dataclass
class Got:
    """One request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.target).query).items()}

    @property
    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


@dataclass
class Say:
    """One answer. `drop` closes the socket before any byte, `cut` after that many bytes of the body."""

    body: object = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    drop: bool = False
    cut: int | None = None
    hold: threading.Event | None = None

    @property
    def content(self) -> bytes:
        return self.raw if self.raw is not None else json.dumps(self.body).encode()


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        """A client that hangs up is what many of these tests are about."""


class Peer:
    """Answers with what `script` holds, then with `always`; `script` may also be a function of the request."""

    def __init__(self, *script, always=None):
        self.script = list(script)
        self.always = always
        self.got: list[Got] = []
        self._lock = threading.Lock()
        peer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # or each answer waits 40 ms for an acknowledgement

            def do_GET(self):
                peer._serve(self)

            do_POST = do_GET  # noqa: N815  # the standard library's name
            do_DELETE = do_GET  # noqa: N815

            def log_message(self, *args):
                pass

        self._server = _QuietServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def _serve(self, handler):
        length = int(handler.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in handler.headers.items()}
        got = Got(handler.command, handler.path, headers, handler.rfile.read(length))
        with self._lock:
            self.got.append(got)
            say = self.script.pop(0) if self.script else self.always
        if callable(say):
            say = say(got)
        if not isinstance(say, Say):
            say = Say(say)
        if say.hold is not None:
            say.hold.wait(10)
        if say.drop:
            handler.close_connection = True
            handler.connection.shutdown(socket.SHUT_RDWR)
            return
        content = say.content
        handler.send_response(say.status)
        for name, value in {"Content-Type": "application/json", **say.headers}.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        if say.cut is not None:
            handler.close_connection = True
            content = content[: say.cut]
        try:
            handler.wfile.write(content)
        except (BrokenPipeError, ConnectionResetError):
            handler.close_connection = True

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def error(code, *, status=400, subcode=None, message="Something", trace="AbC1", **more):
    """Return the answer Meta gives when it refuses."""
    body = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": trace, **more}
    if subcode is not None:
        body["error_subcode"] = subcode
    return Say({"error": body}, status=status)


def page(*ids, after=None, following=True, url=None):
    """Return one page of a listing; with `after` or `url` there is a next one."""
    paging = {}
    if after is not None:
        paging["cursors"] = {"after": after, "before": "x"}
    if (after is not None and following) or url is not None:
        paging["next"] = url or f"https://graph.facebook.com/v26.0/1/agencies?access_token=EAAsecret&after={after}"
    return {"data": [{"id": str(one)} for one in ids], "paging": paging}

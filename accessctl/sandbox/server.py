"""The sandbox on a local port: HTTP/1.1 with keep-alive, loopback only."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

from accessctl.sandbox.control import control
from accessctl.sandbox.wire import Dropped, Response, json_bytes, read_request
from accessctl.sandbox.world import WorldError, frozen

if TYPE_CHECKING:
    from types import TracebackType

    from accessctl.sandbox.sandbox import Sandbox
    from accessctl.sandbox.wire import Request

LARGEST = 16 * 1024 * 1024  # bytes of one request; a full batch has far less


def serve(sandbox: Sandbox, host: str = "127.0.0.1", port: int = 0, *, latency: float = 0.0) -> Server:
    """Open the port; 0 takes a free one. Raise WorldError for a host that is not loopback, or a port in use.

    `latency` is in seconds: so much later each request reaches the sandbox, overlapping as in a network.
    In tests use it as a context manager, which answers from a thread; else call `serve_forever`.
    """
    if host != "localhost" and not host.startswith("127."):
        raise WorldError(f"{host} is not this machine alone", "the sandbox listens on 127.0.0.1")
    try:
        return Server(sandbox, host, port, latency)
    except (OSError, OverflowError) as error:
        raise WorldError(f"port {port} cannot be opened: {error}", "name another port, or 0 for any") from None


class Server:
    """A sandbox that listens. `url` is where, without a slash at the end."""

    def __init__(self, sandbox: Sandbox, host: str, port: int, latency: float = 0.0) -> None:
        self._http = _HTTPServer((host, port), _Handler, sandbox, latency)
        self._thread: threading.Thread | None = None
        self.port: int = self._http.server_address[1]
        self.url = f"http://{host}:{self.port}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        if self._thread:
            self._thread.join()
        self.close()

    def serve_forever(self) -> None:
        """Answer until Ctrl-C, then close."""
        with contextlib.suppress(KeyboardInterrupt):
            self._http.serve_forever(0.1)
        self.close()

    def close(self) -> None:
        """Stop listening, cut the connections that are open, wait for their threads."""
        self._http.server_close()


class _HTTPServer(ThreadingHTTPServer):
    daemon_threads = False  # so that closing waits for them

    def __init__(self, address: tuple[str, int], handler: type[_Handler], sandbox: Sandbox, latency: float) -> None:
        self.sandbox = sandbox
        self._latency = latency
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        super().__init__(address, handler)

    def server_bind(self) -> None:
        # The stdlib's own asks the resolver for this machine's name; nobody needs it here.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "localhost", self.server_address[1]

    def answer(self, request: Request) -> Response:
        """Answer a person at once, a call to the Graph API after the latency. Raise Dropped or WorldError."""
        if found := control(self.sandbox, request):
            return found
        if self._latency:
            self.sandbox.wait(self._latency)
        return self.sandbox.handle(request)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._guard:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._guard:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that goes away in the middle is no news; the stdlib would print a traceback.
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def server_close(self) -> None:
        with self._guard:
            for connection in self._open:
                _cut(connection)
        super().server_close()


def _cut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _HTTPServer
    timeout = 60  # seconds an idle connection is kept
    disable_nagle_algorithm = True

    def _answer(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if not (length.isascii() and length.isdigit() and int(length[:12]) <= LARGEST):
            self.close_connection = True
            return self.send_error(413)
        body = self.rfile.read(int(length))
        request = read_request(self.command, self.path, dict(self.headers.items()), body)
        try:
            answer = self.server.answer(request)
        except Dropped:
            self.close_connection = True
            return _cut(self.connection)
        except WorldError as error:  # the change could not be kept, so it was not made
            answer = Response(500, frozen(), json_bytes({"error": error.what, "hint": error.hint}))
        return self._send(answer)

    do_GET = do_POST = do_DELETE = do_PUT = _answer  # noqa: N815  (the stdlib's names)

    def _send(self, answer: Response) -> None:
        self.send_response(answer.status)
        for name, value in frozen({**answer.headers, "Content-Length": str(len(answer.body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: a request's address may hold a token."""

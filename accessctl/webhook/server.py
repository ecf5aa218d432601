"""The webhook on a port of its own, by uvicorn; the only room that knows uvicorn."""

from __future__ import annotations

import signal
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from accessctl.errors import AccessctlError
from accessctl.webhook.application import AT_ONCE, PATH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from accessctl.webhook.application import Webhook

NO_LIBRARY = "install it with: pip install uvicorn"
HEAD = 16 * 1024  # bytes of the head of a request
CONNECTIONS = 2 * AT_ONCE
WAITING = 1024  # connections that the system holds until they are taken


def need_server() -> None:
    """Raise AccessctlError where uvicorn is not installed."""
    try:
        import uvicorn  # noqa: F401
    except ImportError:
        raise AccessctlError("the webhook needs the server uvicorn, which is not installed", NO_LIBRARY) from None


def listen(host: str, port: int) -> socket.socket:
    """Open the port; 0 takes a free one. Raises AccessctlError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((host, port))
        opened.listen(WAITING)
    except (OSError, UnicodeError) as error:
        opened.close()
        reason = (error.strerror if isinstance(error, OSError) else "") or "no such address"
        raise AccessctlError(f"port {port} of {host} cannot be opened: {reason}", "name another with --port") from None
    return opened


def url_of(opened: socket.socket) -> str:
    """Return the address of the webhook at an open port."""
    host, port = opened.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}{PATH}"


def serve(webhook: Webhook, opened: socket.socket, seconds: float) -> None:
    """Answer until SIGTERM or Ctrl-C, then finish what has begun.

    `seconds` is how long a connection may be without a request, and a head take; a body may take as long.
    """
    import uvicorn

    from accessctl.webhook.patience import PatientProtocol

    protocol: Any = type("Patient", (PatientProtocol,), {"seconds": seconds})
    application: Any = webhook
    server = uvicorn.Server(
        uvicorn.Config(
            application,
            http=protocol,
            ws="none",
            loop="asyncio",
            lifespan="on",
            log_config=None,  # our own log says who came; uvicorn's would hold the query, and so the verify token
            log_level="error",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            limit_concurrency=CONNECTIONS,
            timeout_keep_alive=int(seconds),
            timeout_graceful_shutdown=int(seconds) + 5,
            h11_max_incomplete_event_size=HEAD,
            backlog=WAITING,
        )
    )

    def stop() -> None:
        server.should_exit = True

    with opened, _ending(stop):
        server.run(sockets=[opened])


@contextmanager
def _ending(stop: Callable[[], None]) -> Iterator[None]:
    """Let signals stop the server in order while the block runs: uvicorn raises them again at its end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {one: signal.signal(one, lambda *_: stop()) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)

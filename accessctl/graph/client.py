"""A connection to the Graph API: a reader for who plans, a writer for who applies."""

from __future__ import annotations

import logging
import time
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Self

import httpx

from accessctl import __version__
from accessctl.graph.address import check_base_url, check_version
from accessctl.graph.pages import PAGE_CAP
from accessctl.graph.patience import Patience
from accessctl.graph.reader import Reader
from accessctl.graph.wire import Wire
from accessctl.graph.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from accessctl.graph.secret import Secret
    from accessctl.model import Cost

MAX_WAIT = 900.0
CONNECTIONS = 10  # PERFORMANCE: the pool walks all of them for each request, so more are slower
TIMEOUT = httpx.Timeout(60.0, connect=10.0)


class Session:
    """An open connection, for any number of threads. Close it, or use it as a context manager."""

    def __init__(self, client: httpx.Client, wire: Wire, reader: Reader, writer: Writer) -> None:
        self._client = client
        self._wire = wire
        self.reader = reader
        self.writer = writer

    @property
    def cost(self) -> Cost:
        """What was asked of Meta so far."""
        return self._wire.cost

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def connect(
    *,
    base_url: str,
    version: str,
    app_secret: Secret | None,
    transport: httpx.BaseTransport | None = None,
    sleep: Callable[[float], None] = time.sleep,
    max_wait: float = MAX_WAIT,
    page_cap: int = PAGE_CAP,
    timeout: httpx.Timeout = TIMEOUT,
) -> Session:
    """Open a session. Nothing is sent yet.

    `transport` takes the place of the network (a Graph API inside this process). `max_wait` is how many
    seconds each thread may wait out throttling in all, `page_cap` how many pages a listing may have. Raises
    AccessctlError for a base URL or version that is not one.
    """
    base_url = check_base_url(base_url)
    _hush()
    client = httpx.Client(
        transport=transport,
        trust_env=False,  # no proxy, certificate file or .netrc that the environment happens to name
        follow_redirects=False,
        timeout=timeout,
        limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS),
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        headers={
            "User-Agent": f"accessctl/{__version__}",
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
        },
    )
    wire = Wire(client, base_url=base_url, version=check_version(version), app_secret=app_secret)
    return Session(client, wire, Reader(wire, Patience(sleep=sleep, max_wait=max_wait), page_cap), Writer(wire))


def _hush() -> None:
    """Keep the HTTP library's logs at warnings: at INFO they hold the query, and so the appsecret_proof."""
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)

"""A connection to the Graph API: a reader for who plans, a writer for who applies."""

from __future__ import annotations

import logging
import time
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Self

import httpx

from accessctl import __version__
from accessctl.graph.address import check_base_url, check_version
from accessctl.graph.pace import Pace
from accessctl.graph.pages import PAGE_CAP
from accessctl.graph.patience import Patience
from accessctl.graph.reader import Reader
from accessctl.graph.wire import Wire
from accessctl.graph.writer import Writer
from accessctl.watch import QUIET

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from accessctl.graph.ends import Ended
    from accessctl.graph.secret import Secret
    from accessctl.model import Cost
    from accessctl.watch import Watch

MAX_WAIT = 900.0
CONNECTIONS = 10  # the pool walks all of them for each request, so many more are slower
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

    @property
    def ends(self) -> Mapping[str, Ended]:
        """How the calls of the Marketing API ended, by the fingerprint of their token."""
        return self._wire.ends.told

    def tier_of(self, token: Secret) -> str:
        """Return Meta's word for the access tier of a token's app, empty as long as no answer had it."""
        return self._wire.tier_of(token)

    @property
    def tier(self) -> str:
        """Meta's word for the app's access tier, empty as long as no answer had it (GRAPH_API 5.1)."""
        return self._wire.pace.tier

    @property
    def served_version(self) -> str:
        """The version Meta last answered with, empty as long as no answer had it."""
        return self._wire.served_version

    @property
    def version_warning(self) -> str:
        """What Meta has said about the version asked for, empty where it said nothing (GRAPH_API 6)."""
        return self._wire.version_warning

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
    clock: Callable[[], float] = time.monotonic,
    max_wait: float = MAX_WAIT,
    parallelism: int = CONNECTIONS,
    page_cap: int = PAGE_CAP,
    timeout: httpx.Timeout = TIMEOUT,
    watch: Watch = QUIET,
    permit: Callable[[], None] = lambda: None,
) -> Session:
    """Open a session. Nothing is sent yet.

    `transport` takes the place of the network (a Graph API inside this process). `sleep` takes seconds and
    `clock` gives them. `max_wait` is how many seconds the session may wait for its turn in all, `parallelism`
    how many requests may be on their way at a time, `page_cap` how many pages a listing may have; `watch` is
    told of waits. `permit` is asked right before each write, and raises AccessctlError to hold it back. Raises
    AccessctlError for a base URL or version that is not one.
    """
    base_url = check_base_url(base_url)
    _hush()
    at_once = parallelism
    client = httpx.Client(
        transport=transport,
        trust_env=False,  # no proxy, certificate file or .netrc that the environment happens to name
        follow_redirects=False,
        timeout=timeout,
        limits=httpx.Limits(max_connections=at_once, max_keepalive_connections=at_once),
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        headers={
            "User-Agent": f"accessctl/{__version__}",
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
        },
    )
    pace = Pace(sleep=sleep, clock=clock, max_wait=max_wait, watch=watch)
    version = check_version(version)
    wire = Wire(client, pace, base_url=base_url, version=version, app_secret=app_secret, at_once=at_once, permit=permit)
    return Session(client, wire, Reader(wire, Patience(sleep), page_cap, at_once), Writer(wire))


def _hush() -> None:
    """Keep the HTTP library's logs at warnings: at INFO they hold the query, and so the appsecret_proof."""
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)

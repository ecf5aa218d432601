"""Sessions against a scripted peer. No test really sleeps: pauses are written down."""

from __future__ import annotations

import contextlib

import httpx
import pytest
from graph_peer import CANARY, Peer

from accessctl.graph.client import connect
from accessctl.graph.secret import Secret


@pytest.fixture
def token():
    return Secret(CANARY, "ACCESSCTL_TOKEN")


class Pauses(list):
    """Pauses as they were asked for; a clock that nothing else moves."""

    def clock(self):
        return sum(self)


@pytest.fixture
def pauses():
    return Pauses()


@pytest.fixture
def talk(pauses):
    """Return a function that starts a peer with a script and opens a session to it."""
    with contextlib.ExitStack() as stack:

        def start(*script, always=None, app_secret=None, **options):
            peer = stack.enter_context(Peer(*script, always=always))
            options.setdefault("sleep", pauses.append)
            options.setdefault("clock", pauses.clock)
            options.setdefault("timeout", httpx.Timeout(5.0))
            session = stack.enter_context(connect(base_url=peer.url, version="v26.0", app_secret=app_secret, **options))
            return peer, session

        yield start

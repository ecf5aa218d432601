"""A company on a port, each request late by a given time: `python -m tests.benchmarks.served ACCOUNTS MS`.

Prints the URL, then, for each line it is sent, what was asked of it so far. Ends with its standard input.
"""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING

from accessctl.sandbox import Sandbox
from accessctl.sandbox.server import serve
from accessctl.sandbox.world import AD_ACCOUNT, Asset, Business, Pair, World, frozen

if TYPE_CHECKING:
    from accessctl.sandbox.wire import Request, Response

OWNER = "1001"
AGENCIES = ("2001", "2002", "2003", "2004", "2005")
TASKS = ("ADVERTISE", "ANALYZE")


class Late(Sandbox):
    """A sandbox far away: each request takes `latency` seconds more, side by side with the others."""

    latency = 0.0

    def handle(self, request: Request) -> Response:
        time.sleep(self.latency)
        return super().handle(request)


def number(account: int) -> str:
    """Return the id of the nth account, without act_."""
    return str(7_000_000_000 + account)


def world_of(accounts: int) -> World:
    """Build one owner's world: so many ad accounts, five agencies on each."""
    held = frozen({agency: Pair(TASKS) for agency in AGENCIES})
    nodes = [f"act_{number(account)}" for account in range(accounts)]
    names = {OWNER: "Acme GmbH", **{agency: f"Agency {agency}" for agency in AGENCIES}}
    return World(
        businesses=frozen({key: Business(key, name) for key, name in names.items()}),
        assets=frozen({node: Asset(AD_ACCOUNT, node, f"Account {node}", OWNER, held) for node in nodes}),
    )


def asked(sandbox: Sandbox) -> dict[str, int]:
    """Count HTTP requests, and calls as Meta counts them: each item of a batch, the batch itself not."""
    calls = sum(1 for call in sandbox.calls if call.method != "POST" or call.path)
    return {"requests": sandbox.http_requests, "calls": calls}


def main() -> None:
    sandbox = Late(world_of(int(sys.argv[1])))
    sandbox.latency = float(sys.argv[2]) / 1000
    with serve(sandbox) as server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        for _ in sys.stdin:
            sys.stdout.write(json.dumps(asked(sandbox)) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()

"""One logical call: a whole request, or one item of a batch, with its address read and its token found."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from accessctl.sandbox.wire import NEWEST, Refusal
from accessctl.sandbox.world import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from accessctl.sandbox.auth import Caller
    from accessctl.sandbox.paging import Listings
    from accessctl.sandbox.wire import Request
    from accessctl.sandbox.world import World

OLDEST = 21  # v20 ended 2026-09-24; GRAPH_API section 6
_VERSION = re.compile(r"v([0-9]{1,3})\.([0-9]{1,2})", re.ASCII)
SECRET = ("access_token", "appsecret_proof")


@dataclass(frozen=True, slots=True)
class Call:
    """`steps` are the path's parts without the version; `params` are query and form without the secrets.

    `root` is where the address of a next page starts. `token_in_url` says that such an address has to
    carry the token, as Meta's do when it came that way.
    """

    method: str
    steps: tuple[str, ...]
    params: Mapping[str, str]
    token: str
    proof: str
    root: str
    version: str = NEWEST
    token_in_url: bool = False
    batched: bool = False

    @property
    def path(self) -> str:
        """The path without version, as faults and logs name it; `/` for the root."""
        return "/".join(self.steps) or "/"


@dataclass(frozen=True, slots=True)
class View:
    """What one caller sees of the world during one call."""

    world: World
    caller: Caller
    call: Call
    listings: Listings
    now: datetime

    @property
    def lost(self) -> frozenset[str]:
        """The ids of assets and businesses to which the caller's access has ended."""
        return frozenset(node for node, end in self.caller.access_expires.items() if end <= self.now)

    def link(self, path: str, params: Mapping[str, str]) -> str:
        """Return the full address of a page of a listing."""
        query = {key: value for key, value in params.items() if value}
        if self.call.token_in_url:
            query = {"access_token": self.call.token} | query
        return f"{self.call.root}/{path}?{urlencode(query)}"


def read_call(request: Request) -> Call:
    """Read the address and find the token: in the header, then the form, then the query.

    An address without a version is one of the newest.
    """
    steps = tuple(step for step in request.path.split("/") if step)
    version = NEWEST
    if steps and _VERSION.fullmatch(steps[0]):
        version, steps = steps[0], steps[1:]
    params = {**request.query, **request.form}
    bearer = request.headers.get("authorization", "")
    token = bearer[7:].strip() if bearer[:7].lower() == "bearer " else params.get("access_token", "")
    host = request.headers.get("host", "graph.facebook.com")
    scheme = "https" if host == "graph.facebook.com" else "http"
    return Call(
        request.method,
        steps,
        frozen({key: value for key, value in params.items() if key not in SECRET}),
        token,
        params.get("appsecret_proof", ""),
        f"{scheme}://{host}/{version}",
        version,
        token_in_url="access_token" in request.query,
    )


def check_version(version: str) -> None:
    """Raise Refusal for a version that is no longer, or not yet, served."""
    major = int(version[1:].split(".", maxsplit=1)[0])
    if major < OLDEST:
        raise Refusal(2635, f"Version {version} has ended; call a newer one")
    if major > int(NEWEST[1:].split(".")[0]):
        raise Refusal(2500, f"Unknown path components: /{version}")

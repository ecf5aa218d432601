"""A small world that the sandbox's tests share, and a short way to call it."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlencode

from accessctl.sandbox import Sandbox, World
from accessctl.sandbox.wire import read_request
from accessctl.sandbox.worldfile import world_of
from accessctl.sandbox.yamltree import read_yaml

WORLD = """
version: 1
now: "2026-11-21T09:00:00Z"
businesses:
  "1001": {name: Acme GmbH, verification_status: verified}
  "2002": {name: Mediahouse Ltd}
  "2003": {name: Dataco}
tokens:
  reader: {business: "1001", role: employee}
  old: {business: "1001", expired: true}
ad_accounts:
  "11":
    name: Acme DE
    owner: "1001"
    agencies:
      "2002": [ADVERTISE, ANALYZE]
      "2003": {tasks: [ANALYZE], status: CLIENT_RESPONSE_PENDING, requested: "2026-11-01T08:00:00Z"}
  "12": {name: Acme FR, owner: "1001"}
  "13": {name: Acme slow, owner: "1001", admin_approval: true}
  "14": {name: Acme broken, owner: "1001", fault: {code: 10, message: "not today"}}
  "15": {name: Acme secret, owner: "1001", hidden: true, agencies: {"2002": [ANALYZE]}}
pages:
  "71": {name: Acme Page, owner: "1001", agencies: {"2002": [ANALYZE]}}
  "72": {name: Acme New, owner: "1001", new_experience: true}
  "73": {name: Acme shy, owner: "1001", page_token: false}
"""


# What few worlds have: put it before the Pages of WORLD.
RARE = """
  "21":
    {name: Rare, owner: "1001", unlisted: true, visible_to: ["2003"], partners_miss: ["2002"],
     partners_invent: {"2003": [ANALYZE]}, agencies: {"2002": [ANALYZE]}}
  "22": {name: Of a person, personal: true, agencies: {"2003": [ANALYZE]}}
gone: ["79", act_29]
"""


def world(text: str = WORLD, **quirks: object) -> World:
    """Read a world, with quirks added."""
    tree = read_yaml(text, "world.yaml")
    tree.setdefault("quirks", {}).update(quirks)
    return world_of(tree, "world.yaml")


def sandbox(text: str = WORLD, *, faults: tuple[dict[str, object], ...] = (), **quirks: object) -> Sandbox:
    """Make a sandbox of a world, with quirks and faults added."""
    tree = read_yaml(text, "world.yaml")
    tree.setdefault("quirks", {}).update(quirks)
    tree["faults"] = list(faults)
    return Sandbox(world_of(tree, "world.yaml"))


class Client:
    """Calls a sandbox as one token does."""

    def __init__(self, sandbox: Sandbox, token: str = "sandbox-1001") -> None:
        self.sandbox = sandbox
        self.token = token

    def ask(self, method: str, path: str, **params: object):
        """Return the response."""
        texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in params.items()}
        target, body = "/v26.0/" + path.lstrip("/"), b""
        if method == "POST":
            body = urlencode(texts).encode()
        elif texts:
            target += "?" + urlencode(texts)
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return self.sandbox.handle(read_request(method, target, headers, body))

    def get(self, path: str, **params: object):
        """Return the JSON of a GET."""
        return self.ask("GET", path, **params).json()

    def post(self, path: str, **params: object):
        """Return the JSON of a POST."""
        return self.ask("POST", path, **params).json()

    def delete(self, path: str, **params: object):
        """Return the JSON of a DELETE."""
        return self.ask("DELETE", path, **params).json()

    def of_page(self, page: str) -> Client:
        """Return a client that holds the Page token of this one."""
        return Client(self.sandbox, self.get(page, fields="access_token")["access_token"])


def code(answer: dict) -> tuple[int, int]:
    """Return an error answer's code and subcode."""
    return answer["error"]["code"], answer["error"].get("error_subcode", 0)


SCHEMA = Path(__file__).parents[2] / "schemas" / "world.schema.json"

"""A small GitLab on this machine: notes of merge requests and issues, with its paging and its tokens."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tests.forge_server import ForgeHandler, served

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN, ME, OTHER = "glpat-writes", {"id": 11}, {"id": 12}
PROJECT = "/api/v4/projects/5/"
NOTES = "merge_requests/7/notes"


class Gitlab:
    """What is there: lists of notes and issues, by the path they are listed under."""

    def __init__(self) -> None:
        self.lists: dict[str, list[dict[str, Any]]] = {NOTES: [], "issues": []}
        self.url = ""

    def add(self, path: str, author: dict[str, int], content: dict[str, str]) -> dict[str, Any]:
        """Write a note or open an issue as somebody."""
        number = len(self.lists[path]) + 1
        self.lists[path].append({"id": number, "iid": number, "author": author, "state": "opened", **content})
        return self.lists[path][-1]

    def answer(self, method: str, path: str, query: dict[str, str], content: dict[str, str]) -> Any:
        """Carry out one call below the project."""
        if method == "POST":
            return self.add(path, ME, content)
        if method == "PUT":
            path, _, number = path.rpartition("/")
            (found,) = [item for item in self.lists[path] if item["id"] == int(number)]
            if content.pop("state_event", "") == "close":
                found["state"] = "closed"
            found.update(content)
            return found
        return [item for item in self.lists[path] if item["state"] == query.get("state", item["state"])]


@contextmanager
def gitlab() -> Iterator[Gitlab]:
    """Serve a GitLab on a port of this machine."""
    made = Gitlab()

    class Handler(ForgeHandler):
        def _serve(self) -> None:
            path, query, content = self.asked()
            if self.headers.get("PRIVATE-TOKEN") != TOKEN:
                self._send(401, {})
            elif path == "/api/v4/user":
                self._send(200, ME)
            else:
                self._send(200, made.answer(self.command, path.removeprefix(PROJECT), query, content), query)

        def _send(self, status: int, found: Any, query: dict[str, str] | None = None) -> None:
            following = ""
            if isinstance(found, list) and query is not None:
                size, page = int(query.get("per_page", "20")), int(query.get("page", "1"))
                following = str(page + 1) if len(found) > page * size else ""
                found = found[(page - 1) * size : page * size]
            text = json.dumps(found).encode()
            self.send_response(status)
            self.send_header("X-Next-Page", following)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PUT = _serve  # noqa: N815

    with served(Handler) as url:
        made.url = f"{url}/api/v4"
        yield made

"""A small GitHub on this machine: the endpoints for comments, issues and runs, as strict as the real ones."""

from __future__ import annotations

import itertools
import json
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tests.forge_server import ForgeHandler, served

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = "acme/access"
BOT = "github-actions[bot]"
LONGEST = 65_536
WRITES, READS = "ghs_writes", "ghs_reads"


class Peer:
    """What is on GitHub: comments by number of the pull request, issues, and runs that ended well by workflow."""

    def __init__(self) -> None:
        self.comments: dict[int, list[dict[str, Any]]] = {}
        self.issues: list[dict[str, Any]] = []
        self.runs: dict[str, list[dict[str, Any]]] = {}
        self.log: list[tuple[str, str]] = []
        self.url = ""
        self._ids = itertools.count(1001)

    def comment(self, number: int, body: str, login: str) -> dict[str, Any]:
        """Write a comment as somebody."""
        made = {"id": next(self._ids), "body": body, "user": {"login": login}}
        self.comments.setdefault(number, []).append(made)
        return made

    def issue(self, title: str, body: str | None, login: str) -> dict[str, Any]:
        """Open an issue as somebody."""
        number = next(self._ids)
        made = {"number": number, "title": title, "body": body, "user": {"login": login}, "state": "open"}
        self.issues.append(made)
        return made

    def by(self, login: str, number: int) -> list[str]:
        """Return the texts somebody has written on a pull request."""
        return [comment["body"] for comment in self.comments.get(number, []) if comment["user"]["login"] == login]

    def writes(self) -> list[str]:
        """Return the calls that changed something, and forget them."""
        found = [f"{method} {path}" for method, path in self.log if method != "GET"]
        self.log.clear()
        return found

    def answer(self, method: str, path: str, query: dict[str, str], content: dict[str, str]) -> Any:
        """Carry out one call below /repos/OWNER/NAME/. Returns a list for what comes in pages."""
        if len(content.get("body", "")) > LONGEST:
            return 422
        for pattern, act in ROUTES.items():
            found = re.fullmatch(pattern, f"{method} {path}")
            if found:
                return act(self, *found.groups(), query=query, content=content)
        return 404

    def _list_comments(self, number: str, **_: Any) -> Any:
        return self.comments.get(int(number), [])

    def _add_comment(self, number: str, *, content: dict[str, str], **_: Any) -> Any:
        return self.comment(int(number), content["body"], BOT)

    def _change_comment(self, number: str, *, content: dict[str, str], **_: Any) -> Any:
        found = [one for every in self.comments.values() for one in every if one["id"] == int(number)]
        if not found:
            return 404
        found[0].update(content)
        return found[0]

    def _delete_comment(self, number: str, **_: Any) -> Any:
        for every in self.comments.values():
            every[:] = [one for one in every if one["id"] != int(number)]

    def _list_issues(self, *, query: dict[str, str], **_: Any) -> Any:
        return [issue for issue in self.issues if issue["state"] == query.get("state", "open")]

    def _add_issue(self, *, content: dict[str, str], **_: Any) -> Any:
        return self.issue(content["title"], content["body"], BOT)

    def _change_issue(self, number: str, *, content: dict[str, str], **_: Any) -> Any:
        (found,) = [issue for issue in self.issues if issue["number"] == int(number)]
        found.update(content)
        return found

    def _list_runs(self, workflow: str, **_: Any) -> Any:
        return {"workflow_runs": self.runs.get(workflow, [])}


ROUTES = {
    r"GET issues/(\d+)/comments": Peer._list_comments,
    r"POST issues/(\d+)/comments": Peer._add_comment,
    r"PATCH issues/comments/(\d+)": Peer._change_comment,
    r"DELETE issues/comments/(\d+)": Peer._delete_comment,
    r"GET issues": Peer._list_issues,
    r"POST issues": Peer._add_issue,
    r"PATCH issues/(\d+)": Peer._change_issue,
    r"GET actions/workflows/([a-z.-]+)/runs": Peer._list_runs,
}


@contextmanager
def peer() -> Iterator[Peer]:
    """Serve a GitHub on a port of this machine."""
    github = Peer()

    class Handler(ForgeHandler):
        def _serve(self) -> None:
            whole, query, content = self.asked()
            path = whole.removeprefix(f"/repos/{REPOSITORY}/")
            github.log.append((self.command, path))
            self._send(self._allowed() or github.answer(self.command, path, query, content), whole, query)

        def _allowed(self) -> int | None:
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            if token not in (WRITES, READS):
                return 401
            return 403 if self.command != "GET" and token == READS else None

        def _send(self, found: Any, path: str, query: dict[str, str]) -> None:
            status, link = (found, "") if isinstance(found, int) else (200, "")
            if isinstance(found, list):
                size, page = int(query.get("per_page", "30")), int(query.get("page", "1"))
                more = len(found) > page * size
                found = found[(page - 1) * size : page * size]
                link = f'<{github.url}{path}?page={page + 1}>; rel="next"' if more else ""
            text = json.dumps({"message": "no"} if isinstance(found, int) else found).encode()
            self.send_response(204 if found is None else status)
            if link:
                self.send_header("Link", link)
            self.send_header("Content-Length", "0" if found is None else str(len(text)))
            self.end_headers()
            if found is not None:
                self.wfile.write(text)

        do_GET = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815

    with served(Handler) as url:
        github.url = url
        yield github

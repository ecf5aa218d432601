"""Writes one note on a merge request, or one issue about drift, and changes it from then on.

    notes.py note PLAN.md               in a pipeline of a merge request
    notes.py drift PLAN.md PLAN.json    opens, changes or closes the issue

Without ACCESS_NOTE_TOKEN it does nothing. Only what its own user has written is ever changed. The files come from a job
that ran what a branch has written, so nothing is believed of them but what is checked here.
"""

from __future__ import annotations

import json
import os
import re
import stat
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DRIFT_TITLE = "Access drift: live access is not what the manifests say"
NOTE, DRIFT = "<!-- accessctl:plan:default -->", "<!-- accessctl:plan:drift -->"
NO_PLAN = NOTE + "\n\n### No plan\n\n[This pipeline]({}) says why.\n"
LONGEST = 1_000_000  # characters of a note or an issue
LARGEST_TEXT, LARGEST_PLAN = 4 * LONGEST, 256 * 1024 * 1024  # bytes
# GitLab carries out lines that begin so, with the rights of whoever writes them. No plan has one.
COMMAND = re.compile(r"^\s*/", re.MULTILINE)
MOST_PAGES = 300
SECONDS = 30


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A token goes to the host it is for, and to no other."""

    def redirect_request(self, *_: Any) -> None:
        return None


def call(method: str, path: str, content: dict[str, str] | None = None) -> tuple[Any, str]:
    """Ask GitLab. Returns the answer, and the number of the next page or nothing."""
    url = os.environ["CI_API_V4_URL"].rstrip("/")
    if not url.startswith(("https://", "http://127.0.0.1:", "http://localhost:")):
        sys.exit("error: CI_API_V4_URL is no https address, so no token goes there")
    request = urllib.request.Request(  # noqa: S310  # the scheme was looked at
        f"{url}/{path}",
        method=method,
        data=json.dumps(content).encode() if content else None,
        headers={"PRIVATE-TOKEN": os.environ["ACCESS_NOTE_TOKEN"], "Content-Type": "application/json"},
    )
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=SECONDS) as answer:
            return json.loads(answer.read()), answer.headers.get("X-Next-Page", "")
    except urllib.error.HTTPError as error:
        with error:
            sys.exit(f"error: GitLab answered {error.code} to {method} {path.partition('?')[0]}")
    except (OSError, ValueError):
        sys.exit(f"error: GitLab could not be asked: {method} {path.partition('?')[0]}")


def every(path: str) -> Iterator[dict[str, Any]]:
    """Yield the items of a list to its end."""
    for page in range(1, MOST_PAGES + 1):
        items, following = call("GET", f"{path}{'&' if '?' in path else '?'}per_page=100&page={page}")
        yield from items
        if not following:
            return


class UnfitError(Exception):
    """A file is not what accessctl makes."""


def contents(path: Path, most: int) -> str:
    """Return the text of a regular file of at most so many bytes: a link could lead to what is no plan."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as file:
            found = os.fstat(handle)
            if not stat.S_ISREG(found.st_mode) or found.st_size > most:
                raise UnfitError(f"{path.name} is no file, or too large")
            return file.read(most).decode("utf-8")
    except (OSError, UnicodeDecodeError):
        raise UnfitError(f"{path.name} is not there, or no text") from None


def markdown(path: Path, first: str) -> str:
    """Return a plan that begins with our marker, fits, and holds nothing that GitLab would carry out."""
    text = contents(path, LARGEST_TEXT)
    if not text.startswith(f"{first}\n") or len(text) > LONGEST:
        raise UnfitError(f"{path.name} does not begin as a plan does, or is too long")
    if COMMAND.search(text):
        raise UnfitError(f"{path.name} has a line that GitLab would take for a command")
    return text


def ours(items: Iterable[dict[str, Any]], first: str, body: str) -> list[dict[str, Any]]:
    """Return those with that hidden first line which our own user has written."""
    me = call("GET", "user")[0]["id"]
    return [item for item in items if item["author"]["id"] == me and (item[body] or "").splitlines()[:1] == [first]]


def note(project: str, plan: Path) -> None:
    """Write the plan into our note of the merge request. Without a plan, say so: the old one must not stay."""
    try:
        text = markdown(plan, NOTE)
    except UnfitError as reason:
        sys.stdout.write(f"No plan is posted: {reason}.\n")
        text = NO_PLAN.format(os.environ["CI_PIPELINE_URL"])
    path = f"{project}/merge_requests/{int(os.environ['CI_MERGE_REQUEST_IID'])}/notes"
    found = ours(every(path), NOTE, "body")
    if found:
        call("PUT", f"{path}/{found[0]['id']}", {"body": text})
    else:
        call("POST", path, {"body": text})


def drift(project: str, plan: Path, saved: Path) -> None:
    """Open or change the issue where there is something to do; close it where all was read and nothing is."""
    try:
        text, made = markdown(plan, DRIFT), json.loads(contents(saved, LARGEST_PLAN))
    except (UnfitError, ValueError) as reason:
        sys.exit(f"error: there is no plan to tell of: {reason}")
    found = ours(every(f"{project}/issues?state=opened"), DRIFT, "description")
    if made["actions"] and found:
        call("PUT", f"{project}/issues/{found[0]['iid']}", {"description": text})
    elif made["actions"]:
        call("POST", f"{project}/issues", {"title": DRIFT_TITLE, "description": text})
    elif not made["blocked"] and not made["unread"]:
        for issue in found:
            call("PUT", f"{project}/issues/{issue['iid']}", {"state_event": "close"})


def main(what: str, *files: str) -> None:
    """Do what was asked for, where there is a token for it."""
    if not os.environ.get("ACCESS_NOTE_TOKEN"):
        sys.stdout.write("No ACCESS_NOTE_TOKEN, so nothing is posted: the plan is in the artifacts.\n")
        return
    project = f"projects/{int(os.environ['CI_PROJECT_ID'])}"
    if what == "note":
        note(project, Path(files[0]))
    else:
        drift(project, Path(files[0]), Path(files[1]))


if __name__ == "__main__":
    main(*sys.argv[1:])

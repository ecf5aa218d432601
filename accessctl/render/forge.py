"""Where the lines of manifests can be looked at: GitHub or GitLab, as far as the environment of a job tells. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping

_SERVER = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:/[A-Za-z0-9._-]+)*/?")
_REPOSITORY = re.compile(r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+")
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(frozen=True, slots=True)
class Forge:
    """A commit on a forge. `blob` is the address its files lie under, `folder` the project's place among them."""

    blob: str
    folder: str = ""

    def link(self, file: str, line: int) -> str:
        """Return the address of a line of a manifest; empty for a path that does not stay below the project."""
        parts = [*(self.folder.split("/") if self.folder else ()), *file.split("/")]
        if any(part in ("", ".", "..") for part in parts):
            return ""
        return f"{self.blob}/{quote('/'.join(parts), errors='replace')}#L{line}"


def forge_of(environ: Mapping[str, str], project: str = "") -> Forge | None:
    """Return the forge a job runs on, None where nothing or something odd is said about it.

    `project` is the project's directory, absolute; below the job's checkout it tells `folder`.
    """
    server, repository = environ.get("GITHUB_SERVER_URL", ""), environ.get("GITHUB_REPOSITORY", "")
    if server and repository:
        url = f"{server.rstrip('/')}/{repository}" if _REPOSITORY.fullmatch(repository) else ""
        return _forge(url, "blob", environ.get("GITHUB_SHA", ""), environ.get("GITHUB_WORKSPACE", ""), project)
    url = environ.get("CI_PROJECT_URL", "").rstrip("/")
    return _forge(url, "-/blob", environ.get("CI_COMMIT_SHA", ""), environ.get("CI_PROJECT_DIR", ""), project)


def _forge(url: str, blob: str, commit: str, checkout: str, project: str) -> Forge | None:
    if not _SERVER.fullmatch(url) or not _COMMIT.fullmatch(commit):
        return None
    return Forge(f"{url}/{blob}/{commit}", _folder(checkout, project))


def _folder(checkout: str, project: str) -> str:
    top = checkout.rstrip("/") + "/"
    return project[len(top) :].strip("/") if checkout and project.startswith(top) else ""

"""Which commit, CI run and person a run of apply goes back to, as far as the environment says. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from accessctl.clean import display
from accessctl.graph.secret import redact

if TYPE_CHECKING:
    from collections.abc import Mapping

LIMIT = 300
# The variables of GitHub Actions, GitLab CI and Jenkins; the first one that is set counts.
COMMITS = ("GITHUB_SHA", "CI_COMMIT_SHA", "GIT_COMMIT")
RUN_URLS = ("CI_JOB_URL", "BUILD_URL")
ACTORS = ("GITHUB_ACTOR", "GITLAB_USER_LOGIN")
_COMMIT = re.compile(r"[0-9a-fA-F]{7,64}", re.ASCII)


def started_by(environ: Mapping[str, str]) -> dict[str, str]:
    """Return `commit`, `run_url` and `actor`, each only where `environ` names it.

    Values are on one line and at most 300 characters long. What holds one of our own secrets, or looks like a
    token, is left out; so are the user and the query of a URL.
    """
    commit = _first(environ, COMMITS)
    facts = {
        "commit": commit if _COMMIT.fullmatch(commit) else "",
        "run_url": _plain_url(_github_run(environ) or _first(environ, RUN_URLS)),
        "actor": _first(environ, ACTORS),
    }
    secrets = [value for name, value in environ.items() if _is_secret(name) and value]
    return {name: display(text, LIMIT) for name, text in facts.items() if text and not _leaks(text, secrets)}


def _first(environ: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((environ[name].strip() for name in names if environ.get(name, "").strip()), "")


def _github_run(environ: Mapping[str, str]) -> str:
    parts = [environ.get(f"GITHUB_{name}", "") for name in ("SERVER_URL", "REPOSITORY", "RUN_ID")]
    return f"{parts[0].rstrip('/')}/{parts[1]}/actions/runs/{parts[2]}" if all(parts) else ""


def _plain_url(text: str) -> str:
    try:
        url = urlsplit(text)
    except ValueError:
        return ""
    return f"{url.scheme}://{url.netloc.rpartition('@')[2]}{url.path}" if url.scheme in ("http", "https") else ""


def _is_secret(name: str) -> bool:
    return name.startswith("ACCESSCTL_") and ("TOKEN" in name or "SECRET" in name)


def _leaks(text: str, secrets: list[str]) -> bool:
    return redact(text, ()) != text or any(secret in text for secret in secrets)

"""GitHub's REST API, as little of it as comments, issues and runs need."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from settings import SetupError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from settings import Settings

LONGEST_BODY = 65_536  # characters of a comment or an issue; GitHub answers 422 above that
MOST_PAGES = 300
NEXT = re.compile(r'rel="?next"?')
SECONDS = 30


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A token goes to the host it is for, and to no other."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Forge:
    """One repository on GitHub, seen with the token of this job."""

    def __init__(self, settings: Settings) -> None:
        self._base = f"{_api(settings)}/repos/{settings.environ['GITHUB_REPOSITORY']}"
        self._token = settings.environ.get("GITHUB_TOKEN", "")
        self._opener = urllib.request.build_opener(_NoRedirect)

    def get(self, path: str, **query: str) -> Any:
        """Return one answer."""
        return self._call("GET", f"{path}?{urlencode(query)}")[0]

    def every(self, path: str, **query: str) -> Iterator[dict[str, Any]]:
        """Yield the items of a list to its end. Pages are counted: no address in an answer is ever followed."""
        for page in range(1, MOST_PAGES + 1):
            numbered = urlencode({**query, "per_page": "100", "page": str(page)})
            items, link = self._call("GET", f"{path}?{numbered}")
            yield from items
            if not NEXT.search(link):
                return
        raise SetupError(f"GitHub has more than {MOST_PAGES} pages of {path}")

    def send(self, method: str, path: str, **content: str) -> None:
        """Write something; `method` is POST, PATCH or DELETE."""
        self._call(method, path, content)

    def _call(self, method: str, path: str, content: dict[str, str] | None = None) -> tuple[Any, str]:
        request = urllib.request.Request(  # noqa: S310  # the scheme was looked at
            f"{self._base}/{path}",
            method=method,
            data=json.dumps(content).encode() if content else None,
            headers={
                "Authorization": f"Bearer {self._token}",
                "Accept": "application/vnd.github+json",
                "Content-Type": "application/json",
                "X-GitHub-Api-Version": "2022-11-28",
                "User-Agent": "accessctl-ci",
            },
        )
        try:
            with self._opener.open(request, timeout=SECONDS) as answer:
                text = answer.read()
                return json.loads(text) if text else None, answer.headers.get("Link", "")
        except urllib.error.HTTPError as error:
            with error:
                raise SetupError(_refusal(method, path, error.code)) from None
        except (OSError, ValueError):
            raise SetupError(
                f"GitHub could not be asked: {method} {path.partition('?')[0]}; run this job again"
            ) from None


def _api(settings: Settings) -> str:
    url = settings.environ["GITHUB_API_URL"].rstrip("/")
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1")):
        return url
    raise SetupError("GITHUB_API_URL is no https address, so no token goes there")


def _refusal(method: str, path: str, status: int) -> str:
    why = {
        401: "it does not know the token",
        403: "the job's permissions do not allow it (pull-requests: write for comments, issues: write for issues)",
        404: "there is no such thing, or the token may not see it",
        422: "it does not take this text",
    }.get(status, "run this job again")
    return f"GitHub answered {status} to {method} {path.partition('?')[0]}: {why}"

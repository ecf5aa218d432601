"""Where calls may go: the base URL, the version, and paths that cannot leave them."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from accessctl.errors import AccessctlError
from accessctl.graph.errors import GraphError, Trouble

DEFAULT_BASE_URL = "https://graph.facebook.com"

_SEGMENT = re.compile(r"(?:act_)?[0-9]{1,20}|(?!act_)[a-z](?:[a-z_]{0,38}[a-z])?", re.ASCII)
_ID = re.compile(r"[0-9]{1,20}", re.ASCII)
_VERSION = re.compile(r"v[0-9]{1,3}\.[0-9]", re.ASCII)
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]", re.ASCII)
_HINT = f"give scheme, host and port only, as in {DEFAULT_BASE_URL} or http://127.0.0.1:8080"


def check_base_url(url: str) -> str:
    """Return `url` without its trailing slash.

    Any https host is taken, because a person named it; http only for this machine. Raises AccessctlError for
    everything else: a token must not travel in the open or to a host that a cleverly written URL hides.
    """
    parts = _split(url)
    if parts is None or not _HOST.fullmatch(_host(parts)):
        raise AccessctlError("the Graph API URL is not a plain https address", _HINT)
    if "?" in url or "#" in url or parts.path not in ("", "/"):
        raise AccessctlError("the Graph API URL has more than a host: a path, a query or a fragment", _HINT)
    if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
        raise AccessctlError(
            "the Graph API URL is http, so tokens would travel unencrypted",
            "use https; http is only for this machine (127.0.0.1, ::1, localhost)",
        )
    return f"{parts.scheme}://{parts.netloc}"


def origin(url: str) -> tuple[str, str, int | None] | None:
    """Return scheme, host and port of a URL with the default port filled in, or None where it has none."""
    parts = _split(url)
    if parts is None:
        return None
    return parts.scheme, parts.hostname or "", parts.port or {"https": 443, "http": 80}[parts.scheme]


def check_version(version: str) -> str:
    """Return `version` if it is one like v26.0; raises AccessctlError otherwise."""
    if not _VERSION.fullmatch(version):
        raise AccessctlError("the Graph API version is not one like v26.0", "set graph_version: v26.0")
    return version


def join_path(segments: tuple[str, ...]) -> str:
    """Return the path of `segments`, each an id or the name of an edge; anything else is a GraphError.

    Manifests and plans were checked before; this is the last door (a URL library turns `act_1/../me` into
    another path without a word).
    """
    for segment in segments:
        if not _SEGMENT.fullmatch(segment):
            raise _off_path(segment)
    return "/".join(segments)


def check_id(text: str) -> str:
    """Return `text` if it is 1 to 20 ASCII digits; anything else is a GraphError."""
    if not _ID.fullmatch(text):
        raise _off_path(text)
    return text


def _off_path(segment: str) -> GraphError:
    return GraphError(
        f"{segment[:60]!a} is no id and no edge of the Graph API, so nothing was sent",
        "ids are 1 to 20 digits, for an ad account with act_ before them",
        trouble=Trouble.PARAMETER,
    )


def _split(url: str) -> SplitResult | None:
    # urlsplit drops tabs and newlines in silence, so they are looked for first.
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts if parts.scheme in ("https", "http") and parts.hostname else None


def _host(parts: SplitResult) -> str:
    """Return the host as written, without its port; a user name stays in and so fits no host."""
    return re.sub(r":[0-9]{1,5}\Z", "", parts.netloc)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

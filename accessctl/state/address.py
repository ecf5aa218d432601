"""Which URLs may name an object store. Pure."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from accessctl.clean import display
from accessctl.errors import AccessctlError

HINT = "write it like s3://bucket/path, gs://bucket/path, az://container/path or file:///path"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def check_state_url(url: str) -> str:
    """Return the URL without a slash at its end. Raises AccessctlError for one that names no store we know.

    Credentials do not belong into it: they come from the environment, so that no log has them.
    """
    shown = display(re.split("[?#]", url, maxsplit=1)[0].rpartition("@")[2], 200)
    try:
        parts = urlsplit(url)
    except ValueError:
        raise AccessctlError(f"--state {shown} is no URL", HINT) from None
    if parts.query or parts.fragment or "@" in parts.netloc or parts.password:
        raise AccessctlError(
            f"--state {shown} holds more than a place", "credentials come from the environment; name bucket and path"
        )
    if parts.scheme not in ("s3", "gs", "az", "file"):
        raise AccessctlError(f"--state {shown} names no object store", HINT)
    names_a_place = parts.path.strip("/") and not parts.netloc if parts.scheme == "file" else parts.netloc
    if not names_a_place or ".." in unquote(parts.path).split("/") or not url.isprintable():
        raise AccessctlError(f"--state {shown} is not complete", HINT)
    return url.rstrip("/")


def is_loopback(endpoint: str) -> bool:
    """Tell whether an endpoint is http on this machine, where nobody listens in between."""
    parts = urlsplit(endpoint)
    return parts.scheme == "http" and (parts.hostname or "") in LOOPBACK

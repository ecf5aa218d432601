"""The notices that were kept, for those who show them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from accessctl.model import frozen
from accessctl.records import NOTICES
from accessctl.webhook.notice import ends_of
from accessctl.webhook.signing import hashed_person

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from accessctl.records import Records


@dataclass(frozen=True, slots=True)
class Kept:
    """When whose access ends, by hash. `hashed` makes the hash of an id, None where no app secret is set.

    `unread` is why they could not be read, empty where they were.
    """

    ends: Mapping[str, datetime] = field(default_factory=lambda: frozen({}))
    hashed: Callable[[str], str] | None = None
    unread: str = ""


def kept_notices(records: Records, environ: Mapping[str, str]) -> Kept:
    """Read the notices. Raises AccessctlError only for an app secret that is none."""
    from accessctl.graph.credentials import read_credentials

    secret = read_credentials(environ, {}).app_secret
    hashed = partial(hashed_person, secret) if secret else None
    try:
        return Kept(frozen(ends_of(records.read(NOTICES))), hashed)
    except OSError as error:
        return Kept(hashed=hashed, unread=f"{records.name}: {error.strerror or error}")

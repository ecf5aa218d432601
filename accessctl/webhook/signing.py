"""What the app secret is for: Meta's signature, and hashes in the place of people's ids. Pure."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accessctl.graph.secret import Secret

_SIGNATURE = re.compile(rb"sha256=([0-9a-fA-F]{64})")


def is_signed(body: bytes, header: bytes, app_secret: Secret) -> bool:
    """Tell whether X-Hub-Signature-256 is that of these bytes, in a time that tells nothing."""
    found = _SIGNATURE.fullmatch(header)
    right = hmac.new(app_secret.reveal().encode(), body, hashlib.sha256).digest()
    return hmac.compare_digest(bytes.fromhex(found[1].decode()) if found else b"", right)


def hashed_person(app_secret: Secret, person: str) -> str:
    """Return what stands for a person's id: nobody finds the id again without the app secret."""
    message = f"migration-user:{person}".encode()
    return hmac.new(app_secret.reveal().encode(), message, hashlib.sha256).hexdigest()


def digest_of(app_secret: Secret, body: bytes) -> str:
    """Return what a body that comes again is known by; nobody finds out from it, by trying, whom it was about."""
    return hmac.new(app_secret.reveal().encode(), b"migration-body:" + body, hashlib.sha256).hexdigest()

"""Meta's question before it sends anything: is this address yours? Pure."""

from __future__ import annotations

import hmac
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from accessctl.graph.secret import Secret

MOST = 20  # parameters; Meta sends three
_CHALLENGE = re.compile(r"[A-Za-z0-9_.-]{1,256}", re.ASCII)  # nothing that a browser could take for a page


def challenge_of(query: bytes, verify_token: Secret) -> str | None:
    """Return what to answer: the challenge; None where the question is not Meta's, or its token is not ours."""
    try:
        asked = parse_qs(query.decode("ascii"), max_num_fields=MOST, errors="strict")
    except ValueError:
        return None
    mode, token, challenge = (_only(asked, name) for name in ("hub.mode", "hub.verify_token", "hub.challenge"))
    is_ours = hmac.compare_digest(token.encode("utf-8", "surrogatepass"), verify_token.reveal().encode())
    return challenge if is_ours and mode == "subscribe" and _CHALLENGE.fullmatch(challenge) else None


def _only(asked: dict[str, list[str]], name: str) -> str:
    """Return a parameter that is given once."""
    values = asked.get(name, [])
    return values[0] if len(values) == 1 else ""

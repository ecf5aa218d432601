"""Tokens that cannot be printed by accident, and the removal of tokens from text (law 11)."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import TYPE_CHECKING, NoReturn, SupportsIndex
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

HIDDEN = "***"

# What a token looks like in Meta's own texts and URLs, whichever token it is; the first group is kept.
_LOOKS_SECRET = re.compile(
    r"""
      ((?i:(?:access_token|input_token|appsecret_proof|client_secret)[\\"']*(?:=|:|%3D|%3A)\s*[\\"']*))
      [^\s&"'<>,;}\\]+
    | ((?i:\bBearer\s+))[^\s"'<>,;]+
    | EAA[A-Za-z0-9]{20,}
    """,
    re.VERBOSE,
)


class Secret:
    """A token or an app secret. Only `reveal` gives it away; `label` names it in messages.

    It shows as `***`, is equal to nothing but itself and refuses to be pickled or copied.
    """

    __slots__ = ("_value", "label")

    def __init__(self, value: str, label: str) -> None:
        self._value = value
        self.label = label

    def reveal(self) -> str:
        """Return the value itself, for the one header or parameter that needs it."""
        return self._value

    @property
    def fingerprint(self) -> str:
        """Eight hex digits of its SHA-256, to know the same token again where no token may be kept.

        Without a key: of 32 bits nobody gets back a token, which has far more, nor proves that one guessed is it.
        """
        return hashlib.sha256(self._value.encode()).hexdigest()[:8]

    def __repr__(self) -> str:
        return HIDDEN

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError("a secret is not pickled or copied")


def redact(text: str, secrets: Iterable[Secret]) -> str:
    """Return `text` with the given secrets, in any usual spelling, and all that looks like a token hidden."""
    for form in sorted({form for secret in secrets for form in _forms(secret.reveal())}, key=len, reverse=True):
        text = text.replace(form, HIDDEN)
    return _LOOKS_SECRET.sub(_keep_name, text)


def _keep_name(match: re.Match[str]) -> str:
    return (match[1] or match[2] or "") + HIDDEN


def _forms(value: str) -> Iterator[str]:
    """Yield the spellings under which `value` may come back: plain, URL-encoded, base64.

    In base64 a text looks different at each of the three offsets it can have in what was encoded; the
    characters at both ends depend on the neighbours and are left out.
    """
    if not value:
        return
    encoded = quote(value, safe="")
    yield from (value, quote(value), quote_plus(value), encoded, quote(encoded, safe=""))
    yield re.sub("%[0-9A-F]{2}", lambda match: match[0].lower(), encoded)
    raw = value.encode()
    for offset in range(3):
        start, end = (0, 2, 3)[offset], (offset + len(raw)) * 8 // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            inner = encode(b"\0" * offset + raw).decode()[start:end]
            if len(inner) >= len("EAA0"):
                yield inner

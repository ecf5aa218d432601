"""Text that came from strangers, made harmless for one line of a terminal or a log. Pure."""

from __future__ import annotations

import unicodedata

LIMIT = 120

# Zero-width, bidirectional and tag characters: invisible, or able to make a line read as another.
_INVISIBLE = frozenset(
    [*range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2060, 0x2070), 0x00AD, 0x061C, 0x180E, 0xFEFF]
)


def display(text: str, limit: int = LIMIT) -> str:
    r"""Return `text` on one printable line of at most `limit` characters.

    Control, bidirectional, zero-width, private and unassigned characters become `\u{...}`; what is cut is marked by an
    ellipsis.
    """
    head = unicodedata.normalize("NFC", text[: 4 * limit])
    shown = "".join(char if _is_plain(char) else f"\\u{{{ord(char):x}}}" for char in head)
    cut = len(shown) > limit or len(text) > 4 * limit
    return shown[: limit - 1] + "…" if cut else shown


def _is_plain(char: str) -> bool:
    if char.isascii():
        return char.isprintable()
    point = ord(char)
    if point in _INVISIBLE or 0xE0000 <= point <= 0xE0FFF:
        return False
    return unicodedata.category(char)[0] not in "CZ" or char == "\u3000"

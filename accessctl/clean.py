"""Text that came from strangers, made harmless for one line of a terminal or a log. Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT = 120

# A pair of these starts a command of a CI system: `::cmd` where a line begins, `##[cmd` and `##vso[cmd` anywhere.
_PAIRED = ":#"
_TWICE = ("::", "##", "  ")
# Zero-width, bidirectional and tag characters, variation selectors, letters and signs of which nobody sees anything.
_FILLERS = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\U0001d159")
_INVISIBLE = frozenset(
    [
        *(0x00AD, 0x034F, 0x061C, 0xFEFF, *map(ord, _FILLERS)),
        *(*range(0x180B, 0x1810), *range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2060, 0x2070)),
        *(*range(0xFE00, 0xFE10), *range(0xE0000, 0xE1000)),
    ]
)
_BLANKS = re.compile("[ \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")  # all that Unicode calls a space (Zs)
_MOST_MARKS = 4  # on one letter; no script in use has more, and a tower of them covers the lines above


def display(text: str, limit: int = LIMIT) -> str:
    r"""Return `text` on one printable line of at most `limit` characters.

    Control, bidirectional, zero-width, private and unassigned characters become `\u{...}`, and so does the second
    of two colons or number signs in a row, which a CI system would take for a command. Blanks in a row, of whatever
    width, are one, so that no name pushes its end into another column. What is cut is marked by an ellipsis.
    """
    if len(text) <= limit and text.isascii() and text.isprintable() and not any(map(text.__contains__, _TWICE)):
        return text
    shown = "".join(_shown(_BLANKS.sub(" ", unicodedata.normalize("NFC", text[: 4 * limit]))))
    cut = len(shown) > limit or len(text) > 4 * limit
    return shown[: limit - 1] + "…" if cut else shown


def unarmed(text: str) -> str:
    r"""Return an output without the old commands of CI systems, which are found anywhere in a line.

    Names are clean by then, so this is for what is not: JSON has names as they are, and there `\u0023` is `#`.
    """
    return text.replace("##[", r"#\u0023[").replace("##vso[", r"#\u0023vso[")


def unarmed_lines(text: str) -> str:
    """Return lines that are no JSON, and none of which is any command of a CI system."""
    return re.sub(r"^(\s*:):", r"\1\\u{3a}", unarmed(text), flags=re.MULTILINE)


def _shown(text: str) -> Iterator[str]:
    """Spell what is not plain; a mark or filler between the two parts no pair, for some programs do not see it."""
    last = ""
    marks = _MOST_MARKS  # the first mark has no letter to stand on, and would change what is in front of the name
    for char in text:
        is_second = char in _PAIRED and char == last
        marks = marks + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        is_plain = _is_plain(char) and not is_second and marks <= _MOST_MARKS
        yield char if is_plain else f"\\u{{{ord(char):x}}}"
        if is_second:
            last = ""
        elif unicodedata.category(char)[0] != "M" and char not in _FILLERS:
            last = char


def _is_plain(char: str) -> bool:
    if char.isascii():
        return char.isprintable()
    return ord(char) not in _INVISIBLE and unicodedata.category(char)[0] not in "CZ"

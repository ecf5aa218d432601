"""Plain lines of a given width, with colour or without: what every text renderer writes on."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# SGR codes. Colour is only ever added to what already reads without it.
STYLES = {
    "bold": "1",
    "dim": "2",
    "green": "32",
    "yellow": "33",
    "red": "31",
    "cyan": "36",
    "blue": "34",
    "magenta": "35",
}
DEEP = 10  # columns before a line that goes on; no line of ours begins as deep, so no name can begin one
# A word, and what begins with a slash behind it: at the beginning of a line that is a command to GitLab.
_WORDS = re.compile(r"(\s*)(\S+(?:\s+/\S*)*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Paper:
    """Where text goes: `width` columns, and whether colour may be used."""

    width: int = 80
    color: bool = False

    def paint(self, text: str, style: str) -> str:
        """Return `text` in a style of STYLES, or as it is on paper without colour."""
        return f"\x1b[{STYLES[style]}m{text}\x1b[0m" if self.color and style and text else text

    def wrap(self, text: str, *, indent: int = 0, first: int | None = None, style: str = "") -> str:
        """Break `text` into lines that fit, between words; only a word longer than a line is broken itself.

        It begins at `first` or, without, at `indent`, and goes on at `indent`, but never left of DEEP: what a
        stranger calls himself may fill a line, and the rest of it must not look like a line of ours. Where neither is
        given it is a paragraph, all at the margin: for words of our own.
        """
        is_paragraph = first is None and not indent
        begin = indent if first is None else first
        lines = _broken(text, self.width, begin, 0 if is_paragraph else max(indent, DEEP))
        return "\n".join(self.paint(line, style) for line in lines)


def _broken(text: str, width: int, begin: int, later: int) -> Iterator[str]:
    """Yield lines of at most `width` columns; the first is `begin` columns in, the others `later`."""
    line, is_empty = " " * begin, True
    for gap, word in _WORDS.findall(text):
        room = width - columns(line) - len(gap)
        # A digest is one column too long for a line that goes on at DEEP, and must stay whole.
        deep = later - (later == DEEP and columns(word) == width - later + 1)
        if not is_empty and columns(word) > room and (columns(word) <= width - deep or room < 1):
            yield line
            line, rest = " " * deep, word
        else:
            rest = " " * len(gap) + word
        while columns(rest) > width - columns(line):
            cut = _cut(rest, width - columns(line))
            yield line + rest[:cut].rstrip()
            line, rest = " " * later, rest[cut:].lstrip()
        line, is_empty = line + rest, False
    if not is_empty:
        yield line


def _cut(word: str, room: int) -> int:
    """Return how many characters of a long word fit; what follows begins with no slash, if that can be."""
    fits = 1
    while fits < len(word) and columns(word[: fits + 1]) <= room:
        fits += 1
    calm = next((cut for cut in range(fits, 0, -1) if word[cut] not in " /"), fits)
    return calm if word[fits:].lstrip().startswith("/") else fits


def columns(text: str) -> int:
    """Return how many columns a terminal takes for a text: two for wide letters, none for marks on a letter."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1

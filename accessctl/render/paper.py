"""Plain lines of a given width, with colour or without: what every text renderer writes on."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

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

        `first` is the indent of the first line where it differs.
        """
        lines = textwrap.wrap(
            text,
            self.width,
            initial_indent=" " * (indent if first is None else first),
            subsequent_indent=" " * indent,
            break_long_words=True,
            break_on_hyphens=False,
        )
        return "\n".join(self.paint(line, style) for line in lines)

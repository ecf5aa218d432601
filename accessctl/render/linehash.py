"""The hash by which GitHub knows a line again when it has moved (`primaryLocationLineHash`). Pure.

As github/codeql-action computes it (src/fingerprints.ts), which warns of a hash that is not the same: from the
start of the line on, the next 100 UTF-16 units of the file are the digits of a number to the base of 37, modulo
2^64. Blanks and tabs are left out, each line end is LF, and behind the end of the file are 65535 and zeros. Lines
with the same number are counted, and the count follows a colon. So a line is known again wherever it moves to, as
long as it and what follows within 100 characters stay the same.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

BLOCK = 100
BASE = 37
END_OF_FILE = "\uffff"
_LINE_END = re.compile(r"\r\n?")
_BEYOND_16_BITS = re.compile(r"[\U00010000-\U0010ffff]")


def line_hashes(text: str, lines: Collection[int]) -> Mapping[int, str]:
    """Return the hashes of some lines of a file, counted from 1; lines that the file does not have are left out."""
    digits = _digits(text)
    seen: Counter[str] = Counter()
    hashes = {}
    start = 0
    for number in range(1, max(lines, default=0) + 1):
        block = digits[start : start + BLOCK]
        seen[block] += 1
        if number in lines:
            hashes[number] = f"{_number(block):x}:{seen[block]}"
        start = digits.find("\n", start) + 1
        if not start:
            break
    return hashes


def _digits(text: str) -> str:
    """Return the text as the hash sees it, each character a unit of UTF-16."""
    plain = _LINE_END.sub("\n", text).replace(" ", "").replace("\t", "")
    return _BEYOND_16_BITS.sub(_pair, plain) + END_OF_FILE


def _pair(found: re.Match[str]) -> str:
    point = ord(found[0]) - 0x10000
    return chr(0xD800 + (point >> 10)) + chr(0xDC00 + (point & 0x3FF))


def _number(block: str) -> int:
    number = 0
    for character in block.ljust(BLOCK, "\0"):
        number = number * BASE + ord(character)
    return number % 2**64

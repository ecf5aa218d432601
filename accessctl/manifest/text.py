"""From bytes to text: UTF-8 without anything that could hide, or end a line where no editor does."""

from __future__ import annotations

import re

from accessctl.slips import Slip

BOM = b"\xef\xbb\xbf"
_WIDE = ((b"\xff\xfe", "UTF-16 or UTF-32"), (b"\xfe\xff", "UTF-16"), (b"\x00\x00\xfe\xff", "UTF-32"))
_HARMLESS = bytes({0x09, 0x0A, 0x0D, *range(0x20, 0x7F), *range(0x80, 0x100)})

_BIDI = r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_SEPARATORS = r"\x85\u2028\u2029"
_HIDDEN = re.compile(
    rf"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff{_BIDI}]|\r(?!\n)"
)
_CONTROL = re.compile(rf"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff{_BIDI}]")
_KINDS = (
    (re.compile(rf"[{_BIDI}]"), "a character that turns the direction of text"),
    (re.compile(rf"[{_SEPARATORS}]"), "a line separator that most editors do not show"),
    (re.compile(r"\r"), "a line end of CR alone"),
)


class Stop(Exception):  # noqa: N818 (no error of the program: the end of one file)
    """The rest of a file cannot be read. Line and column count from 1."""

    def __init__(self, line: int, column: int, text: str, slip: Slip) -> None:
        super().__init__(text)
        self.line = line
        self.column = column
        self.text = text
        self.slip = slip


def decode(data: bytes) -> str:
    """Return the text of a file, without its byte order mark. Raises `Stop` at what must not be there."""
    for mark, name in _WIDE:
        if data.startswith(mark):
            raise Stop(1, 1, f"the file is {name}: save it as UTF-8", Slip.NOT_UTF8)
    body = data.removeprefix(BOM)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        _refuse_byte(data, error.start + len(data) - len(body))
    if body.translate(None, _HARMLESS) or b"\r" in body or not body.isascii():
        _refuse_hidden(text)
    return text


def hidden_in(value: str) -> str:
    """Name the first character of a value that must not be in one, or return an empty text."""
    found = None if value.isprintable() else _CONTROL.search(value)
    return f"{_kind(found[0])} ({_code(found[0])})" if found else ""


def _refuse_byte(data: bytes, offset: int) -> None:
    before = data[:offset].removeprefix(BOM)
    line = before.count(b"\n") + 1
    column = len(before.rpartition(b"\n")[2].decode("utf-8")) + 1
    text = f"byte {offset} of the file (0x{data[offset]:02x}) is not UTF-8: save the file as UTF-8"
    raise Stop(line, column, text, Slip.NOT_UTF8)


def _refuse_hidden(text: str) -> None:
    found = _HIDDEN.search(text)
    if found:
        before = text[: found.start()]
        column = len(before.rpartition("\n")[2]) + 1
        said = f"{_kind(found[0])} ({_code(found[0])}): remove it"
        raise Stop(before.count("\n") + 1, column, said, Slip.HIDDEN_CHARACTER)


def _kind(character: str) -> str:
    return next((name for pattern, name in _KINDS if pattern.match(character)), "a control character")


def _code(character: str) -> str:
    return f"U+{ord(character):04X}"

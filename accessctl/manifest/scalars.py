"""What other YAML readers would make of a plain scalar. Here every scalar is text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

# The kinds of scalar. Up to PLAIN it is text to every YAML reader; the numbers are compared on the hot path.
QUOTED: Final = 0
PLAIN: Final = 1
INT: Final = 2
BOOL: Final = 3
NULL: Final = 4
AMBIGUOUS: Final = 5

WORDS: Mapping[str, int] = {
    "true": BOOL,
    "false": BOOL,
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), NULL),
    # FAULTS 3: YAML 1.1 reads these as booleans and special values, YAML 1.2 reads most of them as text.
    **dict.fromkeys(("True", "TRUE", "False", "FALSE", "=", "<<"), AMBIGUOUS),
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "n", "N", "no", "No", "NO"), AMBIGUOUS),
    **dict.fromkeys(("on", "On", "ON", "off", "Off", "OFF"), AMBIGUOUS),
}
NUMBER_STARTS = frozenset("0123456789+-.")

_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_CORE_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_CORE_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_OLD_NUMBER = re.compile(
    r"[-+]?0b[01_]+|[-+]?0x[0-9a-fA-F_]+|[-+]?[0-9][0-9_]*(?::[0-9]{1,2})*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|nan)",
    re.IGNORECASE,
)
_TIME_STAMP = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt ].*)?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LONGEST_INT = 400
_SHORT = 19  # one more than the digits of an INT


def kind_of(text: str) -> int:
    """Return the kind of a plain scalar.

    AMBIGUOUS is what one YAML reader takes for a text and another for something else, what two readers take
    for two numbers, and every decimal: no key of the language takes one. A day such as 2027-03-31 is PLAIN: it
    is kept as the text it is.
    """
    kind = WORDS.get(text)
    if kind is not None:
        return kind
    return _number_kind(text) if text[0] in NUMBER_STARTS else PLAIN


def _number_kind(text: str) -> int:
    if text[0] != "0" and len(text) < _SHORT and text.isascii() and text.isdecimal():
        return INT  # as _WHOLE says, in a third of the time
    if _WHOLE.fullmatch(text):
        return INT
    if _CORE_INT.fullmatch(text) or _CORE_FLOAT.fullmatch(text) or _OLD_NUMBER.fullmatch(text):
        return AMBIGUOUS
    return AMBIGUOUS if _TIME_STAMP.fullmatch(text) and not _DAY.fullmatch(text) else PLAIN


def core_value(text: str, kind: int) -> str | int | float | bool | None:
    """Return what an editor that follows YAML 1.2's core schema takes the scalar for."""
    if kind <= PLAIN:
        return text
    if kind == NULL:
        return None
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if _CORE_INT.fullmatch(text):
        # No key of the language takes a number this long: one that is surely out of range will do.
        return _core_int(text) if len(text) <= _LONGEST_INT else 10**_LONGEST_INT
    if _CORE_FLOAT.fullmatch(text):
        return float(re.sub(r"\.(?=[a-zA-Z])(?![eE])", "", text))
    return text


def _core_int(text: str) -> int:
    return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))

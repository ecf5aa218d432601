"""The shapes of JSON values, checked one by one: quick on a hundred thousand rows, and exact about the place."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
Json = dict[str, Any]

ID = re.compile(r"[0-9]{1,20}", re.ASCII)
ALIAS = re.compile(r"([a-z0-9][a-z0-9_-]*)?")
EDGE = re.compile(r"(GET|POST|DELETE) [a-z_/]{1,60}")
WORD = re.compile(r"[a-z_]{1,40}")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
FORMAT = re.compile(r"1\.[0-9]{1,4}")
GRAPH_VERSION = re.compile(r"v[0-9]{1,3}\.[0-9]")
TOOL_VERSION = re.compile(r"[0-9]{1,9}\.[0-9A-Za-z.+-]{1,60}")
TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})")

_ABSENT = object()


class MisfitError(ValueError):
    """A value is not what it should be; the text is its place, `.assets[3].grants[0].since`."""


def item(row: Json, key: str, kind: type[T]) -> T:
    """Return the value under `key`, of exactly this type. Raises MisfitError."""
    value = row.get(key, _ABSENT)
    if type(value) is not kind:
        raise MisfitError(f".{key}")
    return value


def text(row: Json, key: str, pattern: re.Pattern[str] | None = None) -> str:
    """Return a text that fits `pattern` as a whole. Raises MisfitError."""
    value = row.get(key)
    if not isinstance(value, str) or (pattern is not None and not pattern.fullmatch(value)):
        raise MisfitError(f".{key}")
    return value


def optional_text(row: Json, key: str, pattern: re.Pattern[str] | None = None) -> str:
    """Return a text as `text` does, "" where there is none."""
    return text(row, key, pattern) if key in row else ""


def word(row: Json, key: str, words: dict[str, T]) -> T:
    """Return what one of `words` stands for. Raises MisfitError."""
    value = row.get(key)
    if not isinstance(value, str) or value not in words:
        raise MisfitError(f".{key}")
    return words[value]


def time(row: Json, key: str) -> datetime:
    """Return a time with its zone. Raises MisfitError, also for a day that no calendar has."""
    try:
        return datetime.fromisoformat(text(row, key, TIME))
    except ValueError:
        raise MisfitError(f".{key}") from None


def rows(row: Json, key: str, read: Callable[[Json], T]) -> list[T]:
    """Return every item of a list of objects, read. Raises MisfitError with the place in the list."""
    found: list[T] = []
    for value in item(row, key, list):
        try:
            if type(value) is not dict:
                raise MisfitError("")
            found.append(read(value))
        except MisfitError as error:
            raise MisfitError(f".{key}[{len(found)}]{error}") from None
    return found


def part(row: Json, key: str, read: Callable[[Json], T]) -> T:
    """Return the object under `key`, read. Raises MisfitError."""
    value = item(row, key, dict)
    try:
        return read(value)
    except MisfitError as error:
        raise MisfitError(f".{key}{error}") from None


def whole(row: Json, key: str) -> int:
    """Return a whole number, 0 or more. Raises MisfitError."""
    value = row.get(key)
    if isinstance(value, float) and value.is_integer():  # 2.0 is a whole number in JSON Schema
        value = int(value)
    if type(value) is not int or value < 0:
        raise MisfitError(f".{key}")
    return value


def seconds(row: Json, key: str) -> float:
    """Return a number, 0 or more. Raises MisfitError."""
    value = row.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise MisfitError(f".{key}")
    return value

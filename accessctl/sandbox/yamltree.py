"""YAML text to plain maps, lists, texts, whole numbers and booleans; nothing else is ever built."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from accessctl.sandbox.world import WorldError

if TYPE_CHECKING:
    from collections.abc import Iterator

DEEPEST = 12
LARGEST = 16 * 1024 * 1024  # bytes; 20,000 assets take about 4 MB

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(text: str, name: str) -> Any:
    """Return the one document in `text`.

    Refuse anchors, tags and duplicate keys, which say one thing and mean another. Raise WorldError.
    """
    if len(text) > LARGEST:
        raise WorldError(f"{name}: larger than {LARGEST // 1024 // 1024} MiB", "make the world smaller")
    try:
        return _Reader(yaml.parse(text, Loader=_LOADER), name).document()
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "not YAML that can be read"
        raise WorldError(f"{name}{where}: {problem}", "correct the YAML at this place") from None


class _Reader:
    """Builds one tree from the parser's events."""

    def __init__(self, events: Iterator[Any], name: str) -> None:
        self._events = events
        self._name = name

    def document(self) -> Any:
        next(self._events)
        first = next(self._events)
        if isinstance(first, yaml.StreamEndEvent):
            raise WorldError(f"{self._name}: empty", 'start with "version: 1"')
        tree = self._value(next(self._events), 0)
        next(self._events)
        if isinstance(more := next(self._events), yaml.DocumentStartEvent):
            self._refuse(more, "a second document", "keep one document in a world file")
        return tree

    def _value(self, event: Any, depth: int) -> Any:
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            self._refuse(event, "an anchor or alias", "write the value out at each place")
        if event.tag is not None:
            self._refuse(event, f"the tag {event.tag}", "leave the tag out")
        if depth > DEEPEST:
            self._refuse(event, f"nested deeper than {DEEPEST} levels", "no world needs this")
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(depth)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(depth)
        return scalar(event.value, is_plain=not event.style)

    def _mapping(self, depth: int) -> dict[str, Any]:
        tree: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._value(event, depth + 1)
            if not isinstance(key, str):
                self._refuse(event, "a key that is no text", "put the key in quotes")
            if key in tree:
                self._refuse(event, f'the key "{key}" a second time', "keep one of the two")
            tree[key] = self._value(next(self._events), depth + 1)
        return tree

    def _sequence(self, depth: int) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._value(event, depth + 1))
        return items

    def _refuse(self, event: Any, what: str, hint: str) -> None:
        mark = event.start_mark
        raise WorldError(f"{self._name}:{mark.line + 1}:{mark.column + 1}: {what}", hint)


def scalar(text: str, *, is_plain: bool) -> str | int | float | bool | None:
    """Read one scalar as YAML 1.2's core schema does, so that editors and this program agree."""
    if not is_plain:
        return text
    if text in ("true", "True", "TRUE", "false", "False", "FALSE"):
        return text.lower() == "true"
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if re.fullmatch(r"[-+]?[0-9]{1,300}", text, re.ASCII):
        return int(text)
    if re.fullmatch(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", text, re.ASCII):
        return float(text)
    return text

"""Field selection as in `fields=id,agencies.limit(25){id,permitted_tasks}`: text in, a tree out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from accessctl.sandbox.wire import Refusal
from accessctl.sandbox.world import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

DEEPEST = 4
_TOKEN = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*|[,.{}]|\([^()]*\))\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Field:
    """One field asked for. `inner` is empty where no braces follow; `modifiers` maps `limit` to `25`."""

    name: str
    modifiers: Mapping[str, str]
    inner: tuple[Field, ...] = ()


def read_fields(text: str) -> tuple[Field, ...]:
    """Read a field selection; empty text asks for nothing. Raise Refusal where it cannot be read."""
    tokens: list[str] = []
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if not found:
            raise _unreadable(text[at:])
        tokens.append(found[1])
        at = found.end()
    fields = _list(tokens, 0) if tokens else ()
    if tokens:
        raise _unreadable(tokens[0])
    return fields


def _list(tokens: list[str], depth: int) -> tuple[Field, ...]:
    if depth > DEEPEST:
        raise Refusal(100, "(#100) Field expansion is nested too deep")
    fields = [_field(tokens, depth)]
    while tokens and tokens[0] == ",":
        tokens.pop(0)
        fields.append(_field(tokens, depth))
    return tuple(fields)


def _field(tokens: list[str], depth: int) -> Field:
    name = _word(tokens)
    modifiers = {}
    while tokens and tokens[0] == ".":
        tokens.pop(0)
        modifier = _word(tokens)
        if not tokens or not tokens[0].startswith("("):
            raise _unreadable("".join(tokens[:1]))
        modifiers[modifier] = tokens.pop(0)[1:-1].strip()
    inner: tuple[Field, ...] = ()
    if tokens and tokens[0] == "{":
        tokens.pop(0)
        inner = _list(tokens, depth + 1)
        if not tokens or tokens.pop(0) != "}":
            raise _unreadable("the end: a brace stays open")
    return Field(name, frozen(modifiers), inner)


def _word(tokens: list[str]) -> str:
    if not tokens or not tokens[0][0].isidentifier():
        raise _unreadable("".join(tokens[:1]) or "the end")
    return tokens.pop(0)


def _unreadable(rest: str) -> Refusal:
    return Refusal(2500, f"Syntax error in the fields parameter at: {rest[:40]}")


def write_fields(fields: tuple[Field, ...]) -> str:
    """Write a field selection back as text, for the address of a nested edge's next page."""
    return ",".join(_text(field) for field in fields)


def _text(field: Field) -> str:
    modifiers = "".join(f".{key}({value})" for key, value in field.modifiers.items())
    inner = f"{{{write_fields(field.inner)}}}" if field.inner else ""
    return field.name + modifiers + inner

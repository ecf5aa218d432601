"""From the text of one file to a tree of nodes that know their line and column.

Nothing is ever constructed: the tree is built from the parser's events, and everything outside of the strict
subset (anchors, aliases, tags, directives, ...) is refused where it stands. See FAULTS 3 for why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import yaml
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

from accessctl.manifest.findings import MOST_PROBLEMS_A_FILE, shown
from accessctl.manifest.scalars import NULL, NUMBER_STARTS, PLAIN, QUOTED, WORDS, kind_of
from accessctl.manifest.text import Stop, decode, hidden_in
from accessctl.model import Place
from accessctl.slips import Slip

if TYPE_CHECKING:
    from collections.abc import Callable

    from accessctl.manifest.findings import Findings

DEEPEST = 32
MOST_NODES = 200_000
DIRECTIVE = "a line that begins with % is a directive, which is not read"
TOO_MANY = f"the file holds more than {MOST_NODES:,} values; split it into several files"
# A rule says `on:`. As a key it is what it looks like here, whatever YAML 1.1 made of it.
OWN_WORD = "on"
_tuple_new = tuple.__new__
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Scalar(NamedTuple):
    """A text and the way it is written: one of the kinds of `scalars`, QUOTED and PLAIN being plain text."""

    text: str
    kind: int
    line: int
    column: int


class Items(NamedTuple):
    """A list."""

    nodes: tuple[Node, ...]
    line: int
    column: int


class Map(NamedTuple):
    """A map, in the order of the file. No key is there twice."""

    entries: tuple[tuple[Scalar, Node], ...]
    line: int
    column: int


Node: TypeAlias = "Scalar | Items | Map"


class Document(NamedTuple):
    """One file. An empty one is an empty map."""

    file: str
    root: Node

    def place(self, node: Node) -> Place:
        """Return where `node` begins."""
        return Place(self.file, node.line, node.column)


def read_document(file: str, data: bytes, findings: Findings, *, loader: Any = None) -> Document | None:
    """Return the tree of one file, or None where its content cannot be known for sure.

    Every problem met goes to `findings`. Duplicate keys, anchors, tags and control characters are noted and
    read past; a syntax error ends the file.
    """
    try:
        text = decode(data)
        _refuse_directives(text)
        return _build(file, text, findings, loader or LOADER)
    except Stop as stop:
        findings.problem(Place(file, stop.line, stop.column), stop.text, stop.slip)
        return None


def _refuse_directives(text: str) -> None:
    at = 0 if text.startswith("%") else text.find("\n%") + 1
    if text[at : at + 1] == "%":
        raise Stop(text.count("\n", 0, at) + 1, 1, DIRECTIVE, Slip.YAML_NOT_TAKEN)


def _build(file: str, text: str, findings: Findings, loader_class: Any) -> Document | None:
    loader = None
    try:
        loader = loader_class(text)
        builder = _Builder(file, loader.get_event, findings)
        return builder.document()
    except yaml.MarkedYAMLError as error:
        raise _syntax(error) from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        # The pure parser lets chr() speak for an escape such as "\U00110000".
        said = f"this cannot be read as YAML: {str(error).splitlines()[0]}"
        raise Stop(*_reached(loader), said, Slip.NOT_YAML) from None
    finally:
        if loader is not None:
            loader.dispose()


def _syntax(error: yaml.MarkedYAMLError) -> Stop:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    words = ", ".join(part for part in (error.context, error.problem) if part)
    return Stop(line, column, f"this cannot be read as YAML: {words}", Slip.NOT_YAML)


def _reached(loader: Any) -> tuple[int, int]:
    return getattr(loader, "line", 0) + 1, getattr(loader, "column", 0) + 1


class _Builder:
    """The state of one build: how many nodes there are, and whether something had to be left out."""

    __slots__ = ("event", "file", "findings", "nodes", "whole")

    def __init__(self, file: str, event: Callable[[], Any], findings: Findings) -> None:
        self.file = file
        self.event = event
        self.findings = findings
        self.nodes = 0
        self.whole = True

    def document(self) -> Document | None:
        """Read the stream's one document."""
        self.event()
        start = self.event()
        if type(start) is StreamEndEvent:
            return Document(self.file, Map((), 1, 1))
        assert type(start) is DocumentStartEvent
        root = self.node(self.event(), 1)
        if type(root) is Scalar and root.kind == NULL and not root.text:
            root = Map((), root.line, root.column)
        assert type(self.event()) is DocumentEndEvent
        after = self.event()
        if type(after) is not StreamEndEvent:
            raise _stop(after, "a second document begins here; write one document a file", Slip.YAML_NOT_TAKEN)
        return Document(self.file, root) if self.whole else None

    def node(self, event: Any, depth: int) -> Node:
        """Read the node that begins with `event`."""
        kind = type(event)
        if kind is ScalarEvent:
            return self.scalar(event)
        if kind is AliasEvent:
            self.omit(event, "aliases (*name) are not read; reuse is by profiles, rules and defaults")
            return Scalar("", NULL, event.start_mark.line + 1, event.start_mark.column + 1)
        self.nodes += 1
        if self.nodes > MOST_NODES:
            raise _stop(event, TOO_MANY, Slip.TOO_LARGE)
        if depth > DEEPEST:
            raise _stop(event, f"this is nested more than {DEEPEST} deep; no manifest needs that", Slip.TOO_LARGE)
        if event.anchor is not None or event.tag is not None:
            self.refuse_extras(event)
        return self.map(event, depth) if kind is MappingStartEvent else self.items(event, depth)

    def scalar(self, event: Any) -> Scalar:
        """Read a scalar: the hot path, so a word is looked up before any pattern is tried."""
        self.nodes += 1
        if self.nodes > MOST_NODES:
            raise _stop(event, TOO_MANY, Slip.TOO_LARGE)
        if event.anchor is not None or event.tag is not None:
            self.refuse_extras(event)
        text = event.value
        if not text.isprintable():
            self.refuse_hidden(event)
        style = event.style
        if not style:
            kind = PLAIN if text not in WORDS and text[0] not in NUMBER_STARTS else kind_of(text)
        else:
            kind = QUOTED
            if style in "|>":
                self.refuse(event, "text over several lines (| and >) is not read; put it on one line, in quotes")
        mark = event.start_mark
        # Past the named tuple's own constructor, which would be a fifth of the time of a file.
        return _tuple_new(Scalar, (text, kind, mark.line + 1, mark.column + 1))

    def items(self, start: Any, depth: int) -> Items:
        """Read a list up to its end."""
        nodes = []
        next_event = self.event
        event = next_event()
        while type(event) is not SequenceEndEvent:
            nodes.append(self.scalar(event) if type(event) is ScalarEvent else self.node(event, depth + 1))
            event = next_event()
        mark = start.start_mark
        return Items(tuple(nodes), mark.line + 1, mark.column + 1)

    def map(self, start: Any, depth: int) -> Map:
        """Read a map up to its end. Of a key that is there twice the first one stays."""
        entries: dict[str, tuple[Scalar, Node]] = {}
        next_event = self.event
        event = next_event()
        while type(event) is not MappingEndEvent:
            key = self.key(event, depth)
            event = next_event()
            value = self.scalar(event) if type(event) is ScalarEvent else self.node(event, depth + 1)
            if key is not None:
                if key.text in entries:
                    first = entries[key.text][0].line
                    self.refuse(
                        key, f"{shown(key.text)} is here twice; the first one is on line {first}", Slip.KEY_TWICE
                    )
                else:
                    entries[key.text] = (key, value)
            event = next_event()
        mark = start.start_mark
        return Map(tuple(entries.values()), mark.line + 1, mark.column + 1)

    def key(self, event: Any, depth: int) -> Scalar | None:
        """Read a key: a text, never a collection or a merge key."""
        if type(event) is not ScalarEvent:
            if type(event) is not AliasEvent:
                self.omit(event, "a list or map cannot be a key")
            self.node(event, depth + 1)
            return None
        key = self.scalar(event)
        if key.kind > PLAIN and key.text != OWN_WORD:
            if key.text == "<<":
                self.omit(event, "merge keys (<<) are not read; reuse is by profiles, rules and defaults")
                return None
            self.refuse(key, quote_it(key), Slip.UNCLEAR_VALUE)
        return key

    def refuse_extras(self, event: Any) -> None:
        """Note an anchor or a tag; the node itself is read."""
        if event.anchor is not None:
            self.refuse(event, "anchors (&name) are not read; reuse is by profiles, rules and defaults")
        if event.tag is not None:
            self.refuse(event, "tags (!name) are not read; everything here is text")

    def refuse_hidden(self, event: Any) -> None:
        """Note a character that an escape or a line break brought in; the raw text was looked through before."""
        hidden = hidden_in(event.value)
        if hidden:
            self.refuse(event, f"the text holds {hidden}: remove it", Slip.HIDDEN_CHARACTER)

    def omit(self, event: Any, text: str) -> None:
        """Note a problem that leaves a hole in the tree."""
        self.whole = False
        self.refuse(event, text)

    def refuse(self, at: Any, text: str, slip: Slip = Slip.YAML_NOT_TAKEN) -> None:
        """Note a problem at a scalar or an event; a file that has too many of them ends here."""
        is_scalar = isinstance(at, Scalar)
        line, column = (at.line, at.column) if is_scalar else (at.start_mark.line + 1, at.start_mark.column + 1)
        self.findings.problem(Place(self.file, line, column), text, slip)
        if self.findings.problems_of(self.file) > MOST_PROBLEMS_A_FILE:
            raise Stop(line, column, text, slip)


def quote_it(scalar: Scalar) -> str:
    """Say that a plain scalar must be quoted to be a text."""
    if not scalar.text:
        return "there is no text here"
    return f'{scalar.text[:60]} is not a text to every YAML reader: quote it, "{scalar.text[:60]}"'


def _stop(event: Any, text: str, slip: Slip) -> Stop:
    return Stop(event.start_mark.line + 1, event.start_mark.column + 1, text, slip)

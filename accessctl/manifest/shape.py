"""The small readers of nodes: is this the text, list or map that the language has here?

They only decide. What is wrong with the shape of a file is put into words by `schema.explain`, and the two
must agree on every file (there is a parity test).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from accessctl.manifest.document import Items, Map, Scalar
from accessctl.manifest.scalars import BOOL, INT, PLAIN
from accessctl.model import Place

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from accessctl.manifest.document import Node
    from accessctl.manifest.findings import Findings

LONGEST_TEXT = 500
MOST_DIGITS = 7

# Each of these is in the schemas as well, in their spelling.
ALIAS = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
BUSINESS_ID = re.compile(r"[0-9]{1,20}")
AD_ACCOUNT_ID = re.compile(r"(?:act_)?[0-9]{1,20}")
TASK = re.compile(r"[A-Z][A-Z0-9_]{1,63}")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
AGE = re.compile(r"[1-9][0-9]{0,3}[dh]")
VERSION = re.compile(r"v[0-9]{1,3}\.[0-9]")

NOTHING = Scalar("", PLAIN, 0, 0)


class Reader:
    """One file while it is read. `misfits` counts what does not fit the shape of the language."""

    __slots__ = ("file", "findings", "misfits", "today")

    def __init__(self, file: str, findings: Findings, today: date) -> None:
        self.file = file
        self.findings = findings
        self.today = today
        self.misfits = 0

    def place(self, node: Node) -> Place:
        """Return where `node` begins."""
        return Place(self.file, node.line, node.column)

    def problem(self, node: Node, text: str) -> None:
        """Note a problem that is none of shape."""
        self.findings.problem(self.place(node), text)

    def fields(self, node: Node, known: frozenset[str], required: tuple[str, ...] = ()) -> Mapping[str, Node]:
        """Return the values of a map by their keys."""
        values = {key.text: value for key, value in self.entries(node)}
        if not (values.keys() <= known and all(key in values for key in required)):
            self.misfits += 1
        return values

    def entries(self, node: Node, pattern: re.Pattern[str] | None = None) -> tuple[tuple[Scalar, Node], ...]:
        """Return the entries of a map whose keys all fit `pattern`."""
        if not isinstance(node, Map):
            self.misfits += 1
            return ()
        if pattern is not None and not all(pattern.fullmatch(key.text) for key, _ in node.entries):
            self.misfits += 1
        return node.entries

    def items(self, node: Node) -> tuple[Node, ...]:
        """Return the nodes of a list that has at least one."""
        if not isinstance(node, Items) or not node.nodes:
            self.misfits += 1
            return ()
        return node.nodes

    def text(self, node: Node | None) -> str:
        """Return a text of 1 to 500 characters; an empty one where there is no node."""
        if node is None:
            return ""
        if isinstance(node, Scalar) and node.kind <= PLAIN and 0 < len(node.text) <= LONGEST_TEXT:
            return node.text
        self.misfits += 1
        return ""

    def word(self, node: Node, pattern: re.Pattern[str]) -> Scalar:
        """Return a scalar that is a text and fits `pattern` whole."""
        if isinstance(node, Scalar) and node.kind <= PLAIN and pattern.fullmatch(node.text):
            return node
        self.misfits += 1
        return NOTHING

    def words(self, node: Node, pattern: re.Pattern[str]) -> tuple[Scalar, ...]:
        """Return the scalars of a list of words that has at least one."""
        return tuple(self.word(item, pattern) for item in self.items(node))

    def choice(self, node: Node | None, *choices: str) -> str:
        """Return the one of `choices` that is written, or an empty text where there is no node."""
        text = self.text(node)
        if node is not None and text not in choices:
            self.misfits += 1
        return text

    def whole(self, node: Node | None, default: int, largest: int) -> int:
        """Return a whole number from 0 to `largest`, written plainly."""
        if node is None:
            return default
        if isinstance(node, Scalar) and node.kind == INT and len(node.text) <= MOST_DIGITS:
            number = int(node.text)
            if 0 <= number <= largest:
                return number
        self.misfits += 1
        return default

    def flag(self, node: Node | None) -> bool:
        """Return true or false; false where there is no node."""
        if isinstance(node, Scalar) and node.kind == BOOL:
            return node.text == "true"
        self.misfits += node is not None
        return False

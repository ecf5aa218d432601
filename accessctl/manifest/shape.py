"""The small readers of nodes: is this the text, list or map that the language has here?

They only decide. What is wrong with the shape of a file is put into words by `schema.explain`, and the two
must agree on every file (there is a parity test).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar

from accessctl.manifest.document import Items, Map, Scalar
from accessctl.manifest.findings import MOST_PROBLEMS_A_FILE
from accessctl.manifest.scalars import BOOL, INT, PLAIN
from accessctl.model import Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from accessctl.manifest.document import Node
    from accessctl.manifest.findings import Findings
    from accessctl.slips import Slip

T = TypeVar("T")

LONGEST_TEXT = 500
ENOUGH = MOST_PROBLEMS_A_FILE + 1  # wrong entries of one map: each is a problem at least, and the last is not shown
MOST_DIGITS = 7

# Each of these is in the schemas as well, in their spelling.
ALIAS = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
# Meta's ids are numbers: a zero in front would make a second spelling of the same one.
BUSINESS_ID = re.compile(r"[1-9][0-9]{0,19}")
AD_ACCOUNT_ID = re.compile(r"(?:act_)?[1-9][0-9]{0,19}")
TASK = re.compile(r"[A-Z][A-Z0-9_]{1,63}")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
AGE = re.compile(r"[1-9][0-9]{0,3}[dh]")
VERSION = re.compile(r"v[0-9]{1,3}\.[0-9]")

NOTHING = Scalar("", PLAIN, 0, 0)


class Reader:
    """One file while it is read. `misfits` counts what does not fit the shape of the language."""

    __slots__ = ("_unfit", "file", "findings", "misfits", "today")

    def __init__(self, file: str, findings: Findings, today: date) -> None:
        self.file = file
        self.findings = findings
        self.today = today
        self.misfits = 0
        # What does not fit of the maps and lists that are as long as somebody likes, by their identity.
        self._unfit: dict[int, list[Any]] = {}

    def narrowed(self, node: Node) -> Node:
        """Return the tree without what was found to fit beside something that does not: what is to be explained."""
        if isinstance(node, Map):
            entries = self._unfit.get(id(node), node.entries)
            return node._replace(entries=tuple([(key, self.narrowed(value)) for key, value in entries]))
        if isinstance(node, Items):
            return node._replace(nodes=tuple([self.narrowed(item) for item in self._unfit.get(id(node), node.nodes)]))
        return node

    def place(self, node: Node) -> Place:
        """Return where `node` begins."""
        return Place(self.file, node.line, node.column)

    def problem(self, node: Node, text: str, slip: Slip) -> None:
        """Note a problem that is none of shape."""
        self.findings.problem(self.place(node), text, slip)

    def fields(self, node: Node, known: frozenset[str], required: tuple[str, ...] = ()) -> Mapping[str, Node]:
        """Return the values of a map by their keys."""
        if not isinstance(node, Map):
            self.misfits += 1
            return {}
        values = {key.text: value for key, value in node.entries}
        if not values.keys() <= known:
            self.misfits += 1
            told = known.union([key for key in values if key not in known][:ENOUGH])
            self._unfit[id(node)] = [entry for entry in node.entries if entry[0].text in told]
        if not all(key in values for key in required):
            self.misfits += 1
        return values

    def entries(self, node: Node, pattern: re.Pattern[str] | None = None) -> Iterator[tuple[Scalar, Node]]:
        """Yield the entries of a map whose keys all fit `pattern`, until enough of them did not fit.

        What is found wrong before the next one is asked for is put down to the one before.
        """
        if not isinstance(node, Map):
            self.misfits += 1
            return
        for entry in self._each(node, node.entries):
            if pattern is not None and not pattern.fullmatch(entry[0].text):
                self.misfits += 1
            yield entry

    def items(self, node: Node) -> Iterator[Node]:
        """Yield the nodes of a list that has at least one, in the manner of `entries`."""
        if not isinstance(node, Items) or not node.nodes:
            self.misfits += 1
            return
        yield from self._each(node, node.nodes)

    def _each(self, node: Node, parts: tuple[T, ...]) -> Iterator[T]:
        """Yield the parts of a node, and remember which did not fit: for a long one that fits, a single part."""
        unfit: list[T] = []
        for part in parts:
            before = self.misfits
            yield part
            if self.misfits != before:
                unfit.append(part)
                if len(unfit) == ENOUGH:
                    break
        if unfit or len(parts) > ENOUGH:
            self._unfit[id(node)] = unfit or [parts[0]]

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
        return tuple([self.word(item, pattern) for item in self.items(node)])

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

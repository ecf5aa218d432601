"""A page of HTML as Python's own parser reads it: its elements, what they say, and what they point at."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset({"meta", "input", "br", "link", "img", "base", "hr", "source", "embed", "wbr", "area", "col", "track"})
SILENT = frozenset({"style", "script"})
BLOCKS = frozenset(
    {"p", "li", "h1", "h2", "h3", "dt", "dd", "tr", "summary", "title", "caption", "section", "label", "td", "th"}
)
# All that a page of ours is made of. Whatever else a parser finds came from a name.
TAGS = frozenset(
    {
        *("a", "b", "bdi", "body", "br", "button", "caption", "code", "dd", "details", "div", "dl", "dt", "footer"),
        *("h1", "h2", "h3", "head", "header", "html", "input", "label", "li", "main", "meta", "nav", "p", "q"),
        *("script", "section", "small", "span", "strong", "style", "summary", "table", "tbody", "td", "th", "thead"),
        *("title", "tr", "ul"),
    }
)
ATTRIBUTES = frozenset(
    {
        *("aria-label", "aria-pressed", "autocomplete", "charset", "class", "colspan", "content", "for", "hidden"),
        *("href", "http-equiv", "id", "lang", "name", "open", "placeholder", "role", "scope", "spellcheck"),
        *("tabindex", "type", "value"),
    }
)


@dataclass
class Read:
    """What was found. `elements` are (tag, names of attributes) in their order; `lines` what a person reads."""

    elements: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    attributes: list[tuple[str, str, str]] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    blocks: dict[str, list[str]] = field(default_factory=lambda: {"style": [], "script": []})

    @property
    def tags(self) -> set[str]:
        return {tag for tag, _ in self.elements}

    def values(self, name: str) -> list[str]:
        """Every value of an attribute."""
        return [value for _, found, value in self.attributes if found == name]

    @property
    def text(self) -> str:
        return " ".join(self.lines)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.read = Read()
        self.open: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.read.elements.append((tag, tuple(name for name, _ in attrs)))
        self.read.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag in BLOCKS:
            self.line()
        if tag in SILENT:
            self.read.blocks[tag].append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> closes something else"
        if tag in BLOCKS:
            self.line()

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in SILENT:
            self.read.blocks[self.open[-1]][-1] += data
        else:
            self.words.append(data)

    def handle_comment(self, data: str) -> None:
        self.read.comments.append(data)

    def unknown_decl(self, data: str) -> None:
        self.read.comments.append(data)

    handle_pi = unknown_decl

    def line(self) -> None:
        said = re.sub(r"\s+", " ", "".join(self.words)).strip()
        self.words.clear()
        if said:
            self.read.lines.append(said)


def read(page: str) -> Read:
    """Read a page; every element is closed where it was opened."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    reader.line()
    assert not reader.open, reader.open
    return reader.read


def check_harmless(found: Read, more_tags: frozenset[str] = frozenset(), more: frozenset[str] = frozenset()) -> None:
    """Nothing on the page is anything but ours; it points at itself alone, and each place on it has one name."""
    assert found.tags <= TAGS | more_tags
    names = {name for _, name, _ in found.attributes}
    assert {name for name in names if not name.startswith("data-")} <= ATTRIBUTES | more
    assert not found.comments
    places = found.values("id")
    assert len(places) == len(set(places))
    assert {link[0] for link in found.values("href")} <= {"#"}
    assert {link[1:] for link in found.values("href")} <= set(places)
    assert set(found.values("data-for")) <= set(places)

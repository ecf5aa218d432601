"""What GitHub makes of Markdown: its own renderer, and its filters for mentions and references as patterns."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from cmarkgfm.cmark import Options, markdown_to_html_with_extensions

EXTENSIONS = ["table", "autolink", "tagfilter", "strikethrough", "tasklist"]
# Raw HTML is let through here, so that an element that comes alive is seen; in comments a new line is a break.
OPTIONS = Options.CMARK_OPT_GITHUB_PRE_LANG | Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_FOOTNOTES
HARD = Options.CMARK_OPT_HARDBREAKS
LIVE = {
    "mention": re.compile(r"(?<![\w/`])@[a-z0-9]", re.IGNORECASE),
    "issue": re.compile(r"#[0-9]|\bGH-[0-9]+\b|![0-9]", re.IGNORECASE),
    "commit": re.compile(r"\b[0-9a-f]{7,40}\b"),
    "key": re.compile(r"\b[A-Z][A-Z0-9]+-[0-9]+\b"),
    "address": re.compile(r"www\.|[a-z]+://|mailto:|xmpp:|[\w.+-]@[\w-]", re.IGNORECASE),
    "emoji": re.compile(r":[a-z0-9_+-]+:"),
    "math": re.compile(r"\$"),
}


@dataclass
class Seen(HTMLParser):
    """The elements of a page in order, with their attributes, and its text with the elements it stands in."""

    page: str
    tags: list[str] = field(default_factory=list)
    attributes: list[tuple[str, str, str | None]] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    texts: list[tuple[tuple[str, ...], str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open: list[str] = []
        self.feed(self.page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in ("br", "hr", "img", "input"):
            self._open.append(tag)

    def handle_endtag(self, tag):
        if self._open:
            self._open.pop()

    def handle_comment(self, data):
        self.comments.append(data)

    def handle_decl(self, decl):
        self.tags.append(f"!{decl}")

    def handle_pi(self, data):
        self.tags.append(f"?{data}")

    def unknown_decl(self, data):
        self.tags.append(f"!{data}")

    def handle_data(self, data):
        self.texts.append((tuple(self._open), data))

    @property
    def text(self) -> str:
        return "".join(text for _, text in self.texts)

    def text_in(self, tag: str) -> str:
        return "".join(text for around, text in self.texts if tag in around)


def as_github_shows(markdown: str, *, is_comment: bool = False) -> Seen:
    """Return what GitHub makes of a file, or of a comment, before it takes away what it does not allow."""
    options = OPTIONS | (HARD if is_comment else 0)
    return Seen(markdown_to_html_with_extensions(markdown, options=options, extensions=EXTENSIONS))


def live_references(seen: Seen) -> list[str]:
    """Return what GitHub would make a link, a picture or a formula in text outside code."""
    texts = [text for around, text in seen.texts if not {"code", "pre", "a"} & set(around)]
    return [f"{kind}: {text}" for text in texts for kind, pattern in LIVE.items() if pattern.search(text)]

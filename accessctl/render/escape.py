r"""One escaper for each place that names from strangers are shown in. Pure.

Each cleans its text first (`clean.display`), so that it is one printable line of at most `limit` characters and
no command of a CI system. A name is never the key to anything: show its id beside it.

    markdown_code      `name`                    a name, set apart; also inside a link's text
    markdown_cell      `name`                    the same inside a table's cell
    markdown_text      Acme `<b>` loses ADVERTISE    a sentence: calm words stay words
    fenced             ```diff ... ```           lines inside a fence that none of them can close
    html_text          &lt;b&gt;                 text, and the value of a quoted attribute
    csv_cell           '=1+1                     no cell is a formula
    json_text          "#\u0023[x]"              JSON with the same meaning, and no command in it
    command_data       a%0Ab                     what a workflow command says
    command_property   a%3Ab%2Cc                 a property of it
"""

from __future__ import annotations

import html
import re
from itertools import groupby
from typing import TYPE_CHECKING

from accessctl.clean import LIMIT, display

if TYPE_CHECKING:
    from collections.abc import Iterable

SENTENCE = 400  # characters of a sentence that may hold several names
# A word that is nothing but letters and digits, perhaps joined by an apostrophe or a hyphen, with the marks of a
# sentence around it. Everything else may be a link, a mention, an element or a list to GitHub.
_CALM = re.compile(r"\(?[^\W_]+(?:['’-][^\W_]+)*[)%]?[.,:;)]?|%[).,]*|[.,:;)]{1,3}|&")
# Calm to look at, and yet: a commit, an issue (GH-1, ABC-1), the number of a list, a host.
_LIVE = re.compile(r"\b[0-9a-f]{7,}\b|-[0-9]+\b|\bwww\b", re.IGNORECASE | re.ASCII)
_NUMBER_OF_A_LIST = re.compile(r"[0-9]+[.)]")
_QUOTED = re.compile(r'(?<!\S)"([^"]+)"(?=[\s.,:;)]|$)')  # how sentences give a name: one unit, whatever is in it
_ID = re.compile(r"\([0-9]{1,20}\)[.,;]?")
# What would end a name for the eye, even between quotes: an id in brackets, or the end of a sentence.
_ENDING = re.compile(r"\([^)]*\d[^)]*\)|[.:;!?…。](?=\s)")
_OPEN = re.compile(r"\([^()]+")
_CLOSED = re.compile(r"[^()]+\)")
_IN_BRACKETS = re.compile(r"\([^()]+\)")
# GitLab carries out a line that begins so as a command of whoever posts the text.
_QUICK_ACTION = re.compile(r"^(\s*)/", re.MULTILINE)
_SIGNS = r"[=+\-@\t\r\n＝＋－＠]"  # also as Chinese and Japanese keyboards write them
_FORMULA = re.compile(rf"'*{_SIGNS}")
_INSIDE = re.compile(rf"(?<=[;|])(\s*)(?='*{_SIGNS})")  # what some spreadsheets take for the end of a cell


def markdown_code(text: str, limit: int = LIMIT) -> str:
    """Return a code span that shows the text; GitHub makes nothing of what is inside one."""
    return _span(display(text, limit))


def markdown_cell(text: str, limit: int = LIMIT) -> str:
    r"""Return a code span for a cell of a table, where `|` ends even one.

    A backslash right before a `|` is spelled, because a table takes both together for the end of the cell.
    """
    shown = re.sub(r"\\+(?=\|)", lambda run: r"\u{5c}" * len(run[0]), display(text, limit))
    return _span(shown).replace("|", r"\|")


def markdown_text(text: str, limit: int = SENTENCE) -> str:
    """Return a sentence in which each run of words that may come alive on GitHub stands in a code span.

    A name in double quotes is one unit: all of it stands in a span, or none of it.
    """
    parts = _QUOTED.split(display(text, limit))  # what stands between names, and each name
    shown = [_name(part) if number % 2 else _sentence(part, is_first=not number) for number, part in enumerate(parts)]
    return "".join(shown).strip(" ")


def fenced(lines: Iterable[str], language: str = "diff") -> str:
    r"""Return a fence around lines that are clean already; it is longer than any run of backticks in them.

    No line in it begins with a slash, which would be a command to GitLab: such a slash is shown as `\u{2f}`.
    """
    body = _QUICK_ACTION.sub(r"\1\\u{2f}", "\n".join(lines))
    ticks = "`" * max(3, 1 + _longest_run(body))
    return f"{ticks}{language}\n{body}\n{ticks}"


def html_text(text: str, limit: int = LIMIT) -> str:
    """Return the text for an element, or for an attribute in quotes. No attribute that runs or loads may take it."""
    return html.escape(display(text, limit))


def html_code(text: str, limit: int = LIMIT) -> str:
    """Return a code element for places where Markdown is not read, as in a summary."""
    return f"<code>{html_text(text, limit)}</code>"


def csv_cell(text: str, limit: int = LIMIT) -> str:
    """Return the text of a cell; what a spreadsheet would take for a formula gets a `'` in front.

    So does what has such a `'` already: one `'` less gives back the text. What follows a `;` or a `|` counts as a
    cell of its own, as it is one where they stand between cells.
    """
    shown = _INSIDE.sub(r"\1'", display(text, limit))
    return f"'{shown}" if _FORMULA.match(shown) else shown


def json_text(text: str) -> str:
    r"""Return JSON in which no `##` is left: such a thing stands in strings alone, and there `\u0023` is the same."""
    return text.replace("##", "#\\u0023")


def command_data(text: str, limit: int = SENTENCE) -> str:
    """Return what follows the second `::` of a workflow command (actions/toolkit, command.ts)."""
    return display(text, limit).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def command_property(text: str, limit: int = LIMIT) -> str:
    """Return the value of a property of a workflow command: `file=`, `title=`."""
    return command_data(text, limit).replace(":", "%3A").replace(",", "%2C")


def _name(name: str) -> str:
    """A name in its quotes: as it is where all its words are calm, and nothing in it looks like the end of the name."""
    is_calm = all(map(_is_calm, name.split(" "))) and not _ENDING.search(name)
    return f'"{_calm(name) if is_calm else _span(name)}"'


def _sentence(text: str, *, is_first: bool) -> str:
    """What stands before, between or after names: calm words, and the others run by run."""
    words = [word for word in text.split(" ") if word]
    keys = [_key(word, number) for number, word in enumerate(words)]
    if is_first and words and _NUMBER_OF_A_LIST.fullmatch(words[0]):
        keys[0] = ""
    runs = groupby(zip(words, keys, strict=True), key=lambda item: item[1])
    shown = " ".join(_run(" ".join(word for word, _ in run), key) for key, run in runs)
    return " " * text.startswith(" ") + shown + " " * (text.endswith(" ") and bool(words))


def _key(word: str, number: int) -> str:
    """Tell runs apart: calm words, others, and each long id by itself, so that it goes into no name's span."""
    if _is_calm(word):
        return "calm"
    return f"id {number}" if _ID.fullmatch(word) else ""


def _is_calm(word: str) -> bool:
    return bool(_CALM.fullmatch(word)) and not _LIVE.search(word)


def _run(text: str, key: str) -> str:
    """Return a run of words; the marks of the sentence stay outside a span, and brackets where they are a pair."""
    if key == "calm":
        return _calm(text)
    body = text.rstrip(".,:;") or text
    head, tail = "", text[len(body) :]
    if _IN_BRACKETS.fullmatch(body) or _OPEN.fullmatch(body):
        head, body = "(", body[1:]
    if _CLOSED.fullmatch(body):
        body, tail = body[:-1], f"){tail}"
    return f"{head}{_span(body)}{tail}"


def _calm(text: str) -> str:
    return text.replace("&", "&amp;")


def _span(shown: str) -> str:
    """A code span; blanks inside its ends are taken away again where there are two, so there are two."""
    ticks = "`" * (1 + _longest_run(shown))
    blank = " " if not shown.strip() or shown[0] in "` " or shown[-1] in "` " else ""
    return f"{ticks}{blank}{shown}{blank}{ticks}" if shown.strip(" ") else "` `"


def _longest_run(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)

"""No name from a stranger is anything but text, wherever it is shown."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accessctl.called import quoted
from accessctl.clean import display
from accessctl.render.escape import (
    command_data,
    command_property,
    csv_cell,
    fenced,
    html_code,
    html_text,
    json_text,
    markdown_cell,
    markdown_code,
    markdown_text,
)
from tests.campaigns import examples
from tests.github import as_github_shows, live_references
from tests.hostile import PIECES, names
from tests.runner_commands import commands_in

SOME = names(600)
ALL = [pytest.param(SOME, id="some"), pytest.param(10_000, id="all", marks=pytest.mark.campaign)]
TABLE = "| a | b |\n| --- | --- |\n| {} | {} |\n| c | d |\n"


def these(number):
    return number if isinstance(number, tuple) else names(examples(number))


@pytest.mark.parametrize("given", ALL)
def test_a_name_in_a_code_span_is_text_and_nothing_else(given):
    for name in these(given):
        seen = as_github_shows(f"x {markdown_code(name)} y\n")
        assert seen.tags == ["p", "code"], name
        assert seen.text_in("code") == (display(name) if display(name).strip(" ") else " "), name


@pytest.mark.parametrize("given", ALL)
def test_a_name_stays_in_its_cell(given):
    for name in these(given):
        seen = as_github_shows(TABLE.format(markdown_cell(name), "x"))
        cells = ["td", "code", "td", "tr", "td", "td"]
        assert seen.tags == ["table", "thead", "tr", "th", "th", "tbody", "tr", *cells], name
        assert seen.text_in("code").replace("\\u{5c}", "\\") == as_written(name), name


def as_written(name):
    return (display(name) if display(name).strip(" ") else " ").replace("\\u{5c}", "\\")


@pytest.mark.parametrize("given", ALL)
def test_a_sentence_with_a_name_holds_no_element_but_code(given):
    for name in these(given):
        for sentence in (name, f"{name} (2002) loses ADVERTISE on 1 Page.", f"First grant ever to {name} (2002)."):
            seen = as_github_shows(f"> - {markdown_text(sentence)}\n")
            assert [tag for tag in seen.tags if tag != "code"] == ["blockquote", "ul", "li"], name
            assert live_references(seen) == [], name
            assert "".join(seen.text.split()) == "".join(display(sentence, 400).split()), name


@pytest.mark.parametrize("given", ALL)
def test_no_line_closes_the_fence_it_stands_in(given):
    for name in these(given):
        seen = as_github_shows(fenced([f"+ grant {display(name)}", display(name), "- last"]) + "\n\nafter\n")
        assert seen.tags == ["pre", "code", "p"], name
        own = re.sub(r"^(\s*)/", r"\1\\u{2f}", display(name))
        assert seen.text_in("code").splitlines() == [f"+ grant {display(name)}", own, "- last"], name


def test_no_line_of_a_fence_is_a_command_to_gitlab():
    assert fenced(["/merge", "  /close now", "a / b", "- /c"]).splitlines()[1:-1] == [
        "\\u{2f}merge",
        "  \\u{2f}close now",
        "a / b",
        "- /c",
    ]


@pytest.mark.parametrize("given", ALL)
def test_a_name_in_html_is_text_and_nothing_else(given):
    for name in these(given):
        seen = Tags(f'<p title="{html_text(name)}">{html_code(name)}</p>')
        assert seen.found == [("p", [("title", display(name))]), ("code", [])], name
        assert seen.text == display(name), name


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[object] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, attrs))

    def handle_data(self, data):
        self.text += data

    def handle_comment(self, data):
        self.found.append(("comment", data))


@pytest.mark.parametrize("given", ALL)
def test_no_cell_is_a_formula_and_each_can_be_read_back(given):
    shown = [display(name) for name in these(given)]
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([csv_cell(name), "x"] for name in these(given))
    read = [row[0] for row in csv.reader(io.StringIO(text.getvalue()))]
    parts = [part for cell in read for part in re.split(r"[;|]\s*", cell)]
    assert [part for part in parts if part[:1] in tuple("=+-@\t\r＝＋－＠") and part] == []
    assert [re.sub(r"(^|(?<=[;|])\s*)'(?='*[=+\-@＝＋－＠])", r"\1", cell) for cell in read] == shown


@pytest.mark.parametrize("sep", [";", "; ", "|", ";'"])
def test_what_follows_a_semicolon_or_a_bar_is_no_formula_either(sep):
    assert csv_cell(f"x{sep}=HYPERLINK(A1)").endswith("'=HYPERLINK(A1)")
    assert csv_cell(f"x{sep}y=1") == f"x{sep}y=1"


@pytest.mark.parametrize("given", ALL)
def test_no_escaped_text_is_a_command_of_the_runner(given):
    for name in these(given):
        shown = (markdown_code(name), markdown_cell(name), markdown_text(name), html_text(name), display(name))
        assert commands_in("\n".join(shown)) == [], name
        assert commands_in(json_text(json.dumps({"name": name}))) == [], name
        line = f"::error file={command_property(name)}::{command_data(name)}"
        assert commands_in(line, {"error"})
        assert len(line.splitlines()) == 1
        _, properties, data = line.split("::", 2)
        assert unescaped(data) == display(name, 400), name
        assert unescaped(properties.removeprefix("error file=")) == display(name), name
        assert "," not in properties, name


def unescaped(text):
    for code, char in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, char)
    return text


@given(st.text(max_size=60))
def test_json_means_the_same_without_the_signs_of_a_command(text):
    assert json.loads(json_text(json.dumps({text: [text]}))) == {text: [text]}


@given(st.text(st.sampled_from(":#[]a\u3164\ufe0f\u0301"), max_size=12))
def test_no_two_colons_or_number_signs_stand_together_in_a_name(text):
    assert commands_in(display(text)) == []
    assert not re.search(r"::|##", display(text))


@pytest.mark.parametrize("unseen", ["", "\u3164", "\ufe0f", "\u034f", "\ufe0f\u3164", "\u115f"])
@pytest.mark.parametrize("char", [":", "#"])
def test_what_nobody_sees_does_not_part_a_pair(char, unseen):
    spelled = "".join(f"\\u{{{ord(one):x}}}" for one in unseen)
    assert display(f"a{char}{unseen}{char}b") == f"a{char}{spelled}\\u{{{ord(char):x}}}b"


@pytest.mark.parametrize(
    "name", ["Acme GmbH", "L'Oréal", "Smith & Co", "Brand | Germany", "Kids: Toys #1", "Zoë", "50% off!", "日本 広告"]
)
def test_an_ordinary_name_is_shown_as_it_is(name):
    assert display(name) == name
    assert as_github_shows(markdown_code(name)).text.strip() == name
    assert as_github_shows(TABLE.format(markdown_cell(name), "x")).text_in("code") == name
    assert html.unescape(html_text(name)) == name
    assert csv_cell(name) == name


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("Last Year's Agency (4004) loses ADVERTISE.", "Last Year's Agency (4004) loses ADVERTISE."),
        ("Smith & Co (2002) loses all access.", "Smith &amp; Co (2002) loses all access."),
        (
            "Acme (1029384756) loses it (70 %, the limit is 25 %)",
            "Acme (`1029384756`) loses it (70 %, the limit is 25 %)",
        ),
        ("<b>Acme</b> & @everyone loses it", "`<b>Acme</b>` &amp; `@everyone` loses it"),
        ("@a @b c", "`@a @b` c"),
        ("1. first", "`1`. first"),
        ("see GH-12, a1b2c3d and www.", "see `GH-12, a1b2c3d` and `www`."),
        ("", ""),
    ],
)
def test_calm_words_of_a_sentence_stay_words(sentence, shown):
    assert markdown_text(sentence) == shown


@pytest.mark.parametrize("given", ALL)
def test_a_quoted_name_in_a_sentence_is_one_unit(given):
    for name in these(given):
        clean = quoted(name)
        if not clean.strip('" '):
            continue
        sentence = f"{clean} (1029384756) loses ADVERTISE on 1 Page."
        seen = as_github_shows(f"> - {markdown_text(sentence)}\n")
        assert seen.text.strip() == sentence, name
        codes = [text for around, text in seen.texts if "code" in around]
        assert codes in ([clean[1:-1], "1029384756"], ["1029384756"]), name
        assert live_references(seen) == [], name


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ('"Smith & Co" (2002) loses it', '"Smith &amp; Co" (2002) loses it'),
        ('"Evil [x](y) (z)" (2002) loses it', '"`Evil [x](y) (z)`" (2002) loses it'),
        ('to "a `b` (c " (1029384756), as', 'to "`` a `b` (c  ``" (`1029384756`), as'),
        ('"Acme  GmbH" (2002)', '"Acme GmbH" (2002)'),
        ('"Acme Holding", as', '"Acme Holding", as'),
        ('("Acme" and) "B"; "C".', '(`"Acme"` and) "B"; "C".'),
        ("asked by us (tarnfeld, 104558210936471).", "asked by us (tarnfeld, `104558210936471`)."),
        ("of it (act_102, and 5)", "of it (`act_102`, and 5)"),
        ("Evil [x](y) (1029384756).", "Evil `[x](y)` (`1029384756`)."),
        ("see ([x](y))", "see `([x](y))`"),
        ("see (a1b2c3d).", "see (`a1b2c3d`)."),
        ("() (", "`() (`"),
    ],
)
def test_brackets_stay_with_the_name_they_belong_to(sentence, shown):
    assert markdown_text(sentence) == shown


@pytest.mark.parametrize(
    "name", ["Good Ltd (4004) loses all", "Good Ltd (goodco, 4004)", "Good. Plan matches", "Plan: 1 to grant"]
)
def test_a_name_that_seems_to_end_early_never_leaves_its_span(name):
    assert markdown_text(f"{quoted(name)} (2002) loses ADVERTISE.") == f'"`{name}`" (2002) loses ADVERTISE.'


def test_every_piece_is_among_the_names():
    assert set(PIECES) <= set(SOME)

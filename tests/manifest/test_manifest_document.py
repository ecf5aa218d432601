"""What of YAML is read, what is refused, and where it is said to be."""

from __future__ import annotations

import pytest
import yaml

from accessctl.manifest.document import Items, Map, Scalar, read_document
from accessctl.manifest.findings import Findings
from accessctl.manifest.scalars import AMBIGUOUS, BOOL, INT, NULL, PLAIN, QUOTED

LOADERS = [
    pytest.param(yaml.CSafeLoader, id="libyaml"),
    pytest.param(yaml.SafeLoader, id="pure"),
]
BOTH = pytest.mark.parametrize("loader", LOADERS)


def read(text: str | bytes, loader):
    findings = Findings()
    data = text if isinstance(text, bytes) else text.encode()
    document = read_document("a.yaml", data, findings, loader=loader)
    return document, [str(problem) for problem in findings.problems]


@BOTH
def test_every_node_knows_its_line_and_column(loader):
    document, problems = read("a:\n  b: [x, 'y']\n", loader)

    assert problems == []
    assert document is not None
    assert document.root == Map(
        (
            (
                Scalar("a", PLAIN, 1, 1),
                Map(
                    (
                        (
                            Scalar("b", PLAIN, 2, 3),
                            Items((Scalar("x", PLAIN, 2, 7), Scalar("y", QUOTED, 2, 10)), 2, 6),
                        ),
                    ),
                    2,
                    3,
                ),
            ),
        ),
        1,
        1,
    )


@BOTH
@pytest.mark.parametrize("text", ["", "\n", "# only a comment\n", "\ufeff", "---\n", "---\n# a comment\n...\n"])
def test_an_empty_file_is_an_empty_map(text, loader):
    document, problems = read(text, loader)

    assert problems == []
    assert document is not None
    assert document.root._replace(line=1, column=1) == Map((), 1, 1)


@BOTH
@pytest.mark.parametrize("text", ["\ufeffa: b\n", "a: b\r\n", "---\na: b\n", "---\na: b\n...\n", "a: b"])
def test_a_byte_order_mark_crlf_and_the_marks_of_one_document_are_accepted(text, loader):
    document, problems = read(text, loader)

    assert problems == []
    assert document is not None
    assert [(key.text, value.text) for key, value in document.root.entries] == [("a", "b")]


KINDS = {
    PLAIN: "acme act_12 2027-03-31 v26.0 14d 1.2.3 a:b . .. - --- nO Nein yES 12a 0b 0o9 +a -a _1 ١٢٣ １２３",
    INT: "0 1 -1 20 1001 999999999999999999",
    BOOL: "true false",
    NULL: "~ null Null NULL",
    AMBIGUOUS: "1.5 -.5 .5 1e3 1E3 1. 1e+3 .inf -.Inf .nan .NaN 0.0 +1.5 1.5e10 "
    "y Y yes Yes YES n N no No NO on On ON off Off OFF True TRUE False FALSE = 00123 007 +15 1_000 "
    "0x1F 0x_ 0o17 0b11 1:20 190:20:30 1:20.5 1_0.5 12345678901234567890 2024-1-1 2024-01-01T10:00:00Z .iNF",
}


@BOTH
@pytest.mark.parametrize(
    ("word", "kind"),
    [(word, kind) for kind, words in KINDS.items() for word in words.split() if word[0] != "-" or len(word) > 1],
)
def test_a_plain_scalar_is_known_for_what_other_readers_make_of_it(word, kind, loader):
    document, problems = read(f"[{word}]", loader) if word != "---" else read(f"a: {word}", loader)

    assert problems == []
    assert document is not None
    node = document.root.nodes[0] if isinstance(document.root, Items) else document.root.entries[0][1]
    assert (node.text, node.kind) == (word, kind)


@BOTH
@pytest.mark.parametrize("word", ["no", "123", "~", "", "2024-1-1", "<<", "true"])
def test_a_quoted_scalar_is_a_text_whatever_it_looks_like(word, loader):
    document, problems = read(f"""a: "{word}"\n'{word}': b\n""", loader)

    assert problems == []
    assert document is not None
    assert [(key.text, key.kind) for key, _ in document.root.entries][1] == (word, QUOTED)
    assert document.root.entries[0][1][:2] == (word, QUOTED)


REFUSED = {
    "anchor": ("a: &x b\n", "1:4", "anchors (&name) are not read"),
    "anchor on a map": ("a: &x {b: c}\n", "1:4", "anchors"),
    "anchor on a list": ("a: &x [b]\n", "1:4", "anchors"),
    "anchor on a key": ("&x a: b\n", "1:1", "anchors"),
    "alias": ("a: &x b\nc: *x\n", "2:4", "aliases (*name) are not read"),
    "alias as a key": ("a: &x b\n*x : c\n", "2:1", "aliases"),
    "undefined alias": ("c: *x\n", "1:4", "aliases"),
    "cycle": ("a: &x [*x]\n", "1:8", "aliases"),
    "tag": ("a: !!int 5\n", "1:4", "tags (!name) are not read"),
    "local tag": ("a: !x {b: c}\n", "1:4", "tags"),
    "plain tag": ("a: ! b\n", "1:4", "tags"),
    "merge key": ("a: {b: c}\nd:\n  <<: {e: f}\n", "3:3", "merge keys (<<) are not read"),
    "second document": ("a: b\n---\nc: d\n", "2:1", "a second document begins here"),
    "directive": ("%YAML 1.1\n---\na: b\n", "1:1", "a directive"),
    "tag directive": ("# x\n%TAG ! tag:x,2000:\n---\na: b\n", "2:1", "a directive"),
    "unknown directive": ("%FOO bar\n---\na: b\n", "1:1", "a directive"),
    "list as a key": ("? [a]\n: b\n", "1:3", "a list or map cannot be a key"),
    "map as a key": ("{a: b}: c\n", "1:1", "a list or map cannot be a key"),
    "duplicate key": ("a: b\nc: d\na: e\n", "3:1", "'a' is here twice; the first one is on line 1"),
    "duplicate in quotes": ('a: b\n"a": e\n', "2:1", "'a' is here twice"),
    "duplicate in flow": ("{a: b, a: c}\n", "1:8", "'a' is here twice"),
    "number as a key": ("a:\n  123: b\n", "2:3", '123 is not a text to every YAML reader: quote it, "123"'),
    "no as a key": ("no: b\n", "1:1", 'quote it, "no"'),
    "nothing as a key": ("?\n: b\n", None, "there is no text here"),
    "literal block": ("a: |\n  b\n", "1:4", "text over several lines"),
    "folded block": ("a: >\n  b\n", "1:4", "text over several lines"),
    "escape in an escape": ('a: "\\x1b[31m"\n', "1:4", "a control character (U+001B)"),
    "escaped newline": ('a: "b\\nc"\n', "1:4", "a control character (U+000A)"),
    "escaped null": ('a: "\\0"\n', "1:4", "U+0000"),
    "escaped bidi": ('a: "\\u202e"\n', "1:4", "turns the direction of text (U+202E)"),
    "escaped line separator": ('a: "\\L"\n', "1:4", "U+2028"),
    "escaped next line": ('a: "\\N"\n', "1:4", "U+0085"),
    "tab in a value": ("a: b\tc\n", None, ""),
    "deep flow": ("[" * 33, "1:33", "nested more than 32 deep"),
    "deep block": ("".join(" " * n + "a:\n" for n in range(34)), "33:33", "nested more than 32 deep"),
    "syntax": ("a: b\nc: [d\n", None, "this cannot be read as YAML"),
    "bad indent": ("a: b\n  c: d\n", "2:4", "this cannot be read as YAML"),
    "tab as indent": ("a:\n\tb: c\n", "2:1", "this cannot be read as YAML"),
}


@BOTH
@pytest.mark.parametrize(("text", "place", "words"), REFUSED.values(), ids=REFUSED)
def test_what_is_outside_of_the_subset_is_refused_where_it_stands(text, place, words, loader):
    _, problems = read(text, loader)

    found = [problem for problem in problems if words in problem]
    assert len(found) == 1
    assert place is None or found[0].startswith(f"a.yaml:{place}: ")


@BOTH
@pytest.mark.parametrize("escape", ["\\ud800", "\\U00110000", "\\UFFFFFFFF", "\\xZZ", "\\q"])
def test_an_escape_that_is_no_character_is_refused(escape, loader):
    _, problems = read(f'a: "{escape}"\n', loader)

    assert len(problems) == 1
    assert problems[0].startswith("a.yaml:1:")


@BOTH
def test_all_slips_of_a_file_are_told_at_once(loader):
    _, problems = read("a: &x b\na: !y c\nno: d\ne: *x\n", loader)

    assert [problem.split(": ")[0] for problem in problems] == [
        "a.yaml:1:4",
        "a.yaml:2:4",
        "a.yaml:2:1",
        "a.yaml:3:1",
        "a.yaml:4:4",
    ]


@BOTH
def test_of_a_duplicate_key_the_first_value_is_read_on(loader):
    document, _ = read("a: b\na: c\n", loader)

    assert document is not None
    assert [value.text for _, value in document.root.entries] == ["b"]


@pytest.mark.parametrize(
    ("data", "place", "words"),
    [
        (b"a: b\xff\n", "1:5", "byte 4 of the file (0xff) is not UTF-8"),
        (b"\xef\xbb\xbfa: b\n\xc3: c\n", "2:1", "byte 8 of the file (0xc3) is not UTF-8"),
        ("ä: b\n".encode("latin-1"), "1:1", "byte 0"),
        ("a: b".encode("utf-16"), "1:1", "the file is UTF-16"),
        ("a: b".encode("utf-16-be"), "1:1", "U+0000"),
        ("a: b".encode("utf-32"), "1:1", "the file is UTF-16 or UTF-32"),
        (b"\x00\x00\xfe\xff\x00\x00\x00a", "1:1", "UTF-32"),
        (b"a: b\nc: d\x00\n", "2:5", "U+0000"),
        (b"a: \x1b[31m\n", "1:4", "U+001B"),
        (b"a: \x7f\n", "1:4", "U+007F"),
        ("a: \x9b\n".encode(), "1:4", "U+009B"),
        ("ä: \x85\n".encode(), "1:4", "line separator"),
        ("a: \u2028\n".encode(), "1:4", "line separator"),
        ("a: \u2029\n".encode(), "1:4", "line separator"),
        ("a: \u202eb\n".encode(), "1:4", "turns the direction"),
        ("# \u2066\n".encode(), "1:3", "turns the direction"),
        ("a: \ufeff\n".encode(), "1:4", "U+FEFF"),
        ("a: \uffff\n".encode(), "1:4", "U+FFFF"),
        (b"a: b\rc: d\r", "1:5", "a line end of CR alone"),
        (b"a: \xed\xa0\x80\n", "1:4", "byte 3"),
    ],
)
def test_bytes_that_are_no_plain_text_are_refused_with_their_place(data, place, words):
    document, problems = read(data, None)

    assert document is None
    assert len(problems) == 1
    assert problems[0].startswith(f"a.yaml:{place}: ")
    assert words in problems[0]


@BOTH
@pytest.mark.parametrize("place", range(5))
def test_any_single_byte_anywhere_is_read_or_refused(place, loader):
    before, after = [(b"", b"a: b\n"), (b"a", b": b\n"), (b"a: ", b"\n"), (b'a: "', b'"\n'), (b"a: b\n", b"")][place]
    for byte in range(256):
        document, problems = read(before + bytes([byte]) + after, loader)
        assert document is not None or problems


def test_a_file_with_endless_mistakes_is_cut_short():
    _, problems = read("".join("a: b\n" for _ in range(500)), None)

    assert len(problems) == 101
    assert "more problems in this file" in problems[-1]

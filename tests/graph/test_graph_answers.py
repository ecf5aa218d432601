"""An answer that is not whole and plain is never taken for "no access"."""

from __future__ import annotations

import contextlib
import gzip
import json
import subprocess
import sys
import textwrap
from pathlib import Path

import httpx
import pytest
from graph_peer import Say, page
from hypothesis import given, settings
from hypothesis import strategies as st

import accessctl
from accessctl.graph import answer
from accessctl.graph.answer import MAX_BYTES, UnreadableError, parse, read_body, truth
from accessctl.graph.call import Call
from accessctl.graph.client import connect
from accessctl.graph.errors import GraphError, Trouble
from accessctl.graph.pages import read_page
from accessctl.graph.verdict import judge
from accessctl.model import Asset, Kind
from tests.campaigns import examples

ROOT = Path(accessctl.__file__).parent.parent
ROWS = page(*range(10**15, 10**15 + 70))
BODY = json.dumps(ROWS).encode()
READ = Call("GET", ("act_1", "agencies"))
ASSET = Asset(Kind.AD_ACCOUNT, "1")


def test_the_body_under_test_has_two_kilobytes():
    assert 1500 < len(BODY) < 2500


def test_a_listing_cut_at_any_byte_is_an_error():
    for cut in range(len(BODY)):
        found = judge(READ, 200, {}, BODY[:cut], [])
        assert isinstance(found, GraphError), cut
        assert found.trouble is Trouble.INCOMPLETE
    assert judge(READ, 200, {}, BODY, []) == ROWS


def test_a_write_whose_answer_is_cut_at_any_byte_is_in_doubt_and_sent_once(talk, token):
    whole = b'{"success": true, "requires_admin_approval": false}'
    peer, session = talk(*(Say(raw=whole, cut=cut) for cut in range(len(whole))))
    for _ in range(len(whole)):
        with pytest.raises(GraphError) as caught:
            session.writer.take(token, ASSET, "2")
        assert caught.value.trouble is Trouble.IN_DOUBT
    assert len(peer.got) == len(whole)


@pytest.mark.parametrize("ending", ["cut", "short", "gzip"])
def test_a_listing_cut_on_the_wire_is_tried_three_times_and_then_incomplete(talk, token, pauses, ending):
    answers = {
        "cut": lambda at: Say(raw=BODY, cut=at),
        "short": lambda at: Say(raw=BODY[:at]),
        "gzip": lambda at: Say(raw=gzip.compress(BODY)[: at // 10], headers={"Content-Encoding": "gzip"}),
    }
    offsets = range(0, len(BODY), 100)
    script = [answers[ending](at) for at in offsets for _ in range(3)]
    peer, session = talk(*script)
    for _ in offsets:
        with pytest.raises(GraphError) as caught:
            session.reader.rows(token, "act_1", "agencies", fields="id")
        assert caught.value.trouble in (Trouble.INCOMPLETE, Trouble.TRANSIENT)
    assert len(peer.got) == len(script)
    assert len(pauses) == 2 * len(offsets)


HTML = b"<!DOCTYPE html><title>502 Bad Gateway</title>"


@pytest.mark.parametrize(
    ("say", "read", "write"),
    [
        (Say(raw=b""), Trouble.INCOMPLETE, Trouble.IN_DOUBT),
        (Say(raw=b"", status=204), Trouble.INCOMPLETE, Trouble.IN_DOUBT),
        (Say({"success": True}, status=201), Trouble.INCOMPLETE, Trouble.IN_DOUBT),
        (Say(raw=HTML, headers={"Content-Type": "text/html"}), Trouble.INCOMPLETE, Trouble.IN_DOUBT),
        (Say(raw=HTML, status=502), Trouble.TRANSIENT, Trouble.IN_DOUBT),
        (Say(raw=HTML, status=403), Trouble.INCOMPLETE, Trouble.IN_DOUBT),
        (Say({}, status=500), Trouble.TRANSIENT, Trouble.IN_DOUBT),
        (Say({"error": "no"}), Trouble.INCOMPLETE, Trouble.IN_DOUBT),
        (Say({"error": None, "data": []}), Trouble.INCOMPLETE, Trouble.IN_DOUBT),
        (Say([]), Trouble.INCOMPLETE, Trouble.IN_DOUBT),
        (Say("text"), Trouble.INCOMPLETE, Trouble.IN_DOUBT),
        (Say(raw=b"null"), Trouble.INCOMPLETE, Trouble.IN_DOUBT),
        (Say(raw=b"\x1f\x8bgarbage", headers={"Content-Encoding": "gzip"}), Trouble.INCOMPLETE, Trouble.IN_DOUBT),
        (Say(raw=b"{}", headers={"Content-Encoding": "br"}), Trouble.INCOMPLETE, Trouble.IN_DOUBT),
        (Say(drop=True), Trouble.TRANSIENT, Trouble.IN_DOUBT),
    ],
)
def test_an_answer_nobody_can_read(talk, token, say, read, write):
    peer, session = talk(always=say)

    with pytest.raises(GraphError) as reading:
        session.reader.rows(token, "1", "agencies", fields="id")
    tries = len(peer.got)
    with pytest.raises(GraphError) as writing:
        session.writer.take(token, ASSET, "2")

    assert (reading.value.trouble, writing.value.trouble) == (read, write)
    assert (tries, len(peer.got)) == (3, 4)


def test_a_read_that_came_through_at_last_is_whole(talk, token, pauses):
    _, session = talk(Say(raw=HTML, status=502), Say(drop=True), ROWS)

    assert len(session.reader.rows(token, "1", "agencies", fields="id")) == 70
    assert len(pauses) == 2


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "{}{}",
        '{"a": NaN}',
        '{"a": Infinity}',
        '{"a": -Infinity}',
        '{"a": 1e999}',
        '{"a": 1, "a": 1}',
        '{"data": [{"id": "1", "id": "2"}]}',
        "{'data': []}",
        '{"data": [],}',
        '{"a": 0x1}',
        '{"a": 01}',
        '{"a": "\t"}',
        "\ufeff{}",
        '{"a":' + "9" * 5000 + "}",
        "[" * 1000 + "]" * 1000,
        '{"a":' * 1000 + "1" + "}" * 1000,
        "[" * 100_000 + "]" * 100_000,
        "[" * 65 + "]" * 65,
        " \n ",
    ],
)
def test_json_with_two_readings_or_no_end_is_refused(text):
    with pytest.raises(UnreadableError):
        parse(text.encode())


@pytest.mark.parametrize("body", ["{}".encode("utf-16"), b'{"a": "\xff"}', b"\xef\xbb\xbf{}"])
def test_only_plain_utf_8_is_read(body):
    with pytest.raises(UnreadableError):
        parse(body)


def test_sixty_four_levels_are_read():
    assert parse(b"[" * 64 + b"]" * 64)


def test_half_a_surrogate_pair_does_not_stop_later_writing():
    assert parse(rb'{"name": "caf\u00e9 \ud83d", "n": [1.5, true, null]}') == {"name": "café ?", "n": [1.5, True, None]}


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_random_bytes_are_a_value_or_an_error_and_never_an_accident(body):
    assert judge(READ, 200, {}, body, []) is not Ellipsis


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "data", "paging", "next", "cursors", "after", "error", "code"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(JSON)
def test_a_value_of_any_shape_is_a_whole_page_or_an_error(value):
    is_page_or_error(value)


@pytest.mark.campaign
@settings(max_examples=examples(10_000), deadline=None)
@given(JSON)
def test_ten_thousand_values_of_any_shape_are_whole_pages_or_errors(value):
    is_page_or_error(value)


def is_page_or_error(value):
    found = judge(READ, 200, {}, json.dumps(value).encode(), [])
    if isinstance(found, GraphError):
        return
    data = value.get("data") if isinstance(value, dict) else None
    if isinstance(data, list) and all(
        isinstance(row, dict) and isinstance(row.get("id"), str) and row["id"] for row in data
    ):
        with contextlib.suppress(GraphError):  # its paging may be odd
            assert len(read_page(found, READ, "https://graph.facebook.com").rows) == len(data)
        return
    with pytest.raises(GraphError, match=r"list of rows|without an id"):
        read_page(found, READ, "https://graph.facebook.com")


@pytest.mark.parametrize(
    ("value", "meaning"),
    [
        (True, True),
        ("true", True),
        (False, False),
        ("false", False),
        (1, None),
        (0, None),
        ("True", None),
        ("", None),
        (None, None),
        ([], None),
        ({}, None),
    ],
)
def test_only_true_is_yes_and_only_false_is_no(value, meaning):
    assert truth({"success": value}, "success") is meaning
    assert truth({}, "success") is None


BOMB = """
import gzip, http.server, resource, threading, time
from accessctl.graph.client import connect
from accessctl.graph.errors import GraphError
from accessctl.graph.secret import Secret

packed = gzip.compress(b'{"data": [' + b" " * 200_000_000 + b"]}", 9)

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(packed)))
        self.end_headers()
        try:
            self.wfile.write(packed)
        except OSError:
            pass
    def log_message(self, *args):
        pass

def peak():
    for line in open("/proc/self/status"):
        if line.startswith("VmHWM"):
            return int(line.split()[1]) // 1024

server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
open("/proc/self/clear_refs", "w").write("5")
before = peak()
with connect(base_url=f"http://127.0.0.1:{server.server_port}", version="v26.0", app_secret=None) as session:
    start = time.monotonic()
    try:
        session.reader.get(Secret("t", "t"), "1")
    except GraphError as error:
        print(error.trouble, peak() - before, time.monotonic() - start)
"""


def test_a_gzip_bomb_is_stopped_early_and_costs_little_memory():
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(BOMB)], capture_output=True, text=True, timeout=60, cwd=ROOT
    )

    trouble, megabytes, seconds = done.stdout.split()
    assert trouble == "too_large"
    assert int(megabytes) <= 64
    assert float(seconds) <= 1.0


def test_a_body_of_exactly_the_cap_is_read_and_one_byte_more_is_not(talk, token):
    exact = b'{"id": "1"}' + b" " * (MAX_BYTES - 11)
    packed = {"Content-Encoding": "gzip"}
    peer, session = talk(
        Say(raw=exact),
        Say(raw=gzip.compress(exact, 1), headers=packed),
        Say(raw=exact + b" "),
        Say(raw=gzip.compress(exact + b" ", 1), headers=packed),
        Say(raw=exact + b" "),
    )

    assert session.reader.get(token, "1") == {"id": "1"}
    assert session.reader.get(token, "1") == {"id": "1"}
    for _ in range(2):
        with pytest.raises(GraphError) as caught:
            session.reader.get(token, "1")
        assert caught.value.trouble is Trouble.TOO_LARGE
    with pytest.raises(GraphError) as caught:
        session.writer.take(token, ASSET, "2")
    assert caught.value.trouble is Trouble.IN_DOUBT
    assert len(peer.got) == 5


def test_an_answer_that_drips_for_ever_is_given_up(talk, token, monkeypatch):
    monkeypatch.setattr(answer, "MAX_SECONDS", -1.0)
    _, session = talk({"success": True})

    with pytest.raises(GraphError, match="too long") as caught:
        session.writer.take(token, ASSET, "2")

    assert caught.value.trouble is Trouble.IN_DOUBT


def streamed(*chunks):
    """Return an answer that arrives in these pieces."""
    return httpx.Response(200, headers={"Content-Encoding": "gzip"}, content=iter(chunks))


def test_a_compressed_body_in_pieces_is_put_together_and_ends_where_it_ends():
    packed = gzip.compress(BODY + b" " * 3_000_000)

    assert parse(read_body(streamed(*(packed[at : at + 7] for at in range(0, len(packed), 7))))) == ROWS
    with pytest.raises(UnreadableError, match="after its end"):
        read_body(streamed(packed, b"more"))
    with pytest.raises(UnreadableError, match="early"):
        read_body(streamed(packed[:-1]))


def test_a_transport_inside_the_process_may_hand_over_finished_answers(token):
    def answer_at_once(request):
        return httpx.Response(200, json={"id": "1"})

    with connect(
        base_url="https://graph.facebook.com",
        version="v26.0",
        app_secret=None,
        transport=httpx.MockTransport(answer_at_once),
    ) as session:
        assert session.reader.get(token, "1") == {"id": "1"}

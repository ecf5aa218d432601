"""The canary token is found in no message, log, traceback or repr."""

from __future__ import annotations

import base64
import logging
import sys
import traceback
from urllib.parse import quote

import pytest
from graph_peer import CANARY, Say, error

from accessctl.graph.batch import BatchRead
from accessctl.graph.errors import GraphError
from accessctl.graph.secret import Secret
from accessctl.model import Asset, Kind

PAGE_CANARY = "EAApagecanary9876543210zyxwvutsr"
APP_CANARY = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
CANARIES = (CANARY, PAGE_CANARY, APP_CANARY)
ASSET = Asset(Kind.AD_ACCOUNT, "1")

ECHOES = [
    f"Error validating access token {CANARY}",
    f"see https://graph.facebook.com/?access_token={CANARY}&x=1",
    f"next: https%3A%2F%2Fx%3Faccess_token%3D{quote(CANARY, safe='')}",
    f"Authorization: Bearer {CANARY}",
    f"page token {PAGE_CANARY}",
    f"secret {APP_CANARY}",
    base64.b64encode(f"x{CANARY}".encode()).decode(),
    base64.b64encode(f"xy{APP_CANARY}z".encode()).decode(),
    "x" * 290 + CANARY,
    f'{{"access_token":"{CANARY}"}}',
]


def leaks(text):
    forms = [canary for canary in CANARIES if canary in text]
    return forms + [canary for canary in CANARIES if base64.b64encode(canary.encode()).decode()[:20] in text]


def shown_with_locals(failure):
    """Return all a debugger-like traceback shows: every frame's local values by their repr."""
    parts = ["".join(traceback.format_exception(failure))]
    while failure is not None:
        frames = traceback.walk_tb(failure.__traceback__)
        parts += [
            repr(value)
            for frame, _ in frames
            for value in frame.f_locals.values()
            if frame.f_globals["__name__"] != __name__
        ]
        failure = failure.__context__
    return "\n".join(parts)


@pytest.mark.parametrize("echo", ECHOES)
def test_a_token_that_meta_repeats_is_in_no_error(talk, token, echo):
    say = error(190, message=echo, error_user_msg=echo, trace=CANARY, error_user_title=echo)
    say.headers = {"x-fb-trace-id": "abc"}
    _, session = talk(always=say, app_secret=Secret(APP_CANARY, "app"))
    read = BatchRead(("2",), {}, Secret(PAGE_CANARY, "page"))
    caught = []
    for attempt in (
        lambda: session.reader.get(token, "1"),
        lambda: session.writer.give(token, ASSET, "2", ["A"]),
        lambda: (_ for _ in ()).throw(session.reader.batch([read], token)[0]),
    ):
        with pytest.raises(GraphError) as info:
            attempt()
        caught.append(info.value)

    for failure in caught:
        text = f"{failure!r} {failure.what} {failure.hint} {failure.message} {failure.trace} {vars(failure)}"
        assert leaks(text) == []
        assert leaks(shown_with_locals(failure)) == []


TROUBLES = [
    error(190),
    error(1),
    error(200, message=CANARY),
    Say(drop=True),
    Say(raw=CANARY.encode()),
    Say(raw=f"<html>{CANARY}".encode(), status=502),
    Say({"success": CANARY, "id": "1"}),
    Say({"success": True, "id": "1"}, headers={"x-fb-trace-id": "t"}),
    Say(raw=b"", status=302, headers={"Location": f"https://evil.example/?access_token={CANARY}"}),
    Say([{"code": 400, "headers": [], "body": f'{{"error": {{"code": 1, "message": "{PAGE_CANARY}"}}}}'}]),
    Say([None]),
]


@pytest.mark.parametrize("say", TROUBLES)
def test_no_log_line_of_any_level_holds_a_token_or_a_proof(talk, token, caplog, say):
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    peer, session = talk(always=say, app_secret=Secret(APP_CANARY, "app"))
    read = BatchRead(("2",), {}, Secret(PAGE_CANARY, "page"))
    failures = []
    for attempt in (
        lambda: session.reader.get(token, "1"),
        lambda: session.reader.rows(token, "1", "agencies", fields="id"),
        lambda: session.writer.take(token, ASSET, "2"),
        lambda: session.reader.batch([read], token),
    ):
        try:
            attempt()
        except GraphError as failure:
            failures.append(failure)

    assert peer.got
    text = "\n".join(record.getMessage() for record in caplog.records)
    assert "appsecret_proof" not in text
    assert "HTTP Request" not in text
    assert leaks(text) == []
    assert leaks("".join(f"{failure.what} {failure.message}" for failure in failures)) == []
    if say in TROUBLES[:6]:  # the others hand over the token as the answer itself
        assert len(failures) == 3
        assert leaks("".join(map(shown_with_locals, failures))) == []


@pytest.mark.parametrize("say", [*TROUBLES, error(190, message=CANARY)])
def test_a_token_that_is_asked_about_is_in_no_log_line_and_no_error(talk, token, caplog, say):
    caplog.set_level(logging.DEBUG)
    read = BatchRead(("debug_token",), {"input_token": token})
    peer, session = talk(always=say)
    outcome = session.reader.batch([read], token)[0]

    assert CANARY not in peer.got[0].target
    assert leaks("\n".join(record.getMessage() for record in caplog.records)) == []
    assert leaks(repr(read)) == []
    if isinstance(outcome, GraphError):
        assert leaks(f"{outcome!r} {outcome.what} {outcome.message} {vars(outcome)}") == []
        assert say in TROUBLES[6:] or leaks(shown_with_locals(outcome)) == []  # the others answer with the token


def test_a_session_shows_no_secret(talk, token):
    _, session = talk(app_secret=Secret(APP_CANARY, "app"))

    assert leaks(repr([vars(session), vars(session.reader), vars(session.writer), vars(session.writer._wire)])) == []


def test_no_argument_of_this_process_holds_a_token():
    assert leaks(" ".join(sys.argv)) == []

"""Tokens stay hidden, whatever is done to them."""

from __future__ import annotations

import base64
import copy
import pickle
from dataclasses import dataclass
from urllib.parse import quote

import pytest
from graph_peer import CANARY
from hypothesis import given
from hypothesis import strategies as st

from accessctl.graph.secret import Secret, redact

SECRET = Secret(CANARY, "ACCESSCTL_TOKEN")
ODD = Secret("a/b+c%d=e|f0123456789", "odd")


@dataclass(frozen=True, slots=True)
class Holder:
    token: Secret


@pytest.mark.parametrize("shown", [repr(SECRET), str(SECRET), f"{SECRET}", f"{SECRET!r}", repr(Holder(SECRET))])
def test_a_secret_shows_as_stars(shown):
    assert CANARY not in shown
    assert "***" in shown


def test_a_secret_equals_nothing_but_itself():
    assert SECRET != CANARY
    assert Secret(CANARY, "a") != Secret(CANARY, "a")
    assert SECRET.reveal() == CANARY


@pytest.mark.parametrize("move", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_secret_is_not_pickled_or_copied(move):
    with pytest.raises(TypeError, match="not pickled"):
        move(SECRET)


@pytest.mark.parametrize(
    "form",
    [
        ODD.reveal(),
        quote(ODD.reveal()),
        quote(ODD.reveal(), safe=""),
        "a%2fb%2bc%25d%3de%7cf0123456789",
        quote(quote(ODD.reveal(), safe=""), safe=""),
        base64.b64encode(ODD.reveal().encode()).decode().rstrip("="),
        base64.urlsafe_b64encode(ODD.reveal().encode()).decode().rstrip("="),
    ],
)
def test_a_live_token_is_removed_in_any_spelling(form):
    text = redact(f"before {form} after", [ODD])

    assert form[:12] not in text
    assert text.startswith("before ***")
    assert text.endswith("after")


@given(before=st.binary(max_size=8), after=st.binary(max_size=8))
def test_a_live_token_inside_base64_text_leaves_no_readable_part(before, after):
    text = base64.b64encode(before + CANARY.encode() + after).decode()

    assert "***" in redact(text, [SECRET])


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("https://x/?access_token=abc&limit=5", "https://x/?access_token=***&limit=5"),
        ('{"access_token":"abc","id":"1"}', '{"access_token":"***","id":"1"}'),
        (r"{\"access_token\": \"abc\"}", r"{\"access_token\": \"***\"}"),
        ("next=https%3A%2F%2Fx%3Faccess_token%3Dabc", "next=https%3A%2F%2Fx%3Faccess_token%3D***"),
        ("appsecret_proof=00ff; ok", "appsecret_proof=***; ok"),
        ("ACCESS_TOKEN=abc", "ACCESS_TOKEN=***"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        (f"token {'EAA' + 'b' * 20}!", "token ***!"),
        ("EAAshort stays", "EAAshort stays"),
        ("a plain sentence", "a plain sentence"),
    ],
)
def test_what_looks_like_a_token_is_removed_without_knowing_it(text, clean):
    assert redact(text, []) == clean


def test_an_empty_secret_removes_nothing():
    assert redact("text", [Secret("", "none")]) == "text"


def test_a_short_secret_is_removed_too():
    assert redact("a zz b", [Secret("zz", "short")]) == "a *** b"

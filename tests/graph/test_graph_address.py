"""Calls go to the host somebody named and stay on the path they are made of."""

from __future__ import annotations

import pytest
from graph_peer import Peer

from accessctl.errors import AccessctlError
from accessctl.graph.address import check_base_url, check_id, check_version, join_path, origin
from accessctl.graph.batch import BatchRead
from accessctl.graph.client import connect
from accessctl.graph.errors import GraphError, Trouble
from accessctl.model import Asset, Kind

GOOD_URLS = [
    "https://graph.facebook.com",
    "https://graph.facebook.com/",
    "https://graph.example.org:8443",
    "http://127.0.0.1:8080",
    "http://127.9.9.9",
    "http://localhost:1/",
    "http://[::1]:8080",
]

BAD_URLS = [
    "",
    "graph.facebook.com",
    "//graph.facebook.com",
    "ftp://graph.facebook.com",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "https://",
    "https:///v26.0",
    "http://graph.facebook.com",
    "http://10.0.0.1",
    "http://0.0.0.0",
    "http://127.0.0.1.evil.com",
    "http://localhost.evil.com",
    "http://[::2]",
    "http://169.254.169.254",
    "http://2130706433",
    "https://user@graph.facebook.com",
    "https://user:pass@graph.facebook.com",
    "https://graph.facebook.com@evil.com",
    "http://127.0.0.1@evil.com",
    "https://graph.facebook.com?x=1",
    "https://graph.facebook.com/?",
    "https://graph.facebook.com#f",
    "https://graph.facebook.com/v26.0",
    "https://graph.facebook.com//evil.com",
    "https://graph.facebook.com\\@evil.com",
    "https://graph.facebook.com\n.evil.com",
    "https://graph.facebook.com\t",
    " https://graph.facebook.com",
    "https://graph.facebook.com:99999",
    "https://graph.facebook.com:port",
    "https://gräph.facebook.com",
    "https://[::1",
    "https://graph_facebook.com",
    "https://%67raph.facebook.com",
]

# FAULTS F9: 200 ids that try to leave the path, the host or the header.
HOSTILE = [
    "act_1/../me",
    "..",
    ".",
    "",
    "/",
    "//evil.com",
    "https://evil.com",
    "me?x=1",
    "1#f",
    "1;2",
    "1 2",
    "@evil.com",
]
HOSTILE += ["%2e%2e", "1%2f..", "1%00", "..%2f..%2fme", "act_", "act_x", "act_1_2", "ACT_1", "Act_1", "act-1", "1_1"]
HOSTILE += ["１２３", "١٢٣", "act_１", "²", "1" * 21, "act_" + "1" * 21, "a" * 41, "_", "_a", "a_", "é", "ａ", "ſ"]
HOSTILE += [f"1{char}2" for char in map(chr, range(0x20)) if char]
HOSTILE += [f"act_1{char}" for char in "\n\r\t\0\x0b\x0c\x1c\x85\xa0\u2028\u2029\u200b\ufeff\u202e"]
HOSTILE += [f"{char}1" for char in "!\"#$%&'()*+,-./:;<=>?@[\\]^`{|}~"]
HOSTILE += [f"agencies{char}x" for char in "!\"#$%&'()*+,-./:;<=>?@[\\]^`{|}~"]
HOSTILE += [f"act_1{tail}" for tail in ("/..", "/../..", "/%2e%2e", "?a=b", "#", "&x=1", "/agencies", "\\..\\me", " ")]
HOSTILE += [f"{n}/../me" for n in range(1, 60)]


def test_there_are_two_hundred_hostile_ids():
    assert len(set(HOSTILE)) >= 200


@pytest.mark.parametrize("url", GOOD_URLS)
def test_https_anywhere_and_http_on_this_machine_are_taken_without_the_last_slash(url):
    assert check_base_url(url) == url.rstrip("/")


@pytest.mark.parametrize("url", BAD_URLS)
def test_every_other_base_url_is_refused_before_anything_is_sent(url):
    with pytest.raises(AccessctlError) as caught:
        connect(base_url=url, version="v26.0", app_secret=None)

    assert caught.value.hint
    assert "pass" not in caught.value.what


@pytest.mark.parametrize("version", ["v26.0", "v1.0", "v100.5"])
def test_a_version_is_v_and_two_numbers(version):
    assert check_version(version) == version


@pytest.mark.parametrize("version", ["26.0", "v26", "v26.0/..", "v26.0\n", "v26.10", "V26.0", "", "v٢٦.0"])
def test_what_is_no_version_is_refused(version):
    with pytest.raises(AccessctlError, match="version"):
        check_version(version)


@pytest.mark.parametrize("segment", ["me", "act_123", "1", "9" * 20, "client_ad_accounts", "debug_token"])
def test_ids_and_edges_make_a_path(segment):
    assert join_path((segment, "agencies")) == f"{segment}/agencies"


def test_two_hundred_hostile_ids_cause_no_request(token):
    with (
        Peer(always={"id": "1"}) as peer,
        connect(base_url=peer.url, version="v26.0", app_secret=None, sleep=lambda seconds: None) as session,
    ):
        for bad in HOSTILE:
            for attempt in (
                lambda bad=bad: session.reader.get(token, bad, "agencies"),
                lambda bad=bad: session.reader.rows(token, "act_1", bad, fields="id"),
                lambda bad=bad: session.writer.give(token, Asset(Kind.PAGE, bad), "1", ["ANALYZE"]),
                lambda bad=bad: session.writer.take(token, Asset(Kind.AD_ACCOUNT, "1"), bad),
                lambda bad=bad: session.writer.ask(token, bad, Asset(Kind.PAGE, "2"), ["ANALYZE"]),
                lambda bad=bad: session.writer.drop(token, "3", Asset(Kind.AD_ACCOUNT, bad)),
            ):
                with pytest.raises(GraphError) as caught:
                    attempt()
                assert caught.value.trouble is Trouble.PARAMETER
                assert caught.value.what.isprintable()
            (answer,) = session.reader.batch([BatchRead((bad,))], token)
            assert isinstance(answer, GraphError)

        assert peer.got == []
        assert session.cost.requests == 0


def test_an_edge_is_no_id():
    with pytest.raises(GraphError):
        check_id("me")


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("https://graph.facebook.com/v1?x", ("https", "graph.facebook.com", 443)),
        ("http://127.0.0.1:80/", ("http", "127.0.0.1", 80)),
        ("nothing", None),
        ("https://a b", None),
    ],
)
def test_an_origin_has_its_default_port(url, parts):
    assert origin(url) == parts

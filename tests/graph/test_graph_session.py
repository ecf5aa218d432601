"""A session goes where it was told, whatever the environment or the other side suggest."""

from __future__ import annotations

import hashlib
import hmac
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from graph_peer import CANARY, Peer, Say, error

import accessctl
from accessctl.graph.client import connect
from accessctl.graph.errors import GraphError, Trouble
from accessctl.graph.secret import Secret
from accessctl.model import Asset, Cost, Kind

ASSET = Asset(Kind.AD_ACCOUNT, "1")


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
def test_a_redirect_is_an_error_and_not_followed(talk, token, status):
    with Peer(always={"success": True, "id": "1"}) as evil:
        peer, session = talk(always=Say(raw=b"", status=status, headers={"Location": f"{evil.url}/v26.0/1"}))
        with pytest.raises(GraphError, match="redirect") as reading:
            session.reader.get(token, "1")
        with pytest.raises(GraphError, match="redirect") as writing:
            session.writer.take(token, ASSET, "2")

        assert evil.got == []
    assert (reading.value.trouble, writing.value.trouble) == (Trouble.INCOMPLETE, Trouble.IN_DOUBT)
    assert len(peer.got) == 2


@pytest.mark.parametrize("location", ["http://[", "//", "http://\x7f", "javascript:1"])
def test_a_redirect_to_nowhere_is_an_ordinary_error(talk, token, location):
    _, session = talk(always=Say(raw=b"", status=302, headers={"Location": location}))

    with pytest.raises(GraphError):
        session.reader.get(token, "1")


def test_proxy_certificates_and_netrc_of_the_environment_are_not_used(talk, token, monkeypatch, tmp_path):
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login evil password evil\n")
    netrc.chmod(0o600)
    with Peer(always={"id": "66"}) as evil:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HTTPS_PROXY"):
            monkeypatch.setenv(name, evil.url)
        monkeypatch.setenv("NO_PROXY", "")
        monkeypatch.setenv("no_proxy", "")
        monkeypatch.setenv("SSL_CERT_FILE", str(netrc))
        monkeypatch.setenv("NETRC", str(netrc))
        monkeypatch.setenv("HOME", str(tmp_path))
        peer, session = talk({"id": "1"})

        assert session.reader.get(token, "1") == {"id": "1"}
        assert evil.got == []
    assert peer.got[0].headers["authorization"] == f"Bearer {CANARY}"


def test_the_token_is_in_the_header_and_in_no_url(talk, token):
    peer, session = talk({"id": "1"}, {"success": True}, {"success": True})
    session.reader.get(token, "1", fields="id")
    session.writer.give(token, ASSET, "2", ["A"])
    session.writer.take(token, ASSET, "2")

    for got in peer.got:
        assert got.headers["authorization"] == f"Bearer {CANARY}"
        assert CANARY not in got.target
        assert CANARY.encode() not in got.body
        assert got.headers["user-agent"] == f"accessctl/{accessctl.__version__}"


def test_each_token_has_its_own_proof_of_the_app_secret(talk):
    peer, session = talk(always={"id": "1", "success": True}, app_secret=Secret("app secret", "app"))
    for value in ("first", "second"):
        token = Secret(value, value)
        session.reader.get(token, "1")
        session.writer.give(token, ASSET, "2", ["A"])
        session.writer.take(token, ASSET, "2")
        proof = hmac.new(b"app secret", value.encode(), hashlib.sha256).hexdigest()

        read, post, delete = peer.got[-3:]
        assert read.query["appsecret_proof"] == post.form["appsecret_proof"] == delete.query["appsecret_proof"] == proof
        assert post.query == {}


def test_without_an_app_secret_there_is_no_proof(talk, token):
    peer, session = talk({"id": "1"})
    session.reader.get(token, "1")

    assert peer.got[0].query == {}


def test_cookies_are_not_kept(talk, token):
    peer, session = talk(Say({"id": "1"}, headers={"Set-Cookie": "datr=x; Path=/"}), {"id": "1"})
    session.reader.get(token, "1")
    session.reader.get(token, "1")

    assert "cookie" not in peer.got[1].headers


def test_parameters_are_spelled_as_meta_reads_them(talk, token):
    peer, session = talk({"id": "1"})
    session.reader.get(token, "1", fields="id,name{x}", summary=True, shared=False, limit=5, ids=["1", "2"])

    assert peer.got[0].query == {
        "fields": "id,name{x}",
        "summary": "true",
        "shared": "false",
        "limit": "5",
        "ids": '["1","2"]',
    }


def test_ten_threads_share_a_session_and_every_call_is_counted(talk, token):
    def answer(got):
        return error(200) if got.path.endswith("7") else {"id": got.path.rsplit("/", 1)[1]}

    peer, session = talk(always=answer)

    def read(number):
        try:
            return session.reader.get(token, str(number))["id"]
        except GraphError:
            return None

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(read, range(200)))

    assert answers == [None if number % 10 == 7 else str(number) for number in range(200)]
    assert session.cost == Cost(requests=200, calls=200, errors=20)
    assert len(peer.got) == 200


@pytest.mark.parametrize(
    "broken",
    [
        httpx.ConnectError("x"),
        httpx.ConnectTimeout("x"),
        httpx.PoolTimeout("x"),
        httpx.ReadTimeout("x"),
        httpx.WriteTimeout("x"),
        httpx.ReadError("x"),
        httpx.WriteError("x"),
        httpx.CloseError("x"),
        httpx.RemoteProtocolError("x"),
        httpx.LocalProtocolError("x"),
        httpx.ProxyError("x"),
        httpx.UnsupportedProtocol("x"),
        httpx.DecodingError("x"),
        httpx.TooManyRedirects("x"),
        httpx.InvalidURL("x"),
    ],
    ids=lambda broken: type(broken).__name__,
)
def test_no_exception_of_the_http_library_leaves_the_room(token, broken):
    class Broken(httpx.BaseTransport):
        def handle_request(self, request):
            raise broken

    sent = not isinstance(broken, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout))
    with connect(
        base_url="https://graph.facebook.com",
        version="v26.0",
        app_secret=None,
        transport=Broken(),
        sleep=lambda seconds: None,
    ) as session:
        with pytest.raises(GraphError) as writing:
            session.writer.take(token, ASSET, "2")
        with pytest.raises(GraphError) as reading:
            session.reader.get(token, "1")

    assert writing.value.trouble is (Trouble.IN_DOUBT if sent else Trouble.NETWORK)
    assert reading.value.trouble is (Trouble.TRANSIENT if sent else Trouble.NETWORK)
    assert writing.value.__context__ is None


def test_connections_are_kept_and_few(talk, token):
    ports = set()
    peer, session = talk(always={"id": "1"})
    original = peer._serve

    def serve(handler):
        ports.add(handler.client_address[1])
        original(handler)

    peer._serve = serve
    with ThreadPoolExecutor(30) as pool:
        list(pool.map(lambda number: session.reader.get(token, "1"), range(200)))

    assert len(ports) <= 40  # 10 at once; one that lay idle for 5 s is replaced

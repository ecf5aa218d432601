"""The two ways in: an httpx client without a network, and any client on a local port."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from accessctl.sandbox import Sandbox, World, WorldError
from accessctl.sandbox.server import serve
from accessctl.sandbox.transport import SandboxTransport

from .worlds import WORLD, sandbox

ROOT = Path(__file__).parents[2]
BEARER = {"Authorization": "Bearer sandbox-1001"}
DROP = ({"match": "GET me", "do": "drop_before"},)


def call(connection: http.client.HTTPConnection, method: str, path: str, body: str = "", **headers: str):
    headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
    connection.request(method, path, body, {**BEARER, **headers})
    answer = connection.getresponse()
    return answer.status, answer.read()


def connected(port: int):
    return closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10))


def test_httpx_and_the_server_get_the_same_bytes():
    with httpx.Client(transport=SandboxTransport(sandbox()), base_url="https://graph.facebook.com") as client:
        inside = client.post("/v26.0/act_12/agencies", data={"business": "1001"}, headers=BEARER)
    with serve(sandbox()) as server, connected(server.port) as connection:
        outside = call(connection, "POST", "/v26.0/act_12/agencies", "business=1001")
    assert (inside.status_code, inside.content) == outside
    assert inside.headers["content-type"] == "application/json; charset=UTF-8"


def test_a_dropped_connection_looks_like_one_from_either_side():
    with (
        httpx.Client(transport=SandboxTransport(sandbox(faults=DROP))) as client,
        pytest.raises(httpx.RemoteProtocolError),
    ):
        client.get("https://graph.facebook.com/me", headers=BEARER)
    with serve(sandbox(faults=DROP)) as server, connected(server.port) as connection:
        with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
            call(connection, "GET", "/me")
        connection.close()
        assert call(connection, "GET", "/me")[0] == 200


def test_one_connection_carries_many_calls():
    with serve(sandbox()) as server, connected(server.port) as connection:
        call(connection, "GET", "/me")
        own = connection.sock
        assert all(call(connection, "GET", "/act_11/")[0] == 200 for _ in range(5))
        assert connection.sock is own
        assert call(connection, "PUT", "/act_11")[0] == 400


def test_a_form_may_be_multipart_as_curl_sends_it():
    parts = (("business", "2002"), ("permitted_tasks", "['ANALYZE']"))
    body = "".join(f'--x\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in parts) + "--x--\r\n"
    with serve(sandbox()) as server, connected(server.port) as connection:
        answer = call(
            connection, "POST", "/act_12/agencies", body, **{"Content-Type": "multipart/form-data; boundary=x"}
        )
        assert answer == (200, b'{"success":true}')


def test_next_addresses_lead_back_to_the_server():
    with serve(sandbox()) as server, connected(server.port) as connection:
        _, body = call(connection, "GET", "/v26.0/1001/owned_pages?limit=1")
    assert json.loads(body)["paging"]["next"].startswith(f"{server.url}/v26.0/1001/owned_pages?limit=1")


@pytest.mark.parametrize("length", ["x", "-1", "99999999999"])
def test_a_body_without_a_sensible_length_is_not_read(length):
    with serve(sandbox()) as server, socket.create_connection(("127.0.0.1", server.port), timeout=10) as raw:
        raw.sendall(f"POST /me HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n".encode())
        assert raw.recv(100).startswith(b"HTTP/1.1 413")


def test_people_act_over_http_too():
    with serve(sandbox()) as server, connected(server.port) as connection:
        pending = json.loads(call(connection, "GET", "/sandbox/pending")[1])["data"]
        assert pending == [
            {
                "asset": "act_11",
                "business": "2003",
                "owner": "1001",
                "tasks": ["ANALYZE"],
                "waits_for": "client",
                "since": "2026-11-01T08:00:00Z",
            }
        ]
        assert call(connection, "POST", "/sandbox/accept", "asset=act_11&business=2003")[0] == 200
        status, body = call(connection, "POST", "/sandbox/decline", "asset=act_11&business=2003")
        assert (status, json.loads(body).keys()) == (400, {"error", "hint"})
        assert call(connection, "GET", "/sandbox/accept")[0] == 404
        call(connection, "DELETE", "/act_11/agencies?business=2002")
        (write,) = json.loads(call(connection, "GET", "/sandbox/writes")[1])["data"]
        assert (write["at"], write["before"]["tasks"], write["after"]) == (
            "2026-11-21T09:00:00Z",
            ["ADVERTISE", "ANALYZE"],
            None,
        )
        call(connection, "POST", "/sandbox/reset")
        assert json.loads(call(connection, "GET", "/sandbox/writes")[1])["data"] == []


@pytest.mark.parametrize("act", ["accept", "decline", "approve"])
@pytest.mark.parametrize(
    ("body", "kind", "missing"),
    [
        ("", "application/x-www-form-urlencoded", "asset"),
        ("asset=act_11", "application/x-www-form-urlencoded", "business"),
        ('{"asset": "act_11", "business": "2003"}', "application/json", "asset"),
    ],
)
def test_people_over_http_say_who_is_meant_in_form_fields(act, body, kind, missing):
    with serve(sandbox()) as server, connected(server.port) as connection:
        status, answer = call(connection, "POST", f"/sandbox/{act}", body, **{"Content-Type": kind})
    assert (status, json.loads(answer)) == (
        400,
        {"error": f"{act} of which {missing}?", "hint": "send asset and business as form fields"},
    )


def test_a_change_that_cannot_be_kept_is_a_server_error():
    def full(_: World) -> None:
        raise WorldError("the disk is full", "make room")

    with serve(Sandbox(sandbox().world, on_change=full)) as server, connected(server.port) as connection:
        assert call(connection, "DELETE", "/act_11/agencies?business=2002")[0] == 500


def test_many_clients_at_once_lose_no_write():
    box = sandbox(
        WORLD.replace('  "12"', "".join(f'  "5{n:02}": {{name: A, owner: "1001"}}\n' for n in range(40)) + '  "12"')
    )

    def work(start: int) -> None:
        with connected(server.port) as connection:
            for n in range(start, 40, 8):
                call(connection, "POST", f"/act_5{n:02}/agencies", "business=2002&permitted_tasks=['ANALYZE']")

    with serve(box) as server:
        threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(write.path for write in box.write_log) == [f"act_5{n:02}/agencies" for n in range(40)]
    assert [write.n for write in box.write_log] == list(range(1, 41))


def test_requests_wait_for_the_network_side_by_side_and_people_do_not():
    all_wait = threading.Barrier(4)
    waits = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        all_wait.wait(10)

    def ask() -> None:
        with connected(server.port) as connection:
            assert call(connection, "GET", "/me")[0] == 200

    with serve(Sandbox(sandbox().world, wait=wait), latency=0.25) as server:
        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with connected(server.port) as connection:
            assert call(connection, "GET", "/sandbox/pending")[0] == 200
    assert waits == [0.25] * 4


def test_time_passes_for_the_score_rule_over_http():
    box = sandbox(score_limit=1)
    with serve(box) as server, connected(server.port) as connection:
        assert [call(connection, "GET", "/act_12")[0] for _ in range(2)] == [200, 400]
        assert call(connection, "POST", "/sandbox/pass_time", "seconds=300.5")[0] == 200
        assert call(connection, "GET", "/act_12")[0] == 200
        status, body = call(connection, "POST", "/sandbox/pass_time", "seconds=soon")
        assert (status, json.loads(body).keys()) == (400, {"error", "hint"})
        assert call(connection, "POST", "/sandbox/pass_time", "seconds=-1")[0] == 400
    assert (box.elapsed, box.throttled) == (300.5, 1)


@pytest.mark.parametrize("host", ["0.0.0.0", "example.com", "::1", "127.example.com"])
def test_the_server_listens_on_this_machine_alone(host):
    with pytest.raises(WorldError):
        serve(sandbox(), host=host).close()


@pytest.mark.parametrize("port", [None, 70000])
def test_a_port_that_cannot_be_had_is_named(port):
    with serve(sandbox()) as first, pytest.raises(WorldError, match="cannot be opened"):
        serve(sandbox(), port=port or first.port)


def test_a_client_that_goes_away_in_the_middle_is_no_news(capsys):
    with serve(sandbox()) as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as raw:
            raw.sendall(b"GET /me HT")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        with connected(server.port) as connection:
            assert call(connection, "GET", "/me")[0] == 200
    assert capsys.readouterr().err == ""


def test_a_mistake_of_the_sandbox_itself_is_shown(capsys):
    def broken(_: World) -> None:
        raise LookupError("planted")

    with (
        serve(Sandbox(sandbox().world, on_change=broken)) as server,
        connected(server.port) as connection,
        pytest.raises((http.client.RemoteDisconnected, ConnectionError)),
    ):
        call(connection, "DELETE", "/act_11/agencies?business=2002")
    assert "planted" in capsys.readouterr().err


def test_closing_does_not_wait_for_idle_clients():
    with connected(0) as connection, serve(sandbox()) as server:
        connection.port = server.port
        call(connection, "GET", "/me")


SERVER = """
import sys
from pathlib import Path
from accessctl.sandbox import Sandbox, load_world
from accessctl.sandbox.server import serve
server = serve(Sandbox(load_world(Path(sys.argv[1]))))
print(server.port, flush=True)
server.serve_forever()
"""


def test_ctrl_c_ends_a_server_in_the_foreground_in_silence(tmp_path):
    (tmp_path / "w.yaml").write_text(WORLD)
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", SERVER, tmp_path / "w.yaml"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    port = int(process.stdout.readline())
    with connected(port) as connection:
        assert call(connection, "GET", "/me?access_token=sandbox-1001")[0] == 200
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (0, "", "")


def test_the_sandbox_needs_nothing_else_of_accessctl_and_no_httpx():
    names = (
        "import sys, accessctl.sandbox\n"
        "loaded = [n for n in sys.modules if n.split('.')[0] == 'accessctl' and n != 'accessctl']\n"
        "print([n for n in loaded if not n.startswith('accessctl.sandbox')], 'httpx' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", names], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout == "[] False\n"


def test_a_sandbox_that_was_closed_answers_nobody():
    closed = sandbox()
    closed.close()
    with httpx.Client(transport=SandboxTransport(closed)) as client, pytest.raises(httpx.RemoteProtocolError):
        client.get("http://localhost/v26.0/me", headers=BEARER)
    assert closed.http_requests == 0

"""The webhook on a real socket: whom it believes, what it keeps, and what it lets strangers do."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

from accessctl.graph.secret import Secret
from accessctl.sandbox.notify import FORMS, body_of, notify, signature_of
from accessctl.webhook.signing import digest_of, hashed_person
from tests.webhook.conftest import ENVIRON, EXPIRES, PERSON, SECRET, VERIFY, envelope, environment

HUB = {"hub.mode": "subscribe", "hub.verify_token": VERIFY, "hub.challenge": "1158201444"}


def shake(service, **changes):
    asked = HUB | {key.replace("__", "."): value for key, value in changes.items()}
    return service.ask("GET", f"/webhook?{urlencode(asked, doseq=True)}")


def test_the_handshake_is_answered_with_the_challenge_and_only_to_who_knows_the_verify_token(start):
    service = start()
    assert shake(service) == (200, "1158201444")
    for wrong in (
        {"hub__verify_token": "other"},
        {"hub__verify_token": ""},
        {"hub__verify_token": "\u00e9\ud800".encode("utf-8", "surrogatepass")},
        {"hub__verify_token": [VERIFY, VERIFY]},
        {"hub__mode": "unsubscribe"},
        {"hub__challenge": "<script>alert(1)</script>"},
        {"hub__challenge": "1\r\nSet-Cookie: a=b"},
        {"hub__challenge": "1" * 257},
        {"hub__challenge": ""},
        {str(number): "x" for number in range(30)},
    ):
        assert shake(service, **wrong) == (403, "refused"), wrong
    assert service.ask("GET", "/webhook")[0] == 403
    service.end()
    assert VERIFY not in service.log + "".join(service.said)


@pytest.mark.parametrize("form", FORMS)
def test_a_signed_notice_is_kept_in_each_form_that_meta_documents(service, person, form):
    body = body_of(person, EXPIRES, form)
    assert notify(service.url, body, SECRET) == 200
    (row,) = service.rows(person)
    assert (row["field"], row["until"], row["of"]) == ("migration_expire_time", EXPIRES, 1)
    assert row["body"] == digest_of(Secret(SECRET, ""), body)
    assert row["user"] == hashed_person(Secret(SECRET, ""), person)
    assert ("sent" in row) == (form == "envelope")
    assert datetime.fromisoformat(row["at"]).tzinfo is UTC


def test_what_is_not_signed_with_the_app_secret_is_refused_and_not_kept(service, person):
    body = envelope(person)
    right = signature_of(body, SECRET)
    assert service.post(body, "other") == 403
    for wrong in ("", "sha256=", "sha1=" + right[7:], right[:-1], right + "0", right[7:], f"sha256= {right[7:]}"):
        assert service.ask("POST", "/webhook", body, X_Hub_Signature_256=wrong)[0] == 403, wrong
    assert service.ask("POST", "/webhook", body)[0] == 403
    assert service.ask("POST", "/webhook", body + b" ", X_Hub_Signature_256=right)[0] == 403
    assert service.ask("POST", "/webhook", body, X_Hub_Signature=right)[0] == 403
    with service.connection() as connection:
        connection.putrequest("POST", "/webhook")
        for name, value in (("Content-Length", str(len(body))), *[("X-Hub-Signature-256", right)] * 2):
            connection.putheader(name, value)
        connection.endheaders(body)
        assert connection.getresponse().status == 403
    assert service.rows(person) == []
    assert service.post(body) == 200


def test_a_notice_that_comes_again_is_kept_once_also_after_a_restart(start):
    body = envelope(PERSON)
    for _ in range(2):
        service = start()
        assert [service.post(body), service.post(body)] == [200, 200]
        assert service.end() == 0
    assert len(service.rows()) == 1


@pytest.mark.parametrize(("ago", "status"), [(49 * 3600, 403), (47 * 3600, 200), (-240, 200), (-360, 403)])
def test_an_envelope_is_taken_for_48_hours_and_not_before_it_was_sent(service, person, ago, status):
    assert service.post(envelope(person, ago=ago)) == status
    assert len(service.rows(person)) == (status == 200)


def test_other_fields_are_taken_and_not_kept(start):
    service = start()
    assert service.post(b'{"field": "name", "value": {"user_id": "1"}}') == 200
    assert service.post(envelope(changes=[{"field": "feed", "value": 1}])) == 200
    assert service.rows() == []
    service.end()
    assert "2 other fields" in service.log


def test_signed_nonsense_is_neither_kept_nor_the_end(start):
    service = start()
    for body in (b"", b"{", b"[]", b"nonsense", b'{"entry": 7}', b"[" * 100_000, b'{"field": 1e999}', b"\xff\xfe{}"):
        assert service.post(body) == 400, body[:20]
    assert service.post(envelope("nobody")) == 400
    assert service.rows() == []
    assert service.post(envelope(PERSON, "nobody")) == 200
    assert len(service.rows()) == 1
    service.end()
    assert "kept: 1 notice, 1 other not understood" in service.log


def test_other_paths_and_methods_are_told_so(service, person):
    assert service.ask("GET", "/healthz") == (200, "ok")
    assert service.ask("GET", f"/{person}?{person}")[0] == 404
    assert service.ask("DELETE", "/webhook")[0] == 405
    assert service.ask("POST", "/healthz", b"")[0] == 405


def test_ten_megabytes_are_refused_without_being_read(start):
    service = start()
    size = 10_000_000
    assert service.ask("POST", "/webhook", b"", Content_Length=str(size))[0] == 413
    for head in (f"Content-Length: {size}", "Transfer-Encoding: chunked"):
        with socket.create_connection(("127.0.0.1", service.port), timeout=60) as client:
            client.sendall(f"POST /webhook HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n".encode())
            piece = b"x" * 65536
            piece = b"10000\r\n" + piece + b"\r\n" if "chunked" in head else piece
            with pytest.raises(OSError):  # noqa: PT011  the connection ends long before
                client.sendall(piece * (size // 65536 * 2))
    assert service.ask("GET", "/healthz") == (200, "ok")
    service.end()
    assert service.log.count("413 too large") == 3


def test_a_body_of_the_largest_size_is_taken(start):
    service = start()
    body = envelope(*(str(10**15 + number) for number in range(1000)))
    body += b" " * (256 * 1024 - len(body))
    assert service.post(body) == 200
    assert service.ask("POST", "/webhook", b"", Content_Length=str(len(body) + 1))[0] == 413
    assert len(service.rows()) == 1000


def rest_of(client):
    """Return what still comes, to the end of the connection."""
    return b"".join(iter(lambda: client.recv(65536), b""))


@pytest.mark.parametrize(
    ("begun", "answer"),
    [
        (b"", b""),
        (b"POST /webh", b""),
        (b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nPOST /webh", b"HTTP/1.1 200"),
        (b"POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{", b"HTTP/1.1 408"),
    ],
)
def test_a_client_that_is_slow_is_cut_off_and_holds_nobody_up(hasty, person, begun, answer):
    with contextlib.ExitStack() as stack:
        address = ("127.0.0.1", hasty.port)
        slow = [stack.enter_context(socket.create_connection(address, timeout=60)) for _ in range(20)]
        for client in slow:
            client.sendall(begun)
        assert hasty.post(envelope(person)) == 200
        for client in slow:
            assert rest_of(client).startswith(answer)


def test_a_head_that_is_too_large_is_refused(service):
    with socket.create_connection(("127.0.0.1", service.port), timeout=60) as client, contextlib.suppress(OSError):
        client.sendall(b"GET /healthz HTTP/1.1\r\nX: " + b"x" * 100_000)
        assert b" 200 " not in rest_of(client)
    assert service.ask("GET", "/healthz") == (200, "ok")


@pytest.mark.parametrize("trouble", ["a file in the way", "a full disk"])
def test_where_a_notice_cannot_be_kept_meta_is_to_send_it_again(start, project, trouble):
    service = start()
    records = project / ".accessctl" / "records"
    records.parent.mkdir()
    if trouble == "a file in the way":
        records.write_text("")
        way = records
    else:
        records.mkdir()
        way = records / f"notices-{datetime.now(UTC):%Y-%m}.jsonl"
        way.symlink_to("/dev/full")
    body = envelope(PERSON)
    assert [service.post(body), service.post(body)] == [503, 503]
    way.unlink()
    assert service.post(body) == 200
    assert len(service.rows()) == 1


def test_no_id_and_no_secret_is_in_any_file_or_log(start, project):
    service = start()
    for body in (envelope(PERSON, id=PERSON), *(body_of(PERSON, EXPIRES, form) for form in FORMS)):
        for secret in (SECRET, "other"):
            service.post(body, secret)
    service.post(b'{"field": "name", "value": "%s"}' % PERSON.encode())
    service.post(b'{"%s": ' % PERSON.encode())
    service.ask("GET", f"/webhook/{PERSON}?hub.verify_token={VERIFY}&user={PERSON}")
    shake(service)
    assert service.end(signal.SIGINT) == 0
    files = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    assert len(files) == 3
    for canary in (PERSON, SECRET, VERIFY):
        assert canary not in "".join(service.said)
        assert [path for path, content in files.items() if canary.encode() in content] == []


def test_it_says_where_it_listens_and_what_to_enter_in_the_app_dashboard(start):
    service = start("--host", "localhost")
    service.ask("GET", "/healthz")
    assert service.end() == 0
    said = "".join(service.said)
    assert said.startswith(f"The webhook listens on http://127.0.0.1:{service.port}/webhook\n")
    assert "Products > Webhooks > Managed Meta Account" in said
    assert service.log.endswith("stopped: 1 alive\n")


def refused(project, *args, **changes):
    environ = environment(**changes)
    environ = {key: value for key, value in environ.items() if value}
    return subprocess.run(
        [sys.executable, "-m", "accessctl", "webhook", "serve", "--port", "0", *args],
        cwd=project,
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("name", ENVIRON)
def test_it_does_not_start_without_its_secrets(project, name):
    found = refused(project, **{name: ""})
    assert found.returncode == 1
    assert f"error: {name} is not set\nhint: set it (or {name}_FILE) to" in found.stderr


def test_secrets_may_be_in_files(start, project):
    for name, value in ENVIRON.items():
        (project / name).write_text(f"{value}\n")
        (project / name).chmod(0o600)
    files = {f"{name}_FILE": str(project / name) for name in ENVIRON} | dict.fromkeys(ENVIRON, "")
    service = start(**files)
    assert shake(service) == (200, "1158201444")
    assert service.post(envelope(PERSON)) == 200


def test_it_does_not_start_where_nobody_would_find_the_notices(project):
    (project / "accessctl.yaml").unlink()
    found = refused(project)
    assert found.returncode == 1
    assert "there is no accessctl.yaml here" in found.stderr


def test_a_port_that_is_taken_is_told_so(start, project):
    service = start()
    found = refused(project, "--port", str(service.port))
    assert found.returncode == 1
    assert f"error: port {service.port} of 127.0.0.1 cannot be opened: Address already in use" in found.stderr


def test_without_the_extra_the_command_that_installs_it_is_named(project):
    (project / "bare").mkdir()
    (project / "bare" / "uvicorn.py").write_text("raise ImportError\n")
    found = refused(project, PYTHONPATH=str(project / "bare") + ":" + environment()["PYTHONPATH"])
    assert found.returncode == 1
    assert "hint: install it with: pip install uvicorn" in found.stderr


def test_a_time_limit_below_a_second_is_wrong_usage(project):
    assert refused(project, "--timeout", "0").returncode == 64

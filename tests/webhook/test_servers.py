"""The webhook under servers that are not ours, and in several processes on one place at a time."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from accessctl.recordfiles import FileRecords
from accessctl.sandbox.notify import body_of, notify
from accessctl.webhook.kept import kept_notices
from tests.webhook.conftest import EXPIRES, PERSON, SECRET, VERIFY, environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SERVERS = {
    "uvicorn": ("uvicorn", "--factory", "accessctl.webhook:app", "--port", "0"),
    "hypercorn": ("hypercorn", "accessctl.webhook:app()", "--bind", "127.0.0.1:0"),
}
WITH_QUERIES = {"uvicorn": (), "hypercorn": ("--access-logfile", "-", "--access-logformat", '"%(R)s" %(Uq)s %(q)s')}
ON_STDERR = {"class": "logging.StreamHandler", "stream": "ext://sys.stderr"}
LONGER = f"{datetime.now(UTC) + timedelta(days=90):%Y-%m-%dT%H:%M:%SZ}"


@dataclass
class Server:
    """A server that runs in a project, and all it says."""

    process: subprocess.Popen[bytes]
    path: Path

    @property
    def log(self) -> str:
        return self.path.read_text()

    @property
    def url(self) -> str:
        """Wait until it answers."""
        while self.process.poll() is None:
            found = re.search(r"unning on http://([0-9.]+):(\d+)", self.log)
            with contextlib.suppress(OSError):
                if found and socket.create_connection(found.groups(), timeout=60).close() is None:
                    return f"http://{found[1]}:{found[2]}/webhook"
            time.sleep(0.05)
        raise AssertionError(self.log)


@contextlib.contextmanager
def served(project: Path, *command: str, **environ: str) -> Iterator[Server]:
    """Run a server while the block runs. A variable that is empty is not set."""
    path = project / "server.log"
    kept = {key: value for key, value in environment(PYTHONWARNINGS="default", **environ).items() if value}
    with path.open("ab") as log:
        process = subprocess.Popen([sys.executable, "-m", *command], cwd=project, env=kept, stdout=log, stderr=log)
    try:
        yield Server(process, path)
    finally:
        process.terminate()
        process.wait(60)


def shake(url: str, token: str, name: str = "hub.verify_token") -> int:
    asked = f"{url}?hub.mode=subscribe&{name}={token}&hub.challenge=1158201444"
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(asked, timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def ends(project: Path) -> list[str]:
    """Return when people lose access, as plan and doctor read it."""
    kept = kept_notices(FileRecords(project / ".accessctl" / "records"), os.environ)
    return [f"{end:%Y-%m-%dT%H:%M:%SZ}" for end in kept.ends.values()]


def wait_a_second() -> None:
    time.sleep(1.01)  # notices note their arrival to the second


@pytest.mark.parametrize("server", SERVERS)
def test_several_workers_say_the_same_as_one_and_the_server_does_not_get_to_log_the_verify_token(project, server):
    first, longer = body_of(PERSON, EXPIRES, "bare"), body_of(PERSON, LONGER, "arrow")
    with served(project, *SERVERS[server], "--workers", "2", *WITH_QUERIES[server]) as running:
        url = running.url
        assert [notify(url, *sent) for sent in ((first, SECRET), (longer, SECRET), (first, "x"))] == [200, 200, 403]
        assert [shake(url, VERIFY), shake(url, VERIFY, "hub%2Everify_token"), shake(url, "x")] == [200, 200, 403]
        assert shake(url.replace("webhook", "elsewhere"), VERIFY) == 404
        wait_a_second()
        assert [notify(url, first, SECRET) for _ in range(20)] == [200] * 20
    assert "GET /webhook" in running.log
    assert "GET /elsewhere" in running.log
    for secret in (VERIFY, SECRET, "hub.", "Traceback"):
        assert secret not in running.log
    assert ends(project) == [LONGER]


@pytest.mark.parametrize("server", SERVERS)
def test_trouble_is_seen_without_any_log_being_set_up(project, server):
    secret = project / "secret"
    secret.write_text(SECRET)
    secret.chmod(0o644)
    files = {"ACCESSCTL_APP_SECRET": "", "ACCESSCTL_APP_SECRET_FILE": str(secret)}
    (project / ".accessctl").mkdir()
    with served(project, *SERVERS[server], **files) as running:
        url = running.url
        assert notify(url, body_of(PERSON, EXPIRES), "other") == 403
        (project / ".accessctl" / "records").write_text("in the way")
        assert notify(url, body_of(PERSON, EXPIRES), SECRET) == 503
    assert "warning: other users can read the file of ACCESSCTL_APP_SECRET_FILE; chmod 600 it" in running.log
    assert "POST /webhook 403 refused: the signature is not that of the app secret" in running.log
    assert "POST /webhook 503 not kept:" in running.log


@pytest.mark.parametrize("server", SERVERS)
def test_all_lines_are_seen_where_the_servers_log_has_a_place_for_them(project, server):
    config = {"version": 1, "handlers": {"here": ON_STDERR}, "root": {"level": "INFO", "handlers": ["here"]}}
    (project / "log.json").write_text(json.dumps(config | {"disable_existing_loggers": False}))
    path = {"uvicorn": "log.json", "hypercorn": "json:log.json"}[server]
    with served(project, *SERVERS[server], "--log-config", path, "--log-level", "info") as running:
        assert notify(running.url, body_of(PERSON, EXPIRES), SECRET) == 200
    assert "POST /webhook 200 kept: 1 notice" in running.log


@pytest.mark.parametrize(
    "command",
    [SERVERS["hypercorn"], SERVERS["uvicorn"], (*SERVERS["uvicorn"], "--workers", "2")],
    ids=["hypercorn", "uvicorn", "uvicorn with workers"],
)
def test_a_secret_that_is_missing_is_told_with_what_to_do_and_nothing_runs(project, command):
    with served(project, *command, ACCESSCTL_APP_SECRET="") as running:
        running.process.wait(60)
    assert "error: ACCESSCTL_APP_SECRET is not set\nhint: set it (or ACCESSCTL_APP_SECRET_FILE) to" in running.log
    assert "Traceback" not in running.log


def test_an_old_notice_that_another_process_takes_again_is_no_news(start, project):
    one, other = start(), start()
    first, longer = body_of(PERSON, EXPIRES, "bare"), body_of(PERSON, LONGER, "bare")
    assert [one.post(first), one.post(longer)] == [200, 200]
    wait_a_second()
    assert other.post(first) == 200
    assert ends(project) == [LONGER]
    one.end()
    other.end()
    assert start().post(first) == 200
    assert ends(project) == [LONGER]

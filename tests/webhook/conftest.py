"""The webhook as a user runs it: a process of its own, a real socket, a project that keeps what comes."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
import zlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from accessctl.graph.secret import Secret
from accessctl.recordfiles import FileRecords
from accessctl.records import NOTICES
from accessctl.sandbox.notify import body_of, signature_of
from accessctl.webhook.signing import hashed_person
from tests.state.conftest import s3_environ, state

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["s3_environ", "state"]

SECRET = "canary-of-the-app-secret"
VERIFY = "canary-of-the-verify-token"
PERSON = "4440987654321"
EXPIRES = f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%dT%H:%M:%SZ}"
ENVIRON = {"ACCESSCTL_APP_SECRET": SECRET, "ACCESSCTL_WEBHOOK_VERIFY_TOKEN": VERIFY}


def environment(**more: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("ACCESSCTL", "GITHUB_", "CI"))}
    return kept | {"PYTHONWARNINGS": "error", "PYTHONPATH": os.pathsep.join(sys.path)} | ENVIRON | more


class Service:
    """A webhook that runs in `directory`; `log` is all it says on stderr."""

    def __init__(self, directory: Path, *args: str, **environ: str) -> None:
        self.directory = directory
        self._log = (directory / "log").open("a+b")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "accessctl", "webhook", "serve", "--port", "0", *args],
            cwd=directory,
            env=environment(**environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        self.said = [self.process.stdout.readline()]
        self.url = self.said[0].split()[-1] if self.said[0] else ""
        self.port = int(self.url.split(":")[2].split("/")[0]) if self.url else 0

    @property
    def log(self) -> str:
        return (self.directory / "log").read_text()

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(how)
        self.said += self.process.stdout.readlines()
        code = self.process.wait(60)
        self.process.stdout.close()
        self._log.close()
        return code

    @contextlib.contextmanager
    def connection(self) -> Iterator[http.client.HTTPConnection]:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as found:
            yield found

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, str]:
        with self.connection() as connection:
            connection.request(method, path, body, {key.replace("_", "-"): one for key, one in headers.items()})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def post(self, body: bytes, secret: str = SECRET) -> int:
        return self.ask("POST", "/webhook", body, X_Hub_Signature_256=signature_of(body, secret))[0]

    def rows(self, person: str = "") -> list[dict]:
        """Return what is kept, of all or of one person."""
        rows = FileRecords(self.directory / ".accessctl" / "records").read(NOTICES)
        return [row for row in rows if not person or row["user"] == hashed_person(Secret(SECRET, ""), person)]


def project_in(directory: Path) -> Path:
    (directory / "accessctl.yaml").write_text("version: 1\nacts_as: [acme]\n")
    return directory


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return project_in(tmp_path)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One that runs for all tests of a file; each test has people of its own."""
    found = Service(project_in(tmp_path_factory.mktemp("shared")), "--timeout", "60s")
    yield found
    assert found.end() == 0


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One that waits for nobody longer than a second."""
    found = Service(project_in(tmp_path_factory.mktemp("hasty")), "--timeout", "1s")
    yield found
    assert found.end() == 0


@pytest.fixture
def person(request: pytest.FixtureRequest) -> str:
    """Return a person of whom no other test knows."""
    return str(10**18 + zlib.crc32(request.node.name.encode()))


@pytest.fixture
def start(project: Path) -> Iterator[type[Service]]:
    """Return what starts a service in the project; it is ended at the end of the test."""
    started: list[Service] = []

    def begin(*args: str, **environ: str) -> Service:
        started.append(Service(project, *args, **environ))
        assert started[-1].url, started[-1].log
        return started[-1]

    yield begin
    for one in started:
        if not one.process.stdout.closed:
            one.end(signal.SIGKILL)


def envelope(*people: str, expires: str = EXPIRES, ago: float = 0, **more: object) -> bytes:
    """Return an envelope that was sent so many seconds ago, with a change for each person."""
    changes = [json.loads(body_of(person, expires, "bare")) for person in people]
    entry = {"id": "1", "time": int(time.time() - ago), "changes": changes} | more
    return json.dumps({"object": "managed_meta_account", "entry": [entry]}).encode()


@pytest.fixture
def app_secret() -> Secret:
    return Secret(SECRET, "ACCESSCTL_APP_SECRET")


@pytest.fixture
def verify_token() -> Secret:
    return Secret(VERIFY, "ACCESSCTL_WEBHOOK_VERIFY_TOKEN")

"""Object stores to keep state in: a directory, and a server of the S3 protocol in a process of its own."""

import contextlib
import os
import subprocess
import sys
import uuid

import httpx
import pytest

from accessctl.state import open_store

BUCKET = "state"


@contextlib.contextmanager
def s3_server(*kind):
    """Start a server and return the variables that lead to it."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.state.s3", *kind], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        try:
            endpoint = f"http://127.0.0.1:{int(server.stdout.readline())}"
            httpx.put(f"{endpoint}/{BUCKET}", headers={"Host": "s3.amazonaws.com"}).raise_for_status()
            yield {
                "AWS_ENDPOINT_URL": endpoint,
                "AWS_ACCESS_KEY_ID": "key",
                "AWS_SECRET_ACCESS_KEY": "canary-of-the-store",
                "AWS_REGION": "us-east-1",
            }
        finally:
            server.terminate()


@pytest.fixture(scope="session")
def s3_environ():
    """Return the variables that lead to a good server."""
    with s3_server() as environ:
        yield environ


@pytest.fixture(params=["file", "s3"])
def state(request, tmp_path, monkeypatch):
    """Return the URL of an empty place, in each kind of store; the environment leads there."""
    if request.param == "file":
        return f"file://{tmp_path}/state"
    for name, value in request.getfixturevalue("s3_environ").items():
        monkeypatch.setenv(name, value)
    return f"s3://{BUCKET}/{uuid.uuid4().hex}"


@pytest.fixture
def store(state):
    """Return the store at that place."""
    return open_store(state, os.environ)

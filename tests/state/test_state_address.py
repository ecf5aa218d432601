"""Which URLs name a place for state, and what is said where the library for it is missing."""

import os
import subprocess
import sys

import pytest

from accessctl.errors import AccessctlError
from accessctl.state import open_store
from accessctl.state.address import check_state_url, is_loopback


@pytest.mark.parametrize("url", ["s3://bucket", "s3://bucket/a/b", "gs://bucket/a", "az://container/x", "file:///a/b"])
def test_a_bucket_or_directory_is_a_place_for_state(url):
    assert check_state_url(f"{url}/") == url


@pytest.mark.parametrize(
    "url",
    [
        "bucket/path",
        "https://bucket.s3.amazonaws.com/path",
        "memory:///",
        "s3://",
        "s3:///path",
        "az://",
        "file://relative",
        "file:///",
        "file:///a/../../etc",
        "s3://bucket/%2e%2e/x",
        "s3://bucket/a\nb",
    ],
)
def test_anything_else_is_refused_with_an_example(url):
    with pytest.raises(AccessctlError) as refused:
        open_store(url, {})
    assert "s3://bucket/path" in refused.value.hint


@pytest.mark.parametrize("url", ["s3://key:canary@bucket/x", "az://a/b?sig=canary", "gs://canary@bucket/x"])
def test_a_secret_in_the_url_is_refused_and_not_repeated(url):
    with pytest.raises(AccessctlError, match="holds more than a place") as refused:
        open_store(url, {})
    assert "canary" not in f"{refused.value.what} {refused.value.hint}"


def test_plain_http_is_for_this_machine_only():
    assert is_loopback("http://127.0.0.1:9000")
    assert not is_loopback("http://storage.example")
    assert not is_loopback("https://127.0.0.1")


def test_without_the_library_the_error_says_how_to_get_it(company):
    company.asset("page", "uk", "81", agencies={}, live={})
    company.write()
    program = "import sys; sys.modules['obstore'] = None; from accessctl.__main__ import main; main()"
    told = subprocess.run(
        [sys.executable, "-c", program, "plan", "--sandbox", "world.yaml", "--state", "s3://bucket/x"],
        cwd=company.directory,
        env={key: value for key, value in os.environ.items() if not key.startswith("ACCESSCTL")},
        capture_output=True,
        text=True,
    )
    assert told.returncode == 1
    assert told.stderr == (
        "error: --state needs the library obstore, which is not installed\nhint: install it with: pip install obstore\n"
    )

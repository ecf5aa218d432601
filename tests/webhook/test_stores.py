"""Notices live where the journal lives: below the project, or in an object store."""

from __future__ import annotations

import os
import signal

from accessctl.records import NOTICES
from accessctl.state import ObjectRecords, open_store
from tests.webhook.conftest import PERSON, envelope


def test_notices_are_kept_in_the_store_that_the_journal_is_in(start, project, state):
    (project / "accessctl.yaml").unlink()
    every = [envelope(f"{PERSON}{number}") for number in range(5)]
    for how in (signal.SIGKILL, signal.SIGTERM):
        service = start("--state", state)
        assert [service.post(body) for body in every] == [200] * 5
        service.end(how)
    assert len(ObjectRecords(open_store(state, os.environ)).read(NOTICES)) == 5
    assert service.log.count("200 known") == 5


def test_a_store_that_is_gone_is_told_before_anything_is_listened_to(project, run):
    found = run(
        *("webhook", "serve", "--port", "0", "--state", "s3://state/x"),
        ACCESSCTL_APP_SECRET="a",
        ACCESSCTL_WEBHOOK_VERIFY_TOKEN="b",
        AWS_ENDPOINT_URL="http://127.0.0.1:9",
        AWS_ACCESS_KEY_ID="key",
        AWS_SECRET_ACCESS_KEY="secret",
        AWS_REGION="us-east-1",
    )
    assert (found.returncode, found.stdout) == (1, "")
    assert "error: s3://state/x/records cannot be read: it could not be reached" in found.stderr

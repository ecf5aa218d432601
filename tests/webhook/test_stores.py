"""Which notices are kept, and where: below the project, or in an object store."""

from __future__ import annotations

import json
import os
import signal

import pytest

from accessctl.records import NOTICES
from accessctl.state import ObjectRecords, open_store
from tests.webhook.conftest import EXPIRES, PERSON, envelope


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


@pytest.mark.parametrize("expires", ["0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_an_end_that_can_mean_no_day_is_taken_and_not_kept(service, person, expires):
    assert service.post(envelope(person, expires=expires)) == 200
    assert service.rows(person) == []
    mixed = [*json.loads(envelope(person))["entry"], *json.loads(envelope(person, expires=expires))["entry"]]
    assert service.post(json.dumps({"entry": mixed}).encode()) == 200
    assert [row["until"] for row in service.rows(person)] == [EXPIRES]
    assert "200 no likely end: each is of an end more than 3 years away" in service.log
    assert "200 kept: 1 notice, 1 other of an end more than 3 years away" in service.log

"""Keeping the access level: what the call ledger says, and that doctor itself never fails a call to find out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from accessctl.calls import CallTally
from accessctl.doctor import Level
from accessctl.doctor.facts import Unread
from accessctl.doctor.keeping import NOW as ASKED
from accessctl.doctor.keeping import OLDER, is_near, keeping_findings
from accessctl.recordfiles import FileRecords
from accessctl.records import CALLS

from .test_doctor import NOW, SOUND, filled

OLD = NOW - timedelta(days=20)


def kept(tally: CallTally | Unread, *tiers: str):
    facts = [replace(SOUND, tier=tier) for tier in tiers or ("standard_access",)]
    return {one.id: one for one in keeping_findings(tally, facts, NOW)}


def test_the_thresholds_are_those_of_today_and_of_the_older_text():
    assert (ASKED.calls, ASKED.rate) == (500, 0.15)
    assert (OLDER.calls, OLDER.rate) == (1500, 0.10)


@pytest.mark.parametrize(
    ("calls", "level"),
    [(0, Level.WARNING), (499, Level.WARNING), (599, Level.WARNING), (600, Level.OK), (9000, Level.OK)],
)
def test_too_few_calls_are_a_warning_before_they_are_missed(calls, level):
    one = kept(CallTally(calls, 0, 500, 0, OLD))["keeping.calls"]
    assert one.level is level
    assert f"{calls:,} calls in the last 15 days; Full access takes 500 (1,500 in an older text" in one.text
    assert ("accessctl never makes calls to reach a number" in one.todo) == (level is not Level.OK)
    assert ("only the runs of this project are counted" in one.todo) == (level is not Level.OK)


@pytest.mark.parametrize(
    ("errors", "recent", "level"),
    [
        (0, 500, Level.OK),
        (60, 500, Level.OK),  # 12 %, which is 80 % of 15 %
        (61, 500, Level.WARNING),
        (75, 500, Level.WARNING),
        (500, 500, Level.WARNING),
        (0, 0, Level.OK),
        (13, 100, Level.WARNING),
    ],
)
def test_too_many_errors_are_a_warning_before_they_are_missed(errors, recent, level):
    one = kept(CallTally(900, errors, recent, errors, OLD))["keeping.errors"]
    assert one.level is level
    assert f"{errors:,} of the last {recent:,} calls" in one.text
    assert "less than 15 % (10 % in an older text)" in one.text


@pytest.mark.parametrize(("days", "is_told"), [(0, False), (14, False), (15, True), (30, True)])
def test_before_the_ledger_is_fifteen_days_old_nothing_is_known(days, is_told):
    found = kept(CallTally(3, 3, 3, 3, NOW - timedelta(days=days)))
    assert (found.keys() == {"keeping.calls", "keeping.errors"}) is is_told
    if not is_told:
        assert found["keeping"].level is Level.UNKNOWN
        assert f"calls began on {NOW - timedelta(days=days):%Y-%m-%d}" in found["keeping"].text


def test_a_ledger_without_a_row_or_that_cannot_be_read_is_not_known():
    assert "has no call yet" in kept(CallTally())["keeping"].text
    one = kept(Unread("the disk is gone"))["keeping"]
    assert (one.level, "the disk is gone" in one.text) == (Level.UNKNOWN, True)


@pytest.mark.parametrize(
    ("tiers", "level"),
    [
        (("development_access",), Level.OK),
        (("",), Level.WARNING),
        (("development_access", "standard_access"), Level.WARNING),
    ],
)
def test_an_app_with_limited_access_has_none_to_lose(tiers, level):
    assert kept(CallTally(1, 1, 1, 1, OLD), *tiers)["keeping.calls"].level is level
    assert kept(CallTally(1, 1, 1, 1, OLD), *tiers)["keeping.errors"].level is level


def test_the_older_thresholds_would_warn_earlier():
    assert is_near(CallTally(1799, 0, 500, 41, OLD), OLDER) == (True, True)
    assert is_near(CallTally(1799, 0, 500, 41, OLD), ASKED) == (False, False)


def test_the_command_reads_the_ledger_of_its_own_way_to_meta(company, run):
    filled(company).write()
    (first,) = [
        line for line in run("doctor", "--sandbox", "world.yaml").stdout.splitlines() if "whether the app" in line
    ]
    assert "cannot be known: whether the app calls enough" in first
    (place,) = (company.directory / ".accessctl" / "sandbox").glob("*.records")
    (row,) = FileRecords(place).read(CALLS)
    assert (row["calls"], row["errors"]) == (8, 0)
    old = row | {"at": "2026-01-01T00:00:00+00:00", "calls": 700}
    FileRecords(place).add(CALLS, [old], NOW)
    again = " ".join(run("doctor", "--sandbox", "world.yaml").stdout.split())
    assert "calls in the last 15 days; Full access takes 500" in again


def test_five_hundred_calls_tell_the_share_of_errors_however_young_the_ledger_is():
    young = NOW - timedelta(days=3)
    assert kept(CallTally(500, 500, 500, 500, young))["keeping.errors"].level is Level.WARNING
    assert set(kept(CallTally(499, 499, 499, 499, young))) == {"keeping"}

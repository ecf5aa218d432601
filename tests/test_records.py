"""What is noted beside the journal: rows that only grow, durable when added, whole whatever tears a line."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from accessctl.calls import RECENT, row_of, tally
from accessctl.graph.ends import Ended
from accessctl.recordfiles import FileRecords
from accessctl.records import CALLS, ENDINGS, NOTICES, moment_of

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
URL = "https://graph.facebook.com"


@pytest.fixture
def records(tmp_path):
    """Return records in files, of which there are none yet."""
    return FileRecords(tmp_path / "records")


def noted(calls=10, errors=0, recent=(), days_ago=0.0, url=URL):
    return row_of(url, "", Ended(calls, errors, tuple(recent)), NOW - timedelta(days=days_ago))


def test_what_nobody_has_noted_is_empty(records):
    assert records.read(CALLS) == ()


def test_rows_stay_in_the_order_in_which_they_were_added(records):
    records.add(CALLS, [{"n": 1}, {"n": 2}], NOW - timedelta(days=40))
    records.add(CALLS, [{"n": 3}], NOW)
    assert [row["n"] for row in records.read(CALLS)] == [1, 2, 3]


def test_topics_do_not_mix(records):
    records.add(CALLS, [{"n": 1}], NOW)
    assert records.read(NOTICES) == ()


def test_a_line_that_a_crash_has_torn_takes_no_other_with_it(records, tmp_path):
    records.add(CALLS, [{"n": 1}], NOW)
    path = tmp_path / "records" / "calls-2026-11.jsonl"
    path.write_bytes(path.read_bytes() + b'{"n":')
    records.add(CALLS, [{"n": 2}], NOW)
    assert [row["n"] for row in records.read(CALLS)] == [1, 2]


def test_rows_of_many_writers_at_once_are_all_there(records):
    def write(writer):
        for number in range(25):
            records.add(CALLS, [{"writer": writer, "n": number}], NOW)

    writers = [threading.Thread(target=write, args=(writer,)) for writer in range(8)]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    assert len(records.read(CALLS)) == 200


def test_only_months_that_are_wholly_too_old_are_taken_away(records):
    for days in (0, 31, 62, 93):
        records.add(CALLS, [{"days": days}], NOW - timedelta(days=days))
    records.tidy(CALLS, NOW)
    assert [row["days"] for row in records.read(CALLS)] == [31, 0]


def test_nobody_else_may_read_what_is_noted(records, tmp_path):
    records.add(CALLS, [{"n": 1}], NOW)
    assert (tmp_path / "records" / "calls-2026-11.jsonl").stat().st_mode & 0o777 == 0o600


def test_calls_of_the_last_15_days_count():
    found = tally([noted(7, 2, days_ago=16), noted(100, 1, days_ago=14), noted(50, 0)], URL, NOW)
    assert (found.calls, found.errors) == (150, 1)


def test_calls_to_another_graph_url_do_not_count():
    assert tally([noted(url="http://127.0.0.1:1")], URL, NOW).calls == 0


def test_the_share_of_errors_is_that_of_the_last_500_calls():
    old, young = noted(300, 300, [False] * 300, days_ago=2), noted(400, 25, [True] * 375 + [False] * 25)
    found = tally([young, old], URL, NOW)
    assert (found.recent, found.recent_errors) == (RECENT, 125)
    assert found.error_rate == 0.25


def test_a_ledger_says_since_when_it_knows():
    assert tally([noted(days_ago=3), noted()], URL, NOW).since == NOW - timedelta(days=3)
    assert tally([], URL, NOW).since is None


@pytest.mark.parametrize(
    "row", [{}, {"url": URL}, {"url": URL, "at": "soon"}, {"url": URL, "at": NOW.isoformat(), "calls": "7", "ends": 3}]
)
def test_a_row_that_makes_no_sense_counts_for_nothing(row):
    assert tally([row], URL, NOW).calls == 0


@pytest.mark.parametrize("what", ["file", "link"])
def test_a_place_that_cannot_be_looked_into_is_no_empty_one(records, tmp_path, what):
    place = tmp_path / "records"
    place.write_bytes(b"") if what == "file" else place.symlink_to(tmp_path / "nowhere")
    with pytest.raises(OSError, match="records"):
        records.read(ENDINGS)


@pytest.mark.parametrize("line", [b"<<<<<<< HEAD", b'{"asset": "\xff"}', b"[" * 100_000, b'{"a" 1}'])
def test_a_whole_line_that_is_no_row_counts_only_where_none_may_be_missed(records, tmp_path, line):
    for topic in (ENDINGS, NOTICES):
        records.add(topic, [{"n": 1}], NOW)
        path = tmp_path / "records" / f"{topic.name}-2026-11.jsonl"
        path.write_bytes(path.read_bytes() + line + b"\n")
    assert records.read(NOTICES) == ({"n": 1},)
    with pytest.raises(OSError, match="makes no sense"):
        records.read(ENDINGS)


def test_a_torn_end_is_left_out_where_none_may_be_missed_too(records, tmp_path):
    records.add(ENDINGS, [{"n": 1}], NOW)
    path = tmp_path / "records" / "endings-2026-11.jsonl"
    path.write_bytes(path.read_bytes() + b'{"n":')
    records.add(ENDINGS, [{"n": 2}], NOW)
    assert [row["n"] for row in records.read(ENDINGS)] == [1, 2]


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-01-01T25:00:00Z"])
def test_a_time_beyond_all_years_is_none(text):
    assert moment_of({"at": text}) is None

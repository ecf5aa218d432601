"""What is noted beside the journal, in an object store: nothing is lost while it is put together."""

from datetime import UTC, datetime, timedelta

from accessctl.records import CALLS, NOTICES
from accessctl.state import ObjectRecords
from accessctl.state.records import MANY

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def fill(store, rows, topic=CALLS, now=NOW):
    records = ObjectRecords(store)
    for number in range(rows):
        records.add(topic, [{"n": number}], now + timedelta(seconds=number))
    return records


def numbers(records, topic=CALLS):
    return [row["n"] for row in records.read(topic)]


def test_rows_in_a_store_stay_in_order(store):
    assert numbers(fill(store, 5)) == [0, 1, 2, 3, 4]


def test_topics_in_a_store_do_not_mix(store):
    fill(store, 1)
    assert ObjectRecords(store).read(NOTICES) == ()


def test_many_objects_are_put_together_and_no_row_is_lost(store):
    records = fill(store, MANY + 5)
    records.tidy(CALLS, NOW)
    assert len(store.list("records/calls")) == 1
    assert numbers(records) == list(range(MANY + 5))
    records.add(CALLS, [{"n": 99}], NOW + timedelta(days=1))
    assert numbers(records)[-1] == 99


def test_what_was_put_together_twice_counts_once(store):
    records = fill(store, MANY + 5)
    before = {found.name: store.get(found.name) for found in store.list("records/calls")}
    records.tidy(CALLS, NOW)
    for name, content in before.items():  # another run had put them there again
        store.put(name, content)
    assert sorted(numbers(records)) == list(range(MANY + 5))


def test_objects_of_months_that_are_wholly_too_old_are_taken_away(store):
    records = fill(store, 1, now=NOW - timedelta(days=93))
    fill(store, 1)
    records.tidy(CALLS, NOW)
    assert len(store.list("records/calls")) == 1

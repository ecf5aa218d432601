"""The journal in an object store: every line durable, one writer at a time, whole whatever ends the run."""

import threading
from datetime import timedelta

import pytest

from accessctl.chain import JournalError, read_chain
from accessctl.journal import Journal, read_journal
from accessctl.state import ObjectLedger, ledger
from accessctl.state.ledger import MANY


def names(store):
    return [found.name.rpartition("/")[2] for found in store.list("journal")]


def events(store):
    return [entry["event"] for entry in read_journal(ObjectLedger(store))]


def test_a_journal_in_a_store_is_a_chain_over_its_runs(store):
    for number in range(3):
        with Journal(ObjectLedger(store), f"r{number}") as journal:
            journal.write("one")
            journal.write("two", text="line\nbreak")
    chain = read_chain(ObjectLedger(store))
    assert [entry["run"] for entry in chain.entries] == ["r0", "r0", "r1", "r1", "r2", "r2"]
    assert chain.head == journal.head


def test_there_is_no_journal_before_the_first_line(store):
    assert read_journal(ObjectLedger(store)) == ()


def test_a_line_is_durable_when_it_is_written(store):
    with Journal(ObjectLedger(store), "r1") as journal:
        journal.write("intent")
        assert events(store) == ["intent"]


def test_a_run_that_has_ended_is_one_object(store):
    for _ in range(2):
        with Journal(ObjectLedger(store), "r1") as journal:
            for _ in range(3):
                journal.write("intent")
    assert names(store) == ["000000000001.jsonl", "000000000004.jsonl"]


def test_what_a_killed_run_has_written_is_read_line_by_line(store):
    killed = Journal(ObjectLedger(store), "r1").__enter__()
    killed.write("run_started")
    killed.write("intent")
    with Journal(ObjectLedger(store), "r2") as journal:
        journal.write("settled")
    assert events(store) == ["run_started", "intent", "settled"]


@pytest.mark.parametrize("left", range(4))
def test_a_run_killed_while_it_puts_its_lines_together_loses_none(store, left):
    """The whole is put first, then the pieces go; any of them may be left."""
    with Journal(ObjectLedger(store), "r1") as journal:
        journal.write("one")
        pieces = [(found.name, store.get(found.name)) for found in store.list("journal")]
        for event in ("two", "three", "four"):
            journal.write(event)
        pieces += [(found.name, store.get(found.name)) for found in store.list("journal")[1:]]
    for name, content in pieces[1:][:left]:
        store.put(name, content)
    assert events(store) == ["one", "two", "three", "four"]
    with Journal(ObjectLedger(store), "r2") as journal:
        journal.write("five")
    assert events(store) == ["one", "two", "three", "four", "five"]


def test_who_is_not_the_only_writer_cannot_write(store):
    with Journal(ObjectLedger(store), "r1") as one, Journal(ObjectLedger(store), "r2") as other:
        one.write("one")
        with pytest.raises(JournalError, match="another run writes to it"):
            other.write("two")
        with pytest.raises(JournalError):  # and never again
            other.write("three")
        one.write("four")
    assert events(store) == ["one", "four"]


def test_who_was_overtaken_cannot_write_after_the_other_has_put_its_lines_together(store):
    with Journal(ObjectLedger(store), "r1") as slow:
        slow.write("one")
        with Journal(ObjectLedger(store), "r2") as fast:
            for event in ("two", "three", "four"):
                fast.write(event)
        with pytest.raises(JournalError, match="another run writes to it"):
            slow.write("late")
    assert events(store) == ["one", "two", "three", "four"]


def test_a_line_that_was_sent_again_because_its_answer_was_lost_is_there_once(store):
    journal = ObjectLedger(store)
    journal.open()
    store.create("journal/000000000001.jsonl", b"{}\n")
    journal.append(b"{}\n")
    assert journal.read() == b"{}\n"


def test_a_missing_line_is_an_error(store):
    with Journal(ObjectLedger(store), "r1") as journal:
        for event in ("one", "two", "three"):
            journal.write(event)
        store.delete(["journal/000000000002.jsonl"])
        with pytest.raises(JournalError, match=r"cannot be read: its lines do not follow each other"):
            read_chain(ObjectLedger(store))


def test_two_objects_that_tell_a_line_differently_are_an_error(store):
    store.put("journal/000000000001.jsonl", b"a\nb\n")
    store.put("journal/000000000002.jsonl", b"c\n")
    with pytest.raises(OSError, match="do not follow each other"):
        ObjectLedger(store).read()


def test_an_object_that_is_no_part_of_the_journal_is_an_error(store):
    store.put("journal/notes.txt", b"a\n")
    with pytest.raises(OSError, match="do not follow each other"):
        ObjectLedger(store).read()


def test_a_changed_line_is_found_and_named(store):
    with Journal(ObjectLedger(store), "r1") as journal:
        journal.write("one")
        journal.write("two")
    content = store.get("journal/000000000001.jsonl")
    store.put("journal/000000000001.jsonl", content.replace(b'"two"', b'"ten"'))
    with pytest.raises(JournalError, match=r"/journal:2: this line is not as it was written"):
        read_chain(ObjectLedger(store))


def test_a_long_row_of_old_runs_is_put_together(store, monkeypatch):
    monkeypatch.setattr(ledger, "LONG", timedelta(0))
    if store.url.startswith("s3"):
        pytest.skip("the same code, and slower")
    for number in range(MANY + 3):
        with Journal(ObjectLedger(store), f"r{number}") as journal:
            journal.write("one")
    assert len(names(store)) < 5
    assert len(read_journal(ObjectLedger(store))) == MANY + 3


def test_a_journal_can_be_read_while_a_run_puts_its_lines_together(store):
    over = threading.Event()
    failures = []

    def read():
        while not over.is_set():
            try:
                read_chain(ObjectLedger(store))
            except JournalError as error:
                failures.append(error.what)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for number in range(6):
            with Journal(ObjectLedger(store), f"r{number}") as journal:
                for _ in range(5):
                    journal.write("one")
    finally:
        over.set()
        reader.join()
    assert not failures


class Moving:
    """A store in which a run puts its lines together between a reader's look at the names and at the objects."""

    def __init__(self, store):
        self.url, self.get, self._list = store.url, store.get, store.list
        self.then = []

    def list(self, prefix):
        found = self._list(prefix)
        for one in self.then:
            one()
        self.then = []
        return found


@pytest.mark.parametrize("lines", [2, 3, 5])
def test_a_reader_that_misses_the_last_lines_looks_again(store, lines):
    moving = Moving(store)
    journal = Journal(ObjectLedger(store), "r1").__enter__()
    for _ in range(lines):
        journal.write("one")
    first = store.get("journal/000000000001.jsonl")
    moving.then = [lambda: journal.__exit__(None, None, None)]
    seen = []
    moving.get = lambda name: (
        first if name.endswith("01.jsonl") and not seen and not seen.append(1) else store.get(name)
    )
    assert len(read_chain(ObjectLedger(moving)).entries) == lines


def test_many_threads_may_write_at_once(store):
    with Journal(ObjectLedger(store), "r1") as journal:
        threads = [threading.Thread(target=journal.write, args=("one",)) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(read_chain(ObjectLedger(store)).entries) == 20

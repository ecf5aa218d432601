"""The journal: durable, readable after a crash, and what it remembers."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from accessctl.chain import START, Chain, check, hash_of, read_chain, sealed
from accessctl.journal import Journal, JournalError, read_journal, remember
from accessctl.journalfile import FileLedger
from accessctl.live.recall import recall
from accessctl.model import ABSENT, Access, Asset, AssetAccess, Grant, Kind, Remembered, Status, frozen

if TYPE_CHECKING:
    from pathlib import Path

WHEN = datetime(2026, 11, 21, 12, tzinfo=UTC)
URL = "https://graph.facebook.com"
ASSET = Asset(Kind.AD_ACCOUNT, "77")
PAIR = (ASSET, "2002")


def entry(event: str, verb: str = "grant", outcome: str = "", before: tuple[str, list[str]] = ("absent", [])) -> dict:
    return {
        "v": 1,
        "at": WHEN.isoformat(),
        "run": "r1",
        "event": event,
        "verb": verb,
        "pair": {"kind": "ad_account", "asset": "77", "agency": "2002"},
        "before": {"status": before[0], "tasks": before[1]},
        "after": {"status": "confirmed", "tasks": ["ANALYZE"]},
        "outcome": outcome,
    }


STARTED = {"v": 1, "at": WHEN.isoformat(), "run": "r1", "event": "run_started", "graph": {"url": URL}}


def test_entries_come_back_in_order(tmp_path):
    path = tmp_path / "deep" / "journal.jsonl"
    with Journal(FileLedger(path), "r1", now=lambda: WHEN) as journal:
        journal.write("one", number=1)
    with Journal(FileLedger(path), "r2", now=lambda: WHEN) as journal:
        journal.write("two", text="line\nbreak")
    assert [(found["run"], found["event"]) for found in read_journal(FileLedger(path))] == [
        ("r1", "one"),
        ("r2", "two"),
    ]
    assert path.stat().st_mode & 0o777 == 0o600


def test_no_journal_is_an_empty_one(tmp_path):
    assert read_journal(FileLedger(tmp_path / "none.jsonl")) == ()


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_a_last_line_torn_by_a_crash_is_left_out_and_the_next_line_starts_clean(tmp_path, cut):
    path = tmp_path / "journal.jsonl"
    with Journal(FileLedger(path), "r1", now=lambda: WHEN) as journal:
        journal.write("one")
        journal.write("two")
    path.write_bytes(path.read_bytes()[:-cut])
    assert [found["event"] for found in read_journal(FileLedger(path))] == ["one"]
    with Journal(FileLedger(path), "r2", now=lambda: WHEN) as journal:
        journal.write("three")
    assert [found["event"] for found in read_journal(FileLedger(path))] == ["one", "three"]


@pytest.mark.parametrize("line", ["", "{", "[]", '"x"', '{"v": 1}', '{"v": 1, "event": 3}', '{"v": 2, "event": "x"}'])
def test_a_broken_line_inside_is_refused_with_its_number(tmp_path, line):
    path = tmp_path / "journal.jsonl"
    path.write_text(json.dumps(STARTED) + "\n" + line + "\n" + json.dumps(STARTED) + "\n")
    with pytest.raises(JournalError, match=":2: "):
        read_journal(FileLedger(path))


def written(path: Path, *events: str) -> list[bytes]:
    """Write a journal with a line for each event, and return its lines."""
    with Journal(FileLedger(path), "r1", about={"actor": "jo"}, now=lambda: WHEN) as journal:
        for number, event in enumerate(events):
            journal.write(event, pair={"asset": "77", "number": number}, text="Müller 10 %")
    return path.read_bytes().splitlines()


def test_each_line_holds_the_hash_of_the_one_before(tmp_path):
    lines = written(tmp_path / "j", "one", "two", "three")
    assert [json.loads(line)["prev"] for line in lines] == [START, hash_of(lines[0]), hash_of(lines[1])]
    assert read_chain(FileLedger(tmp_path / "j")).head.hash == hash_of(lines[2])


def test_a_second_run_goes_on_where_the_first_has_ended(tmp_path):
    written(tmp_path / "j", "one", "two")
    with Journal(FileLedger(tmp_path / "j"), "r2", now=lambda: WHEN) as journal:
        assert journal.head == read_chain(FileLedger(tmp_path / "j")).head
        journal.write("three")
        assert journal.head == read_chain(FileLedger(tmp_path / "j")).head
    assert journal.head.lines == 3


def test_every_line_says_who_started_the_run(tmp_path):
    assert {json.loads(line)["actor"] for line in written(tmp_path / "j", "one", "two")} == {"jo"}


def line_refused(content: bytes, path: Path) -> int:
    """Return the number of the line that is refused, 0 for none."""
    try:
        check(content, str(path))
    except JournalError as error:
        return int(error.what.removeprefix(f"{path}:").partition(":")[0])
    return 0


def test_a_bit_flipped_anywhere_is_found_or_leaves_a_torn_last_line(tmp_path):
    """FAULTS A10: every bit of a small journal; only the end of the last line can look like a crash."""
    content = b"".join(line + b"\n" for line in written(tmp_path / "j", "one", "two", "three"))
    for offset in range(len(content) - 1):
        for bit in range(8):
            flipped = bytearray(content)
            flipped[offset] ^= 1 << bit
            assert line_refused(bytes(flipped), tmp_path / "j") == content[:offset].count(b"\n") + 1, (offset, bit)
    torn = check(content[:-1] + b"!", str(tmp_path / "j"))
    assert (len(torn.entries), torn.torn > 0) == (2, True)


@pytest.mark.parametrize(
    ("order", "line"),
    [
        ([0, 2, 1, 3], 2),
        ([1, 0, 2, 3], 1),
        ([0, 1, 3], 3),
        ([1, 2, 3], 1),
        ([0, 1, 1, 2, 3], 3),
        ([0, 1, 2, 3, 0], 5),
    ],
)
def test_a_line_moved_taken_out_or_put_in_is_refused_with_its_place(tmp_path, order, line):
    lines = written(tmp_path / "j", "one", "two", "three", "four")
    (tmp_path / "j").write_bytes(b"".join(lines[number] + b"\n" for number in order))
    with pytest.raises(JournalError, match=f":{line}: this line does not follow the one before it") as refusal:
        read_journal(FileLedger(tmp_path / "j"))
    assert "restore it from a backup" in refusal.value.hint


def test_a_line_written_anew_with_a_sum_of_its_own_breaks_the_one_after_it(tmp_path):
    lines = written(tmp_path / "j", "one", "two", "three")
    forged = sealed(
        {key: value for key, value in json.loads(lines[1]).items() if key != "sum"} | {"text": "", "v": 2}, START
    )
    again = sealed({"event": "two", "text": "never"}, hash_of(lines[0]))
    for line, broken in ((forged, 2), (again, 3)):
        with pytest.raises(JournalError, match=f":{broken}: this line does not follow"):
            check(b"\n".join([lines[0], line, lines[2], b""]), str(tmp_path / "j"))


def test_lines_cut_at_the_end_show_by_the_head_alone(tmp_path):
    lines = written(tmp_path / "j", "one", "two", "three")
    whole = read_chain(FileLedger(tmp_path / "j"))
    cut = check(b"\n".join([*lines[:2], b""]), str(tmp_path / "j"))
    assert (whole.line_of(whole.head.digest), whole.line_of(cut.head.digest)) == (3, 2)
    assert cut.line_of(whole.head.digest) == -1
    assert Chain().line_of(Chain().head.digest) == 0


def test_a_journal_of_the_old_format_is_read_and_the_next_line_is_chained_to_it(tmp_path):
    path = tmp_path / "j"
    old = [json.dumps(STARTED).encode(), json.dumps(entry("intent")).encode()]
    path.write_bytes(b"\n".join([*old, b""]))
    assert read_chain(FileLedger(path)).unchained == 2
    written(path, "new")
    chain = read_chain(FileLedger(path))
    assert (chain.unchained, chain.head.lines, chain.entries[2]["prev"]) == (2, 3, hash_of(old[1]))
    path.write_bytes(path.read_bytes().replace(b"ANALYZE", b"analyze"))
    with pytest.raises(JournalError, match=":3: this line does not follow"):
        read_journal(FileLedger(path))


def test_no_line_goes_back_to_the_old_format(tmp_path):
    lines = written(tmp_path / "j", "one")
    with pytest.raises(JournalError, match=":2: this line is not as it was written"):
        check(b"\n".join([*lines, json.dumps(STARTED).encode(), b""]), str(tmp_path / "j"))


@pytest.mark.parametrize("value", ["NaN", "[" * 900 + "]" * 900, "1" * 5000, '"\\ud800"'])
def test_a_line_with_odd_json_is_refused_and_breaks_nothing(tmp_path, value):
    line = f'{{"event": "x", "v": 2, "prev": "{START}", "sum": "", "text": {value}}}\n'
    with pytest.raises(JournalError, match=":1: this line "):
        check(line.encode(), str(tmp_path / "j"))


def summed(before: str, after: str) -> bytes:
    """Return a line with a sum that is right for all its other bytes, wherever it stands."""
    return f'{before}, "sum": "{hash_of((before + after).encode())}"{after}\n'.encode()


PROPER = f'{{"event": "x", "prev": "{START}"', ', "text": "", "v": 2}'
NESTED = '{"event": "x", "pair": {"asset": "7"', f'}}, "prev": "{START}", "s\\u0075m": "", "v": 2}}'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f'{{"event": "y", "event": "x", "prev": "{START}"', ', "v": 2}'),
        (f'{{"event": "x", "pair": {{"asset": "7", "asset": "8"}}, "prev": "{START}"', ', "v": 2}'),
        (PROPER[0], f', "sum": "{START}", "v": 2}}'),
        (PROPER[0], ', "s\\u0075m": "", "v": 2}'),
        (PROPER[0], f', "text": {{"a": 1, "sum": "{START}"}}, "v": 2}}'),
        NESTED,
        ('{"event": "x", "pair": [{"asset": "7"', f'}}], "prev": "{START}", "v": 2}}'),
        (f'{{"event": "x", "prev": "{START}", "text": "', '", "v": 2}'),
        (PROPER[0], ', "text": "", "v": 1}'),
        ('{"event": "x"', ', "v": 2}'),
    ],
)
def test_a_sum_that_is_right_but_not_the_one_of_the_entry_itself_is_none(tmp_path, before, after):
    assert line_refused(summed(*PROPER), "j") == 0
    assert line_refused(summed(before, after), "j") == 1


@pytest.mark.parametrize("line", ['{{"sum": "{0}", {1}}}', '{{{1}, "sum":"{0}"}}', '{{{1},"sum": "{0}"}}'])
def test_a_sum_in_another_place_or_spelling_is_none(line):
    rest = f'"event": "x", "prev": "{START}", "v": 2'
    for body in (f"{{{rest}}}", rest):
        assert line_refused((line.format(hash_of(body.encode()), rest) + "\n").encode(), "j") == 1


@pytest.mark.parametrize("text", ["}", '}, "sum": "x"', f', "sum": "{START}"', "{}{}", "\\", '\\", "v": 3}', "\ud800"])
def test_what_a_text_holds_never_looks_like_the_sum_or_the_end(text):
    line = sealed({"event": "x", "text": text, "zone": {"text": text}}, START)
    assert check(line + b"\n", "j").entries[0]["text"] == text


def test_many_writers_at_once_make_one_chain(tmp_path):
    with Journal(FileLedger(tmp_path / "j"), "r1") as journal, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: journal.write("event", number=number), range(200)))
    chain = read_chain(FileLedger(tmp_path / "j"))
    assert sorted(found["number"] for found in chain.entries) == list(range(200))
    assert chain.head == journal.head


def test_two_journals_on_one_file_never_fork_the_chain(tmp_path):
    with Journal(FileLedger(tmp_path / "j"), "r1") as one, Journal(FileLedger(tmp_path / "j"), "r2") as other:
        one.write("one")
        with pytest.raises(JournalError, match="something else has written to it"):
            other.write("two")
    assert [found["event"] for found in read_journal(FileLedger(tmp_path / "j"))] == ["one"]


ENDLESS = """
import sys
from pathlib import Path
from accessctl.journal import Journal
from accessctl.journalfile import FileLedger
with Journal(FileLedger(Path(sys.argv[1])), "r1") as journal:
    print("ready", flush=True)
    while True:
        journal.write("event", text="x" * 300)
"""


def test_a_writer_that_is_killed_leaves_a_journal_that_reads_and_goes_on(tmp_path):
    path = tmp_path / "j"
    for _ in range(3):
        writer = subprocess.Popen([sys.executable, "-c", ENDLESS, str(path)], stdout=subprocess.PIPE)
        before = read_chain(FileLedger(path)).head.lines
        writer.stdout.read(6)
        while writer.poll() is None and read_chain(FileLedger(path)).head.lines < before + 5:
            pass
        writer.kill()
        writer.communicate()
        assert writer.returncode == -signal.SIGKILL
        assert read_chain(FileLedger(path)).head.lines >= before + 5


def test_a_journal_that_cannot_be_written_is_an_error_before_anything_is_sent(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(JournalError, match="cannot be written"),
        Journal(FileLedger(tmp_path / "file" / "j.jsonl"), "r"),
    ):
        pass


def test_a_grant_that_awaits_approval_is_remembered_until_its_next_word():
    awaiting = entry("outcome", outcome="awaiting_admin_approval")
    found = remember((STARTED, entry("intent"), awaiting), URL)
    assert found[PAIR] == Remembered(WHEN, awaiting=frozenset({"ANALYZE"}))
    assert (
        remember((STARTED, entry("intent"), awaiting, entry("intent"), entry("outcome", outcome="applied")), URL) == {}
    )


@pytest.mark.parametrize("outcome", ["", "waiting_for_client", "unknown", "applied"])
def test_a_client_that_may_have_been_asked_counts_as_asked(outcome):
    entries = (STARTED, entry("intent", verb="request"))
    if outcome:
        entries += (entry("outcome", verb="request", outcome=outcome),)
    assert remember(entries, URL)[PAIR].is_request


def test_a_request_meta_refused_was_not_asked():
    entries = (STARTED, entry("intent", verb="request"), entry("outcome", verb="request", outcome="failed"))
    assert remember(entries, URL) == {}


def test_what_we_withdrew_ourselves_is_not_a_request_that_is_gone():
    asked = (STARTED, entry("intent", verb="request"), entry("outcome", verb="request", outcome="waiting_for_client"))
    withdrawn = (entry("intent", verb="withdraw"), entry("outcome", verb="withdraw", outcome="applied"))
    assert remember(asked + withdrawn, URL) == {}


def test_what_failed_leaves_the_memory_as_it_was():
    asked = (STARTED, entry("intent", verb="request"), entry("outcome", verb="request", outcome="waiting_for_client"))
    again = (entry("intent", verb="request"), entry("outcome", verb="request", outcome="failed"))
    assert remember(asked + again, URL) == remember(asked, URL)


@pytest.mark.parametrize("outcome", ["", "unknown"])
def test_a_grant_that_was_never_answered_is_remembered_as_that(outcome):
    entries = (STARTED, entry("intent")) + ((entry("outcome", outcome=outcome),) if outcome else ())
    memory = remember(entries, URL)[PAIR]
    assert memory.is_doubtful
    grant = recalled(live(), memory)
    assert (grant.status, grant.since, grant.detail) == (Status.ABSENT, WHEN, "in_doubt")
    assert recalled(live(Grant(frozenset({"ANALYZE"}))), memory) == Grant(frozenset({"ANALYZE"}))


@pytest.mark.parametrize(
    "change",
    [
        {"at": "yesterday"},
        {"at": "2026-11-21T12:00:00"},
        {"pair": []},
        {"pair": {"kind": "app", "asset": "1", "agency": "2"}},
        {"after": None},
        {"before": 3},
        {"event": "run_started", "graph": None},
    ],
)
def test_an_entry_of_an_odd_shape_is_refused_with_its_number(change):
    with pytest.raises(JournalError, match="line 2 of the journal"):
        remember((STARTED, entry("intent") | change), URL)


def test_what_was_done_at_another_api_is_nothing_here():
    assert remember((STARTED, entry("intent", verb="request")), "http://127.0.0.1:8080") == {}


def live(grant: Grant = ABSENT, unreadable: str = "") -> Access:
    grants = frozen({} if grant is ABSENT else {"2002": grant})
    return Access(frozen({ASSET: AssetAccess(ASSET, "1001", grants=grants, unreadable=unreadable)}), frozen({}))


AWAITING = Remembered(WHEN, awaiting=frozenset({"ANALYZE"}))
NOTHING = Access(frozen({}), frozen({}))


def recalled(access: Access, memory: Remembered) -> Grant | None:
    return recall(access, {PAIR: memory}, live()).assets[ASSET].grants.get("2002")


def test_an_absent_pair_whose_grant_awaits_approval_is_shown_as_that():
    grant = recalled(live(), AWAITING)
    assert (grant.status, grant.tasks, grant.since) == (Status.AWAITING_APPROVAL, {"ANALYZE"}, WHEN)


def test_a_pair_that_looks_different_now_has_been_settled_by_somebody():
    shown = Grant(frozenset({"ANALYZE"}))
    assert recalled(live(shown), AWAITING) == shown


def test_a_change_that_awaits_approval_leaves_what_is_held_as_it_is():
    shown = Grant(frozenset({"DRAFT"}))
    memory = Remembered(WHEN, awaiting=frozenset({"ANALYZE"}), before=("confirmed", frozenset({"DRAFT"})))
    grant = recalled(live(shown), memory)
    assert (grant.status, grant.tasks, grant.awaiting) == (Status.CONFIRMED, {"DRAFT"}, {"ANALYZE"})


def test_a_memory_never_makes_an_unreadable_asset_readable():
    access = recall(live(unreadable="no"), {PAIR: AWAITING}, live())
    assert access.assets[ASSET].grants == {}


def test_a_request_that_is_gone_is_shown_as_asked_before():
    memory = Remembered(WHEN, is_request=True)
    assert recalled(NOTHING, memory) == Grant(status=Status.ABSENT, since=WHEN)
    assert recalled(live(Grant(frozenset({"ANALYZE"}))), memory) == Grant(frozenset({"ANALYZE"}))


def test_a_memory_of_an_asset_nobody_declares_or_sees_adds_nothing():
    assert recall(NOTHING, {PAIR: AWAITING}, NOTHING) == NOTHING
    assert recall(NOTHING, {PAIR: Remembered(WHEN, is_request=True)}, NOTHING) == NOTHING


def test_an_accepted_request_that_awaits_approval_is_not_accepted_again_though_it_asked_for_the_same():
    shown = Grant(frozenset({"ANALYZE"}), Status.PENDING)
    memory = Remembered(WHEN, awaiting=frozenset({"ANALYZE"}), before=("pending", frozenset({"ANALYZE"})))
    assert recalled(live(shown), memory).status is Status.AWAITING_APPROVAL

"""A run that was unlocked while it lives may still say how its last call ended, at the worst moment."""

from dataclasses import replace

from accessctl.history import tell
from accessctl.journal import read_journal, remember
from accessctl.state import ObjectLedger, open_store
from accessctl.workflow import apply_plan

BUYER = ["ADVERTISE", "ANALYZE"]


class Late(ObjectLedger):
    """Between the look at the journal and its opening another run adds its last line."""

    late: bytes = b""
    at = 0

    def open(self):
        if self.late:
            self._store.create(f"journal/{self.at:012}.jsonl", self.late)
            self.late = b""
        return super().open()


def test_an_outcome_that_comes_while_the_next_run_opens_the_journal_breaks_it_not(company, tmp_path):
    company.asset("ad_account", "de", "71", agencies={"mediahouse": BUYER}, live={})
    company.asset("ad_account", "fr", "72", agencies={"mediahouse": BUYER}, live={})
    company.write()
    first, second = (open_store(f"file://{tmp_path}/{name}", {}) for name in ("first", "second"))
    saved = company.plan()
    with company.connected() as (_, connection):
        apply_plan(saved, replace(connection, journal=ObjectLedger(first)), parallelism=1, clock=company.now)
    lines = ObjectLedger(first).read().splitlines(keepends=True)
    outcome = next(number for number, line in enumerate(lines) if b'"event": "outcome"' in line)
    for number, line in enumerate(lines[:outcome], 1):
        second.create(f"journal/{number:012}.jsonl", line)
    ledger = Late(second)
    ledger.late, ledger.at = lines[outcome], outcome + 1
    with company.connected() as (_, connection):
        apply_plan(saved, replace(connection, journal=ledger), parallelism=1, clock=company.now)
    entries = read_journal(ObjectLedger(second))
    assert tell(entries)
    remember(entries, connection.url)

"""Plants faults in a copy of the checkout, one at a time, and sees whether the tests find them.

`python -m tests.plant [WORD...]` plants those whose description has one of the words, without words all of them, and
prints a table. It exits with 1 where a fault is not found, or where a named test is red without any fault.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parent.parent
LEFT_BEHIND = (".*", "__pycache__", "dist", "build", "*.egg-info")
GREEN, RED = 0, 1  # pytest's exit codes for all passed, and for some failed; all others are trouble of another kind


class PlantError(Exception):
    """A fault cannot be planted, or a test cannot be run: the table would say nothing."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Text that stands in `file` exactly once, what takes its place, and the test that has to turn red."""

    what: str
    file: str
    text: str
    instead: str
    test: str


FAULTS = (
    Fault(
        "no look after a lost answer",
        "accessctl/apply/write.py",
        "            if seen is Seen.WANTED:\n                return _done",
        "            if live or not live:\n                return _done",
        "tests/test_apply.py::test_a_write_that_never_arrived_is_unknown_and_not_guessed_at",
    ),
    Fault(
        "a failed look taken for a good one",
        "accessctl/apply/write.py",
        "            if seen is Seen.WANTED:\n                return _done",
        "            if seen in (Seen.WANTED, Seen.UNREADABLE):\n                return _done",
        "tests/test_faults_of_applying.py::test_whoever_cannot_look_after_a_write_does_not_guess",
    ),
    Fault(
        "no patience with what shows late",
        "accessctl/apply/write.py",
        "PATIENCE = (0.0, 0.5, 1.0, 2.0, 4.0, 7.5, 15.0)",
        "PATIENCE = (0.0, 0.5, 1.0)",
        "tests/test_faults_of_applying.py::test_what_shows_late_is_waited_for_and_then_unknown_and_nobody_is_asked_twice",
    ),
    Fault(
        "no fsync of the journal",
        "accessctl/journalfile.py",
        "            os.fsync(self._handle)\n",
        "",
        "tests/test_failing_disk.py::test_each_intent_is_on_disk_before_its_call_goes_out",
    ),
    Fault(
        "the intent written after the call",
        "accessctl/apply/write.py",
        '        self.journal.write("intent", **about(action))\n'
        '        self.watch.doing(called(action), "sending")\n'
        "        try:\n"
        "            answer: Answer | GraphError = send(action)\n",
        "        try:\n"
        "            answer: Answer | GraphError = send(action)\n"
        '            self.journal.write("intent", **about(action))\n',
        "tests/test_failing_disk.py::test_each_intent_is_on_disk_before_its_call_goes_out",
    ),
    Fault(
        "a write that is tried again",
        "accessctl/apply/write.py",
        "        except GraphError as error:\n            answer = error\n",
        "        except GraphError:\n            answer = send(action)\n",
        "tests/test_apply.py::test_a_write_whose_answer_was_lost_is_read_back_and_not_sent_again",
    ),
    Fault(
        "no look before a write",
        "accessctl/apply/run.py",
        "            step = self._look(action, before)\n",
        "            step = None\n",
        "tests/test_apply.py::test_an_asset_that_moved_since_the_plan_is_stale_and_untouched",
    ),
    Fault(
        "what has moved written over",
        "accessctl/apply/run.py",
        "        if seen is Seen.MOVED and live is not None:\n",
        "        if not seen:\n",
        "tests/test_apply.py::test_an_asset_that_moved_since_the_plan_is_stale_and_untouched",
    ),
    Fault(
        "narrowing before widening on an asset",
        "accessctl/plan/rows.py",
        "2 * narrows - (narrows and widens)",
        "(narrows and widens) - 2 * narrows",
        "tests/test_plan_order.py::test_on_one_asset_widening_comes_first_and_both_ways_in_between",
    ),
    Fault(
        "a request taken for access when actions are put in order",
        "accessctl/plan/rows.py",
        "    is_held = action.before.status is Status.CONFIRMED\n",
        "    is_held = True\n",
        "tests/test_last_holder.py::test_accepting_with_fewer_tasks_than_were_asked_for_comes_before_all_that_narrows",
    ),
    Fault(
        "the last who runs campaigns revoked before the next is approved",
        "accessctl/apply/run.py",
        "        if reason := too_early(action, access, before):\n",
        "        if reason := too_early(action, access, ()):\n",
        "tests/test_last_holder.py::test_the_last_who_runs_campaigns_stays_until_a_second_admin_has_approved_the_next",
    ),
    Fault(
        "a failed step that does not stop its asset",
        "accessctl/apply/run.py",
        "                if step.outcome not in GOOD:\n",
        "                if not step.outcome:\n",
        "tests/test_apply.py::test_a_failed_step_stops_its_asset_and_no_other",
    ),
    Fault(
        "an unreadable asset taken for one without agencies, before a write",
        "accessctl/apply/look.py",
        "    if access.unreadable:\n",
        "    if not access:\n",
        "tests/test_apply.py::test_an_asset_that_cannot_be_read_again_is_not_touched",
    ),
    Fault(
        "an unreadable asset taken for one without agencies, in a plan",
        "accessctl/plan/settle.py",
        '        if found.unreadable:\n            return Reason(found.reason_code or "unreadable", found.unreadable)\n'
        "        if found.owner != declared.owner:",
        "        if found.owner != declared.owner:",
        "tests/test_safety.py::test_a_row_that_makes_no_sense_makes_its_asset_unreadable",
    ),
    Fault(
        "a request forgotten once it was sent",
        "accessctl/remember.py",
        '        if entry["verb"] == "request":\n            self.found[pair] = Remembered',
        '        if not entry["verb"]:\n            self.found[pair] = Remembered',
        "tests/test_apply.py::test_a_request_that_may_have_arrived_is_never_sent_again_by_itself",
    ),
    Fault(
        "no lock on this machine",
        "accessctl/lock.py",
        "        if lock is None:\n            raise LockedError(self._holder())\n        try:\n",
        "        if lock is None:\n            yield\n            return\n        try:\n",
        "tests/test_failing_disk.py::test_while_another_apply_is_running_nothing_is_sent",
    ),
    Fault(
        "the digest of a plan file not checked",
        "accessctl/planfile.py",
        '    if document.get("digest") != digest(document):\n',
        "    if not document:\n",
        "tests/test_plan_file.py::test_any_flipped_bit_is_refused_or_means_the_same",
    ),
    Fault(
        "a plan of other manifests let through",
        "accessctl/gate.py",
        "        (origin.manifests_digest, here.manifests_digest, ",
        "        (here.manifests_digest, here.manifests_digest, ",
        "tests/test_plan_file.py::test_a_plan_of_other_manifests_is_stale",
    ),
    Fault(
        "lines of the journal not held against the line before",
        "accessctl/chain.py",
        'if entry.get("prev") != prev:',
        "if not prev:",
        "tests/test_journal.py::test_a_line_moved_taken_out_or_put_in_is_refused_with_its_place",
    ),
    Fault(
        "lines of the journal not held against their sum",
        "accessctl/chain.py",
        "    if not _is_as_written(entry, line):\n",
        "    if not entry:\n",
        "tests/test_faults_of_applying.py::test_a_byte_flipped_anywhere_in_the_journal_stops_apply_with_the_line",
    ),
    Fault(
        "the share of what is revoked not guarded",
        "accessctl/guard.py",
        "    if live >= PERCENT_COUNTS_FROM and held * 100 > guards.max_revoke_percent * live:\n",
        "    if not guards:\n",
        "tests/test_guard.py::test_too_many_revokes_are_refused",
    ),
    Fault(
        "protected agencies revoked",
        "accessctl/guard.py",
        "if a.agency.id in guards.protect}",
        "if a.agency.id in ()}",
        "tests/test_guard.py::test_a_protected_agency_is_never_revoked_whatever_is_confirmed",
    ),
    Fault(
        "a token in what Meta says of a refusal",
        "accessctl/graph/verdict.py",
        'return display(redact(": ".join(dict.fromkeys(said)), secrets), MESSAGE_LIMIT)',
        'return display(": ".join(dict.fromkeys(said)), MESSAGE_LIMIT)',
        "tests/test_schedules.py::test_after_any_storm_a_clean_run_finishes_and_nothing_is_sent_twice",
    ),
)
FAULTS_OF_THE_REMOTE_LOCK = (
    Fault(
        "the remote lock not asked before a write",
        "accessctl/graph/wire.py",
        "                self._permit()\n",
        "                pass\n",
        "tests/state/test_apply_across_machines.py::test_a_run_that_lost_its_lock_is_held_back_before_its_next_write",
    ),
    Fault(
        "a lock overwritten, not created",
        "accessctl/state/store.py",
        'self._put(name, content, "create")',
        'self._put(name, content, "overwrite")',
        "tests/state/test_remote_lock.py::test_of_two_that_follow_the_same_record_one_does",
    ),
    Fault(
        "a lease taken over before it is over",
        "accessctl/state/lock.py",
        "        if age < turn.seconds + GRAIN:\n",
        "        if age < 0:\n",
        "tests/state/test_remote_lock.py::test_who_finds_the_lock_held_is_told_by_whom",
    ),
    Fault(
        "newer records not looked for after making one",
        "accessctl/state/turns.py",
        "        if max(numbers, default=0) != number + 1:\n",
        "        if not numbers:\n",
        "tests/state/test_remote_lock.py::test_who_makes_a_number_that_others_have_passed_has_lost",
    ),
    Fault(
        "a sleeper's lease taken for granted",
        "accessctl/state/lock.py",
        "        if held.turns.number() != held.number:\n            with",
        "        if held is None:\n            with",
        "tests/state/test_remote_lock.py::test_a_clock_that_stood_still_hides_no_successor",
    ),
    Fault(
        "the journal in a store written by two",
        "accessctl/state/ledger.py",
        "        if not is_ours:\n",
        "        if is_ours is None:\n",
        "tests/state/test_object_ledger.py::test_who_is_not_the_only_writer_cannot_write",
    ),
    Fault(
        "lines taken away before they are put together",
        "accessctl/state/ledger.py",
        "            self._store.put(_name(first), content)\n",
        "",
        "tests/state/test_object_ledger.py::test_a_journal_in_a_store_is_a_chain_over_its_runs",
    ),
)
ALL = FAULTS + FAULTS_OF_THE_REMOTE_LOCK


def planted(fault: Fault, root: Path) -> str:
    """Return what the fault's file is to hold. Raises PlantError unless the text stands there exactly once."""
    content = (root / fault.file).read_text(encoding="utf-8")
    if (count := content.count(fault.text)) != 1:
        raise PlantError(f"{fault.what}: its text stands {count} times in {fault.file}, not once:\n{fault.text}")
    return content.replace(fault.text, fault.instead)


def outcome(root: Path, *tests: str) -> tuple[int, str]:
    """Run tests in a copy of the checkout; return GREEN or RED, and what was said. Raises PlantError for neither."""
    options = ["-q", "-x", "-p", "no:cacheprovider", "--no-header", "--tb=line"]
    command = [sys.executable, "-m", "pytest", *options, *tests]
    environ = os.environ | {"PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    ran = subprocess.run(command, cwd=root, env=environ, capture_output=True, text=True, timeout=900)
    said = ran.stdout[-2000:] + ran.stderr[-2000:]
    if ran.returncode not in (GREEN, RED):
        raise PlantError(f"{' '.join(tests)} cannot be run:\n{said}")
    return ran.returncode, said


def find(fault: Fault, root: Path) -> bool:
    """Plant one fault, run its test, take the fault away again, and tell whether it was found."""
    path = root / fault.file
    sound = path.read_text(encoding="utf-8")
    path.write_text(planted(fault, root), encoding="utf-8")
    try:
        return outcome(root, fault.test)[0] == RED
    finally:
        path.write_text(sound, encoding="utf-8")


def plant(faults: Sequence[Fault]) -> int:
    """Plant each of these faults in a copy, print the table, and return the exit code. Raises PlantError."""
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory) / "checkout"
        shutil.copytree(ROOT, root, ignore=shutil.ignore_patterns(*LEFT_BEHIND))
        for fault in faults:
            planted(fault, root)
        color, said = outcome(root, *dict.fromkeys(fault.test for fault in faults))
        if color == RED:
            raise PlantError(f"a named test is red without any fault:\n{said}")
        rows = []
        for fault in faults:
            rows.append((fault, find(fault, root)))
            sys.stdout.write(f"{'red  ' if rows[-1][1] else 'GREEN'}  {fault.what}: {fault.test}\n")
            sys.stdout.flush()
    found = sum(is_found for _, is_found in rows)
    sys.stdout.write(f"{found} of {len(rows)} faults were found\n")
    return 0 if found == len(rows) else 1


def main(words: Sequence[str]) -> int:
    faults = [fault for fault in ALL if not words or any(word in fault.what for word in words)]
    try:
        if not faults:
            raise PlantError(f"no fault is called {' or '.join(words)}")
        return plant(faults)
    except PlantError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

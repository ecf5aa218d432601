"""Runs of apply on machines that share an object store and nothing else: real processes, one sandbox on a port."""

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from accessctl.sandbox import Sandbox, load_world
from accessctl.sandbox.server import serve
from tests.commandline import environment, run_here
from tests.company import ACME

BUYER = ["ADVERTISE", "ANALYZE"]
TOKEN = "EAAcanary0123456789abcdefghijklmnop"
ROOT = Path(__file__).parent.parent.parent
ASSETS = ("71", "72", "73", "74", "75", "76")


class Machines:
    """Checkouts of one project, each as if on a machine of its own."""

    def __init__(self, company, sandbox, url, state, directory):
        self.company, self.sandbox, self.url, self.state, self.directory = company, sandbox, url, state, directory

    def checkout(self, name):
        place = self.directory / name
        shutil.copytree(self.company.directory, place, ignore=shutil.ignore_patterns(".accessctl", "*machines*"))
        return place

    def start(self, place, *args, job="", **more):
        """Start one in a process of its own."""
        environ = environment(PYTHONPATH=str(ROOT), **self.settings(job) | more)
        command = [sys.executable, "-m", "accessctl", *args]
        return subprocess.Popen(
            command, cwd=place, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def settings(self, job=""):
        found = {"ACCESSCTL_TOKEN": TOKEN, "ACCESSCTL_GRAPH_URL": self.url, "ACCESSCTL_STATE": self.state}
        return found | ({"CI_JOB_URL": f"https://ci.example/{job}"} if job else {})

    def run(self, place, *args, job="", **more):
        """Run one to its end, in this process: whoever runs beside it has another one."""
        ended = run_here(*args, cwd=place, **self.settings(job) | more)
        assert "canary" not in ended.stdout + ended.stderr
        return ended

    def apply(self, place, *args, **more):
        return self.run(place, "apply", "--auto-approve", *args, **more)

    def wait_for_writes(self, count, process):
        while len(self.sandbox.write_log) < count:
            assert process.poll() is None, process.communicate()
            time.sleep(0.02)

    def kill_an_apply(self, place, after):
        """Start one there, and kill it once so many writes have arrived."""
        with self.start(place, "apply", "--auto-approve", "--parallelism", "1") as process:
            self.wait_for_writes(after, process)
            process.send_signal(signal.SIGKILL)
            process.communicate(timeout=60)

    @property
    def writes(self):
        return Counter((write.method, write.path, write.agency) for write in self.sandbox.write_log)


@pytest.fixture
def slowly():
    return 0.0


@pytest.fixture
def machines(company, state, slowly, tmp_path_factory):
    for number in ASSETS:
        company.asset("ad_account", f"de-{number}", number, agencies={"mediahouse": BUYER}, live={})
    company.world["ad_accounts"]["71"]["admin_approval"] = True
    company.world["tokens"] = {TOKEN: {"business": ACME, "role": "admin"}}
    company.write()
    sandbox = Sandbox(load_world(company.directory / "world.yaml"))
    with serve(sandbox, latency=slowly) as server:
        yield Machines(company, sandbox, server.url, state, tmp_path_factory.mktemp("machines"))


def run_named(words):
    """Return the id of the run that a line about a lock names."""
    return words.partition("another apply is running: run ")[2].partition(",")[0]


@pytest.mark.parametrize("slowly", [0.1])
def test_of_two_machines_one_applies_and_the_other_is_told_where_to_look(machines):
    here, there = machines.checkout("here"), machines.checkout("there")
    with machines.start(here, "apply", "--auto-approve", "--parallelism", "1", job=7) as first:
        machines.wait_for_writes(1, first)
        second = machines.apply(there, job=8)
        first.communicate(timeout=120)
    assert first.returncode == 0
    assert second.returncode == 1
    assert second.stderr.count("error: another apply is running: run ") == 1
    assert "https://ci.example/7\nhint: wait until it has ended" in second.stderr
    assert set(machines.writes.values()) == {1}
    assert len(machines.writes) == len(ASSETS)


@pytest.mark.parametrize("state", ["s3"], indirect=True)
def test_a_machine_that_is_new_each_time_remembers_what_awaits_an_admin(machines):
    for number in range(4):
        place = machines.checkout(f"runner-{number}")
        assert machines.apply(place).returncode == 0
        shutil.rmtree(place)
    assert set(machines.writes.values()) == {1}
    waiting = json.loads(machines.run(machines.checkout("last"), "waiting", "--format", "json").stdout)
    assert [row["asset"]["id"] for row in waiting["waiting"]] == ["71"]


@pytest.mark.parametrize("state", ["file"], indirect=True)
def test_without_the_state_a_new_machine_would_ask_again(machines):
    """What the test before would show if the journal were not in the store."""
    for number in range(2):
        assert machines.apply(machines.checkout(f"runner-{number}"), ACCESSCTL_STATE="").returncode == 0
    assert max(machines.writes.values()) == 2


@pytest.mark.parametrize("slowly", [0.1])
@pytest.mark.parametrize("state", ["s3"], indirect=True)
def test_a_killed_run_is_unlocked_by_its_id_and_finished_by_another_machine(machines):
    here, there = machines.checkout("here"), machines.checkout("there")
    machines.kill_an_apply(here, after=2)
    refused = machines.apply(there)
    assert refused.returncode == 1
    unlocked = machines.run(there, "unlock", run_named(refused.stderr))
    assert unlocked.stdout.startswith("Unlocked: run ")
    assert machines.apply(there).returncode == 0
    assert set(machines.writes.values()) == {1}
    assert len(machines.writes) == len(ASSETS)
    assert machines.run(there, "history", "--verify").returncode == 0


@pytest.mark.campaign
@pytest.mark.parametrize("state", ["s3"], indirect=True)
def test_a_killed_run_is_followed_when_its_lease_is_over(machines):
    here, there = machines.checkout("here"), machines.checkout("there")
    machines.kill_an_apply(here, after=2)
    assert machines.apply(there, "--lock-timeout", "90s").returncode == 0
    assert set(machines.writes.values()) == {1}


@pytest.mark.parametrize("slowly", [0.1])
@pytest.mark.parametrize("state", ["s3"], indirect=True)
def test_a_run_that_lost_its_lock_while_it_was_paused_writes_nothing_more(machines):
    here, there = machines.checkout("here"), machines.checkout("there")
    with machines.start(here, "apply", "--auto-approve", "--parallelism", "1") as first:
        machines.wait_for_writes(2, first)
        first.send_signal(signal.SIGSTOP)
        time.sleep(0.5)  # what was on its way has arrived by now
        refused = machines.apply(there)
        machines.run(there, "unlock", run_named(refused.stderr))
        assert machines.apply(there).returncode == 0
        done = machines.sandbox.write_log
        first.send_signal(signal.SIGCONT)
        out, err = first.communicate(timeout=60)
    assert machines.sandbox.write_log == done
    assert set(machines.writes.values()) == {1}
    assert first.returncode in (1, 5), out + err
    assert "the lock was taken over by" in out + err or "another run writes to it" in out + err
    assert machines.run(there, "history", "--verify").returncode == 0


@pytest.mark.parametrize("state", ["file"], indirect=True)
def test_history_and_its_check_read_the_journal_in_the_store(machines):
    applied = machines.apply(machines.checkout("here"))
    there = machines.checkout("there")
    (head,) = re.findall(r"sha256:[0-9a-f]{64}", applied.stdout + applied.stderr)[-1:]
    assert machines.run(there, "history", "--verify", "--expect-head", head).returncode == 0
    assert machines.run(there, "history", "de-72").stdout.count("mediahouse") >= 1


@pytest.mark.parametrize("state", ["file"], indirect=True)
def test_a_store_that_cannot_be_used_means_that_nothing_is_sent(machines, tmp_path):
    (tmp_path / "full").write_text("")
    for url in (f"file://{tmp_path}/full/state", "s3://no-such-bucket-here/state"):
        told = machines.apply(machines.checkout(url.partition(":")[0]), ACCESSCTL_STATE=url)
        assert told.returncode == 1
        assert told.stderr.startswith("error: ")
        assert "hint: " in told.stderr
        assert "Traceback" not in told.stderr
    assert not machines.sandbox.write_log


@pytest.mark.parametrize("state", ["file"], indirect=True)
def test_a_journal_elsewhere_is_the_one_every_command_reads(machines, tmp_path):
    journal = {"ACCESSCTL_STATE": "", "ACCESSCTL_JOURNAL": str(tmp_path / "elsewhere.jsonl")}
    for number in range(2):
        assert machines.apply(machines.checkout(f"runner-{number}"), **journal).returncode == 0
    place = machines.checkout("last")
    assert set(machines.writes.values()) == {1}
    assert machines.run(place, "history", "--verify", **journal).returncode == 0
    assert "de-71" in machines.run(place, "waiting", **journal).stdout
    assert not (place / ".accessctl" / "journal.jsonl").exists()


@pytest.mark.parametrize("state", ["file"], indirect=True)
@pytest.mark.parametrize("slowly", [0.1])
def test_a_run_that_lost_its_lock_is_held_back_before_its_next_write(machines, tmp_path):
    """With its journal in a file of its own, nothing but the lock can hold it back."""
    here = machines.checkout("here")
    journal = {"ACCESSCTL_JOURNAL": str(tmp_path / "here.jsonl")}
    with machines.start(here, "apply", "--auto-approve", "--parallelism", "1", **journal) as first:
        machines.wait_for_writes(2, first)
        first.send_signal(signal.SIGSTOP)
        refused = machines.apply(machines.checkout("there"), **journal)
        machines.run(here, "unlock", run_named(refused.stderr))
        first.send_signal(signal.SIGCONT)
        out, err = first.communicate(timeout=60)
    assert first.returncode == 5
    assert "the lock was taken over by somebody who has unlocked it" in out + err
    assert len(machines.sandbox.write_log) <= 3  # one call may have been on its way


@pytest.mark.parametrize("state", ["file"], indirect=True)
def test_a_journal_left_behind_is_not_forgotten_when_the_state_moves(machines):
    place = machines.checkout("here")
    assert machines.apply(place, ACCESSCTL_STATE="").returncode == 0
    for command in ("plan", "apply"):
        told = machines.run(place, command)
        assert told.returncode == 1
        assert "journal.jsonl remembers would be forgotten\nhint: copy it there" in told.stderr
    moved = Path(machines.state.removeprefix("file://")) / "journal" / "000000000001.jsonl"
    moved.parent.mkdir(parents=True)
    shutil.copy(place / ".accessctl" / "journal.jsonl", moved)
    assert "de-71" in machines.run(place, "waiting").stdout
    assert machines.apply(place).returncode == 0
    assert set(machines.writes.values()) == {1}


@pytest.mark.parametrize("state", ["file"], indirect=True)
def test_a_sandbox_uses_neither_the_lock_nor_the_journal_of_the_environment(machines):
    place = machines.checkout("here")
    assert machines.apply(place, "--sandbox", "world.yaml", ACCESSCTL_GRAPH_URL="").returncode == 0
    assert not Path(machines.state.removeprefix("file://")).exists()
    told = machines.run(place, "history", "--sandbox", "world.yaml", ACCESSCTL_GRAPH_URL="")
    assert "granted" in told.stdout


@pytest.mark.parametrize("state", ["file"], indirect=True)
def test_the_state_on_the_command_line_goes_before_a_journal_in_the_environment(machines, tmp_path):
    place = machines.checkout("here")
    journal = tmp_path / "elsewhere.jsonl"
    assert machines.apply(place, "--state", machines.state, ACCESSCTL_JOURNAL=str(journal)).returncode == 0
    assert not journal.exists()

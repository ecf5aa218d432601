"""Where the journal's disk fails, or somebody else is at work, nothing is sent (FAULTS A8, D2; law 6)."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from accessctl.holder import Holder
from accessctl.lock import LocalLock
from accessctl.planfile import read_plan
from accessctl.sandbox import Sandbox, load_world
from accessctl.sandbox.server import serve
from tests import checker
from tests.campaigns import examples
from tests.commandline import environment, run_here
from tests.company import ACME, NOW, STRANGER, Company

BUYER = ["ADVERTISE", "ANALYZE"]
WRITES = 8
ROOT = Path(__file__).parent.parent


@contextmanager
def at_a_port(company: Company):
    """Serve a company with eight writes to come, its plan saved; give the sandbox and a way to run accessctl there."""
    for number in ("71", "72", "73", "74"):
        company.asset("page", f"p-{number}", number, agencies={"mediahouse": BUYER}, live={STRANGER: BUYER})
    company.project["guards"] = {"max_revoke_percent": 100}
    company.write()
    sandbox = Sandbox(load_world(company.directory / "world.yaml"))
    with serve(sandbox) as server:
        token = {"ACCESSCTL_TOKEN": f"sandbox-{ACME}", "ACCESSCTL_GRAPH_URL": server.url}

        def run(*args: str, how: tuple[str, ...] = (), **more) -> subprocess.CompletedProcess[str]:
            """Run it in this process, unless it is to be another program, or to be started in another way."""
            if not how and not more:
                return run_here(*args, cwd=company.directory, **token)
            program = [sys.executable, "-m", *(how or ("accessctl",)), *args]
            environ = environment(**token, PYTHONPATH=str(ROOT))
            more = {"capture_output": True} | more
            return subprocess.run(program, cwd=company.directory, env=environ, text=True, timeout=60, **more)

        assert run("plan", "--out", "plan.json").returncode == 0
        yield sandbox, run


APPLY = ("apply", "plan.json", "--auto-approve", "--parallelism", "1")


def check_nothing_unjournaled(company: Company, sandbox: Sandbox) -> None:
    checker.check_journal(company.directory / ".accessctl" / "journal.jsonl", sandbox.write_log)


def check_resumable(company: Company, sandbox: Sandbox, run) -> None:
    """A run on a good disk finishes the work, and nothing is sent twice."""
    found = run("apply", "--auto-approve")
    assert found.returncode == 0, found.stderr
    actions = read_plan(company.directory / "plan.json").plan.actions
    checker.check_no_strays(sandbox.write_log, actions)
    assert len(sandbox.write_log) == len(actions) == WRITES
    check_nothing_unjournaled(company, sandbox)


@pytest.mark.parametrize("share", [54, pytest.param(50 // examples(50), marks=pytest.mark.campaign)])
def test_where_the_disk_fails_nothing_is_sent_that_is_not_in_the_journal(company, share):
    """FAULTS A8: each write and each fsync of the journal fails once, in three ways."""
    path = company.directory / ".accessctl" / "journal.jsonl"
    with at_a_port(company) as (sandbox, run):
        assert run(*APPLY, how=("tests.failing", "EIO", "0", "trace")).returncode == 0
        uses = sum(line in ("write", "fsync") for line in (company.directory / "trace").read_text().splitlines())
        cases = [(how, last) for last in range(1, uses + 1) for how in ("ENOSPC", "EIO", "half")]
        for how, last in cases[share // 3 :: share]:
            sandbox.reset()
            path.unlink()
            found = run(*APPLY, how=("tests.failing", how, str(last), "trace"))
            assert "Traceback" not in found.stderr
            is_over = last >= uses - 1  # the last line says that the run has ended, when all was sent
            assert found.returncode == (0 if is_over else 1), (how, last, found.stderr)
            assert is_over or "cannot be written" in found.stderr
            check_nothing_unjournaled(company, sandbox)
            check_resumable(company, sandbox, run)
    assert len(cases) >= 100


def test_each_intent_is_on_disk_before_its_call_goes_out(company):
    """Law 6: between a line of the journal and the next write stands an fsync, whatever the order of all else."""
    with at_a_port(company) as (_, run):
        assert run(*APPLY, how=("tests.failing", "EIO", "0", "trace")).returncode == 0
    is_durable, lines, sent = True, 0, 0
    for line in (company.directory / "trace").read_text().splitlines():
        if line in ("write", "fsync"):
            is_durable = line == "fsync"
            lines += line == "write"
        elif line.startswith(("send POST", "send DELETE")) and line.endswith("/agencies"):
            sent += 1
            assert is_durable, "a call went out before its intent was on disk"
            assert lines == 2 * sent, "the run's first line, then an intent and an outcome each, and one more intent"
    assert sent == WRITES


@contextmanager
def mounted(where: Path, *options: str):
    """Put a small file system of its own at a directory; skip the test where this machine does not let us."""
    where.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", str(where)], capture_output=True)
    if done.returncode:
        pytest.skip("no file system can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", str(where)], check=True)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can mount a file system")
def test_on_a_disk_that_is_full_nothing_is_sent_that_is_not_in_the_journal(company):
    """FAULTS A8, with a file system that is really full: it has 8192 bytes, half of it for the lock's note."""
    state = company.directory / ".accessctl"
    with at_a_port(company) as (sandbox, run):
        with mounted(state, "size=8k"):
            found = run(*APPLY)
            assert (found.returncode, "cannot be written" in found.stderr) == (1, True), found.stderr
            check_nothing_unjournaled(company, sandbox)
            kept = (state / "journal.jsonl").read_bytes()
        assert len(sandbox.write_log) < WRITES
        (state / "journal.jsonl").write_bytes(kept)
        check_resumable(company, sandbox, run)


def test_where_a_file_may_not_grow_nothing_is_sent_that_is_not_in_the_journal(company):
    import resource

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4500, 4500))

    with at_a_port(company) as (sandbox, run):
        found = run(*APPLY, preexec_fn=limit)
        assert (found.returncode, "cannot be written" in found.stderr) == (1, True), found.stderr
        assert len(sandbox.write_log) < WRITES
        check_nothing_unjournaled(company, sandbox)
        check_resumable(company, sandbox, run)


def test_where_nothing_can_be_written_nothing_is_sent(company):
    state = company.directory / ".accessctl"
    with at_a_port(company) as (sandbox, run):
        if os.geteuid():
            state.mkdir(mode=0o555)
            found = run(*APPLY)
            state.chmod(0o755)
        else:
            with mounted(state, "ro"):
                found = run(*APPLY)
        assert (found.returncode, sandbox.write_log) == (1, ())
        assert "error: " in found.stderr
        assert "Traceback" not in found.stderr
        check_resumable(company, sandbox, run)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this machine has no device that is always full")
def test_a_full_stdout_is_an_error_and_the_journal_has_it_all(company):
    with at_a_port(company) as (sandbox, run), Path("/dev/full").open("w") as full:
        found = run(*APPLY, capture_output=False, stdout=full, stderr=subprocess.PIPE)
        assert "Traceback" not in found.stderr
        assert found.returncode in (0, 1)
        check_nothing_unjournaled(company, sandbox)
        check_resumable(company, sandbox, run)


def test_while_another_apply_is_running_nothing_is_sent(company):
    """FAULTS D2, on one machine."""
    with at_a_port(company) as (sandbox, run):
        with LocalLock(company.directory / ".accessctl" / "lock").hold(Holder("other", NOW, "jo", "")):
            found = run(*APPLY)
        assert (found.returncode, sandbox.write_log) == (1, ())
        assert "error: another apply is running: run other" in found.stderr
        check_resumable(company, sandbox, run)

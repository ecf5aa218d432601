"""However the program ends, it ends in words and with its exit code."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from accessctl import __main__ as program
from accessctl.apply import GraphDoor
from accessctl.cli import cli
from accessctl.errors import AccessctlError, ManifestError, Problem, RefusedError, StaleError
from accessctl.model import Place
from accessctl.sandbox.server import serve
from accessctl.workflow import apply_plan
from tests.company import ACME
from tests.test_progress import Slow, started, visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.company import Company

CASES = [
    (AccessctlError("what", "next"), 1, "error: what\nhint: next\n"),
    (AccessctlError("what"), 1, "error: what\n"),
    (RefusedError("what", "next"), 3, "refused: what\nhint: next\n"),
    (StaleError("what"), 4, "error: what\n"),
    (click.UsageError("no"), 64, "error: no\nhint: accessctl --help shows what can be given\n"),
    (click.ClickException("no"), 1, "error: no\n"),
    (click.Abort(), 130, "interrupted\n"),
    (KeyboardInterrupt(), 130, "interrupted\n"),
    (program.Terminated(), 143, "terminated\n"),
    (ZeroDivisionError("secret"), 1, "error: ZeroDivisionError in accessctl itself\n"),
    (OSError(28, "No space left on device"), 1, "error: the output cannot be written: No space left on device\n"),
    (
        PermissionError(13, "Permission denied", "access/x\n.yaml"),
        1,
        "error: access/x\\u{a}.yaml cannot be used: Permission denied\nhint: check that it is there",
    ),
    (FileNotFoundError(2, "No such file", b"gone"), 1, "error: gone cannot be used: No such file\nhint: check"),
    (
        ManifestError(
            [Problem(Place("b.yaml", 2), "two"), Problem(Place("a.yaml"), "one")], [Problem(Place("c"), "w")]
        ),
        1,
        "warning: c:1:1: w\na.yaml:1:1: one\nb.yaml:2:1: two\nerror: 2 problems in 2 files\n",
    ),
]


@pytest.mark.parametrize(("error", "code", "said"), CASES)
def test_every_end_has_its_words_and_its_code(monkeypatch, capsys, error, code, said):
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.delenv("ACCESSCTL_DEBUG", raising=False)
    monkeypatch.setattr(cli, "main", fail)
    assert program.run([]) == code
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(said)
    assert "secret" not in printed.err


def test_a_slip_of_our_own_shows_where_only_when_asked(monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setenv("ACCESSCTL_DEBUG", "1")
    monkeypatch.setattr(cli, "main", fail)
    with pytest.raises(ZeroDivisionError):
        program.run([])


def test_main_exits_with_the_code(monkeypatch):
    monkeypatch.setattr(cli, "main", lambda *_, **__: 5)
    with pytest.raises(SystemExit) as caught:
        program.main([])
    assert caught.value.code == 5
    monkeypatch.setattr(cli, "main", lambda *_, **__: None)
    assert program.run([]) == 0


@pytest.fixture
def barred():
    """Return what makes a command obey the modes of files, also where root runs the tests."""
    if os.geteuid():
        return ()
    if not (setpriv := shutil.which("setpriv")):
        pytest.skip("root may read everything, and nothing here takes that away")
    rights = "-dac_override,-dac_read_search"
    return setpriv, f"--bounding-set={rights}", f"--inh-caps={rights}"


def spoken(cwd: Path, *command: str) -> tuple[int, str, str]:
    """Run a command with nothing of our own settings; return its exit code, stdout and stderr."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("ACCESSCTL")}
    environ = kept | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, cwd=cwd, env=environ, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout, done.stderr


PROGRAM = (sys.executable, "-m", "accessctl")


@pytest.mark.parametrize(("closed", "mode"), [("project", 0o444), ("project", 0), (".", 0)])
def test_a_directory_that_cannot_be_entered_is_named_and_is_no_trouble_of_the_output(tmp_path, barred, closed, mode):
    project = tmp_path / "project"
    project.mkdir()
    way = tmp_path / closed
    way.chmod(mode)
    try:
        found = spoken(Path("/"), *barred, *PROGRAM, "-C", str(project), "validate")
    finally:
        way.chmod(0o755)
    said = f"error: the directory {project} cannot be entered: Permission denied\nhint: check its path and that you may"
    assert (found[:2], found[2].startswith(said)) == ((1, ""), True)


def test_who_stands_in_a_closed_directory_is_told_so_or_goes_elsewhere_with_c(tmp_path, company, barred):
    company.asset("page", "de", "71", agencies={})
    company.write()
    (closed := tmp_path / "closed").mkdir()
    shut = 'chmod 000 . && "$@"; code=$?; chmod 700 "$OLDPWD/closed"; exit $code'
    for args, code, said in (
        (("validate",), 1, f"error: the directory {closed} cannot be entered: Permission denied\nhint: "),
        (("-C", str(tmp_path), "validate"), 0, ""),
    ):
        found = spoken(tmp_path, "sh", "-c", f"cd closed && {shut}", "sh", *barred, *PROGRAM, *args)
        assert (found[0], found[2].startswith(said)) == (code, True)


@pytest.mark.parametrize("name", ["x" * 300, "x/" * 3000])
def test_a_path_that_no_system_takes_is_named_and_is_no_trouble_of_the_output(run, name):
    found = run("-C", name, "validate")
    assert (found.returncode, found.stdout) == (1, "")
    assert found.stderr.startswith("error: the directory xx" if "/" not in name else "error: the directory x/x/")
    assert "cannot be entered: File name too long\nhint: " in found.stderr


def test_a_directory_that_is_gone_is_told_so(tmp_path):
    (tmp_path / "gone").mkdir()
    found = spoken(tmp_path, "sh", "-c", 'cd gone && rmdir ../gone && "$@"', "sh", *PROGRAM, "validate")
    assert found[:2] == (1, "")
    assert found[2].startswith("error: the directory . cannot be entered: No such file or directory\nhint: ")


STEPS = 12
APPLY = ["apply", "--auto-approve", "--parallelism", "3"]
# Makes the terminal at its standard input its own, as a shell in a window has it, and then becomes accessctl.
IN_A_WINDOW = (
    "import os, sys; os.login_tty(0); os.execv(sys.executable, [sys.executable, '-m', 'accessctl', *sys.argv[1:]])"
)


@contextmanager
def held(company: Company, through: int = 0) -> Iterator[tuple[Slow, str]]:
    """Twelve Pages to grant, at a sandbox that answers no write but the first `through` before the test lets it.

    The first write of its kind goes alone: only when it is answered there are several in flight.
    """
    for number in range(100, 100 + STEPS):
        company.asset("page", f"de-{number}", str(number), agencies={"mediahouse": ["ANALYZE"]}, live={})
    company.write()
    sandbox = Slow(company, writes=True, through=through)
    with serve(sandbox) as server:
        try:
            yield sandbox, server.url
        finally:
            sandbox.free.set()


def until(is_so: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


def events(company: Company) -> list[str]:
    path = company.directory / ".accessctl" / "journal.jsonl"
    lines = path.read_text().splitlines(keepends=True) if path.exists() else []
    return [json.loads(line)["event"] for line in lines if line.endswith("\n")]


def until_three_are_sent(company: Company) -> None:
    until(lambda: in_flight(company) == 3, "three writes are sent")


def in_flight(company: Company) -> int:
    told = events(company)
    return told.count("intent") - told.count("outcome")


def environ(url: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("ACCESSCTL", "GITHUB_", "CI"))}
    return kept | {"ACCESSCTL_GRAPH_URL": url, "ACCESSCTL_TOKEN": f"sandbox-{ACME}", "TERM": "xterm"}


@contextmanager
def begun(
    company: Company, environ: dict[str, str], program: list[str], **files: int
) -> Iterator[subprocess.Popen[bytes]]:
    """Begin an apply, and leave nothing of it behind."""
    process = subprocess.Popen([sys.executable, *program, *APPLY], cwd=company.directory, env=environ, **files)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def read_away(terminal: int) -> None:
    """Read what was written to a terminal, so that there is room for more."""
    with contextlib.suppress(BlockingIOError):
        os.read(terminal, 65536)


def check_all_done_once(company: Company, sandbox: Slow) -> None:
    """Each write was made once, and the journal is whole to its end."""
    assert sorted(write.asset for write in sandbox.write_log) == [str(100 + number) for number in range(STEPS)]
    assert events(company)[-1] == "run_ended"


def finish(company: Company, sandbox: Slow, url: str, run: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    """The lock is free, and the next apply does what is left."""
    sandbox.free.set()
    found = run(*APPLY, ACCESSCTL_GRAPH_URL=url, ACCESSCTL_TOKEN=f"sandbox-{ACME}")
    assert found.returncode == 0, found.stdout + found.stderr
    assert run("history", "--verify").returncode == 0
    check_all_done_once(company, sandbox)


@pytest.mark.parametrize(("stop", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_first_signal_says_at_once_what_is_finished_yet_and_the_end_says_what_is_left(company, run, stop, code):
    with held(company, through=1) as (sandbox, url):
        with started(company, url, *APPLY) as apply:
            until_three_are_sent(company)
            apply.process.send_signal(stop)
            apply.until("finishing 3 calls in flight; press Ctrl-C again to stop at once")
            assert apply.process.poll() is None
            sandbox.free.set()
            ended, out = apply.end()
        said = visible(apply.said)
        assert ended == code
        assert "Apply stopped: 4 granted. 8 skipped." in out
        assert "! 8 skipped: not tried: the run was interrupted" in out
        assert "do: accessctl apply goes on from there" in out
        assert "8 of 12 steps were not tried; run apply again to go on from there, with the same" in " ".join(said)
        assert said[-1] == ("interrupted" if stop is signal.SIGINT else "terminated")
        ends = ["intent", "outcome", *["intent"] * 3, *["outcome"] * 3]
        assert events(company) == ["run_started", *ends, "run_ended"]
        assert len(sandbox.write_log) == 4
        finish(company, sandbox, url, run)


def test_who_only_looked_when_the_signal_came_sends_nothing(company, monkeypatch):
    for number in ("71", "72"):
        company.asset("page", f"de-{number}", number, agencies={"mediahouse": ["ANALYZE"]}, live={})
    plan = company.plan()
    in_flight, real = [], GraphDoor.look
    is_told = threading.Event()

    def look(door, action):
        found = real(door, action)
        if not is_told.is_set():
            os.kill(os.getpid(), signal.SIGINT)
            assert is_told.wait(60)
        return found

    def stopping(steps: int) -> None:
        in_flight.append(steps)
        is_told.set()

    monkeypatch.setattr(GraphDoor, "look", look)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell runs behind it ignores Ctrl-C
    try:
        with company.connected() as (_, connection):
            result = apply_plan(plan, connection, parallelism=1, stopping=stopping)
    finally:
        signal.signal(signal.SIGINT, before)
    assert [step.outcome for step in result.steps] == ["skipped", "skipped"]
    assert isinstance(result.stopped_by, KeyboardInterrupt)
    assert (in_flight, company.writes) == ([1], ())
    assert [entry["event"] for entry in company.journal] == ["run_started", "run_ended"]


def test_an_interrupt_is_told_in_ci_too_and_no_number_for_what_was_not_tried(company):
    with held(company) as (sandbox, url), started(company, url, *APPLY, "--parallelism", "1", CI="true") as apply:
        until(lambda: "intent" in events(company), "the first write is sent")
        apply.process.send_signal(signal.SIGTERM)
        apply.until("accessctl: finishing 1 call in flight; press Ctrl-C again to stop at once")
        sandbox.free.set()
        assert apply.end()[0] == 143
        assert len(sandbox.write_log) == 1
        assert [line for line in apply.said.splitlines() if line.startswith("[1/12] + granted")]
        assert "[2/12]" not in apply.said


def test_the_second_signal_stops_an_apply_at_once_and_the_next_one_doubles_nothing(company, run):
    with held(company, through=1) as (sandbox, url):
        with started(company, url, *APPLY) as apply:
            until_three_are_sent(company)
            apply.process.send_signal(signal.SIGINT)
            apply.until("finishing 3 calls in flight")
            apply.process.send_signal(signal.SIGTERM)
            assert apply.end()[0] == 143
        assert "stopped at once; the journal has what was sent" in apply.said
        assert events(company) == ["run_started", "intent", "outcome", *["intent"] * 3]
        sandbox.free.set()
        until(lambda: len(sandbox.write_log) == 4, "what was sent arrives all the same")
        finish(company, sandbox, url, run)


@pytest.mark.parametrize("errors", [subprocess.DEVNULL, subprocess.STDOUT])
def test_an_output_that_is_closed_stops_no_apply(company, errors):
    """As in `accessctl apply | head -1`, with and without `2>&1`."""
    with held(company, through=1) as (sandbox, url):
        more = {"stdout": subprocess.PIPE, "stderr": errors, "stdin": subprocess.DEVNULL}
        with begun(company, environ(url) | {"CI": "true"}, ["-m", "accessctl"], **more) as process:
            assert process.stdout.readline()
            until_three_are_sent(company)
            process.stdout.close()
            sandbox.free.set()
            assert process.wait(60) == 0
        check_all_done_once(company, sandbox)


def test_a_terminal_that_goes_away_stops_no_apply(company):
    with held(company, through=1) as (sandbox, url):
        parent, child = pty.openpty()
        with begun(company, environ(url), ["-c", IN_A_WINDOW], stdin=child) as process:
            os.close(child)
            os.set_blocking(parent, False)
            until(lambda: read_away(parent) or in_flight(company) == 3, "three writes are sent")
            os.close(parent)  # the system now sends SIGHUP, and whatever is written to the terminal fails
            sandbox.free.set()
            assert process.wait(60) == 0
        check_all_done_once(company, sandbox)


def test_a_terminal_that_goes_away_before_anything_is_sent_ends_the_program(company):
    company.asset("ad_account", "de", "71", agencies={"mediahouse": ["ANALYZE"]}, live={})
    company.write()
    sandbox = Slow(company)
    with serve(sandbox) as server, started(company, server.url, *APPLY) as apply:
        assert sandbox.asked.wait(60)
        apply.process.send_signal(signal.SIGHUP)
        assert apply.end()[0] == -signal.SIGHUP
        sandbox.free.set()
    assert sandbox.write_log == ()
    assert events(company) == []


def test_steps_that_are_not_tried_are_counted_and_none_is_told_one_by_one(company):
    company.world["faults"] = [{"match": "POST 100/agencies", "do": "token_expired"}]
    with held(company) as (sandbox, url), started(company, url, *APPLY, "--parallelism", "1") as apply:
        sandbox.free.set()
        code, out = apply.end()
    assert code == 5
    assert "! 11 skipped: not tried: the run was stopped: " in out
    assert "set a new system user token; then accessctl" in " ".join(out.split())
    assert apply.said.count("skipped") == 0

"""Patience made visible: what a long read shows, where, and that it leaves nothing behind."""

from __future__ import annotations

import contextlib
import io
import os
import pty
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click
import pytest

from accessctl.cli.bar import Bar, CursorShown
from accessctl.cli.options import seconds
from accessctl.cli.progress import Lines, Screen, kind_of, tell_now, ticking, watching
from accessctl.cli.tally import about
from accessctl.sandbox import Sandbox, load_world
from accessctl.sandbox.server import serve
from accessctl.watch import QUIET, How
from tests.company import ACME, MEDIAHOUSE, STRANGER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from accessctl.sandbox.wire import Request, Response
    from accessctl.watch import Watch
    from tests.company import Company

NOON = datetime(2026, 11, 21, 14, tzinfo=UTC)
ACCOUNTS = "ad accounts of acme"
BUYER = ["ADVERTISE", "ANALYZE"]


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def day(self, later: float) -> datetime:
        return NOON + timedelta(seconds=self.now - 1000 + later)


class Told(Lines):
    """Lines, kept in a list; a second passes with each tick."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.lines: list[str] = []
        super().__init__(self.lines.append, self.clock, self.clock.day)

    def pass_seconds(self, seconds: int) -> None:
        for _ in range(seconds):
            self.clock.now += 1
            self.tick()


class Seen(Screen):
    """A screen whose terminal is text, with what it says in lines beside it."""

    def __init__(self, width: int = 80) -> None:
        self.clock = Clock()
        self.lines: list[str] = []
        self.paper = io.StringIO()
        self.bars = 0
        self.console = CursorShown(file=self.paper, width=width, force_terminal=True, no_color=True, _environ={})
        super().__init__(self.open_bar, self.lines.append, self.clock, self.clock.day)

    def open_bar(self) -> Bar:
        self.bars += 1
        return Bar(self.console)

    def shown(self) -> list[str]:
        return visible(self.paper.getvalue())

    def after(self, seconds: float) -> list[str]:
        self.clock.now += seconds
        self.tick()
        return self.shown()


def visible(written: str) -> list[str]:
    """Return what a terminal shows after this was written to it, without colour and empty lines."""
    rows, row, column = [""], 0, 0
    for part in re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|[\r\n]|[^\x1b\r\n]+", written):
        if part == "\n":
            row, column = row + 1, 0
            rows += [""] * (row + 1 - len(rows))
        elif part == "\r":
            column = 0
        elif part.startswith("\x1b"):
            assert part[-1] in "mAK", part  # colours, up, erase; above all nothing that hides the cursor
            row -= int(part[2:-1]) if part[-1] == "A" else 0
            rows[row] = "" if part[-1] == "K" else rows[row]
        else:
            rows[row] = rows[row][:column].ljust(column) + part + rows[row][column + len(part) :]
            column += len(part)
    return [line.rstrip() for line in rows if line.strip()]


@pytest.mark.parametrize(
    ("environ", "is_terminal", "shown"),
    [
        ({"TERM": "xterm"}, True, "bar"),
        ({"TERM": "xterm", "NO_COLOR": "1"}, True, "bar"),
        ({"TERM": "xterm", "CI": "false"}, True, "bar"),
        ({"TERM": "dumb"}, True, "lines"),
        ({}, True, "lines"),
        ({"TERM": "xterm", "CI": "true"}, True, "lines"),
        ({"CI": "true"}, False, "lines"),
        ({"CI": "1"}, False, "lines"),
        ({"CI": ""}, False, "nothing"),
        ({"CI": "0"}, False, "nothing"),
        ({"TERM": "xterm"}, False, "nothing"),
    ],
)
def test_a_terminal_gets_a_bar_a_ci_system_lines_and_a_pipe_nothing(environ, is_terminal, shown):
    assert kind_of(environ, is_terminal=is_terminal) == shown


def test_ci_is_told_one_line_every_thirty_seconds_and_only_while_something_is_read():
    told = Told()
    told.begin(ACCOUNTS, 20000)
    told.pass_seconds(29)
    assert told.lines == []
    told.advance(ACCOUNTS, 3400)
    told.pass_seconds(1)
    assert told.lines == ["accessctl: reading ad accounts of acme: 3,400 of about 20,000"]
    told.pass_seconds(60)
    assert len(told.lines) == 3
    told.end(ACCOUNTS)
    told.pass_seconds(300)
    assert len(told.lines) == 3


def test_ci_is_told_of_a_long_wait_at_once():
    told = Told()
    told.begin(ACCOUNTS, 20000)
    told.advance(ACCOUNTS, 3400)
    told.wait(330, "Meta's limit for act_123")
    said = "reading ad accounts of acme: 3,400 of about 20,000, waiting until 14:05:30 UTC (about 6 min)"
    assert told.lines == [f"accessctl: {said}: Meta's limit for act_123"]
    told.pass_seconds(270)
    assert told.lines[-1].endswith("waiting until 14:05:30 UTC (60 s): Meta's limit for act_123")
    told.pass_seconds(60)
    assert told.lines[-1] == "accessctl: reading ad accounts of acme: 3,400 of about 20,000"


def test_a_wait_of_many_threads_for_the_same_limit_is_one_line():
    told = Told()
    for late in range(10):
        told.wait(60 + late / 10, "Meta's limit for act_123")
    assert len(told.lines) == 1
    told.wait(600, "Meta's limit for act_123")
    assert len(told.lines) == 2


def test_a_short_wait_is_no_line_and_does_not_hide_a_longer_one():
    told = Told()
    told.wait(9, "a short one")
    assert told.lines == []
    told.wait(60, "a long one")
    told.wait(30, "another")
    told.wait(5, "and another")
    assert [told.waiting.why, len(told.lines)] == ["a long one", 1]


def test_a_note_is_a_line_at_once():
    told = Told()
    told.note("Meta refuses field expansion; reading in batches")
    assert told.lines == ["accessctl: Meta refuses field expansion; reading in batches"]


def test_a_line_names_three_pieces_of_work_and_counts_the_rest():
    told = Told()
    for business in range(6):
        told.begin(f"Pages of b{business}")
    told.pass_seconds(30)
    assert told.lines == ["accessctl: reading Pages of b0: 0, Pages of b1: 0, Pages of b2: 0, 3 more"]


def test_a_total_that_was_passed_is_not_repeated():
    told = Told()
    told.begin(ACCOUNTS, 10)
    told.advance(ACCOUNTS, 11)
    told.pass_seconds(30)
    assert told.lines == ["accessctl: reading ad accounts of acme: 11"]


def test_text_from_outside_stays_on_its_line():
    told = Told()
    told.begin("Pages of \x1b[31mevil\n")
    told.wait(60, "a\nb\x9b")
    assert told.lines == [
        "accessctl: reading Pages of \\u{1b}[31mevil\\u{a}: 0, waiting until 14:01:00 UTC (60 s): a\\u{a}b\\u{9b}"
    ]


def test_work_that_never_began_is_not_counted_and_work_that_begins_anew_is_counted_anew():
    told = Told()
    told.advance("nothing")
    told.end("nothing")
    told.begin(ACCOUNTS)
    told.advance(ACCOUNTS, 5)
    told.begin(ACCOUNTS, 50)
    told.pass_seconds(30)
    assert told.lines == ["accessctl: reading ad accounts of acme: 0 of about 50"]


def test_no_step_of_many_threads_is_lost():
    told = Told()
    told.begin(ACCOUNTS, 8000)
    threads = [threading.Thread(target=lambda: [told.advance(ACCOUNTS) for _ in range(1000)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told.pass_seconds(30)
    assert told.lines == ["accessctl: reading ad accounts of acme: 8,000 of about 8,000"]


@pytest.mark.parametrize(
    ("length", "words"),
    [(-3, "0 s"), (0, "0 s"), (55, "55 s"), (89, "89 s"), (240, "about 4 min"), (7200, "about 2 h")],
)
def test_a_duration_is_said_as_people_say_it(length, words):
    assert about(length) == words


def test_a_terminal_shows_how_many_of_how_many_the_pace_and_until_when_it_waits():
    seen = Seen()
    seen.begin(ACCOUNTS, 20000)
    seen.begin("Pages of acme")
    seen.clock.now += 55
    seen.advance(ACCOUNTS, 3410)
    seen.wait(275, "Meta's limit for act_123")
    assert [re.sub(r"[ ━╸╺]{2,}", " = ", line) for line in seen.after(0)] == [
        "reading ad accounts of acme = 3,410 of about 20,000 62/s 0:55",
        "reading Pages of acme = 0 = 0:55",
        "waiting until 14:05:30 UTC (about 5 min): Meta's limit for act_123",
    ]
    assert "(55 s)" in seen.after(220)[-1]
    assert len(seen.after(56)) == 2
    assert seen.bars == 1


def test_a_narrow_terminal_cuts_names_but_neither_numbers_nor_reasons():
    seen = Seen(width=40)
    seen.begin(ACCOUNTS, 20000)
    seen.wait(275, "Meta's limit for act_123, and so on and so on")
    lines = seen.after(1)
    assert " ".join(lines[1:]).endswith("Meta's limit for act_123, and so on and so on")
    assert all(len(line) <= 40 for line in lines)
    assert "0 of about 20,000" in lines[0]


def test_a_quick_read_shows_nothing():
    seen = Seen()
    seen.begin(ACCOUNTS)
    assert seen.after(0.4) == []
    seen.end(ACCOUNTS)
    assert seen.after(10) == []
    assert seen.bars == 0


def test_the_bar_goes_with_the_last_piece_of_work_and_leaves_nothing():
    seen = Seen()
    seen.begin(ACCOUNTS, 5)
    seen.begin("Pages of acme", 5)
    assert len(seen.after(1)) == 2
    seen.end(ACCOUNTS)
    assert len(seen.after(1)) == 1
    seen.end("Pages of acme")
    assert seen.shown() == []
    seen.close()
    assert seen.shown() == []


def test_no_markup_is_read_in_text_from_outside():
    seen = Seen()
    seen.begin("Pages of [bold]x[/bold] :smile:", 5)
    seen.wait(20, "[link=https://evil.example]here[/link]")
    lines = seen.after(1)
    assert lines[0].startswith("reading Pages of [bold]x[/bold] :smile:")
    assert lines[1].endswith("[link=https://evil.example]here[/link]")


def test_a_note_stands_where_the_bar_was_and_the_bar_below_it():
    seen = Seen()
    seen.begin(ACCOUNTS)
    seen.after(1)
    seen.note("a fact")
    assert seen.lines == ["a fact"]
    assert len(seen.shown()) == 1
    assert seen.bars == 2
    seen.end(ACCOUNTS)
    seen.note("another")
    assert (seen.shown(), seen.bars) == ([], 2)


def applying(watch: Watch, *steps: str, total: int = 40) -> None:
    watch.begin("plan", total, How.APPLYING)
    for step in steps:
        watch.begin(step, how=How.STEP)


def test_a_terminal_shows_how_far_an_apply_is_and_what_each_step_in_flight_is_busy_with():
    seen = Seen()
    applying(seen, "grant mediahouse on de", "revoke dataco on fr")
    seen.doing("grant mediahouse on de", "reading back")
    seen.doing("revoke dataco on fr", "revoked, not visible yet; looking for up to 30 s")
    seen.wait(330, "Meta's limit for act_123")
    assert [re.sub(r"[ ━╸╺]{2,}", " = ", line) for line in seen.after(63)] == [
        "applying = 0 of 40 = 1:03",
        " = grant mediahouse on de: reading back",
        " = revoke dataco on fr: revoked, not visible yet; looking for up to 30 s",
        "waiting until 14:05:30 UTC (about 4 min): Meta's limit for act_123",
    ]


def test_a_step_that_ended_stands_above_the_bar_and_counts_and_one_that_was_not_tried_does_not():
    seen = Seen()
    applying(seen, "grant mediahouse on de", "revoke dataco on fr")
    seen.after(1)
    seen.end("grant mediahouse on de", "+ granted\n    and more")
    seen.end("revoke dataco on fr")
    assert seen.lines == ["+ granted\n    and more"]
    assert re.sub(r"[ ━╸╺]{2,}", " = ", *seen.after(1)).startswith("applying = 1 of 40")
    seen.end("plan")
    assert seen.shown() == []


def test_four_steps_in_flight_are_named_and_the_rest_is_counted():
    seen = Seen()
    applying(seen, *(f"grant mediahouse on de-{number}" for number in range(10)))
    lines = seen.after(1)
    assert len(lines) == 6
    assert lines[-1] == "  and 6 more in flight"


@pytest.mark.parametrize("width", [1, 5, 20, 40, 80])
def test_a_name_of_a_megabyte_harms_no_terminal_however_narrow(width):
    seen = Seen(width)
    evil = "grant \x1b[31mevil\n" + "x" * 1_000_000 + " on de"
    applying(seen, evil)
    seen.doing(evil, "\x1b]0;title\x07" + "y" * 1_000_000)
    lines = seen.after(1)
    assert all(len(line) <= width for line in lines)
    assert len(seen.paper.getvalue()) < 20_000


def test_ci_is_told_each_step_on_one_line_with_its_number():
    told = Told()
    applying(told, "a", "b", "c", total=3)
    told.end("a", "+ granted")
    told.end("c")
    told.end("b", "! failed")
    assert told.lines == ["[1/3] + granted", "[2/3] ! failed"]


def test_ci_is_told_what_is_in_flight_when_nothing_ends_for_thirty_seconds():
    told = Told()
    applying(told, "a", "b", "c", "d", "e")
    told.doing("a", "reading back")
    told.pass_seconds(20)
    told.end("e", "+ granted")
    told.pass_seconds(29)
    assert len(told.lines) == 1
    told.pass_seconds(1)
    assert told.lines[1:] == ["accessctl: applying 1 of 40; in flight: a: reading back, b, c, 1 more"]


def test_no_number_is_told_twice_however_many_threads_end_their_steps():
    told = Told()
    names = [f"step {number}" for number in range(400)]
    applying(told, *names, total=400)
    threads = [
        threading.Thread(target=lambda part=names[n::8]: [told.end(name, "+ granted") for name in part])
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told.lines == [f"[{number}/400] + granted" for number in range(1, 401)]


def test_what_has_to_be_said_at_once_is_said_where_nothing_else_is(capsys):
    told = Told()
    tell_now(QUIET, "finishing 3 calls in flight")
    tell_now(told, "finishing 3 calls in flight")
    assert capsys.readouterr() == ("", "finishing 3 calls in flight\n")
    assert told.lines == ["accessctl: finishing 3 calls in flight"]


def test_what_a_step_that_never_began_is_busy_with_is_nothing():
    told = Told()
    told.doing("a", "reading back")
    told.pass_seconds(60)
    assert told.lines == []


def test_a_wait_outside_of_reading_is_a_line_that_tears_nothing():
    seen = Seen()
    seen.wait(60, "Meta's limit for act_123")
    assert seen.lines == ["waiting until 14:01:00 UTC (60 s): Meta's limit for act_123"]
    assert seen.after(5) == []
    seen.begin(ACCOUNTS)
    seen.wait(300, "Meta's limit for act_123")
    assert len(seen.lines) == 1


def test_a_tick_comes_again_and_again_until_the_block_ends():
    ticks: list[int] = []
    enough = threading.Event()

    def tick() -> None:
        ticks.append(1)
        if len(ticks) == 3:
            enough.set()

    with ticking(tick, 0.001):
        assert enough.wait(30)
    count = len(ticks)
    time.sleep(0.02)
    assert len(ticks) == count


@pytest.mark.parametrize(
    ("text", "length"), [("15m", 900), ("90s", 90), ("1h", 3600), ("45", 45), ("0", 0), ("0s", 0), ("48h", 172800)]
)
def test_a_time_is_given_in_hours_minutes_or_seconds(text, length):
    assert seconds(None, None, text) == length


@pytest.mark.parametrize(
    "text", ["", "m", "-1", "1.5h", "15 m", "15M", "1d", "٣m", "1h30m", "9" * 7, "inf", "nan", "5\n"]
)
def test_what_is_no_time_is_refused_in_words(text):
    with pytest.raises(click.BadParameter, match="is no time; write it like 15m, 90s or 1h"):
        seconds(None, None, text)


class Slow(Sandbox):
    """A sandbox that answers some requests only when the test lets it: listings of owned assets, or writes.

    The first `through` of them are answered at once.
    """

    def __init__(self, company: Company, *, writes: bool = False, through: int = 0) -> None:
        super().__init__(load_world(company.directory / "world.yaml"))
        self._through = through
        self.asked, self.free = threading.Event(), threading.Event()
        self._writes = writes

    def handle(self, request: Request) -> Response:
        is_write = request.method != "GET" and request.path.endswith("/agencies")
        if is_write if self._writes else "owned_ad_accounts" in request.path:
            self._through -= 1
            if self._through < 0:
                self.asked.set()
                self.free.wait(60)
        return super().handle(request)


@pytest.fixture
def slow(company: Company) -> Iterator[tuple[Slow, str]]:
    with slowly(company) as found:
        yield found


@contextmanager
def slowly(company: Company) -> Iterator[tuple[Slow, str]]:
    company.asset("ad_account", "de", "71", agencies={"mediahouse": BUYER}, live={MEDIAHOUSE: BUYER})
    company.asset("page", "fr", "72", agencies={"mediahouse": BUYER}, live={})
    company.write()
    sandbox = Slow(company)
    with serve(sandbox) as server:
        try:
            yield sandbox, server.url
        finally:
            sandbox.free.set()


class Started:
    """The command line with its standard error, and its standard input, on a terminal."""

    def __init__(self, process: subprocess.Popen[bytes], terminal: int) -> None:
        self.process = process
        self._terminal = terminal
        self._said = b""
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    @property
    def said(self) -> str:
        return self._said.decode()

    def until(self, text: str) -> None:
        deadline = time.monotonic() + 60
        while text not in self.said:
            assert time.monotonic() < deadline, self.said
            assert self.process.poll() is None or text in self.said, self.said
            time.sleep(0.01)

    def end(self) -> tuple[int, str]:
        """Wait for its end; return the exit code and standard output."""
        out, _ = self.process.communicate(timeout=60)
        self._reader.join()
        return self.process.returncode, (out or b"").decode()

    def _read(self) -> None:
        while True:
            try:
                part = os.read(self._terminal, 65536)
            except OSError:  # the other end is closed
                return
            if not part:
                return
            self._said += part


@contextmanager
def started(company: Company, url: str, *args: str, **environ: str) -> Iterator[Started]:
    parent, child = pty.openpty()
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("ACCESSCTL", "CI", "NO_COLOR"))}
    settings = {"ACCESSCTL_GRAPH_URL": url, "ACCESSCTL_TOKEN": f"sandbox-{ACME}", "TERM": "xterm", "COLUMNS": "80"}
    process = subprocess.Popen(
        [sys.executable, "-m", "accessctl", *args],
        cwd=company.directory,
        env=kept | settings | environ,
        stdin=child,
        stdout=subprocess.PIPE,
        stderr=child,
    )
    os.close(child)
    found = Started(process, parent)
    try:
        yield found
    finally:
        process.kill()
        process.communicate()
        found.end()
        os.close(parent)


def test_a_long_read_shows_a_bar_on_the_terminal_and_the_result_alone_on_stdout(company, slow):
    sandbox, url = slow
    with started(company, url, "plan", "--format", "json") as plan:
        plan.until("reading ad accounts of acme")
        assert plan.process.poll() is None
        sandbox.free.set()
        code, out = plan.end()
    assert code == 0
    assert out.startswith("{")
    assert "reading" not in out
    assert "\x1b" not in out
    assert not [line for line in visible(plan.said) if "reading" in line or "━" in line]


def test_ctrl_c_while_reading_takes_the_bar_away_and_ends_in_one_word(company, slow):
    sandbox, url = slow
    with started(company, url, "plan") as plan:
        plan.until("reading ad accounts of acme")
        plan.process.send_signal(signal.SIGINT)
        sandbox.free.set()
        code, out = plan.end()
    assert (code, out) == (130, "")
    assert visible(plan.said)[-1] == "interrupted"
    assert "reading" not in "".join(visible(plan.said))


THROTTLE = [{"match": f"GET {ACME}/owned_ad_accounts", "do": "throttle"}]


def test_a_wait_shows_until_when_and_why_and_ctrl_c_ends_it_at_once(company):
    company.world["faults"] = THROTTLE
    with slowly(company) as (sandbox, url), started(company, url, "plan") as plan:
        sandbox.free.set()
        plan.until("waiting until ")
        plan.process.send_signal(signal.SIGINT)
        code, out = plan.end()
    assert (code, out) == (130, "")
    assert re.search(r"waiting until \d\d:\d\d:\d\d.* \((about \d+ min|\d+ s)\): Meta", plan.said)
    assert visible(plan.said)[-1] == "interrupted"


def test_what_needs_a_longer_wait_than_was_allowed_counts_as_unread(company, run):
    company.world["faults"] = THROTTLE
    with slowly(company) as (sandbox, url):
        sandbox.free.set()
        found = run("plan", "--max-wait", "0", ACCESSCTL_GRAPH_URL=url, ACCESSCTL_TOKEN=f"sandbox-{ACME}", CI="")
    assert found.returncode == 5
    assert "! blocked" in found.stdout


def test_work_that_was_dropped_without_its_end_leaves_no_bar(monkeypatch):
    parent, child = pty.openpty()
    said = b""
    with os.fdopen(child, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.delenv("CI", raising=False)
        with pytest.raises(ZeroDivisionError), watching() as watch:  # noqa: PT012  the block is what is tested
            watch.begin(ACCOUNTS)
            while b"reading" not in said:
                said += os.read(parent, 4096)
            raise ZeroDivisionError
        os.set_blocking(parent, False)
        with contextlib.suppress(BlockingIOError):
            said += os.read(parent, 4096)
    os.close(parent)
    assert visible(said.decode()) == []


def test_an_error_while_reading_takes_the_bar_away_and_is_said_in_words(company):
    company.world["faults"] = [{"match": f"GET {ACME}/owned_ad_accounts", "do": "token_expired"}]
    with slowly(company) as (sandbox, url), started(company, url, "plan") as plan:
        plan.until("reading ad accounts of acme")
        sandbox.free.set()
        code, out = plan.end()
    assert (code, out) == (1, "")
    assert any(line.startswith("error: ") for line in visible(plan.said))
    assert "reading" not in "".join(visible(plan.said))


def test_apply_asks_and_tells_its_steps_where_the_bar_was(company, slow):
    sandbox, url = slow
    with started(company, url, "apply", "--auto-approve") as apply:
        apply.until("reading ad accounts of acme")
        sandbox.free.set()
        code, out = apply.end()
    assert code == 0
    assert "Apply complete: 1 granted." in out
    assert [line for line in visible(apply.said) if "fr" in line and "grant" in line]
    assert not [line for line in visible(apply.said) if "reading" in line or "━" in line]


@contextmanager
def applied_slowly(company: Company, *args: str, **environ: str) -> Iterator[tuple[Slow, Started]]:
    """Apply a plan of 40 grants of which no write is answered before the test lets it be."""
    for number in range(100, 140):
        company.asset("page", f"de-{number}", str(number), agencies={"mediahouse": BUYER}, live={})
    company.write()
    sandbox = Slow(company, writes=True)
    with serve(sandbox) as server, started(company, server.url, "apply", "--auto-approve", *args, **environ) as apply:
        try:
            yield sandbox, apply
        finally:
            sandbox.free.set()


def test_an_apply_shows_its_steps_in_flight_and_then_each_as_it_ended(company):
    with applied_slowly(company, "--parallelism", "2") as (sandbox, apply):
        apply.until(": sending")  # the first of its kind goes alone
        apply.until("grant mediahouse on de-101: ")
        assert "0 of 40" in apply.said
        sandbox.free.set()
        code, out = apply.end()
    said = visible(apply.said)
    assert code == 0
    assert len([line for line in said if line.startswith("+ granted Mediahouse Ltd (mediahouse, 2002)")]) == 40
    assert not [line for line in said if "applying" in line or "━" in line or "in flight" in line]
    assert "Apply complete: 40 granted.\n" in out
    assert "reading the plan" not in apply.said
    assert "reading plan" not in apply.said


def test_ci_gets_a_plain_line_for_each_step_and_a_pipe_nothing(company, run):
    company.world["pages"]["72"] = {"name": "\u202eevil\n::error::x", "owner": ACME, "agencies": {STRANGER: BUYER}}
    company.asset("page", "fr", "72", agencies={"mediahouse": BUYER, "dataco": BUYER})
    company.write()
    found = run("apply", "--auto-approve", "--sandbox", "world.yaml", CI="true")
    steps = [line for line in found.stderr.splitlines() if line.startswith("[")]
    assert [line.split("]")[0] for line in steps] == ["[1/3", "[2/3", "[3/3"]
    assert all("\\u{202e}evil\\u{a}" in line and line.isprintable() for line in steps)
    (company.directory / ".accessctl").rename(company.directory / ".before")
    assert run("apply", "--auto-approve", "--sandbox", "world.yaml", CI="").stderr == ""


def test_steps_told_on_a_terminal_are_not_told_again_below_them(company):
    company.asset("page", "fr", "72", agencies={"mediahouse": BUYER}, live={})
    company.write()
    parent, child = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "accessctl", "apply", "--auto-approve", "--sandbox", "world.yaml"],
        cwd=company.directory,
        env={key: value for key, value in os.environ.items() if not key.startswith(("ACCESSCTL", "CI"))}
        | {"TERM": "xterm"},
        stdin=subprocess.DEVNULL,
        stdout=child,
        stderr=child,
    )
    os.close(child)
    found = Started(process, parent)
    process.wait(60)
    found.end()
    os.close(parent)
    assert found.said.count("+ granted") == 1
    assert "Apply complete: 1 granted." in found.said


@pytest.mark.parametrize("environ", [{"TERM": "dumb"}, {"CI": "true"}])
def test_a_terminal_that_cannot_draw_gets_no_control_codes(company, slow, environ):
    sandbox, url = slow
    with started(company, url, "plan", **environ) as plan:
        assert sandbox.asked.wait(60)
        time.sleep(0.7)
        sandbox.free.set()
        code, _ = plan.end()
    assert code == 0
    assert "\x1b" not in plan.said


def test_no_colour_is_asked_of_the_bar_where_nobody_wants_any(company, slow):
    sandbox, url = slow
    with started(company, url, "plan", NO_COLOR="1") as plan:
        plan.until("reading ad accounts of acme")
        sandbox.free.set()
        plan.end()
    assert set(re.findall(r"\x1b\[[0-9;]*m", plan.said)) <= {"\x1b[0m", "\x1b[1m", "\x1b[2m"}


@pytest.mark.parametrize("command", [["plan", "--sandbox", "world.yaml"], ["who", "fr"]])
def test_what_draws_the_bar_is_loaded_only_where_a_bar_is_shown(company, command):
    company.asset("page", "fr", "72", agencies={}, live={})
    company.write()
    found = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "accessctl", *command],
        cwd=company.directory,
        capture_output=True,
        text=True,
    )
    loaded = {line.rpartition("|")[2].strip() for line in found.stderr.splitlines()}
    assert found.returncode == 0
    assert "accessctl.cli.progress" in loaded
    assert "accessctl.cli.bar" not in loaded
    assert "rich" not in loaded or "httpx" in loaded  # which loads it for a command line of its own


@pytest.mark.parametrize("command", [["plan"], ["apply"], ["who", "fr"], ["what", "mediahouse"], ["why", "acme", "fr"]])
def test_every_command_that_reads_takes_a_pace_and_a_patience(run, command):
    said = run(command[0], "--help").stdout
    assert "--parallelism" in said
    assert "--max-wait" in said
    for wrong in (["--max-wait", "soon"], ["--parallelism", "51"]):
        found = run(*command, *wrong)
        assert (found.returncode, found.stdout) == (64, "")
        assert wrong[0] in found.stderr

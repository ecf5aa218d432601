"""What is shown while Meta is read or written to: a bar on a terminal, plain lines in CI, else nothing."""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from accessctl.cli.options import paper, tell
from accessctl.cli.tally import Tally
from accessctl.watch import QUIET, How

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from accessctl.apply import Step
    from accessctl.cli.bar import Bar
    from accessctl.watch import Watch

LINE_EVERY = 30.0  # seconds between two lines in CI
LOOK_EVERY = 1.0  # seconds after which CI is looked at again
DRAW_EVERY = 0.2  # seconds between two pictures on a terminal
QUICK = 0.5  # seconds; work that is over by then shows no bar, and never loads what draws it
MOST = 3  # pieces of work, or steps, that one line names


@contextmanager
def watching() -> Iterator[Watch]:
    """Show what the block tells the watch, on standard error alone, and leave nothing behind."""
    kind = kind_of(os.environ, is_terminal=sys.stderr is not None and sys.stderr.isatty())
    if kind == "nothing":
        yield QUIET
    elif kind == "lines":
        lines = Lines(tell, time.monotonic, lambda seconds: datetime.now(UTC) + timedelta(seconds=seconds))
        with ticking(lines.tick, LOOK_EVERY):
            yield lines
    else:
        screen = Screen(_open_bar, tell, time.monotonic, _local)
        try:
            with ticking(screen.tick, DRAW_EVERY):
                yield screen
        finally:
            screen.close()


def tell_after(line: str) -> None:
    """Say what reading came to, wherever its progress was shown."""
    if kind_of(os.environ, is_terminal=sys.stderr is not None and sys.stderr.isatty()) != "nothing":
        tell(line)


def tell_now(watch: Watch, line: str) -> None:
    """Say a line at once, whatever is shown: above the bar where there is one."""
    if watch is QUIET:
        tell(line)
    else:
        watch.note(line)


def step_words(watch: Watch) -> Callable[[Step], str]:
    """Return how a finished step of apply is told: as it is in the result on a terminal, on one line elsewhere."""
    from accessctl.render.result import step_line, step_text

    return (lambda step: step_text(step, paper())) if isinstance(watch, Screen) else step_line


def shows_steps_beside_stdout(watch: Watch) -> bool:
    """Tell whether who reads standard output has just seen each step end, on the same terminal."""
    return isinstance(watch, Screen) and sys.stdout is not None and sys.stdout.isatty()


def kind_of(environ: Mapping[str, str], *, is_terminal: bool) -> str:
    """Return what is shown: `bar`, `lines` or `nothing`.

    A CI system that gives its jobs a terminal still keeps a log, in which a bar would be noise.
    """
    if environ.get("CI", "").strip().lower() not in ("", "0", "false"):
        return "lines"
    if not is_terminal:
        return "nothing"
    return "lines" if environ.get("TERM", "") in ("", "dumb", "unknown") else "bar"


@contextmanager
def ticking(tick: Callable[[], None], every: float) -> Iterator[None]:
    """Call `tick` from a thread of its own every so many seconds, until the block ends."""
    over = threading.Event()

    def run() -> None:
        while not over.wait(every):
            tick()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


class Lines(Tally):
    """Says a plain line for each step, one after 30 seconds without any, and one when a long wait begins.

    Call `tick` every second or so.
    """

    def __init__(
        self, say: Callable[[str], None], clock: Callable[[], float], day: Callable[[float], datetime]
    ) -> None:
        super().__init__(clock, day)
        self._say = say
        self._said = clock()

    def note(self, line: str) -> None:
        """Say it at once."""
        self._say(f"accessctl: {line}")

    def end(self, what: str, said: str = "") -> None:
        """Say how a step ended, on one line: `[12/40] + granted ...`."""
        with self._lock:
            super().end(what, said)
            if said:
                self._said = self._clock()
                plan = next((work for work in self.works if work.how is How.APPLYING), None)
                self._say(f"[{plan.done}/{plan.total}] {said}" if plan else said)

    def tick(self) -> None:
        """Say how far it is, if it is time to."""
        with self._lock:
            if self._works and self._clock() - self._said >= LINE_EVERY:
                self._speak()

    def long_wait(self) -> None:
        """Say it at once: nothing else may be heard for long."""
        self._speak()

    def _speak(self) -> None:
        now = self._clock()
        self._said = now
        reads = [f"{work.what}: {work.count}" for work in self.works if work.how is How.READING]
        plans = [f"applying {work.count}" for work in self.works if work.how is How.APPLYING]
        parts = [*_some("reading ", reads), *plans, *_some("in flight: ", [step.title for step in self.steps])]
        said = ["; ".join(parts)] if parts else []
        said += [wait.words(now)] if (wait := self.waiting) else []
        self._say(f"accessctl: {', '.join(said)}")


def _some(word: str, named: Sequence[str]) -> list[str]:
    """Name the first of them after a word, and count the rest."""
    rest = [f"{len(named) - MOST} more"] * (len(named) > MOST)
    return [word + ", ".join([*named[:MOST], *rest])] if named else []


class Screen(Tally):
    """Shows a bar while something is read or applied; what happens beside it is said in lines above.

    Between two pieces of work nothing is on the screen, so that a question or a result stands alone. Call
    `tick` some times a second, and `close` at the end.
    """

    def __init__(
        self,
        open_bar: Callable[[], Bar],
        say: Callable[[str], None],
        clock: Callable[[], float],
        day: Callable[[float], datetime],
    ) -> None:
        super().__init__(clock, day)
        self._open_bar = open_bar
        self._say = say
        self._bar: Bar | None = None

    def note(self, line: str) -> None:
        """Say it where the bar was, and draw the bar below."""
        with self._lock:
            was_shown = self._bar is not None
            self.close()
            self._say(line)
            if was_shown:
                self.tick()

    def end(self, what: str, said: str = "") -> None:
        """Say how a step ended; take the bar away with the last piece of work."""
        with self._lock:
            super().end(what, said)
            if not self._works:
                self.close()
            if said:
                self.note(said)

    def tick(self) -> None:
        """Draw the bar anew, once something takes long enough to be looked at."""
        with self._lock:
            now = self._clock()
            if all(now - work.begun < QUICK for work in self._works.values()):
                return
            if self._bar is None:
                self._bar = self._open_bar()
            self._bar.draw(self.works, self.steps, self.waiting, now)

    def long_wait(self) -> None:
        """Say it in a line where there is no bar to show it."""
        if not self._works and (wait := self.waiting):
            self._say(wait.words(self._clock()))

    def close(self) -> None:
        """Take the bar away, if there is one."""
        with self._lock:
            bar, self._bar = self._bar, None
            if bar:
                bar.close()


def _open_bar() -> Bar:
    from accessctl.cli.bar import Bar, terminal

    return Bar(terminal())


def _local(seconds: float) -> datetime:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).astimezone()

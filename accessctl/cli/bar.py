"""The bar itself: the only room that knows rich, loaded when there is something to draw."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import IO, TYPE_CHECKING, cast

from rich.console import Console, Group
from rich.live import Live
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import RenderableType

    from accessctl.cli.tally import Wait, Work

WIDTH = 16  # columns of the bar
MOST = 4  # steps in flight that are named


class Terminal(io.TextIOBase):
    """Standard error, as long as somebody looks: a terminal that has gone away is no trouble of a read's."""

    @property
    def encoding(self) -> str:  # type: ignore[override]  # the stdlib declares an attribute
        """What it can spell; without UTF-8 the bar is drawn in ASCII."""
        return sys.stderr.encoding

    def write(self, text: str) -> int:
        """Write, or do nothing."""
        with contextlib.suppress(OSError):
            sys.stderr.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush, or do nothing."""
        with contextlib.suppress(OSError):
            sys.stderr.flush()


class CursorShown(Console):
    """A console that never hides the cursor, so that no end of the program, however hard, leaves it hidden."""

    def show_cursor(self, show: bool = True) -> bool:
        """Leave it as it is."""
        return False


def terminal() -> Console:
    """Return the terminal at standard error. Whether it is one was decided before, so rich does not guess."""
    return CursorShown(
        file=cast("IO[str]", Terminal()),
        force_terminal=True,
        force_interactive=True,
        force_jupyter=False,
        no_color=bool(os.environ.get("NO_COLOR")),
    )


class Bar:
    """Lines at the bottom of the terminal, drawn over themselves; `close` takes them away."""

    def __init__(self, console: Console) -> None:
        # rich would send standard output through this console too: onto standard error.
        self._live = Live(
            console=console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False
        )
        self._live.start()

    def draw(self, works: Iterable[Work], steps: Sequence[Work], wait: Wait | None, now: float) -> None:
        """Draw what is read or applied, the steps in flight and what is waited for; `now` is by their clock."""
        self._live.update(frame(works, steps, wait, now), refresh=True)

    def close(self) -> None:
        """Leave the terminal as it was."""
        self._live.stop()


def frame(works: Iterable[Work], steps: Sequence[Work], wait: Wait | None, now: float) -> RenderableType:
    """Return a line for each piece of work, the first steps in flight, and below them the wait with its reason.

    No text is read as rich's markup.
    """
    grid = Table.grid(padding=(0, 1))
    for is_number in (False, False, True, True, True):  # where room is short, no number is cut
        grid.add_column(no_wrap=is_number, overflow="ellipsis")
    for work in works:
        is_known = work.total is not None and work.done <= work.total
        grid.add_row(
            Text(work.title, no_wrap=True, overflow="ellipsis"),
            ProgressBar(work.total if is_known else None, work.done, width=WIDTH, animation_time=now),
            Text(work.count),
            Text(work.pace(now)),
            Text(_elapsed(now - work.begun)),
        )
    below: list[RenderableType] = [Padding(Text(step.title), (0, 0, 0, 2)) for step in steps[:MOST]]
    if len(steps) > MOST:
        below.append(Text(f"  and {len(steps) - MOST} more in flight"))
    below += [Text(wait.words(now))] if wait else []
    return Group(grid, *below)


def _elapsed(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02}:{rest:02}"

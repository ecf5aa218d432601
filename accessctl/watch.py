"""What long work tells who waits for it: how far it is, what is in flight, what it waits for."""

from __future__ import annotations

from enum import StrEnum


class How(StrEnum):
    """What kind of work it is."""

    READING = "reading"  # a listing; its total is Meta's guess
    APPLYING = "applying"  # a plan; its total is exact, and its steps count it on
    STEP = "step"  # one step of a plan


class Watch:
    """Is told what happens; this one keeps it to itself. Every method may be called from any thread.

    `what` names a piece of work in words, "ad accounts of acme" or "grant mediahouse on de-brand", and is the
    same from its begin to its end.
    """

    def note(self, line: str) -> None:
        """Take a fact worth a line of its own."""

    def begin(self, what: str, total: int | None = None, how: How = How.READING) -> None:
        """Take that a piece of work begins; `total` is how many steps it has, None where nobody knows."""

    def doing(self, what: str, now: str) -> None:
        """Take what a piece of work is busy with from now on: "reading back"."""

    def advance(self, what: str, steps: int = 1) -> None:
        """Take that so many more steps are done."""

    def end(self, what: str, said: str = "") -> None:
        """Take that a piece of work is over, done or given up; `said` tells how a step ended, in lines.

        A step without such words was not tried, and does not count.
        """

    def wait(self, seconds: float, why: str) -> None:
        """Take that nothing is asked of Meta for so long, and why; the wait begins now."""


QUIET = Watch()

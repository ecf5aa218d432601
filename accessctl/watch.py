"""What a long read tells who waits for it: how far it is, what it waits for."""

from __future__ import annotations


class Watch:
    """Is told what happens; this one keeps it to itself. Every method may be called from any thread.

    `what` names a piece of work in words, "ad accounts of acme", and is the same from its begin to its end.
    """

    def note(self, line: str) -> None:
        """Take a fact worth a line of its own."""

    def begin(self, what: str, total: int | None = None) -> None:
        """Take that a piece of work begins; `total` is how many steps it has, None where nobody knows."""

    def advance(self, what: str, steps: int = 1) -> None:
        """Take that so many more steps are done."""

    def end(self, what: str) -> None:
        """Take that a piece of work is over, done or given up."""

    def wait(self, seconds: float, why: str) -> None:
        """Take that nothing is asked of Meta for so long, and why; the wait begins now."""


QUIET = Watch()

"""What validate has found, the worst first: what a receiver that takes only some of it should get. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from accessctl.slips import ADVICE, Slip

if TYPE_CHECKING:
    from accessctl.checked import Checked
    from accessctl.errors import Problem
    from accessctl.slips import Advice


@dataclass(frozen=True, slots=True)
class Found:
    """A problem, or a warning."""

    problem: Problem
    is_error: bool

    @property
    def advice(self) -> Advice:
        """What this kind of mistake is called, and what to do about it."""
        return ADVICE[self.problem.slip]

    @property
    def severity(self) -> str:
        """A severity of GitLab's: blocker, major, minor or info."""
        if not self.is_error:
            return "minor"
        if self.problem.slip is Slip.MORE_PROBLEMS:
            return "info"
        return "blocker" if self.advice.hides else "major"


def worst_first(checked: Checked) -> tuple[Found, ...]:
    """List all that was found: what hides other problems, then the others, then warnings; each by file and line.

    That a file holds more problems than are kept of it comes last of the problems.
    """
    rank = {"blocker": 0, "major": 1, "info": 2}
    errors = [Found(problem, is_error=True) for problem in checked.problems]
    warnings = [Found(problem, is_error=False) for problem in checked.warnings]
    return (
        *sorted(errors, key=lambda found: (rank[found.severity], found.problem)),
        *sorted(warnings, key=lambda found: found.problem),
    )

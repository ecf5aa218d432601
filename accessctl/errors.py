"""Every error a user can meet, one small tree; each knows its exit code and what to do next.

AccessctlError          1   something is wrong and nothing was done about it
  ManifestError         1   the files do not say what they must; carries every problem found
  GraphError            1   Meta, the network or the token; see `accessctl.graph.errors`
  RefusedError          3   a guard, or nobody to confirm
  StaleError            4   the plan no longer fits what it was made from
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from accessctl.slips import Slip

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from accessctl.model import Place


class AccessctlError(Exception):
    """What went wrong, and the next step for the person who reads it.

    `what` and `hint` are one line each and hold no secret; what is told one by one follows the line of `what`,
    each on a line of its own, indented.
    """

    exit_code = 1

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint


@contextmanager
def readable(place: str) -> Iterator[None]:
    """Raise AccessctlError where the block cannot read a place that it needs; `place` is how a person is told of it."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise AccessctlError(f"{place} cannot be read: {reason}", "make it readable") from None


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One slip in one file: `access/de.yaml:14:19: unknown task 'ANALYSE' (did you mean ANALYZE?)`.

    `slip` says of which kind; two problems of one text at one place are the same whatever their kind.
    """

    place: Place
    text: str
    slip: Slip = field(default=Slip.OTHER, compare=False)

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


class ManifestError(AccessctlError):
    """The project's files hold mistakes; `problems` has all of all files, sorted by file and line."""

    def __init__(self, problems: Iterable[Problem], warnings: Iterable[Problem] = ()) -> None:
        self.problems = tuple(sorted(set(problems)))
        self.warnings = tuple(sorted(set(warnings)))
        files = len({problem.place.file for problem in self.problems})
        super().__init__(
            f"{len(self.problems)} problem{'s' * (len(self.problems) != 1)} in {files} file{'s' * (files != 1)}"
        )


class RefusedError(AccessctlError):
    """A guard said no, or nobody was there to say yes."""

    exit_code = 3


class StaleError(AccessctlError):
    """The plan was made from something else than what is here now."""

    exit_code = 4

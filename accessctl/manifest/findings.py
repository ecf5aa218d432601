"""Problems and warnings, gathered while reading goes on, and the words they are written in."""

from __future__ import annotations

from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING

from accessctl.errors import Problem
from accessctl.slips import Slip

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from accessctl.model import Place

# A file in which everything is wrong is told so, not listed whole.
MOST_PROBLEMS_A_FILE = 100
LONGEST_SHOWN = 60
MOST_CANDIDATES = 2000
# Comparisons of words one load may spend on suggestions, about a fifth of a second: the rest go without.
MOST_COMPARISONS = 20_000


class Findings:
    """What is wrong (`problems`) and what is odd (`warnings`), in the order in which it was met.

    Of a file with too many problems only the first ones of the file are kept. `count` grows with every problem
    that is noted.
    """

    __slots__ = ("_comparisons", "_counts", "_ends", "_found", "_seen", "count", "warnings")

    def __init__(self) -> None:
        self.count = 0
        self.warnings: list[Problem] = []
        self._seen: set[Problem] = set()
        self._found: dict[str, list[Problem]] = {}
        self._counts: dict[str, int] = {}
        self._ends: dict[str, tuple[int, int, str]] = {}  # of a full file: nothing behind it is kept
        self._comparisons = 0

    @property
    def problems(self) -> list[Problem]:
        """List the problems; past the limit of a file, a last one says that there are more."""
        return [problem for found in self._found.values() for problem in _first(found)]

    def problem(self, place: Place, text: str, slip: Slip) -> None:
        """Note a problem once."""
        problem = Problem(place, text, slip)
        end = self._ends.get(place.file)
        if problem in self._seen:
            return
        self.count += 1
        if end is not None and _in_file(problem) > end:
            return
        self._seen.add(problem)
        self._counts[place.file] = self._counts.get(place.file, 0) + 1
        found = self._found.setdefault(place.file, [])
        found.append(problem)
        if len(found) > 2 * MOST_PROBLEMS_A_FILE:
            found.sort(key=_in_file)
            del found[MOST_PROBLEMS_A_FILE + 1 :]
            self._ends[place.file] = _in_file(found[-1])

    def problems_of(self, file: str) -> int:
        """Count the problems noted for `file` so far."""
        return self._counts.get(file, 0)

    def near(self, word: str, known: Collection[str]) -> str:
        """Return `did_you_mean`, or nothing where many suggestions were looked for already."""
        self._comparisons += min(len(known), MOST_CANDIDATES)
        return did_you_mean(word, known) if self._comparisons <= MOST_COMPARISONS else ""

    def warning(self, place: Place, text: str, slip: Slip) -> None:
        """Note something that is allowed, but hardly meant."""
        warning = Problem(place, text, slip)
        if warning not in self._seen:
            self._seen.add(warning)
            self.warnings.append(warning)


def _first(found: list[Problem]) -> list[Problem]:
    """Return all of a file's problems, or the first ones and a word that there are more."""
    if len(found) <= MOST_PROBLEMS_A_FILE:
        return found
    *first, last = sorted(found, key=_in_file)[: MOST_PROBLEMS_A_FILE + 1]
    text = "there are more problems in this file; mend these first"
    return [*first, Problem(last.place, text, Slip.MORE_PROBLEMS)]


def _in_file(problem: Problem) -> tuple[int, int, str]:
    return problem.place.line, problem.place.column, problem.text


def shown(text: str) -> str:
    """Return `text` in quotes, on one line, cut where it is long."""
    return repr(text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ` (did you mean X?)` for the nearest of `known`, or nothing."""
    return _did_you_mean(word[:LONGEST_SHOWN], tuple(sorted(known)[:MOST_CANDIDATES]))


@lru_cache(maxsize=256)
def _did_you_mean(word: str, known: tuple[str, ...]) -> str:
    spelled = {name.casefold(): name for name in reversed(known)}
    near = get_close_matches(word.casefold(), spelled, n=1, cutoff=0.6)
    return f" (did you mean {spelled[near[0]]}?)" if near else ""

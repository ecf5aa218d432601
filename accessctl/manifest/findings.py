"""Problems and warnings, gathered while reading goes on, and the words they are written in."""

from __future__ import annotations

from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING

from accessctl.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accessctl.model import Place

# A file in which everything is wrong is told so, not listed whole.
MOST_PROBLEMS_A_FILE = 100
LONGEST_SHOWN = 60
MOST_CANDIDATES = 2000


class Findings:
    """What is wrong (`problems`) and what is odd (`warnings`), in the order in which it was met."""

    __slots__ = ("_counts", "_seen", "problems", "warnings")

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self._seen: set[Problem] = set()
        self._counts: dict[str, int] = {}

    def problem(self, place: Place, text: str) -> None:
        """Note a problem once; past the limit of a file, a last line says that there are more."""
        problem = Problem(place, text)
        if problem in self._seen:
            return
        self._seen.add(problem)
        count = self._counts[place.file] = self._counts.get(place.file, 0) + 1
        if count <= MOST_PROBLEMS_A_FILE:
            self.problems.append(problem)
        elif count == MOST_PROBLEMS_A_FILE + 1:
            self.problems.append(Problem(place, "there are more problems in this file; mend these first"))

    def problems_of(self, file: str) -> int:
        """Count the problems noted for `file` so far."""
        return self._counts.get(file, 0)

    def warning(self, place: Place, text: str) -> None:
        """Note something that is allowed, but hardly meant."""
        warning = Problem(place, text)
        if warning not in self._seen:
            self._seen.add(warning)
            self.warnings.append(warning)


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

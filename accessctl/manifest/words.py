"""Task names and days as people write them, checked where they stand."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from accessctl.manifest.findings import shown
from accessctl.manifest.shape import DAY
from accessctl.model import Kind, Place
from accessctl.slips import Slip
from accessctl.tasks import VOCABULARY

if TYPE_CHECKING:
    from accessctl.manifest.document import Node, Scalar
    from accessctl.manifest.findings import Findings
    from accessctl.manifest.shape import Reader

KIND_WORDS = {Kind.AD_ACCOUNT: "an ad account", Kind.PAGE: "a Page"}
_EVERY_TASK = frozenset[str]().union(*VOCABULARY.values())


class TaskCheck:
    """Tells known tasks from unknown ones. A list seen before is not looked at twice: most are alike."""

    __slots__ = ("_allow_unknown", "_findings", "_seen")

    def __init__(self, findings: Findings, *, allow_unknown: bool) -> None:
        self._findings = findings
        self._allow_unknown = allow_unknown
        self._seen: dict[tuple[Kind | None, tuple[str, ...]], frozenset[str]] = {}

    def names(self, file: str, words: tuple[Scalar, ...], kind: Kind | None) -> frozenset[str]:
        """Return the names in `words`; each must be a task of `kind`, or of any kind where it is None.

        An unknown one is a problem, or a warning where unknown tasks are allowed.
        """
        key = (kind, tuple([word.text for word in words]))
        tasks = self._seen.get(key)
        if tasks is None:
            tasks = frozenset(key[1])
            known = _EVERY_TASK if kind is None else VOCABULARY[kind]
            if tasks <= known:
                self._seen[key] = tasks
            for word in words:
                if word.text and word.text not in known:
                    self._unknown(Place(file, word.line, word.column), word.text, kind, known)
        return tasks

    def require_known(self, place: Place, profile: str, tasks: frozenset[str], kind: Kind) -> None:
        """Check a profile with one list for every kind where it is used for this one."""
        foreign = () if tasks <= VOCABULARY[kind] else sorted((tasks & _EVERY_TASK) - VOCABULARY[kind])
        if not foreign:
            return
        what = f"the profile {shown(profile)} has {', '.join(foreign)}, which is no task of {KIND_WORDS[kind]}"
        if self._allow_unknown:
            self._findings.warning(place, what, Slip.TASK_OF_OTHER_KIND)
        else:
            text = f"{what}; give the profile a list for each kind"
            self._findings.problem(place, text, Slip.TASK_OF_OTHER_KIND)

    def _unknown(self, place: Place, task: str, kind: Kind | None, known: frozenset[str]) -> None:
        what = f"unknown task {shown(task)} for {KIND_WORDS[kind] if kind else 'an ad account or a Page'}"
        if self._allow_unknown:
            self._findings.warning(place, f"{what}; it is sent to Meta as it is", Slip.UNKNOWN_TASK)
        else:
            near = self._findings.near(task, known) or f"; one of {', '.join(sorted(known))}"
            self._findings.problem(place, what + near, Slip.UNKNOWN_TASK)


def read_until(reader: Reader, node: Node | None) -> date | None:
    """Return the last day of a declaration; a warning where it has passed."""
    if node is None:
        return None
    word = reader.word(node, DAY)
    if not word.text:
        return None
    try:
        until = date.fromisoformat(word.text)
    except ValueError:
        reader.problem(word, f"there is no day {word.text}; write the last day as YEAR-MONTH-DAY", Slip.NO_SUCH_DAY)
        return None
    if reader.today > until:
        place = reader.place(word)
        text = f"until {until} has passed: this gives no access any more"
        reader.findings.warning(place, text, Slip.UNTIL_PASSED)
    return until

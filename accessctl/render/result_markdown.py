"""What apply did and what it leaves to be done, as Markdown for a comment or a step summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.apply.outcomes import GOOD
from accessctl.counting import count
from accessctl.plan.nouns import REMOVING
from accessctl.render.escape import fenced, markdown_code
from accessctl.render.left import left_text
from accessctl.render.limit import COMMENT, Limit
from accessctl.render.markdown_head import alert
from accessctl.render.markdown_rows import PAPER, details
from accessctl.render.result import count_line, step_text
from accessctl.render.verdict import doubt_words, source_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from accessctl.apply.outcomes import Step
    from accessctl.render.ended import Ended

BETWEEN = "\n\n"
NOTICE = 1_000  # kept free for what says that it was cut
FENCE = 400  # of one around names, with the fold around it


def result_markdown(ended: Ended, limit: Limit = COMMENT) -> str:
    """Return how it ended, the count, what is left to do, and every step in a fold. Names stand in fences alone.

    What does not fit is counted, and it says that it was cut. Of the steps those stay first that did not end well,
    then those that remove something.
    """
    above = [f"### {_title(ended)}", f"**{count_line(ended.result, ended.saved)}**", _origin(ended)]
    foot = _foot(ended)
    room = limit.most - limit.size(BETWEEN.join([*above, foot])) - NOTICE
    todo = [block for block in left_text(ended.result, ended.saved, ended.desired, PAPER).split(BETWEEN) if block]
    told = _fitting(todo, room * 2 // 3 - FENCE, limit)
    left = [fenced([BETWEEN.join(told)])] * bool(told)
    steps = _steps(ended.result.steps, room - sum(map(limit.size, left)) - FENCE, limit)
    notice = _notice(limit, len(todo) - len(told), len(ended.result.steps) - len(steps))
    parts = [*above, notice, *left, _folded(steps, len(ended.result.steps)), foot]
    return BETWEEN.join(part for part in parts if part) + "\n"


def _title(ended: Ended) -> str:
    """Return the verdict; the count below it says the rest."""
    if ended.result.stopped_by:
        return "Apply was stopped"
    if ended.result.exit_code:
        return "Apply ended, and not everything was done"
    return "Apply complete" + f", and {doubt_words(ended.saved.plan)}" * (not ended.saved.plan.is_whole)


def _origin(ended: Ended) -> str:
    where = source_words(ended.saved.origin)
    return f"**{where}**" if where else ""


def _foot(ended: Ended) -> str:
    """Return the run, by which the history knows it, where the journal ended, and the plan it was."""
    parts = [f"Run {markdown_code(ended.result.run)}."]
    if head := ended.result.head:
        parts.append(f"Journal: {count(head.lines, 'line')}, head {markdown_code(head.digest)}.")
    return " ".join([*parts, f"Plan {markdown_code(ended.saved.digest)}"])


def _steps(steps: Sequence[Step], most: int, limit: Limit) -> list[str]:
    """Return as many steps as fit; in the order of the plan where all do."""
    told = [step_text(step, PAPER) for step in steps]
    shown = _fitting(told, most, limit)
    if len(shown) == len(told):
        return shown
    weights = [0 if step.outcome not in GOOD else 1 if step.action.verb in REMOVING else 2 for step in steps]
    first = sorted(range(len(told)), key=weights.__getitem__)
    return _fitting([told[number] for number in first], most, limit)


def _fitting(texts: Iterable[str], most: int, limit: Limit) -> list[str]:
    fitting = []
    for text in texts:
        most -= limit.size(text) + len(BETWEEN)
        if most < 0:
            break
        fitting.append(text)
    return fitting


def _folded(steps: Sequence[str], number: int) -> str:
    part = f" ({len(steps):,} of them shown)" if len(steps) < number else ""
    return details(count(number, "step") + part, fenced(steps)) if steps else ""


def _notice(limit: Limit, left: int, steps: int) -> str:
    out = [count(left, "kind of thing that is left to do", "kinds of things that are left to do")] * bool(left)
    out += [count(steps, "step")] * bool(steps)
    if not out:
        return ""
    lines = [
        f"**This is not the whole report**: it was cut to {limit}.",
        f"Left out: {', '.join(out)}.",
        "`--render json=FILE` has it all, and `accessctl history` what was sent.",
    ]
    return alert("IMPORTANT", lines)

"""What apply did, step by step, and what is left to do, as text and JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from accessctl.apply.outcomes import DONE_WORDS, GOOD, Outcome, Result, Step
from accessctl.clean import display
from accessctl.counting import count
from accessctl.model import Access, frozen
from accessctl.render.left import STYLES, left_text, todo_of
from accessctl.render.names import asset_name, business_name, task_names
from accessctl.render.plan_text import VERB_MARKS
from accessctl.render.settled import settled_row

if TYPE_CHECKING:
    from accessctl.model import Cost
    from accessctl.plan.document import SavedPlan
    from accessctl.render.paper import Paper

COUNT_WORDS = {"grant": "granted", "change": "changed", "revoke": "revoked", "request": "requested"}


NOTHING_DECLARED = Access(frozen({}), frozen({}))


def result_text(
    result: Result, saved: SavedPlan, paper: Paper, desired: Access = NOTHING_DECLARED, *, with_steps: bool = True
) -> str:
    """Return every step in the order of the plan, where the journal ends, the count, and what is left to do.

    Without `with_steps` the steps are left out: they were told as they ended. `desired` tells how the owners of
    assets are called.
    """
    steps = "".join(step_text(step, paper) + "\n" for step in result.steps) if with_steps else ""
    head = f"Journal: {count(result.head.lines, 'line')}, head {result.head.digest}" if result.head else ""
    journal = paper.wrap(head, indent=2, first=0) + "\n" if head else ""
    left = left_text(result, saved, desired, paper)
    return steps + "\n" * bool(steps) + journal + count_line(result, saved) + "\n" + (f"\n{left}\n" if left else "")


def step_text(step: Step, paper: Paper) -> str:
    """Return one step: what was done, to whom, on what; and where it did not end well, why and what next."""
    head, what, hint = _parts(step)
    style = VERB_MARKS[step.action.verb][1] if step.outcome in GOOD else STYLES[step.outcome]
    lines = [paper.wrap(head, indent=4, first=0, style=style)]
    lines += [paper.wrap(line, indent=4) for line in (what, hint and f"hint: {hint}") if line]
    return "\n".join(lines)


def step_line(step: Step) -> str:
    """Return the same on one line, without colour: `! failed (grant) ... : what happened; hint: what to do`."""
    head, what, hint = _parts(step)
    return head + f": {what}" * bool(what) + f"; hint: {hint}" * bool(hint)


def _parts(step: Step) -> tuple[str, str, str]:
    """What was done, to whom, on what; what happened; what to do about it: each clean and on one line."""
    action = step.action
    mark = VERB_MARKS[action.verb][0] if step.outcome in GOOD else "!"
    word = DONE_WORDS[action.verb] if step.outcome is Outcome.APPLIED else step.outcome.replace("_", " ")
    verb = "" if step.outcome is Outcome.APPLIED else f" ({action.verb})"
    head = f"{mark} {word}{verb} {business_name(action.agency)} on {asset_name(action.asset)}"
    tasks = f": {task_names(action.after.tasks)}" if action.after.tasks else ""
    what = "" if step.outcome is Outcome.APPLIED else display(step.text, 400)
    return head + tasks, what, display(step.hint, 600)


def count_line(result: Result, saved: SavedPlan) -> str:
    """Return the one line that counts: `Apply complete: 1 granted. 2 failed.`"""
    done, outcomes = result.done(), result.outcomes()
    verbs = ", ".join(f"{done[word]} {text}" for word, text in COUNT_WORDS.items() if done[word]) or "nothing changed"
    waiting = result.waiting() + len(saved.plan.waiting)
    others = [
        (outcomes[Outcome.CONVERGED], "as wanted already"),
        (outcomes[Outcome.FAILED], "failed"),
        (outcomes[Outcome.UNKNOWN], "unknown"),
        (outcomes[Outcome.STALE], "stale"),
        (outcomes[Outcome.SKIPPED], "skipped"),
        (waiting, "waiting"),
        (len(saved.plan.blocked), "blocked"),
    ]
    rest = ", ".join(f"{number} {text}" for number, text in others if number)
    ended = "stopped" if result.stopped_by else "complete"
    return f"Apply {ended}: {verbs}." + (f" {rest}." if rest else "")


def result_json(result: Result, saved: SavedPlan, cost: Cost, desired: Access = NOTHING_DECLARED) -> str:
    """Return the run, the plan's digest, what it cost at Meta, each step's outcome, and what a crash left open.

    Of a step, `text` says what happened and `do` what to do about it, with `where` and `waits_for` where a person
    at Meta has to act; `hint` is what was known of that when it happened.
    """
    outcomes = result.outcomes()
    document = {
        "run": result.run,
        "plan": saved.digest,
        "journal": {"lines": result.head.lines, "head": result.head.digest} if result.head else None,
        "graph": asdict(cost),
        "summary": {outcome.value: outcomes[outcome] for outcome in Outcome},
        "steps": [
            {
                "id": step.action.id,
                "action": step.action.verb,
                "asset": {"kind": step.action.asset.kind, "id": step.action.asset.id},
                "agency": {"id": step.action.agency.id},
                "outcome": step.outcome,
                "hint": step.hint,
                "fbtrace_id": step.trace,
                "live": {"status": step.live.status, "tasks": list(step.live.tasks)} if step.live else None,
                **_todo(step, saved, desired),
            }
            for step in result.steps
        ],
        "settled": [settled_row(one) for one in result.settled],
    }
    return json.dumps(document, indent=2, sort_keys=True)


def _todo(step: Step, saved: SavedPlan, desired: Access) -> dict[str, Any]:
    todo = todo_of(step, saved, desired)
    wait = todo.wait
    return {
        "text": todo.what,
        "do": todo.do,
        "where": wait.where if wait else "",
        "waits_for": {"who": wait.whom, "business": asdict(wait.business)} if wait else None,
    }

"""What apply did, step by step, as text and JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from accessctl.apply.outcomes import GOOD, Outcome, Result, Step
from accessctl.clean import display
from accessctl.counting import count
from accessctl.plan.nouns import Verb
from accessctl.render.names import asset_name, business_name, task_names
from accessctl.render.plan_text import VERB_MARKS

if TYPE_CHECKING:
    from accessctl.model import Cost
    from accessctl.plan.document import SavedPlan
    from accessctl.render.paper import Paper

DONE_WORDS = {
    Verb.GRANT: "granted",
    Verb.ACCEPT: "accepted",
    Verb.CHANGE: "changed",
    Verb.REVOKE: "revoked",
    Verb.REQUEST: "requested",
    Verb.WITHDRAW: "withdrawn",
    Verb.RELINQUISH: "relinquished",
}
COUNT_WORDS = {"grant": "granted", "change": "changed", "revoke": "revoked", "request": "requested"}
STYLES = {Outcome.FAILED: "red", Outcome.UNKNOWN: "red", Outcome.STALE: "yellow", Outcome.SKIPPED: "dim"}


def result_text(result: Result, saved: SavedPlan, paper: Paper) -> str:
    """Return every step in the order of the plan, then where the journal ends, then the count."""
    steps = "".join(step_text(step, paper) + "\n" for step in result.steps)
    head = f"Journal: {count(result.head.lines, 'line')}, head {result.head.digest}" if result.head else ""
    journal = paper.wrap(head, indent=2, first=0) + "\n" if head else ""
    return steps + "\n" * bool(steps) + journal + _count(result, saved) + "\n"


def step_text(step: Step, paper: Paper) -> str:
    """Return one step: what was done, to whom, on what; and where it did not end well, why and what next."""
    action = step.action
    mark, style = VERB_MARKS[action.verb]
    ends_well = step.outcome in GOOD
    word = DONE_WORDS[action.verb] if step.outcome is Outcome.APPLIED else step.outcome.replace("_", " ")
    verb = "" if step.outcome is Outcome.APPLIED else f" ({action.verb})"
    head = f"{mark if ends_well else '!'} {word}{verb} {business_name(action.agency)} on {asset_name(action.asset)}"
    tasks = f": {task_names(action.after.tasks)}" if action.after.tasks else ""
    lines = [paper.wrap(head + tasks, indent=4, first=0, style=style if ends_well else STYLES[step.outcome])]
    if step.text and step.outcome is not Outcome.APPLIED:
        lines.append(paper.wrap(display(step.text, 400), indent=4))
    if step.hint:
        lines.append(paper.wrap(f"hint: {step.hint}", indent=4))
    return "\n".join(lines)


def _count(result: Result, saved: SavedPlan) -> str:
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


def result_json(result: Result, saved: SavedPlan, cost: Cost) -> str:
    """Return the run, the plan's digest, what it cost at Meta, and every step with its outcome."""
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
                "text": step.text,
                "hint": step.hint,
                "fbtrace_id": step.trace,
                "live": {"status": step.live.status, "tasks": list(step.live.tasks)} if step.live else None,
            }
            for step in result.steps
        ],
    }
    return json.dumps(document, indent=2, sort_keys=True)

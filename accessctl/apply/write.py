"""One write: intent, call, a look at what came of it, outcome. Nothing is sent twice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from accessctl.apply.look import Seen, compare
from accessctl.apply.outcomes import Outcome, Step
from accessctl.graph.errors import GraphError, Trouble
from accessctl.model import Status
from accessctl.plan.nouns import State, Verb

if TYPE_CHECKING:
    from collections.abc import Callable

    from accessctl.apply.door import Door
    from accessctl.graph.writer import Answer
    from accessctl.journal import Journal
    from accessctl.plan.nouns import Action

# Seconds between looks: what was written may show late (GRAPH_API 7, read after write). 30 s in all.
PATIENCE = (0.0, 0.5, 1.0, 2.0, 4.0, 7.5, 15.0)

SETTLED_BY_LOOKING = frozenset({Trouble.ALREADY_SO, Trouble.ALREADY_PENDING, Trouble.IN_DOUBT})

REPLACE_HINT = (
    "Meta documents no way to change tasks; --replace-with-gap revokes and grants anew, with a gap in between "
    "in which the agency's people lose their assignments"
)


def write(action: Action, door: Door, journal: Journal, sleep: Callable[[float], None]) -> Step:
    """Send the action's call once and find out what came of it.

    Raises GraphError where Meta refused and nothing changed, with the outcome already in the journal; raises
    JournalError, with nothing sent, where the intent cannot be made durable.
    """
    step = _attempt(action, door, journal, sleep, door.send)
    if not action.replace_with_gap or step.outcome is not Outcome.FAILED:
        return step
    gone = _attempt(_removal(action), door, journal, sleep, door.take_away)
    if gone.outcome is not Outcome.APPLIED:
        return Step(action, gone.outcome, f"revoking before granting anew: {gone.text}", gone.hint, gone.trace)
    return _attempt(action, door, journal, sleep, door.send)


def _removal(action: Action) -> Action:
    return replace(action, verb=Verb.REVOKE, after=State(Status.ABSENT), replace_with_gap=False)


def _attempt(
    action: Action,
    door: Door,
    journal: Journal,
    sleep: Callable[[float], None],
    send: Callable[[Action], Answer],
) -> Step:
    journal.write("intent", **_about(action))
    try:
        answer: Answer | GraphError = send(action)
    except GraphError as error:
        answer = error
        if error.trouble not in SETTLED_BY_LOOKING:
            step = Step(action, Outcome.FAILED, error.what, error.hint, error.trace)
            journal.write("outcome", **_about(action), **_ended(step))
            if action.verb is not Verb.CHANGE or error.trouble is not Trouble.PARAMETER:
                raise
            return step
    step = _settle(action, door, sleep, answer)
    journal.write("outcome", **_about(action), **_ended(step))
    return step


def _settle(action: Action, door: Door, sleep: Callable[[float], None], answer: Answer | GraphError) -> Step:
    """Look until the pair is as wanted or patience ends, and say what that means."""
    awaits = not isinstance(answer, GraphError) and answer.requires_admin_approval
    for pause in (0.0,) if awaits or _is_refusal(answer) else PATIENCE:
        sleep(pause)
        try:
            seen, text, live = compare(action, door.look(action))
        except GraphError as error:
            seen, text, live = Seen.UNREADABLE, error.what, None
        if seen is Seen.WANTED:
            return _done(action, answer, live)
        if seen is Seen.MOVED:
            break
    trace = answer.trace
    if awaits:
        text = "granted; it takes effect when a second admin of the owner approves it"
        hint = "approve or decline it at https://business.facebook.com/settings/requests/admin_reviews"
        return Step(action, Outcome.AWAITING_APPROVAL, text, hint, trace, live)
    if isinstance(answer, GraphError) and _is_refusal(answer):
        hint = REPLACE_HINT if action.verb is Verb.CHANGE else answer.hint
        return Step(action, Outcome.FAILED, answer.what, hint, trace, live)
    if seen is Seen.MOVED:
        hint = REPLACE_HINT if action.verb is Verb.CHANGE else "make and review a new plan"
        return Step(action, Outcome.FAILED, f"Meta said yes, but {text.partition(', ')[2]}", hint, trace, live)
    return _unknown(action, answer, seen, text, live)


def _unknown(action: Action, answer: Answer | GraphError, seen: Seen, text: str, live: State | None) -> Step:
    said = answer.what if isinstance(answer, GraphError) else "Meta said yes"
    found = "it does not show yet" if seen is Seen.AS_PLANNED else text
    hint = "run plan in a few minutes; nothing is sent again without a look"
    if seen is Seen.AS_PLANNED and not isinstance(answer, GraphError) and action.verb is Verb.CHANGE:
        text = "Meta said yes, but the tasks are as before"
        return Step(action, Outcome.FAILED, text, REPLACE_HINT, answer.trace, live)
    return Step(action, Outcome.UNKNOWN, f"{said}, and {found}", hint, answer.trace, live)


def _done(action: Action, answer: Answer | GraphError, live: State | None) -> Step:
    if action.verb is Verb.REQUEST and live is not None and live.status == "pending":
        return Step(action, Outcome.WAITING, "requested; the client has to answer", "", answer.trace, live)
    if isinstance(answer, GraphError) and answer.trouble is not Trouble.IN_DOUBT:
        return Step(action, Outcome.CONVERGED, "it was so already", "", answer.trace, live)
    return Step(action, Outcome.APPLIED, "", "", answer.trace, live)


def _is_refusal(answer: Answer | GraphError) -> bool:
    return isinstance(answer, GraphError) and answer.trouble is not Trouble.IN_DOUBT


def _about(action: Action) -> dict[str, object]:
    return {
        "action": action.id,
        "verb": action.verb,
        "pair": {"kind": action.asset.kind, "asset": action.asset.id, "agency": action.agency.id},
        "via": action.via,
        "before": {"status": action.before.status, "tasks": list(action.before.tasks)},
        "after": {"status": action.after.status, "tasks": list(action.after.tasks)},
    }


def _ended(step: Step) -> dict[str, object]:
    live = {"status": step.live.status, "tasks": list(step.live.tasks)} if step.live else None
    return {"outcome": step.outcome, "text": step.text, "fbtrace_id": step.trace, "live": live}

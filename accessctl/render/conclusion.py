"""What a plan would do with a pair, in words and as JSON: the planner's reason, and what the guards say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accessctl.clean import display
from accessctl.model import Status
from accessctl.plan.decide import Outcome
from accessctl.plan.nouns import Verb
from accessctl.render.names import task_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from accessctl.conclusion import Conclusion
    from accessctl.explain import Holding
    from accessctl.plan.nouns import Action

NOT_LOOKED = (
    "plan: nobody looked at what is live, so what a plan would do is not known; --with-live or --live SNAPSHOT looks"
)
STEPS = {
    Verb.GRANT: "would be granted {tasks}",
    Verb.ACCEPT: "its request would be accepted, with {tasks}",
    Verb.CHANGE: "would be changed to {tasks}",
    Verb.REVOKE: "would be revoked",
    Verb.REQUEST: "{tasks} would be requested from the client",
    Verb.WITHDRAW: "our request would be withdrawn",
    Verb.RELINQUISH: "would be given up",
}
OUTCOMES = {
    Outcome.UNCHANGED: "nothing to do",
    Outcome.WAITING: "waits",
    Outcome.BLOCKED: "blocked, so it would be left alone",
    Outcome.UNMANAGED: "would be left alone",
}


def conclusion_words(holding: Holding) -> Iterator[str]:
    """Return `plan: would be revoked: its declaration ended on 2026-05-04`; nothing where nobody looked."""
    planned = holding.planned
    if planned is None:
        return
    if planned.what is None or planned.reason is None:
        yield f"plan: {_not_planned(holding)}"
        return
    said = _step(planned.action) if planned.action else OUTCOMES[Outcome(planned.what)]
    yield f"plan: {said}: {display(planned.reason.text, 600)}{_additive(holding, planned)}"


def refusal_words(holdings: Iterable[Holding], what: str) -> Iterator[str]:
    """Say once why the guards refuse the plan of these pairs, which `what` names; nothing where they let it run."""
    for reasons in dict.fromkeys(one.planned.refused for one in holdings if one.planned and one.planned.refused):
        yield f"guards: {what} is refused, and nothing of it would be done: {display('; '.join(reasons), 1_000)}"


def conclusion_json(holding: Holding) -> dict[str, Any] | None:
    """Return the conclusion; None where nobody looked. `what` is null for a pair that a plan does not look at."""
    planned = holding.planned
    if planned is None:
        return None
    reason, (text,) = planned.reason, conclusion_words(holding)
    return {
        "what": planned.what,
        "reason": {"code": reason.code, "text": reason.text} if reason else None,
        "tasks": list(planned.action.after.tasks) if planned.action else None,
        "text": text.removeprefix("plan: "),
        "refused": list(planned.refused),
    }


def _step(action: Action) -> str:
    if action.verb is Verb.REVOKE and action.before.status is not Status.CONFIRMED:
        return "its request would be declined"
    gap = ", by a revoke and a new grant" * action.replace_with_gap
    return STEPS[action.verb].format(tasks=task_names(action.after.tasks)) + gap


def _additive(holding: Holding, planned: Conclusion) -> str:
    """Say what keeps a plan from touching what nobody declared on a declared asset."""
    is_so = planned.what is Outcome.UNMANAGED and holding.asset.place is not None and not holding.asset.exclusive
    return ", and the asset is additive" * is_so


def _not_planned(holding: Holding) -> str:
    live, declared = holding.live, holding.declared
    if holding.agency == holding.asset.owner:
        return "would be left alone: the asset is its own"
    if live is not None and live.status is Status.UNREADABLE:
        return f"would be left alone: {display(live.detail, 300)}"
    if (live is not None and live.status is not Status.ABSENT) or (declared is not None and declared.tasks):
        return "would be left alone: a plan does not look at what others hold on it"
    return "nothing to do: it holds nothing, and is to hold nothing"

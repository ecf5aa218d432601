"""May this plan run? Limits on what one plan may remove, stated as sentences. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.model import Status
from accessctl.plan.nouns import REMOVING, Verb, Verdict

if TYPE_CHECKING:
    from accessctl.model import Guards
    from accessctl.plan.nouns import Action, Plan

PERCENT_COUNTS_FROM = 10  # below that many live grants a share says nothing (DESIGN, section 4)


def judge(plan: Plan, guards: Guards, *, allowed_revokes: int | None = None) -> Verdict:
    """Say whether `plan` may run, and if not, why; `allowed_revokes` must be the exact number of revokes.

    A protected agency is never revoked, whatever number is confirmed.
    """
    removals = [action for action in plan.actions if removes(action)]
    protected = sorted({a.agency.alias or a.agency.id for a in removals if a.agency.id in guards.protect})
    reasons = [f"this plan would revoke {name}, which guards.protect says is never revoked" for name in protected]
    count = len(removals)
    if allowed_revokes is not None and allowed_revokes != count:
        reasons.append(f"--allow-revokes says {allowed_revokes}, but this plan revokes {count}")
    elif allowed_revokes is None:
        held = sum(action.before.status is Status.CONFIRMED for action in removals)
        reasons += _too_many(held, count - held, plan.summary.live, guards)
    return Verdict(tuple(reasons))


def removes(action: Action) -> bool:
    """Tell whether an action may leave an agency with nothing of what it holds.

    A change that is done with a gap may, and so does one that keeps none of the tasks held.
    """
    if action.verb is Verb.CHANGE:
        held = set(action.before.tasks) - set(action.before.server_added)
        return action.replace_with_gap or (bool(held) and not held & set(action.after.tasks))
    return action.verb in REMOVING


def hint(plan: Plan, verdict: Verdict) -> str:
    """Say what a person can do about a refusal."""
    if any("guards.protect" in reason for reason in verdict.reasons):
        return "declare what it holds, or take it out of guards.protect in a change of its own"
    count = sum(map(removes, plan.actions))
    return f"if that is what you want, confirm the number: --allow-revokes {count}"


def _too_many(held: int, asked: int, live: int, guards: Guards) -> list[str]:
    """Hold `held` grants and `asked` requests that would go against `live` grants in scope."""
    share = f"this plan would revoke {held} of {live} live grants" + f" and {asked} requests" * bool(asked)
    if live >= PERCENT_COUNTS_FROM and held * 100 > guards.max_revoke_percent * live:
        return [f"{share} ({held * 100 / live:.0f} %, the limit is {guards.max_revoke_percent} %)"]
    return [f"{share} (the limit is {guards.max_revokes})"] if held + asked > guards.max_revokes else []

"""May this plan run? Limits on what one plan may remove, stated as sentences. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.plan.nouns import REMOVING, Verdict

if TYPE_CHECKING:
    from accessctl.model import Guards
    from accessctl.plan.nouns import Plan

PERCENT_COUNTS_FROM = 10  # below that many live grants a share says nothing (DESIGN, section 4)


def judge(plan: Plan, guards: Guards, *, allowed_revokes: int | None = None) -> Verdict:
    """Say whether `plan` may run, and if not, why; `allowed_revokes` must be the exact number of revokes.

    A protected agency is never revoked, whatever number is confirmed.
    """
    removals = [action for action in plan.actions if action.verb in REMOVING]
    protected = sorted({a.agency.alias or a.agency.id for a in removals if a.agency.id in guards.protect})
    reasons = [f"this plan would revoke {name}, which guards.protect says is never revoked" for name in protected]
    count = len(removals)
    if allowed_revokes is not None and allowed_revokes != count:
        reasons.append(f"--allow-revokes says {allowed_revokes}, but this plan revokes {count}")
    elif allowed_revokes is None:
        reasons += _too_many(count, plan.summary.live, guards)
    return Verdict(tuple(reasons))


def hint(plan: Plan, verdict: Verdict) -> str:
    """Say what a person can do about a refusal."""
    if any("guards.protect" in reason for reason in verdict.reasons):
        return "declare what it holds, or take it out of guards.protect in a change of its own"
    return f"if that is what you want, confirm the number: --allow-revokes {plan.summary.revoke}"


def _too_many(count: int, live: int, guards: Guards) -> list[str]:
    if not count:
        return []
    share = f"this plan would revoke {count} of {live} live grants"
    if live >= PERCENT_COUNTS_FROM and count * 100 > guards.max_revoke_percent * live:
        return [f"{share} ({count * 100 / live:.0f} %, the limit is {guards.max_revoke_percent} %)"]
    return [f"{share} (the limit is {guards.max_revokes})"] if count > guards.max_revokes else []

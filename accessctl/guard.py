"""May this plan run? Limits on what one plan may remove, stated as sentences. Pure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from accessctl.called import called
from accessctl.counting import count as counted
from accessctl.model import Status
from accessctl.plan.nouns import REMOVING, Verb, Verdict
from accessctl.plan.risk import takes_own_access

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from accessctl.model import Guards
    from accessctl.plan.nouns import Action, Plan

PERCENT_COUNTS_FROM = 10  # below that many live grants a share says nothing (DESIGN, section 4)
ALL_COUNTS_FROM = 5  # but losing every one of that many is the end of an agency
MOST_NAMED = 5  # agencies, assets
MOST_DIGITS = 10  # after the point of a share
NEVER = "which guards.protect says is never revoked"
OWN = "nobody takes away their own way in"


def judge(
    plan: Plan, guards: Guards, *, allowed_revokes: int | None = None, acting: Collection[str] = frozenset()
) -> Verdict:
    """Say whether `plan` may run, and if not, why; `allowed_revokes` must be the exact number of revokes.

    Whatever number is confirmed, a protected agency is never revoked, and of the businesses we act as
    (`acting`, ids) none takes from another what that one holds on its assets.
    """
    removals = [action for action in plan.actions if removes(action)]
    reasons = [*_protected(removals, guards), *_own_way_in(plan, acting)]
    count = len(removals)
    if allowed_revokes is not None and allowed_revokes != count:
        reasons.append(f"--allow-revokes says {allowed_revokes}, but this plan revokes {count}")
    elif allowed_revokes is None:
        lost = [action for action in removals if action.before.status is Status.CONFIRMED]
        reasons += _too_many(len(lost), count - len(lost), plan.summary.live, guards)
        reasons += _too_many_of_one(lost, plan, guards)
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
    if any(reason.endswith(NEVER) for reason in verdict.reasons):
        return "declare what it holds, or take it out of guards.protect in a change of its own"
    if any(reason.endswith(OWN) for reason in verdict.reasons):
        return "declare what it holds, leave it out with --exclude agency:ALIAS, or take it out of acts_as first"
    count = sum(map(removes, plan.actions))
    return f"if that is what you want, confirm the number: --allow-revokes {count}"


def _protected(removals: Iterable[Action], guards: Guards) -> Iterator[str]:
    for name in sorted({a.agency.alias or a.agency.id for a in removals if a.agency.id in guards.protect}):
        yield f"this plan would revoke {name}, {NEVER}"


def _own_way_in(plan: Plan, acting: Collection[str]) -> Iterator[str]:
    """Say which of our own businesses would lose what it holds on an asset of ours."""
    taken = [action for action in plan.actions if takes_own_access(action, acting)]
    for agency in sorted({action.agency for action in taken}):
        assets = [f"{a.asset.kind.noun} {a.asset.alias or a.asset.id}" for a in taken if a.agency == agency]
        yield (f"this plan would take access from {called(agency)}, one of acts_as, on {_some(assets)}: {OWN}")


def _too_many(held: int, asked: int, live: int, guards: Guards) -> list[str]:
    """Hold `held` grants and `asked` requests that would go against `live` grants in scope."""
    share = f"this plan would revoke {held} of {live} live grants" + f" and {counted(asked, 'request')}" * bool(asked)
    if live >= PERCENT_COUNTS_FROM and held * 100 > guards.max_revoke_percent * live:
        return [f"{share} ({_above(guards.max_revoke_percent, held, live)})"]
    return [f"{share} (the limit is {guards.max_revokes})"] if held + asked > guards.max_revokes else []


def _too_many_of_one(lost: Sequence[Action], plan: Plan, guards: Guards) -> list[str]:
    """Hold what each agency would lose against what it has; one that has all there is was judged already."""
    gone = Counter(action.agency.id for action in lost)
    live = {one.agency: one.live for one in plan.held}
    found = [
        f"this plan would revoke {gone[agency.id]} of {live[agency.id]} live grants of {called(agency)} "
        f"({_above(guards.max_revoke_percent, gone[agency.id], live[agency.id])})"
        for agency in sorted({action.agency for action in lost})
        if _is_too_much(gone[agency.id], live.get(agency.id, 0), plan.summary.live, guards)
    ]
    more = len(found) - MOST_NAMED
    return found if more <= 0 else [*found[:MOST_NAMED], f"and too much of {more} more agencies"]


def _is_too_much(gone: int, live: int, of_all: int, guards: Guards) -> bool:
    if live == of_all and live >= PERCENT_COUNTS_FROM:  # it alone holds anything: the share of the run is its own
        return False
    counts = live >= PERCENT_COUNTS_FROM or gone >= live >= ALL_COUNTS_FROM
    return counts and gone * 100 > guards.max_revoke_percent * live


def _above(limit: int, part: int, whole: int) -> str:
    """Return `70 %, the limit is 25 %`, with as many decimals as it takes to show a share that is above `limit`."""
    shares = (f"{part * 100 / whole:.{digits}f}" for digits in range(MOST_DIGITS))
    return f"{next((share for share in shares if float(share) > limit), f'over {limit}')} %, the limit is {limit} %"


def _some(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + f" and {more} more" * (more > 0)

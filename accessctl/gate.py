"""What must hold before a plan is carried out: it is the one reviewed, still fits, is allowed, and can be done."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from accessctl import __version__
from accessctl.counting import count
from accessctl.errors import RefusedError, StaleError
from accessctl.guard import hint, judge
from accessctl.journal import read_journal, remember
from accessctl.looking import read_foretold
from accessctl.model import Asset
from accessctl.overtaken import check_not_overtaken
from accessctl.plan.losing import lost_since
from accessctl.plan.moved import moved
from accessctl.plan.nouns import Scope
from accessctl.planfile import REMAKE
from accessctl.render.age import age, moment, span
from accessctl.reviewed import check_called_for
from accessctl.workflow import NO_WISH, Wish, origin_of, plan_project

if TYPE_CHECKING:
    from datetime import datetime

    from accessctl.connection import Connection
    from accessctl.manifest import Project
    from accessctl.model import Side
    from accessctl.plan.document import SavedPlan
    from accessctl.plan.nouns import Verdict

SLACK = timedelta(minutes=5)  # clocks of two machines differ by this much
CLOCKS = "set the clock of this machine, or make a new plan"
MAY_NOT = (
    "nothing was sent. Make a new token that may do all of it, or plan with --exclude what it may not; accessctl "
    "doctor tells what each kind takes"
)
MOST_TOLD = 5  # differences of a stale plan; the next plan has them all


def check_age(saved: SavedPlan, now: datetime, most: timedelta) -> None:
    """Raise StaleError where live access was read longer ago than `most`, or in the future; zero is no limit.

    The digest does not cover when a plan was made: a file's time can be set by hand. So this stops what was
    forgotten, not what was forged; the reads before each write do that.
    """
    snapshot = saved.origin.snapshot
    newest = max(snapshot.taken_at, saved.created_at) if snapshot else saved.created_at
    if newest > now + SLACK:
        raise StaleError(f"this plan says it was made at {moment(newest)}, which is yet to come", CLOCKS)
    if most and now - saved.read_at > most:
        what = "the snapshot behind this plan was taken" if saved.read_at < saved.created_at else "this plan was made"
        raise StaleError(f"{what} {age(saved.read_at, now)}, and --max-plan-age is {span(most)}", REMAKE)


def check_fits(
    saved: SavedPlan, project: Project, connection: Connection, *, now: datetime, expect_digest: str = ""
) -> None:
    """Raise StaleError where the plan is not the one that was reviewed, or was made from something else.

    The digest is no proof, for whoever changes a plan can make a new one: each action, and all that is shown,
    is held against the manifests. Guards that were passed with a number are judged without it here.
    A declaration that has ended by `now` gives nothing any more. For a plan made from a snapshot
    live access is read, and has to call for the same actions.
    """
    if expect_digest and expect_digest != saved.digest:
        raise StaleError(f"this plan's digest is {saved.digest}, not the one expected", REMAKE)
    origin, here = saved.origin, origin_of(project, project.graph_version, connection.url, NO_WISH)
    differences = (
        (origin.manifests_digest, here.manifests_digest, "the manifests have changed since this plan was made"),
        (origin.graph_version, here.graph_version, f"the plan was made with Graph {origin.graph_version}"),
        (origin.graph_url, here.graph_url, f"the plan was made against {origin.graph_url}, this is {here.graph_url}"),
        (origin.acts_as, here.acts_as, "the plan was made for other acting businesses"),
        (_major(saved.tool_version), _major(__version__), f"the plan was made by accessctl {saved.tool_version}"),
        (origin.manifest_files, here.manifest_files, "the plan names other manifests than there are"),
        (origin.limits or here.limits, here.limits, "the plan names other guards than the project has"),
    )
    for planned, here_now, text in differences:
        if planned != here_now:
            raise StaleError(text, REMAKE)
    acting = {business.alias for business in origin.acts_as}
    for action in saved.plan.actions:
        if action.via not in acting:
            raise StaleError(f"{action.id} is to go through {action.via}, which the plan does not act as", REMAKE)
        for end in sorted(source.until for source in action.sources if source.until):
            if action.after.tasks and saved.created_at.date().isoformat() <= end < now.date().isoformat():
                raise StaleError(f"{action.id} is declared until {end}, which has passed", REMAKE)
    entries = read_journal(connection.journal)
    if lost := lost_since(saved, read_foretold(connection, entries).all(), now):
        raise StaleError(lost, REMAKE)
    check_not_overtaken(saved, entries, connection.url, now)
    check_called_for(saved, project, remember(entries, connection.url))
    if saved.verdict != _verdict(saved, project):
        raise StaleError("what this plan says of the guards is not what they say of it", REMAKE)
    if origin.snapshot:
        _check_still_so(saved, project, connection)


def _check_still_so(saved: SavedPlan, project: Project, connection: Connection) -> None:
    """Raise StaleError where a plan made now from live access would do, or be refused for, something else."""
    scope = saved.origin.scope
    wish = Wish(Scope(scope.targets, scope.excludes), scope.ask_again, scope.replace_with_gap)
    fresh = plan_project(project, connection, wish, saved.created_at)
    if differences := moved(saved.plan, fresh.plan):
        number = count(len(differences), "pair")
        more = [f"and {len(differences) - MOST_TOLD} more"] * (len(differences) > MOST_TOLD)
        told = "".join(f"\n  {line}" for line in (*differences[:MOST_TOLD], *more))
        raise StaleError(f"live access is no longer as the snapshot has it: {number} moved{told}", REMAKE)
    if _verdict(saved, project) != _verdict(fresh, project):
        raise StaleError("live access has moved, and the guards judge this plan otherwise now", REMAKE)


def _major(version: str) -> str:
    return version.partition(".")[0]


def judge_again(saved: SavedPlan, project: Project, allowed_revokes: int | None) -> SavedPlan:
    """Return the plan with what the guards say of it now that a person may have confirmed a number."""
    return replace(saved, verdict=_verdict(saved, project, allowed_revokes))


def _verdict(saved: SavedPlan, project: Project, allowed_revokes: int | None = None) -> Verdict:
    policy = project.policy
    return judge(saved.plan, policy.guards, allowed_revokes=allowed_revokes, acting=policy.acts_as)


def check_guards(judged: SavedPlan) -> None:
    """Raise RefusedError where the guards say no."""
    if judged.verdict.reasons:
        raise RefusedError("; ".join(judged.verdict.reasons), hint(judged.plan, judged.verdict))


def check_tokens(saved: SavedPlan, connection: Connection, now: datetime) -> None:
    """Raise RefusedError where a token that is to write ends too soon, or has no permission for what it is to do.

    A write that Meta would refuse for want of a permission is not tried: refused calls count against the app
    (GRAPH_API 5.3).
    """
    from accessctl.apply.door import SIDES
    from accessctl.doctor.lasting import ask_tokens, ending_soon, forbidden

    writes: defaultdict[str, set[tuple[Side, Asset]]] = defaultdict(set)
    for action in saved.plan.actions:
        writes[action.via].add((SIDES[action.verb], Asset(action.asset.kind, action.asset.id)))
    tokens = tuple(ask_tokens(connection.reader, [one for one in connection.acting if one.business.alias in writes]))
    if ending := ending_soon(tokens, len(saved.plan.actions), now):
        raise RefusedError(f"{'; '.join(ending)}, which may be too soon", "make a new token, then apply again")
    if lacking := forbidden(tokens, writes):
        raise RefusedError("; ".join(lacking), MAY_NOT)

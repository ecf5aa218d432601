"""Many changes at once, and odd ones: what no plan does, whatever the manifests and live access are (FAULTS J)."""

from __future__ import annotations

import random
from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from accessctl.errors import ManifestError
from accessctl.guard import hint, judge
from accessctl.manifest import load_project
from accessctl.model import Access, Asset, AssetAccess, Business, Grant, Guards, Kind, Policy, Status, frozen
from accessctl.plan import Verb, make_plan
from accessctl.plan.nouns import Verdict
from accessctl.tasks import MANAGE_LIKE, VOCABULARY, normal
from tests.campaigns import examples
from tests.company import ACME, CLIENT, DATACO, MEDIAHOUSE, NAMES, SISTER, STRANGER, Company
from tests.test_guard import MANY, removing
from tests.test_law_of_laws import LAW

if TYPE_CHECKING:
    from accessctl.plan import Action, Plan

BUYER = ["ADVERTISE", "ANALYZE"]
RUNNING = frozenset({"ADVERTISE", "MANAGE", "PROFILE_PLUS_FULL_CONTROL"})
OTHERS = (MEDIAHOUSE, DATACO, STRANGER, SISTER)
BUSINESSES = frozen({number: Business(number, f"b-{number}", name) for number, name in NAMES.items()})

# The share of a whole run, at its boundaries.


@pytest.mark.parametrize(
    ("count", "live", "word"),
    [(24, 100, "allowed"), (25, 100, "allowed"), (26, 100, "refused"), (250, 1000, "allowed"), (251, 1000, "refused")],
)
def test_more_than_a_quarter_of_all_live_grants_is_refused(count, live, word):
    assert judge(removing(count, live=live), MANY).word == word


@pytest.mark.parametrize(("count", "word"), [(20, "allowed"), (21, "refused")])
def test_more_than_twenty_in_all_are_refused_however_many_there_are(count, word):
    assert judge(removing(count, live=100_000), Guards()).word == word


# Any access at all, as Hypothesis draws it.

SETS = st.sampled_from(
    [
        frozenset(some)
        for some in (["ANALYZE"], BUYER, ["ADVERTISE"], ["MANAGE"], [*BUYER, "MANAGE"], ["MANAGE", "ANALYZE"])
    ]
)
STATUSES = st.sampled_from([Status.CONFIRMED, Status.CONFIRMED, Status.PENDING])
HELD = st.dictionaries(st.sampled_from(OTHERS), st.builds(Grant, SETS, STATUSES))
WANTED = st.dictionaries(st.sampled_from(OTHERS), st.builds(Grant, SETS))


def planned(kind: Kind, held: dict[str, Grant], wanted: dict[str, Grant]) -> Plan:
    asset = Asset(kind, "77")
    live = AssetAccess(asset, ACME, grants=frozen(held))
    desired = AssetAccess(asset, ACME, grants=frozen(wanted), alias="de")
    return make_plan(
        Access(frozen({asset: desired}), BUSINESSES), Access(frozen({asset: live}), BUSINESSES), Policy((ACME,))
    )


def tasks_of(held: dict[str, Grant]) -> dict[str, frozenset[str]]:
    return {agency: grant.tasks for agency, grant in held.items() if grant.status is Status.CONFIRMED}


def runs(held: dict[str, frozenset[str]]) -> bool:
    return any(tasks & RUNNING for tasks in held.values())


def carried_out(action: Action, held: dict[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    rest = {agency: tasks for agency, tasks in held.items() if agency != action.agency.id}
    return rest | ({action.agency.id: frozenset(action.after.tasks)} if action.after.tasks else {})


ANY = settings(LAW, max_examples=300)


@ANY
@given(st.sampled_from(list(Kind)), HELD, WANTED)
@example(
    Kind.PAGE,
    {MEDIAHOUSE: Grant(frozenset({"ADVERTISE"})), DATACO: Grant(frozenset({"ANALYZE"}))},
    {MEDIAHOUSE: Grant(frozenset({"ANALYZE"})), DATACO: Grant(frozenset({"ADVERTISE"}))},
)
def test_no_asset_is_ever_without_an_agency_that_runs_it_if_it_had_one_and_is_to_have_one(kind, held, wanted):
    now, then = tasks_of(held), tasks_of(wanted)
    for action in planned(kind, held, wanted).actions:
        now = carried_out(action, now)
        assert runs(now) or not (runs(tasks_of(held)) and runs(then))
    assert now == then


@ANY
@given(st.sampled_from(list(Kind)), HELD, WANTED)
def test_stopped_anywhere_each_pair_has_what_both_the_old_and_the_new_state_give(kind, held, wanted):
    old, new, now = tasks_of(held), tasks_of(wanted), tasks_of(held)
    narrowed = False
    for action in planned(kind, held, wanted).actions:
        before, now = now, carried_out(action, now)
        for agency in old.keys() & new.keys():
            assert now[agency] >= old[agency] & new[agency]
        lost = before.get(action.agency.id, frozenset()) - now.get(action.agency.id, frozenset())
        gained = now.get(action.agency.id, frozenset()) - before.get(action.agency.id, frozenset())
        assert not (gained and not lost and narrowed), "what only widens comes before what narrows"
        narrowed = narrowed or bool(lost)


@ANY
@given(st.sampled_from(list(Kind)), HELD, WANTED)
def test_each_gain_of_a_task_that_manages_is_marked_and_counted_and_nothing_else_is(kind, held, wanted):
    plan, old = planned(kind, held, wanted), tasks_of(held)
    gaining = {
        action.agency.id: MANAGE_LIKE & set(action.after.tasks) - old.get(action.agency.id, frozenset())
        for action in plan.actions
    }
    marked = {action.agency.id for action in plan.actions if "manage" in action.risk}
    assert marked == {agency for agency, gained in gaining.items() if gained}
    assert sum("is to hold MANAGE on 1 " in line for line in plan.headlines) == len(marked)


@pytest.mark.parametrize(
    ("kind", "task"), [(kind, task) for kind in Kind for task in sorted(MANAGE_LIKE & VOCABULARY[kind])]
)
@pytest.mark.parametrize("held", [None, ["ADVERTISE"], ["ANALYZE"]])
def test_every_way_to_a_task_that_manages_is_an_escalation(kind, task, held):
    live = {MEDIAHOUSE: Grant(frozenset(held))} if held else {}
    wanted = {MEDIAHOUSE: Grant(normal({*(held or ()), task}))}
    (action,) = planned(kind, live, wanted).actions
    assert "manage" in action.risk
    kept = {MEDIAHOUSE: Grant(normal({task, "ADVERTISE"}))}
    assert not any("manage" in one.risk for one in planned(kind, kept, wanted).actions)


# A thousand random trees of manifests.


def tree(company: Company, seed: random.Random) -> None:
    """Some declared assets of two of our businesses, and some other live access to them."""
    acting = ["acme", "sister"]
    protected = seed.choice(["mediahouse", "dataco"])
    company.project |= {"acts_as": acting, "guards": {"protect": [protected]}}
    company.project["manage"] = seed.choice(["exclusive", "exclusive", "additive"])
    for number in range(8):
        kind, owner = seed.choice(["page", "ad_account"]), seed.choice(acting)
        names = [name for name in ("mediahouse", "dataco", "client", *acting) if name != owner]
        agencies = {name: seed.choice(([*BUYER], ["ANALYZE"], ["MANAGE"])) for name in names if seed.random() < 0.4}
        company.manifest[f"{kind}s"][f"a-{number}"] = {"id": str(700 + number), "owner": owner, "agencies": agencies}
    if seed.random() < 0.3:
        company.manifest["rules"] = {"all": {"agency": "dataco", "tasks": ["ANALYZE"], "on": {"kind": "page"}}}


def random_live(desired: Access, seed: random.Random) -> Access:
    """Live access that is often as declared, and now and then anything."""
    assets = {}
    for asset, declared in desired.assets.items():
        grants = {name: grant for name, grant in declared.grants.items() if seed.random() < 0.8}
        for name in {MEDIAHOUSE, DATACO, ACME, SISTER, STRANGER, CLIENT} - {declared.owner}:
            if seed.random() < 0.08:
                grants[name] = Grant(frozenset(seed.choice((BUYER, ["ANALYZE"], ["MANAGE"]))))
        assets[asset] = AssetAccess(asset, declared.owner, grants=frozen(grants))
    return Access(frozen(assets), frozen({}))


def check_a_tree(company: Company, seed: random.Random) -> bool:
    """Return whether a plan may run; if so, nobody protected and none of us loses anything on what is ours."""
    tree(company, seed)
    company.write()
    try:
        project = company.load()
    except ManifestError:  # a rule that reaches no asset
        return False
    acting = project.policy.acts_as
    plan = make_plan(project.desired, random_live(project.desired, seed), project.policy)
    number = int(hint(plan, Verdict()).rpartition(" ")[2])
    if judge(plan, project.policy.guards, allowed_revokes=number, acting=acting).reasons:
        return False
    for action in plan.actions:
        assert not (action.agency.id in project.policy.guards.protect and action.verb is Verb.REVOKE)
        if action.agency.id in acting and action.before.status is Status.CONFIRMED:
            assert set(action.before.tasks) <= set(action.after.tasks)
    return True


def assert_no_tree_locks_out(tmp_path, count: int) -> None:
    allowed = 0
    for number in range(count):
        directory = tmp_path / str(number)
        directory.mkdir()
        allowed += check_a_tree(Company(directory), random.Random(number))
    assert allowed > count // 10


def test_in_random_trees_nobody_protected_and_none_of_us_is_locked_out(tmp_path):
    assert_no_tree_locks_out(tmp_path, 100)


@pytest.mark.campaign
def test_in_a_thousand_random_trees_nobody_protected_and_none_of_us_is_locked_out(tmp_path):
    assert_no_tree_locks_out(tmp_path, examples(1000))


# The last day of a declaration.

TODAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("until", "says"),
    [
        ("2026-11-20", "has passed"),
        ("2000-02-29", "has passed"),
        ("0001-01-01", "has passed"),
        ("2026-11-21", ""),
        ("2026-11-22", ""),
        ("2028-02-29", ""),
        ("9999-12-31", ""),
        ("2027-02-29", "there is no day"),
        ("2027-13-01", "there is no day"),
        ("0000-01-01", "there is no day"),
        ("2027-1-1", "a day such as"),
        ("27-01-01", "a day such as"),
        ("20270101", "a day such as"),
        ("2027-W01-1", "a day such as"),
        ("01.02.2027", "a day such as"),
        ("2027/01/01", "a day such as"),
        ("2027-01-01T00:00:00", "a day such as"),
        ("2027-01-01T00:00:00Z", "a day such as"),
        ("2027-01-01 ", "a day such as"),
        ("\uff12\uff10\uff12\uff17-01-01", "a day such as"),
        ("10000-01-01", "a day such as"),
        ("tomorrow", "a day such as"),
        ("", "a day such as"),
    ],
)
def test_an_end_is_a_day_in_utc_and_nothing_else(company, until, says):
    company.asset("page", "de", "77", agencies={"mediahouse": {"tasks": BUYER, "until": until}}, live={})
    company.write()
    try:
        project = load_project(company.directory, today=TODAY)
    except ManifestError as error:
        (problem,) = error.problems
        assert says in problem.text, problem.text
        assert says != "has passed"
        return
    (asset,) = project.desired.assets.values()
    has_passed = says == "has passed"
    assert asset.grants[MEDIAHOUSE].status is (Status.ABSENT if has_passed else Status.CONFIRMED)
    assert [says in warning.text for warning in project.warnings] == [True] * has_passed
    assert says in ("", "has passed")

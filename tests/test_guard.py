"""Limits on what one plan may remove, at their boundaries; and what is flagged though it may run."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from accessctl.errors import AccessctlError, RefusedError
from accessctl.gate import check_guards, judge_again
from accessctl.guard import hint, judge
from accessctl.model import Access, Asset, AssetAccess, Business, Grant, Guards, Kind, Policy, Status, frozen
from accessctl.plan import make_plan
from accessctl.plan.nouns import Action, AssetRef, BusinessRef, Held, Plan, Reason, State, Summary, Verb, Verdict
from tests.company import ACME, CLIENT, DATACO, MEDIAHOUSE, SISTER, STRANGER, Company

KINDS = pytest.mark.parametrize("kind", ["ad_account", "page"])
BUYER = ["ADVERTISE", "ANALYZE"]


def removing(
    count: int, *, live: int, verb: Verb = Verb.REVOKE, agency: str = "2002", name: str = "", held: int | None = None
) -> Plan:
    actions = tuple(
        Action(
            verb,
            AssetRef(Kind.PAGE, str(number)),
            BusinessRef(agency, "mediahouse", name),
            "1001",
            "acme",
            State(Status.CONFIRMED, ("ANALYZE",)),
            State(Status.ABSENT),
            Reason("not_declared", ""),
        )
        for number in range(count)
    )
    of_agency = (Held(agency, held),) if held is not None else ()
    return Plan(actions, summary=Summary(revoke=count, live=live), held=of_agency)


@pytest.mark.parametrize(
    ("count", "live", "word"),
    [
        (0, 0, "allowed"),
        (25, 100, "refused"),  # more than twenty in all
        (20, 100, "allowed"),
        (21, 1000, "refused"),
        (3, 12, "allowed"),  # 25 % exactly
        (4, 15, "refused"),  # 26.7 %
        (6, 25, "allowed"),  # 24 %
        (9, 9, "allowed"),  # below ten a share says nothing
        (10, 10, "refused"),
    ],
)
def test_too_many_revokes_are_refused(count, live, word):
    assert judge(removing(count, live=live), Guards()).word == word


@pytest.mark.parametrize(("percent", "word"), [(24, "refused"), (25, "allowed"), (26, "allowed")])
def test_the_share_is_the_projects_own(percent, word):
    assert judge(removing(5, live=20), Guards(max_revoke_percent=percent)).word == word


@pytest.mark.parametrize("verb", [Verb.REVOKE, Verb.WITHDRAW, Verb.RELINQUISH])
def test_every_verb_that_the_summary_counts_as_revoke_counts(verb):
    assert judge(removing(14, live=20, verb=verb), Guards()).reasons == (
        "this plan would revoke 14 of 20 live grants (70 %, the limit is 25 %)",
    )


@pytest.mark.parametrize(
    ("count", "live", "share"),
    [
        (30, 119, "25.2 %"),
        (6, 23, "26 %"),
        (1_251, 5_000, "25.02 %"),
        (250_001, 1_000_000, "25.0001 %"),
        (119, 119, "100 %"),
    ],
)
def test_a_share_that_is_refused_is_shown_above_its_limit(count, live, share):
    plan = removing(1, live=live)
    plan = replace(plan, actions=plan.actions * count, held=(Held("2002", live),))
    said = f"({share}, the limit is 25 %)"
    assert said in judge(plan, Guards()).reasons[0]
    of_one = judge(replace(plan, summary=replace(plan.summary, live=10 * live)), Guards(max_revokes=live))
    assert (said in of_one.reasons[0], "live grants of " in of_one.reasons[0]) == (True, True)


def test_the_exact_number_confirms_and_no_other():
    plan = removing(14, live=20)
    assert judge(plan, Guards(), allowed_revokes=14).word == "allowed"
    for other in (0, 13, 15, 100):
        assert judge(plan, Guards(), allowed_revokes=other).word == "refused"
    assert hint(plan, judge(plan, Guards())).endswith("--allow-revokes 14")


def test_a_number_that_is_not_the_plans_is_refused_even_where_no_limit_is_reached():
    assert judge(removing(1, live=100), Guards(), allowed_revokes=2).reasons == (
        "--allow-revokes says 2, but this plan revokes 1",
    )


def test_a_protected_agency_is_never_revoked_whatever_is_confirmed():
    plan = removing(1, live=100)
    verdict = judge(plan, Guards(protect=frozenset({"2002"})), allowed_revokes=1)
    assert verdict.word == "refused"
    assert "guards.protect" in hint(plan, verdict)


def test_granting_is_never_guarded():
    grants = Plan(
        tuple(action for action in removing(50, live=50, verb=Verb.GRANT).actions), summary=Summary(grant=50, live=50)
    )
    assert judge(grants, Guards()).word == "allowed"


# Agency by agency.

MANY = Guards(max_revokes=1000)


@pytest.mark.parametrize(
    ("count", "held", "word"),
    [
        (24, 100, "allowed"),
        (25, 100, "allowed"),
        (26, 100, "refused"),
        (3, 12, "allowed"),
        (3, 10, "refused"),
        (8, 9, "allowed"),  # below ten a share says nothing,
        (9, 9, "refused"),  # unless it is all there is,
        (5, 5, "refused"),
        (4, 4, "allowed"),  # of something worth the name
    ],
)
def test_too_many_revokes_of_one_agency_are_refused(count, held, word):
    assert judge(removing(count, live=100_000, held=held), MANY).word == word


@pytest.mark.parametrize(("percent", "word"), [(24, "refused"), (25, "allowed"), (26, "allowed"), (100, "allowed")])
def test_the_share_of_one_agency_is_the_projects_own(percent, word):
    assert judge(removing(5, live=1000, held=20), Guards(max_revoke_percent=percent)).word == word


def test_where_every_share_may_go_an_agency_may_go_too():
    assert judge(removing(7, live=1000, held=7), Guards(max_revoke_percent=100)).word == "allowed"


def test_the_reason_names_the_agency_with_its_id_and_nothing_that_breaks_a_line():
    plan = removing(6, live=1000, held=12, name="Media\n\x1b[31mhouse")
    assert judge(plan, Guards()).reasons == (
        'this plan would revoke 6 of 12 live grants of "Media\\u{a}\\u{1b}[31mhouse" (2002) (50 %, the limit is 25 %)',
    )


def test_the_exact_number_lets_an_agency_go_and_no_other():
    plan = removing(6, live=1000, held=6)
    assert judge(plan, Guards(), allowed_revokes=6).word == "allowed"
    assert judge(plan, Guards(), allowed_revokes=5).word == "refused"
    assert hint(plan, judge(plan, Guards())).endswith("--allow-revokes 6")


def test_an_agency_that_alone_holds_anything_is_not_counted_twice():
    assert len(judge(removing(14, live=20, held=20), Guards()).reasons) == 1


def test_of_very_many_agencies_a_few_are_named():
    plans = [removing(6, live=9000, agency=str(3000 + number), held=6) for number in range(30)]
    together = Plan(
        sum((plan.actions for plan in plans), ()),
        summary=Summary(live=9000),
        held=sum((plan.held for plan in plans), ()),
    )
    reasons = judge(together, MANY).reasons
    assert (len(reasons), reasons[-1]) == (6, "and too much of 25 more agencies")


def test_letting_an_agency_go_takes_the_exact_number(company):
    for number in range(70, 76):
        agencies = {"dataco": BUYER}
        company.asset("page", f"p-{number}", str(number), agencies=agencies, live={MEDIAHOUSE: BUYER, DATACO: BUYER})
    for number in range(80, 100):
        company.asset("page", f"p-{number}", str(number), agencies={"dataco": BUYER}, live={DATACO: BUYER})
        company.asset("ad_account", f"a-{number}", str(number), live={MEDIAHOUSE: BUYER})  # which nobody declares
    company.write()
    saved = company.plan()
    assert [(one.agency, one.live) for one in saved.plan.held] == [(MEDIAHOUSE, 6)]
    assert saved.verdict.reasons == (
        'this plan would revoke 6 of 6 live grants of "Mediahouse Ltd" (2002) (100 %, the limit is 25 %)',
    )
    with pytest.raises(RefusedError):
        check_guards(judge_again(saved, company.load(), 5))
    check_guards(judge_again(saved, company.load(), 6))


# Never one's own way in.


@KINDS
@pytest.mark.parametrize(
    ("declared", "status", "flagged"),
    [
        ({}, "CONFIRMED", True),
        ({"sister": ["ANALYZE"]}, "CONFIRMED", True),
        ({"sister": ["MANAGE", *BUYER]}, "CONFIRMED", False),
        ({"sister": BUYER}, "CONFIRMED", False),
        ({"sister": ["ANALYZE"]}, "PENDING", False),
    ],
)
def test_nobody_takes_away_their_own_way_in_whatever_is_confirmed(company, kind, declared, status, flagged):
    company.project["acts_as"] = ["acme", "sister"]
    live = {SISTER: {"tasks": BUYER, "status": status}}
    company.asset(kind, "de", "77", agencies=declared, live=live)
    company.write()
    saved = company.plan()
    assert [a for a in saved.plan.actions if "own_access" in a.risk] == list(saved.plan.actions) * flagged
    assert saved.verdict.word == ("refused" if flagged else "allowed")
    for number in (None, 0, 1) if flagged else ():
        judged = judge_again(saved, company.load(), number)
        assert '"Sister SA" (1002), one of acts_as' in judged.verdict.reasons[0]
        assert "acts_as first" in hint(judged.plan, judged.verdict)


def test_what_is_ours_at_a_client_may_be_given_back(company):
    company.asset("page", "shop", "78", owner="client", agencies={}, live={ACME: BUYER})
    saved = company.plan()
    assert (saved.plan.actions[0].risk, saved.verdict) == ((), Verdict())


def test_a_gap_shuts_our_own_way_in_too(company):
    company.project["acts_as"] = ["acme", "sister"]
    more = {"agencies": {"sister": [*BUYER, "MANAGE"]}, "live": {SISTER: BUYER}}
    company.asset("page", "de", "77", replace_with_gap=True, **more)
    assert company.plan().plan.actions[0].risk == ("manage", "gap", "own_access")


def anything(seed: random.Random, acting: tuple[str, ...], *, live: bool) -> Access:
    """Some access of some of six businesses to eight Pages, as it might be."""
    names = [ACME, SISTER, MEDIAHOUSE, DATACO, STRANGER, CLIENT]
    sets = [frozenset(BUYER), frozenset({"ANALYZE"}), frozenset({"MANAGE", "ADVERTISE"}), frozenset({"MODERATE"})]
    assets = {}
    for number in range(8):
        owner = acting[number % 2]
        some = seed.sample([name for name in names if name != owner], seed.randint(0, 5))
        asset = Asset(Kind.PAGE, str(number))
        grants = frozen({name: Grant(seed.choice(sets)) for name in some})
        assets[asset] = AssetAccess(asset, owner, grants=grants, alias="" if live else f"p-{number}")
    return Access(frozen(assets), frozen({name: Business(name, f"b-{name}") for name in names}))


def test_in_a_thousand_plans_that_may_run_none_of_us_loses_anything_on_an_asset_of_ours():
    acting, allowed = (ACME, SISTER), 0
    for number in range(1000):
        seed = random.Random(number)
        desired, live = anything(seed, acting, live=False), anything(seed, acting, live=True)
        plan = make_plan(desired, live, Policy(acting))
        if judge(plan, Guards(), allowed_revokes=removals(plan), acting=acting).reasons:
            continue
        allowed += 1
        for action in plan.actions:
            if action.agency.id in acting:
                assert set(action.before.tasks) <= set(action.after.tasks)
    assert allowed > 10


def removals(plan: Plan) -> int:
    """The number a person would be told to confirm."""
    return int(hint(plan, Verdict()).rpartition(" ")[2])


# What is flagged.


@KINDS
@pytest.mark.parametrize(
    ("live", "declared", "flagged"),
    [
        ({MEDIAHOUSE: BUYER}, {}, [MEDIAHOUSE]),
        ({MEDIAHOUSE: ["MANAGE"]}, {}, [MEDIAHOUSE]),
        ({MEDIAHOUSE: ["ANALYZE"]}, {}, []),  # nobody ran it before
        ({MEDIAHOUSE: BUYER}, {"mediahouse": ["ANALYZE"]}, [MEDIAHOUSE]),
        ({MEDIAHOUSE: ["MANAGE"]}, {"mediahouse": ["ADVERTISE"]}, []),
        ({MEDIAHOUSE: BUYER, DATACO: BUYER}, {"dataco": BUYER}, []),
        ({MEDIAHOUSE: BUYER, DATACO: BUYER}, {}, [MEDIAHOUSE, DATACO]),
        ({MEDIAHOUSE: BUYER, DATACO: ["ANALYZE"]}, {"dataco": ["ANALYZE"]}, [MEDIAHOUSE]),
        ({MEDIAHOUSE: BUYER, DATACO: ["ANALYZE"]}, {}, [MEDIAHOUSE]),
        ({MEDIAHOUSE: BUYER}, {"dataco": BUYER}, []),
        ({MEDIAHOUSE: BUYER}, {"dataco": ["ANALYZE"]}, [MEDIAHOUSE]),
        ({MEDIAHOUSE: BUYER, DATACO: {"tasks": BUYER, "status": "PENDING"}}, {}, [MEDIAHOUSE]),
    ],
)
def test_the_last_agency_that_advertises_or_manages_is_flagged_as_that(company, kind, live, declared, flagged):
    company.asset(kind, "de", "77", agencies=declared, live=live)
    company.asset(kind, "fr", "78", agencies={"mediahouse": BUYER}, live={MEDIAHOUSE: BUYER})
    plan = company.plan().plan
    assert [action.agency.id for action in plan.actions if "last_holder" in action.risk] == flagged


def test_an_agency_cannot_tell_who_else_holds_a_clients_asset(company):
    company.asset("page", "shop", "78", owner="client", agencies={}, live={ACME: BUYER})
    assert company.plan().plan.actions[0].risk == ()


@KINDS
@pytest.mark.parametrize(
    ("elsewhere", "flagged"),
    [
        ({}, True),
        ({MEDIAHOUSE: ["ANALYZE"]}, False),
        ({DATACO: BUYER}, True),
        ({MEDIAHOUSE: {"tasks": BUYER, "status": "PENDING"}}, True),  # anybody can ask
    ],
)
def test_a_business_that_holds_nothing_anywhere_is_flagged_when_it_is_to_hold_something(
    company, kind, elsewhere, flagged
):
    company.asset(kind, "de", "77", agencies={"mediahouse": BUYER}, live={})
    company.asset(kind, "fr", "78", live=elsewhere)  # which no manifest declares
    plan = company.plan().plan
    assert plan.actions[0].risk == ("first_grant",) * flagged
    assert any(line.startswith("First grant ever") for line in plan.headlines) == flagged


def test_accepting_the_request_of_a_stranger_is_a_first_grant(company):
    pending = {MEDIAHOUSE: {"tasks": BUYER, "status": "PENDING"}}
    company.asset("page", "de", "77", agencies={"mediahouse": BUYER}, live=pending)
    plan = company.plan().plan
    assert plan.actions[0].risk == ("first_grant",)
    assert plan.headlines == ('First grant ever to "Mediahouse Ltd" (2002), as far as was read.',)


def test_asking_a_client_for_oneself_is_no_first_grant(company):
    company.asset("page", "shop", "78", owner="client", agencies={"acme": BUYER}, live={})
    assert company.plan().plan.actions[0].risk == ()


@KINDS
def test_first_time_businesses_stand_before_all_other_headlines(company, kind):
    company.asset(kind, "de", "77", agencies={"mediahouse": ["MANAGE"], "dataco": BUYER}, live={STRANGER: BUYER})
    first, second, *others = company.plan().plan.headlines
    assert first == 'First grant ever to "Mediahouse Ltd" (2002), as far as was read.'
    assert second == 'First grant ever to "DataCo" (3003), as far as was read.'
    assert [line.split('" ')[0] for line in others] == ['"Mediahouse Ltd', '"Stranger Ltd']


def test_a_refused_plan_is_shown_in_full_and_exits_with_3(company, run):
    for number in range(70, 76):
        company.asset("page", f"p-{number}", str(number), agencies={}, live={MEDIAHOUSE: BUYER, DATACO: BUYER})
    company.write()
    for command in (["plan"], ["apply", "--auto-approve"]):
        found = run(*command, "--sandbox", "world.yaml")
        assert found.returncode == 3
        assert found.stdout.count("- revoke") == 12
        assert 'refused: this plan would revoke 6 of 6 live grants of "Mediahouse Ltd" (2002)' in found.stdout
        assert "note: after this, no agency can advertise on it or manage it" in found.stdout
        assert "--allow-revokes 12" in found.stderr
    assert run("apply", "--auto-approve", "--allow-revokes", "12", "--sandbox", "world.yaml").returncode == 0


# Absence.


def moved(company: Company, name: str) -> None:
    (company.directory / "access" / "more.yaml").rename(company.directory / name)


@pytest.mark.parametrize(
    "name", ["access/more.txt", "access/more.yaml.bak", "access/.more.yaml", "more.yaml", "gone", "access/more.YAML"]
)
def test_what_a_file_declared_that_went_away_is_left_alone(company, name):
    company.asset("page", "de", "77", agencies={"mediahouse": BUYER}, live={MEDIAHOUSE: BUYER})
    for number in range(80, 90):
        company.asset("page", f"p-{number}", str(number), agencies={"dataco": BUYER}, live={DATACO: BUYER})
    company.write()
    text = (company.directory / "access" / "all.yaml").read_text()
    head, first, rest = text.partition("  p-80:")
    (company.directory / "access" / "all.yaml").write_text(head)
    (company.directory / "access" / "more.yaml").write_text(f"pages:\n{first}{rest}")
    assert company.plan().plan.unmanaged == ()
    moved(company, name)
    try:
        plan = company.plan().plan
    except AccessctlError:
        return
    assert (plan.actions, len(plan.unmanaged)) == ((), 10)

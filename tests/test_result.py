"""The end of an apply: what is left, what to do about it, counted to the last step and folded where it is the same."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from accessctl.apply.outcomes import GOOD, Outcome, Result, Settled, Step, called
from accessctl.model import Access, Asset, AssetAccess, Business, Cost, Kind, Status, frozen
from accessctl.plan.nouns import Plan, State, Verb
from accessctl.render.paper import Paper
from accessctl.render.result import result_json, result_text, step_line, step_text
from tests.test_render import (
    BUYER,
    DE,
    EVERY_ACTION,
    HOSTILE,
    MEDIA,
    NOTHING,
    PLANS,
    SHOP,
    WAITING,
    action,
    golden,
    saved,
)

if TYPE_CHECKING:
    from accessctl.plan.document import SavedPlan

GRANT, REQUEST = EVERY_ACTION[1], EVERY_ACTION[4]
CLIENT = Business("5005", "corner", "Corner Shop Inc")
DESIRED = Access(
    frozen(
        {
            Asset(ref.kind, ref.id): AssetAccess(Asset(ref.kind, ref.id), owner, alias=ref.alias)
            for ref, owner in ((DE, "1001"), (SHOP, "5005"))
        }
    ),
    frozen({"1001": Business("1001", "acme", "Acme GmbH"), "5005": CLIENT}),
)
SMALL = PLANS["small"]


def ended(*steps: Step, plan: SavedPlan = SMALL, paper: Paper = Paper(80), **more: object) -> str:  # noqa: B008  frozen
    return result_text(Result("r1", steps, **more), plan, paper, DESIRED)


def left(*steps: Step, **more: object) -> str:
    """Return what stands below the count."""
    return ended(*steps, **more).partition("Apply ")[2].partition("\n\n")[2]


def step(number: int, outcome: Outcome, text: str = "what happened", **more: object) -> Step:
    asset = replace(DE, id=str(number), alias=f"de-{number}", name="")
    return Step(replace(more.pop("action", GRANT), asset=asset), outcome, text, **more)


ONE_OF_EACH = (
    step(71, Outcome.APPLIED, "", is_journalled=True),
    step(72, Outcome.CONVERGED, "already confirmed with ADVERTISE, ANALYZE"),
    Step(GRANT, Outcome.AWAITING_APPROVAL, "granted; it takes effect when a second admin approves it"),
    Step(REQUEST, Outcome.WAITING, "requested; the client has to answer"),
    step(73, Outcome.FAILED, "Meta refused POST act_73/agencies: (#200) no (code 200)", hint="ask an admin"),
    step(74, Outcome.FAILED, "Meta refused POST act_74/agencies: (#200) no (code 200)", hint="ask an admin"),
    step(75, Outcome.UNKNOWN, "Meta said yes, and it does not show yet", is_journalled=True),
    Step(REQUEST, Outcome.UNKNOWN, "no whole answer to POST: it took too long", hint="look in a few minutes"),
    step(76, Outcome.STALE, "planned from no access, now confirmed with ANALYZE", hint="make and review a new plan"),
    step(77, Outcome.SKIPPED, "not tried: grant for mediahouse on this asset came first", hint="settle that one first"),
    step(78, Outcome.SKIPPED, "not tried: the run was interrupted"),
)


@pytest.mark.parametrize("color", [False, True])
def test_what_is_left_after_an_apply_reads_as_agreed(request, color):
    plan = saved(Plan(waiting=WAITING[1:], blocked=PLANS["every-row"].plan.blocked[:2]))
    text = ended(*ONE_OF_EACH, plan=plan, paper=Paper(80, color))
    golden(request, f"result-left{'-color' * color}.txt", text)


def test_where_all_is_done_nothing_is_left():
    assert left(step(1, Outcome.APPLIED), step(2, Outcome.CONVERGED)) == ""


@pytest.mark.parametrize("outcome", [one for one in Outcome if one not in (Outcome.APPLIED, Outcome.CONVERGED)])
@pytest.mark.parametrize("hint", ["", "what to do"])
def test_every_step_that_is_not_done_says_what_to_do(outcome, hint):
    said = left(step(1, outcome, hint=hint))
    assert "1 " in said.splitlines()[0]
    assert "\n    do: " in said
    assert json.loads(result_json(Result("r1", (step(1, outcome, hint=hint),)), SMALL, Cost()))["steps"][0]["do"]


@pytest.mark.parametrize("outcome", [one for one in Outcome if one not in GOOD])
def test_steps_with_the_same_advice_are_told_as_one_and_each_is_counted(outcome):
    said = left(*(step(number, outcome, f"happened to {number}", hint="do so") for number in range(2500)))
    assert len(said.splitlines()) < 14
    assert said.count("do: ") == 1
    assert said.startswith("! 2,500 ")
    assert [f"happened to {number}\n" in said for number in range(5)] == [True, True, True, False, False]
    assert "and 2,497 more (accessctl plan)" in said


def test_what_happened_to_all_alike_is_said_once():
    said = left(*(step(number, Outcome.FAILED, hint="do so") for number in range(3)))
    assert said.count("what happened") == 1
    assert said.startswith("! 3 failed: what happened\n")


def test_what_differs_in_its_advice_is_told_apart():
    said = left(step(1, Outcome.FAILED, hint="do this"), step(2, Outcome.FAILED, hint="do that"))
    assert (said.count("! 1 failed"), "do: do this" in said, "do: do that" in said) == (2, True, True)


def test_the_history_is_named_only_for_what_the_journal_has():
    steps = [step(number, Outcome.FAILED, is_journalled=number != 4) for number in range(6)]
    assert "and 3 more (accessctl history --run r1, accessctl plan)" in left(*steps)
    assert "and 2 more (accessctl history --run r1)" in left(*steps[:4], steps[5])


def test_a_request_waits_for_a_client_who_is_named_and_told_where_to_click():
    said = " ".join(left(Step(REQUEST, Outcome.WAITING, "requested; the client has to answer")).split())
    assert said == (
        '… 1 waiting for the client "Corner Shop Inc" (corner, 5005) request "Acme GmbH" (acme, 1001) on Page '
        'shop-page (445566) "Corner Shop" do: nothing: the client has to accept or decline the request: '
        "Business Settings > Requests"
    )


def test_a_grant_waits_for_a_second_admin_with_the_address_of_the_page():
    said = " ".join(left(Step(GRANT, Outcome.AWAITING_APPROVAL, "granted")).split())
    assert said.startswith('… 1 waiting for a second admin of "Acme GmbH" (acme, 1001) ')
    assert said.endswith("approve or decline the grant: https://business.facebook.com/settings/requests/admin_reviews")


def test_clients_who_have_the_same_to_do_are_told_as_one_each_with_its_name():
    other = replace(SHOP, id="9", alias="other")
    steps = [Step(replace(REQUEST, asset=asset), Outcome.WAITING, "requested") for asset in (SHOP, other)]
    said = left(*steps)
    assert said.startswith("… 2 waiting for clients\n")
    assert 'the client "Corner Shop Inc" (corner, 5005)\n' in said
    assert "the client business 1001\n" in said


def test_a_request_that_was_there_already_waits_too():
    pending = Step(REQUEST, Outcome.CONVERGED, "already pending with ANALYZE", live=State(Status.PENDING, BUYER))
    assert "… 1 waiting for the client" in left(pending)


def test_what_waited_before_is_among_what_waits_now():
    plan = saved(Plan(waiting=WAITING))
    said = left(Step(REQUEST, Outcome.WAITING, "requested"), plan=plan)
    assert '… 2 waiting for the client "Corner Shop Inc" (corner, 5005)\n' in said
    assert '… 1 waiting for a second admin of "Acme GmbH" (acme, 1001)\n' in said


def test_a_write_that_a_crash_left_open_and_nobody_could_settle_is_counted():
    then = datetime(2026, 11, 20, tzinfo=UTC)
    settled = [
        Settled(GRANT, "r0", then, Outcome.APPLIED),
        Settled(GRANT, "r0", then, None, "could not be read"),
        Settled(REQUEST, "r0", then, Outcome.UNKNOWN, live=NOTHING),
    ]
    said = left(settled=tuple(settled))
    assert said.startswith("! 2 writes of an earlier run that nobody could settle")
    assert "do: " in said
    assert left(settled=tuple(settled[:1])) == ""


def test_requests_that_are_gone_are_told_as_one():
    rows = [
        replace(
            WAITING[1],
            asset=replace(SHOP, id=str(n), alias=f"shop-{n}"),
            reason=replace(WAITING[1].reason, code="request_gone"),
        )
        for n in range(40)
    ]
    said = left(plan=saved(Plan(waiting=tuple(rows))))
    assert said.startswith("… 40 waiting for a decision of")
    assert "accessctl apply --ask-again ASSET sends a new one" in " ".join(said.split())


def test_a_client_who_may_have_been_asked_is_asked_again_only_after_a_look():
    said = " ".join(left(Step(REQUEST, Outcome.UNKNOWN, "no answer", hint="look")).split())
    assert "do: look; a client is not asked twice: if it does not show by then, ask the client; " in said
    assert said.endswith("accessctl apply --ask-again ASSET sends a new one")


@pytest.mark.parametrize("width", [60, 80, 120])
def test_what_is_left_fits_its_paper_whatever_strangers_call_themselves(width):
    evil = replace(MEDIA, name=HOSTILE + "x" * 1_000_000)
    bad = action(Verb.GRANT, replace(DE, name=HOSTILE), evil, NOTHING, State(Status.CONFIRMED, (HOSTILE,)))
    steps = [Step(bad, outcome, HOSTILE * 9, HOSTILE * 9, live=NOTHING) for outcome in Outcome]
    text = ended(*steps, paper=Paper(width))
    lines = [line for line in text.splitlines() if not line.startswith("Apply ")]
    assert all(line.isprintable() and len(line) <= width for line in lines)
    assert len(text) < 40_000
    assert all(step_line(one).isprintable() and len(step_line(one)) < 3000 for one in steps)
    assert json.loads(result_json(Result("r1", tuple(steps)), SMALL, Cost()))["steps"][4]["text"] == HOSTILE * 9


def test_steps_that_were_told_as_they_ended_need_not_be_told_again():
    result = Result("r1", (step(1, Outcome.APPLIED, ""), step(2, Outcome.FAILED)))
    text = result_text(result, SMALL, Paper(80), DESIRED, with_steps=False)
    assert text.startswith("Apply complete: 1 granted. 1 failed.\n\n! 1 failed: what happened\n")


def test_a_step_on_one_line_says_the_same_as_in_a_block():
    one = step(1, Outcome.FAILED, hint="what to do")
    assert step_line(one).endswith(": ADVERTISE, ANALYZE: what happened; hint: what to do")
    assert step_line(one).split() == step_text(one, Paper(80)).replace("\n    what", ": what").replace(
        "\n    hint", "; hint"
    ).split()  # fmt: skip


def test_each_step_in_json_says_what_happened_what_to_do_where_and_for_whom_it_waits():
    steps = json.loads(result_json(Result("r1", ONE_OF_EACH), SMALL, Cost(), DESIRED))["steps"]
    applied, converged, awaiting, waiting, failed = steps[:5]
    assert (applied["text"], applied["do"], applied["waits_for"]) == ("granted", "", None)
    assert (converged["do"], converged["waits_for"]) == ("", None)
    assert (awaiting["waits_for"]["who"], awaiting["waits_for"]["business"]["id"]) == ("second_admin", "1001")
    assert awaiting["where"] == "https://business.facebook.com/settings/requests/admin_reviews"
    assert waiting["waits_for"] == {
        "who": "client",
        "business": {"id": "5005", "alias": "corner", "name": "Corner Shop Inc"},
    }
    assert (waiting["where"], waiting["hint"]) == ("Business Settings > Requests", "")
    assert (failed["do"], failed["hint"], failed["where"]) == ("ask an admin", "ask an admin", "")


def test_a_step_is_called_by_its_verb_and_aliases_or_else_ids():
    assert called(GRANT) == "grant mediahouse on de-brand"
    stray = replace(GRANT, asset=replace(DE, alias=""), agency=replace(MEDIA, alias=""))
    assert called(stray) == "grant 2002 on act_1029384756"
    assert called(replace(stray, asset=replace(DE, kind=Kind.PAGE, alias=""))) == "grant 2002 on 1029384756"


def test_the_whole_of_a_real_run_says_what_moved_and_what_comes_next(company):
    """A stale asset stops alone; the one below it goes on."""
    for number in ("71", "72"):
        company.asset("page", f"de-{number}", number, agencies={"mediahouse": ["ANALYZE"]}, live={})
    plan = company.plan()
    with company.people() as sandbox:
        sandbox.give("71", "2002", ["MANAGE"])
    text = result_text(company.apply(plan), plan, Paper(80), company.load().desired)
    assert "Apply complete: 1 granted. 1 stale.\n" in text
    said = " ".join(text.split())
    assert "planned from no access, now confirmed with MANAGE (MANAGE was added; it was absent" in said
    assert said.endswith("do: make and review a new plan: accessctl plan")

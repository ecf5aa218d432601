"""First grants: who gets one is named as Meta names it, with few calls, and without false alarms (FAULTS J5)."""

from __future__ import annotations

import pytest

from accessctl.live.names import MOST
from accessctl.live.wanted import wanted_of
from accessctl.plan.nouns import Scope
from accessctl.render.paper import Paper
from accessctl.render.plan_text import plan_text
from accessctl.workflow import Wish
from tests.company import ACME, DATACO, MEDIAHOUSE, SISTER, STRANGER, Company
from tests.test_reading import reading

KINDS = pytest.mark.parametrize("kind", ["ad_account", "page"])
BUYER = ["ADVERTISE", "ANALYZE"]
FIRST = {"first_grant", "first_in_part", "name_unread"}


def first_risks(company: Company, wish: Wish = Wish()) -> dict[str, tuple[str, ...]]:  # noqa: B008  frozen
    actions = company.plan(wish).plan.actions
    return {one.agency.id: tuple(code for code in one.risk if code in FIRST) for one in actions}


def company_with_a_slip(company: Company) -> None:
    """Mediahouse was meant, and a digit is wrong: 2003 is somebody else."""
    company.manifest["businesses"] = {
        **company.manifest["businesses"],
        "mediahouse": {"id": "2003", "name": "Mediahouse Ltd"},
    }
    company.world["businesses"]["2003"] = {"name": "Wholly Other Inc"}


@KINDS
def test_a_slip_in_an_id_shows_the_strangers_own_name(company, kind):
    company_with_a_slip(company)
    company.asset(kind, "de", "77", agencies={"mediahouse": BUYER}, live={MEDIAHOUSE: BUYER})
    saved = company.plan()
    assert saved.plan.headlines[0] == 'First grant ever to "Wholly Other Inc" (2003), as far as was read.'
    assert 'mediahouse (2003) is called "Wholly Other Inc" at Meta, not "Mediahouse Ltd"' in saved.plan.warnings
    assert "Wholly Other Inc" in plan_text(saved, Paper(80))


@KINDS
def test_every_first_time_business_is_flagged_and_named_before_all_else(company, kind):
    new = [str(6000 + number) for number in range(20)]
    company.manifest["businesses"] = dict(company.manifest["businesses"])
    for one in new:
        company.manifest["businesses"][f"new-{one}"] = {"id": one}
        company.world["businesses"][one] = {"name": f"Agency {one}"}
    known = {"mediahouse": [*BUYER, "MANAGE"]}
    for place, one in enumerate(new):
        agencies = known | {f"new-{one}": BUYER}
        company.asset(kind, f"a-{one}", str(700 + place), agencies=agencies, live={MEDIAHOUSE: BUYER})
    saved = company.plan()
    flagged = {one.agency.id for one in saved.plan.actions if "first_grant" in one.risk}
    assert flagged == set(new)
    assert saved.plan.headlines[:20] == tuple(
        f'First grant ever to "Agency {one}" ({one}), as far as was read.' for one in new
    )


@KINDS
def test_a_business_whose_name_meta_does_not_tell_is_to_be_known_by_its_id(company, kind):
    company.manifest["businesses"] = {**company.manifest["businesses"], "ghost": {"id": "9999", "name": "Ghost"}}
    company.asset(kind, "de", "77", agencies={"ghost": BUYER}, live={})
    saved = company.plan()
    assert first_risks(company) == {"9999": ("first_grant", "name_unread")}
    (line,) = saved.plan.headlines
    unread = "a business whose name at Meta could not be read"
    assert line == f'First grant ever, as far as was read, to {unread}: "Ghost" (9999).'
    text = " ".join(plan_text(saved, Paper(80)).split())
    assert "its name at Meta could not be read; compare the id with the one the business itself gave you" in text


@KINDS
def test_a_refusal_to_tell_a_name_holds_nothing_up(company, kind):
    company.asset(kind, "de", "77", agencies={"mediahouse": BUYER}, live={})
    company.world["faults"] = [{"match": f"GET {MEDIAHOUSE}", "nth": 1, "do": "html_200"} for _ in range(20)]
    saved = company.plan()
    assert saved.plan.is_whole
    assert first_risks(company) == {MEDIAHOUSE: ("first_grant", "name_unread")}


def test_where_every_declared_agency_is_named_nothing_more_is_asked(company):
    company.asset("page", "de", "77", agencies={"mediahouse": BUYER}, live={})
    company.asset("page", "fr", "78", agencies={}, live={MEDIAHOUSE: BUYER})
    company.project["acts_as"] = ["acme", "sister"]
    company.manifest["pages"]["fr"]["agencies"] = {"mediahouse": BUYER, "sister": BUYER}
    _, cost = reading(company)
    assert cost.calls == wanted_of(company.load().desired, (ACME, SISTER), (), ()).calls
    company.manifest["pages"]["de"]["agencies"] = {"mediahouse": BUYER, "dataco": BUYER}
    _, with_dataco = reading(company)
    assert (with_dataco.calls, with_dataco.requests) == (cost.calls + 1, cost.requests + 1)
    assert cost.errors == with_dataco.errors == 0


@pytest.mark.parametrize("many", [50, 51, 120])
def test_names_are_asked_for_in_one_request_and_no_more_than_fifty(company, many):
    company.manifest["businesses"] = dict(company.manifest["businesses"])
    company.asset("page", "de", "77", agencies={}, live={})
    company.asset("page", "fr", "78", agencies={}, live={})
    _, without = reading(company)
    agencies = {}
    for number in range(many):
        company.manifest["businesses"][f"n-{number}"] = {"id": str(6000 + number)}
        company.world["businesses"][str(6000 + number)] = {"name": f"Agency {number}"}
        agencies[f"n-{number}"] = BUYER
    company.manifest["pages"]["de"]["agencies"] = agencies
    access, cost = reading(company)
    assert (cost.calls - without.calls, cost.requests - without.requests) == (MOST, 1)
    assert sum(one.name.startswith("Agency ") for one in access.businesses.values()) == MOST


def test_an_agency_of_two_owners_is_asked_for_once(company):
    company.project["acts_as"] = ["acme", "sister"]
    company.asset("page", "de", "77", agencies={}, live={})
    company.asset("page", "fr", "78", owner="sister", agencies={}, live={})
    _, without = reading(company)
    for alias in ("de", "fr"):
        company.manifest["pages"][alias]["agencies"] = {"mediahouse": BUYER}
    _, cost = reading(company)
    assert cost.calls - without.calls == 1


def test_what_has_ended_is_nobodys_first_grant(company):
    ended = {"mediahouse": {"tasks": BUYER, "until": "2026-01-31"}}
    company.asset("page", "de", "77", agencies=ended, live={})
    access, _ = reading(company)
    assert MEDIAHOUSE not in access.businesses


# With --target only a part is read.


@KINDS
@pytest.mark.parametrize("where", ["ad_account", "page"])
def test_a_business_that_holds_something_elsewhere_gets_no_first_grant_with_a_target_either(company, kind, where):
    company.asset(kind, "de", "77", agencies={"mediahouse": BUYER}, live={})
    company.asset(where, "fr", "78", agencies={"mediahouse": BUYER}, live={MEDIAHOUSE: BUYER})
    company.asset(where, "it", "79", live={DATACO: {"tasks": BUYER, "status": "PENDING"}})
    assert first_risks(company, Wish(Scope(("de",)))) == first_risks(company) == {MEDIAHOUSE: ()}


@KINDS
def test_a_first_grant_is_one_with_a_target_too(company, kind):
    company.asset(kind, "de", "77", agencies={"mediahouse": BUYER}, live={})
    company.asset(kind, "it", "79", live={MEDIAHOUSE: {"tasks": BUYER, "status": "PENDING"}})
    assert first_risks(company, Wish(Scope(("de",)))) == first_risks(company) == {MEDIAHOUSE: ("first_grant",)}


@KINDS
def test_where_nobody_tells_who_holds_the_rest_only_the_part_is_spoken_of(company, kind):
    company.world["quirks"] = {"partners": "refused"}
    company.asset(kind, "de", "77", agencies={"mediahouse": BUYER}, live={})
    company.asset(kind, "fr", "78", agencies={"mediahouse": BUYER}, live={MEDIAHOUSE: BUYER})
    saved = company.plan(Wish(Scope(("de",))))
    assert [one.risk for one in saved.plan.actions] == [("first_in_part",)]
    assert saved.plan.headlines == ('First grant to "Mediahouse Ltd" (2002), on the part that was read.',)
    assert "on the part that was read" in plan_text(saved, Paper(200))
    assert first_risks(company) == {MEDIAHOUSE: ()}


def test_an_owner_of_ours_that_was_not_asked_may_know_more(company):
    company.project["acts_as"] = ["acme", "sister"]
    company.asset("page", "de", "77", agencies={"mediahouse": BUYER}, live={})
    company.asset("page", "fr", "78", owner="sister", agencies={}, live={STRANGER: BUYER})
    assert first_risks(company, Wish(Scope(("de",)))) == {MEDIAHOUSE: ("first_in_part",)}


@KINDS
def test_a_business_we_act_as_is_no_stranger(company, kind):
    company.project["acts_as"] = ["acme", "sister"]
    company.asset(kind, "de", "77", agencies={"sister": BUYER}, live={})
    assert first_risks(company) == {SISTER: ()}

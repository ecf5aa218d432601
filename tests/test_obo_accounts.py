"""Requests ad account by ad account: which are asked, what Meta's refusals say, and what cannot be known this way."""

from __future__ import annotations

import json

import pytest

from accessctl.closed import ALIKE, DOUBT, Closing
from accessctl.model import Asset, Kind
from accessctl.obo.look import ELSEWHERE, INSTEAD, LISTING_ON_ACCOUNT, OboLook
from accessctl.obo.requests import End, OboRequests, Wish
from accessctl.records import CLOSED
from tests.company import ACME, CLIENT, DATACO, MEDIAHOUSE, NOW, SISTER, STRANGER, Company

SANDBOX = ("--sandbox", "world.yaml")
LISTINGS = [f"GET {end}_inprogress_onbehalf_requests" for end in End]
FORMATS = ["text", "markdown", "json"]


@pytest.fixture
def asked(company: Company) -> Company:
    """Acme has asked its client on three of its ad accounts: declared, shared and in no manifest, and hidden."""
    held = {ACME: ["ANALYZE"]}
    company.asset("ad_account", "theirs", "75", owner="client", agencies={"acme": ["ANALYZE"]}, live=held)
    company.asset("ad_account", "shared", "76", owner="client", live=held)
    company.asset("ad_account", "hidden", "77", owner="client", live={})
    company.asset("ad_account", "ours", "71", agencies={}, live={})
    company.world["obo_requests"] = {
        f"90{number}": {"ad_account": number, "receiving": CLIENT, "requesting": ACME} for number in ("75", "76", "77")
    }
    return company


def looked(company: Company, wish: Wish = Wish(), *accounts: Asset) -> tuple[OboRequests, Closing]:  # noqa: B008
    with company.connected() as (project, connection):
        closing = Closing((), connection.url, lambda: NOW)
        look = OboLook(connection.reader, connection.acting, project.desired, closing)
        return (look.on_accounts(accounts, wish) if accounts else look.everywhere(wish)), closing


def ids(found: OboRequests) -> list[str]:
    return [one.id for one in found.requests]


def flat(text: str) -> str:
    return " ".join(text.replace("`", "").split())


def remembered(company: Company) -> set[tuple[str, str, int]]:
    with company.connected() as (_, connection):
        return {(row["business"], row["edge"], row["code"]) for row in connection.records.read(CLOSED)}


@pytest.mark.parametrize("wish", [Wish(), Wish(end=End.SENT), Wish("IN_PROGRESS")])
def test_an_ad_account_that_a_client_shares_is_asked_though_no_manifest_declares_it(asked, wish):
    found, _ = looked(asked, wish)
    assert (ids(found), found.is_whole) == (["9075", "9076"], True)
    assert INSTEAD in found.notes[0]


@pytest.mark.parametrize("kind", FORMATS)
def test_what_no_ad_account_of_ours_can_tell_is_said_to_be_not_known_and_is_no_failure(asked, run, kind):
    asked.write()
    for _ in range(2):
        found = run("obo", "list", "--sent", *SANDBOX, "--format", kind)
        assert found.returncode == 0
        assert "9077" not in found.stdout
        if kind == "json":
            told = json.loads(found.stdout)
            (part,) = told["not_known"]
            assert (part["text"], part["businesses"], part["ad_accounts"]) == (ELSEWHERE, [ACME], [])
            assert (told["is_complete"], told["unread"]) == (True, [])
        else:
            assert flat(found.stdout).count(flat(ELSEWHERE)) == 1


def test_where_meta_lists_whole_businesses_nothing_is_unknown(asked):
    asked.world["quirks"]["obo_business_edges"] = "open"
    found, _ = looked(asked)
    assert (ids(found), found.not_known) == (["9075", "9076", "9077"], ())
    (part,) = looked(asked, Wish("APPROVE"))[0].not_known
    assert part.text == ELSEWHERE


def test_one_ad_account_alone_leaves_nothing_unknown(asked):
    assert looked(asked, Wish(), Asset(Kind.AD_ACCOUNT, "75"))[0].not_known == ()


def test_a_listing_of_shared_ad_accounts_that_fails_leaves_the_answer_incomplete(asked):
    asked.world["faults"] = [{"match": f"GET {ACME}/client_ad_accounts", "do": "html_200"} for _ in range(9)]
    found, _ = looked(asked)
    assert ids(found) == ["9075"]
    assert [one.what for one in found.unread] == [f"{ACME}/client_ad_accounts"]


@pytest.mark.parametrize("kind", FORMATS)
def test_a_shared_ad_account_whose_requests_meta_shows_to_others_alone_is_not_known_and_no_failure(asked, run, kind):
    del asked.world["obo_requests"]["9076"]
    asked.write()
    found = run("obo", "list", *SANDBOX, "--format", kind)
    assert found.returncode == 0
    assert "Meta does not show us the requests on act_76, which clients own" in flat(found.stdout)
    if kind == "json":
        assert json.loads(found.stdout)["not_known"][1]["ad_accounts"] == ["act_76"]


@pytest.mark.parametrize(
    "fault", [{"code": 200, "message": "the token lacks ads_read"}, {"code": 100, "message": "no"}]
)
def test_any_other_refusal_on_a_shared_ad_account_is_a_failure(asked, fault):
    asked.world["ad_accounts"]["76"]["fault"] = fault
    found, _ = looked(asked)
    assert [one.what for one in found.unread] == ["act_76/onbehalf_requests"]
    assert len(found.not_known) == 1


def test_a_clients_ad_account_in_whose_requests_we_have_no_part_is_a_failure_only_where_it_is_named(asked, run):
    del asked.world["obo_requests"]["9075"]
    found, _ = looked(asked)
    assert (found.unread, "act_75" in found.not_known[1].accounts) == ((), True)
    assert run("obo", "list", *SANDBOX).returncode == 0
    assert run("obo", "list", "act_75", *SANDBOX).returncode == 5
    explained = run("who", "act_75", "--with-live", *SANDBOX)
    assert (explained.returncode, "could not be read" in explained.stdout) == (0, False)


def test_one_of_our_own_ad_accounts_that_is_refused_is_a_failure(asked):
    asked.world["ad_accounts"]["71"]["fault"] = {"code": 10, "message": "not today"}
    assert [one.what for one in looked(asked)[0].unread] == ["act_71/onbehalf_requests"]


def test_one_of_ours_that_owns_an_ad_account_is_asked_for_all_of_ours(asked):
    asked.project["acts_as"] = ["sister", "acme"]
    asked.asset("ad_account", "between", "78", owner="sister", live={ACME: ["ANALYZE"]})
    asked.world["obo_requests"]["9078"] = {"ad_account": "78", "receiving": SISTER, "requesting": STRANGER}
    with asked.connected() as (project, connection):
        closing = Closing((), connection.url, lambda: NOW)
        found = OboLook(connection.reader, connection.acting, project.desired, closing).everywhere(Wish())
        assert connection.cost.errors == 2 * len(LISTINGS)
    assert (ids(found), found.is_whole, len(found.not_known)) == (["9075", "9076", "9078"], True, 1)


def test_an_ad_account_that_its_agency_has_read_and_its_owner_could_not_is_not_read_to_the_end(asked):
    asked.project["acts_as"] = ["sister", "acme"]
    asked.asset("ad_account", "between", "78", owner="sister", live={ACME: ["ANALYZE"]})
    asked.world["obo_requests"]["9078"] = {"ad_account": "78", "receiving": SISTER, "requesting": ACME}
    asked.world["tokens"] = {"weak-token": {"business": SISTER, "scopes": ["business_management"]}}
    asked.world["acts_with"] = {SISTER: "weak-token"}
    found, _ = looked(asked, Wish(), Asset(Kind.AD_ACCOUNT, "78"))
    assert (ids(found), [one.what for one in found.unread]) == (["9078"], ["act_78/onbehalf_requests"])
    assert [one.what for one in looked(asked)[0].unread] == ["act_78/onbehalf_requests"]


@pytest.mark.parametrize("code", [10, 200])
def test_listings_of_a_business_that_are_refused_while_others_are_not_are_closed_and_no_failure(asked, run, code):
    asked.world["quirks"] |= {"obo_business_edges": "open", "closed": dict.fromkeys(LISTINGS, code)}
    asked.write()
    for _ in range(2):
        found = run("obo", "list", *SANDBOX)
        said = flat(found.stdout)
        assert (found.returncode, "9075" in said, "could not be read" in said) == (0, True, False)
        assert "Meta no longer answers 1001/received_inprogress_onbehalf_requests" in said
        assert INSTEAD in said
    assert remembered(asked) == {(ACME, edge, code) for edge in LISTINGS}


def owned(company: Company, number: int, code: int) -> Company:
    """Let Acme own so many ad accounts more, and Meta refuse to list the requests on each ad account there is."""
    for one in range(number):
        company.asset("ad_account", f"more-{one}", f"8{one}", live={})
    company.world["quirks"]["closed"] = {LISTING_ON_ACCOUNT: code}
    return company


@pytest.mark.parametrize("code", [10, 200])
def test_owned_ad_accounts_that_are_refused_alike_are_a_closed_endpoint_that_is_remembered(asked, run, code):
    owned(asked, ALIKE - 1, code).write()
    first = run("obo", "list", *SANDBOX)
    assert first.returncode == 5
    assert flat(first.stdout).count(f"({LISTING_ON_ACCOUNT}) to this app (code {code} on ") == 1
    assert (ACME, LISTING_ON_ACCOUNT, code) in remembered(asked)
    asked.world["faults"] = [{"match": f"{LISTING_ON_ACCOUNT}".replace("GET ", "GET act_*/"), "do": "http_500"}]
    assert flat(run("obo", "list", *SANDBOX).stdout) == flat(first.stdout)


@pytest.mark.parametrize("code", [10, 200])
def test_too_few_of_them_are_a_doubt_that_is_said_and_not_remembered(asked, run, code):
    owned(asked, ALIKE - 2, code).write()
    found = run("obo", "list", *SANDBOX)
    assert (found.returncode, DOUBT in flat(found.stdout)) == (5, True)
    assert not [row for row in remembered(asked) if row[1] == LISTING_ON_ACCOUNT]


@pytest.mark.parametrize("code", [10, 200])
def test_where_one_goes_through_the_others_close_nothing(asked, code):
    for number in ("81", "82", "83", "84"):
        asked.asset("ad_account", f"more-{number}", number, live={}, fault={"code": code, "message": "no"})
    found, closing = looked(asked)
    assert (len(found.unread), closing.known(ACME, LISTING_ON_ACCOUNT)) == (4, None)
    assert all(DOUBT in one.reason for one in found.unread)


@pytest.mark.parametrize("code", [10, 200])
def test_ad_accounts_of_clients_in_whose_requests_we_have_no_part_do_not_close_the_edge(asked, code):
    del asked.world["ad_accounts"]["71"], asked.manifest["ad_accounts"]["ours"]
    asked.world["obo_requests"] = {}
    for number in range(80, 80 + 2 * ALIKE):
        fault = {"code": code, "message": "no part in requests"}
        asked.asset("ad_account", f"c-{number}", str(number), owner="client", live={ACME: ["ANALYZE"]}, fault=fault)
    found, closing = looked(asked)
    assert closing.known(ACME, LISTING_ON_ACCOUNT) is None
    assert len(found.not_known[1].accounts) == 2 * ALIKE + 2
    assert found.unread == ()


def test_a_review_and_an_explanation_learn_of_a_closed_endpoint_too(asked, run):
    owned(asked, ALIKE - 1, 10).write()
    found = run("report", "--obo", *SANDBOX)
    assert (found.returncode, "to this app (code 10 on " in flat(found.stdout)) == (5, True)
    assert (ACME, LISTING_ON_ACCOUNT, 10) in remembered(asked)
    said = run("who", "ours", "--with-live", *SANDBOX)
    assert (said.returncode, "to this app (code 10 on " in flat(said.stdout)) == (5, True)


def test_other_businesses_are_left_out_of_what_is_not_ours(asked):
    asked.world["obo_requests"]["9090"] = {"ad_account": "77", "receiving": MEDIAHOUSE, "requesting": DATACO}
    assert "9090" not in ids(looked(asked)[0])

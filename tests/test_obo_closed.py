"""On-behalf-of requests that Meta does not show, or cancel, for this app: said once, then by hand and not called."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from accessctl.closed import DOUBT, USED
from accessctl.closing import closing_of
from accessctl.errors import AccessctlError
from accessctl.graph.errors import GraphError
from accessctl.limited import CANCEL_OBO, REQUESTS_PAGE, SHOW_OBO, WORDS
from accessctl.obo.byhand import check_may_cancel
from accessctl.obo.cancel import find_request
from accessctl.records import CLOSED
from accessctl.sandbox.world import frozen
from tests.company import ACME, MEDIAHOUSE, NOW, SISTER, Company
from tests.test_limited_endpoints import CODES, flat

SANDBOX = ("--sandbox", "world.yaml")
CANCEL = ("obo", "cancel", "9001", "--auto-approve")
SHOW = ("obo", "show", "9001")
PLACE = f"{REQUESTS_PAGE}?business_id={ACME}"


@pytest.fixture
def asked(company: Company) -> Company:
    """Acme has asked its sister, and waits."""
    company.asset("ad_account", "de", "71", agencies={"mediahouse": ["ANALYZE"]}, live={MEDIAHOUSE: ["ANALYZE"]})
    company.world["obo_requests"] = {"9001": {"ad_account": "71", "receiving": SISTER, "requesting": ACME}}
    return company


def shut(company: Company, edge: str, code: int) -> Company:
    company.world["quirks"] = {"closed": {edge: code}}
    company.write()
    return company


def opened(company: Company) -> None:
    with company.people() as box:
        box._act(lambda world: replace(world, quirks=replace(world.quirks, closed=frozen({}))))


def knocks(company: Company, late: timedelta = timedelta()) -> int:
    """Look for the request as both commands do first; return how many calls reach Meta for it."""
    now = remembered(company)[0] + late
    with company.connected() as (_, connection):
        box = connection.session._client._transport._sandbox
        closing = closing_of(connection, lambda: now)
        try:
            check_may_cancel("9001", [ACME], closing)
            find_request(connection, "9001", closing)
        except AccessctlError:
            pass
        return len(box.calls)


def remembered(company: Company) -> tuple[datetime, list[tuple[str, int]]]:
    with company.connected() as (_, connection):
        rows = connection.records.read(CLOSED)
    at = max((datetime.fromisoformat(row["at"]) for row in rows), default=NOW)
    return at + timedelta(seconds=1), [(row["edge"], row["code"]) for row in rows]


@pytest.mark.parametrize("kind", ["text", "markdown", "json"])
def test_a_request_that_meta_does_not_show_is_refused_once_and_then_by_hand(asked, run, kind):
    shut(asked, SHOW_OBO, 3)
    for _ in range(2):
        found = run(*SHOW, "--format", kind, *SANDBOX)
        said = flat(found.stderr)
        assert (found.returncode, found.stdout) == (1, "")
        assert said.count(f"Meta does not open {WORDS[SHOW_OBO]} ({SHOW_OBO}) to this app (code 3)") == 1
        assert f"by hand, look at {PLACE}" in said
    assert remembered(asked)[1] == [(SHOW_OBO, 3)]
    assert knocks(asked) == 0
    assert knocks(asked, USED) == 1
    cancel = run(*CANCEL, *SANDBOX)
    assert (cancel.returncode, PLACE in flat(cancel.stderr), asked.writes) == (1, True, ())


@pytest.mark.parametrize("kind", ["text", "json"])
def test_a_cancel_that_meta_does_not_open_is_refused_once_and_then_by_hand(asked, run, kind):
    shut(asked, CANCEL_OBO, 3)
    first = run(*CANCEL, "--format", kind, *SANDBOX)
    said = flat(first.stdout)
    assert first.returncode == 5
    assert said.count(f"Meta does not open {WORDS[CANCEL_OBO]} ({CANCEL_OBO}) to this app (code 3") == 1
    assert (
        "receive an error" in said,
        f"cancel it by hand: Business Settings > Requests, at {REQUESTS_PAGE}" in said,
    ) == (
        True,
        True,
    )
    assert remembered(asked)[1] == [(CANCEL_OBO, 3)]
    journal = asked.journal
    second = run(*CANCEL, "--format", kind, *SANDBOX)
    assert (second.returncode, second.stdout, asked.journal) == (1, "", journal)
    assert f"cancel it by hand, at {PLACE}" in flat(second.stderr)
    assert knocks(asked) == 0
    assert knocks(asked, USED) == 1
    assert run(*SHOW, *SANDBOX).returncode == 0
    assert asked.writes == ()


@pytest.mark.parametrize("code", [10, 200])
def test_a_bare_refusal_of_a_request_is_doubtful_and_not_remembered(asked, run, code):
    shut(asked, SHOW_OBO, code)
    assert DOUBT in flat(run(*SHOW, *SANDBOX).stderr)
    assert remembered(asked)[1] == []


@pytest.mark.parametrize("code", [10, 200])
def test_a_bare_refusal_of_a_cancel_is_doubtful_and_not_remembered(asked, run, code):
    shut(asked, CANCEL_OBO, code)
    found = run(*CANCEL, *SANDBOX)
    assert (found.returncode, DOUBT in flat(found.stdout)) == (5, True)
    assert remembered(asked)[1] == []


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("edge", [SHOW_OBO, CANCEL_OBO])
def test_where_metas_words_speak_of_the_endpoint_each_code_closes_it(asked, run, edge, code):
    asked.world["quirks"] = {"closed": {edge: {"code": code, "message": "This endpoint is temporarily limited"}}}
    asked.write()
    run(*CANCEL, *SANDBOX)
    assert remembered(asked)[1] == [(edge, code)]
    assert knocks(asked) == 0


@pytest.mark.parametrize("edge", [SHOW_OBO, CANCEL_OBO])
def test_another_token_tries_a_closed_request_again_and_a_success_forgets_it(asked, run, edge):
    asked.world["tokens"] = {f"{name}-token-of-acme": {"business": ACME} for name in ("first", "second")}
    asked.world["acts_with"] = {ACME: "first-token-of-acme"}
    shut(asked, edge, 3)
    run(*CANCEL, *SANDBOX)
    assert knocks(asked) == 0
    with asked.people() as box:
        box._act(lambda world: replace(world, acts_with=frozen({ACME: "second-token-of-acme"})))
    assert knocks(asked) == 1
    opened(asked)
    assert run(*CANCEL, *SANDBOX).returncode == 0


def test_another_business_of_ours_may_be_shown_what_one_is_not(asked, run):
    asked.project["acts_as"] = ["acme", "sister"]
    asked.write()
    with asked.connected() as (_, connection):
        row = {"at": NOW.isoformat(), "url": connection.url, "business": ACME, "edge": SHOW_OBO, "code": 3}
        connection.records.add(CLOSED, [row], NOW)
    assert knocks(asked) == 1
    assert json.loads(run(*SHOW, "--format", "json", *SANDBOX).stdout)["id"] == "9001"


@pytest.mark.parametrize("edge", [SHOW_OBO, CANCEL_OBO])
def test_doctor_lists_each(asked, run, edge):
    shut(asked, edge, 3)
    run(*CANCEL, *SANDBOX)
    found = json.loads(run("doctor", "--format", "json", *SANDBOX).stdout)["findings"]
    (one,) = [one for one in found if one["id"] == "closed"]
    assert (one["level"], edge in one["text"], PLACE in one["todo"]) == ("warning", True, True)


def test_a_request_that_is_not_there_is_no_closed_call(asked, run):
    asked.write()
    with pytest.raises(GraphError), asked.connected() as (_, connection):
        find_request(connection, "9999", closing_of(connection, lambda: NOW))
    assert remembered(asked)[1] == []

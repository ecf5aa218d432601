"""Every way an action can end, through the real client, the sandbox and the journal."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from accessctl.apply.outcomes import Outcome
from accessctl.plan import Verb
from accessctl.plan.nouns import State
from accessctl.workflow import Wish, apply_plan
from tests.company import ACME, DATACO, MEDIAHOUSE, SISTER, STRANGER, Company

KINDS = pytest.mark.parametrize("kind", ["ad_account", "page"])
NODE = {"ad_account": "act_77", "page": "77"}
BUYER = ["ADVERTISE", "ANALYZE"]


def outcomes(result) -> list[tuple[str, str]]:
    return [(step.action.verb.value, step.outcome.value) for step in result.steps]


def with_fault(company: Company, match: str, do: str, nth: int = 1) -> None:
    company.world.setdefault("faults", []).append({"match": match, "nth": nth, "do": do})


@KINDS
def test_a_grant_is_sent_once_read_back_and_journalled(company, kind):
    company.asset(kind, "de", "77", agencies={"mediahouse": BUYER}, live={})
    assert outcomes(company.apply()) == [("grant", "applied")]
    (write,) = company.writes
    assert (write.method, write.path, write.agency) == ("POST", f"{NODE[kind]}/agencies", MEDIAHOUSE)
    assert [entry["event"] for entry in company.journal] == ["run_started", "intent", "outcome", "run_ended"]
    assert company.plan().plan.actions == ()


@KINDS
def test_accepting_gives_what_is_declared_and_not_what_was_asked_for(company, kind):
    live = {MEDIAHOUSE: {"tasks": ["MANAGE"], "status": "CLIENT_RESPONSE_PENDING"}}
    company.asset(kind, "de", "77", agencies={"mediahouse": ["ANALYZE"]}, live=live)
    assert outcomes(company.apply()) == [("accept", "applied")]
    assert company.writes[0].after.tasks == ("ANALYZE",)


@KINDS
def test_revoking_takes_away_only_the_one_agency(company, kind):
    live = {MEDIAHOUSE: BUYER, STRANGER: BUYER}
    company.asset(kind, "de", "77", agencies={"mediahouse": BUYER}, live=live)
    assert outcomes(company.apply()) == [("revoke", "applied")]
    assert [(write.method, write.agency) for write in company.writes] == [("DELETE", STRANGER)]


@KINDS
def test_declining_an_unexpected_request_is_a_revoke_where_the_project_says_so(company, kind):
    company.project["requests"] = {"unexpected": "decline"}
    company.asset(kind, "de", "77", agencies={}, live={STRANGER: {"tasks": BUYER, "status": "PENDING"}})
    assert outcomes(company.apply()) == [("revoke", "applied")]


@KINDS
def test_a_client_is_asked_once_however_often_we_apply(company, kind):
    company.world["quirks"] = {"request_ad_accounts": "open"}
    company.asset(kind, "shop", "77", owner="client", agencies={"acme": BUYER}, live={})
    assert outcomes(company.apply()) == [("request", "waiting_for_client")]
    for _ in range(5):
        assert company.apply().steps == ()
    assert [write.by for write in company.writes] == [ACME]


@KINDS
def test_a_request_the_client_accepts_becomes_access(company, kind):
    company.world["quirks"] = {"request_ad_accounts": "open"}
    company.asset(kind, "shop", "77", owner="client", agencies={"acme": BUYER}, live={})
    company.apply()
    with company.people() as sandbox:
        sandbox.accept("77", ACME)
    plan = company.plan().plan
    assert (plan.actions, plan.waiting, plan.summary.unchanged) == ((), (), 1)


@KINDS
def test_a_request_the_client_declined_is_not_sent_again_unless_a_person_says_so(company, kind):
    company.world["quirks"] = {"request_ad_accounts": "open"}
    company.asset(kind, "shop", "77", owner="client", agencies={"acme": BUYER}, live={})
    company.apply()
    with company.people() as sandbox:
        sandbox.decline("77", ACME)
    assert [row.reason.code for row in company.plan().plan.waiting] == ["request_gone"]
    assert company.apply().steps == ()
    assert outcomes(company.apply(wish=Wish(ask_again=("shop",)))) == [("request", "waiting_for_client")]
    assert len(company.writes) == 2


@KINDS
@pytest.mark.parametrize(
    ("live", "verb"), [({"tasks": BUYER, "status": "PENDING"}, "withdraw"), ({"tasks": BUYER}, "relinquish")]
)
def test_an_agency_gives_back_what_is_no_longer_declared(company, kind, live, verb):
    company.asset(kind, "shop", "77", owner="client", agencies={}, live={ACME: live})
    assert outcomes(company.apply()) == [(verb, "applied")]
    (write,) = company.writes
    assert (write.method, write.path) == ("DELETE", f"{ACME}/{kind}s")


@KINDS
def test_an_asset_whose_owner_meta_does_not_show_is_never_dropped(company, kind):
    """DELETE on the business's own edge evicts an asset that it owns."""
    company.asset(kind, "shop", "77", owner="client", agencies={}, live={ACME: BUYER})
    saved = company.plan()
    (action,) = saved.plan.actions
    forged = replace(saved, plan=replace(saved.plan, actions=(replace(action, owner=STRANGER),)))
    with company.connected() as (_, connection):  # past the check that would refuse it
        assert outcomes(apply_plan(forged, connection, clock=company.now)) == [("relinquish", "failed")]
    assert company.writes == ()


def test_a_grant_that_a_second_admin_must_approve_waits_and_is_not_repeated(company):
    company.asset("ad_account", "de", "77", agencies={"mediahouse": BUYER}, live={}, admin_approval=True)
    assert outcomes(company.apply()) == [("grant", "awaiting_admin_approval")]
    for _ in range(3):
        plan = company.plan().plan
        assert (plan.actions, [row.reason.code for row in plan.waiting]) == ((), ["admin_approval"])
        company.apply()
    assert len(company.writes) == 1
    with company.people() as sandbox:
        sandbox.approve("77", MEDIAHOUSE)
    assert company.plan().plan.waiting == ()


def test_a_change_that_a_second_admin_must_approve_is_not_repeated_either(company):
    live = {MEDIAHOUSE: ["ANALYZE"]}
    company.asset("ad_account", "de", "77", agencies={"mediahouse": BUYER}, live=live, admin_approval=True)
    assert outcomes(company.apply()) == [("change", "awaiting_admin_approval")]
    assert [row.reason.code for row in company.plan().plan.waiting] == ["admin_approval"]
    with company.people() as sandbox:
        sandbox.approve("77", MEDIAHOUSE)
    assert company.plan().plan.summary.unchanged == 1


def test_a_grant_the_second_admin_declined_can_be_asked_for_again(company):
    company.asset("ad_account", "de", "77", agencies={"mediahouse": BUYER}, live={}, admin_approval=True)
    company.apply()
    with company.people() as sandbox:
        sandbox.decline("77", MEDIAHOUSE)
    assert company.plan().plan.actions == ()
    again = company.plan(Wish(ask_again=("agency:mediahouse",)))
    assert [action.verb for action in again.plan.actions] == [Verb.GRANT]


def test_a_closed_edge_is_said_once_and_the_rest_goes_on(company):
    for number in ("71", "72", "73"):
        company.asset("ad_account", f"shop-{number}", number, owner="client", agencies={"acme": BUYER}, live={})
    company.asset("page", "shop-page", "74", owner="client", agencies={"acme": BUYER}, live={})
    result = company.apply()
    assert sorted(outcomes(result)) == [
        ("request", "failed"),
        ("request", "skipped"),
        ("request", "skipped"),
        ("request", "waiting_for_client"),
    ]
    (refused,) = [step for step in result.steps if step.outcome is Outcome.FAILED]
    assert "capability" in refused.text
    assert "Ask by hand" in refused.hint
    asked = [write for write in company.writes if "client_ad_accounts" in write.path]
    assert asked == []
    assert result.exit_code == 5


@KINDS
def test_an_asset_that_moved_since_the_plan_is_stale_and_untouched(company, kind):
    company.asset(kind, "de", "77", agencies={"mediahouse": BUYER}, live={})
    company.asset(kind, "fr", "78", agencies={"mediahouse": BUYER}, live={})
    saved = company.plan()
    with company.people() as sandbox:
        sandbox.give("77", MEDIAHOUSE, ["ANALYZE"])
    result = company.apply(saved)
    assert outcomes(result) == [("grant", "stale"), ("grant", "applied")]
    assert result.steps[0].text == (
        "planned from no access, now confirmed with ANALYZE (ANALYZE was added; it was absent and is confirmed)"
    )
    assert result.exit_code == 4
    assert [write.asset.removeprefix("act_") for write in company.writes] == ["78"]


@KINDS
def test_what_somebody_did_already_is_converged_without_a_call(company, kind):
    company.asset(kind, "de", "77", agencies={"mediahouse": BUYER}, live={})
    saved = company.plan()
    with company.people() as sandbox:
        sandbox.give("77", MEDIAHOUSE, BUYER)
    assert outcomes(company.apply(saved)) == [("grant", "converged")]
    assert company.writes == ()


@KINDS
def test_a_write_whose_answer_was_lost_is_read_back_and_not_sent_again(company, kind):
    company.asset(kind, "de", "77", agencies={"mediahouse": BUYER}, live={})
    with_fault(company, f"POST {NODE[kind]}/agencies", "commit_then_drop")
    assert outcomes(company.apply()) == [("grant", "applied")]
    assert len(company.writes) == 1


@KINDS
@pytest.mark.parametrize("do", ["commit_then_500", "html_200", "truncate"])
def test_an_answer_nobody_can_read_is_settled_by_looking(company, kind, do):
    company.asset(kind, "de", "77", agencies={}, live={STRANGER: BUYER})
    with_fault(company, f"DELETE {NODE[kind]}/agencies", do)
    assert outcomes(company.apply()) == [("revoke", "applied")]
    assert len(company.writes) == 1


@KINDS
@pytest.mark.parametrize("do", ["drop_before", "http_500"])
def test_a_write_that_never_arrived_is_unknown_and_not_guessed_at(company, kind, do):
    company.asset(kind, "de", "77", agencies={"mediahouse": BUYER}, live={})
    with_fault(company, f"POST {NODE[kind]}/agencies", do)
    result = company.apply()
    assert outcomes(result) == [("grant", "unknown")]
    assert result.exit_code == 5
    assert outcomes(company.apply()) == [("grant", "applied")]


def test_a_request_that_may_have_arrived_is_never_sent_again_by_itself(company):
    company.asset("page", "shop", "77", owner="client", agencies={"acme": BUYER}, live={})
    with_fault(company, f"POST {ACME}/client_pages", "drop_before")
    assert outcomes(company.apply()) == [("request", "unknown")]
    assert [row.reason.code for row in company.plan().plan.waiting] == ["request_gone"]


@KINDS
def test_the_word_false_is_no_success(company, kind):
    company.asset(kind, "de", "77", agencies={"mediahouse": BUYER}, live={})
    with_fault(company, f"POST {NODE[kind]}/agencies", "success_false_string")
    assert outcomes(company.apply()) == [("grant", "failed")]


@KINDS
def test_a_change_meta_refuses_fails_and_says_what_to_do(company, kind):
    company.world["quirks"] = {"change": "refuse"}
    company.asset(kind, "de", "77", agencies={"mediahouse": BUYER}, live={MEDIAHOUSE: ["ANALYZE"]})
    result = company.apply()
    assert outcomes(result) == [("change", "failed")]
    assert "--replace-with-gap" in result.steps[0].hint
    assert company.writes == ()


@KINDS
def test_a_change_meta_adds_to_instead_of_replacing_fails_with_what_is_live(company, kind):
    company.world["quirks"] = {"change": "add"}
    company.asset(kind, "de", "77", agencies={"mediahouse": ["ANALYZE"]}, live={MEDIAHOUSE: ["ADVERTISE"]})
    result = company.apply()
    assert outcomes(result) == [("change", "failed")]
    assert "now confirmed with ADVERTISE, ANALYZE" in result.steps[0].text


@KINDS
def test_a_narrowing_that_changes_nothing_is_a_failure_and_not_a_success(company, kind):
    company.world["quirks"] = {"change": "add"}
    company.asset(kind, "de", "77", agencies={"mediahouse": ["ANALYZE"]}, live={MEDIAHOUSE: BUYER})
    result = company.apply()
    assert outcomes(result) == [("change", "failed")]
    assert "as before" in result.steps[0].text


@KINDS
@pytest.mark.parametrize("change", ["refuse", "add", "replace"])
def test_replacing_with_a_gap_reaches_the_tasks_and_only_where_it_is_asked_for(company, kind, change):
    company.world["quirks"] = {"change": change}
    company.asset(kind, "de", "77", agencies={"mediahouse": ["ANALYZE"]}, live={MEDIAHOUSE: ["ADVERTISE"]})
    assert outcomes(company.apply(wish=Wish(replace_with_gap=True))) == [("change", "applied")]
    assert company.plan().plan.summary.unchanged == 1
    methods = [write.method for write in company.writes]
    assert (
        methods
        == {
            "replace": ["POST"],
            "refuse": ["DELETE", "POST"],
            "add": ["POST", "DELETE", "POST"],
        }[change]
    )


@KINDS
def test_a_manifest_may_ask_for_the_gap_itself(company, kind):
    company.world["quirks"] = {"change": "refuse"}
    live = {MEDIAHOUSE: ["ADVERTISE"]}
    company.asset(kind, "de", "77", agencies={"mediahouse": ["ANALYZE"]}, live=live)
    company.manifest[f"{kind}s"]["de"]["replace_with_gap"] = True
    company.write()
    text = (company.directory / "access/all.yaml").read_text()
    assert "replace_with_gap: true" in text
    assert outcomes(company.apply()) == [("change", "applied")]


@KINDS
def test_widening_comes_before_narrowing_on_one_asset(company, kind):
    live = {STRANGER: BUYER, MEDIAHOUSE: BUYER}
    company.asset(kind, "de", "77", agencies={"mediahouse": ["ANALYZE"], "dataco": ["ANALYZE"]}, live=live)
    assert [verb for verb, _ in outcomes(company.apply())] == ["grant", "change", "revoke"]
    assert [write.agency for write in company.writes] == [DATACO, MEDIAHOUSE, STRANGER]


@KINDS
def test_a_failed_step_stops_its_asset_and_no_other(company, kind):
    company.world["quirks"] = {"change": "refuse"}
    company.asset(kind, "de", "77", agencies={"mediahouse": BUYER}, live={MEDIAHOUSE: ["ANALYZE"], STRANGER: BUYER})
    company.asset(kind, "fr", "78", agencies={}, live={STRANGER: BUYER})
    company.asset(kind, "uk", "79", agencies={"mediahouse": BUYER, "dataco": BUYER}, live={MEDIAHOUSE: BUYER})
    result = company.apply()
    assert outcomes(result) == [
        ("change", "failed"),
        ("revoke", "skipped"),
        ("revoke", "applied"),
        ("grant", "applied"),
    ]
    assert sorted(write.asset.removeprefix("act_") for write in company.writes) == ["78", "79"]


def test_a_token_that_dies_stops_the_whole_run(company):
    for number in ("71", "72", "73", "74"):
        company.asset("ad_account", f"de-{number}", number, agencies={"mediahouse": BUYER}, live={})
    with_fault(company, "POST act_72/agencies", "token_expired")
    result = company.apply(parallelism=1)
    assert [outcome for _, outcome in outcomes(result)] == ["applied", "failed", "skipped", "skipped"]
    assert len(company.writes) == 1


def test_a_throttled_write_stops_the_run_and_is_certainly_not_carried_out(company):
    for number in ("71", "72"):
        company.asset("ad_account", f"de-{number}", number, agencies={"mediahouse": BUYER}, live={})
    with_fault(company, "POST act_71/agencies", "throttle")
    assert [outcome for _, outcome in outcomes(company.apply(parallelism=1))] == ["failed", "skipped"]
    assert company.writes == ()


@KINDS
def test_an_asset_that_cannot_be_read_again_is_not_touched(company, kind):
    company.asset(kind, "de", "77", agencies={"mediahouse": BUYER}, live={})
    saved = company.plan()
    company.world[f"{kind}s"]["77"]["fault"] = {"code": 10, "message": "no"}
    company.write()
    result = company.apply(saved)
    assert outcomes(result) == [("grant", "failed")]
    assert "could not be read" in result.steps[0].text
    assert company.writes == ()


def test_a_page_without_a_page_token_is_not_touched(company):
    company.asset("page", "de", "77", agencies={"mediahouse": BUYER}, live={})
    saved = company.plan()
    company.world["pages"]["77"]["page_token"] = False
    company.write()
    assert outcomes(company.apply(saved)) == [("grant", "failed")]


@KINDS
def test_a_client_that_cannot_be_read_is_not_asked(company, kind):
    company.asset(kind, "shop", "77", owner="client", agencies={"acme": BUYER}, live={})
    saved = company.plan()
    for _ in range(3):
        with_fault(company, f"GET {ACME}/clients", "html_200")
    company.write()
    assert outcomes(company.apply(saved)) == [("request", "failed")]
    assert company.writes == ()


def test_visibility_that_lags_is_waited_for(company):
    company.world["quirks"] = {"lag_reads": 3}
    company.asset("ad_account", "de", "77", agencies={"mediahouse": BUYER}, live={})
    assert outcomes(company.apply()) == [("grant", "applied")]
    assert len(company.writes) == 1


def test_assets_are_worked_on_side_by_side_and_reported_in_the_order_of_the_plan(company):
    for number in range(70, 82):
        company.asset("ad_account", f"de-{number}", str(number), agencies={"mediahouse": BUYER}, live={})
    saved = company.plan()
    result = company.apply(saved, parallelism=10)
    assert [step.action for step in result.steps] == list(saved.plan.actions)
    assert threading.active_count() < 10


def test_two_acting_businesses_each_use_their_own_token(company):
    company.project["acts_as"] = ["acme", "sister"]
    for business in ("acme", "sister"):
        company.asset(
            "page", f"{business}-page", f"7{len(business)}", owner=business, agencies={"mediahouse": BUYER}, live={}
        )
    company.apply()
    assert sorted(write.by for write in company.writes) == [ACME, SISTER]


def test_the_edges_that_sever_a_whole_relation_are_never_called(company):
    company.asset("ad_account", "de", "77", agencies={}, live={STRANGER: BUYER})
    company.asset("page", "shop", "78", owner="client", agencies={}, live={ACME: BUYER})
    company.apply()
    assert {write.path for write in company.writes} == {"act_77/agencies", f"{ACME}/pages"}


def test_the_journal_holds_what_was_before_and_after_and_no_token(company):
    company.asset("page", "de", "77", agencies={"mediahouse": BUYER}, live={MEDIAHOUSE: ["ANALYZE"]})
    company.apply()
    intent, outcome = company.journal[1:3]
    assert intent["before"] == {"status": "confirmed", "tasks": ["ANALYZE"]}
    assert outcome["live"] == {"status": "confirmed", "tasks": BUYER}
    assert outcome["outcome"] == "applied"
    text = company.journal_path.read_text()
    assert "sandbox-1001" not in text
    assert "token" not in text


def test_nothing_is_sent_when_the_intent_cannot_be_made_durable(company, monkeypatch):
    from accessctl import journalfile
    from accessctl.chain import JournalError

    company.asset("page", "de", "77", agencies={"mediahouse": BUYER}, live={})
    saved = company.plan()
    real = journalfile.os.write
    count = iter(range(100))

    def full(handle: int, line: bytes) -> int:
        if next(count) >= 1:
            raise OSError(28, "No space left on device")
        return real(handle, line)

    monkeypatch.setattr(journalfile.os, "write", full)
    result = company.apply(saved)
    assert isinstance(result.stopped_by, JournalError)
    assert outcomes(result) == [("grant", "failed")]
    assert "No space left" in result.steps[0].text
    assert company.writes == ()


def test_a_state_with_no_tasks_says_so():
    from accessctl.apply.look import in_words
    from accessctl.model import Status

    assert in_words(State(Status.CONFIRMED)) == "confirmed with no tasks"

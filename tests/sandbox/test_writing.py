"""What each write does, and to whom it says no."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from accessctl.sandbox import Sandbox
from accessctl.sandbox.vocabulary import TASKS

from .worlds import WORLD, Client, code, sandbox, world

TASKS_FIELD = "permitted_tasks,access_status"
OK = {"success": True}


def tasks(client: Client, asset: str, agency: str) -> list[str] | None:
    rows = client.get(f"{asset}/agencies", fields=TASKS_FIELD)["data"]
    return next((row["permitted_tasks"] for row in rows if row["id"] == agency), None)


@pytest.mark.parametrize("written", ['["ADVERTISE","ANALYZE"]', "['ADVERTISE', 'ANALYZE']"])
def test_a_grant_is_read_back(written):
    client = Client(sandbox())
    assert client.post("act_12/agencies", business="2002", permitted_tasks=written) == OK
    (row,) = client.get("act_12/agencies", fields="permitted_tasks,access_status,access_updated_time")["data"]
    assert row == {
        "id": "2002",
        "permitted_tasks": ["ADVERTISE", "ANALYZE"],
        "access_status": "CONFIRMED",
        "access_updated_time": "2026-11-21T09:00:00+0000",
    }


@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("", ""),
        ("[]", ""),
        ("ANALYZE", ""),
        ("{}", ""),
        ('["ANALYSE"]', "[0]"),
        ('["ANALYZE", 7]', "[1]"),
        ("[" * 9999, ""),
    ],
)
def test_tasks_that_are_none_are_refused_by_name(written, at):
    client = Client(sandbox())
    answer = client.post("act_12/agencies", business="2002", permitted_tasks=written)
    assert code(answer) == (100, 0)
    if written:
        assert answer["error"]["message"].startswith(f"(#100) param permitted_tasks{at} must be ")
    assert client.sandbox.write_log == ()


def test_each_kind_of_asset_has_its_own_tasks():
    client = Client(sandbox())
    assert code(client.post("act_12/agencies", business="2002", permitted_tasks=["CREATE_CONTENT"])) == (100, 0)
    page = client.of_page("71")
    assert page.post("71/agencies", business="2003", permitted_tasks=["CREATE_CONTENT"]) == OK
    assert len(TASKS["page"]) == 29
    assert len(TASKS["ad_account"]) == 5


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, (100, 0)),
        ({"business": "1001"}, (3946, 1690061)),
        ({"business": "9"}, (100, 0)),
    ],
)
def test_a_grant_goes_to_another_business_that_exists(params, expected):
    client = Client(sandbox())
    assert code(client.post("act_12/agencies", **params, permitted_tasks=["ANALYZE"])) == expected


@pytest.mark.parametrize(
    ("change", "after"),
    [("replace", ["MANAGE"]), ("add", ["ADVERTISE", "ANALYZE", "MANAGE"]), ("refuse", ["ADVERTISE", "ANALYZE"])],
)
def test_a_second_grant_does_what_the_quirk_says(change, after):
    client = Client(sandbox(change=change))
    answer = client.post("act_11/agencies", business="2002", permitted_tasks=["MANAGE"])
    assert answer == OK if change != "refuse" else code(answer) == (3944, 0)
    assert tasks(client, "act_11", "2002") == after


def test_a_page_refuses_a_second_grant_in_its_own_words():
    page = Client(sandbox(change="refuse")).of_page("71")
    assert code(page.post("71/agencies", business="2002", permitted_tasks=["MANAGE"])) == (3989, 0)


def test_a_grant_on_a_pending_request_accepts_it_with_the_tasks_given():
    client = Client(sandbox(change="refuse"))
    assert client.post("act_11/agencies", business="2003", permitted_tasks=["ADVERTISE"]) == OK
    assert tasks(client, "act_11", "2003") == ["ADVERTISE"]
    assert client.sandbox.world.assets["act_11"].agencies["2003"].requested == datetime(2026, 11, 1, 8, tzinfo=UTC)


def test_access_is_taken_away_once():
    client = Client(sandbox())
    assert client.delete("act_11/agencies", business="2002") == OK
    assert code(client.delete("act_11/agencies", business="2002")) == (100, 0)
    assert client.delete("act_11/agencies", business="2003") == OK, "a request is turned down the same way"
    assert tasks(client, "act_11", "2002") is None


def test_only_the_owner_shares_and_only_an_admin_writes():
    box = sandbox()
    agency, reader = Client(box, "sandbox-2002"), Client(box, "reader")
    ask = {"business": "2003", "permitted_tasks": ["ANALYZE"]}
    assert code(agency.post("act_11/agencies", **ask)) == (10, 0)
    assert code(agency.delete("act_11/agencies", business="2002")) == (10, 0)
    assert code(agency.of_page("71").post("71/agencies", **ask)) == (200, 0)
    assert code(reader.post("act_11/agencies", **ask)) == (200, 0)
    assert code(reader.of_page("71").post("71/agencies", **ask)) == (200, 0)
    assert code(Client(box).post("71/agencies", **ask)) == (190, 0)
    assert code(Client(box).post("act_14/agencies", **ask)) == (10, 0)
    assert code(Client(box).post("2002/client_pages", page_id="71")) == (200, 0)
    assert box.write_log == ()


def test_a_new_experience_page_answers_in_its_own_words_and_gives_more_than_asked():
    page = Client(sandbox()).of_page("72")
    page.post("72/agencies", business="2002", permitted_tasks=["PROFILE_PLUS_ADVERTISE", "PROFILE_PLUS_REVENUE"])
    page.post("72/agencies", business="2003", permitted_tasks=["ANALYZE"])
    assert tasks(page, "72", "2002") == [
        "PROFILE_PLUS_ADVERTISE",
        "PROFILE_PLUS_REVENUE",
        "PROFILE_PLUS_ANALYZE",
        "PROFILE_PLUS_MESSAGING",
        "PROFILE_PLUS_MANAGE_LEADS",
    ]
    assert tasks(page, "72", "2003") == ["PROFILE_PLUS_ANALYZE"]


def test_a_grant_that_needs_a_second_admin_is_invisible_until_approved():
    client = Client(sandbox())
    answer = client.post("act_13/agencies", business="2002", permitted_tasks=["ANALYZE"])
    assert answer == {"success": True, "requires_admin_approval": True}
    assert tasks(client, "act_13", "2002") is None
    assert client.sandbox.write_log[0].after.status == "AWAITING_ADMIN_APPROVAL"
    client.sandbox.approve("act_13", "2002")
    assert tasks(client, "act_13", "2002") == ["ANALYZE"]


def test_a_grant_that_waits_can_be_taken_back():
    client = Client(sandbox())
    client.post("act_13/agencies", business="2002", permitted_tasks=["ANALYZE"])
    assert client.delete("act_13/agencies", business="2002") == OK
    assert client.sandbox.pending() == Sandbox(world()).pending()


def test_a_page_is_asked_for_once():
    box = sandbox()
    asker = Client(box, "sandbox-2003")
    ask = {"page_id": "71", "permitted_tasks": ["ANALYZE"]}
    assert asker.post("2003/client_pages", **ask) == {"success": True, "access_status": "PENDING"}
    assert code(asker.post("2003/client_pages", **ask)) == (100, 1752041)
    assert asker.get("2003/pending_client_pages")["data"][0]["page"] == {"id": "71", "name": "Acme Page"}
    box.accept("71", "2003")
    assert code(asker.post("2003/client_pages", **ask)) == (100, 1752044)
    assert tasks(Client(box).of_page("71"), "71", "2003") == ["ANALYZE"]


def test_a_request_must_make_sense():
    client = Client(sandbox())
    ask = {"permitted_tasks": ["ANALYZE"]}
    assert code(client.post("1001/client_pages", page_id="71", **ask)) == (3946, 1690061)
    assert code(client.post("1001/client_pages", page_id="999", **ask)) == (100, 33)
    assert code(client.post("1001/client_pages", **ask)) == (100, 0)
    assert code(Client(sandbox(request_pages="limited")).post("1001/client_pages", page_id="71")) == (3, 0)


@pytest.mark.parametrize("given", ["12", "act_12"])
def test_ad_accounts_can_be_asked_for_only_where_meta_lets_the_app(given):
    ask = {"adaccount_id": given, "permitted_tasks": ["ANALYZE"]}
    assert code(Client(sandbox(), "sandbox-2003").post("2003/client_ad_accounts", **ask)) == (3, 0)
    lucky = Client(sandbox(request_ad_accounts="open"), "sandbox-2003")
    assert lucky.post("2003/client_ad_accounts", **ask)["access_status"] == "PENDING"


def test_an_agency_withdraws_and_gives_back():
    box = sandbox()
    assert Client(box, "sandbox-2003").delete("2003/ad_accounts", adaccount_id="act_11") == OK
    assert Client(box, "sandbox-2002").delete("2002/ad_accounts", adaccount_id="11") == OK
    assert Client(box, "sandbox-2002").delete("2002/pages", page_id="71") == OK
    assert code(Client(box, "sandbox-2002").delete("2002/pages", page_id="71")) == (3996, 0)
    assert code(Client(box, "sandbox-2002").delete("2002/ad_accounts", adaccount_id="11")) == (100, 0)
    assert box.world.assets["act_11"].agencies == box.world.assets["71"].agencies == {}


def test_an_owner_keeps_its_ad_account_but_loses_its_page():
    client = Client(sandbox())
    assert code(client.delete("1001/ad_accounts", adaccount_id="11")) == (100, 0)
    assert client.delete("1001/pages", page_id="71") == OK
    assert code(client.get("71")) == (100, 33)
    assert client.sandbox.write_log[0].path == "1001/pages"


@pytest.mark.parametrize(
    ("token", "path", "business"), [("sandbox-1001", "1001/agencies", "2002"), ("sandbox-2002", "2002/clients", "1001")]
)
def test_severing_a_partner_ends_everything_and_is_logged(token, path, business):
    client = Client(sandbox(), token)
    assert client.delete(path, business=business) == OK
    assert code(client.delete(path, business=business)) == (100, 0)
    assert not any("2002" in asset.agencies for asset in client.sandbox.world.assets.values())
    assert [(write.method, write.path, write.agency) for write in client.sandbox.write_log] == [
        ("DELETE", path, "2002")
    ]


def test_writes_to_what_is_not_there_change_nothing():
    client = Client(sandbox())
    assert code(client.post("act_15/agencies", business="2003", permitted_tasks=["ANALYZE"])) == (100, 33)
    assert code(client.post("act_11/partners")) == (100, 33)
    assert code(client.delete("act_11")) == (100, 33)
    assert client.sandbox.write_log == ()


def test_the_log_holds_every_committed_write_and_no_token():
    client = Client(sandbox())
    client.ask("POST", "act_12/agencies", business="2002", permitted_tasks=["ANALYZE"], access_token="sandbox-1001")
    client.ask("DELETE", "act_12/agencies", business="2002", access_token="sandbox-1001")
    first, second = client.sandbox.write_log
    assert (first.n, first.method, first.path, first.by, first.asset, first.agency) == (
        1, "POST", "act_12/agencies", "1001", "act_12", "2002",
    )  # fmt: skip
    assert (first.before, first.after.tasks) == (None, ("ANALYZE",))
    assert (second.before.tasks, second.after) == (("ANALYZE",), None)
    assert "sandbox-1001" not in repr(client.sandbox.write_log) + repr(client.sandbox.calls)


def test_the_sandboxs_clock_moves_with_writes_alone():
    client = Client(sandbox())
    start = client.sandbox.world.now
    client.get("act_12")
    client.post("act_12/agencies", business="2002", permitted_tasks=["ANALYZE"])
    client.post("act_12/agencies", business="9", permitted_tasks=["ANALYZE"])
    assert (client.sandbox.world.now - start).total_seconds() == 1


def test_without_a_clock_of_its_own_the_sandbox_takes_the_time_it_is_given():
    noon = datetime(2026, 1, 1, 12, 0, 0, 999, tzinfo=UTC)
    box = Sandbox(world(WORLD.replace('now: "2026-11-21T09:00:00Z"', "")), clock=lambda: noon)
    Client(box).post("act_12/agencies", business="2002", permitted_tasks=["ANALYZE"])
    assert box.write_log[0].at == noon.replace(microsecond=0)
    assert box.world.now is None


@pytest.mark.parametrize("lag", [1, 3])
def test_a_write_may_show_only_after_some_reads(lag):
    client = Client(sandbox(lag_reads=lag))
    client.post("act_12/agencies", business="2002", permitted_tasks=["ANALYZE"])
    seen = []
    for _ in range(lag + 1):
        client.get("act_12")
        client.get("act_13/agencies")
        seen.append(tasks(client, "act_12", "2002"))
    assert seen == [None] * lag + [["ANALYZE"]]


def test_a_late_write_comes_nearer_with_each_listing_of_a_business():
    box = sandbox(lag_reads=1)
    asker = Client(box, "sandbox-2002")
    asker.delete("2002/ad_accounts", adaccount_id="11")
    assert len(asker.get("2002/client_ad_accounts")["data"]) == 1
    assert asker.get("2002/client_ad_accounts")["data"] == []

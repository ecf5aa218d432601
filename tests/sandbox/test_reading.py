"""What each business sees, in Meta's shapes."""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import parse_qsl, urlsplit

import pytest

from accessctl.sandbox import Request

from .worlds import WORLD, Client, code, sandbox

ROW = "id,name,permitted_tasks,access_status,access_requested_time,access_updated_time"


def test_me_is_the_system_user_of_the_tokens_business():
    assert Client(sandbox()).get("me", fields="id,name,business") == {
        "id": "611001",
        "name": "System user of Acme GmbH",
        "business": {"id": "1001", "name": "Acme GmbH"},
    }


def test_a_page_token_is_the_page():
    assert Client(sandbox()).of_page("71").get("me") == {"id": "71", "name": "Acme Page"}


@pytest.mark.parametrize(
    ("token", "expected"), [("", (2500, 0)), ("nobody", (190, 0)), ("sandbox-9", (190, 0)), ("old", (190, 463))]
)
def test_a_token_that_is_no_good_is_told_why(token, expected):
    assert code(Client(sandbox(), token).get("me")) == expected


def test_debug_token_describes_good_and_bad_tokens_alike():
    client = Client(sandbox())
    assert client.get("debug_token", input_token="sandbox-2002")["data"]["granular_scopes"][0]["target_ids"] == ["2002"]
    of_page = client.get("debug_token", input_token=client.of_page("71").token)["data"]
    assert (of_page["type"], of_page["profile_id"]) == ("PAGE", "71")
    assert client.get("debug_token", input_token="old")["data"]["error"]["subcode"] == 463
    assert code(client.get("debug_token")) == (100, 0)


def test_an_edge_gives_id_and_name_unless_asked_for_more():
    client = Client(sandbox())
    assert client.get("act_11/agencies")["data"] == [
        {"id": "2002", "name": "Mediahouse Ltd"},
        {"id": "2003", "name": "Dataco"},
    ]
    assert client.get("act_11/agencies", fields=ROW)["data"][1] == {
        "id": "2003",
        "name": "Dataco",
        "permitted_tasks": ["ANALYZE"],
        "access_status": "CLIENT_RESPONSE_PENDING",
        "access_requested_time": "2026-11-01T08:00:00+0000",
    }


def test_nodes_show_their_fields():
    client = Client(sandbox())
    assert client.get(
        "act_11", fields="account_id,account_status,owner,owner_business,business{verification_status}"
    ) == {
        "id": "act_11",
        "account_id": "11",
        "account_status": 1,
        "owner": "1001",
        "owner_business": {"id": "1001", "name": "Acme GmbH"},
        "business": {"id": "1001", "verification_status": "verified"},
    }
    assert client.get("72", fields="has_transitioned_to_new_page_experience") == {
        "id": "72",
        "has_transitioned_to_new_page_experience": True,
    }
    assert client.get("2002") == {"id": "2002", "name": "Mediahouse Ltd"}


@pytest.mark.parametrize(
    "path", ["me", "act_11", "71", "1001", "1001/owned_pages", "act_11/agencies", "1001/agencies", "1001/clients"]
)
def test_an_unknown_field_is_an_error(path):
    assert code(Client(sandbox()).get(path, fields="id,permitted_taskz")) == (100, 0)


def test_an_unknown_field_is_named_with_its_node_type():
    answer = Client(sandbox()).get("act_11", fields="tasks")
    assert answer["error"]["message"] == "(#100) Tried accessing nonexistent field (tasks) on node type (AdAccount)"
    assert answer["error"].keys() == {"message", "type", "code", "fbtrace_id"}


def test_an_agency_sees_only_what_it_holds():
    agency, stranger = Client(sandbox(), "sandbox-2002"), Client(sandbox(), "sandbox-2003")
    assert agency.get("act_11")["name"] == "Acme DE"
    assert code(stranger.get("act_11")) == (100, 33), "a request that waits gives no access"
    assert code(agency.get("act_12")) == (100, 33)
    assert code(agency.get("act_99")) == (100, 33)


def test_only_the_owner_or_an_agency_with_manage_sees_who_has_access():
    box = sandbox()
    box.give("act_11", "2003", ["MANAGE"])
    assert code(Client(box, "sandbox-2002").get("act_11/agencies")) == (200, 0)
    assert len(Client(box, "sandbox-2003").get("act_11/agencies")["data"]) == 2


def test_a_business_lists_only_its_own_edges():
    client = Client(sandbox())
    answer = client.ask("GET", "2002/client_pages")
    assert (answer.status, code(answer.json())) == (403, (200, 0))
    assert code(client.of_page("71").get("1001/owned_pages")) == (200, 0)


def test_a_page_shows_its_agencies_for_its_own_token_alone():
    client = Client(sandbox())
    assert code(client.get("71/agencies")) == (190, 0)
    assert code(client.of_page("72").get("71/agencies")) == (100, 33)
    assert client.of_page("71").get("71/agencies")["data"] == [{"id": "2002", "name": "Mediahouse Ltd"}]


def test_a_page_token_is_for_those_who_hold_a_task_and_not_for_every_page():
    box = sandbox()
    assert "access_token" in Client(box, "sandbox-2002").get("71", fields="access_token")
    assert Client(box).get("73", fields="access_token") == {"id": "73"}
    assert code(Client(box, "sandbox-2003").get("71", fields="access_token")) == (100, 33)


def test_owned_assets_are_listed_without_hidden_ones():
    client = Client(sandbox())
    accounts = client.get("1001/owned_ad_accounts", fields="permitted_tasks,access_type")
    assert [row["id"] for row in accounts["data"]] == ["act_11", "act_12", "act_13", "act_14"]
    assert accounts["data"][0] == {"id": "act_11", "permitted_tasks": [], "access_type": "OWNER"}
    assert [row["id"] for row in client.get("1001/owned_pages")["data"]] == ["71", "72", "73"]
    assert code(client.get("act_15")) == (100, 33)


def test_an_agency_lists_what_it_holds_and_what_it_asked_for():
    box = sandbox()
    holder, asker = Client(box, "sandbox-2002"), Client(box, "sandbox-2003")
    assert holder.get("2002/client_ad_accounts", fields="permitted_tasks,access_type")["data"] == [
        {"id": "act_11", "permitted_tasks": ["ADVERTISE", "ANALYZE"], "access_type": "AGENCY"}
    ]
    assert [row["id"] for row in holder.get("2002/client_pages")["data"]] == ["71"]
    assert asker.get("2003/client_ad_accounts")["data"] == []
    (row,) = asker.get("2003/pending_client_ad_accounts", fields="id,ad_account,permitted_tasks")["data"]
    assert row.pop("id").isdigit()
    assert row == {"ad_account": {"id": "act_11", "name": "Acme DE"}, "permitted_tasks": ["ANALYZE"]}
    assert asker.get("2003/pending_client_pages") == {"data": []}


@pytest.mark.parametrize(("prefix", "shown"), [(False, "11"), (True, "act_11")])
def test_both_sides_list_their_partners_with_all_access(prefix, shown):
    box = sandbox(act_prefix_in_clients=prefix)
    fields = "name,adaccount_permissions,page_permissions"
    rows = Client(box).get("1001/agencies", fields=fields)["data"]
    assert [row["name"] for row in rows] == ["Mediahouse Ltd", "Dataco"]
    (row,) = Client(box, "sandbox-2002").get("2002/clients", fields=fields)["data"]
    held = {"id": shown, "permitted_tasks": ["ADVERTISE", "ANALYZE"], "access_status": "CONFIRMED"}
    assert row == {
        "id": "1001",
        "name": "Acme GmbH",
        "adaccount_permissions": [held],
        "page_permissions": [{"id": "71", "permitted_tasks": ["ANALYZE"], "access_status": "CONFIRMED"}],
    }
    assert rows[0]["adaccount_permissions"] == [held]


MANY = WORLD + "".join(f'  "9{n:02}": {{name: P{n}, owner: "1001"}}\n' for n in range(30))


def walk(client: Client, path: str, **params: str) -> tuple[list[str], int]:
    """Follow cursors while there is a next page; return the ids and the number of pages."""
    found, pages, after = [], 0, ""
    while True:
        answer = client.get(path, **params, after=after)
        found += [row["id"] for row in answer["data"]]
        pages += 1
        if "next" not in answer.get("paging", {}):
            return found, pages
        after = answer["paging"]["cursors"]["after"]


@pytest.mark.parametrize("empty_pages", [False, True])
@pytest.mark.parametrize(("limit", "pages"), [("", 2), ("33", 2), ("32", 2), ("7", 5), ("999", 2)])
def test_every_row_comes_once_whatever_the_page_size(limit, pages, empty_pages):
    client = Client(sandbox(MANY, max_page_size=32, empty_pages=empty_pages))
    expected = ["71", "72", "73", *(f"9{n:02}" for n in range(30))]
    assert walk(client, "1001/owned_pages", limit=limit) == (expected, pages * (1 + empty_pages))


def test_an_empty_listing_has_no_paging():
    assert Client(sandbox(empty_pages=True)).get("act_12/agencies") == {"data": []}


def test_before_leads_back():
    client = Client(sandbox(MANY))
    second = client.get(
        "1001/owned_pages", limit="3", after=client.get("1001/owned_pages", limit="3")["paging"]["cursors"]["after"]
    )
    back = client.get("1001/owned_pages", limit="3", before=second["paging"]["cursors"]["before"])
    assert [row["id"] for row in back["data"]] == ["71", "72", "73"]


@pytest.mark.parametrize(
    "params", [{"limit": "0"}, {"limit": "x"}, {"after": "!"}, {"after": "Zm9v"}, {"after": "a"}, {"after": "é"}]
)
def test_a_limit_or_cursor_that_makes_no_sense_is_refused(params):
    assert code(Client(sandbox()).get("1001/owned_pages", **params)) == (100, 0)


def test_a_cursor_survives_what_comes_and_goes():
    box = sandbox(MANY)
    first = Client(box).get("1001/owned_pages", limit="2")
    Client(box).delete("1001/pages", page_id="72")
    rest = Client(box).get("1001/owned_pages", limit="1", after=first["paging"]["cursors"]["after"])
    assert rest["data"][0]["id"] == "73"


def test_the_next_address_carries_the_token_only_if_it_came_in_the_address():
    box = sandbox()
    quiet = Client(box).get("1001/owned_pages", limit="1")["paging"]["next"]
    query = {"access_token": "sandbox-1001", "limit": "1", "fields": "name"}
    loud = box.handle(Request("GET", "/v25.0/1001/owned_pages/", query=query)).json()["paging"]["next"]
    assert "access_token" not in quiet
    assert quiet.startswith("https://graph.facebook.com/v26.0/1001/owned_pages?limit=1&after=")
    assert loud.startswith("https://graph.facebook.com/v25.0/1001/owned_pages?access_token=sandbox-1001&")
    assert dict(parse_qsl(urlsplit(loud).query))["fields"] == "name"


def test_nested_listings_have_pages_of_their_own():
    client = Client(sandbox())
    fields = "name,agencies.limit(1).summary(true){id,access_status}"
    row = client.get("1001/owned_ad_accounts", fields=fields, limit="2")["data"][0]
    assert row["agencies"]["data"] == [{"id": "2002", "access_status": "CONFIRMED"}]
    assert "summary" not in row["agencies"]
    assert urlsplit(row["agencies"]["paging"]["next"]).path == "/v26.0/act_11/agencies"
    after = row["agencies"]["paging"]["cursors"]["after"]
    assert client.get("act_11/agencies", fields="id", after=after)["data"] == [{"id": "2003"}]


def test_two_levels_of_nesting_from_the_business():
    answer = Client(sandbox()).get("1001", fields="owned_ad_accounts.limit(1){agencies{id}}")
    assert [row["id"] for row in answer["owned_ad_accounts"]["data"][0]["agencies"]["data"]] == ["2002", "2003"]


def test_one_broken_asset_spoils_a_nested_listing_and_nothing_else():
    client = Client(sandbox())
    assert client.get("1001/owned_ad_accounts", fields="agencies{id}")["error"]["message"] == "not today"
    assert client.ask("GET", "act_14/agencies").status == 403
    assert client.get("act_14")["name"] == "Acme broken"
    assert "data" in client.get("1001/owned_ad_accounts", fields="agencies{id}", limit="3")
    assert code(client.get("1001/owned_pages", fields="agencies{id}")) == (190, 0), "each Page needs its own token"


def test_a_nested_listing_may_be_refused_as_too_large():
    client = Client(sandbox(expansion=False))
    assert client.get("1001/owned_ad_accounts", fields="agencies{id}")["error"]["is_transient"] is True
    assert "agencies" in client.get("act_11", fields="agencies{id}")


def test_an_unknown_edge_or_path_is_refused():
    client = Client(sandbox())
    assert code(client.get("act_11/partners")) == (2500, 0)
    assert code(client.get("act_11/agencies/2002")) == (100, 33)
    assert code(client.get("")) == (100, 33)
    assert client.ask("PUT", "act_11").status == 400


@pytest.mark.parametrize(("version", "expected"), [("v20.0", 2635), ("v27.0", 2500)])
def test_a_version_out_of_service_is_refused(version, expected):
    box = sandbox()
    answer = box.handle(Request("GET", f"/{version}/me", query={"access_token": "sandbox-1001"}))
    assert code(answer.json())[0] == expected


def proof(token: str) -> str:
    return hmac.new(b"hush", token.encode(), hashlib.sha256).hexdigest()


def test_every_token_needs_its_own_proof_once_the_app_has_a_secret():
    client = Client(sandbox(WORLD + "app_secret: hush\n"))
    token = client.get("71", fields="access_token", appsecret_proof=proof(client.token))["access_token"]
    page = Client(client.sandbox, token)
    assert code(client.get("me")) == (100, 0)
    assert code(client.get("me", appsecret_proof="é")) == (104, 0)
    assert code(page.get("71/agencies", appsecret_proof=proof(client.token))) == (104, 0)
    assert "data" in page.get("71/agencies", appsecret_proof=proof(token))


def test_answers_tell_how_much_of_the_quotas_is_used():
    headers = Client(sandbox()).ask("GET", "act_11").headers
    assert headers["facebook-api-version"] == "v26.0"
    assert headers["X-Ad-Account-Usage"].startswith('{"acc_id_util_pct":1.0,')
    assert '"estimated_time_to_regain_access":0' in headers["X-Business-Use-Case-Usage"]
    assert headers["X-App-Usage"] == '{"call_count":1,"total_cputime":1,"total_time":1}'

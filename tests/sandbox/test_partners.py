"""The business-level listings of agencies and clients, which may lie, say less or be shut."""

from __future__ import annotations

import pytest

from .worlds import WORLD, Client, code, sandbox

LIES = WORLD.replace(
    "pages:\n",
    """
  "31": {name: Left out, owner: "1001", partners_miss: ["2002"], agencies: {"2002": [ANALYZE], "2003": [ANALYZE]}}
  "32": {name: Made up, owner: "1001", partners_invent: {"2002": [MANAGE]}, agencies: {"2003": [ANALYZE]}}
pages:
""",
)
FIELDS = "adaccount_permissions,page_permissions"


def told(client: Client, path: str) -> dict[str, dict[str, list[str]]]:
    """Return partner -> ad account -> tasks as the listing tells them."""
    rows = client.get(path, fields=FIELDS)["data"]
    return {row["id"]: {one["id"]: one["permitted_tasks"] for one in row["adaccount_permissions"]} for row in rows}


def test_the_listings_of_a_business_may_leave_access_out_and_make_it_up():
    client = Client(sandbox(LIES))
    found = told(client, "1001/agencies")
    assert found["2002"] == {"11": ["ADVERTISE", "ANALYZE"], "32": ["MANAGE"]}
    assert found["2003"] == {"11": ["ANALYZE"], "31": ["ANALYZE"], "32": ["ANALYZE"]}
    assert told(Client(client.sandbox, "sandbox-2002"), "2002/clients") == {"1001": found["2002"]}


def test_the_asset_itself_tells_the_truth():
    client = Client(sandbox(LIES))
    agency = Client(client.sandbox, "sandbox-2002")
    assert [row["id"] for row in client.get("act_31/agencies")["data"]] == ["2002", "2003"]
    assert [row["id"] for row in client.get("act_32/agencies")["data"]] == ["2003"]
    assert [row["id"] for row in agency.get("2002/client_ad_accounts")["data"]] == ["act_11", "act_31"]
    assert code(agency.get("act_32")) == (100, 33)


def test_the_listings_of_a_business_may_be_without_status_and_times():
    client = Client(sandbox(partners_status=False))
    (mediahouse, dataco) = client.get("1001/agencies", fields=FIELDS)["data"]
    assert dataco["adaccount_permissions"] == [{"id": "11", "permitted_tasks": ["ANALYZE"]}]
    assert mediahouse["page_permissions"] == [{"id": "71", "permitted_tasks": ["ANALYZE"]}]
    row = client.get("act_11/agencies", fields="access_status")["data"][1]
    assert row["access_status"] == "CLIENT_RESPONSE_PENDING", "the asset's own listing has it"


def test_the_agencies_of_a_business_may_be_shut():
    client = Client(sandbox(partners="refused"))
    assert code(client.get("1001/agencies")) == (100, 0)
    assert code(client.get("1001", fields="agencies{id}")) == (100, 0)
    assert "data" in Client(client.sandbox, "sandbox-2002").get("2002/clients")
    assert "data" in client.get("act_11/agencies")


COUNTED = [("2002", "clients", 1), ("2002", "client_ad_accounts", 1), ("2002", "client_pages", 1)]
UNCOUNTED = [("1001", "owned_ad_accounts"), ("1001", "agencies"), ("2003", "pending_client_ad_accounts")]


@pytest.mark.parametrize(("business", "edge", "total"), COUNTED)
@pytest.mark.parametrize(("off", "shown"), [(0, 0), (2, 2), (-1, -1), (-5, -1)])
def test_three_listings_count_their_rows_and_may_count_wrong(business, edge, total, off, shown):
    client = Client(sandbox(total_count_off_by=off), f"sandbox-{business}")
    answer = client.get(f"{business}/{edge}", summary="true")
    assert answer["summary"] == {"total_count": total + shown}
    assert "summary" not in client.get(f"{business}/{edge}")


@pytest.mark.parametrize(("business", "edge"), UNCOUNTED)
def test_the_other_listings_do_not_count(business, edge):
    assert "summary" not in Client(sandbox(), f"sandbox-{business}").get(f"{business}/{edge}", summary="true")

"""Assets that are no longer where they were: hidden, gone, moved, nobody's, not yet listed."""

from __future__ import annotations

import pytest

from .worlds import WORLD, Client, code, sandbox

TEXT = WORLD.replace(
    "pages:\n",
    """
  "21": {name: Sold, owner: "2003", visible_to: ["1001"], agencies: {"2002": [ANALYZE]}}
  "22": {name: Of a person, personal: true, visible_to: ["1001"], agencies: {"2002": [ANALYZE]}}
  "23": {name: New here, owner: "1001", unlisted: true, agencies: {"2002": [ANALYZE]}}
  "24": {name: Sold and shut, owner: "2003", visible_to: ["1001"], hidden: true}
pages:
  "81": {name: Sold Page, owner: "2003", visible_to: ["1001"]}
  "82": {name: Page of a person, personal: true, visible_to: ["1001"]}
""",
)
TEXT += 'gone: ["act_91", "92"]\n'
OWNER = "id,name,owner_business{id,name},business{id}"


def owner() -> Client:
    return Client(sandbox(TEXT))


def test_a_hidden_asset_and_an_unknown_one_look_alike():
    assert code(owner().get("act_15")) == code(owner().get("act_99")) == code(owner().get("99")) == (100, 33)


@pytest.mark.parametrize("path", ["act_91", "92", "act_91/agencies"])
def test_an_asset_that_is_gone_does_not_exist(path):
    answer = owner().get(path)
    assert code(answer) == (803, 0)
    assert answer["error"]["message"].startswith("(#803) Some of the aliases you requested do not exist: ")


@pytest.mark.parametrize(("node", "name"), [("act_21", "Sold"), ("81", "Sold Page")])
def test_who_owned_an_asset_before_sees_to_whom_it_went_and_not_who_has_access(node, name):
    client = owner()
    assert client.get(node, fields=OWNER) == {
        "id": node,
        "name": name,
        "owner_business": {"id": "2003", "name": "Dataco"},
        "business": {"id": "2003"},
    }
    assert code(client.get(f"{node}/agencies"))[0] in (190, 200)
    assert code(client.get(node, fields="agencies{id}"))[0] in (190, 200)
    assert code(client.post("act_21/agencies", business="2002", permitted_tasks=["ANALYZE"])) == (10, 0)


def test_who_may_look_gets_no_page_token_and_no_row():
    client = owner()
    assert client.get("81", fields="access_token") == {"id": "81"}
    assert "act_21" not in str(client.get("1001/owned_ad_accounts"))
    assert code(Client(client.sandbox, "sandbox-2002").get("81")) == (100, 33)


def test_what_is_hidden_stays_hidden_from_who_owned_it_before():
    assert code(owner().get("act_24")) == (100, 33)


def test_an_asset_of_a_person_has_no_owning_business():
    client = owner()
    assert client.get("act_22", fields=OWNER + ",owner") == {"id": "act_22", "name": "Of a person", "owner": "100022"}
    assert client.get("82", fields=OWNER) == {"id": "82", "name": "Page of a person"}
    for business in ("1001", "2002", "2003"):
        lister = Client(client.sandbox, f"sandbox-{business}")
        assert "act_22" not in str(lister.get(f"{business}/owned_ad_accounts"))


def test_a_share_of_a_persons_asset_has_no_client():
    agency = Client(owner().sandbox, "sandbox-2002")
    assert "act_22" in str(agency.get("2002/client_ad_accounts"))
    rows = agency.get("2002/clients", fields="adaccount_permissions")["data"]
    assert [(row["id"], [one["id"] for one in row["adaccount_permissions"]]) for row in rows] == [
        ("1001", ["11"]),
        ("2003", ["21"]),
    ]


def test_an_asset_that_is_not_listed_yet_can_be_read_by_id():
    client = owner()
    assert client.get("act_23")["name"] == "New here"
    assert client.get("act_23/agencies")["data"] == [{"id": "2002", "name": "Mediahouse Ltd"}]
    assert Client(client.sandbox, "sandbox-2002").get("act_23")["id"] == "act_23"


@pytest.mark.parametrize(
    ("business", "path"),
    [("1001", "owned_ad_accounts"), ("2002", "client_ad_accounts"), ("1001", "agencies"), ("2002", "clients")],
)
def test_an_asset_that_is_not_listed_yet_is_in_no_listing(business, path):
    fields = "adaccount_permissions" if path in ("agencies", "clients") else "id"
    answer = Client(owner().sandbox, f"sandbox-{business}").get(f"{business}/{path}", fields=fields)
    assert answer["data"]
    assert "23'" not in str(answer["data"])

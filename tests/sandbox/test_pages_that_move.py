"""Pages of a listing: the way back, positions that move, and too much in one page."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest

from .worlds import WORLD, Client, code, sandbox

OWNED = "1001/owned_ad_accounts"
HERE = ["act_11", "act_12", "act_13", "act_14"]


def parameters(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query))


def walk(client: Client, path: str = OWNED, way: str = "next", **params: str) -> list[list[str]]:
    """Follow one way as far as it leads; return the ids of each page."""
    pages = []
    while True:
        answer = client.get(path, **params)
        pages.append([row["id"] for row in answer["data"]])
        if way not in answer.get("paging", {}):
            return pages
        params = parameters(answer["paging"][way])


@pytest.mark.parametrize("paging", ["cursor", "offset"])
def test_previous_leads_back_page_by_page(paging):
    client = Client(sandbox(paging=paging))
    answer = client.get(OWNED, limit="1", fields="name")
    assert "previous" not in answer["paging"]
    while "next" in answer["paging"]:
        answer = client.get(OWNED, **parameters(answer["paging"]["next"]))
    assert parameters(answer["paging"]["previous"])["fields"] == "name"
    back = walk(client, way="previous", **parameters(answer["paging"]["previous"]))
    assert back == [["act_13"], ["act_12"], ["act_11"]]


def test_previous_carries_the_token_only_if_it_came_in_the_address():
    client = Client(sandbox())
    after = client.get(OWNED, limit="1")["paging"]["cursors"]["after"]
    assert "access_token" not in client.get(OWNED, after=after)["paging"]["previous"]
    loud = Client(client.sandbox, "").get(OWNED, after=after, access_token="sandbox-1001")
    assert parameters(loud["paging"]["previous"])["access_token"] == "sandbox-1001"


def test_offset_paging_has_no_cursors():
    answer = Client(sandbox(paging="offset")).get(OWNED, limit="3", fields="id")
    assert answer["paging"].keys() == {"next"}
    assert parameters(answer["paging"]["next"]) == {"fields": "id", "limit": "3", "offset": "3"}
    assert Client(sandbox(paging="offset")).get(OWNED) == {
        "data": [{"id": node, "name": name} for node, name in zip(HERE, NAMES, strict=True)]
    }


NAMES = ["Acme DE", "Acme FR", "Acme slow", "Acme broken"]


@pytest.mark.parametrize("offset", ["-1", "x", "²"])
def test_an_offset_that_makes_no_sense_is_refused(offset):
    assert code(Client(sandbox(paging="offset")).get(OWNED, offset=offset)) == (100, 0)


@pytest.mark.parametrize(
    ("paging", "do", "pages"),
    [
        ("cursor", "remove_first", [["act_11", "act_12"], ["act_13", "act_14"]]),
        ("offset", "remove_first", [["act_11", "act_12"], ["act_14"]]),
        ("cursor", "add_first", [["act_11", "act_12"], ["act_13", "act_14"]]),
        ("offset", "add_first", [["act_11", "act_12"], ["act_12", "act_13"], ["act_14"]]),
    ],
)
def test_positions_move_when_a_listing_changes_while_it_is_read_and_cursors_do_not(paging, do, pages):
    client = Client(sandbox(faults=({"match": f"GET {OWNED}", "nth": 2, "do": do},), paging=paging))
    assert walk(client, limit="2") == pages


def test_what_was_removed_or_added_while_reading_stays_so():
    client = Client(sandbox(faults=({"match": "GET *", "do": "remove_first"}, {"match": "GET *", "do": "add_first"})))
    assert walk(client) == [["act_12", "act_13", "act_14"]]
    assert code(client.get("act_11")) == (100, 33), "this one is no listing: nothing is added"
    client = Client(sandbox(faults=({"match": "GET *", "do": "add_first"},)))
    assert walk(client) == [["act_10", *HERE]]
    assert client.get("act_10/agencies") == client.get("act_11/agencies")


@pytest.mark.parametrize(("business", "path"), [("2002", "client_pages"), ("1001", "owned_pages")])
def test_the_first_of_the_listing_called_for_is_the_one_that_goes(business, path):
    box = sandbox(faults=({"match": "GET *", "do": "remove_first"},))
    Client(box, f"sandbox-{business}").get(f"{business}/{path}")
    assert box.world.assets.keys() == sandbox().world.assets.keys() - {"71"}


def test_nothing_is_added_before_the_lowest_id_there_can_be():
    text = WORLD.replace('"11":', '"1":')
    client = Client(sandbox(text, faults=({"match": "GET *", "do": "add_first"},)))
    assert walk(client) == [["act_1", "act_12", "act_13", "act_14"]]


@pytest.mark.parametrize(("most", "status"), [(0, 200), (3, 200), (2, 500)])
def test_a_page_with_too_many_rows_is_too_much_data(most, status):
    answer = Client(sandbox(most_nested=most)).ask("GET", OWNED, limit="3")
    assert answer.status == status
    if status == 500:
        assert answer.json()["error"]["message"].startswith("Please reduce the amount of data you're asking for")
        assert code(answer.json()) == (1, 0)


@pytest.mark.parametrize(("most", "status"), [(2, 200), (1, 500)])
@pytest.mark.parametrize("fields", ["agencies{id}", "name,owner_business,agencies"])
def test_nested_rows_are_counted_in_all(most, status, fields):
    assert Client(sandbox(most_nested=most)).ask("GET", OWNED, limit="1", fields=fields).status == status


@pytest.mark.parametrize(("most", "status"), [(5, 200), (4, 500)])
def test_rows_of_every_depth_count(most, status):
    fields = "owned_ad_accounts.limit(3){agencies{id}}"
    assert Client(sandbox(most_nested=most)).ask("GET", "1001", fields=fields).status == status

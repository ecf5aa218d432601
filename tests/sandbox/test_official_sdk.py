"""Meta's own SDK as an independent client: what it understands, Meta's shapes must be."""

from __future__ import annotations

import gc
import warnings
from typing import TYPE_CHECKING, Any

import pytest

from accessctl.sandbox.server import serve

from .worlds import WORLD, sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the SDK's own imports, not ours to mend
    from facebook_business.adobjects.adaccount import AdAccount
    from facebook_business.adobjects.application import Application
    from facebook_business.adobjects.business import Business
    from facebook_business.api import FacebookAdsApi
    from facebook_business.exceptions import FacebookRequestError
    from facebook_business.session import FacebookSession

AGENCIES = "".join(f'  "3{n:03}": {{name: Agency {n}}}\n' for n in range(60))
GRANTS = "".join(f'      "3{n:03}": [ANALYZE]\n' for n in range(60))
HELD = '  "81": {name: Theirs, owner: "2002", agencies: {"1001": [ANALYZE]}}\n'
TEXT = (
    WORLD.replace("pages:\n", HELD + "pages:\n")
    .replace("tokens:\n", AGENCIES + "tokens:\n")
    .replace('      "2002": [ADVERTISE, ANALYZE]\n', '      "2002": [ADVERTISE, ANALYZE]\n' + GRANTS)
)


@pytest.fixture(params=["", "hush"])
def api(request, monkeypatch) -> Iterator[Any]:
    """Return the SDK's API object, with and without an app secret, against a sandbox on a socket."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    box = sandbox(TEXT + (f"app_secret: {request.param}\n" if request.param else ""), request_ad_accounts="open")
    with serve(box) as server:
        monkeypatch.setattr(FacebookSession, "GRAPH", server.url)
        session = FacebookSession(access_token="sandbox-1001", app_secret=request.param or None, timeout=10)
        made = FacebookAdsApi(session, api_version="v26.0")
        made.box = box
        yield made
        session.requests.close()
    del session, made
    gc.collect()


def test_the_sdk_pages_through_a_listing(api):
    found = AdAccount("act_11", api=api).get_agencies(fields=["id", "name"], params={"limit": 25})
    ids = [row["id"] for row in found]
    assert len(ids) == len(set(ids)) == 62
    assert Business("1001", api=api).get_client_ad_accounts(fields=["id"]).total() == 1
    owned = [account["id"] for account in Business("1001", api=api).get_owned_ad_accounts(fields=["id", "name"])]
    assert owned == ["act_11", "act_12", "act_13", "act_14"]


def test_the_sdk_grants_and_revokes(api):
    account = AdAccount("act_12", api=api)
    account.create_agency(params={"business": "2002", "permitted_tasks": ["ADVERTISE"]})
    assert api.box.world.assets["act_12"].agencies["2002"].tasks == ("ADVERTISE",)
    account.delete_agencies(params={"business": "2002"})
    assert api.box.world.assets["act_12"].agencies == {}
    waits = AdAccount("act_13", api=api).create_agency(params={"business": "2002", "permitted_tasks": ["ANALYZE"]})
    assert waits["requires_admin_approval"] is True


def test_the_sdk_reads_an_error(api):
    with pytest.raises(FacebookRequestError) as caught:
        AdAccount("act_12", api=api).create_agency(params={"business": "1001", "permitted_tasks": ["ADVERTISE"]})
    assert (caught.value.api_error_code(), caught.value.api_error_subcode()) == (3946, 1690061)
    assert caught.value.http_status() == 400


def test_the_sdk_makes_raw_calls(api):
    answer = api.call("GET", ("me",), params={"fields": "id,business"})
    assert answer.json()["business"]["id"] == "1001"
    deleted = api.call("DELETE", ("act_11", "agencies"), params={"business": "2002"})
    assert deleted.json() == {"success": True}


def test_the_sdk_sends_batches_and_resends_what_came_back_null(api):
    answers = []
    batch = api.new_batch()
    for method, path, params in (
        ("GET", ("act_11",), {"fields": "id,name"}),
        ("POST", ("act_12", "agencies"), {"business": "2002", "permitted_tasks": ["ANALYZE"]}),
        ("DELETE", ("act_11", "agencies"), {"business": "2002"}),
    ):
        batch.add(method, path, params=params, success=lambda answer: answers.append(answer.json()))
    assert batch.execute() is None
    assert answers == [{"id": "act_11", "name": "Acme DE"}, {"success": True}, {"success": True}]
    assert [write.path for write in api.box.write_log] == ["act_12/agencies", "act_11/agencies"]


def test_a_null_entry_comes_back_as_a_batch_of_its_own(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serve(sandbox(faults=({"match": "GET me", "do": "null_batch_entry"},))) as server:
        monkeypatch.setattr(FacebookSession, "GRAPH", server.url)
        session = FacebookSession(access_token="sandbox-1001", timeout=10)
        batch = FacebookAdsApi(session, api_version="v26.0").new_batch()
        batch.add("GET", ("me",))
        batch.add("GET", ("act_11",))
        left = batch.execute()
        assert len(left) == 1
        assert left.execute() is None
        session.requests.close()


def test_the_sdk_reads_the_app_as_a_raw_call_does(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    app = 'app: {id: "77", name: Our app, business: "1001", roles: {"611001": administrators}}\n'
    with serve(sandbox(TEXT + app)) as server:
        monkeypatch.setattr(FacebookSession, "GRAPH", server.url)
        session = FacebookSession(access_token="sandbox-1001", timeout=10)
        made = FacebookAdsApi(session, api_version="v26.0")
        node = Application("77", api=made).api_get(fields=["id", "name", "owner_business"])
        raw = made.call("GET", ("app",), params={"fields": "id,name,owner_business"}).json()
        assert (node["name"], node["owner_business"]["id"]) == (raw["name"], raw["owner_business"]["id"])
        assert [row["user"] for row in Application("77", api=made).get_roles()] == ["611001"]
        told = {row["permission"]: row["status"] for row in Application("77", api=made).get_permissions()}
        rows = made.call("GET", ("77", "permissions")).json()["data"]
        assert told == {row["permission"]: row["status"] for row in rows}
        assert told["ads_management"] == "live"
        session.requests.close()

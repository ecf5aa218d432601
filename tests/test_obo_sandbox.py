"""On-behalf-of requests in the sandbox: what Meta is known to do with them, and each thing nobody knows as a quirk."""

from __future__ import annotations

import gc
import json
import warnings

import jsonschema
import pytest
import yaml

from accessctl.sandbox import Sandbox, WorldError
from accessctl.sandbox.control import control
from accessctl.sandbox.saved import world_from_json, world_to_json
from accessctl.sandbox.server import serve
from accessctl.sandbox.wire import read_request
from tests.sandbox.worlds import SCHEMA, WORLD, Client, code, sandbox, world

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the SDK's own imports, not ours to mend
    from facebook_business.adobjects.adaccount import AdAccount
    from facebook_business.adobjects.businessownedobjectonbehalfofrequest import BusinessOwnedObjectOnBehalfOfRequest
    from facebook_business.api import FacebookAdsApi
    from facebook_business.session import FacebookSession

TEXT = (
    WORLD
    + """
obo_requests:
  "9001": {ad_account: "11", receiving: "1001", requesting: "2002"}
  "9002": {ad_account: act_11, receiving: "1001", requesting: "2003", status: APPROVE}
  "9003": {ad_account: "12", receiving: "2002", requesting: "1001", status: PENDING_INTEGRITY_REVIEW}
  "9004": {ad_account: "12", receiving: "2003", requesting: "1001", status: SOMETHING_NEW}
"""
)
FIELDS = "id,status,receiving_business,requesting_business,business_owned_object"
RECEIVED, SENT = (f"{way}_inprogress_onbehalf_requests" for way in ("received", "sent"))


def ids(answer: dict) -> list[str]:
    return [row["id"] for row in answer["data"]]


def test_a_request_shows_its_fields_and_the_ad_account_without_its_prefix():
    assert Client(sandbox(TEXT)).get("9001", fields=FIELDS) == {
        "id": "9001",
        "status": "IN_PROGRESS",
        "receiving_business": {"id": "1001", "name": "Acme GmbH"},
        "requesting_business": {"id": "2002", "name": "Mediahouse Ltd"},
        "business_owned_object": "11",
    }
    assert Client(sandbox(TEXT)).get("9001") == {"id": "9001"}


def test_a_request_comes_bare_or_in_a_list_of_one():
    bare = Client(sandbox(TEXT)).get("9001", fields="id,status")
    assert Client(sandbox(TEXT, obo_shape="list")).get("9001", fields="id,status") == {"data": [bare]}


@pytest.mark.parametrize(("token", "sees"), [("sandbox-1001", True), ("sandbox-2002", True), ("sandbox-2003", False)])
def test_the_owner_and_both_businesses_see_a_request_and_nobody_else(token, sees):
    answer = Client(sandbox(TEXT), token).get("9001", fields="status")
    assert ("status" in answer) is sees
    if not sees:
        assert code(answer) == (100, 33)


@pytest.mark.parametrize(
    ("token", "shown"), [("sandbox-1001", ["9001", "9002"]), ("sandbox-2002", ["9001"]), ("sandbox-2003", ["9002"])]
)
def test_the_owner_of_an_ad_account_sees_all_its_requests_and_others_their_own(token, shown):
    box = sandbox(TEXT)
    for _ in range(2):  # no caller gets the listing of another
        assert ids(Client(box, "sandbox-1001").get("act_11/onbehalf_requests")) == ["9001", "9002"]
        assert ids(Client(box, token).get("act_11/onbehalf_requests")) == shown


def test_who_has_no_part_in_an_ad_account_does_not_see_its_requests():
    assert code(Client(sandbox(TEXT), "sandbox-2002").get("act_13/onbehalf_requests")) == (100, 33)
    without = WORLD + 'obo_requests:\n  "9001": {ad_account: "11", receiving: "1001", requesting: "2003"}\n'
    assert code(Client(sandbox(without), "sandbox-2002").get("act_11/onbehalf_requests")) == (200, 0)


def test_the_filter_takes_three_words_and_stands_on_every_page():
    client = Client(sandbox(TEXT))
    assert ids(client.get("act_11/onbehalf_requests", status="APPROVE")) == ["9002"]
    assert ids(client.get("act_11/onbehalf_requests", status="DECLINE")) == []
    assert code(client.get("act_11/onbehalf_requests", status="PENDING")) == (100, 0)
    many = "".join(
        f'  "91{n:02}": {{ad_account: "11", receiving: "1001", requesting: "2002", '
        f"status: {('APPROVE', 'DECLINE')[n % 2]}}}\n"
        for n in range(6)
    )
    first = Client(sandbox(TEXT + many)).get("act_11/onbehalf_requests", status="DECLINE", limit="2")
    assert "status=DECLINE" in first["paging"]["next"]


def test_the_listings_of_a_whole_business_are_gone_unless_the_world_opens_them():
    for edge in (RECEIVED, SENT):
        answer = Client(sandbox(TEXT)).get(f"1001/{edge}")
        assert code(answer) == (100, 0)
        assert answer["error"]["message"].startswith("(#100) Tried accessing nonexisting field")
    client = Client(sandbox(TEXT, obo_business_edges="open"))
    assert client.get(f"1001/{RECEIVED}")["data"] == [{"id": "9001"}]
    assert ids(client.get(f"1001/{SENT}")) == []  # both of them are not in progress
    assert ids(Client(client.sandbox, "sandbox-2002").get(f"2002/{SENT}")) == ["9001"]
    assert code(client.get(f"2002/{SENT}")) == (200, 0)


def test_its_sender_cancels_a_request_that_waits_and_it_stays_to_be_seen():
    client = Client(sandbox(TEXT), "sandbox-2002")
    assert client.delete("9001") == {"success": "true"}
    assert client.get("9001", fields="status")["status"] == "CANCELED"
    (write,) = client.sandbox.write_log
    assert (write.method, write.path, write.by) == ("DELETE", "9001", "2002")
    assert code(client.delete("9001")) == (100, 0)
    assert Client(sandbox(TEXT, obo_success="boolean"), "sandbox-2002").delete("9001") == {"success": True}


@pytest.mark.parametrize(
    ("token", "request_id", "refused"),
    [
        ("sandbox-1001", "9001", (200, 0)),  # who got it
        ("sandbox-2003", "9002", (100, 0)),  # approved
        ("sandbox-1001", "9004", (100, 0)),  # a status nobody knows
        ("sandbox-2003", "9001", (100, 33)),  # who has no part in it
        ("reader", "9003", (200, 0)),  # an employee
    ],
)
def test_nobody_else_cancels_and_nothing_that_has_ended_is(token, request_id, refused):
    client = Client(sandbox(TEXT), token)
    assert code(client.delete(request_id)) == refused
    assert client.sandbox.write_log == ()


def test_a_world_may_refuse_every_cancel():
    assert code(Client(sandbox(TEXT, obo_cancel="refused"), "sandbox-2002").delete("9001")) == (100, 33)


@pytest.mark.parametrize(("is_yes", "status"), [(True, "APPROVE"), (False, "DECLINE")])
def test_whoever_got_a_request_says_yes_or_no_once(is_yes, status):
    box = sandbox(TEXT)
    assert [one.id for one in box.pending_obo()] == ["9001", "9003"]
    box.answer_obo("9001", is_yes=is_yes)
    assert Client(box).get("9001", fields="status")["status"] == status
    with pytest.raises(WorldError, match="has ended"):
        box.answer_obo("9001", is_yes=is_yes)
    with pytest.raises(WorldError, match="no on-behalf-of request 77"):
        box.answer_obo("77", is_yes=is_yes)


def test_people_answer_a_request_over_http():
    box = sandbox(TEXT)

    def ask(method: str, path: str, body: bytes = b"") -> dict:
        answer = control(box, read_request(method, path, {}, body))
        assert answer is not None
        return answer.json()

    assert [one["id"] for one in ask("GET", "/sandbox/pending")["obo"]] == ["9001", "9003"]
    assert ask("POST", "/sandbox/decline", b"obo=9001") == {"success": True}
    assert box.world.obo_requests["9001"].status == "DECLINE"


def test_people_answer_a_request_at_the_terminal_by_its_id_alone(run, tmp_path):
    (tmp_path / "w.yaml").write_text(TEXT)
    assert "9001  Mediahouse Ltd asks to act on behalf of Acme GmbH on Acme DE: IN_PROGRESS" in (
        run("sandbox", "accept", "w.yaml").stdout.splitlines()
    )
    assert run("sandbox", "accept", "w.yaml", "9001").returncode == 0
    assert "9001" not in run("sandbox", "decline", "w.yaml").stdout
    assert run("sandbox", "accept", "w.yaml", "9001").stderr.startswith("error: on-behalf-of request 9001 has ended")
    assert run("sandbox", "accept", "w.yaml", "11").returncode == 64


def test_a_saved_world_has_its_requests():
    client = Client(sandbox(TEXT), "sandbox-2002")
    client.delete("9001")
    again = world_from_json(world_to_json(client.sandbox.world))
    assert again == client.sandbox.world
    assert again.obo_requests["9001"].status == "CANCELED"
    assert Sandbox(again).write_log == client.sandbox.write_log


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('"9001": {ad_account: "99", receiving: "1001", requesting: "2002"}', 'no ad account "99"'),
        ('"9001": {ad_account: "11", receiving: "77", requesting: "2002"}', 'no business "77"'),
        ('"9001": {ad_account: "11", receiving: "1001", requesting: "1001"}', "a business asks itself"),
        ('"1001": {ad_account: "11", receiving: "1001", requesting: "2002"}', "the id is also a business or a Page"),
        ('"x": {ad_account: "11", receiving: "1001", requesting: "2002"}', "no id"),
        ('"9001": {ad_account: "11", receiving: "1001"}', "requesting is missing"),
        (
            '"9001": {ad_account: "11", receiving: "1001", requesting: "2002", status: hi}',
            "does not look like a status",
        ),
    ],
)
def test_a_request_that_does_not_fit_its_world_is_refused(line, said):
    with pytest.raises(WorldError, match=said):
        world(f"{WORLD}obo_requests:\n  {line}\n")


def test_the_schema_takes_the_world():
    jsonschema.validate(yaml.safe_load(TEXT), json.loads(SCHEMA.read_text()))


def test_the_sdk_reads_and_cancels_requests(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serve(sandbox(TEXT)) as server:
        monkeypatch.setattr(FacebookSession, "GRAPH", server.url)
        session = FacebookSession(access_token="sandbox-2002", timeout=10)
        api = FacebookAdsApi(session, api_version="v26.0")
        (found,) = AdAccount("act_11", api=api).get_on_behalf_requests(fields=["id", "status"])
        assert (found["id"], found["status"]) == ("9001", "IN_PROGRESS")
        one = BusinessOwnedObjectOnBehalfOfRequest("9001", api=api).api_get(fields=FIELDS.split(","))
        assert one["requesting_business"]["id"] == "2002"
        assert api.call("DELETE", ("9001",)).json() == {"success": "true"}
        session.requests.close()
    del session, api, found, one
    gc.collect()

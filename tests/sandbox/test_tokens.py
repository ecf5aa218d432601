"""What a token is worth: its kind, its end, its permissions, and whose it is."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator, Draft202012Validator
from referencing import Registry

from accessctl.sandbox import WorldError
from accessctl.sandbox.saved import world_from_json, world_to_json
from accessctl.sandbox.worldfile import world_of
from accessctl.sandbox.yamltree import read_yaml

from .worlds import SCHEMA, WORLD, Client, code, sandbox, world

TOKENS = """tokens:
  person: {business: "1001", kind: user}
  of-page: {business: "1001", kind: page, page: "71"}
  ending: {business: "1001", expires: "2026-11-21T09:00:01Z", data_access_expires: "2026-12-01T00:00:00Z"}
  ended: {business: "1001", expires: "2026-11-21T09:00:00Z"}
  no-ads: {business: "1001", scopes: [business_management], not_granted: {ads_management: declined, email: expired}}
  no-business: {business: "1001", scopes: [ads_management, pages_show_list], app: {id: "77", name: Other app}}
  ads-reader: {business: "1001", scopes: [ads_read]}
  pages-only: {business: "1001", scopes: [pages_manage_metadata, pages_show_list]}
  narrow: {business: "1001", granular_scopes: {ads_management: ["11"], pages_show_list: []}}
  other: {business: "2002", kind: user, role: employee, expired: false}
"""
TEXT = WORLD.replace("tokens:\n", TOKENS).replace(
    "verification_status: verified", "verification_status: verified, two_factor_type: all_required"
)


def client(token: str, text: str = TEXT) -> Client:
    return Client(sandbox(text), token)


def described(token: str) -> dict:
    return client("sandbox-1001").get("debug_token", input_token=token)["data"]


def test_a_user_token_is_a_person():
    person = client("person")
    assert person.get("me", fields="id,name,is_work_account,client_business_id") == {
        "id": "511001",
        "name": "Person of Acme GmbH",
        "is_work_account": False,
        "client_business_id": "1001",
    }
    assert described("person")["type"] == "USER"
    assert described("person")["user_id"] == "511001"


def test_a_page_token_of_the_world_file_is_its_page():
    assert client("of-page").get("me") == {"id": "71", "name": "Acme Page"}
    assert (described("of-page")["type"], described("of-page")["profile_id"]) == ("PAGE", "71")
    assert "error" in client("of-page").get("me/permissions")


def test_a_token_ends_by_the_clock_of_the_sandbox():
    ending = client("ending")
    assert ending.get("me")["id"] == "611001"
    ending.post("act_11/agencies", business="2003", permitted_tasks=["ANALYZE"])
    assert code(ending.get("me")) == (190, 463)
    assert code(client("ended").get("me")) == (190, 463)


def test_debug_token_tells_when_a_token_ends_and_never_is_0():
    assert (described("ending")["expires_at"], described("ending")["data_access_expires_at"]) == (
        1795251601,
        1796083200,
    )
    assert described("sandbox-1001")["expires_at"] == 0
    assert described("ended")["error"]["subcode"] == 463


def test_debug_token_tells_the_app_and_the_permissions():
    told = described("no-business")
    assert (told["app_id"], told["application"]) == ("77", "Other app")
    assert told["scopes"] == ["ads_management", "pages_show_list"]
    assert told["granular_scopes"] == []
    assert described("narrow")["granular_scopes"] == [
        {"scope": "ads_management", "target_ids": ["11"]},
        {"scope": "pages_show_list", "target_ids": []},
    ]


def test_me_lists_its_permissions():
    told = {one["permission"]: one["status"] for one in client("no-ads").get("me/permissions")["data"]}
    assert told == {"business_management": "granted", "ads_management": "declined", "email": "expired"}
    assert described("no-ads")["scopes"] == ["business_management"]


def test_debug_token_may_be_closed_to_all_but_app_tokens():
    caller = Client(sandbox(TEXT, debug_token="app_token"), "sandbox-1001")
    assert code(caller.get("debug_token", input_token="sandbox-1001"))[0] == 100
    assert caller.get("me/permissions")["data"]


@pytest.mark.parametrize(
    ("token", "path", "params"),
    [
        ("no-business", "1001/owned_ad_accounts", {}),
        ("no-business", "1001/system_users", {}),
        ("no-business", "act_11", {"fields": "id,business"}),
        ("no-ads", "act_11/agencies", {}),
    ],
)
def test_a_read_without_its_permission_is_refused(token, path, params):
    assert code(client(token).get(path, **params)) == (200, 0)


def test_what_needs_no_permission_that_is_missing_goes_on():
    assert client("no-business").get("act_11/agencies")["data"]
    assert client("ads-reader").get("act_11/agencies")["data"]
    assert client("no-ads").get("1001/owned_ad_accounts")["data"]


@pytest.mark.parametrize("token", ["no-ads", "ads-reader"])
def test_writing_on_an_ad_account_takes_ads_management(token):
    caller = client(token)
    assert code(caller.post("act_11/agencies", business="2003", permitted_tasks=["ANALYZE"])) == (200, 0)
    assert code(caller.delete("act_11/agencies", business="2002")) == (200, 0)
    assert caller.sandbox.write_log == ()


@pytest.mark.parametrize(("token", "given"), [("no-ads", True), ("pages-only", True), ("ads-reader", False)])
def test_a_page_token_takes_business_management_or_both_permissions_of_pages(token, given):
    assert ("access_token" in client(token).get("71", fields="access_token")) is given


def test_a_system_user_stands_among_those_of_its_business():
    caller = client("sandbox-1001")
    assert caller.get("1001/system_users", fields="id,name,role")["data"] == [
        {"id": caller.get("me")["id"], "name": "System user of Acme GmbH", "role": "ADMIN"}
    ]
    assert client("reader").get("1001/system_users", fields="role")["data"][0]["role"] == "EMPLOYEE"
    assert code(client("sandbox-2002").get("1001/system_users")) == (200, 0)


def test_a_person_knows_the_businesses_of_the_person():
    rows = client("person").get("me/business_users", fields="id,business")["data"]
    assert rows == [{"id": "411001", "business": {"id": "1001", "name": "Acme GmbH"}}]
    assert client("sandbox-1001").get("1001/business_users")["data"] == [
        {"id": "411001", "name": "Person of Acme GmbH"}
    ]
    assert client("sandbox-2003").get("2003/business_users")["data"] == []


def test_a_business_tells_of_whom_it_asks_two_factor_authentication():
    caller = client("sandbox-1001")
    assert caller.get("1001", fields="two_factor_type")["two_factor_type"] == "all_required"
    assert caller.get("2002", fields="two_factor_type")["two_factor_type"] == "none"


def test_a_token_that_expires_by_mishap_keeps_its_kind():
    box = sandbox(TEXT, faults=({"match": "GET me", "do": "token_expired"},))
    Client(box, "person").get("me")
    assert box.world.tokens["person"].kind == "user"
    assert box.world.tokens["person"].expired


def test_saved_tokens_are_the_same_tokens():
    assert world_from_json(world_to_json(world(TEXT))) == world(TEXT)


BAD = {
    '{business: "1001", kind: robot}': "tokens.t.kind: unknown word 'robot'",
    '{business: "1001", kind: page}': "tokens.t: page is missing",
    '{business: "1001", page: "71"}': "tokens.t.page: only a token of the kind page has one",
    '{business: "1001", kind: page, page: "79"}': 'tokens.t.page: no Page "79"',
    '{business: "1001", scopes: [ADS]}': "tokens.t.scopes[0]: 'ADS' does not look like a permission",
    '{business: "1001", scopes: [ads_read, ads_read]}': "tokens.t.scopes: a permission twice",
    '{business: "1001", granular_scopes: {ads_read: [act_1]}}': "tokens.t.granular_scopes.ads_read[0]: 'act_1'",
    '{business: "1001", expires: soon}': "tokens.t.expires: 'soon' is no time",
    '{business: "1001", app: {id: x}}': "tokens.t.app.id: no id",
    '{business: "1001", not_granted: {ADS: declined}}': "tokens.t.not_granted.ADS: 'ADS' does not look like",
    '{business: "1001", not_granted: {email: granted}}': "tokens.t.not_granted.email: unknown word 'granted'",
}
VALIDATORS = [
    one(json.loads(SCHEMA.read_text()), registry=Registry()) for one in (Draft7Validator, Draft202012Validator)
]
BEYOND = ("no Page", "no business")


def mistake(tree: object) -> str:
    try:
        world_of(tree, "w")
    except WorldError as error:
        return error.what
    return ""


def agrees(tree: object) -> bool:
    what = mistake(tree)
    return all(one.is_valid(tree) != bool(what) or any(word in what for word in BEYOND) for one in VALIDATORS)


@pytest.mark.parametrize("token", BAD)
def test_a_mistake_in_a_token_is_named_and_the_schema_knows_it(token):
    tree = read_yaml(WORLD.replace("tokens:\n", f"tokens:\n  t: {token}\n"), "w")
    assert mistake(tree).startswith(f"w: {BAD[token]}")
    assert agrees(tree)


TOKEN_KEYS = st.sampled_from(
    ["kind", "page", "scopes", "granular_scopes", "expires", "data_access_expires", "app", "role", "x"]
)
WORDS = st.sampled_from(["", "user", "page", "71", "ads_read", "2026-11-21T09:00:00Z", "11"])
VALUES = st.recursive(
    WORDS | st.none() | st.booleans(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["id", "name", "ads_read"]), inner),
    max_leaves=4,
)


@given(st.dictionaries(TOKEN_KEYS, VALUES, max_size=4))
def test_schema_and_code_agree_on_any_token(token):
    tree = read_yaml(TEXT, "w")
    tree["tokens"]["t"] = {"business": "1001", **token}
    assert agrees(tree), mistake(tree)


APP_TOKEN = "4242424242424242|shh"
WITH_SECRET = f"{TEXT}\napp_secret: shh\n"


def test_an_app_token_tells_what_any_token_is_worth_and_who_has_a_role():
    app = client(APP_TOKEN, WITH_SECRET)
    assert app.get("debug_token", input_token="sandbox-1001")["data"]["is_valid"] is True
    assert app.get("app")["id"] == app.get("4242424242424242")["id"] == "4242424242424242"
    assert app.get("app/roles") == {"data": []}
    assert {row["status"] for row in app.get("app/permissions")["data"]} == {"live"}
    refused = sandbox(WITH_SECRET, debug_token="app_token", app_roles="app_token", app_permissions="app_token")
    for path in ("debug_token", "app/roles", "app/permissions"):
        assert "data" in Client(refused, APP_TOKEN).get(path, input_token="sandbox-1001")


def test_an_app_token_sees_no_business_and_writes_nothing():
    app = client(APP_TOKEN, WITH_SECRET)
    for path in ("me", "me/permissions", "1001", "1001/owned_ad_accounts", "act_11", "act_11/agencies"):
        assert "error" in app.get(path), path
    assert "error" in app.post("act_12/agencies", business="2002", permitted_tasks=["ANALYZE"])
    assert app.sandbox.write_log == ()


@pytest.mark.parametrize("token", ["4242424242424242|other", "4242424242424242|", "77777|shh", "|shh", "shh"])
def test_only_the_id_and_the_secret_of_an_app_are_an_app_token(token):
    assert code(client(token, WITH_SECRET).get("app")) == (190, 0)


def test_a_world_without_a_secret_has_no_app_token():
    assert code(client("4242424242424242|").get("app")) == (190, 0)

"""The app: who claims it, what App Review says, roles, access verification, its tier, and further system users."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft7Validator, Draft202012Validator
from referencing import Registry

from accessctl.doctor.verification import PERMISSIONS
from accessctl.sandbox import WorldError
from accessctl.sandbox.app import VERIFIED
from accessctl.sandbox.saved import world_from_json, world_to_json
from accessctl.sandbox.worldfile import world_of
from accessctl.sandbox.yamltree import read_yaml

from .worlds import SCHEMA, WORLD, Client, code, sandbox, world

CLAIMED = """app:
  id: "77"
  name: Our app
  business: "1001"
  permissions: {ads_management: live, business_management: unapproved}
  roles: {%s}
"""
GRANT = {"business": "2003", "permitted_tasks": ["ANALYZE"]}
SYSTEM_USER, PERSON = '"611001": administrators', '"511001": developers'


def client(app: str, token: str = "sandbox-1001", text: str = WORLD, **quirks: object) -> Client:
    return Client(sandbox(text + app, **quirks), token)


def claimed(roles: str = "", token: str = "sandbox-1001", text: str = WORLD, **quirks: object) -> Client:
    return client(CLAIMED % roles, token, text, **quirks)


def test_the_app_of_a_token_answers_by_its_id_and_as_app():
    caller = claimed(SYSTEM_USER)
    whole = {
        "id": "77",
        "name": "Our app",
        "business": {"id": "1001", "name": "Acme GmbH"},
        "owner_business": {"id": "1001", "name": "Acme GmbH"},
    }
    fields = "id,name,business,owner_business"
    assert caller.get("app", fields=fields) == caller.get("77", fields=fields) == whole
    assert caller.get("app") == {"id": "77", "name": "Our app"}
    assert caller.get("debug_token", input_token="sandbox-1001")["data"]["app_id"] == "77"


def test_an_app_that_no_business_claims_has_no_business():
    assert client("").get("app", fields="id,business") == {"id": "4242424242424242"}


def test_no_other_app_is_to_be_seen():
    assert code(claimed().get("4242424242424242")) == (100, 33)


def test_a_token_may_have_an_app_of_its_own():
    text = WORLD.replace("tokens:\n", 'tokens:\n  other: {business: "2002", app: {id: "78", business: "2002"}}\n')
    assert claimed("", "other", text).get("app", fields="business")["business"]["id"] == "2002"
    assert claimed("", "reader", text).get("app")["id"] == "77"


def test_no_field_shows_whether_a_business_is_a_tech_provider():
    caller = claimed(text=WORLD.replace("name: Acme GmbH,", "name: Acme GmbH, tech_provider: true,"))
    for field in ("tech_provider", "is_tech_provider", "access_verification"):
        assert code(caller.get("1001", fields=field))[0] == 100
        assert code(caller.get("app", fields=field))[0] == 100


def test_the_claimant_is_not_told_without_business_management():
    text = WORLD.replace("tokens:\n", 'tokens:\n  no-business: {business: "1001", scopes: [ads_management]}\n')
    caller = claimed("", "no-business", text)
    assert code(caller.get("app", fields="id,business")) == (200, 0)
    assert caller.get("app")["name"] == "Our app"


def test_permissions_and_roles_are_listed_without_ids():
    caller = claimed(SYSTEM_USER)
    assert caller.get("app/permissions")["data"] == [
        {"permission": "ads_management", "status": "live"},
        {"permission": "business_management", "status": "unapproved"},
    ]
    assert caller.get("77/roles")["data"] == [{"app_id": "77", "user": "611001", "role": "administrators"}]


@pytest.mark.parametrize(
    ("token", "roles", "may"),
    [
        ("sandbox-1001", "", True),  # of the claimant
        ("sandbox-2002", "", False),
        ("sandbox-2002", '"612002": developers', True),
    ],
)
def test_roles_are_listed_to_the_claimant_and_to_who_has_one(token, roles, may):
    assert ("data" in claimed(roles, token).get("app/roles")) is may


@pytest.mark.parametrize("edge", ["roles", "permissions"])
def test_both_listings_may_be_closed_to_all_but_app_tokens(edge):
    assert code(claimed(SYSTEM_USER, **{f"app_{edge}": "app_token"}).get(f"app/{edge}")) == (200, 0)


# Access verification, as Meta's page describes the endpoint.

NEEDS_ONE = (
    ("GET", "1001/owned_ad_accounts", {}),
    ("GET", "1001/system_users", {}),
    ("GET", "act_11/agencies", {}),
    ("GET", "71", {"fields": "access_token"}),
    ("POST", "act_12/agencies", GRANT),
    ("POST", "1001/client_pages", {"page_id": "72"}),
)
NEEDS_NONE = (("GET", "me", {}), ("GET", "1001", {}), ("GET", "app/permissions", {}), ("GET", "app", {}))


def test_the_permissions_are_those_of_metas_page():
    assert frozenset(PERMISSIONS) == VERIFIED


@pytest.mark.parametrize("provider", [False, True])
@pytest.mark.parametrize("roles", ["", SYSTEM_USER, PERSON])
@pytest.mark.parametrize("is_claimed", [False, True])
def test_a_role_or_a_tech_provider_opens_an_app_that_a_business_claims(is_claimed, roles, provider):
    text = WORLD.replace("name: Acme GmbH,", f"name: Acme GmbH, tech_provider: {str(provider).lower()},")
    caller = client(CLAIMED % roles if is_claimed else "", text=text)
    is_taken = not is_claimed or roles == SYSTEM_USER or provider
    for method, path, params in NEEDS_ONE[:4]:
        answer = caller.ask(method, path, **params)
        assert (answer.status == 200) is is_taken, path
    for method, path, params in NEEDS_NONE:
        assert caller.ask(method, path, **params).status == 200, path


@pytest.mark.parametrize("number", [200, 10])
@pytest.mark.parametrize(("method", "path", "params"), NEEDS_ONE)
def test_what_is_refused_names_verification_and_does_nothing(method, path, params, number):
    caller = claimed(unverified_code=number)
    answer = caller.ask(method, path, **params)
    assert (answer.status, code(answer.json())) == (403, (number, 0))
    assert "access verification" in answer.json()["error"]["message"]
    assert caller.sandbox.write_log == ()


def test_a_person_is_known_by_the_persons_own_role():
    text = WORLD.replace("tokens:\n", 'tokens:\n  person: {business: "1001", kind: user}\n')
    assert "data" in claimed(PERSON, "person", text).get("1001/owned_pages")
    assert code(claimed(SYSTEM_USER, "person", text).get("1001/owned_pages")) == (200, 0)


@pytest.mark.parametrize(("until", "is_taken"), [("2026-11-21T09:00:01Z", True), ("2026-11-21T09:00:00Z", False)])
def test_an_app_that_is_not_verified_may_be_used_until_its_days_are_over(until, is_taken):
    text = WORLD.replace("name: Acme GmbH,", f'name: Acme GmbH, unverified_until: "{until}",')
    assert ("data" in claimed(text=text).get("1001/owned_pages")) is is_taken


def test_a_page_token_made_before_is_refused_too():
    assert code(claimed("", "sandbox-page-71-1001-admin").get("71/agencies")) == (200, 0)


# Tiers.


def tiered(tier: str, **quirks: object) -> Client:
    return client(f"app: {{tier: {tier}}}\n", **quirks)


@pytest.mark.parametrize(
    ("tier", "limit", "block", "word"),
    [("limited", 60, 300, "development_access"), ("full", 9000, 60, "standard_access")],
)
def test_a_tier_sets_points_block_and_the_word_in_headers(tier, limit, block, word):
    caller = tiered(tier)
    for _ in range(limit):
        answer = caller.ask("GET", "act_12")
    assert answer.status == 200
    assert json.loads(answer.headers["X-Ad-Account-Usage"])["ads_api_access_tier"] == word
    assert caller.ask("GET", "act_12").status == 400
    caller.sandbox.pass_time(block - 1)
    assert caller.ask("GET", "act_12").status == 400
    caller.sandbox.pass_time(300)
    assert caller.ask("GET", "act_12").status == 200


@pytest.mark.parametrize(
    ("app", "quirks", "is_refused"),
    [
        ("app: {tier: limited}\n", {"limited_writes": "refused"}, True),
        ("app: {tier: limited}\n", {}, False),
        ("app: {tier: full}\n", {"limited_writes": "refused"}, False),
        ("", {"limited_writes": "refused", "tier": "development_access"}, True),
        ("", {"limited_writes": "refused"}, False),
    ],
)
def test_limited_access_may_keep_an_app_from_changing_partners(app, quirks, is_refused):
    caller = client(app, **quirks)
    answer = caller.post("act_12/agencies", **GRANT)
    assert (answer.get("error", {}).get("code") == 270) is is_refused
    assert ("error" in caller.of_page("71").post("71/agencies", **GRANT)) is is_refused
    assert len(caller.sandbox.write_log) == 2 * (not is_refused)
    assert "data" in caller.get("1001/owned_ad_accounts")


# System users.


def test_a_business_lists_all_its_system_users():
    more = 'name: Acme GmbH, system_users: {"9001": {name: Night job}, "9002": {name: Root, role: admin}},'
    caller = client("", text=WORLD.replace("name: Acme GmbH,", more))
    rows = caller.get("1001/system_users", fields="id,name,role")["data"]
    assert sorted((row["id"], row["role"]) for row in rows) == [
        ("611001", "ADMIN"),
        ("9001", "EMPLOYEE"),
        ("9002", "ADMIN"),
    ]
    assert {"Night job", "Root", "System user of Acme GmbH"} == {row["name"] for row in rows}


# The world file, and what is kept of it.

EVERYTHING = CLAIMED % SYSTEM_USER + "  tier: limited\n"


def test_a_saved_app_is_the_same_app():
    until = 'name: Acme GmbH, unverified_until: "2027-01-20T00:00:00Z",'
    more = f'{until} tech_provider: true, system_users: {{"9001": {{name: Night job}}}},'
    token = 'tokens:\n  t: {business: "2002", app: {id: "78", business: "2002", roles: {"612002": testers}}}\n'
    whole = world(WORLD.replace("name: Acme GmbH,", more).replace("tokens:\n", token) + EVERYTHING)
    assert world_from_json(world_to_json(whole)) == whole
    assert whole.app.tier == "limited"


BAD = {
    'app: {business: "9"}': 'app.business: no business "9"',
    "app: {id: x}": "app.id: no id",
    "app: {tier: gold}": "app.tier: unknown word 'gold'",
    "app: {permissions: {ADS: live}}": "app.permissions.ADS: 'ADS' does not look like a permission",
    "app: {permissions: {ads_read: approved}}": "app.permissions.ads_read: unknown word 'approved'",
    "app: {roles: {me: administrators}}": "app.roles.me: no id",
    'app: {roles: {"1": Chief}}': "app.roles.1: 'Chief' does not look like a role",
    "app: {claimant: x}": "app.claimant: unknown key",
    "app: []": "app: not a map",
    "quirks: {debug_token: no}": "quirks.debug_token: unknown word 'no'",
    "quirks: {unverified_code: 0}": "quirks.unverified_code: not a whole number",
    "quirks: {limited_writes: no}": "quirks.limited_writes: unknown word 'no'",
}


@pytest.mark.parametrize("text", [*BAD, EVERYTHING, "app: {}"])
def test_a_mistake_in_an_app_is_named_and_the_schema_knows_it(text):
    tree = read_yaml(WORLD + text + "\n", "w")
    what = ""
    try:
        world_of(tree, "w")
    except WorldError as error:
        what = error.what
    assert what.startswith(f"w: {BAD[text]}" if text in BAD else "")
    assert bool(what) == (text in BAD)
    schema = json.loads(SCHEMA.read_text())
    for validator in (Draft7Validator, Draft202012Validator):
        is_valid = validator(schema, registry=Registry()).is_valid(tree)
        assert is_valid != bool(what) or "no business" in what


@pytest.mark.parametrize(
    ("user", "what"),
    [
        ('"x": {name: A}', "no id"),
        ('"9001": {}', "name is missing"),
        ('"9001": {name: A, role: boss}', "unknown word 'boss'"),
    ],
)
def test_a_mistake_in_a_system_user_is_named(user, what):
    text = WORLD.replace("name: Acme GmbH,", f"name: Acme GmbH, system_users: {{{user}}},")
    with pytest.raises(WorldError, match=f"businesses.1001.system_users.*{what}"):
        world(text)
    assert not Draft7Validator(json.loads(SCHEMA.read_text()), registry=Registry()).is_valid(read_yaml(text, "w"))

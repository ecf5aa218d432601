"""What doctor sends, seen from the other end of the wire, and what it takes for a fact."""

from __future__ import annotations

import json
import logging

import pytest
from graph_peer import CANARY, Say, error
from hypothesis import given
from hypothesis import strategies as st

from accessctl.doctor import ask
from accessctl.doctor.answers import app_facts, granted, live_business, reviewed, roles, token_facts
from accessctl.doctor.facts import AppFacts, Belonging, Granted, Home, Me, TokenFacts, Unread
from accessctl.doctor.needs import Needs
from accessctl.live.read import ActingBusiness
from accessctl.model import Asset, AssetAccess, Business, Kind

ACCOUNT = AssetAccess(Asset(Kind.AD_ACCOUNT, "71"), "1001")
SCOPES = ["business_management", "ads_management"]
TOKEN = {"app_id": 4242, "type": "SYSTEM_USER", "is_valid": True, "expires_at": 0, "scopes": SCOPES}
APP = {"id": "4242", "name": "App", "owner_business": {"id": "1001", "name": "Acme"}, "business": {"id": "9"}}
REVIEWED = [{"permission": "ads_management", "status": "live"}, {"permission": "ads_read", "status": "unapproved"}]


def entry(body: object, status: int = 200) -> dict[str, object]:
    return {"code": status, "headers": [], "body": json.dumps(body)}


def refusal(code: int) -> dict[str, object]:
    return entry({"error": {"message": f"no, {CANARY}", "type": "OAuthException", "code": code}}, 400)


def meta(*, token: object = None, live: object = None, plain: object = None):
    """Return what answers as Meta does, except for the entries given."""
    batch = [
        token or entry({"data": TOKEN}),
        entry({"id": "61", "name": "Robot"}),
        live or entry({"id": "1001", "name": "Acme", "two_factor_type": "none"}),
    ]
    of_app = [entry(APP), entry({"data": REVIEWED})]
    answers = {
        "/v26.0/4242/roles": {"data": [{"app_id": "4242", "user": "61", "role": "administrators"}]},
        "/v26.0/1001/system_users": {"data": [{"id": "61", "name": "Robot"}]},
        "/v26.0/1001/owned_ad_accounts": {"data": [{"id": "act_71"}]},
        "/v26.0/act_71": {"id": "act_71"},
        "/v26.0/1001": plain or {"id": "1001", "name": "Acme"},
        "/v26.0/debug_token": {"data": TOKEN},
    }

    def answer(got):
        if got.path == "/v26.0/":
            return batch if "debug_token" in got.form["batch"] else of_app
        return answers[got.path]

    return answer


def asked(session, token):
    acting = ActingBusiness(Business("1001", "acme", "Acme"), token)
    return ask(session.reader, [acting], {"1001": Needs(owned=(ACCOUNT,))})[0]


def test_no_address_holds_the_token(talk, token):
    peer, session = talk(always=meta())
    facts = asked(session, token)

    assert [got.method for got in peer.got] == ["POST", "POST", "GET", "GET", "GET", "GET"]
    assert all(CANARY not in got.target for got in peer.got)
    assert CANARY in peer.got[0].form["batch"]
    assert facts.belonging == Belonging(Home.PROVED)
    assert isinstance(facts.token, TokenFacts)
    assert facts.token.app_id == "4242"


@pytest.mark.parametrize("first", [refusal(1), refusal(190), refusal(100), entry([1]), entry({"data": CANARY})])
def test_no_log_line_and_no_fact_holds_the_token(talk, token, caplog, first):
    caplog.set_level(logging.DEBUG)
    peer, session = talk(always=meta(token=first))
    facts = asked(session, token)

    assert peer.got
    assert CANARY not in repr(facts)
    assert CANARY not in "\n".join(record.getMessage() for record in caplog.records)


def test_what_debug_token_does_not_say_is_asked_all_the_same(talk, token):
    _, session = talk(always=meta(token=refusal(100)))
    facts = asked(session, token)

    assert isinstance(facts.token, Unread)
    assert facts.codes == {100}
    assert facts.me == Me("61", "Robot")
    assert facts.belonging == Belonging(Home.PROVED)


def test_a_field_that_may_not_be_read_is_left_out_and_the_business_still_read(talk, token):
    _, session = talk(always=meta(live=refusal(200)))
    facts = asked(session, token)

    assert not isinstance(facts.live, Unread)
    assert (facts.live.name, facts.live.two_factor) == ("Acme", "")


def test_a_business_that_may_not_be_read_at_all_is_unread(talk, token):
    _, session = talk(always=meta(live=refusal(200), plain=error(200)))
    facts = asked(session, token)

    assert isinstance(facts.live, Unread)
    assert facts.live.code == 200


def test_a_business_that_is_not_there_is_asked_once(talk, token):
    peer, session = talk(always=meta(live=refusal(803)))
    facts = asked(session, token)

    assert isinstance(facts.live, Unread)
    assert len(peer.got) == 3


@pytest.mark.parametrize("code", [100, 200])
def test_a_role_that_may_not_be_read_is_left_out_and_the_token_still_proved(talk, token, code):
    script = meta()
    _, session = talk(always=lambda got: error(code) if "role" in got.target else script(got))

    assert asked(session, token).belonging == Belonging(Home.PROVED)


def test_the_role_is_that_of_who_the_token_speaks_for(talk, token):
    users = {
        "data": [{"id": "60", "name": "Other", "role": "ADMIN"}, {"id": "61", "name": "Robot", "role": "EMPLOYEE"}]
    }
    script = meta()
    _, session = talk(always=lambda got: users if got.path.endswith("system_users") else script(got))

    assert asked(session, token).belonging == Belonging(Home.PROVED, role="EMPLOYEE")


def test_app_review_roles_and_who_claims_the_app_are_facts(talk, token):
    _, session = talk(always=meta())
    facts = asked(session, token)

    assert facts.app == AppFacts("4242", "App", "1001", "Acme")
    assert facts.reviewed == {"ads_management": "live", "ads_read": "unapproved"}
    assert (facts.is_claimed, facts.has_role, facts.is_own_app) == (True, True, True)


def test_roles_that_may_not_be_listed_are_unread_and_not_none(talk, token):
    script = meta()
    _, session = talk(always=lambda got: error(200) if got.path.endswith("/roles") else script(got))
    facts = asked(session, token)

    assert isinstance(facts.roles, Unread)
    assert (facts.has_role, facts.is_own_app) == (None, True)


@pytest.mark.parametrize(
    ("rows", "paging", "expected"),
    [
        ([{"user": "61"}], {}, True),
        ([{"user": 61}], {"next": "x"}, True),
        ([{"user": "60"}], {}, False),
        ([{"user": "60"}], {"next": "x"}, None),
        ([], {}, False),
        ({}, {}, None),
    ],
)
def test_who_is_not_in_a_listing_that_goes_on_may_still_have_a_role(rows, paging, expected):
    told = roles({"data": rows, "paging": paging}, "61")
    assert (None if isinstance(told, Unread) else "61" in told) is expected


@pytest.mark.parametrize(
    ("row", "claimant"),
    [
        ({}, None),
        ({"owner_business": None}, ""),
        ({"owner_business": None, "business": None}, ""),
        ({"owner_business": None, "business": {"id": "9"}}, "9"),
        ({"owner_business": {"id": "1001"}, "business": {"id": "9"}}, "1001"),
        ({"owner_business": {}}, None),
        ({"business": "none"}, None),
    ],
)
def test_only_null_says_that_no_business_claims_the_app(row, claimant):
    told = app_facts({"id": "1", **row})
    assert (told.claimant, bool(told.open)) == (claimant, claimant is None)
    asked_nothing = app_facts({"id": "1", **row}, not_asked="it was not asked")
    assert (asked_nothing.claimant, asked_nothing.open) == (None, "it was not asked")


@pytest.mark.parametrize("refused", [True, False])
def test_a_claimant_is_told_though_how_far_it_is_verified_may_not_be_read(talk, token, refused):
    script = meta()
    of_app = [refusal(200), entry({"data": REVIEWED})]

    def answer(got):
        if got.path == "/v26.0/4242":
            return error(200) if refused else APP
        return of_app if got.path == "/v26.0/" and "debug_token" not in got.form["batch"] else script(got)

    peer, session = talk(always=answer)
    facts = asked(session, token)
    assert [got.query["fields"] for got in peer.got if got.path == "/v26.0/4242"] == ["id,name,business,owner_business"]
    assert isinstance(facts.app, Unread) if refused else facts.app == AppFacts("4242", "App", "1001", "Acme")


def test_permissions_are_asked_of_the_token_itself_where_debug_token_does_not_answer(talk, token):
    rows = [
        {"permission": "business_management", "status": "granted"},
        {"permission": "ads_management", "status": "declined"},
        {"permission": "ads_read", "status": "expired"},
        {"permission": "email", "status": "on_hold"},
        "nonsense",
    ]
    script = meta(token=refusal(100))
    of_app = [entry({**APP, "owner_business": {"id": "1001", "verification_status": "pending"}}), entry({"data": []})]

    def answer(got):
        if got.path == "/v26.0/me/permissions":
            return {"data": rows}
        return of_app if got.path == "/v26.0/" and "debug_token" not in got.form["batch"] else script(got)

    _, session = talk(always=answer)
    facts = asked(session, token)
    some = [frozenset({one}) for one in ("business_management", "ads_management", "ads_read")]
    assert facts.granted == Granted(*some)
    assert facts.scopes == some[0]
    assert (facts.app.claimant, facts.app.claimant_verified) == ("1001", "pending")


def test_permissions_that_debug_token_has_told_are_not_asked_again(talk, token):
    peer, session = talk(always=meta())
    facts = asked(session, token)
    assert not [got for got in peer.got if got.path.endswith("me/permissions")]
    assert facts.scopes == frozenset(SCOPES)


def test_a_listing_that_breaks_off_proves_nothing(talk, token):
    script = meta()
    _, session = talk(always=lambda got: Say(raw=b"{") if got.path.endswith("system_users") else script(got))

    assert isinstance(asked(session, token).belonging, Unread)


def test_ad_accounts_are_covered_with_and_without_their_prefix():
    rows = [{"scope": "ads_read", "target_ids": ["act_71", "72", 73]}, {"scope": "ads_management"}]
    facts = token_facts({"data": {"granular_scopes": rows}})
    assert isinstance(facts, TokenFacts)
    assert dict(facts.targets) == {"ads_read": frozenset({"71", "72", "73"})}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(
    ["app_id", "type", "is_valid", "error", "expires_at", "data_access_expires_at", "scopes", "granular_scopes"]
)


@given(json_values | st.dictionaries(KEYS, json_values))
def test_any_answer_of_debug_token_is_read(data):
    facts = token_facts({"data": data})
    assert isinstance(facts, TokenFacts if isinstance(data, dict) else Unread)
    if isinstance(facts, TokenFacts):
        assert facts.expires_at is None or facts.expires_at >= 0


@given(st.lists(st.dictionaries(st.sampled_from(["scope", "target_ids"]), json_values, max_size=2)))
def test_any_granular_scopes_are_read(rows):
    assert isinstance(token_facts({"data": {"granular_scopes": rows}}), TokenFacts)


@given(st.dictionaries(st.sampled_from(["id", "name", "two_factor_type"]), json_values))
def test_any_business_is_read(row):
    assert isinstance(live_business(row).name, str)


@given(json_values | st.dictionaries(st.sampled_from(["id", "name", "business", "owner_business"]), json_values))
def test_any_app_is_read(row):
    told = app_facts(row if isinstance(row, dict) else {})
    assert bool(told.open) is (told.claimant is None)


@given(st.dictionaries(st.sampled_from(["data", "paging"]), json_values))
def test_any_listing_of_an_app_is_read(answer):
    assert isinstance(reviewed(answer), Unread) == (not isinstance(answer.get("data"), list))
    assert isinstance(roles(answer, "1"), (Unread, frozenset))
    assert isinstance(granted(answer), (Unread, Granted))

"""What doctor sends, seen from the other end of the wire, and what it takes for a fact."""

from __future__ import annotations

import json
import logging

import pytest
from graph_peer import CANARY, Say, error
from hypothesis import given
from hypothesis import strategies as st

from accessctl.doctor import ask
from accessctl.doctor.answers import live_business, token_facts
from accessctl.doctor.facts import Belonging, Home, Me, TokenFacts, Unread
from accessctl.doctor.needs import Needs
from accessctl.live.read import ActingBusiness
from accessctl.model import Asset, AssetAccess, Business, Kind

ACCOUNT = AssetAccess(Asset(Kind.AD_ACCOUNT, "71"), "1001")
SCOPES = ["business_management", "ads_management"]
TOKEN = {"app_id": 4242, "type": "SYSTEM_USER", "is_valid": True, "expires_at": 0, "scopes": SCOPES}


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
    answers = {
        "/v26.0/": batch,
        "/v26.0/1001/system_users": {"data": [{"id": "61", "name": "Robot"}]},
        "/v26.0/1001/owned_ad_accounts": {"data": [{"id": "act_71"}]},
        "/v26.0/act_71": {"id": "act_71"},
        "/v26.0/1001": plain or {"id": "1001", "name": "Acme"},
        "/v26.0/debug_token": {"data": TOKEN},
    }
    return lambda got: answers[got.path]


def asked(session, token):
    acting = ActingBusiness(Business("1001", "acme", "Acme"), token)
    return ask(session.reader, [acting], {"1001": Needs(owned=(ACCOUNT,))})[0]


def test_no_address_holds_the_token(talk, token):
    peer, session = talk(always=meta())
    facts = asked(session, token)

    assert [got.method for got in peer.got] == ["POST", "GET", "GET", "GET"]
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
    assert len(peer.got) == 1


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

"""The count behind an app's access level: which calls it has, with which token, and how they ended."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from graph_peer import CANARY, Say, error

from accessctl.graph.batch import BatchRead
from accessctl.graph.call import Call
from accessctl.graph.edges import CLIENT_EDGES
from accessctl.graph.ends import BUSINESS_EDGES, RECENT, Ended, Ends, is_counted
from accessctl.graph.errors import GraphError
from accessctl.graph.secret import Secret
from accessctl.graph.writer import ASK, DROP
from accessctl.live.obo import IN_PROGRESS_OF

OTHER = Secret("of another app", "ACCESSCTL_TOKEN_SISTER")
PAGE = Secret("of a Page", "a Page token")
REFUSAL = {
    "code": 400,
    "headers": [],
    "body": json.dumps({"error": {"message": "no", "type": "OAuthException", "code": 200}}),
}
PATHS = {
    ("act_71",): True,
    ("act_71", "agencies"): True,
    ("act_71", "onbehalf_requests"): True,
    ("1001", "owned_ad_accounts"): True,
    ("1001", "client_pages"): True,
    ("1001", "system_users"): True,
    ("1001", "clients"): True,
    ("1001",): False,  # a business, a Page or a person: the path does not tell
    ("81", "agencies"): False,
    ("me",): False,
    ("me", "business_users"): False,
    ("debug_token",): False,
    ("app", "permissions"): False,
    ("4242", "roles"): False,
    ("action", "clients"): False,
    (): False,
}


@pytest.mark.parametrize(("path", "expected"), PATHS.items())
def test_calls_about_ad_accounts_and_to_edges_of_businesses_are_those_of_the_marketing_api(path, expected):
    assert [is_counted(Call(method, path)) for method in ("GET", "POST", "DELETE")] == [expected] * 3


def test_every_edge_of_a_business_that_accessctl_calls_is_counted():
    written = {edge for edge, _ in (*ASK.values(), *DROP.values())}
    listed = {edge for edges in CLIENT_EDGES.values() for edge in (edges.confirmed, edges.pending)}
    own = {"owned_ad_accounts", "owned_pages", "clients", "system_users"}
    assert written | listed | own | set(IN_PROGRESS_OF.values()) == BUSINESS_EDGES


def test_calls_are_counted_by_the_token_that_made_them(talk, token):
    _, session = talk({"id": "act_71"}, error(200), {"id": "act_73"}, {"id": "81"})
    session.reader.get(token, "act_71")
    with pytest.raises(GraphError):
        session.reader.get(token, "act_72")
    session.reader.get(OTHER, "act_73")
    session.reader.get(PAGE, "81")
    assert session.ends == {
        token.fingerprint: Ended(2, 1, (True, False)),
        OTHER.fingerprint: Ended(1, 0, (True,)),
    }
    assert CANARY not in repr(session.ends)


@pytest.mark.parametrize("refused", [0, 1, 2])
def test_each_read_of_a_batch_is_one_call_of_its_own_token(talk, token, refused):
    good = [{"code": 200, "headers": [], "body": json.dumps({"id": one})} for one in ("1", "2", "3")]
    _, session = talk([REFUSAL if place == refused else one for place, one in enumerate(good)])
    session.reader.batch([BatchRead(("act_71",)), BatchRead(("act_72",), token=OTHER), BatchRead(("81",))], token)
    assert session.ends == {
        token.fingerprint: Ended(1, int(refused == 0), (refused != 0,)),
        OTHER.fingerprint: Ended(1, int(refused == 1), (refused != 1,)),
    }


def test_a_batch_of_one_read_that_was_refused_is_a_call_that_failed(talk, token):
    _, session = talk([REFUSAL])
    session.reader.batch([BatchRead(("act_71",))], token)
    assert session.ends == {token.fingerprint: Ended(1, 1, (False,))}


def test_a_batch_that_was_refused_is_as_many_calls_that_failed(talk, token):
    _, session = talk(error(200))
    session.reader.batch([BatchRead(("act_71",)), BatchRead(("act_72",))], token)
    assert session.ends == {token.fingerprint: Ended(2, 2, (False, False))}


def test_what_never_got_to_meta_is_no_call(talk, token):
    def broken(_):
        raise httpx.ConnectError("x")

    _, session = talk(transport=httpx.MockTransport(broken))
    with pytest.raises(GraphError):
        session.reader.get(token, "act_71")
    assert session.ends == {}


def test_the_last_five_hundred_ends_are_kept_however_many_threads_call(token):
    ends = Ends()
    call = Call("GET", ("act_71",))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: ends.note(call, token, is_good=number % 4 > 0), range(2000)))
    told = ends.told[token.fingerprint]
    assert (told.calls, told.errors, len(told.recent)) == (2000, 500, RECENT)


def test_the_tier_is_that_of_the_answers_to_a_token(talk, token):
    usage = {"acc_id_util_pct": 1.0, "reset_time_duration": 0, "ads_api_access_tier": "standard_access"}
    _, session = talk(Say({"id": "act_71"}, headers={"X-Ad-Account-Usage": json.dumps(usage)}), {"id": "act_72"})
    session.reader.get(token, "act_71")
    session.reader.get(OTHER, "act_72")
    assert (session.tier_of(token), session.tier_of(OTHER)) == ("standard_access", "")

"""A listing is read to its end, or it is an error."""

from __future__ import annotations

import pytest
from graph_peer import Peer, Say, error, page

from accessctl.graph.errors import GraphError, Trouble

BLOCK = {"data": [{"id": "1"}], "paging": {"cursors": {"after": "a"}, "next": "x"}}


def ids(rows):
    return [row["id"] for row in rows]


def read(session, token, **params):
    return session.reader.rows(token, "act_1", "agencies", fields="id", **params)


def incomplete(session, token):
    with pytest.raises(GraphError) as caught:
        read(session, token)
    assert caught.value.trouble is Trouble.INCOMPLETE
    return caught.value


def test_pages_are_read_until_there_is_no_next(talk, token):
    peer, session = talk(
        page(1, 2, after="a"), page(after="b"), page(3, after="c"), page(4, after="d", following=False)
    )

    assert ids(read(session, token, limit=2, summary=True)) == ["1", "2", "3", "4"]
    assert [got.query.get("after") for got in peer.got] == [None, "a", "b", "c"]
    assert all(got.query["limit"] == "2" and got.query["summary"] == "true" for got in peer.got)


def test_an_empty_first_page_is_not_the_end(talk, token):
    _, session = talk(page(after="a"), page(after="b"), page(7))

    assert ids(read(session, token)) == ["7"]


@pytest.mark.parametrize("last", [{"data": []}, {"data": [], "paging": {}}, {"data": [], "paging": {"previous": "x"}}])
def test_a_listing_without_rows_is_empty(talk, token, last):
    _, session = talk(last)

    assert read(session, token) == ()


@pytest.mark.parametrize("length", [1, 2, 3, 4, 5])
def test_a_circle_of_pages_is_left_after_one_round(talk, token, length):
    def answer(got):
        at = int(got.query.get("after", "-1"))
        return page(100 + at, after=str((at + 1) % length))

    peer, session = talk(always=answer)

    incomplete(session, token)
    assert len(peer.got) == length + 1


def test_pages_without_end_stop_at_the_cap(talk, token):
    peer, session = talk(always=lambda got: page(after=f"{got.query.get('after', '')}x"), page_cap=20)

    assert "no end after 21 pages" in incomplete(session, token).what
    assert len(peer.got) == 21


def test_full_pages_do_not_count_against_the_cap(talk, token):
    pages = [page(*range(20 * n, 20 * n + 20), after=str(n)) for n in range(9)]
    _, session = talk(*pages, page(999), page_cap=3)

    assert len(read(session, token)) == 181


@pytest.mark.parametrize("told", [2, 4])
def test_a_listing_with_another_number_of_rows_than_meta_says_is_read_again_and_then_incomplete(talk, token, told):
    peer, session = talk(always=page(1, 2, 3) | {"summary": {"total_count": told}})

    assert f"has 3 rows, and says that there are {told}" in incomplete(session, token).what
    assert len(peer.got) == 3


def test_a_listing_that_says_how_many_rows_it_has_is_whole_when_it_has_them(talk, token):
    first, second = page(1, 2, after="a"), page(3)
    peer, session = talk(first | {"summary": {"total_count": 3}}, second | {"summary": {"total_count": 3}})

    assert ids(read(session, token)) == ["1", "2", "3"]
    assert len(peer.got) == 2


@pytest.mark.parametrize("summary", [None, [], {}, {"total_count": "3"}, {"total_count": True}, {"total_count": None}])
def test_a_summary_that_says_nothing_is_no_evidence(talk, token, summary):
    _, session = talk(page(1, 2) | {"summary": summary})

    assert ids(read(session, token)) == ["1", "2"]


def test_a_listing_of_just_the_cap_is_whole(talk, token):
    _, session = talk(page(1, after="a"), page(2, after="b"), page(3), page_cap=3)

    assert ids(read(session, token)) == ["1", "2", "3"]


def test_the_next_url_is_never_followed(talk, token):
    with Peer(always=page(66)) as evil:
        peer, session = talk(
            {
                **page(1),
                "paging": {"cursors": {"after": "a"}, "next": f"{evil.url}/v26.0/x?access_token=stolen&after=b"},
            },
            page(2),
        )

        assert ids(read(session, token)) == ["1", "2"]
        assert evil.got == []
        assert "stolen" not in peer.got[1].target


@pytest.mark.parametrize(
    "host", ["https://evil.example", "http://127.0.0.1:1", "//evil.example", "", "https://[", "x y"]
)
def test_a_next_url_of_another_host_leads_nowhere(talk, token, host):
    peer, session = talk(page(1, url=f"{host}/v26.0/act_1/agencies?after=b"))

    incomplete(session, token)
    assert len(peer.got) == 1


def test_without_a_cursor_only_paging_parameters_are_taken_from_the_next_url(talk, token):
    def answer(got):
        if "offset" in got.query:
            return page(2)
        return page(
            1, url=f"http://{got.headers['host']}/evil/../me?offset=25&until=9&access_token=stolen&fields=all&limit=1"
        )

    peer, session = talk(always=answer)

    assert ids(read(session, token)) == ["1", "2"]
    assert peer.got[1].path == "/v26.0/act_1/agencies"
    assert peer.got[1].query == {"fields": "id", "limit": "100", "offset": "25", "until": "9"}


@pytest.mark.parametrize("query", ["", "?limit=5", "?after=", "?offset=1&offset=2"])
def test_a_next_url_that_does_not_say_where_to_go_on_is_an_error(talk, token, query):
    _, session = talk(lambda got: page(1, url=f"http://{got.headers['host']}/v26.0/act_1/agencies{query}"))

    incomplete(session, token)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"id": "1"},
        {"data": None},
        {"data": {}},
        {"data": "rows"},
        {"data": 5},
        {"data": [None]},
        {"data": ["1"]},
        {"data": [[]]},
        {"data": [{}]},
        {"data": [{"name": "x"}]},
        {"data": [{"id": None}]},
        {"data": [{"id": 1}]},
        {"data": [{"id": ""}]},
        {"data": [{"id": "1"}, None]},
        {"data": [], "paging": None},
        {"data": [], "paging": []},
        {"data": [], "paging": {"next": None}},
        {"data": [], "paging": {"next": 5}},
        {"data": [], "paging": {"next": ""}},
        {"data": [], "paging": {"next": "x", "cursors": None}},
        {"data": [], "paging": {"next": "x", "cursors": {"after": ""}}},
        {"data": [], "paging": {"next": "x", "cursors": {"after": 7}}},
        {"data": [], "paging": {"next": "x", "cursors": []}},
    ],
)
def test_a_page_of_another_shape_is_not_no_access(talk, token, answer):
    _, session = talk(always=answer)

    incomplete(session, token)


def test_a_page_that_cannot_be_read_makes_the_listing_unreadable(talk, token):
    _, session = talk(page(1, after="a"), error(200, status=403))

    with pytest.raises(GraphError) as caught:
        read(session, token)

    assert caught.value.trouble is Trouble.PERMISSION


def test_a_listing_that_moved_is_read_again(talk, token):
    peer, session = talk(page(1, after="a"), page(1), page(1, after="a"), page(2))

    assert ids(read(session, token)) == ["1", "2"]
    assert len(peer.got) == 4


def test_a_listing_that_keeps_moving_is_incomplete_after_three_reads(talk, token):
    peer, session = talk(always=page(1, 1))

    assert "twice" in incomplete(session, token).what
    assert len(peer.got) == 3


def test_a_nested_listing_is_completed_from_its_cursor(talk, token):
    peer, session = talk(page(2, after="b"), page(3))

    rows = session.reader.rest(token, "act_1", "agencies", fields="id,name", first=BLOCK, limit=5)

    assert ids(rows) == ["1", "2", "3"]
    assert [(got.path, got.query) for got in peer.got] == [
        ("/v26.0/act_1/agencies", {"fields": "id,name", "limit": "5", "after": "a"}),
        ("/v26.0/act_1/agencies", {"fields": "id,name", "limit": "5", "after": "b"}),
    ]


def test_a_nested_listing_that_is_whole_or_absent_needs_no_call(talk, token):
    peer, session = talk()

    assert session.reader.rest(token, "act_1", "agencies", fields="id", first=None) == ()
    assert ids(session.reader.rest(token, "act_1", "agencies", fields="id", first={"data": [{"id": "1"}]})) == ["1"]
    assert peer.got == []


def test_a_nested_listing_that_moved_is_read_from_its_start(talk, token):
    peer, session = talk(page(1), page(1, 2))

    assert ids(session.reader.rest(token, "act_1", "agencies", fields="id", first=BLOCK)) == ["1", "2"]
    assert "after" not in peer.got[1].query


@pytest.mark.parametrize("first", [{}, [], "x", {"data": None}, {"data": [{}]}])
def test_a_nested_listing_of_another_shape_is_an_error(talk, token, first):
    _, session = talk()

    with pytest.raises(GraphError) as caught:
        session.reader.rest(token, "act_1", "agencies", fields="id", first=first)

    assert caught.value.trouble is Trouble.INCOMPLETE


def test_a_hundred_pages_lose_no_row(talk, token):
    def answer(got):
        at = int(got.query.get("after", "0"))
        return page(*range(at * 3, at * 3 + at % 4), after=str(at + 1), following=at < 100)

    _, session = talk(always=answer)

    assert len(read(session, token)) == sum(at % 4 for at in range(101))


def test_a_stalled_page_is_asked_for_again(talk, token, pauses):
    _, session = talk(page(1, after="a"), Say(drop=True), page(2))

    assert ids(read(session, token)) == ["1", "2"]
    assert len(pauses) == 1

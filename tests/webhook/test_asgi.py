"""The webhook as an ASGI application: by hand with the messages of the specification, and under another server."""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import UTC, datetime, timedelta, timezone
from itertools import chain, repeat

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accessctl.recordfiles import FileRecords
from accessctl.records import NOTICES
from accessctl.sandbox.notify import body_of, signature_of
from accessctl.webhook.application import AT_ONCE, Webhook
from accessctl.webhook.keeper import CannotKeepError, Keeper
from accessctl.webhook.settings import Settings
from tests.company import NOW
from tests.webhook.conftest import EXPIRES, PERSON, SECRET, envelope
from tests.webhook.test_payload import VALUES


@pytest.fixture
def webhook(tmp_path, app_secret, verify_token):
    return Webhook(Settings(verify_token, app_secret, FileRecords(tmp_path / "records")))


async def exchange(
    webhook, messages, taken=None, *, method="POST", path="/webhook", headers=(), version="1.1", root=""
):
    """Send the messages of one request and return those of its answer."""
    left, sent = list(messages), []
    taken = [] if taken is None else taken

    async def receive():
        if not left:
            await asyncio.Event().wait()
        taken.append(left.pop(0))
        return taken[-1]

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": version, "method": method, "path": path}
    await webhook({**scope, "root_path": root, "query_string": b"", "headers": list(headers)}, receive, send)
    return sent


def request(body, more_body=False):
    return {"type": "http.request", "body": body, "more_body": more_body}


def signed(body):
    return [(b"x-hub-signature-256", signature_of(body, SECRET).encode())]


async def post(webhook, body, **more):
    start, end = await exchange(webhook, [request(body)], headers=signed(body), **more)
    assert dict(start["headers"])[b"content-length"] == str(len(end["body"])).encode()
    return start["status"]


def test_a_notification_may_come_in_pieces(webhook, tmp_path):
    body = envelope(PERSON)
    pieces = [*(request(body[n : n + 7], more_body=True) for n in range(0, len(body), 7)), {"type": "http.request"}]
    start, _ = asyncio.run(exchange(webhook, pieces, headers=signed(body)))
    assert start["status"] == 200
    assert len(FileRecords(tmp_path / "records").read(NOTICES)) == 1


def test_a_client_that_goes_away_gets_no_answer_and_keeps_nothing(webhook, tmp_path):
    body = envelope(PERSON)
    messages = [request(body, more_body=True), {"type": "http.disconnect"}]
    assert asyncio.run(exchange(webhook, messages, headers=signed(body))) == []
    assert FileRecords(tmp_path / "records").read(NOTICES) == ()


def test_the_same_body_twice_at_a_time_is_answered_once_it_is_kept_and_kept_once(webhook, tmp_path):
    async def both():
        return await asyncio.gather(*(post(webhook, envelope(PERSON, id="1", time=time)) for _ in range(20)))

    import time as clock

    time = int(clock.time())
    assert asyncio.run(both()) == [200] * 20
    assert len(FileRecords(tmp_path / "records").read(NOTICES)) == 1
    assert webhook.ended == {"kept": 1, "known": 19}


UNREADABLE = ({"user": object()},)  # rows that no file can take: what goes wrong is no trouble of the disk's


def test_whatever_goes_wrong_with_one_notice_those_behind_it_get_their_answer_and_the_next_are_kept(tmp_path):
    records = FileRecords(tmp_path)
    keeper = Keeper(records, lambda: NOW)

    async def behind(body):
        await asyncio.sleep(0)  # by then the first is being written
        return await keeper.keep(body, ({"body": body},))

    async def all_():
        every = (keeper.keep("a", UNREADABLE), behind("b"), behind("c"))
        first, *others = await asyncio.wait_for(asyncio.gather(*every, return_exceptions=True), 20)
        assert (type(first), first.what) == (CannotKeepError, f"{tmp_path} cannot be written: TypeError")
        assert (others, keeper.knows("a")) == ([True, True], False)
        assert await keeper.keep("a", ({"body": "a"},)) is True
        await keeper.close()

    asyncio.run(all_())
    assert [row["body"] for row in records.read(NOTICES)] == ["b", "c", "a"]


def test_a_keeper_that_was_closed_refuses_and_leaves_nobody_waiting(tmp_path):
    keeper = Keeper(FileRecords(tmp_path), lambda: NOW)

    async def late():
        await keeper.close()
        every = (keeper.keep(body, ({"body": body},)) for body in ("a", "b"))
        return await asyncio.wait_for(asyncio.gather(*every, return_exceptions=True), 20)

    assert [type(one) for one in asyncio.run(late())] == [CannotKeepError, CannotKeepError]


def test_a_clean_up_that_goes_wrong_ends_no_keeper(tmp_path):
    keeper = Keeper(FileRecords(tmp_path), lambda: datetime.min.replace(tzinfo=UTC))  # no day is 400 days before that

    async def both():
        for body in ("a", "b"):
            assert await keeper.keep(body, ({"body": body},)) is True
        await keeper.close()

    asyncio.run(both())
    assert keeper.knows("b")


def test_what_cannot_be_kept_for_any_reason_is_answered_so_that_meta_sends_it_again(tmp_path, app_secret, verify_token):
    beyond = datetime.min.replace(tzinfo=timezone(timedelta(hours=1)))  # UTC has no such time
    times, said = chain([NOW, beyond], repeat(NOW)), []
    settings_ = Settings(verify_token, app_secret, FileRecords(tmp_path))
    webhook = Webhook(settings_, lambda *line: said.append(line), clock=lambda: next(times))
    body = body_of(PERSON, EXPIRES, sent=int(NOW.timestamp()))

    async def twice():
        return [await post(webhook, body), await post(webhook, body)]

    assert asyncio.run(twice()) == [503, 200]
    assert said[0][0] == logging.ERROR
    assert f"503 not kept: {tmp_path} cannot be written: OverflowError" in said[0][1]


def test_only_so_many_are_taken_in_at_a_time(webhook):
    async def flood():
        slow = [asyncio.create_task(exchange(webhook, [request(b"{", more_body=True)])) for _ in range(AT_ONCE)]
        await asyncio.sleep(0)
        while webhook._open < AT_ONCE:
            await asyncio.sleep(0)
        busy = await post(webhook, envelope(PERSON))
        for one in slow:
            one.cancel()
        await asyncio.gather(*slow, return_exceptions=True)
        return busy, await post(webhook, envelope(PERSON))

    assert asyncio.run(flood()) == (503, 200)


def test_of_ten_megabytes_no_more_is_read_than_a_body_may_have(webhook):
    pieces = [request(b"x" * 65536, more_body=True) for _ in range(160)]
    start, _ = asyncio.run(exchange(webhook, pieces, taken := []))
    assert start["status"] == 413
    assert len(taken) == 5


def test_a_body_that_takes_too_long_is_not_waited_for(tmp_path, app_secret, verify_token):
    webhook = Webhook(Settings(verify_token, app_secret, FileRecords(tmp_path)), seconds=0.01)
    start, _ = asyncio.run(exchange(webhook, [request(b"{", more_body=True)]))
    assert start["status"] == 408


def test_only_http_1_is_told_to_close_the_connection(webhook):
    for version, closes in (("1.1", True), ("2", False)):
        start, _ = asyncio.run(exchange(webhook, [request(b"{}")], version=version))
        assert ((b"connection", b"close") in start["headers"]) == closes


def test_it_may_live_below_a_path_of_the_server(webhook):
    assert asyncio.run(post(webhook, envelope(PERSON), path="/meta/webhook", root="/meta")) == 200


def test_a_websocket_is_turned_away(webhook):
    sent = []

    async def talk():
        async def receive():
            return {"type": "websocket.connect"}

        async def send(message):
            sent.append(message)

        await webhook({"type": "websocket", "path": "/webhook"}, receive, send)

    asyncio.run(talk())
    assert [one["type"] for one in sent] == ["websocket.close"]


def live(webhook):
    left, sent = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}], []

    async def receive():
        return left.pop(0)

    async def send(message):
        sent.extend(message.values())

    asyncio.run(webhook({"type": "lifespan"}, receive, send))
    return sent


def test_it_starts_and_ends_with_its_server(webhook):
    assert live(webhook) == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_it_does_not_start_where_it_cannot_tell_what_is_kept_already(webhook, tmp_path):
    (tmp_path / "records" / "notices-2026-11.jsonl").mkdir(parents=True)
    kind, why = live(webhook)
    assert kind == "lifespan.startup.failed"
    assert why == f"{tmp_path / 'records'} cannot be read: Is a directory; make it usable; Meta sends again"
    assert asyncio.run(post(webhook, envelope(PERSON))) == 503


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=300) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_no_signed_body_makes_it_fail(webhook, body):
    assert asyncio.run(post(webhook, body)) in (200, 400, 403)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.sampled_from(["GET", "POST", "PUT", "\x00"]),
    st.sampled_from(["/webhook", "/healthz", "/", ""]) | st.text(max_size=9),
    st.lists(st.tuples(st.sampled_from([b"content-length", b"x-hub-signature-256"]), st.binary(max_size=9))),
)
def test_no_request_makes_it_fail(webhook, method, path, headers):
    start, _ = asyncio.run(exchange(webhook, [request(b"{}")], method=method, path=path, headers=headers))
    assert start["status"] in (200, 403, 404, 405, 413)

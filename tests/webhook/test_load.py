"""Nothing that was answered with 200 is lost: many notifications at a time, and ends in the middle of them."""

from __future__ import annotations

import contextlib
import http.client
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from accessctl.graph.secret import Secret
from accessctl.sandbox.notify import signature_of
from accessctl.webhook.signing import digest_of
from tests.webhook.conftest import SECRET, envelope

CLIENTS = 8
A_SECOND = 200


def digest(body):
    return digest_of(Secret(SECRET, ""), body)


def bodies(number):
    return [envelope(str(10**15 + one)) for one in range(number)]


def send(service, every, pace=0.0, enough=None):
    """Post all from several clients, each `pace` seconds after the one before; return those answered with 200.

    `enough` is called after each of those.
    """
    numbers, kept, began = count(), [], time.monotonic()

    def work(_):
        with contextlib.suppress(OSError, http.client.HTTPException), service.connection() as connection:
            while (number := next(numbers)) < len(every):
                time.sleep(max(0.0, began + number * pace - time.monotonic()))
                headers = {"X-Hub-Signature-256": signature_of(every[number], SECRET)}
                connection.request("POST", "/webhook", every[number], headers)
                answer = connection.getresponse()
                answer.read()
                if answer.status == 200:
                    kept.append(every[number])
                    if enough:
                        enough(len(kept))

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(work, range(CLIENTS)))
    return kept


def stored(service):
    return [row["body"] for row in service.rows()]


def check_nothing_is_lost_at_200_a_second(start, seconds):
    service = start()
    every = bodies(A_SECOND * seconds)
    assert len(send(service, every, pace=1 / A_SECOND)) == len(every)
    assert sorted(stored(service)) == sorted(map(digest, every))


def test_200_notifications_a_second_are_all_kept(start):
    check_nothing_is_lost_at_200_a_second(start, 2)


@pytest.mark.campaign
def test_200_notifications_a_second_for_10_seconds_are_all_kept(start):
    check_nothing_is_lost_at_200_a_second(start, 10)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_an_end_in_the_middle_loses_nothing_that_was_answered(start, how):
    service, every = start(), bodies(400)
    ended = threading.Event()

    def enough(number):
        if number > 40 and not ended.is_set():
            ended.set()
            service.process.send_signal(how)

    kept = send(service, every, enough=enough)
    assert service.end() == (0 if how is signal.SIGTERM else -signal.SIGKILL)
    assert 40 < len(kept) < len(every)
    assert {digest(body) for body in kept} <= set(stored(service))
    again = start()
    assert len(send(again, every)) == len(every)
    assert sorted(stored(again)) == sorted(map(digest, every))

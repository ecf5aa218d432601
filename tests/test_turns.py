"""The first write of each edge goes alone: one refusal tells that Meta does not open it; then all go side by side."""

from __future__ import annotations

import threading
from contextlib import nullcontext

import pytest

from accessctl.apply.turns import Turns
from accessctl.closed import ALIKE
from tests.test_limited_endpoints import WRITES, applied, shut, wanting

EDGE = "acme", "POST page/agencies"
MANY = 30


@pytest.mark.parametrize("edge", WRITES)
@pytest.mark.parametrize("at_once", [4, 10])
def test_one_refusal_of_a_closed_write_is_enough_however_many_steps_go_at_once(company, edge, at_once):
    wanting(shut(company, edge, 3), edge, assets=MANY)
    saved = company.plan()
    assert len(saved.plan.actions) == MANY
    result, knocks, said = applied(company, saved, edge, at_once)
    assert (knocks, len(said), company.writes) == (1, 1, ())
    assert sorted(str(step.outcome) for step in result.steps) == ["failed"] + ["skipped"] * (MANY - 1)
    assert sum(entry["event"] == "intent" for entry in company.journal) == 1


@pytest.mark.parametrize("code", [10, 200])
def test_a_refusal_that_says_less_keeps_no_other_step_from_being_tried(company, code):
    edge = "POST page/agencies"
    wanting(shut(company, edge, code), edge, assets=MANY)
    result, knocks, _ = applied(company, company.plan(), edge)
    assert knocks == MANY > ALIKE
    assert {str(step.outcome) for step in result.steps} == {"failed"}


def test_where_the_first_call_goes_through_each_step_is_sent_once(company):
    edge = "POST page/agencies"
    wanting(company, edge, assets=MANY)
    saved = company.plan()
    result, knocks, _ = applied(company, saved, edge)
    assert knocks == len(company.writes) == MANY
    assert {str(step.outcome) for step in result.steps} == {"applied"}


def test_once_open_those_that_waited_are_inside_at_the_same_time():
    turns, inside, order = Turns(), threading.Barrier(4, timeout=20), []
    first_in, may_end = threading.Event(), threading.Event()

    def first() -> None:
        with turns.first([EDGE], nullcontext) as has_waited:
            order.append(("first", has_waited))
            first_in.set()
            assert may_end.wait(20)
            turns.open([EDGE])

    def other() -> None:
        with turns.first([EDGE], nullcontext) as has_waited:
            order.append(("other", has_waited))
            inside.wait()  # broken, and the test red, where they go one by one

    threads = [threading.Thread(target=first)]
    threads[0].start()
    assert first_in.wait(20)
    threads += [threading.Thread(target=other) for _ in range(4)]
    for thread in threads[1:]:
        thread.start()
    assert order == [("first", False)]
    may_end.set()
    for thread in threads:
        thread.join(20)
    assert not inside.broken
    assert [who for who, _ in order] == ["first", *["other"] * 4]


def test_while_it_is_not_open_they_go_one_by_one_and_another_edge_waits_for_nobody():
    turns = Turns()
    waits: list[str] = []
    with turns.first([EDGE], nullcontext):
        other = "acme", "POST ad_account/agencies"
        with turns.first([other], lambda: nullcontext(waits.append("other"))) as has_waited:
            assert (has_waited, waits) == (False, [])

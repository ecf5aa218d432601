"""People who act later, and by hand."""

from __future__ import annotations

import pytest

from accessctl.sandbox import WorldError

from .worlds import Client, sandbox


def waiting(box) -> list[tuple[str, str, str]]:
    return [(one.asset, one.business, one.waits_for) for one in box.pending()]


def pair(box, asset: str, business: str):
    return box.world.assets[asset].agencies.get(business)


def test_what_waits_is_listed_with_whom_it_waits_for():
    box = sandbox()
    Client(box).post("act_13/agencies", business="2002", permitted_tasks=["ANALYZE"])
    assert waiting(box) == [("act_11", "2003", "client"), ("act_13", "2002", "second_admin")]
    assert (box.pending()[0].owner, box.pending()[0].tasks) == ("1001", ("ANALYZE",))


def test_a_client_accepts_or_declines_a_request():
    box = sandbox()
    box.accept("11", "2003")
    assert pair(box, "act_11", "2003").is_confirmed
    box = sandbox()
    box.decline("act_11", "2003")
    assert pair(box, "act_11", "2003") is None
    assert waiting(box) == []


def test_a_second_admin_turns_a_grant_down_without_touching_what_was_there():
    box = sandbox()
    box.give("act_13", "2002", ["ANALYZE"])
    Client(box).post("act_13/agencies", business="2002", permitted_tasks=["MANAGE"])
    assert pair(box, "act_13", "2002").tasks == ("ANALYZE",)
    box.decline("act_13", "2002")
    assert pair(box, "act_13", "2002").tasks == ("ANALYZE",)
    assert ("act_13", "2002", "second_admin") not in waiting(box)


@pytest.mark.parametrize("act", ["accept", "decline", "approve", "take"])
def test_nobody_can_act_on_what_is_not_there(act):
    box = sandbox()
    with pytest.raises(WorldError) as caught:
        getattr(box, act)("act_12", "2002")
    assert caught.value.hint
    with pytest.raises(WorldError, match="no asset 99"):
        getattr(box, act)("99", "2002")


@pytest.mark.parametrize("act", ["accept", "decline", "approve"])
def test_who_names_what_does_not_wait_is_told_how_to_see_what_does(act):
    with pytest.raises(WorldError) as caught:
        getattr(sandbox(), act)("act_12", "2002")
    assert caught.value.hint.startswith(f"accessctl sandbox {act} WORLD.yaml")


@pytest.mark.parametrize("act", ["accept", "decline"])
def test_confirmed_access_does_not_wait(act):
    with pytest.raises(WorldError, match="waits on act_11"):
        getattr(sandbox(), act)("act_11", "2002")


def test_access_is_given_and_taken_by_hand_outside_the_log():
    box = sandbox()
    box.give("72", "2003", ["ADVERTISE"])
    assert pair(box, "72", "2003").tasks == ("ADVERTISE", "ANALYZE", "MESSAGING", "MANAGE_LEADS")
    box.take("72", "2003")
    assert pair(box, "72", "2003") is None
    assert box.write_log == ()


@pytest.mark.parametrize("business", ["1001", "9"])
def test_nobody_gives_access_to_the_owner_or_a_stranger(business):
    with pytest.raises(WorldError, match="cannot be given"):
        sandbox().give("act_11", business, ["ANALYZE"])


def test_a_reset_goes_back_to_the_start():
    box = sandbox()
    start = box.world
    Client(box).delete("act_11/agencies", business="2002")
    box.reset()
    assert box.world == start

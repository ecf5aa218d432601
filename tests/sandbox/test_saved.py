"""A world kept as JSON, between two runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from accessctl.sandbox import Dropped, Sandbox, WorldError
from accessctl.sandbox.saved import Texts, world_from_json, world_to_json
from accessctl.sandbox.yamltree import read_yaml

from .worlds import RARE, WORLD, Client, sandbox, world

if TYPE_CHECKING:
    from accessctl.sandbox.world import World


def used() -> Sandbox:
    """Return a sandbox in which a bit of everything has happened."""
    faults = (
        {"match": "GET me", "nth": 2, "do": "http_500"},
        {"match": "GET 71", "do": "throttle"},
        {"match": "GET 72", "do": "delay", "seconds": 0.5},
    )
    box = sandbox(
        WORLD.replace("pages:\n", RARE + "pages:\n"), faults=faults, lag_reads=2, paging="offset", score_limit=60
    )
    client = Client(box)
    client.get("me")
    client.get("71")
    client.post("act_13/agencies", business="2002", permitted_tasks=["ANALYZE"])
    client.delete("act_11/agencies", business="2002")
    Client(box, "sandbox-2003").post("2003/client_pages", page_id="71", permitted_tasks=["ANALYZE"])
    client.delete("1001/agencies", business="2003")
    return box


def test_a_saved_world_is_the_same_world():
    saved = used().world
    read = world_from_json(world_to_json(saved))
    assert read == saved
    assert world_to_json(read) == world_to_json(saved)


def test_a_secret_of_the_app_and_real_time_are_kept():
    plain = world(WORLD.replace('now: "2026-11-21T09:00:00Z"', "app_secret: hush"))
    assert world_from_json(world_to_json(plain)) == plain


def test_real_time_is_kept_to_the_second():
    box = Sandbox(world(WORLD.replace('now: "2026-11-21T09:00:00Z"', "")))
    Client(box).delete("act_11/agencies", business="2002")
    assert world_from_json(world_to_json(box.world)) == box.world


def test_the_same_world_gives_the_same_text_whatever_the_order():
    tree = read_yaml(WORLD, "w")
    turned = {key: dict(reversed(value.items())) if isinstance(value, dict) else value for key, value in tree.items()}
    assert world_to_json(world(json.dumps(dict(reversed(turned.items()))))) == world_to_json(world())


def test_work_goes_on_where_it_stopped():
    box = Sandbox(world_from_json(world_to_json(used().world)))
    assert Client(box).ask("GET", "me").status == 500
    assert len(box.write_log) == 4
    assert box.pending()


@pytest.mark.parametrize("cut", range(0, 5000, 61))
def test_a_torn_file_is_refused_with_the_way_out(cut):
    text = world_to_json(used().world)
    with pytest.raises(WorldError) as caught:
        world_from_json(text[: min(cut, len(text) - 3)], "state.json")
    assert caught.value.what.startswith("state.json")
    assert "reset" in caught.value.hint


BROKEN = {
    "no state": lambda tree: tree.pop("state"),
    "a list": lambda tree: tree.update(state=[]),
    "unknown asset": lambda tree: tree["state"]["assets"].update({"act_999": {}}),
    "too many counts": lambda tree: tree["state"]["mishaps"].append([0, False]),
    "a write of other shape": lambda tree: tree["state"]["writes"].append({"at": "2026-11-21T09:00:00Z"}),
    "a write without a time": lambda tree: tree["state"]["writes"][0].pop("at"),
    "a wrong key": lambda tree: tree.update(busineses={}),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_of_other_shape_is_refused(name):
    tree = json.loads(world_to_json(used().world))
    BROKEN[name](tree)
    with pytest.raises(WorldError, match=r"^state\.json"):
        world_from_json(json.dumps(tree), "state.json")


def test_every_change_is_kept_before_it_is_answered():
    kept = []
    box = Sandbox(sandbox(faults=({"match": "DELETE *", "do": "commit_then_drop"},)).world, on_change=kept.append)
    Client(box).get("me")
    assert kept == []
    with pytest.raises(Dropped):
        Client(box).delete("act_11/agencies", business="2002")
    box.accept("act_11", "2003")
    assert kept[-1] is box.world
    assert len(kept[-1].writes) == 1


def test_a_request_that_changes_much_is_kept_once_and_a_read_not_at_all():
    kept = []
    box = Sandbox(world(), on_change=kept.append)
    item = {"method": "POST", "body": "business=2002&permitted_tasks=['ANALYZE']"}
    Client(box).post("", batch=[item | {"relative_url": f"act_{n}/agencies"} for n in (11, 12, 13)])
    Client(box).get("1001/owned_ad_accounts", fields="agencies{id}", limit="3")
    assert [len(one.writes) for one in kept] == [3]


def test_what_was_written_before_is_written_again_only_where_it_changed():
    box, texts = used(), Texts()
    assert world_to_json(box.world, texts) == world_to_json(box.world)
    Client(box).delete("71/agencies", business="2002")
    box.give("act_12", "2002", ["MANAGE"])
    assert world_to_json(box.world, texts) == world_to_json(box.world)
    box.reset()
    Client(box).post("act_12/agencies", business="2003", permitted_tasks=["ANALYZE"])
    assert world_to_json(box.world, texts) == world_to_json(box.world)


def test_a_change_that_cannot_be_kept_is_not_made():
    def full(_: World) -> None:
        raise WorldError("the disk is full", "make room")

    box = Sandbox(world(), on_change=full)
    with pytest.raises(WorldError):
        Client(box).delete("act_11/agencies", business="2002")
    assert box.write_log == ()

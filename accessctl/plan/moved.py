"""Two plans of the same manifests held against each other: what live access has done in between. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accessctl.called import called
from accessctl.clean import display
from accessctl.model import Asset
from accessctl.plan.nouns import Verb

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accessctl.plan.nouns import Action, Plan, Row, State

Pair = tuple[str, str, str]
STILL = {Verb.ACCEPT: "to accept its request for", Verb.CHANGE: "to change it to"}


def moved(planned: Plan, now: Plan) -> tuple[str, ...]:
    """Return a sentence for each pair on which `now` would not do what `planned` does; none where they agree.

    Actions count, each with what it starts from and why. Names, warnings and what is left alone do not.
    """
    old, new = _by_pair(planned), _by_pair(now)
    pairs = sorted(pair for pair in old.keys() | new.keys() if _step(old.get(pair)) != _step(new.get(pair)))
    return tuple(_sentence(pair, old.get(pair), new.get(pair), now) for pair in pairs)


def in_between(before: State, now: State) -> str:
    """Return what became of a pair, step by step: `ANALYZE was taken away; MANAGE was added`."""
    from deepdiff import DeepDiff

    old, new = ({"status": str(state.status), "tasks": set(state.tasks)} for state in (before, now))
    found = DeepDiff(old, new, view="tree")
    words = [f"{display(item.t2)} was added" for item in found.get("set_item_added", ())]
    words += [f"{display(item.t1)} was taken away" for item in found.get("set_item_removed", ())]
    words += [f"it was {item.t1} and is {item.t2}" for item in found.get("values_changed", ())]
    return "; ".join(sorted(words))


def _by_pair(plan: Plan) -> dict[Pair, Action]:
    return {(action.asset.kind, action.asset.id, action.agency.id): action for action in plan.actions}


def _step(action: Action | None) -> Any:
    """All of an action that counts."""
    if action is None:
        return None
    before, after = ((state.status, frozenset(state.tasks)) for state in (action.before, action.after))
    return action.verb, action.via, action.owner, action.replace_with_gap, before, after, action.reason


def _sentence(pair: Pair, old: Action | None, new: Action | None, now: Plan) -> str:
    one = old or new
    assert one is not None
    what = f"{one.asset.kind.noun} {one.asset.alias} ({Asset(one.asset.kind, one.asset.id).node})"
    then = _words(old) if old else "nothing to do"
    here = _words(new) if new else _instead(pair, now)
    change = in_between(old.before, new.before) if old and new else ""
    if old and new and not change and old.reason != new.reason:
        change = display(new.reason.text, 300)
    return f"{called(one.agency)} on {what}: planned: {then}; now: {here}" + f" ({change})" * bool(change)


def _words(action: Action) -> str:
    names = ", ".join(display(task, 60) for task in action.after.tasks)
    return f"{STILL.get(action.verb, f'to {action.verb}')} {names}".rstrip()


def _instead(pair: Pair, now: Plan) -> str:
    """Say what stands where the action was: why it is blocked or waits, or that nothing is left to do."""
    for word, rows in (("blocked", now.blocked), ("waiting", now.waiting), ("left alone", now.unmanaged)):
        for row in _rows_of(pair, rows):
            return f"{word}: {display(row.reason.text, 300)}"
    return "nothing to do"


def _rows_of(pair: Pair, rows: Iterable[Row]) -> Iterable[Row]:
    for row in rows:
        agency = row.agency.id if row.agency else pair[2]
        if (row.asset.kind, row.asset.id, agency) == pair:
            yield row

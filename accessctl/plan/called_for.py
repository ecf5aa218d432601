"""Hold a saved plan against the plan that the manifests call for, starting from what it says is live. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from accessctl.plan.nouns import Action, Plan

SHARE = re.compile(r"on (?:its only|([0-9]+)(?: of its [0-9]+)?) (ad account|Page)s?\b")
SHOWN = (
    ("waiting", "what it says of what waits"),
    ("blocked", "what it says of what is blocked"),
    ("unmanaged", "what it says of what no manifest declares"),
    ("summary", "its summary"),
    ("unread", "what it says could not be read"),
    ("held", "what it says the agencies hold"),
    ("losing", "what it says the tokens lose"),
    ("closed", "what it says Meta does not open"),
)


def not_called_for(saved: Plan, called_for: Plan, *, is_whole: bool, unseen: Collection[str] = ()) -> str:
    """Say in what `saved` is not `called_for`, the first thing found; empty where they are one plan.

    Every action has to be there, with all its parts and in its place; and all that is shown has to follow from
    the rows. `is_whole` tells that the rows show all that was read: only then can shares be counted again.
    `unseen` are codes of risk that the rows do not tell enough of.
    """
    if wrong := _wrong_action(*(_without(plan.actions, unseen) for plan in (saved, called_for))):
        return wrong
    for part, words in SHOWN:
        if getattr(saved, part) != getattr(called_for, part):
            return f"{words} is not what follows from its rows"
    if _headlines(saved, is_whole=is_whole) != _headlines(called_for, is_whole=is_whole):
        return "its headlines do not follow from its rows"
    if not set(called_for.warnings) <= set(saved.warnings):
        return "a warning about a name is missing"
    return ""


def _wrong_action(saved: Sequence[Action], called_for: Sequence[Action]) -> str:
    by_id = {action.id: action for action in called_for}
    for action in saved:
        if by_id.get(action.id) != action:
            return f"{action.id} is not what the manifests call for"
    if [action.id for action in saved] != [action.id for action in called_for]:
        return "its actions are not all there, each once and in order"
    return ""


def _without(actions: Sequence[Action], codes: Collection[str]) -> Sequence[Action]:
    if not codes:
        return actions
    return [replace(action, risk=tuple(code for code in action.risk if code not in codes)) for action in actions]


def _headlines(plan: Plan, *, is_whole: bool) -> tuple[str, ...]:
    """Return the headlines; where shares cannot be counted again, with the numbers alone."""
    if is_whole:
        return plan.headlines
    return tuple(SHARE.sub(lambda found: f"on {found[1] or 1} {found[2]}", line) for line in plan.headlines)

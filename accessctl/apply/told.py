"""What the journal is told of one write: the call as it goes out, and what came back. No secret is among it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.apply.door import SIDES
from accessctl.graph.errors import GraphError
from accessctl.graph.writer import ASK, DROP
from accessctl.model import Asset, Side
from accessctl.plan.nouns import REMOVING

if TYPE_CHECKING:
    from accessctl.apply.outcomes import Settled, Step
    from accessctl.graph.writer import Answer
    from accessctl.plan.nouns import Action, State


def about(action: Action) -> dict[str, object]:
    """Return what intent and outcome say of an action: the pair, who acts, the call, before and after."""
    return {
        "action": action.id,
        "verb": action.verb,
        "pair": {"kind": action.asset.kind, "asset": action.asset.id, "agency": action.agency.id},
        "via": action.via,
        "acting": {"id": _acting_id(action), "alias": action.via},
        "call": call_of(action),
        "before": _state(action.before),
        "after": _state(action.after),
    }


def call_of(action: Action) -> dict[str, object]:
    """Return the method, edge and parameters that `GraphDoor.send` has for this action."""
    node = Asset(action.asset.kind, action.asset.id).node
    if SIDES[action.verb] is Side.OWNER:
        path, params = f"{node}/agencies", {"business": action.agency.id}
    else:
        edge, name = (DROP if action.verb in REMOVING else ASK)[action.asset.kind]
        path, params = f"{_acting_id(action)}/{edge}", {name: node}
    if action.verb in REMOVING:
        return {"method": "DELETE", "path": path, "params": params}
    return {"method": "POST", "path": path, "params": {**params, "permitted_tasks": sorted(set(action.after.tasks))}}


def ended(step: Step, answer: Answer | GraphError) -> dict[str, object]:
    """Return what an outcome says beyond the action: the word, Meta's answer, and what was live afterwards."""
    return {
        "outcome": step.outcome,
        "text": step.text,
        "fbtrace_id": step.trace,
        "answer": _answer(answer),
        "live": _state(step.live) if step.live else None,
    }


def settled(found: Settled) -> dict[str, object]:
    """Return what is said of a write that a crash left open: which one it was, and how it turned out."""
    said = about(found.action)
    return {
        "of_run": found.run,
        **{key: said[key] for key in ("action", "verb", "pair", "via", "before", "after")},
        "outcome": found.outcome,
        "text": found.text,
        "live": _state(found.live) if found.live else None,
    }


def _acting_id(action: Action) -> str:
    """Return the id of the business whose token makes the call; `via` is its alias."""
    return action.owner if SIDES[action.verb] is Side.OWNER else action.agency.id


def _answer(answer: Answer | GraphError) -> dict[str, object]:
    """Return Meta's answer as the journal keeps it."""
    if isinstance(answer, GraphError):
        return answer.told
    return {"success": True, "requires_admin_approval": answer.requires_admin_approval}


def _state(state: State) -> dict[str, object]:
    return {"status": state.status, "tasks": list(state.tasks)}

"""The journal read back as sentences and as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from accessctl.clean import display
from accessctl.history import RunTold, moment_of
from accessctl.model import AssetAccess, Status
from accessctl.obo.told import OboTold
from accessctl.plan.nouns import Verb
from accessctl.render.age import moment
from accessctl.render.names import asset_in_words, business_in_words, task_names
from accessctl.render.obo_history import obo_row, obo_sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from accessctl.history import Told, WriteTold
    from accessctl.plan.nouns import AssetRef, State
    from accessctl.plan.refs import Names
    from accessctl.render.paper import Paper

# What an agency did or was to do, as each verb has it: once it came about, and before.
SENTENCES = {
    Verb.GRANT: ("was granted {after} on {asset}", "was to be granted {after} on {asset}"),
    Verb.ACCEPT: (
        "was granted its request for {after} on {asset}",
        "was to be granted {after} on {asset} as requested",
    ),
    Verb.CHANGE: ("now holds {after} instead of {before} on {asset}", "was to hold {after}, not {before}, on {asset}"),
    Verb.REVOKE: ("lost {before} on {asset}", "was to lose {before} on {asset}"),
    Verb.REQUEST: ("requested {after} on {asset}", "was to request {after} on {asset}"),
    Verb.WITHDRAW: ("withdrew its request for {before} on {asset}", "was to withdraw its request on {asset}"),
    Verb.RELINQUISH: ("gave up {before} on {asset}", "was to give up {before} on {asset}"),
}
DECLINED = ("was declined its request for {before} on {asset}", "was to be declined its request on {asset}")
CAME_ABOUT = frozenset({"applied", "waiting_for_client"})
NO_ANSWER = "it may have been sent, and no answer was recorded: the next apply looks"
WORDS = {
    "": NO_ANSWER,
    "converged": "no change, it was so already",
    "waiting_for_client": "waiting for the client",
    "awaiting_admin_approval": "waiting for a second admin",
}
STYLES = {"failed": "red", "unknown": "red", "": "yellow"}


def history_text(told: Sequence[Told], names: Names, paper: Paper) -> str:
    """Return a sentence for each write and each run, oldest first."""
    lines = [
        paper.wrap(f"{moment(moment_of(one))}  {_run_sentence(one)} {_origin(one)}", indent=4, first=0)
        if isinstance(one, RunTold)
        else _told_text(one, names, paper)
        for one in told
    ]
    return "\n".join(lines) + "\n" if lines else "The journal has nothing on this.\n"


def history_json(told: Sequence[Told], names: Names) -> str:
    """Return the same as a JSON list: `event` is `write`, `run` or `obo_cancel`; without its outcome null is there.

    `settled` is null but for a write that a crash left open and a later run looked at.
    """
    rows = [
        _run_row(one)
        if isinstance(one, RunTold)
        else cancel_row(one, names)
        if isinstance(one, OboTold)
        else write_row(one, names)
        for one in told
    ]
    return json.dumps({"history": rows}, indent=2, sort_keys=True)


def write_words(write: WriteTold, names: Names) -> str:
    """Return when a write was sent, what it was, how it ended and by which run."""
    return f"{moment(write.at)}  {_sentence(write, names)}: {_how_it_ended(write)} {_origin(write.run)}"


def cancel_words(told: OboTold, names: Names) -> str:
    """Return when the cancel of an on-behalf-of request was sent, what it was, how it ended and by which run."""
    return f"{moment(told.at)}  {obo_sentence(told, names)} {_origin(told.run)}"


def cancel_row(told: OboTold, names: Names) -> dict[str, Any]:
    """Return it as an object of the JSON form, with the facts of its run."""
    return obo_row(told, names) | {"run": told.run.id, **_facts(told.run)}


def _told_text(told: WriteTold | OboTold, names: Names, paper: Paper) -> str:
    if isinstance(told, OboTold):
        return paper.wrap(cancel_words(told, names), indent=4, first=0, style=STYLES.get(told.outcome, ""))
    return _write_text(told, names, paper)


def _write_text(write: WriteTold, names: Names, paper: Paper) -> str:
    return paper.wrap(write_words(write, names), indent=4, first=0, style=STYLES.get(write.outcome, ""))


def _sentence(write: WriteTold, names: Names) -> str:
    done, meant = DECLINED if _is_decline(write) else SENTENCES[write.verb]
    before, after = task_names(write.before.tasks), task_names(write.after.tasks)
    said = done if write.outcome in CAME_ABOUT else meant
    words = said.format(before=before, after=after, asset=asset_in_words(_ref(write, names)))
    return f"{business_in_words(names.business(write.agency))} {words}"


def _run_sentence(run: RunTold) -> str:
    if run.ended_at is None:
        return f"The run begun {moment(run.at)} has no end: it was stopped, or is still going on"
    counts = ", ".join(f"{number} {word.replace('_', ' ')}" for word, number in run.outcomes if number)
    return f"The run ended: {display(counts) or 'there was nothing to do'}"


def _how_it_ended(write: WriteTold) -> str:
    word = WORDS.get(write.outcome) or display(write.outcome.replace("_", " "), 60)
    if write.settled_at and write.outcome == "failed":
        word = "not applied"
    is_told = write.outcome in ("failed", "unknown") and write.text
    said = f"{word}: {display(write.text, 400)}" if is_told else word
    return said + _settled(write)


def _settled(write: WriteTold) -> str:
    """Say which later run found out how a write ended that a crash had left open."""
    if write.settled_at is None:
        return ""
    return f"; settled by run {display(write.settled_by, 40)} on {write.settled_at:%Y-%m-%d}"


def _is_decline(write: WriteTold) -> bool:
    return write.verb is Verb.REVOKE and write.before.status is Status.PENDING


def _origin(run: RunTold) -> str:
    """Return `[run ab12, plan sha256:1234…, by jo, commit 0123abc, https://…/runs/1]`."""
    facts = [f"run {display(run.id, 40)}"]
    facts += [f"plan {display(run.plan, 20)}"] * bool(run.plan)
    facts += [f"by {display(run.actor, 60)}"] * bool(run.actor)
    facts += [f"commit {display(run.commit[:12], 12)}"] * bool(run.commit)
    facts += [display(run.url, 300)] * bool(run.url)
    return f"[{', '.join(facts)}]"


def _ref(write: WriteTold, names: Names) -> AssetRef:
    return names.asset(names.desired.assets.get(write.asset) or AssetAccess(write.asset, ""))


def _run_row(run: RunTold) -> dict[str, Any]:
    return {
        "event": "run",
        "run": run.id,
        "started_at": run.at.isoformat(),
        "ended_at": run.ended_at.isoformat() if run.ended_at else None,
        "outcomes": dict(run.outcomes),
        **_facts(run),
    }


def write_row(write: WriteTold, names: Names) -> dict[str, Any]:
    """Return a write as an object of the JSON form."""
    asset, agency = _ref(write, names), names.business(write.agency)
    return {
        "event": "write",
        "run": write.run.id,
        "line": write.line,
        "at": write.at.isoformat(),
        "action": write.verb,
        "asset": {"kind": asset.kind, "id": asset.id, "alias": asset.alias},
        "agency": {"id": agency.id, "alias": agency.alias, "name": agency.name},
        "via": write.via,
        "before": _state(write.before),
        "after": _state(write.after),
        "outcome": write.outcome or None,
        "text": write.text or ("" if write.outcome else NO_ANSWER),
        "code": write.code,
        "fbtrace_id": write.trace,
        "live": _state(write.live) if write.live else None,
        "settled": {"run": write.settled_by, "at": write.settled_at.isoformat()} if write.settled_at else None,
        **_facts(write.run),
    }


def _facts(run: RunTold) -> dict[str, str]:
    return {
        "plan": run.plan,
        "commit": run.commit,
        "run_url": run.url,
        "actor": run.actor,
        "graph_url": run.graph_url,
    }


def _state(state: State) -> dict[str, Any]:
    return {"status": state.status, "tasks": list(state.tasks)}

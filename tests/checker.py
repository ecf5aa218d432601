"""The one checker of what must hold after every run of apply, whatever went wrong in it (FAULTS section 2).

It believes nobody but the sandbox: what was there at the start, each write that was committed, what is there now.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from typing import TYPE_CHECKING

from accessctl import tasks
from accessctl.chain import check
from accessctl.model import Asset, Kind, Status
from accessctl.plan import Verb
from accessctl.sandbox.edges_write import AWAITING
from accessctl.sandbox.vocabulary import read_back

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from accessctl.manifest import Project
    from accessctl.plan.nouns import Action
    from accessctl.sandbox import World, Write
    from accessctl.sandbox.world import Asset as Node
    from accessctl.sandbox.world import Pair

    Pairing = tuple[str, str]  # the asset's node and the agency's id
    Held = Mapping[Pairing, frozenset[str]]

RUNNING = frozenset({"ADVERTISE", "MANAGE"})  # with neither, nobody but the owner runs or stops a campaign (FAULTS J7)
NOTHING: frozenset[str] = frozenset()
EDGES = {"ad_account": ("client_ad_accounts", "ad_accounts"), "page": ("client_pages", "pages")}
SEVERING = re.compile(r"(POST|DELETE) [0-9]+/(owned_\w+|clients)")
TOKEN = re.compile(r"sandbox-(page-)?[0-9]|EAAcanary")


def pairing(action: Action) -> Pairing:
    """Return the pair of an action, as the sandbox names it."""
    return Asset(action.asset.kind, action.asset.id).node, action.agency.id


def held_by(pair: Pair | None) -> frozenset[str]:
    """Return the tasks a pair gives, by their classic names: none unless it is confirmed."""
    return tasks.normal(pair.tasks) if pair is not None and pair.is_confirmed else NOTHING


def held_in(assets: Mapping[str, Node]) -> dict[Pairing, frozenset[str]]:
    """Return what every agency holds in a world."""
    return {
        (node, agency): held_by(pair)
        for node, asset in assets.items()
        for agency, pair in asset.agencies.items()
        if agency != asset.owner
    }


def moments(start: Held, writes: Sequence[Write]) -> Iterator[tuple[Write, Held]]:
    """Yield each committed write with what everybody holds right after it."""
    now = dict(start)
    for write in writes:
        assert write.agency, f"{write.method} {write.path} reaches more than one pair"
        if write.after is None or write.after.status != AWAITING:
            now[write.asset, write.agency] = held_by(write.after)
        yield write, now


def check_prefixes(start: Held, writes: Sequence[Write], actions: Sequence[Action]) -> int:
    """See that no moment leaves less than both the old and the new state give; return how many were looked at.

    `start` is what everybody held when the run of `actions` began. A pair that is changed with a gap is left
    out, and so is its asset where the question is whether anybody can still run campaigns (FAULTS J7).
    """
    end = dict(start)
    end |= {pairing(a): tasks.normal(a.after.tasks) if _gives(a) else NOTHING for a in actions}
    with_gap = {pairing(action) for action in actions if action.replace_with_gap}
    gapped = {node for node, _ in with_gap}
    run_by = [_run(held) for held in (start, end)]
    looked = 0
    for write, now in moments(start, writes):
        pair = write.asset, write.agency
        lesser = start.get(pair, NOTHING) & end.get(pair, NOTHING)
        assert pair in with_gap or now.get(pair, NOTHING) >= lesser, f"write {write.n} leaves {pair} with less"
        if write.asset not in gapped and all(write.asset in assets for assets in run_by):
            assert write.asset in _run(now), f"after write {write.n} nobody can run campaigns on {write.asset}"
        looked += 1
    return looked


def _gives(action: Action) -> bool:
    return action.after.status is Status.CONFIRMED


def _run(held: Held) -> set[str]:
    """Return the assets on which some agency can run campaigns."""
    return {node for (node, _), found in held.items() if found & RUNNING}


def check_no_strays(writes: Sequence[Write], actions: Sequence[Action]) -> None:
    """I1: every committed write is a call of one of these actions, with the tasks that were approved."""
    approved = {pairing(action): action for action in actions}
    for write in writes:
        assert not SEVERING.fullmatch(f"{write.method} {write.path}"), write
        action = approved.get((write.asset, write.agency))
        assert action is not None, f"nobody approved write {write.n}: {write.method} {write.path}"
        sent = frozenset(json.loads(write.params.get("permitted_tasks", "[]")))
        call = write.method, write.path, sent
        assert call in set(_calls(action)) or _gives_back(action, call), f"write {write.n} is not what was approved"


def _calls(action: Action) -> Iterator[tuple[str, str, frozenset[str]]]:
    """Yield the calls an action may make: one, or with a gap a revoke too."""
    node, agency = pairing(action)
    ask, drop = EDGES[action.asset.kind]
    match action.verb:
        case Verb.REQUEST:
            yield "POST", f"{agency}/{ask}", frozenset(action.after.tasks)
        case Verb.WITHDRAW | Verb.RELINQUISH:
            yield "DELETE", f"{agency}/{drop}", NOTHING
        case Verb.REVOKE:
            yield "DELETE", f"{node}/agencies", NOTHING
        case _:
            yield "POST", f"{node}/agencies", frozenset(action.after.tasks)
    if action.replace_with_gap:
        yield "DELETE", f"{node}/agencies", NOTHING


def _gives_back(action: Action, call: tuple[str, str, frozenset[str]]) -> bool:
    """Tell whether a call closes a gap with what was held when it was opened.

    That may be both the old and the new tasks, where Meta adds to what is held instead of replacing it.
    """
    method, path, sent = call
    may_hold = {*action.before.tasks, *action.after.tasks}
    return action.replace_with_gap and (method, path) == ("POST", f"{pairing(action)[0]}/agencies") and sent <= may_hold


def check_revokes(start: Held, writes: Sequence[Write], project: Project, unreadable: set[str]) -> None:
    """I2: whoever lost something lost what the manifests do not give, and nothing on an unreadable asset."""
    desired = {access.asset.node: access for access in project.desired.assets.values()}
    before = start
    for write, now in moments(start, writes):
        pair = write.asset, write.agency
        assert write.asset not in unreadable, f"write {write.n} is on an asset that nobody could read"
        assert write.asset in desired, f"write {write.n} is on an asset that no manifest declares"
        access = desired[write.asset]
        declared = access.grants.get(write.agency)
        lost = before.get(pair, NOTHING) - now.get(pair, NOTHING)
        wanted = tasks.normal(declared.tasks) if declared else NOTHING
        assert not lost or declared or access.exclusive, f"write {write.n} takes from a pair nobody declares"
        assert not lost & wanted or access.replace_with_gap, f"write {write.n} takes {lost & wanted}, which is declared"
        before = dict(now)


def check_live(world: World, project: Project, excused: Callable[[Node, str], bool]) -> int:
    """I3: live access is as declared; return how many pairs were. `excused` names those that wait for a person."""
    good = 0
    for access in project.desired.assets.values():
        node = world.assets[access.asset.node]
        is_ours = access.owner in project.policy.acts_as
        ours = set(project.policy.acts_as) - {access.owner}
        pairs = set(access.grants) | (set(node.agencies) if access.exclusive else set())
        for agency in sorted(pairs if is_ours else pairs & ours):
            if excused(node, agency):
                continue
            declared, pair = access.grants.get(agency), node.agencies.get(agency)
            wanted = declared.tasks if declared else NOTHING
            if declared or pair is None or not pair.is_pending or project.policy.decline_unexpected:
                assert _is_as_declared(node, pair, wanted, is_ours=is_ours), (node.id, agency, sorted(wanted), pair)
            good += 1
    return good


def _is_as_declared(node: Node, pair: Pair | None, wanted: frozenset[str], *, is_ours: bool) -> bool:
    if pair is None or not wanted:
        return pair is None and not wanted
    if not is_ours:
        return True  # asked for, or held with other tasks: the client's turn
    return pair.is_confirmed and tasks.is_same(Kind(node.kind), wanted, frozenset(read_back(node, pair.tasks)))


def check_journal(path: Path, writes: Sequence[Write]) -> list[dict[str, object]]:
    """I7: the journal is whole, and each committed write had its intent there; return the entries."""
    chain = check(path.read_bytes(), path) if path.exists() else None
    entries = list(chain.entries) if chain else []
    assert chain is None or chain.torn == 0
    begun: dict[tuple[object, ...], int] = defaultdict(int)
    for entry in entries:
        if entry["event"] == "intent":
            pair, call = entry["pair"], entry["call"]
            begun[Asset(Kind(pair["kind"]), pair["asset"]).node, pair["agency"], call["method"], call["path"]] += 1
    for write in writes:
        key = (write.asset, write.agency, write.method, write.path)
        begun[key] -= 1
        assert begun[key] >= 0, f"write {write.n} has no intent in the journal"
    return entries


def check_answered(entries: Sequence[Mapping[str, object]]) -> None:
    """See that each intent has its outcome, one by one for every pair: nothing was left open."""
    open_: set[str] = set()
    for entry in entries:
        name = json.dumps([entry["run"], entry.get("pair")])
        if entry["event"] == "intent":
            assert name not in open_, "an intent before the outcome of the last one"
            open_.add(name)
        elif entry["event"] == "outcome":
            open_.remove(name)
    assert not open_


def check_no_token(*texts: str) -> None:
    """I6: no token is in any of these."""
    for text in texts:
        assert not TOKEN.search(text), TOKEN.search(text)

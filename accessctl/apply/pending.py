"""Settle what a crash left open: each intent without an outcome is held against what is live now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from accessctl.apply.door import SIDES
from accessctl.apply.look import TAKES_FROM_CLIENT, Seen, compare, in_words
from accessctl.apply.outcomes import Outcome, Settled
from accessctl.apply.told import settled
from accessctl.apply.write import PATIENCE
from accessctl.graph.errors import GraphError
from accessctl.history import WriteTold, tell
from accessctl.model import Side, Status
from accessctl.plan.nouns import REMOVING, Action, AssetRef, BusinessRef, Reason, State, Verb

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from accessctl.apply.door import Door
    from accessctl.apply.write import Writer
    from accessctl.chain import Entry
    from accessctl.live.read import ActingBusiness

YOUNG = timedelta(seconds=sum(PATIENCE))  # what was sent within this time may still be on its way
REASON = Reason("pending", "a crash left it open")
OUTDATED = "a later write on the pair came after it, so what is live says nothing of it"
ASKED = "it does not show; the client may have been asked all the same, and is not asked again"
NOT_GRANTED = "it does not show; if a second admin has to approve it, it waits for that"
NOT_REMOVED = "the access is as it was before"


@dataclass(frozen=True, slots=True)
class Pending:
    """An intent without an outcome, which no run has settled. `is_outdated`: a later write on the pair counts."""

    write: WriteTold
    is_outdated: bool


def pending_of(entries: Iterable[Entry], graph_url: str) -> tuple[Pending, ...]:
    """Return the intents at this Graph URL that are still open, in the order of the journal.

    Raises JournalError with the line number for an entry that makes no sense.
    """
    writes = [one for one in tell(entries) if isinstance(one, WriteTold) and one.run.graph_url == graph_url]
    last = {(one.asset, one.agency): one.line for one in writes if one.outcome != Outcome.FAILED}
    return tuple(Pending(one, last[one.asset, one.agency] > one.line) for one in writes if not one.outcome)


def settle(
    pending: Sequence[Pending], writer: Writer, acting: Sequence[ActingBusiness], now: datetime
) -> tuple[Settled, ...]:
    """Look at what each of `pending` was about, say in the journal how it turned out, and return that.

    What is younger than the writer's patience is looked at until it shows or that patience ends, all of them
    side by side. What cannot be read stays open. Nothing is sent to Meta but reads. Raises JournalError where
    the journal cannot be written, and GraphError where the run is to end meanwhile.
    """
    looker = _Looker(writer.door, {one.business.id: one.business.alias for one in acting})
    found = [looker.look(one) for one in pending]
    for pause in PATIENCE[1:]:
        again = [n for n, one in enumerate(pending) if now - one.write.at < YOUNG and found[n].may_change]
        if not again:
            break
        writer.sleep(pause)
        for n in again:
            found[n] = looker.look(pending[n])
    ends = tuple(_end(one.write, sight) for one, sight in zip(pending, found, strict=True))
    for end in ends:
        if end.outcome is not None:
            writer.journal.write("settled", **settled(end))
    return ends


@dataclass(frozen=True, slots=True)
class _Sight:
    """What a look has shown. `is_last` where another look would show no more."""

    seen: Seen
    text: str = ""
    live: State | None = None
    is_last: bool = False

    @property
    def may_change(self) -> bool:
        return not self.is_last and self.seen in (Seen.AS_PLANNED, Seen.UNREADABLE)


class _Looker:
    """Looks at pairs through a door. `aliases` are those of the businesses we hold a token of, by id."""

    def __init__(self, door: Door, aliases: Mapping[str, str]) -> None:
        self.door = door
        self.aliases = aliases

    def look(self, one: Pending) -> _Sight:
        if one.is_outdated:
            return _Sight(Seen.MOVED, OUTDATED)
        write = one.write
        via = self._via(write)
        if not via:
            business = write.acting or write.via
            return _Sight(Seen.UNREADABLE, f"this project has no token of business {business} any more", is_last=True)
        action = action_of(write, via)
        try:
            access = self.door.look(action)
        except GraphError as error:
            return _Sight(Seen.UNREADABLE, error.what, is_last=True)
        if write.verb in TAKES_FROM_CLIENT:  # nothing is dropped here, so no proof of the owner is needed
            action = replace(action, owner=access.owner)
        return _Sight(*compare(action, access))

    def _via(self, write: WriteTold) -> str:
        """Return today's alias of the acting business, empty where it acts no more; old journals have no id."""
        if business := write.acting or (write.agency if SIDES[write.verb] is Side.AGENCY else ""):
            return self.aliases.get(business, "")
        return write.via if write.via in self.aliases.values() else self.aliases.get(write.via, "")


def action_of(write: WriteTold, via: str) -> Action:
    """Return the action that a write was, as far as the journal has it: enough to look at its pair."""
    asset, agency = AssetRef(write.asset.kind, write.asset.id), BusinessRef(write.agency)
    return Action(write.verb, asset, agency, write.acting, via, write.before, write.after, REASON)


def _end(write: WriteTold, sight: _Sight) -> Settled:
    """Say what a sight means for the write: a client is not asked twice, whatever does not show."""
    outcome, text = _meaning(write.verb, sight)
    return Settled(action_of(write, write.via), write.run.id, write.at, outcome, text, sight.live)


def _meaning(verb: Verb, sight: _Sight) -> tuple[Outcome | None, str]:
    match sight.seen:
        case Seen.UNREADABLE:
            return None, sight.text
        case Seen.WANTED:
            waits = verb is Verb.REQUEST and sight.live is not None and sight.live.status is Status.PENDING
            return (Outcome.WAITING, "the client has to answer") if waits else (Outcome.APPLIED, "")
        case Seen.MOVED:
            return Outcome.UNKNOWN, f"now {in_words(sight.live)}" if sight.live else sight.text
    if verb is Verb.REQUEST:
        return Outcome.UNKNOWN, ASKED
    return Outcome.FAILED, NOT_REMOVED if verb in REMOVING else NOT_GRANTED

"""Live access for a plan, from a snapshot instead of from Meta: what it did not read is a gap."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from accessctl.errors import AccessctlError
from accessctl.model import Gap, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from accessctl.model import Access, Business, Side
    from accessctl.plan.nouns import BusinessRef
    from accessctl.snapshot.nouns import Snapshot

NOT_READ = "the snapshot did not read them"


def check_acting(snapshot: Snapshot, acting: Sequence[Business]) -> None:
    """Raise AccessctlError unless the snapshot was taken through these very businesses."""
    taken, wanted = {one.id for one in snapshot.acts_as}, {one.id for one in acting}
    if taken != wanted:
        raise AccessctlError(
            f"the snapshot was taken by {_names(snapshot.acts_as)}, this project acts as {_names(acting)}",
            "take one with this project: accessctl snapshot --out FILE",
        )


def _names(businesses: Iterable[Business | BusinessRef]) -> str:
    return ", ".join(sorted(f"{one.alias} ({one.id})" for one in businesses))


def live_of(snapshot: Snapshot, sides: Iterable[tuple[str, Side]]) -> Access:
    """Return what the snapshot saw, with a gap for every listing that is needed and that it did not read."""
    looked = {(look.business, look.side, kind) for look in snapshot.looks for kind in look.kinds}
    needed = {(business, side, kind) for business, side in sides for kind in Kind}
    gaps = {Gap(*one, NOT_READ) for one in needed - looked}
    return replace(snapshot.live, gaps=tuple(sorted({*snapshot.live.gaps, *gaps})))

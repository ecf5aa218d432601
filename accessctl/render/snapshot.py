"""A snapshot in one line, and the same as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from accessctl.counting import count
from accessctl.model import Status

if TYPE_CHECKING:
    from accessctl.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Counts:
    """What a snapshot holds. `unreadable` counts assets on which something could not be read."""

    assets: int
    grants: int
    agencies: int
    unreadable: int
    gaps: int


def counts(snapshot: Snapshot) -> Counts:
    """Count what a snapshot holds."""
    pairs = [
        agency
        for access in snapshot.live.assets.values()
        for agency, grant in access.grants.items()
        if grant.status is not Status.ABSENT
    ]
    assets, gaps = len(snapshot.live.assets), len(snapshot.live.gaps)
    return Counts(assets, len(pairs), len(set(pairs)), len(snapshot.unreadable), gaps)


def snapshot_text(snapshot: Snapshot) -> str:
    """Return `20 assets, 53 grants of 6 agencies, read completely with 12 calls`."""
    found = counts(snapshot)
    held = f"{count(found.grants, 'grant')} of {count(found.agencies, 'agency', 'agencies')}"
    head = f"{count(found.assets, 'asset')}, {held}, "
    calls = f"with {count(snapshot.cost.calls, 'call')}"
    if snapshot.is_complete:
        return f"{head}read completely {calls}"
    missing = [f"{count(found.unreadable, 'asset')} unreadable"] * bool(found.unreadable)
    missing += [f"{count(found.gaps, 'listing')} cut short"] * bool(found.gaps)
    return f"{head}not read completely {calls}: {', '.join(missing)}"


def snapshot_json(snapshot: Snapshot, file: str) -> str:
    """Return the counts, the digest, when it was taken and what it cost."""
    document = {
        "file": file,
        "digest": snapshot.digest,
        "taken_at": snapshot.taken_at.isoformat(),
        "complete": snapshot.is_complete,
        "summary": asdict(counts(snapshot)),
        "graph": {"version": snapshot.graph_version, "url": snapshot.graph_url} | asdict(snapshot.cost),
    }
    return json.dumps(document, indent=2, sort_keys=True)

"""Put back what Meta does not show: grants that wait for a second admin, requests that are gone. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from accessctl import tasks
from accessctl.model import (
    ABSENT,
    ASK_AGAIN,
    IN_DOUBT,
    Access,
    Asset,
    AssetAccess,
    Grant,
    Remembered,
    Side,
    Status,
    frozen,
)

if TYPE_CHECKING:
    from collections.abc import Container, Mapping


def recall(
    live: Access,
    remembered: Mapping[tuple[Asset, str], Remembered],
    desired: Access,
    ask_again: Container[tuple[Asset, str]] = (),
) -> Access:
    """Return `live` with what the journal remembers of pairs that Meta shows as they were before.

    Pairs in `ask_again` are to be asked for, or granted, once more.

    A pair that looks different now has been settled by somebody: what Meta shows is the truth. An asset that
    was not read gets nothing: a memory is no reading.
    """
    assets = dict(live.assets)
    for (asset, agency), memory in remembered.items():
        access = assets.get(asset)
        if access is None and memory.is_request and asset in desired.assets:
            access = AssetAccess(asset, "", side=Side.AGENCY)
        if access is None or access.unreadable:
            continue
        grant = _recalled(asset, access.grants.get(agency, ABSENT), memory)
        if grant is not None and (asset, agency) in ask_again:
            grant = replace(grant, detail=ASK_AGAIN) if memory.is_request else None
        if grant is not None:
            assets[asset] = replace(access, grants=frozen({**access.grants, agency: grant}))
    return replace(live, assets=frozen(assets))


def _recalled(asset: Asset, shown: Grant, memory: Remembered) -> Grant | None:
    if memory.is_request and shown.status is Status.PENDING and shown.since is None:
        return replace(shown, since=memory.since)  # Meta does not say how long it waits; we know when we asked
    if memory.is_request:
        return Grant(status=Status.ABSENT, since=memory.since) if shown.status is Status.ABSENT else None
    status, held = memory.before
    if shown.status != status or tasks.normal(shown.tasks) != held or not memory.awaiting:
        return None
    if shown.status is Status.CONFIRMED and tasks.is_same(asset.kind, memory.awaiting, shown.tasks):
        return None
    if memory.is_doubtful:
        return replace(shown, since=memory.since, detail=IN_DOUBT) if shown.status is Status.ABSENT else None
    if shown.status in (Status.ABSENT, Status.PENDING):
        return Grant(memory.awaiting, Status.AWAITING_APPROVAL, since=memory.since)
    return replace(shown, awaiting=memory.awaiting, since=memory.since)

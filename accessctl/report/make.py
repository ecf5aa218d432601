"""Desired and live access in, access review out. Pure: the same two give the same review."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.plan.make import gap_line
from accessctl.report.cover import coverage_of
from accessctl.report.nouns import Report
from accessctl.report.pairs import Pairs, declared_pairs
from accessctl.report.rows import Rows, waits_of
from accessctl.report.since import sinces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from accessctl.history import WriteTold
    from accessctl.model import Access, Asset, AssetAccess, Policy
    from accessctl.plan.settle import Settled
    from accessctl.report.nouns import Origin, ReportedAsset
    from accessctl.report.pairs import Key

    InScope = Callable[[AssetAccess, str], bool]


def make_report(
    desired: Access,
    live: Access | None,
    policy: Policy,
    origin: Origin,
    *,
    writes: Iterable[WriteTold] = (),
    in_scope: InScope = lambda *_: True,
) -> Report:
    """List who holds what: every live grant and every declared one, in one row each, by asset and agency.

    Without `live`, what the manifests declare. `writes` are those of the journal that count, in order;
    `in_scope(asset, agency)` narrows what is listed (agency "" asks for the asset itself). Expiry is not judged
    here: desired access has it already.
    """
    seen = Pairs(desired, live, policy) if live else None
    found = seen.found if seen else declared_pairs(desired)
    pairs = {key: pair for key, pair in found.items() if in_scope(pair.asset, pair.agency)}
    write = Rows(desired, live, sinces(writes))
    assets = {
        asset: write.asset(asset, seen.troubles.get(asset, "") if seen else "")
        for asset in _assets(desired, live, pairs, in_scope, seen.troubles if seen else {}, origin.targets)
    }
    keys = sorted(pairs, key=lambda key: (_order(assets[key[0]]), key[1]))
    if live is None:
        rows = tuple(write.declared(pairs[key], assets[key[0]]) for key in keys)
        return Report(origin, rows, tuple(sorted(assets.values(), key=_order)))
    waits = waits_of(pairs.values(), desired, live, policy, origin.read_at)
    rows = tuple(write.grant(pairs[key], assets[key[0]], waits.get(key)) for key in keys)
    shown = tuple(sorted(assets.values(), key=_order))
    unread = tuple(gap_line(desired, gap) for gap in live.gaps)
    return Report(origin, rows, shown, coverage_of(rows, shown, len(unread)), unread, live.notes)


def _assets(
    desired: Access,
    live: Access | None,
    pairs: Mapping[Key, Settled],
    in_scope: InScope,
    troubles: Mapping[Asset, str],
    targets: Iterable[str],
) -> set[Asset]:
    """Return the assets to list: with a row, unknown, or known to be empty; an agency's report has no empty ones."""
    everywhere = {**(live.assets if live else {}), **desired.assets}
    with_row = {asset for asset, _ in pairs}
    is_of_agencies = any(target.startswith("agency:") for target in targets)
    return {
        asset
        for asset, access in everywhere.items()
        if asset in with_row or ((asset in troubles or not is_of_agencies) and in_scope(access, ""))
    }


def _order(asset: ReportedAsset) -> tuple[str, bool, str, str]:
    """Ad accounts first, declared ones first, by alias and id."""
    return asset.kind, not asset.alias, asset.alias, asset.id

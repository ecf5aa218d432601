"""Read the live access of all acting businesses, only the sides that the manifests speak of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from accessctl.graph.errors import GraphError, Trouble
from accessctl.live.agency import AgencyView
from accessctl.live.owner import OwnerView
from accessctl.model import Access, Asset, AssetAccess, Business, Gap, Kind, Side, frozen
from accessctl.watch import QUIET

if TYPE_CHECKING:
    from collections.abc import Sequence

    from accessctl.graph.reader import Reader
    from accessctl.graph.secret import Secret
    from accessctl.watch import Watch


@dataclass(frozen=True, slots=True)
class ActingBusiness:
    """A business whose token we hold."""

    business: Business
    token: Secret


def sides_of(desired: Access, acts_as: Sequence[str]) -> tuple[tuple[str, Side], ...]:
    """Return which business has to look from which side.

    An owner of declared assets looks at what it owns. Every acting business looks at its clients as soon as
    one declared asset is a client's: any of them may hold what no manifest gives it. One that the manifests
    do not use at all looks at what it owns, so that its unmanaged access shows.
    """
    owners = {asset.owner for asset in desired.assets.values()}
    has_clients = bool(owners - set(acts_as))
    sides = []
    for business in acts_as:
        if business in owners or not has_clients:
            sides.append((business, Side.OWNER))
        if has_clients:
            sides.append((business, Side.AGENCY))
    return tuple(sides)


def read_live(
    reader: Reader,
    acting: Sequence[ActingBusiness],
    sides: Sequence[tuple[str, Side]],
    watch: Watch = QUIET,
) -> Access:
    """Read every side to the end, or say where it could not be.

    Raises GraphError for a token that is refused: nothing else it would be asked can be believed.
    `watch` is told what is being read.
    """
    tokens = {one.business.id: one for one in acting}
    names: dict[str, Business] = {}
    assets: dict[Asset, AssetAccess] = {}
    owned: set[Asset] = set()
    gaps: list[Gap] = []
    for business in dict.fromkeys(business for business, _ in sides):
        check_identity(reader, tokens[business], names)
    for business, side in sorted(sides, key=lambda one: one[1] is Side.AGENCY):
        one = tokens[business]
        view = (OwnerView if side is Side.OWNER else AgencyView)(reader, business, one.token, names)
        for kind in Kind:
            what = f"{kind.nouns} of {one.business.alias}, as {side}"
            watch.begin(what)
            found, gap = view.read(kind)
            watch.end(what)
            gaps += [gap] if gap else []
            for asset in found:
                if side is Side.OWNER or asset.asset not in assets:
                    assets[asset.asset] = asset
                elif asset.asset not in owned:
                    assets[asset.asset] = _joined(assets[asset.asset], asset)
        if side is Side.OWNER:  # what the owner sees is the whole truth; no agency's view adds to it
            owned |= set(assets)
    return Access(frozen(dict(sorted(assets.items()))), frozen(dict(sorted(names.items()))), tuple(sorted(gaps)))


def check_identity(reader: Reader, acting: ActingBusiness, names: dict[str, Business]) -> None:
    """Ask Meta who the business is, so that a token that cannot see it is found out before any listing.

    Raises GraphError: with such a token every listing would be empty or foreign, which is not "no access".
    """
    try:
        row = reader.get(acting.token, acting.business.id, fields="id,name")
    except GraphError as error:
        error.what = f"{acting.business.alias} ({acting.business.id}) cannot be read: {error.what}"
        raise
    if row.get("id") != acting.business.id:
        raise GraphError(
            f"asked for business {acting.business.id} ({acting.business.alias}), Meta answered with another",
            trouble=Trouble.INCOMPLETE,
        )
    name = row.get("name")
    names[acting.business.id] = Business(acting.business.id, name=name if isinstance(name, str) else "")


def _joined(before: AssetAccess, now: AssetAccess) -> AssetAccess:
    """Join what two acting businesses hold on one client's asset."""
    if before.owner and now.owner and before.owner != now.owner:
        return replace(before, unreadable=f"Meta names two owners: {before.owner} and {now.owner}")
    grants = frozen({**before.grants, **now.grants})
    unreadable = before.unreadable or now.unreadable
    owner, name = before.owner or now.owner, before.name or now.name
    return replace(before, owner=owner, name=name, grants=grants, unreadable=unreadable)

"""What has to be read for a plan: whole listings, or single assets where that is cheaper. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from accessctl.graph.batch import CHUNK
from accessctl.model import Asset, Kind, Side, Status, frozen
from accessctl.selectors import What, read_selector

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from accessctl.model import Access, AssetAccess
    from accessctl.selectors import Selector

PAGE_OF_ROWS = 100
IDENTITY_CALLS = 1  # for each business
WITNESS_CALLS = 1  # for each owner
CLIENTS_CALLS = 1  # for each agency
EDGES_OF_AN_AGENCY = 2  # for each kind, one of what is held and one of what is asked for


@dataclass(frozen=True, slots=True, order=True)
class Listing:
    """One kind of asset as one business sees it from one side."""

    business: str
    side: Side
    kind: Kind


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to read. `alone` are owned assets read one by one, by owner; `declared` those the manifests say
    that an owner has, each of which must be found; `agencies` those declared on them, whose names somebody has
    to tell. `hears_all_owners` is false where one of ours has nothing in what is wanted."""

    listings: tuple[Listing, ...]
    alone: Mapping[str, tuple[Asset, ...]] = field(default_factory=lambda: frozen({}))
    declared: Mapping[str, tuple[Asset, ...]] = field(default_factory=lambda: frozen({}))
    is_narrow: bool = False
    agencies: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: frozen({}))
    hears_all_owners: bool = True

    @property
    def businesses(self) -> tuple[str, ...]:
        """Every business that has to look, in the order of the listings."""
        return tuple(dict.fromkeys([*(listing.business for listing in self.listings), *self.alone]))

    @property
    def owners(self) -> tuple[str, ...]:
        """Every business that has to look at what it owns."""
        looking = [listing.business for listing in self.listings if listing.side is Side.OWNER]
        return tuple(dict.fromkeys([*looking, *self.alone]))

    def expected(self, listing: Listing) -> int | None:
        """Return how many rows a listing has at least, None where the manifests do not tell."""
        declared = [asset for asset in self.declared.get(listing.business, ()) if asset.kind is listing.kind]
        return len(declared) or None if listing.side is Side.OWNER else None

    @property
    def calls(self) -> int:
        """About how many calls this takes, as far as the manifests tell."""
        calls = IDENTITY_CALLS * len(self.businesses) + WITNESS_CALLS * len(self.owners)
        calls += CLIENTS_CALLS * len({listing.business for listing in self.listings if listing.side is Side.AGENCY})
        for listing in self.listings:
            if listing.side is Side.AGENCY:
                calls += EDGES_OF_AN_AGENCY
                continue
            many = self.expected(listing) or 0
            calls += -(-many // PAGE_OF_ROWS) or 1
            calls += many if listing.kind is Kind.PAGE else 0
        return calls + sum(1 + (asset.kind is Kind.PAGE) for assets in self.alone.values() for asset in assets)


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


def everything(desired: Access, acts_as: Sequence[str]) -> Wanted:
    """Return all that the manifests speak of."""
    sides = sides_of(desired, acts_as)
    listings = tuple(Listing(business, side, kind) for business, side in sides for kind in Kind)
    assets = desired.assets.values()
    return Wanted(listings, declared=_by_owner(assets, acts_as), agencies=_agencies(assets, acts_as))


def wanted_of(desired: Access, acts_as: Sequence[str], targets: Sequence[str], excludes: Sequence[str]) -> Wanted:
    """Return what these selectors need read, of all that the manifests speak of.

    A few owned assets are read one by one. Raises AccessctlError for a selector that is none.
    """
    whole = everything(desired, acts_as)
    wanted = [read_selector(text, desired) for text in targets]
    unwanted = [read_selector(text, desired) for text in excludes]
    reached = [
        asset
        for asset in desired.assets.values()
        if (not wanted or any(one.may_concern(asset) for one in wanted))
        and not any(one.selects(asset, "") for one in unwanted)
    ]
    declared = _by_owner(reached, acts_as)
    listings, alone = [], defaultdict[str, list[Asset]](list)
    for listing in whole.listings:
        here = [asset for asset in reached if _is_seen(listing, asset, acts_as)]
        if any(_drops(one, listing) for one in unwanted):
            continue
        if not wanted or any(_spans(one, listing) for one in wanted):
            listings.append(listing)
        elif here and listing.side is Side.OWNER and len(here) <= CHUNK:
            alone[listing.business] += sorted(asset.asset for asset in here)
        elif here:
            listings.append(listing)
    is_narrow = bool(alone) or len(listings) < len(whole.listings)
    singles = frozen({owner: tuple(assets) for owner, assets in alone.items()})
    part = Wanted(tuple(listings), singles, declared, is_narrow, _agencies(reached, acts_as))
    return replace(part, hears_all_owners=set(whole.owners) <= set(part.owners))


def _by_owner(assets: Iterable[AssetAccess], acts_as: Sequence[str]) -> Mapping[str, tuple[Asset, ...]]:
    found = defaultdict[str, list[Asset]](list)
    for access in assets:
        if access.owner in acts_as:
            found[access.owner].append(access.asset)
    return frozen({owner: tuple(sorted(owned)) for owner, owned in found.items()})


def _agencies(assets: Iterable[AssetAccess], acts_as: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """Return the agencies that are to hold something of each owner of ours; ours say themselves who they are."""
    found = defaultdict[str, set[str]](set)
    for access in assets:
        if access.owner in acts_as:
            found[access.owner] |= {one for one, grant in access.grants.items() if grant.status is Status.CONFIRMED}
    return frozen({owner: tuple(sorted(agencies.difference(acts_as))) for owner, agencies in sorted(found.items())})


def _is_seen(listing: Listing, access: AssetAccess, acts_as: Sequence[str]) -> bool:
    """Tell whether a listing is where a declared asset is to be looked for."""
    if access.asset.kind is not listing.kind:
        return False
    if access.owner in acts_as:
        return listing.side is Side.OWNER and listing.business == access.owner
    return listing.side is Side.AGENCY


def _spans(selector: Selector, listing: Listing) -> bool:
    """Tell whether a selector reaches undeclared assets, too, that only a listing shows."""
    if selector.what is What.KIND:
        return selector.value == listing.kind
    if selector.what is What.OWNER:
        return listing.side is Side.AGENCY or selector.value == listing.business
    return selector.what is What.AGENCY


def _drops(selector: Selector, listing: Listing) -> bool:
    """Tell whether a selector leaves out all that a listing shows."""
    if selector.what is What.KIND:
        return selector.value == listing.kind
    return selector.what is What.OWNER and listing.side is Side.OWNER and selector.value == listing.business

"""Hold one snapshot against a later one, asset by asset; what either could not read is never a difference."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from accessctl.model import ABSENT, Access, Asset, AssetAccess, Business, Kind, Side, frozen
from accessctl.plan.refs import Names
from accessctl.snapshot.differences import Comparison, Difference, Unseen, What
from accessctl.snapshot.nouns import Snapshot, is_unread, is_unreadable
from accessctl.snapshot.pairs import EARLIER, LATER, pair_differences, states, unread

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from accessctl.plan.nouns import AssetRef

Listing = tuple[str, Side, Kind]
ORDER = list(What)
NOTHING = Access(frozen({}), frozen({}))
# Reason codes of assets that a manifest declares and their owner does not list (model.AssetAccess).
NOT_LISTED = frozenset({"hidden", "gone", "not_owned", "other_owner", "not_listed", "not_looked_up"})


def compare(old: Snapshot, new: Snapshot, desired: Access | None = None) -> Comparison:
    """Say what is not in `new` as it is in `old`.

    `desired` only lends the manifests' words for businesses and assets, where there are any.
    """
    return _Comparer(old, new, desired or NOTHING).compare()


class _Comparer:
    """Compares two snapshots. `blind` are the listings one of them did not read to the end, and why."""

    def __init__(self, old: Snapshot, new: Snapshot, desired: Access) -> None:
        self.old, self.new = old.live, new.live
        listings = {one for snapshot in (old, new) for one in _listings(snapshot)}
        self.blind = {name: _blind(snapshot, listings) for name, snapshot in ((EARLIER, old), (LATER, new))}
        self.unseen: Counter[Listing] = Counter()
        self.desired = desired
        self.names = Names(_called(old, new, desired), _joined(self.old, self.new))

    def compare(self) -> Comparison:
        assets = sorted({*self.old.assets, *self.new.assets})
        candidates = sorted((asset for asset in assets if self.may_differ(asset)), key=self.place)
        moved = self.moved([asset for asset in candidates if asset in self.old.assets and asset in self.new.assets])
        found: list[Difference] = []
        touched = set()
        for asset in candidates:
            rows = list(self.on_asset(asset, moved.get(_key(asset), set())))
            touched |= {asset} if rows else set()
            found += sorted(rows, key=lambda row: (row.who.id if row.who else "", ORDER.index(row.what)))
        same = sum(asset in self.old.assets and asset in self.new.assets and asset not in touched for asset in assets)
        return Comparison(tuple(found), tuple(self.listings()), same)

    def may_differ(self, asset: Asset) -> bool:
        old, new = self.old.assets.get(asset), self.new.assets.get(asset)
        return old is None or new is None or old != new or is_unreadable(old)

    def moved(self, assets: list[Asset]) -> Mapping[str, set[str]]:
        """Return which parts of each asset differ: `name`, `owner`, and the ids of agencies."""
        from deepdiff import DeepDiff

        old, new = {}, {}
        for asset in assets:
            old[_key(asset)], new[_key(asset)] = _parts(self.old.assets[asset], self.new.assets[asset])
        found: dict[str, set[str]] = {}
        for item in DeepDiff(old, new, view="tree").get("values_changed", ()):
            key, part = item.path(output_format="list")
            found.setdefault(key, set()).add(part)
        return found

    def on_asset(self, asset: Asset, moved: set[str]) -> Iterator[Difference]:
        was, is_ = self.old.assets.get(asset), self.new.assets.get(asset)
        old, new = _listed(was), _listed(is_)
        called = self.called(asset)
        if old is not None and new is not None:
            yield from self.in_both(called, old, new, moved)
        elif seen := new or old:
            if seen.side is Side.AGENCY:
                yield from self.at_client(called, old, new, set(seen.grants))
            elif not self.is_unseen((seen.owner, Side.OWNER, asset.kind), EARLIER if old is None else LATER):
                gone = Difference(What.NOT_LISTED, called, self.names.business(seen.owner))
                yield from self.came(called, new) if new else [replace(gone, reason=is_.unreadable if is_ else "")]
        elif was and is_:
            yield Difference(What.INCOMPARABLE, called, reason=_incomparable(was, is_))

    def came(self, asset: AssetRef, new: AssetAccess) -> Iterator[Difference]:
        """Say that an asset is new, unless Meta contradicts itself about it, and who holds what on it."""
        if new.reason_code != "uncertain":
            yield Difference(What.NEW, asset, self.names.business(new.owner))
        for row in self.pairs(asset, None, new, set(new.grants)):
            yield replace(row, what=What.HOLDS) if row.what is What.GIVEN else row

    def in_both(self, asset: AssetRef, old: AssetAccess, new: AssetAccess, moved: set[str]) -> Iterator[Difference]:
        if "name" in moved:
            yield Difference(What.RENAMED, asset, old=old.name, new=new.name)
        if "owner" in moved:
            yield Difference(What.OTHER_OWNER, asset, old=old.owner, new=new.owner)
        pairs = {agency for one in (old, new) for agency in one.grants if agency in moved or is_unread(one, agency)}
        if new.side is Side.AGENCY:
            yield from self.at_client(asset, old, new, pairs)
        else:
            yield from self.pairs(asset, old, new, pairs)

    def at_client(
        self, asset: AssetRef, old: AssetAccess | None, new: AssetAccess | None, agencies: set[str]
    ) -> Iterator[Difference]:
        """Compare what acting businesses hold at a client: each sees its own grants alone."""
        sides = [(old, EARLIER), (new, LATER)]
        seen = set()
        for agency in agencies:
            lacks = [name for access, name in sides if access is None or agency not in access.grants]
            if not any(self.is_unseen((agency, Side.AGENCY, asset.kind), name) for name in lacks):
                seen.add(agency)
        if seen or not agencies:
            yield from self.pairs(asset, old, new, seen)

    def pairs(
        self, asset: AssetRef, old: AssetAccess | None, new: AssetAccess | None, agencies: set[str]
    ) -> Iterator[Difference]:
        if reason := _incomparable(old, new):
            yield Difference(What.INCOMPARABLE, asset, reason=reason)
            return
        for agency in sorted(agencies):
            before, after = (access.grants.get(agency, ABSENT) if access else ABSENT for access in (old, new))
            yield from pair_differences(asset, self.names.business(agency), before, after)

    def is_unseen(self, listing: Listing, name: str) -> bool:
        """Tell whether a snapshot is blind for a listing, and count what it would have shown."""
        is_blind = listing in self.blind[name]
        self.unseen[listing] += is_blind
        return is_blind

    def called(self, asset: Asset) -> AssetRef:
        seen = self.desired.assets.get(asset) or self.new.assets.get(asset) or self.old.assets[asset]
        return self.names.asset(seen)

    def place(self, asset: Asset) -> tuple[Any, ...]:
        """Order assets as a plan does, by alias; those without one come last, by name, and by id without one."""
        called = self.called(asset)
        return called.kind, not called.alias, called.alias, not called.name, called.name, called.id

    def listings(self) -> Iterator[Unseen]:
        for listing in sorted({*self.blind[EARLIER], *self.blind[LATER]}):
            business, side, kind = listing
            reason = "; ".join(f"{name} {blind[listing]}" for name, blind in self.blind.items() if listing in blind)
            yield Unseen(self.names.business(business), side, kind, reason, self.unseen[listing])


def _listed(access: AssetAccess | None) -> AssetAccess | None:
    """Return an asset that some listing shows; one that was looked up because none does says no more than that."""
    return None if access is None or access.reason_code in NOT_LISTED else access


def _key(asset: Asset) -> str:
    return f"{asset.kind} {asset.id}"


def _listings(snapshot: Snapshot) -> set[Listing]:
    return {(look.business, look.side, kind) for look in snapshot.looks for kind in look.kinds}


def _blind(snapshot: Snapshot, listings: set[Listing]) -> dict[Listing, str]:
    """Return what a snapshot cannot tell of, and why."""
    found = dict.fromkeys(listings - _listings(snapshot), "did not read them")
    for gap in snapshot.live.gaps:
        found[gap.business, gap.side, gap.kind] = f"could not read them to the end: {gap.reason}"
    return found


def _parts(old: AssetAccess, new: AssetAccess) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return two assets as what compares, under the same keys: names and owners that both tell, and each pair."""
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for part, one, other in (("name", old.name, new.name), ("owner", old.owner, new.owner)):
        if one and other:
            before[part], after[part] = one, other
    for agency in {*old.grants, *new.grants}:
        states_ = states(old.asset.kind, old.grants.get(agency, ABSENT), new.grants.get(agency, ABSENT))
        before[agency], after[agency] = (f"{one.status} {one.detail} {' '.join(one.tasks)}" for one in states_)
    return before, after


def _incomparable(old: AssetAccess | None, new: AssetAccess | None) -> str:
    """Say why what is held on an asset cannot be compared; "" where it can."""
    if reason := unread(old.unreadable if old else "", new.unreadable if new else ""):
        return reason
    if old and new and old.side is not new.side:
        return f"{EARLIER} saw it from the {_side(old)} side, {LATER} from the {_side(new)} side"
    return ""


def _side(access: AssetAccess) -> str:
    return "owner's" if access.side is Side.OWNER else "agency's"


def _joined(old: Access, new: Access) -> Access:
    """Return what is known of names, the later word first."""
    return Access(frozen({**old.assets, **new.assets}), frozen({**old.businesses, **new.businesses}))


def _called(old: Snapshot, new: Snapshot, desired: Access) -> Access:
    """Return the manifests' words: those of the snapshots for the acting businesses, and those of `desired`."""
    acting = {one.id: Business(one.id, one.alias, one.name) for one in (*old.acts_as, *new.acts_as)}
    return Access(desired.assets, frozen({**acting, **desired.businesses}))

"""Live access put together from its pieces. Pure, and the same whatever came first."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from accessctl.live.witness import cross_examine, is_held
from accessctl.model import Access, Asset, AssetAccess, Business, Gap, Kind, Side, frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from accessctl.live.sources import Found
    from accessctl.live.wanted import Listing


UNCHECKED = "{}, so what the assets themselves show was not compared with it"


class Picture:
    """Gathers pieces in a fixed order. `known` are the acting businesses, with their live names."""

    def __init__(self, known: Iterable[Business]) -> None:
        self.names = {business.id: business for business in known}
        self.assets: dict[Asset, AssetAccess] = {}
        self.gaps: list[Gap] = []
        self.notes: list[str] = []
        self.whole: set[tuple[str, Kind]] = set()  # whose listing, of which kind, was read to the end
        self.holders: set[str] = set()  # as the owners' own lists of agencies say
        self.are_all_told = True

    def take_in(self, listed: Sequence[tuple[Listing, Found]], singles: Sequence[Found]) -> None:
        """Take in what owners see, then what agencies see and no owner does."""
        owners = [(listing, found) for listing, found in listed if listing.side is Side.OWNER]
        for listing, found in owners:
            if not found.gap:
                self.whole.add((listing.business, listing.kind))
        for found in [*(found for _, found in owners), *singles]:
            for access in found.assets:
                before = self.assets.get(access.asset)
                self.assets[access.asset] = _claimed_twice(before, access) if before else access
            self._note_names(found)
        owned = set(self.assets)  # what the owner sees is the whole truth; no agency's view adds to it
        for listing, found in listed:
            if listing.side is Side.AGENCY:
                self._note_names(found)
                for access in found.assets:
                    if access.asset not in owned:
                        before = self.assets.get(access.asset)
                        self.assets[access.asset] = _joined(before, access) if before else access
        self.gaps = sorted(found.gap for _, found in listed if found.gap)

    def examine(self, owner: Business, heard: Found) -> None:
        """Hold what an owner's listings showed against its own `agencies` edge."""
        self._note_names(heard)
        told, kinds = heard.told, {kind for business, kind in self.whole if business == owner.id}
        self.holders |= {agency for pairs in told.pairs.values() for agency, one in pairs.items() if is_held(one)}
        self.are_all_told = self.are_all_told and not told.silence and told.kinds == frozenset(Kind)
        called = f"{owner.alias} ({owner.id})"
        seen = {access.asset.kind for access in self.assets.values() if access.owner == owner.id}
        silent = sorted(seen - told.kinds)
        if told.silence:
            unheard = UNCHECKED.format(f"the list of agencies of {called} could not be read")
            self.notes.append(f"{unheard}: {told.silence}")
        elif silent:
            nouns = " and ".join(kind.nouns for kind in silent)
            self.notes.append(UNCHECKED.format(f"the list of agencies of {called} says nothing of {nouns}"))
        self.assets |= cross_examine(self.assets, owner, frozenset(kinds), told, self.names)

    def missing(self, owner: str, declared: Iterable[Asset]) -> list[Asset]:
        """Return those declared assets of an owner that its listing, read to the end, does not show."""
        return [asset for asset in declared if (owner, asset.kind) in self.whole and not self._is_shown(asset)]

    def place(self, found: Found) -> None:
        """Take in where missing assets were found."""
        self._note_names(found)
        self.assets |= {access.asset: access for access in found.assets}

    def unnamed(self, agencies: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, list[str]]]:
        """Return, by the owner that declares them, the agencies nobody has named; each with one owner."""
        asked = {business.id for business in self.names.values() if business.name}
        for owner, declared in agencies.items():
            if left := [agency for agency in declared if agency not in asked]:
                asked.update(left)
                yield owner, left

    def access(self, *, is_narrow: bool, are_all_heard: bool = True) -> Access:
        """Return the whole picture. Of a part, it tells who holds anything elsewhere, where `are_all_heard`."""
        return Access(
            frozen(dict(sorted(self.assets.items()))),
            frozen(dict(sorted(self.names.items()))),
            tuple(self.gaps),
            tuple(self.notes),
            is_narrow,
            frozenset(self.holders) if is_narrow else frozenset(),
            not is_narrow or (are_all_heard and self.are_all_told),
        )

    def _is_shown(self, asset: Asset) -> bool:
        """Tell whether some listing shows the asset; that a second witness knows it is no listing."""
        access = self.assets.get(asset)
        return access is not None and access.side is Side.OWNER

    def _note_names(self, found: Found) -> None:
        for business in found.names.values():
            if not self.names.setdefault(business.id, business).name:
                self.names[business.id] = business


def _claimed_twice(before: AssetAccess, now: AssetAccess) -> AssetAccess:
    """Say that two acting businesses both list an asset as their own."""
    if before.owner == now.owner:
        return now
    text = f"Meta names two owners: {before.owner} and {now.owner}"
    return replace(now, grants=frozen({}), unreadable=text, reason_code="uncertain")


def _joined(before: AssetAccess, now: AssetAccess) -> AssetAccess:
    """Join what two acting businesses hold on one client's asset."""
    if before.owner and now.owner and before.owner != now.owner:
        text = f"Meta names two owners: {before.owner} and {now.owner}"
        return replace(before, unreadable=text, reason_code="uncertain")
    return replace(
        before,
        owner=before.owner or now.owner,
        name=before.name or now.name,
        grants=frozen({**before.grants, **now.grants}),
        unreadable=before.unreadable or now.unreadable,
        reason_code=before.reason_code or now.reason_code,
    )

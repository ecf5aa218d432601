"""Every name the files give: businesses, profiles, rules and assets, each once, each id once."""

from __future__ import annotations

from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, NamedTuple

from accessctl.manifest.findings import shown
from accessctl.model import Asset, Business, Kind, frozen
from accessctl.slips import Slip

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from accessctl.manifest.declared import AssetDeclared, Declared, ProfileDeclared, RuleDeclared
    from accessctl.manifest.findings import Findings
    from accessctl.model import Place


_by_place = attrgetter("place")


class Catalogue(NamedTuple):
    """What all files together declare, by name.

    One that is not `whole` lacks what could not be read: a name it does not have may be there after all, so
    nothing is said about missing ones.
    """

    businesses: Mapping[str, Business]
    profiles: Mapping[str, ProfileDeclared]
    rules: tuple[RuleDeclared, ...]
    assets: tuple[AssetDeclared, ...]
    aliases: Mapping[str, Asset | Business]
    whole: bool

    def business(self, alias: str, role: str, place: Place, findings: Findings) -> Business | None:
        """Look up a business by its alias; where there is none, that is a problem at `place`."""
        business = self.businesses.get(alias)
        if business is None and self.whole:
            near = findings.near(alias, self.businesses) or "; declare it under businesses"
            findings.problem(place, f"unknown {role} {shown(alias)}{near}", Slip.UNKNOWN_BUSINESS)
        return business if business and business.id else None


def make_catalogue(parts: Iterable[Declared], findings: Findings, *, whole: bool) -> Catalogue:
    """Put the declarations of all files together. What is declared twice is a problem at the later place."""
    parts = tuple(parts)
    businesses = sorted([item for part in parts for item in part.businesses], key=_by_place)
    assets = sorted([item for part in parts for item in part.assets], key=_by_place)
    profiles = sorted([item for part in parts for item in part.profiles], key=_by_place)
    rules = sorted([item for part in parts for item in part.rules], key=_by_place)
    aliases = [(item.alias, item.place) for item in businesses] + [(item.alias, item.place) for item in assets]
    _once("alias", sorted(aliases, key=itemgetter(1)), findings)
    _one_alias_an_id("business", [(item.id, item.alias, item.place) for item in businesses], findings)
    for kind, word in ((Kind.AD_ACCOUNT, "ad account"), (Kind.PAGE, "Page")):
        rows = [(item.id, item.alias, item.place) for item in assets if item.kind is kind]
        _one_alias_an_id(word, rows, findings)
    _no_page_is_a_business(assets, {item.id: item.alias for item in businesses}, findings)
    _once("profile", [(item.name, item.place) for item in profiles], findings)
    _once("rule", [(item.name, item.place) for item in rules], findings)
    known = {item.alias: Business(item.id, item.alias, item.name) for item in businesses}
    named = {item.alias: Asset(item.kind, item.id) for item in assets}
    return Catalogue(
        businesses=frozen(known),
        profiles=frozen({item.name: item for item in profiles}),
        rules=tuple(rules),
        assets=tuple(sorted(assets, key=lambda item: (item.kind, item.id, item.place))),
        aliases=frozen({**named, **known}),
        whole=whole,
    )


def _once(what: str, named: Iterable[tuple[str, Place]], findings: Findings) -> None:
    first: dict[str, Place] = {}
    for name, place in named:
        other = first.setdefault(name, place)
        if other is not place:
            text = f"the {what} {shown(name)} is taken: it is declared at {other} as well"
            findings.problem(place, text, Slip.NAME_TAKEN)


def _one_alias_an_id(what: str, rows: list[tuple[str, str, Place]], findings: Findings) -> None:
    first: dict[str, tuple[str, Place]] = {}
    for id_, alias, place in rows:
        other, there = first.setdefault(id_, (alias, place))
        if id_ and there is not place and other != alias:
            text = f"the {what} {id_} has two aliases: {shown(alias)} here and {shown(other)} at {there}"
            findings.problem(place, text, Slip.ID_TWICE)


def _no_page_is_a_business(assets: list[AssetDeclared], aliases: Mapping[str, str], findings: Findings) -> None:
    """Refuse a Page with the id of a business: DELETE of agencies on it would end whole relations (law 13)."""
    for item in assets:
        if item.kind is Kind.PAGE and item.id in aliases:
            text = f"the Page {item.id} has the id of the business {shown(aliases[item.id])}"
            findings.problem(item.place, text, Slip.PAGE_IS_BUSINESS)

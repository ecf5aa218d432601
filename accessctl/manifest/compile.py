"""From what the files declare to desired access: names become ids, declarations become grants."""

from __future__ import annotations

from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from accessctl.manifest.findings import shown
from accessctl.manifest.words import KIND_WORDS
from accessctl.model import Access, Asset, AssetAccess, Contribution, Grant, Place, Status, frozen
from accessctl.slips import Slip
from accessctl.tasks import normal

if TYPE_CHECKING:
    from accessctl.manifest.catalogue import Catalogue
    from accessctl.manifest.declared import AssetDeclared, ProfileDeclared, RuleDeclared, Terms
    from accessctl.manifest.document import Scalar
    from accessctl.manifest.findings import Findings
    from accessctl.manifest.words import TaskCheck
    from accessctl.model import Business, Kind

_by_place = attrgetter("place")
_normal = lru_cache(maxsize=4096)(normal)


class Compiler(NamedTuple):
    """What every asset is compiled with. `acts_as` holds ids, and is None where they are not known."""

    catalogue: Catalogue
    acts_as: frozenset[str] | None
    exclusive: bool
    tasks: TaskCheck
    findings: Findings


def compile_access(compiler: Compiler) -> Access:
    """Return the desired access. It is of use only where no problem was found."""
    catalogue = compiler.catalogue
    rules = [rule for rule in catalogue.rules if rule.sound]
    for rule in rules:
        _look_up_names(compiler, rule)
    idle = {rule.name for rule in rules}
    assets = {}
    for declared in catalogue.assets:
        if declared.sound:
            reaching = [rule for rule in rules if _reaches(rule, declared)]
            idle.difference_update([rule.name for rule in reaching])
            assets[Asset(declared.kind, declared.id)] = _compile_asset(compiler, declared, reaching)
    for rule in rules:
        if rule.name in idle and catalogue.whole:
            text = f"the rule {shown(rule.name)} reaches no asset; see what `on` says"
            compiler.findings.problem(rule.place, text, Slip.RULE_REACHES_NOTHING)
    businesses = sorted(catalogue.businesses.values())
    return Access(frozen(assets), frozen({business.id: business for business in businesses}))


def _look_up_names(compiler: Compiler, rule: RuleDeclared) -> None:
    """Look up the names a rule gives, also where it reaches nothing that would need them."""
    for role, word in (("agency", rule.agency), *(("owner", owner) for owner in rule.owners)):
        compiler.catalogue.business(word.text, role, _at(rule.place, word), compiler.findings)
    if rule.terms.profile is not None:
        _profile(compiler, rule.terms.profile, rule.place)


def _reaches(rule: RuleDeclared, asset: AssetDeclared) -> bool:
    """Tell whether every criterion of the rule holds for the asset."""
    if rule.kinds and asset.kind not in rule.kinds:
        return False
    if rule.owners and (asset.owner is None or asset.owner.text not in [word.text for word in rule.owners]):
        return False
    return all(asset.labels.get(key) in values for key, values in rule.labels)


def _compile_asset(compiler: Compiler, asset: AssetDeclared, rules: list[RuleDeclared]) -> AssetAccess:
    owner = _owner_of(compiler, asset)
    if asset.entries is None and not rules and compiler.catalogue.whole:
        text = f"nothing says who may work on {shown(asset.alias)}; write `agencies: {{}}` to say that nobody may"
        compiler.findings.problem(asset.place, text, Slip.NO_AGENCIES)
    declared: dict[str, list[Contribution]] = {}
    for word, terms in asset.entries or ():
        _add(compiler, declared, asset, owner, word, terms, None)
    for rule in rules:
        _add(compiler, declared, asset, owner, rule.agency, rule.terms, rule)
    return AssetAccess(
        asset=Asset(asset.kind, asset.id),
        owner=owner.id if owner else "",
        name=asset.name,
        grants=frozen({agency: _grant(declared[agency]) for agency in sorted(declared)}),
        alias=asset.alias,
        labels=asset.labels,
        exclusive=compiler.exclusive if asset.exclusive is None else asset.exclusive,
        replace_with_gap=asset.replace_with_gap,
        place=asset.place,
    )


def _owner_of(compiler: Compiler, asset: AssetDeclared) -> Business | None:
    if asset.owner is None:
        text = f"{shown(asset.alias)} has no owner; write `owner:` here or under `defaults:` of this file"
        compiler.findings.problem(asset.place, text, Slip.NO_OWNER)
        return None
    return compiler.catalogue.business(asset.owner.text, "owner", _at(asset.place, asset.owner), compiler.findings)


def _add(
    compiler: Compiler,
    declared: dict[str, list[Contribution]],
    asset: AssetDeclared,
    owner: Business | None,
    word: Scalar,
    terms: Terms,
    rule: RuleDeclared | None,
) -> None:
    """Add one declaration to the agency's others, if its names and its direction are right."""
    at = _at(rule.place if rule else asset.place, word)
    place = rule.place if rule else at
    agency = compiler.catalogue.business(word.text, "agency", at, compiler.findings)
    tasks = _tasks_of(compiler, asset.kind, terms, place)
    if agency is None or owner is None:
        return
    wrong = _wrong_direction(compiler, asset, owner, agency)
    if wrong:
        slip = Slip.OWNER_IS_AGENCY if agency.id == owner.id else Slip.NOBODY_CAN_GIVE
        compiler.findings.problem(place, wrong, slip)
        return
    contribution = Contribution(
        place=place,
        tasks=tasks,
        rule=rule.name if rule else "",
        profile=terms.profile.text if terms.profile else "",
        until=terms.until,
        reason=terms.reason,
        expired=terms.expired,
    )
    declared.setdefault(agency.id, []).append(contribution)


def _wrong_direction(compiler: Compiler, asset: AssetDeclared, owner: Business, agency: Business) -> str:
    """Say why accessctl cannot bring this grant about, whatever the live state is."""
    what = f"{KIND_WORDS[asset.kind].split(' ', 1)[1]} {shown(asset.alias)}"
    if agency.id == owner.id:
        return f"{shown(agency.alias)} owns the {what}; an owner is no agency of its own asset"
    if compiler.acts_as is None or owner.id in compiler.acts_as or agency.id in compiler.acts_as:
        return ""
    return (
        f"nobody here can give {shown(agency.alias)} the {what}: neither it nor the owner {shown(owner.alias)} "
        "is in acts_as of accessctl.yaml"
    )


def _tasks_of(compiler: Compiler, kind: Kind, terms: Terms, place: Place) -> frozenset[str]:
    if terms.profile is None:
        return terms.fixed or compiler.tasks.names(place.file, terms.tasks, kind)
    profile = _profile(compiler, terms.profile, place)
    if profile is None:
        return frozenset()
    at = _at(place, terms.profile)
    if kind not in profile.tasks:
        text = f"the profile {shown(profile.name)} says nothing for {KIND_WORDS[kind]}; add it at {profile.place}"
        compiler.findings.problem(at, text, Slip.PROFILE_LACKS_KIND)
        return frozenset()
    compiler.tasks.require_known(at, profile.name, profile.tasks[kind], kind)
    return profile.tasks[kind]


def _profile(compiler: Compiler, word: Scalar, place: Place) -> ProfileDeclared | None:
    profiles = compiler.catalogue.profiles
    profile = profiles.get(word.text)
    if profile is None and compiler.catalogue.whole:
        near = compiler.findings.near(word.text, profiles) or "; declare it under profiles"
        text = f"unknown profile {shown(word.text)}{near}"
        compiler.findings.problem(_at(place, word), text, Slip.UNKNOWN_PROFILE)
    return profile if profile and profile.sound else None


def _grant(contributions: list[Contribution]) -> Grant:
    """Join all that is declared for one pair; with nothing left that has not expired, it is to be absent."""
    sources = tuple(contributions) if len(contributions) == 1 else tuple(sorted(contributions, key=_by_place))
    live = [source.tasks for source in sources if not source.expired]
    if not live:
        return Grant(status=Status.ABSENT, sources=sources)
    return Grant(tasks=_normal(live[0] if len(live) == 1 else frozenset().union(*live)), sources=sources)


def _at(place: Place, word: Scalar) -> Place:
    return Place(place.file, word.line, word.column)

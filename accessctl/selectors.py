"""Selectors: which part of a project a command is about. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from typing import TYPE_CHECKING

from accessctl.errors import AccessctlError
from accessctl.model import Access, Asset, AssetAccess, Business, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

HINT = "a selector is an asset's alias or id, or agency:NAME, owner:NAME, kind:ad_account, kind:page or label:KEY=VALUE"


class What(StrEnum):
    """What a selector looks at."""

    ASSET = "asset"
    AGENCY = "agency"
    OWNER = "owner"
    KIND = "kind"
    LABEL = "label"


@dataclass(frozen=True, slots=True)
class Selector:
    """One selector, its names resolved: `value` is an asset, a business id, a kind, or `key=value`."""

    what: What
    value: str | Asset

    def selects(self, asset: AssetAccess, agency: str) -> bool:
        """Tell whether the pair is meant."""
        match self.what:
            case What.ASSET:
                return asset.asset == self.value
            case What.AGENCY:
                return agency == self.value
            case What.OWNER:
                return asset.owner == self.value
            case What.KIND:
                return asset.asset.kind == self.value
            case What.LABEL:
                return any(f"{key}={value}" == self.value for key, value in asset.labels.items())

    def may_concern(self, asset: AssetAccess) -> bool:
        """Tell whether something on an asset that could not be read may be meant."""
        if self.what is What.AGENCY:
            return asset.exclusive or self.value in asset.grants
        return self.selects(asset, "")


def read_selector(text: str, desired: Access) -> Selector:
    """Return what `text` means in this project.

    Raises AccessctlError for a name nobody knows, and for a label that no asset has: a slip there would
    silently plan nothing, or leave nothing out.
    """
    word, colon, rest = text.partition(":")
    if not colon and "=" in text:
        raise AccessctlError(f"'{text}' is no selector (did you mean label:{text}?)", HINT)
    if not colon:
        return Selector(What.ASSET, _declared(text, desired))
    if word in (What.AGENCY, What.OWNER):
        return Selector(What(word), find_business(rest, desired).id)
    if word == What.KIND and rest in list(Kind):
        return Selector(What.KIND, rest)
    if word == What.LABEL and "=" in rest:
        labels = {f"{key}={value}": 0 for asset in desired.assets.values() for key, value in asset.labels.items()}
        if rest in labels:
            return Selector(What.LABEL, rest)
        raise AccessctlError(f"no asset has the label {rest}{_meant(rest, labels)}", HINT)
    raise AccessctlError(f"'{text}' is no selector", HINT)


def _declared(text: str, desired: Access) -> Asset:
    asset = find_asset(text, desired)
    if asset not in desired.assets:
        raise AccessctlError(f"no manifest declares {text}", HINT)
    return asset


def in_scope(targets: Sequence[str], excludes: Sequence[str], desired: Access) -> Callable[[AssetAccess, str], bool]:
    """Return the predicate that a plan is narrowed by: any target, or all without one, and no exclude.

    An asset that could not be read (agency "") stays in as long as something on it may be meant.
    """
    wanted = [read_selector(text, desired) for text in targets]
    unwanted = [read_selector(text, desired) for text in excludes]

    def is_in_scope(asset: AssetAccess, agency: str) -> bool:
        if not agency:
            meant = not wanted or any(selector.may_concern(asset) for selector in wanted)
            return meant and not any(selector.selects(asset, "") for selector in unwanted)
        if wanted and not any(selector.selects(asset, agency) for selector in wanted):
            return False
        return not any(selector.selects(asset, agency) for selector in unwanted)

    return is_in_scope


def find_asset(name: str, desired: Access, live: Access | None = None) -> Asset:
    """Return the asset of this alias or id. A bare id that nobody declares or sees is taken for an ad account's."""
    by_alias: Mapping[str, Asset] = {access.alias: asset for asset, access in desired.assets.items()}
    if name in by_alias:
        return by_alias[name]
    bare = name.removeprefix("act_")
    if re.fullmatch(r"[0-9]{1,20}", bare, re.ASCII):
        kinds = [Kind.AD_ACCOUNT] if name != bare else list(Kind)
        known = [*desired.assets, *(live.assets if live else ())]
        found = [asset for asset in known if asset.id == bare and asset.kind in kinds]
        return found[0] if found else Asset(kinds[0], bare)
    raise AccessctlError(f"no asset is called '{name}'{_meant(name, by_alias)}", "name an asset's alias or its id")


def find_business(name: str, desired: Access) -> Business:
    """Return the business of this alias or id; an id need not be declared."""
    by_alias = {business.alias: business for business in desired.businesses.values()}
    if name in by_alias:
        return by_alias[name]
    if re.fullmatch(r"[0-9]{1,20}", name, re.ASCII):
        return desired.businesses.get(name, Business(name))
    hint = "name its alias, or its id where no manifest declares it"
    if any(access.alias == name for access in desired.assets.values()):
        hint = f"{name} is an asset; the agency comes before the asset"
    raise AccessctlError(f"no business is called '{name}'{_meant(name, by_alias)}", hint)


def _meant(name: str, known: Mapping[str, object]) -> str:
    close = get_close_matches(name, known, 1)
    return f" (did you mean {close[0]}?)" if close else ""


def selected(texts: Sequence[str], pairs: Iterable[tuple[Asset, str]], desired: Access) -> set[tuple[Asset, str]]:
    """Return those of the pairs (asset, agency) on declared assets that the selectors mean; none mean none.

    Raises AccessctlError as `in_scope` does.
    """
    meant, assets = in_scope(texts, (), desired), desired.assets
    return {pair for pair in pairs if texts and pair[0] in assets and meant(assets[pair[0]], pair[1])}

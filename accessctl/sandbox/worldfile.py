"""The way in: a world file, checked key by key, becomes a World."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accessctl.sandbox.appfile import read_app, read_system_users
from accessctl.sandbox.behaviour import read_mishap, read_quirks
from accessctl.sandbox.ending import read_access_expires, read_acts_with
from accessctl.sandbox.obofile import read_obo_requests
from accessctl.sandbox.spot import ID, SCOPE, Spot
from accessctl.sandbox.vocabulary import kept
from accessctl.sandbox.world import (
    AD_ACCOUNT,
    CONFIRMED,
    PAGE,
    SCOPES,
    SYSTEM_USER,
    USER,
    Asset,
    Business,
    Fault,
    Pair,
    Token,
    World,
    WorldError,
    frozen,
)
from accessctl.sandbox.yamltree import read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from accessctl.sandbox.app import App

TOP = (
    "now",
    "app_secret",
    "tokens",
    "ad_accounts",
    "pages",
    "gone",
    "quirks",
    "faults",
    "acts_with",
    "obo_requests",
    "app",
)
SHARED = (
    "owner",
    "personal",
    "admin_approval",
    "fault",
    "hidden",
    "unlisted",
    "visible_to",
    "partners_miss",
    "partners_invent",
    "agencies",
)
PAGE_ONLY = ("new_experience", "page_token")
TOKEN = (
    "role",
    "expired",
    "kind",
    "page",
    "scopes",
    "granular_scopes",
    "expires",
    "data_access_expires",
    "app",
    "work_account",
    "access_expires",
    "not_granted",
)


def load_world(path: Path) -> World:
    """Read a world file. Raise WorldError with file and place for anything that does not fit."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise WorldError(f"{path.name}: {error.strerror}", "name a world file that can be read") from None
    except UnicodeDecodeError as error:
        raise WorldError(f"{path.name}: byte {error.start} is not UTF-8", "save it as UTF-8") from None
    return world_of(read_yaml(text, path.name), path.name)


def world_of(tree: Any, file: str) -> World:
    """Build a world from the tree of a world file."""
    root = Spot(tree, file)
    root.keys(("version", "businesses"), TOP)
    if root.at("version").whole() != 1:
        root.at("version").refuse("unknown version", "this program knows version 1")
    businesses = {key: _business(key, spot) for key, spot in root.at("businesses").each()}
    assets = {asset.id: asset for asset in _assets(root, businesses)}
    app = read_app(root.at("app"), businesses)
    tokens = {key: _token(spot, businesses, assets, app) for key, spot in root.at("tokens").each()}
    return World(
        businesses=frozen(businesses),
        assets=frozen(assets),
        tokens=frozen(tokens),
        quirks=read_quirks(root.at("quirks")),
        mishaps=tuple(read_mishap(spot) for spot in root.at("faults").items()),
        app_secret=root.at("app_secret").text(),
        now=root.at("now").moment(),
        gone=tuple(_gone(spot, assets) for spot in root.at("gone").items()),
        acts_with=read_acts_with(root.at("acts_with"), businesses, tokens),
        obo_requests=frozen({one.id: one for one in read_obo_requests(root.at("obo_requests"), businesses, assets)}),
        app=app,
    )


def _id(key: str, spot: Spot) -> str:
    if not ID.fullmatch(key):
        spot.refuse("no id", 'an id is 1 to 20 digits in quotes, without "act_" and without a zero in front')
    return key


def _business(key: str, spot: Spot) -> Business:
    _id(key, spot)
    spot.keys(
        ("name",), ("verification_status", "two_factor_type", "tech_provider", "system_users", "unverified_until")
    )
    return Business(
        key,
        spot.at("name").text(),
        spot.at("verification_status").text("not_verified"),
        spot.at("two_factor_type").word("none", "admin_required", "all_required", default="none"),
        spot.at("tech_provider").flag(),
        read_system_users(spot.at("system_users")),
        spot.at("unverified_until").moment(),
    )


def _known(spot: Spot, businesses: Mapping[str, Business]) -> str:
    found = spot.text()
    if found not in businesses:
        spot.refuse(f'no business "{found}"', "add it under businesses, or correct the id")
    return found


def _token(spot: Spot, businesses: Mapping[str, Business], assets: Mapping[str, Asset], app: App) -> Token:
    spot.keys(("business",), TOKEN)
    kind = spot.at("kind").word(SYSTEM_USER, USER, PAGE, default=SYSTEM_USER)
    scopes = spot.at("scopes")
    granular = spot.at("granular_scopes")
    return Token(
        _known(spot.at("business"), businesses),
        spot.at("role").word("admin", "employee", default="admin"),
        spot.at("expired").flag(),
        kind,
        _page_of_token(spot, kind, assets),
        SCOPES if scopes.is_absent else scopes.words(SCOPE, "a permission", "ads_management"),
        None if granular.is_absent else frozen({key: one.words(ID, "an id", "1001") for key, one in granular.each()}),
        spot.at("expires").moment(),
        spot.at("data_access_expires").moment(),
        app if spot.at("app").is_absent else read_app(spot.at("app"), businesses),
        spot.at("work_account").flag(),
        read_access_expires(spot.at("access_expires"), kind, {*businesses, *assets}),
        frozen({key: _not_granted(key, one) for key, one in spot.at("not_granted").each()}),
    )


def _not_granted(key: str, spot: Spot) -> str:
    """Read why a permission is not granted: Meta's word (GRAPH_API 1.6)."""
    if not SCOPE.fullmatch(key):
        spot.refuse(f"{key!r} does not look like a permission", "write it like ads_management")
    return spot.word("declined", "expired", default="")


def _page_of_token(spot: Spot, kind: str, assets: Mapping[str, Asset]) -> str:
    """Read which Page a Page token speaks for; no other token speaks for one."""
    page = spot.at("page")
    if page.is_absent and kind == PAGE:
        spot.refuse("page is missing", "a token of the kind page names its Page")
    if page.is_absent:
        return ""
    if kind != PAGE:
        page.refuse("only a token of the kind page has one", "leave it out, or write kind: page")
    page_id = page.text()
    if page_id not in assets or assets[page_id].kind != PAGE:
        page.refuse(f'no Page "{page_id}"', "add it under pages, or correct the id")
    return page_id


def _assets(root: Spot, businesses: Mapping[str, Business]) -> Iterator[Asset]:
    for key, spot in root.at("ad_accounts").each():
        spot.keys(("name",), SHARED)
        yield _asset(AD_ACCOUNT, "act_" + _id(key, spot), spot, businesses)
    for key, spot in root.at("pages").each():
        spot.keys(("name",), SHARED + PAGE_ONLY)
        if _id(key, spot) in businesses:
            spot.refuse("the id is also a business", "give the Page an id of its own")
        yield _asset(PAGE, key, spot, businesses)


def _gone(spot: Spot, assets: Mapping[str, Asset]) -> str:
    if not ID.fullmatch(spot.text().removeprefix("act_")):
        spot.refuse("no id of an asset", 'write it like "act_123", or "123" for a Page')
    if spot.value in assets:
        spot.refuse("this asset is there", "take it out of one of the two places")
    return spot.text()


def _owner(spot: Spot, businesses: Mapping[str, Business]) -> str:
    """Read who owns an asset; empty text for a person's, which has no owner key."""
    owner, is_personal = spot.at("owner"), spot.at("personal").flag()
    if not is_personal and owner.is_absent:
        spot.refuse("owner is missing", "add owner, or personal: true for an asset of no business")
    if is_personal and not owner.is_absent:
        owner.refuse("a personal asset has no owner", "leave out owner or personal")
    return "" if is_personal else _known(owner, businesses)


def _by_agency(spot: Spot, owner: str, businesses: Mapping[str, Business]) -> Iterator[tuple[str, Spot]]:
    for key, below in spot.each():
        if key not in businesses:
            below.refuse(f'no business "{key}"', "add it under businesses, or correct the id")
        if key == owner:
            below.refuse("the owner cannot be its own agency", "leave it out")
        yield key, below


def _asset(kind: str, node: str, spot: Spot, businesses: Mapping[str, Business]) -> Asset:
    owner = _owner(spot, businesses)
    is_new = spot.at("new_experience").flag()
    agencies = {key: _pair(pair, is_new) for key, pair in _by_agency(spot.at("agencies"), owner, businesses)}
    invented = _by_agency(spot.at("partners_invent"), owner, businesses)
    return Asset(
        kind,
        node,
        spot.at("name").text(),
        owner,
        frozen(agencies),
        admin_approval=spot.at("admin_approval").flag(),
        hidden=spot.at("hidden").flag(),
        fault=_fault(spot.at("fault")),
        new_experience=is_new,
        page_token=spot.at("page_token").flag(default=True),
        visible_to=tuple(_known(one, businesses) for one in spot.at("visible_to").items()),
        unlisted=spot.at("unlisted").flag(),
        partners_miss=tuple(_known(one, businesses) for one in spot.at("partners_miss").items()),
        partners_invent=frozen({key: kept(is_new, tasks.tasks()) for key, tasks in invented}),
    )


def _pair(spot: Spot, is_new: bool) -> Pair:
    if spot.is_list:
        return Pair(kept(is_new, spot.tasks()))
    spot.keys(("tasks",), ("status", "requested", "updated"))
    return Pair(
        kept(is_new, spot.at("tasks").tasks()),
        spot.at("status").text(CONFIRMED),
        spot.at("requested").moment(),
        spot.at("updated").moment(),
    )


def _fault(spot: Spot) -> Fault | None:
    if spot.is_absent:
        return None
    spot.keys(("code",), ("subcode", "message"))
    code, subcode = spot.at("code").whole(least=1), spot.at("subcode").whole()
    return Fault(code, subcode, spot.at("message").text("Permissions error"))

"""The way in: a world file, checked key by key, becomes a World."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accessctl.sandbox.spot import ID, Spot
from accessctl.sandbox.vocabulary import kept
from accessctl.sandbox.world import (
    AD_ACCOUNT,
    CONFIRMED,
    PAGE,
    Asset,
    Business,
    Fault,
    Mishap,
    Pair,
    Quirks,
    Token,
    World,
    WorldError,
    frozen,
)
from accessctl.sandbox.yamltree import read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

MISHAPS = (
    "drop_before",
    "commit_then_drop",
    "http_500",
    "commit_then_500",
    "html_200",
    "truncate",
    "success_false_string",
    "null_batch_entry",
    "throttle",
    "token_expired",
    "cursor_loop",
    "foreign_host_next",
)
TOP = ("now", "app_secret", "tokens", "ad_accounts", "pages", "quirks", "faults")
SHARED = ("admin_approval", "fault", "hidden", "agencies")
PAGE_ONLY = ("new_experience", "page_token")


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
    return World(
        businesses=frozen(businesses),
        assets=frozen(assets),
        tokens=frozen({key: _token(spot, businesses) for key, spot in root.at("tokens").each()}),
        quirks=_quirks(root.at("quirks")),
        mishaps=tuple(_mishap(spot) for spot in root.at("faults").items()),
        app_secret=root.at("app_secret").text(),
        now=root.at("now").moment(),
    )


def _id(key: str, spot: Spot) -> str:
    if not ID.fullmatch(key):
        spot.refuse("no id", 'an id is 1 to 20 digits in quotes, without "act_" and without a zero in front')
    return key


def _business(key: str, spot: Spot) -> Business:
    _id(key, spot)
    spot.keys(("name",), ("verification_status",))
    return Business(key, spot.at("name").text(), spot.at("verification_status").text("not_verified"))


def _known(spot: Spot, businesses: Mapping[str, Business]) -> str:
    found = spot.text()
    if found not in businesses:
        spot.refuse(f'no business "{found}"', "add it under businesses, or correct the id")
    return found


def _token(spot: Spot, businesses: Mapping[str, Business]) -> Token:
    spot.keys(("business",), ("role", "expired"))
    role = spot.at("role").word("admin", "employee", default="admin")
    return Token(_known(spot.at("business"), businesses), role, spot.at("expired").flag())


def _assets(root: Spot, businesses: Mapping[str, Business]) -> Iterator[Asset]:
    for key, spot in root.at("ad_accounts").each():
        spot.keys(("name", "owner"), SHARED)
        yield _asset(AD_ACCOUNT, "act_" + _id(key, spot), spot, businesses)
    for key, spot in root.at("pages").each():
        spot.keys(("name", "owner"), SHARED + PAGE_ONLY)
        if _id(key, spot) in businesses:
            spot.refuse("the id is also a business", "give the Page an id of its own")
        yield _asset(PAGE, key, spot, businesses)


def _asset(kind: str, node: str, spot: Spot, businesses: Mapping[str, Business]) -> Asset:
    owner = _known(spot.at("owner"), businesses)
    is_new = spot.at("new_experience").flag()
    agencies = {}
    for key, pair in spot.at("agencies").each():
        if key not in businesses:
            pair.refuse(f'no business "{key}"', "add it under businesses, or correct the id")
        if key == owner:
            pair.refuse("the owner cannot be its own agency", "leave it out")
        agencies[key] = _pair(pair, is_new)
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


def _quirks(spot: Spot) -> Quirks:
    if spot.is_absent:
        return Quirks()
    plain = Quirks()
    spot.keys((), Quirks.__slots__)
    at = spot.at
    return Quirks(
        change=at("change").word("replace", "add", "refuse", default=plain.change),
        act_prefix_in_clients=at("act_prefix_in_clients").flag(plain.act_prefix_in_clients),
        request_ad_accounts=at("request_ad_accounts").word("limited", "open", default=plain.request_ad_accounts),
        request_pages=at("request_pages").word("open", "limited", default=plain.request_pages),
        page_size=at("page_size").whole(plain.page_size, least=1),
        max_page_size=at("max_page_size").whole(plain.max_page_size, least=1),
        expansion=at("expansion").flag(plain.expansion),
        lag_reads=at("lag_reads").whole(plain.lag_reads),
        empty_pages=at("empty_pages").flag(plain.empty_pages),
    )


def _mishap(spot: Spot) -> Mishap:
    spot.keys(("match", "do"), ("nth",))
    match = spot.at("match").text()
    if match.split(" ")[0] not in ("GET", "POST", "DELETE", "*") or len(match.split(" ")) != 2:
        spot.at("match").refuse("not a method and a path", 'write it like "POST act_123/agencies"')
    return Mishap(match, spot.at("do").word(*MISHAPS, default=""), spot.at("nth").whole(1, least=1))

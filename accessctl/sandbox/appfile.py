"""Apps and further system users in a world file and in a saved world."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from accessctl.sandbox.app import FULL, LIMITED, LIVE, UNAPPROVED, App, SystemUser
from accessctl.sandbox.spot import ID, SCOPE
from accessctl.sandbox.world import frozen

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from accessctl.sandbox.spot import Spot

ROLE = re.compile(r"[a-z][a-z ]{0,79}", re.ASCII)
KEYS = ("id", "name", "business", "permissions", "roles", "tier")


def read_app(spot: Spot, businesses: Collection[str]) -> App:
    """Read an app; what is not written is as in `App()`."""
    plain = App()
    if spot.is_absent:
        return plain
    spot.keys((), KEYS)
    found = spot.at("id").text(plain.id)
    if not ID.fullmatch(found):
        spot.at("id").refuse("no id", "an id is 1 to 20 digits in quotes, without a zero in front")
    permissions = spot.at("permissions")
    return App(
        found,
        spot.at("name").text(plain.name),
        _claimant(spot.at("business"), businesses),
        plain.permissions if permissions.is_absent else frozen(dict(_permissions(permissions))),
        frozen(dict(_roles(spot.at("roles")))),
        "" if spot.at("tier").is_absent else spot.at("tier").word(LIMITED, FULL, default=""),
    )


def app_tree(app: App) -> dict[str, Any]:
    """Return an app as a world file has it."""
    tree: dict[str, Any] = {"id": app.id, "name": app.name, "permissions": dict(app.permissions)}
    rare = {"business": app.business, "roles": dict(app.roles), "tier": app.tier}
    return tree | {key: value for key, value in rare.items() if value}


def read_system_users(spot: Spot) -> tuple[SystemUser, ...]:
    """Read the system users that a business has beside the one behind its token."""
    found = []
    for key, one in spot.each():
        if not ID.fullmatch(key):
            one.refuse("no id", "an id is 1 to 20 digits in quotes, without a zero in front")
        one.keys(("name",), ("role",))
        role = one.at("role").word("admin", "employee", default="employee")
        found.append(SystemUser(key, one.at("name").text(), role.upper()))
    return tuple(found)


def system_users_tree(users: tuple[SystemUser, ...]) -> Mapping[str, Any]:
    """Return them as a world file has them."""
    return {user.id: {"name": user.name, "role": user.role.lower()} for user in users}


def _claimant(spot: Spot, businesses: Collection[str]) -> str:
    found = spot.text()
    if found and found not in businesses:
        spot.refuse(f'no business "{found}"', "add it under businesses, or correct the id")
    return found


def _permissions(spot: Spot) -> Iterator[tuple[str, str]]:
    for key, one in spot.each():
        if not SCOPE.fullmatch(key):
            one.refuse(f"{key!r} does not look like a permission", "write it like ads_management")
        yield key, one.word(LIVE, UNAPPROVED, default="")


def _roles(spot: Spot) -> Iterator[tuple[str, str]]:
    for key, one in spot.each():
        if not ID.fullmatch(key):
            one.refuse("no id", "name the user by its id: 61 and the business's id for its system user")
        if not ROLE.fullmatch(one.text()):
            one.refuse(f"{one.value!r} does not look like a role", "write it like administrators")
        yield key, one.text()

"""What the files declare, as read and not yet put together: words with their places."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from accessctl.manifest.document import Scalar
    from accessctl.model import Kind, Place


class Terms(NamedTuple):
    """What a declaration gives, and until when.

    Either `tasks` or `profile` says what. `tasks` hold the words of the file where the kinds of asset are not
    known yet (a rule's), `fixed` the checked names where they are.
    """

    fixed: frozenset[str] = frozenset()
    tasks: tuple[Scalar, ...] = ()
    profile: Scalar | None = None
    until: date | None = None
    expired: bool = False
    reason: str = ""


class Entry(NamedTuple):
    """One agency of one asset."""

    agency: Scalar
    terms: Terms


class BusinessDeclared(NamedTuple):
    """A business. `id` is empty where it could not be read."""

    place: Place
    alias: str
    id: str
    name: str


class ProfileDeclared(NamedTuple):
    """A profile; `tasks` has the kinds it says something for."""

    place: Place
    name: str
    tasks: Mapping[Kind, frozenset[str]]
    sound: bool


class AssetDeclared(NamedTuple):
    """An asset. `entries` is None where `agencies` was left out; `exclusive` where the project decides.

    One that is not `sound` has a wrong shape: only its alias is used, so that others can name it.
    """

    place: Place
    alias: str
    kind: Kind
    id: str
    name: str
    owner: Scalar | None
    labels: Mapping[str, str]
    exclusive: bool | None
    replace_with_gap: bool
    entries: tuple[Entry, ...] | None
    sound: bool


class RuleDeclared(NamedTuple):
    """A rule. An empty criterion is none; a criterion of several words means any of them."""

    place: Place
    name: str
    agency: Scalar
    terms: Terms
    kinds: tuple[Kind, ...]
    owners: tuple[Scalar, ...]
    labels: tuple[tuple[str, frozenset[str]], ...]
    sound: bool


class Declared(NamedTuple):
    """All that one file declares."""

    businesses: tuple[BusinessDeclared, ...] = ()
    profiles: tuple[ProfileDeclared, ...] = ()
    assets: tuple[AssetDeclared, ...] = ()
    rules: tuple[RuleDeclared, ...] = ()

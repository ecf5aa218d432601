"""The nouns of the simulated Graph API: one frozen world, replaced as a whole with every change."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

V = TypeVar("V")

CONFIRMED = "CONFIRMED"
REQUESTED = "CLIENT_RESPONSE_PENDING"  # the word in Meta's own sample; GRAPH_API 3.1
AD_ACCOUNT = "ad_account"
PAGE = "page"


class WorldError(Exception):
    """A world, or an act on it, that does not fit. `what` and `hint` are one line each."""

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint


def frozen(mapping: Mapping[str, V] | None = None) -> Mapping[str, V]:
    """Return a read-only view of a private copy."""
    return MappingProxyType(dict(mapping or {}))


@dataclass(frozen=True, slots=True)
class Business:
    """A Business Manager."""

    id: str
    name: str
    verification_status: str = "not_verified"


@dataclass(frozen=True, slots=True)
class Token:
    """What stands behind an access token: a system user of `business`."""

    business: str
    role: str = "admin"
    expired: bool = False


@dataclass(frozen=True, slots=True)
class Pair:
    """An agency's tasks on an asset, or its request for them.

    `status` is Meta's word, kept verbatim. On a new-experience Page the tasks are classic names where these
    have a PROFILE_PLUS_ twin.
    """

    tasks: tuple[str, ...]
    status: str = CONFIRMED
    requested: datetime | None = None
    updated: datetime | None = None

    @property
    def is_confirmed(self) -> bool:
        """Only a confirmed pair gives access."""
        return self.status == CONFIRMED

    @property
    def is_pending(self) -> bool:
        """Any word with PENDING in it waits for the client; GRAPH_API 3.1."""
        return "PENDING" in self.status


@dataclass(frozen=True, slots=True)
class Fault:
    """An error that this asset's agencies always answer with."""

    code: int
    subcode: int = 0
    message: str = "Permissions error"


@dataclass(frozen=True, slots=True)
class Asset:
    """An ad account (`id` is `act_...`) or a Page.

    `approvals` holds grants that wait for a second admin; no read shows them. While `lag` is above zero,
    reads see `shown` and not `agencies`.
    """

    kind: str
    id: str
    name: str
    owner: str
    agencies: Mapping[str, Pair] = field(default_factory=frozen)
    approvals: Mapping[str, Pair] = field(default_factory=frozen)
    shown: Mapping[str, Pair] = field(default_factory=frozen)
    lag: int = 0
    admin_approval: bool = False
    hidden: bool = False
    fault: Fault | None = None
    new_experience: bool = False
    page_token: bool = True

    @property
    def seen(self) -> Mapping[str, Pair]:
        """The agencies as reads see them now."""
        return self.shown if self.lag else self.agencies

    def gives(self, business: str) -> bool:
        """Tell whether reads let `business` see this asset at all."""
        pair = self.seen.get(business)
        return not self.hidden and (self.owner == business or (pair is not None and pair.is_confirmed))


@dataclass(frozen=True, slots=True)
class Quirks:
    """What nobody knows about Meta, as switches."""

    change: str = "replace"
    act_prefix_in_clients: bool = False
    request_ad_accounts: str = "limited"
    request_pages: str = "open"
    page_size: int = 25
    max_page_size: int = 100
    expansion: bool = True
    lag_reads: int = 0
    empty_pages: bool = False


@dataclass(frozen=True, slots=True)
class Mishap:
    """The `nth` request that fits `match` misbehaves, once. `seen` counts those so far."""

    match: str
    do: str
    nth: int = 1
    seen: int = 0
    done: bool = False


@dataclass(frozen=True, slots=True)
class Write:
    """One committed write. `by` is the token's business; the token itself is never kept.

    `asset`, `agency`, `before` and `after` speak of the pair and are empty or None where the call reaches
    more than one pair.
    """

    n: int
    at: datetime
    method: str
    path: str
    params: Mapping[str, str]
    by: str
    asset: str = ""
    agency: str = ""
    before: Pair | None = None
    after: Pair | None = None


@dataclass(frozen=True, slots=True)
class World:
    """Everything the simulated Graph API knows. `now` is None where real time is used."""

    businesses: Mapping[str, Business]
    assets: Mapping[str, Asset]
    tokens: Mapping[str, Token] = field(default_factory=frozen)
    quirks: Quirks = Quirks()
    mishaps: tuple[Mishap, ...] = ()
    app_secret: str = ""
    now: datetime | None = None
    writes: tuple[Write, ...] = ()

    def with_assets(self, changed: Iterable[Asset]) -> World:
        """Put each changed asset in the place of the one with its id."""
        return replace(self, assets=frozen({**self.assets, **{asset.id: asset for asset in changed}}))

    def without_asset(self, node: str) -> World:
        """Take one asset out of the world: its owner has thrown it out."""
        return replace(self, assets=frozen({key: a for key, a in self.assets.items() if key != node}))

    def ticked(self) -> World:
        """Move the sandbox's own clock on by one second; real time moves by itself."""
        return self if self.now is None else replace(self, now=self.now + timedelta(seconds=1))


def real_time() -> datetime:
    """Return the time of day, UTC."""
    return datetime.now(UTC)

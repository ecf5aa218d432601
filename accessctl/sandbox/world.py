"""The nouns of the simulated Graph API: one frozen world, replaced as a whole with every change."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from accessctl.sandbox.app import App

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from accessctl.sandbox.app import SystemUser
    from accessctl.sandbox.obo import OboRequest

V = TypeVar("V")

CONFIRMED = "CONFIRMED"
REQUESTED = "CLIENT_RESPONSE_PENDING"  # the word in Meta's own sample; GRAPH_API 3.1
DELAY = "delay"
AD_ACCOUNT = "ad_account"
PAGE = "page"
SYSTEM_USER = "system_user"
USER = "user"
BUSINESS_MANAGEMENT = "business_management"
SCOPES = (BUSINESS_MANAGEMENT, "ads_management", "pages_manage_metadata", "pages_show_list")


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
    """A Business Manager. No field shows whether it is verified as a Tech Provider; GRAPH_API 1.3.

    Before `unverified_until` the calls of apps that it claims are taken all the same, as Meta's page on access
    verification has it for existing apps.
    """

    id: str
    name: str
    verification_status: str = "not_verified"
    two_factor_type: str = "none"
    tech_provider: bool = False
    system_users: tuple[SystemUser, ...] = ()
    unverified_until: datetime | None = None

    def is_provider(self, now: datetime) -> bool:
        """Tell whether apps that it claims may be used by everybody."""
        return self.tech_provider or (self.unverified_until is not None and now < self.unverified_until)


@dataclass(frozen=True, slots=True)
class Token:
    """What stands behind an access token: a system user or a person of `business`, or, through one, a Page.

    `page` is the id of that Page. `targets` narrows scopes to some ids; None is Meta's usual way, which names
    the business. Without `expires` it never ends; GRAPH_API 1.6. `work_account` tells that the person has a
    managed Meta account; `access_expires` has the ids of assets and businesses that the person loses, and when.
    `not_granted` has permissions that were declined, or have expired, with that word; GRAPH_API 1.6.
    """

    business: str
    role: str = "admin"
    expired: bool = False
    kind: str = SYSTEM_USER
    page: str = ""
    scopes: tuple[str, ...] = SCOPES
    targets: Mapping[str, tuple[str, ...]] | None = None
    expires: datetime | None = None
    data_access_expires: datetime | None = None
    app: App = field(default_factory=App)
    work_account: bool = False
    access_expires: Mapping[str, datetime] = field(default_factory=frozen)
    not_granted: Mapping[str, str] = field(default_factory=frozen)

    def is_over(self, now: datetime) -> bool:
        """Tell whether it is of no use any more."""
        return self.expired or (self.expires is not None and self.expires <= now)


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

    `owner` is empty for an asset that belongs to a person and to no business. `approvals` holds grants that
    wait for a second admin; no read shows them. While `lag` is above zero, reads see `shown` and not `agencies`.
    `visible_to` may look at the node and no further. `unlisted` keeps it out of every listing of a business.
    `partners_miss` and `partners_invent` are where those listings lie about its agencies.
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
    visible_to: tuple[str, ...] = ()
    unlisted: bool = False
    partners_miss: tuple[str, ...] = ()
    partners_invent: Mapping[str, tuple[str, ...]] = field(default_factory=frozen)

    @property
    def seen(self) -> Mapping[str, Pair]:
        """The agencies as reads see them now."""
        return self.shown if self.lag else self.agencies

    @property
    def is_listed(self) -> bool:
        """Listings of businesses have it."""
        return not (self.hidden or self.unlisted)

    def shows_to(self, business: str) -> bool:
        """Tell whether reads let `business` see the node at all."""
        return self.gives(business) or (business in self.visible_to and not self.hidden)

    def gives(self, business: str) -> bool:
        """Tell whether `business` holds anything here: it owns the asset or is a confirmed agency."""
        pair = self.seen.get(business)
        return not self.hidden and (self.owner == business or (pair is not None and pair.is_confirmed))


@dataclass(frozen=True, slots=True)
class Quirks:
    """What nobody knows about Meta, as switches.

    A score is counted in points, `score_window` and `score_block` are seconds; `score_limit` and `most_nested`
    are off at 0.
    """

    change: str = "replace"
    act_prefix_in_clients: bool = False
    request_ad_accounts: str = "limited"
    request_pages: str = "open"
    page_size: int = 25
    max_page_size: int = 100
    expansion: bool = True
    lag_reads: int = 0
    empty_pages: bool = False
    paging: str = "cursor"
    most_nested: int = 0
    total_count_off_by: int = 0
    partners: str = "open"
    partners_status: bool = True
    score_limit: int = 0
    score_per: str = "ad_account"
    score_window: int = 300
    score_block: int = 300
    tier: str = "by_score"
    expire_time: str = "open"
    expire_days: int = 30
    obo_business_edges: str = "refused"
    obo_cancel: str = "open"
    obo_success: str = "string"
    obo_shape: str = "bare"
    unverified_code: int = 200
    limited_writes: str = "open"
    app_roles: str = "open"
    app_permissions: str = "open"
    debug_token: str = "open"  # noqa: S105  # a word of the quirk
    closed: Mapping[str, Fault] = field(default_factory=frozen)


@dataclass(frozen=True, slots=True)
class Mishap:
    """The `nth` request that fits `match` misbehaves, once. `seen` counts those so far.

    A delay is `seconds` long.
    """

    match: str
    do: str
    nth: int = 1
    seconds: float = 0.0
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
    """Everything the simulated Graph API knows. `now` is None where real time is used.

    `gone` has the ids of assets that Meta says do not exist, where it only hides all the other unknown ones.
    `acts_with` has the tokens `--sandbox` uses instead of a business's own; `app` is of every token without one.
    """

    businesses: Mapping[str, Business]
    assets: Mapping[str, Asset]
    tokens: Mapping[str, Token] = field(default_factory=frozen)
    quirks: Quirks = Quirks()
    mishaps: tuple[Mishap, ...] = ()
    app_secret: str = ""
    now: datetime | None = None
    writes: tuple[Write, ...] = ()
    gone: tuple[str, ...] = ()
    acts_with: Mapping[str, str] = field(default_factory=frozen)
    obo_requests: Mapping[str, OboRequest] = field(default_factory=frozen)
    app: App = field(default_factory=App)

    def with_assets(self, changed: Iterable[Asset]) -> World:
        """Put each changed asset in the place of the one with its id."""
        return replace(self, assets=frozen({**self.assets, **{asset.id: asset for asset in changed}}))

    def without_asset(self, node: str) -> World:
        """Take one asset out of the world."""
        return replace(self, assets=frozen({key: a for key, a in self.assets.items() if key != node}))

    def with_obo(self, changed: OboRequest) -> World:
        """Put a changed on-behalf-of request in the place of the one with its id."""
        return replace(self, obo_requests=frozen({**self.obo_requests, changed.id: changed}))

    def ticked(self) -> World:
        """Move the sandbox's own clock on by one second; real time moves by itself."""
        return self if self.now is None else replace(self, now=self.now + timedelta(seconds=1))


def real_time() -> datetime:
    """Return the time of day, UTC."""
    return datetime.now(UTC)

"""The nouns every room shares, frozen. Desired and live access are one type."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

K = TypeVar("K")
V = TypeVar("V")


def frozen(mapping: Mapping[K, V]) -> Mapping[K, V]:
    """Return a read-only view of a private copy of `mapping`."""
    return MappingProxyType(dict(mapping))


class Kind(StrEnum):
    """The kinds of asset, in the order in which they are listed."""

    AD_ACCOUNT = "ad_account"
    PAGE = "page"

    @property
    def noun(self) -> str:
        """What people call one."""
        return "ad account" if self is Kind.AD_ACCOUNT else "Page"

    @property
    def nouns(self) -> str:
        """What people call many."""
        return f"{self.noun}s"


@dataclass(frozen=True, slots=True, order=True)
class Asset:
    """An ad account or a Page. `id` is 1 to 20 ASCII digits, never with `act_`."""

    kind: Kind
    id: str

    @property
    def node(self) -> str:
        """The id as Meta's API and its people write it: `act_123` for an ad account."""
        return f"act_{self.id}" if self.kind is Kind.AD_ACCOUNT else self.id


@dataclass(frozen=True, slots=True, order=True)
class Business:
    """A Business Manager. `alias` is the manifests' word for it; `name` is Meta's, or theirs when unread."""

    id: str
    alias: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something is written. `file` is relative to the project; line and column count from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Contribution:
    """One declaration that gives tasks to a pair. A grant is the union of those that have not expired.

    `until` is the last day, UTC. `rule` and `profile` are empty where none was used.
    """

    place: Place
    tasks: frozenset[str]
    rule: str = ""
    profile: str = ""
    until: date | None = None
    reason: str = ""
    expired: bool = False


class Status(StrEnum):
    """What is known of a pair (asset, agency)."""

    ABSENT = "absent"
    CONFIRMED = "confirmed"
    PENDING = "pending"
    AWAITING_APPROVAL = "awaiting_admin_approval"
    UNKNOWN = "unknown"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Grant:
    """An agency's tasks on an asset.

    Declared: `status` is CONFIRMED with the normalised union of what is declared, or ABSENT where every
    contribution has expired; `sources` says where. Live: `tasks` as Meta spells them, `detail` holds Meta's
    own word for a status nobody knows or the reason why the pair could not be read, `since` when it was
    requested (or, for a confirmed pair, last updated). Remembered from the journal: `awaiting` are the tasks
    of our grant that a second admin has not approved yet, and `since` on an absent pair is when we asked the
    client for it.
    """

    tasks: frozenset[str] = frozenset()
    status: Status = Status.CONFIRMED
    detail: str = ""
    since: datetime | None = None
    sources: tuple[Contribution, ...] = ()
    awaiting: frozenset[str] = frozenset()


ABSENT = Grant(status=Status.ABSENT)
IN_DOUBT = "in_doubt"  # the detail of an absent pair that we granted without learning whether it arrived
ASK_AGAIN = "ask_again"  # the detail of an absent pair that a person wants asked for once more


class Side(StrEnum):
    """From which end a business looks at an asset."""

    OWNER = "owner"
    AGENCY = "agency"


@dataclass(frozen=True, slots=True)
class AssetAccess:
    """Who holds what on one asset.

    `grants` maps the agency's business id to its grant. `owner` is a business id, empty where no read told.
    `unreadable` is empty, or why the grants could not be read to the end; they are then no evidence at all.
    `reason_code` says the same as one word where it is more than that: `hidden`, `gone`, `not_owned`,
    `other_owner`, `not_listed`, `not_looked_up`, `uncertain`, `access_ended`.
    `side` says from which end live access was seen: an agency sees its own grants alone. The fields from
    `alias` on are the manifests' and stay empty on live access.
    """

    asset: Asset
    owner: str
    name: str = ""
    grants: Mapping[str, Grant] = field(default_factory=lambda: frozen({}))
    unreadable: str = ""
    reason_code: str = ""
    side: Side = Side.OWNER
    alias: str = ""
    labels: Mapping[str, str] = field(default_factory=lambda: frozen({}))
    exclusive: bool = True
    replace_with_gap: bool = False
    place: Place | None = None


@dataclass(frozen=True, slots=True, order=True)
class Gap:
    """A listing that could not be read to the end: what it does not show is not known to be absent."""

    business: str
    side: Side
    kind: Kind
    reason: str


@dataclass(frozen=True, slots=True)
class Ending:
    """What a token is foretold to lose (GRAPH_API 6): from `at` on, with the token of `business`, Meta hides `asset`.

    It stands for the business itself where `asset` is None.
    """

    business: str
    asset: Asset | None
    at: datetime

    @property
    def order(self) -> tuple[datetime, str, bool, tuple[str, str]]:
        """What ends are sorted by: the next one first."""
        asset = self.asset
        return self.at, self.business, asset is not None, (asset.kind, asset.id) if asset else ("", "")


@dataclass(frozen=True, slots=True, order=True)
class ClosedEdge:
    """A kind of call that Meta does not open to the app of a business; `at` is when it was refused with `code`.

    `edge` is the method and the edge, behind its kind where it is one of an asset: "POST client_pages",
    "POST ad_account/agencies".
    """

    business: str
    edge: str
    code: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Access:
    """Access to many assets: what is desired, or what is live.

    `businesses` maps ids to what is known of them. `gaps` is empty on desired access, and so are `notes`:
    what a reader should know of how live access was read. `is_narrow` tells live access of which only a part
    was read, because no more was asked for. `holders` are ids of businesses that hold something beyond that part,
    as the owners' own lists of agencies say; `are_holders_known` is false where one of these could not be heard.
    `endings` are what the tokens are foretold to lose, the next one first. `closed` are the calls that Meta is known
    to refuse to the app; `tried_again` are pairs on which a person wants one of them tried all the same.
    """

    assets: Mapping[Asset, AssetAccess]
    businesses: Mapping[str, Business]
    gaps: tuple[Gap, ...] = ()
    notes: tuple[str, ...] = ()
    is_narrow: bool = False
    holders: frozenset[str] = frozenset()
    are_holders_known: bool = True
    endings: tuple[Ending, ...] = ()
    closed: tuple[ClosedEdge, ...] = ()
    tried_again: frozenset[tuple[Asset, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Cost:
    """What was asked of Meta. `calls` counts each read in a batch, as Meta does (GRAPH_API 3.6)."""

    requests: int = 0
    calls: int = 0
    errors: int = 0
    seconds_waited: float = 0.0


@dataclass(frozen=True, slots=True)
class Guards:
    """Limits on what one plan may remove. `protect` holds ids of agencies that are never revoked."""

    max_revokes: int = 20
    max_revoke_percent: int = 25
    protect: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Policy:
    """How this project reconciles. `acts_as` are business ids in the order of the project file."""

    acts_as: tuple[str, ...]
    guards: Guards = Guards()
    stale_after: timedelta = timedelta(days=14)
    decline_unexpected: bool = False


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the journal knows of a pair and Meta does not show.

    `awaiting` are tasks granted that a second admin had yet to approve, `before` what the pair held then
    (status word and tasks); `is_request` says that a client was asked, `is_doubtful` that nobody knows whether
    the grant arrived. `since` is when, and `plan` the name
    of the plan that did it: its digest and when it was made.
    """

    since: datetime
    plan: str = ""
    is_request: bool = False
    is_doubtful: bool = False
    awaiting: frozenset[str] = frozenset()
    before: tuple[str, frozenset[str]] = ("absent", frozenset())

"""What an access review is made of: a row a grant, the assets, and how much of live access is declared. Frozen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from accessctl.model import Asset, Status

if TYPE_CHECKING:
    from datetime import date, datetime

    from accessctl.model import Contribution, Kind
    from accessctl.obo.requests import OboRequest
    from accessctl.plan.nouns import BusinessRef

FORMAT_VERSION = "1.1"
MARKET = "market"  # the label by which tasks and coverage are counted


class Standing(StrEnum):
    """How what is live and what is declared stand to each other, in the order in which they are counted."""

    DECLARED = "declared"  # live as declared; where nobody looked, declared
    DRIFT = "drift"  # live, on a declared asset, and not as declared
    UNMANAGED = "unmanaged"  # live or asked for, and left alone because no manifest says anything
    WAITING = "waiting"  # a person at Meta, or we, have to act before it is as declared
    MISSING = "missing"  # declared, not live
    UNKNOWN = "unknown"  # Meta has a word for its status that nobody here knows
    UNREADABLE = "unreadable"  # nobody knows: it could not be read to the end
    ENDED = "ended"  # its declaration has ended, and nobody holds it


class Way(StrEnum):
    """Where a report comes from."""

    LIVE = "live"
    SNAPSHOT = "snapshot"
    MANIFESTS = "manifests"


@dataclass(frozen=True, slots=True, order=True)
class ReportedBusiness:
    """A business; each part but the id is empty where nobody said it. `name` is Meta's, `declared_name` ours."""

    id: str
    alias: str = ""
    name: str = ""
    declared_name: str = ""

    @property
    def called(self) -> str:
        """Its name at Meta; where that was not read, the one the manifests give."""
        return self.name or self.declared_name


@dataclass(frozen=True, slots=True)
class ReportedAsset:
    """An asset, also one on which nobody holds anything.

    `name` is Meta's and `declared_name` the manifests'. `file` and `line` are where it is declared, empty and 0
    where no manifest does. `labels` are sorted pairs. `unreadable` is why not all of it is known, or empty.
    """

    kind: Kind
    id: str
    owner: ReportedBusiness
    alias: str = ""
    name: str = ""
    declared_name: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    file: str = ""
    line: int = 0
    exclusive: bool = True
    unreadable: str = ""

    @property
    def key(self) -> Asset:
        """What tells it from all other assets."""
        return Asset(self.kind, self.id)

    @property
    def is_declared(self) -> bool:
        """A manifest declares it."""
        return bool(self.file)

    @property
    def called(self) -> str:
        """Its name at Meta; where that was not read, the one the manifests give."""
        return self.name or self.declared_name

    @property
    def market(self) -> str:
        """Its market, empty where no label says."""
        return dict(self.labels).get(MARKET, "")


@dataclass(frozen=True, slots=True)
class Since:
    """When a pair came to be as it is. `what` is `granted`, `changed` or `requested`, by a run of ours in the
    journal, or `updated` or `requested` as Meta says, where `run` is empty."""

    at: datetime
    what: str
    run: str = ""


@dataclass(frozen=True, slots=True)
class Waits:
    """Who has to act (`client`, `second_admin`, `us`), what they do and where; `days` is None where unknown."""

    whom: str
    business: BusinessRef
    do: str
    where: str
    since: datetime | None
    days: int | None
    is_stale: bool


@dataclass(frozen=True, slots=True)
class ReportedGrant:
    """One pair: what an agency holds on an asset, or is to hold.

    `status` and `tasks` are what is live, in normal form: None and empty where nobody looked. Of `tasks`,
    `server_added` are those nobody asked for and Meta adds by itself. `declared` are the tasks its
    declarations give today; `is_declared` tells that there is one, also one that has ended. `missing` and
    `extra` say how live differs from that. `sources` are all its declarations, ended ones too; `until` is the
    first and the last day of those that hold, None where there is no such day. `obo` are the on-behalf-of requests
    of the agency on the asset, None where they were not read.
    """

    asset: ReportedAsset
    agency: ReportedBusiness
    standing: Standing
    text: str
    status: Status | None = None
    detail: str = ""
    tasks: tuple[str, ...] = ()
    server_added: tuple[str, ...] = ()
    declared: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    sources: tuple[Contribution, ...] = ()
    until: tuple[date | None, date | None] = (None, None)
    since: Since | None = None
    waits: Waits | None = None
    obo: tuple[OboRequest, ...] | None = None

    @property
    def is_declared(self) -> bool:
        """A manifest says something about this pair."""
        return bool(self.sources)

    @property
    def held(self) -> tuple[str, ...]:
        """The tasks it holds; where nobody looked, those that are declared, which nobody may call held."""
        if self.status is None:
            return self.declared
        return self.tasks if self.status is Status.CONFIRMED else ()


@dataclass(frozen=True, slots=True)
class Share:
    """How many of how many; `part` of the rest are covered in part."""

    covered: int = 0
    of: int = 0
    part: int = 0

    @property
    def percent(self) -> int | None:
        """Whole per cent, rounded down, so that 100 is all; None of nothing."""
        return self.covered * 100 // self.of if self.of else None


@dataclass(frozen=True, slots=True)
class Covered:
    """How much of what was read is declared, for all, one kind, or one market.

    Of `grants`, those are covered of whose live tasks none goes beyond the declaration; those declared with
    fewer tasks are covered in part. Of `assets`, those that a manifest declares.
    """

    of: str
    grants: Share
    assets: Share


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of live access is declared. What could not be read is in none of the numbers: it is counted apart.

    `by_market` is empty where no asset has the label; its last line, with an empty name, is of those without.
    """

    total: Covered
    by_kind: tuple[Covered, ...]
    by_market: tuple[Covered, ...]
    unread_assets: int = 0
    unread_listings: int = 0
    unknown_grants: int = 0

    @property
    def is_whole(self) -> bool:
        """Everything could be read, so the figure is that of all."""
        return not (self.unread_assets or self.unread_listings or self.unknown_grants)


@dataclass(frozen=True, slots=True)
class Origin:
    """What a report was made from. `read_at` is when live access was read, and the day on which `until` is judged.

    `snapshot` is its digest, empty for the other two ways; `graph_url` and `graph_version` are empty for
    manifests alone. `made_at` is when the report was made.
    """

    way: Way
    read_at: datetime
    made_at: datetime
    tool_version: str
    acts_as: tuple[BusinessRef, ...]
    manifests: str
    graph_url: str = ""
    graph_version: str = ""
    snapshot: str = ""
    targets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """Who holds what: `grants` by asset and agency, `assets` with those on which nobody holds anything.

    `unread` are the sentences about listings that could not be read to the end, `notes` what else a reader
    should know. `coverage` is None for manifests alone.
    """

    origin: Origin
    grants: tuple[ReportedGrant, ...]
    assets: tuple[ReportedAsset, ...]
    coverage: Coverage | None = None
    unread: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def unreadable(self) -> tuple[ReportedAsset, ...]:
        """The assets of which not all is known."""
        return tuple(asset for asset in self.assets if asset.unreadable)

    @property
    def agencies(self) -> tuple[ReportedBusiness, ...]:
        """Every agency that has a row, by its name, then by its id."""
        found = {grant.agency.id: grant.agency for grant in self.grants}
        return tuple(sorted(found.values(), key=lambda one: (one.called.casefold() or one.alias, one.id)))

    @property
    def is_whole(self) -> bool:
        """Everything that was to be read was read, and understood."""
        odd = (Standing.UNKNOWN, Standing.UNREADABLE)
        return not self.unread and not self.unreadable and not any(one.standing in odd for one in self.grants)

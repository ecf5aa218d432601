"""Which permissions the manifests need, for each verb, side and kind of asset: a literal table. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from accessctl.model import AssetAccess, Kind, Side, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from accessctl.model import Access, Business

BUSINESS_MANAGEMENT = "business_management"
ADS_READ = "ads_read"
ADS_MANAGEMENT = "ads_management"
PAGES_MANAGE_METADATA = "pages_manage_metadata"
PAGES_SHOW_LIST = "pages_show_list"

AUTHORIZATION = "Marketing API, Authorization"
BUSINESS_EDGES = "Graph API reference, Business"
PAGE_AGENCIES = "Graph API reference, Page agencies"
PAGE_TOKENS = (
    "business_management lists the Pages of the business and, with MANAGE on a Page, gets its token; a Page that is "
    "reached in another way takes pages_manage_metadata and pages_show_list"
)


@dataclass(frozen=True, slots=True)
class Need:
    """What one group of calls asks of a token.

    One of `ways` must be there as a whole, the preferred one first. `better` is not asked for in every case,
    so a token without it only may be refused.
    """

    id: str
    side: Side
    kind: Kind
    verbs: str
    ways: tuple[frozenset[str], ...]
    why: str
    source: str
    better: frozenset[str] = frozenset()


def _all(*permissions: str) -> frozenset[str]:
    return frozenset(permissions)


# Source: GRAPH_API 1.1 to 1.3, and Meta's Authorization page for ads_read and ads_management.
NEEDS: tuple[Need, ...] = (
    Need(
        "owner-ad-accounts-read",
        Side.OWNER,
        Kind.AD_ACCOUNT,
        "read who has access",
        (_all(BUSINESS_MANAGEMENT, ADS_MANAGEMENT), _all(BUSINESS_MANAGEMENT, ADS_READ)),
        "business_management lists what the business owns; ads_management or ads_read opens an ad account",
        AUTHORIZATION,
    ),
    Need(
        "owner-ad-accounts-write",
        Side.OWNER,
        Kind.AD_ACCOUNT,
        "grant, change and revoke",
        (_all(BUSINESS_MANAGEMENT, ADS_MANAGEMENT),),
        "an ad account is changed with ads_management",
        AUTHORIZATION,
    ),
    Need(
        "owner-pages-read",
        Side.OWNER,
        Kind.PAGE,
        "read who has access",
        (_all(BUSINESS_MANAGEMENT),),
        PAGE_TOKENS,
        PAGE_AGENCIES,
        better=_all(PAGES_MANAGE_METADATA, PAGES_SHOW_LIST),
    ),
    Need(
        "owner-pages-write",
        Side.OWNER,
        Kind.PAGE,
        "grant, change and revoke",
        (_all(BUSINESS_MANAGEMENT),),
        PAGE_TOKENS,
        PAGE_AGENCIES,
        better=_all(PAGES_MANAGE_METADATA, PAGES_SHOW_LIST),
    ),
    Need(
        "agency-ad-accounts",
        Side.AGENCY,
        Kind.AD_ACCOUNT,
        "read, request, withdraw and give up access",
        (_all(BUSINESS_MANAGEMENT),),
        "business_management lists what clients share with the business, and asks for more",
        BUSINESS_EDGES,
    ),
    Need(
        "agency-pages",
        Side.AGENCY,
        Kind.PAGE,
        "read, request, withdraw and give up access",
        (_all(BUSINESS_MANAGEMENT),),
        "business_management lists what clients share with the business, and asks for more",
        BUSINESS_EDGES,
    ),
)


@dataclass(frozen=True, slots=True)
class Needs:
    """What the manifests need of one acting business: the assets it owns, and those of clients it works on.

    `businesses` has by their ids the businesses that the manifests know.
    """

    owned: tuple[AssetAccess, ...] = ()
    clients: tuple[AssetAccess, ...] = ()
    businesses: Mapping[str, Business] = field(default_factory=lambda: frozen({}))

    def assets(self, side: Side, kind: Kind) -> tuple[AssetAccess, ...]:
        """Return the declared assets of one side and kind."""
        found = self.owned if side is Side.OWNER else self.clients
        return tuple(access for access in found if access.asset.kind is kind)

    @property
    def ad_accounts(self) -> int:
        """How many ad accounts are declared."""
        return sum(len(self.assets(side, Kind.AD_ACCOUNT)) for side in Side)

    def rows(self) -> tuple[tuple[Need, int], ...]:
        """Return what is needed, each with for how many assets."""
        counted = ((need, len(self.assets(need.side, need.kind))) for need in NEEDS)
        return tuple((need, count) for need, count in counted if count)

    def permissions(self) -> frozenset[str]:
        """Return the permissions with which all of it can be done: of several ways the preferred one."""
        return frozenset().union(*(need.ways[0] | need.better for need, _ in self.rows()))


def needs_of(desired: Access, acts_as: Sequence[str]) -> Mapping[str, Needs]:
    """Return what the manifests need of each acting business.

    A client's asset with nobody on it concerns all of them: any may hold what is to be given up.
    """
    assets = desired.assets.values()
    clients = [access for access in assets if access.owner not in acts_as]
    return frozen(
        {
            business: Needs(
                tuple(access for access in assets if access.owner == business),
                tuple(access for access in clients if business in access.grants or not access.grants),
                desired.businesses,
            )
            for business in acts_as
        }
    )

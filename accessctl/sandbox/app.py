"""The app a token was made with: who claims it, who has a role on it, what App Review has approved, its tier."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

LIVE, UNAPPROVED = "live", "unapproved"  # GRAPH_API 1.6
LIMITED, FULL = "limited", "full"  # GRAPH_API 5.3
# The permissions that take access verification, from Meta's page about it.
VERIFIED = frozenset(
    {
        *("ads_management", "ads_read", "attribution_read", "business_management", "catalog_management", "email"),
        *("instagram_basic", "instagram_content_publish", "instagram_manage_insights", "leads_retrieval"),
        *("page_events", "pages_manage_ads", "pages_manage_cta", "pages_manage_engagement"),
        *("pages_manage_instant_articles", "pages_manage_posts", "pages_read_engagement", "pages_read_user_content"),
        *("pages_show_list", "public_profile", "publish_to_groups", "publish_video", "read_insights"),
    }
)
_APPROVED = ("ads_management", "ads_read", "business_management", "pages_manage_metadata", "pages_show_list")


def _all_live() -> Mapping[str, str]:
    return MappingProxyType(dict.fromkeys(_APPROVED, LIVE))


@dataclass(frozen=True, slots=True)
class App:
    """An app. `business` is its claimant, empty where no business claims it.

    `permissions` maps each one to `live` or `unapproved`, `roles` the id of a user to the role. `tier` is `limited`,
    `full`, or empty where the quirks say how it is limited.
    """

    id: str = "4242424242424242"
    name: str = "accessctl sandbox"
    business: str = ""
    permissions: Mapping[str, str] = field(default_factory=_all_live)
    roles: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    tier: str = ""

    def takes(self, user: str, *, is_provider: bool) -> bool:
        """Tell whether calls that need a permission of VERIFIED are accepted, as Meta's page has it.

        `is_provider` tells whether the claimant is verified as a Tech Provider.
        """
        return not self.business or user in self.roles or is_provider


@dataclass(frozen=True, slots=True)
class SystemUser:
    """A system user beside the one that the business's own token speaks for. `role` is Meta's word."""

    id: str
    name: str
    role: str = "EMPLOYEE"


def user_id(business: str, *, is_person: bool) -> str:
    """Return the id of the user behind a business's token: its system user, or its person."""
    return ("51" if is_person else "61") + business[-18:]

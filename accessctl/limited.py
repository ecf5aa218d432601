"""The calls that Meta limits to some apps (S002): what each is for, why, and where a person sees the same. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.model import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

# Where Business Settings has things (not in Meta's documents; the addresses that its own pages have).
SETTINGS = "https://business.facebook.com/settings"
PARTNERS_PAGE = f"{SETTINGS}/partners"
REQUESTS_PAGE = f"{SETTINGS}/requests"
ASSET_PAGES = {Kind.AD_ACCOUNT: f"{SETTINGS}/ad-accounts", Kind.PAGE: f"{SETTINGS}/pages"}

CLIENTS, AGENCIES = "GET clients", "GET agencies"
ASK_AD_ACCOUNTS = "POST client_ad_accounts"
DROPPING = frozenset({"DELETE ad_accounts", "DELETE pages"})
# The edges of on-behalf-of requests (GRAPH_API 1.3, 1.5): two are still in Meta's guide, its specification lost them.
OBO_LISTS: Mapping[str, str] = {
    "GET received_inprogress_onbehalf_requests": "listing the on-behalf-of requests that a business has got",
    "GET sent_inprogress_onbehalf_requests": "listing the on-behalf-of requests that a business has sent",
    "GET onbehalf_requests": "listing the on-behalf-of requests on an ad account",
}
# They need what all listings of a business need: business_management.
OF_BUSINESS = frozenset({CLIENTS, AGENCIES, *OBO_LISTS} - {"GET onbehalf_requests"})
# A request itself: whatever its id, it is an edge of the business whose token is used.
SHOW_OBO, CANCEL_OBO = "GET OBO_REQUEST_ID", "DELETE OBO_REQUEST_ID"
OBO_WORDS: Mapping[str, str] = {
    **OBO_LISTS,
    SHOW_OBO: "showing an on-behalf-of request",
    CANCEL_OBO: "canceling an on-behalf-of request",
}
# What each of them is for. S002 names them all but those that give up access, which it does not speak of.
WORDS: Mapping[str, str] = {
    **OBO_WORDS,
    ASK_AD_ACCOUNTS: "asking clients for ad accounts",
    "POST client_pages": "asking clients for Pages",
    "DELETE ad_accounts": "giving up access to ad accounts",
    "DELETE pages": "giving up access to Pages",
    CLIENTS: "listing clients",
    AGENCIES: "listing agencies",
} | {
    f"{method} {kind}/agencies": f"{what} {kind.nouns}"
    for method, what in (("GET", "reading who holds"), ("POST", "giving access to"), ("DELETE", "taking access from"))
    for kind in Kind
}
# GRAPH_API 1.3: the rule of 30 days is written of asking for ad accounts alone.
WHY_ASKING = (
    "since 8 June 2021 only some apps may make it, as a rule those that did so with success in the last 30 days"
)
WHY_LIMITED = "since 8 June 2021 access to it is limited, and apps without access receive an error"  # S002
WHY_UNTOLD = "which apps may make it, Meta does not say"


def why(edge: str) -> str:
    """Return what Meta's documents say of who may make a call."""
    if edge == ASK_AD_ACCOUNTS:
        return WHY_ASKING
    return WHY_UNTOLD if edge in DROPPING else WHY_LIMITED


def asset_edge(method: str, kind: Kind) -> str:
    """Return what the `agencies` edge of one kind of asset is remembered by."""
    return f"{method} {kind}/agencies"


def called(edge: str) -> str:
    """Return `asking clients for Pages (POST client_pages)`."""
    return f"{WORDS[edge]} ({edge})" if edge in WORDS else edge


def page_of(edge: str, business: str) -> str:
    """Return where a person of a business sees in Business Settings what a read of this edge would tell."""
    kind = next((kind for kind in Kind if edge == asset_edge("GET", kind)), None)
    page = ASSET_PAGES[kind] if kind else REQUESTS_PAGE if edge in OBO_WORDS else PARTNERS_PAGE
    return f"{page}?business_id={business}"

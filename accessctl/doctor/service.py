"""Findings about the API: the app's access tier, the version in use and its end. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from accessctl.counting import count
from accessctl.doctor import facts as f
from accessctl.doctor.findings import Finding, Level
from accessctl.graph.versions import NEWEST, VERSIONS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from accessctl.doctor.facts import Facts, Service

LIMITED, FULL = "development_access", "standard_access"  # GRAPH_API 5.3: the headers kept the old words
ADMIN = "ADMIN"  # a role; GRAPH_API 1.3
SOON = timedelta(days=90)
ENDED = 2635  # GRAPH_API 4.2
HEADER = "ads_api_access_tier, in the headers"
TABLE = "table of versions"
UPGRADE = f"set graph_version: {NEWEST} in accessctl.yaml, and look at a plan before the next apply"


@dataclass(frozen=True, slots=True)
class Tier:
    """What a tier allows: for each ad account points in 300 seconds, seconds of a block and calls an hour.

    `users` are system users beside admins, `admins` those that are. Each active ad adds ACTIVE_AD calls an hour.
    """

    name: str
    points: int
    block: int
    hourly: int
    users: int
    admins: int


# GRAPH_API 5.2 and 5.3. Any number of ad accounts in both, and no Page can be made through the API.
TIERS = {LIMITED: Tier("Limited", 60, 300, 300, 1, 1), FULL: Tier("Full", 9000, 60, 100_000, 10, 1)}
ACTIVE_AD = 40  # calls
WRITE = 3  # points; a read is 1
LIMITS = "Meta's pages on authorization and on rate limits"
COUNT = "count them in Business Settings, under Users > System users, before a new one is made"
FEATURE = "Marketing API Access Tier (once Ads Management Standard Access)"
OLDER_NAMES = "older texts say standard and advanced access of Ads Management Standard Access for Limited and Full"
APPLY = "apply for Full access in the App Dashboard: 500 calls in 15 days, under 15 % of the last 500 in error"


def tier_findings(facts: Facts, ad_accounts: int) -> Iterator[Finding]:
    """Yield what the app's access tier means for so many declared ad accounts."""
    subject, tier = facts.business.id, TIERS.get(facts.tier)
    if tier is None:
        told = f"Meta's word {facts.tier} is new" if facts.tier else "no answer had it in its headers"
        text = f"the app's access tier, Limited or Full: {told}"
        todo = f"look in the App Dashboard under App Review > Permissions and Features, at {FEATURE}"
        yield Finding("tier", Level.UNKNOWN, subject, text, todo, HEADER)
        return
    text = (
        f"the app has {tier.name} access to the Marketing API ({OLDER_NAMES}): any number of ad accounts, about "
        f"{tier.points:,} points in 300 seconds for each (a write costs {WRITE}, a read 1), then a block of "
        f"{tier.block} seconds; {tier.hourly:,} calls an hour for each, and {ACTIVE_AD} more for each active ad"
    )
    if facts.tier == FULL:
        text += "; all calls of Business Manager"
        yield Finding("tier", Level.OK, subject, text, source=f"{HEADER}; {LIMITS}")
        return
    each = "the 1 declared ad account" if ad_accounts == 1 else f"each of the {ad_accounts:,} declared ad accounts"
    text += f". That is about {tier.points // WRITE} writes in 5 minutes for {each}, fewer with the reads around each"
    yield Finding("tier", Level.WARNING, subject, text, APPLY, f"{HEADER}; {LIMITS}")
    text = (
        "with Limited access Meta may refuse to let the app manage ad accounts, people's permissions and Pages "
        "through Business Manager at all, and those are the calls that apply makes"
    )
    yield Finding("tier.business-manager", Level.WARNING, subject, text, APPLY, "Meta's Authorization page")


def system_users_finding(facts: Facts) -> Finding:
    """Return how many system users the business has, and how many the tier allows."""
    subject, tier = facts.business.id, TIERS.get(facts.tier)
    source = f"GET /{subject}/system_users; Meta's Authorization page"
    if isinstance(facts.system_users, f.Unread):
        text = f"how many system users the business has: {facts.system_users.reason}"
        return Finding("system-users", Level.UNKNOWN, subject, text, COUNT, source)
    roles = facts.system_users
    if not all(roles):
        text = f"which of the {count(len(roles), 'system user')} of the business are admins: Meta did not say"
        return Finding("system-users", Level.UNKNOWN, subject, text, COUNT, source)
    admins = roles.count(ADMIN)
    others = len(roles) - admins
    has = f"the business has {count(admins, 'admin system user')} and {count(others, 'other system user')}"
    allowed = [f"{one.name} access allows {one.admins} and {one.users}" for one in ([tier] if tier else TIERS.values())]
    text = f"{has}; {', '.join(allowed)}"
    if tier and (admins > tier.admins or others > tier.users):
        text += ": it has more than can be made now, and one that is deleted cannot be made anew"
        return Finding("system-users", Level.WARNING, subject, text, "delete none that is in use", source)
    return Finding("system-users", Level.OK, subject, text, source=source)


def version_findings(service: Service, every: tuple[Facts, ...], ad_accounts: int, today: date) -> Iterator[Finding]:
    """Yield what is to be said of the version in use. `today` is the day in UTC."""
    yield _version(service, every, today)
    row = VERSIONS.get(service.version)
    if row and ad_accounts and row.ads_end and row.ads_end < today:
        text = (
            f"the Marketing API of {service.version} ended on {row.ads_end} or before; "
            "Meta may answer calls about ad accounts with a newer version in silence"
        )
        yield Finding("version-ads", Level.WARNING, "", text, UPGRADE, TABLE)
    if service.warning or (service.served and service.served != service.version):
        said = f": {service.warning}" if service.warning else ""
        by = f"with {service.served}" if service.served else "with a newer version"
        text = f"Meta answered calls for {service.version} {by}{said}"
        yield Finding("version-served", Level.WARNING, "", text, UPGRADE, "headers of the answers")


def _version(service: Service, every: tuple[Facts, ...], today: date) -> Finding:
    row, name = VERSIONS.get(service.version), f"Graph API {service.version}"
    if any(ENDED in facts.codes for facts in every):
        return Finding("version", Level.PROBLEM, "", f"Meta no longer serves {name}", UPGRADE, f"code {ENDED}")
    if row is None:
        text = f"{name} is not in the table of versions, so its end is not known; the newest in it is {NEWEST}"
        todo = f"look in Meta's changelog when it ends, or set graph_version: {NEWEST} in accessctl.yaml"
        return Finding("version", Level.UNKNOWN, "", text, todo, TABLE)
    if row.ends is None:
        text = f"{name} is the newest known; Meta has not named its end"
        return Finding("version", Level.OK, "", text, source=TABLE)
    left = row.ends - today
    if left < timedelta(0):
        return Finding("version", Level.PROBLEM, "", f"{name} ended on {row.ends}", UPGRADE, TABLE)
    text = f"{name} ends on {row.ends}, in {count(left.days, 'day')}"
    is_soon = left < SOON
    return Finding("version", Level.WARNING if is_soon else Level.OK, "", text, UPGRADE * is_soon, TABLE)

"""Findings about the API: the app's access tier, the version in use and its end. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from accessctl.counting import count
from accessctl.doctor.findings import Finding, Level
from accessctl.graph.versions import NEWEST, VERSIONS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from accessctl.doctor.facts import Facts, Service

LIMITED, FULL = "development_access", "standard_access"  # GRAPH_API 5.3: the headers kept the old words
SOON = timedelta(days=90)
ENDED = 2635  # GRAPH_API 4.2
HEADER = "ads_api_access_tier, in the headers"
TABLE = "table of versions"
UPGRADE = f"set graph_version: {NEWEST} in accessctl.yaml, and look at a plan before the next apply"


def tier_finding(facts: Facts, ad_accounts: int) -> Finding:
    """Return what the app's access tier means for so many declared ad accounts."""
    subject = facts.business.id
    if facts.tier == FULL:
        text = "the app has Full access to the Marketing API"
        return Finding("tier", Level.OK, subject, text, source=HEADER)
    if facts.tier != LIMITED:
        told = f"Meta's word {facts.tier} is new" if facts.tier else "no answer had it in its headers"
        return Finding("tier", Level.UNKNOWN, subject, f"the app's access tier is not known: {told}", source=HEADER)
    text = (
        f"the app has Limited access: about 60 points in 300 seconds, where a write costs 3 and a read 1. "
        f"For {count(ad_accounts, 'declared ad account')} that is at most 20 writes in 5 minutes, and Meta may "
        "refuse to let it manage ad accounts and Pages at all"
    )
    todo = "apply for Full access in the App Dashboard: 500 calls in 15 days, under 15 % of the last 500 in error"
    return Finding("tier", Level.WARNING, subject, text, todo, HEADER)


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
        return Finding("version", Level.UNKNOWN, "", text, source=TABLE)
    if row.ends is None:
        text = f"{name} is the newest known; Meta has not named its end"
        return Finding("version", Level.OK, "", text, source=TABLE)
    left = row.ends - today
    if left < timedelta(0):
        return Finding("version", Level.PROBLEM, "", f"{name} ended on {row.ends}", UPGRADE, TABLE)
    text = f"{name} ends on {row.ends}, in {count(left.days, 'day')}"
    is_soon = left < SOON
    return Finding("version", Level.WARNING if is_soon else Level.OK, "", text, UPGRADE * is_soon, TABLE)

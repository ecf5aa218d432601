"""From facts and needs to findings. Pure: the time is an argument."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.doctor.barred import bar_of
from accessctl.doctor.business import business_findings
from accessctl.doctor.ending import ending_findings
from accessctl.doctor.findings import Finding, Level
from accessctl.doctor.level import level_findings
from accessctl.doctor.permissions import permission_findings
from accessctl.doctor.service import system_users_finding, tier_findings, version_findings
from accessctl.doctor.token import token_findings
from accessctl.doctor.verification import Stated
from accessctl.doctor.verifying import verification_findings, window_findings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date, datetime

    from accessctl.doctor.facts import Facts, Service
    from accessctl.doctor.needs import Needs

NOTHING_STATED = Stated()


def examine(
    every: Sequence[Facts],
    needs: Mapping[str, Needs],
    service: Service,
    now: datetime,
    stated: Stated = NOTHING_STATED,
) -> tuple[Finding, ...]:
    """Return all findings: those of the API first, then of each acting business in its order.

    A token that Meta refuses is one problem; what could not be asked with it is one line.
    `now` has a time zone; ends are compared with it. `stated` is what no field of Meta's shows.
    """
    ad_accounts = sum(one.ad_accounts for one in needs.values())
    found = [*version_findings(service, tuple(every), ad_accounts, now.date())]
    found += window_findings(stated, now.date())
    for facts in every:
        own = needs[facts.business.id]
        bar = bar_of(facts, every, own, stated, now.date())
        found += _of_business(facts, every, own, now)
        if not facts.is_refused:
            found += permission_findings(facts, own, service.version, bar)
            found += _of_app(facts, own, stated, now.date())
    return tuple(found)


def _of_business(facts: Facts, every: Sequence[Facts], needs: Needs, now: datetime) -> Iterator[Finding]:
    yield from token_findings(facts, now)
    if facts.is_refused:
        text, todo = "nothing else could be asked with it", "set another token, and run doctor again"
        yield Finding("rest", Level.UNKNOWN, facts.business.id, text, todo, "GET /me")
        return
    yield from ending_findings(facts, needs, now)
    yield from business_findings(facts, every, needs)


def _of_app(facts: Facts, needs: Needs, stated: Stated, today: date) -> Iterator[Finding]:
    """Yield what the app may do with that token."""
    yield from level_findings(facts, needs)
    if needs.rows():
        yield from verification_findings(facts, needs, stated, today)
    if needs.ad_accounts:
        yield from tier_findings(facts, needs.ad_accounts)
    yield system_users_finding(facts)

"""From facts and needs to findings. Pure: the time is an argument."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.doctor.business import business_findings
from accessctl.doctor.findings import Finding, Level
from accessctl.doctor.permissions import permission_findings
from accessctl.doctor.service import tier_finding, version_findings
from accessctl.doctor.token import token_findings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from accessctl.doctor.facts import Facts, Service
    from accessctl.doctor.needs import Needs


def examine(every: Sequence[Facts], needs: Mapping[str, Needs], service: Service, now: datetime) -> tuple[Finding, ...]:
    """Return all findings: those of the API first, then of each acting business in its order.

    A token that Meta refuses is one problem; what could not be asked with it is one line.
    `now` has a time zone; ends are compared with it.
    """
    ad_accounts = sum(one.ad_accounts for one in needs.values())
    found = [*version_findings(service, tuple(every), ad_accounts, now.date())]
    for facts in every:
        found += _of_business(facts, every, needs[facts.business.id], now)
    return tuple(found)


def _of_business(facts: Facts, every: Sequence[Facts], needs: Needs, now: datetime) -> Iterator[Finding]:
    yield from token_findings(facts, now)
    if facts.is_refused:
        yield Finding("rest", Level.UNKNOWN, facts.business.id, "nothing else could be asked with it")
        return
    yield from business_findings(facts, every, needs)
    yield from permission_findings(facts, needs)
    if needs.ad_accounts:
        yield tier_finding(facts, needs.ad_accounts)

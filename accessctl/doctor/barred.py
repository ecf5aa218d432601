"""Why a token can do nothing for its business, whatever permissions it has. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.doctor import facts as f
from accessctl.doctor.business import OTHER, elsewhere, listing
from accessctl.doctor.granular import ANEW, GRANULAR, elsewhere_only, named
from accessctl.doctor.permissions import Bar
from accessctl.doctor.token import DEBUG, KINDS, NEW_TOKEN
from accessctl.doctor.verification import Decision
from accessctl.doctor.verifying import decision_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from accessctl.doctor.facts import Facts
    from accessctl.doctor.needs import Needs
    from accessctl.doctor.verification import Stated


def bar_of(facts: Facts, every: Sequence[Facts], needs: Needs, stated: Stated, today: date) -> Bar | None:
    """Return the first thing that stands in the way of all calls, None where nothing is known to.

    Each is a problem of its own elsewhere in the checklist, so nothing that it forbids may stand there as ok.
    """
    bars = (*_of_token(facts), *_of_business(facts, every), *_of_verification(facts, needs, stated, today))
    return next(iter(bars), None)


def _of_token(facts: Facts) -> Iterator[Bar]:
    token = facts.token
    if not isinstance(token, f.TokenFacts):
        return
    if not token.is_valid:
        yield Bar("it is no longer valid", NEW_TOKEN, DEBUG)
    if token.type in (f.PAGE, f.APP):
        yield Bar(f"it is the token of {KINDS[token.type]}, which cannot see the business", NEW_TOKEN, DEBUG)
    if (covered := elsewhere_only(facts)) is not None:
        yield Bar(f"business_management covers {named(covered)}, and not this business", ANEW, GRANULAR)


def _of_business(facts: Facts, every: Sequence[Facts]) -> Iterator[Bar]:
    if isinstance(facts.live, f.Unread) and facts.live.code:
        yield Bar("the business cannot be read", OTHER, f"GET /{facts.business.id}")
    is_others = isinstance(facts.belonging, f.Belonging) and facts.belonging.home is f.Home.OTHER
    if is_others or elsewhere(facts, every):
        yield Bar("it is the token of another business", OTHER, listing(facts)[1])


def _of_verification(facts: Facts, needs: Needs, stated: Stated, today: date) -> Iterator[Bar]:
    """Yield a bar without words: `verifying` has them, and one cause is one problem."""
    is_refused = decision_of(facts, needs.permissions(), stated, today) is Decision.REFUSED
    if facts.unverified or is_refused:
        yield Bar()

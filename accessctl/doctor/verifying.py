"""Findings about access verification: the decision for each acting business, the dates, linked businesses. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from accessctl.called import called
from accessctl.counting import count
from accessctl.doctor import facts as f
from accessctl.doctor.answers import NO_CLAIMANT
from accessctl.doctor.findings import Finding, Level
from accessctl.doctor.permissions import names
from accessctl.doctor.verification import Decision, concerned, decide, expected_by, last_day, submit_by
from accessctl.model import Business
from accessctl.plan.nouns import BusinessRef

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from accessctl.doctor.facts import Facts
    from accessctl.doctor.needs import Needs
    from accessctl.doctor.verification import Stated

SOURCE = "Meta's page on access verification"
EARLY = timedelta(days=30)  # so many days before the last one it is a warning
LATE = timedelta(days=7)
NAMED = 3
PANEL = "App Dashboard > Settings > Basic > Verifications > Access verification"
COMPLETE = f"let an admin of the business that claims the app complete it: {PANEL}"
SAY = (
    f"look there, and say it: accessctl doctor --tech-provider yes or no ({PANEL}). Where it is not verified, "
    "complete it, or give who the token speaks for a role on the app"
)
NO_ROLE = "who the token speaks for has no role on the app"
NOT_VERIFIED = f"{NO_ROLE}, and you say that it is not verified as a Tech Provider"
IN_60_DAYS = (
    ". Where Meta's email has given an app that is in use 60 days for it, say when that came: --verification-email DATE"
)
AGAIN = ". Where Meta has denied it, that admin may do so again once the use of the app has changed"
SOME_BUSINESS = "; the app of a system user belongs to some business"
MEANS = {
    Decision.NOT_CONCERNED: (Level.OK, "no permission that these manifests need takes access verification"),
    Decision.UNCLAIMED: (Level.OK, "no business claims the app, so Meta asks for no access verification"),
    Decision.ROLE: (Level.OK, "who the token speaks for has a role on the app, so its calls are accepted"),
    Decision.PROVIDER: (Level.OK, "you say that it is verified as a Tech Provider, so its calls are accepted"),
    Decision.IN_WINDOW: (
        Level.WARNING,
        f"{NOT_VERIFIED}: until {{last}} Meta takes its calls all the same, then they gradually begin to fail",
    ),
    Decision.FADING: (
        Level.PROBLEM,
        f"{NOT_VERIFIED}: the 60 days of Meta's email ended on {{last}}, and its calls may fail",
    ),
    Decision.REFUSED: (
        Level.PROBLEM,
        f"{NOT_VERIFIED}: if that is right, Meta would refuse its calls, whatever permissions the token has",
    ),
}
OF_CLAIMANT = frozenset(MEANS) - {Decision.NOT_CONCERNED, Decision.UNCLAIMED}


def decision_of(facts: Facts, needed: frozenset[str], stated: Stated, today: date) -> Decision:
    """Return what Meta does with calls that need these permissions, as far as it can be known."""
    known = {"is_claimed": facts.is_claimed, "has_role": facts.has_role, "is_provider": stated.is_provider}
    return decide(needed, **known, window=stated.window(today))


def verification_findings(facts: Facts, needs: Needs, stated: Stated, today: date) -> Iterator[Finding]:
    """Yield the decision for one acting business, and what its work for other businesses takes.

    `today` is the day in UTC.
    """
    yield _decision(facts, needs.permissions(), stated, today)
    if needs.clients and facts.is_claimed is not False and concerned(needs.permissions()):
        yield _linked(facts, needs, stated)


def window_findings(stated: Stated, today: date) -> Iterator[Finding]:
    """Yield what the days that were stated mean; nothing where none was. `today` is the day in UTC."""
    if stated.submitted:
        yield _review(stated.submitted, today, is_done=stated.is_provider is True)
    if stated.email:
        yield _window(stated, stated.email, today)


def _decision(facts: Facts, needed: frozenset[str], stated: Stated, today: date) -> Finding:
    subject = facts.business.id
    if facts.unverified:
        text = f"Meta has refused a call, and its words speak of verification: {facts.unverified}"
        return Finding("verification", Level.PROBLEM, subject, text, COMPLETE, "Meta's answer")
    decision = decision_of(facts, needed, stated, today)
    if decision is Decision.OPEN:
        text = f"whether Meta takes calls with {names(concerned(needed))}: {', and '.join(_open(facts, stated))}"
        return Finding("verification", Level.UNKNOWN, subject, text, SAY, SOURCE)
    level, means = MEANS[decision]
    means = means.format(last=last_day(stated.email)) if stated.email else means
    text = (
        f"the app is claimed by {_claimant(facts)}; {means}" if decision in OF_CLAIMANT and facts.is_claimed else means
    )
    todo = COMPLETE + (AGAIN + IN_60_DAYS) * (decision is Decision.REFUSED)
    return Finding("verification", level, subject, text, todo * (level is not Level.OK), SOURCE)


def _open(facts: Facts, stated: Stated) -> Iterator[str]:
    """Say what the decision hangs on, and is not known."""
    if facts.is_claimed is None:
        yield f"which business claims the app is not known ({_why_not_known(facts)})"
    else:
        is_own = isinstance(facts.app, f.AppFacts) and facts.app.claimant == facts.business.id
        yield f"{_claimant(facts)} claims the app{', which is this business itself' * is_own}"
    if facts.has_role is None:
        yield "whether who the token speaks for has a role on the app is not known"
    else:
        yield NO_ROLE
    if stated.is_provider is None:
        yield "no field of Meta's tells whether a business is verified as a Tech Provider"
    else:
        yield "you say that it is not verified as a Tech Provider"


def _why_not_known(facts: Facts) -> str:
    """Say why nobody knows who claims the app. That of a system user belongs to some business (GRAPH_API 6)."""
    if isinstance(facts.app, f.Unread):
        return facts.app.reason
    is_system_user = isinstance(facts.token, f.TokenFacts) and facts.token.type == f.SYSTEM_USER
    return facts.app.open + SOME_BUSINESS * (is_system_user and facts.app.open == NO_CLAIMANT)


def _linked(facts: Facts, needs: Needs, stated: Stated) -> Finding:
    """Say what the agency side takes: to work on other businesses' assets is what a Tech Provider does."""
    text = f"this business works on assets of {_owners(needs)}, for which Meta asks for the same verification"
    if stated.is_provider:
        said = f"{text}; you say that it is done"
        return Finding("verification.linked", Level.OK, facts.business.id, said, source=SOURCE)
    level = Level.UNKNOWN if stated.is_provider is None else Level.WARNING
    said = f"whether it is done: {text}" if stated.is_provider is None else f"{text}, and you say that it is missing"
    return Finding("verification.linked", level, facts.business.id, said, COMPLETE, SOURCE)


def _owners(needs: Needs) -> str:
    """Return how many other businesses own the clients' assets, and what the manifests call the first of them."""
    owners = sorted({access.owner for access in needs.clients if access.owner})
    known = [needs.businesses.get(one, Business(one)) for one in owners[:NAMED]]
    more = f" and {len(owners) - NAMED} more" if len(owners) > NAMED else ""
    called_so = ", ".join(called(BusinessRef(one.id, one.alias, one.name)) for one in known)
    return f"{count(len(owners), 'other business', 'other businesses')}, {called_so}{more}"


def _claimant(facts: Facts) -> str:
    app = facts.app
    return called(BusinessRef(app.claimant or "", "", app.claimant_name)) if isinstance(app, f.AppFacts) else ""


def _review(submitted: date, today: date, *, is_done: bool) -> Finding:
    due = expected_by(submitted)
    text = f"access verification was sent in on {submitted}; Meta takes up to 5 business days, so until {due}"
    if is_done or today <= due:
        return Finding("verification.review", Level.OK, "", text, source=SOURCE)
    todo = f"look for Meta's email, and whether the panel asks for more: {PANEL}"
    return Finding("verification.review", Level.WARNING, "", f"{text}, which is over", todo, SOURCE)


def _window(stated: Stated, email: date, today: date) -> Finding:
    last = last_day(email)
    left = last - today
    text = f"Meta's email of {email} gives 60 days for access verification, until {last}"
    if stated.is_provider:
        return Finding("verification.window", Level.OK, "", f"{text}; you say that it is done", source=SOURCE)
    if left < timedelta(0):
        text += ", which is over: calls gradually begin to fail. It can still be completed"
        return Finding("verification.window", Level.PROBLEM, "", text, COMPLETE, SOURCE)
    text += f", in {count(left.days, 'day')}" if left else ", which is today"
    if stated.submitted and expected_by(stated.submitted) <= last:
        return Finding("verification.window", Level.OK, "", f"{text}; it was sent in in time", source=SOURCE)
    if stated.submitted:
        text += f"; the review may take until {expected_by(stated.submitted)}"
    level = Level.PROBLEM if left <= LATE else Level.WARNING if left <= EARLY else Level.OK
    by = submit_by(last)
    in_time = f"Sent in by {by}, the review ends in time" if today <= by else "The review may take longer than that"
    todo = "wait for Meta's answer" if stated.submitted else f"{COMPLETE}. {in_time}"
    return Finding("verification.window", level, "", text, todo * (level is not Level.OK), SOURCE)

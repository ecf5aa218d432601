"""The sentences of an access review, the same in every format.

Each name in them is cleaned and cut by itself, so that no long one hides the id beside it; each renderer makes the
whole harmless for its sink.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.clean import display
from accessctl.counting import count
from accessctl.model import Status
from accessctl.render.age import moment
from accessctl.render.names import business_in_words, task_names
from accessctl.report.nouns import MARKET, Standing, Way
from accessctl.report.tally import held_of, standings_of

if TYPE_CHECKING:
    from accessctl.report.nouns import Coverage, Origin, Report, ReportedGrant, Share, Since

# What each standing means, in the order in which a review counts them.
MEANINGS = {
    Standing.DECLARED: "live as the manifests declare it",
    Standing.DRIFT: "live, and not as the manifests declare it",
    Standing.UNMANAGED: "no manifest says anything about it",
    Standing.WAITING: "waits for a person",
    Standing.MISSING: "declared, and not live",
    Standing.UNKNOWN: "Meta has a word for its status that accessctl does not know",
    Standing.UNREADABLE: "could not be read, so nobody knows",
    Standing.ENDED: "its declaration has ended, and nobody holds it",
}
OF_MANIFESTS = {
    Standing.DECLARED: "the manifests declare it; nobody looked whether it is held",
    Standing.ENDED: "its declaration has ended; nobody looked whether it is still held",
}
NO_END = "no end"
NOT_HELD = {
    Status.PENDING: "asked for:",
    Status.AWAITING_APPROVAL: "granted, not approved yet:",
    Status.UNKNOWN: "listed with",
}
WHOM = {"client": "the client", "second_admin": "a second admin of", "us": "a decision of"}


def meaning(standing: Standing, way: Way) -> str:
    """Return what a standing means in a review made that way."""
    return OF_MANIFESTS.get(standing, MEANINGS[standing]) if way is Way.MANIFESTS else MEANINGS[standing]


def title(report: Report) -> str:
    """Return `Access review, 2026-11-21`."""
    return f"Access review, {report.origin.read_at:%Y-%m-%d}"


def origin_lines(origin: Origin) -> tuple[str, ...]:
    """Say when it was read, from what, through whom, by which accessctl, and what was left out on purpose."""
    by = f"by accessctl {origin.tool_version}"
    acting = ", ".join(map(business_in_words, origin.acts_as))
    graph = f"{display(origin.graph_url)}, Graph API {display(origin.graph_version, 20)},"
    match origin.way:
        case Way.MANIFESTS:
            lines = [
                f"From the manifests alone, as they are on {origin.read_at:%Y-%m-%d}, {by}. Nobody looked at Meta."
            ]
        case Way.SNAPSHOT:
            lines = [
                (
                    f"As of {moment(origin.read_at)}, from a snapshot ({origin.snapshot[:19]}…) that was read from "
                    f"{graph} as {acting}. Made {moment(origin.made_at)} {by}."
                ),
                "The manifests are those of this directory; what ends by a day is judged by the day of the snapshot.",
            ]
        case Way.LIVE:
            lines = [f"Read {moment(origin.read_at)} from {graph} as {acting}, {by}."]
    if origin.targets:
        lines.append(f"Narrowed to {', '.join(map(display, origin.targets))}: nothing is said of anything else.")
    return tuple(lines)


def summary_line(report: Report) -> str:
    """Return `84 rows of 12 agencies on 59 assets: 70 declared, 14 missing. Held: 70 grants.`; no zeros are told.

    A row is no grant that is held: some are missing, or wait. Of manifests alone nobody knows what is held.
    """
    counts = standings_of(report)
    parts = ", ".join(f"{number} {standing}" for standing, number in counts.items())
    agencies = count(len(report.agencies), "agency", "agencies")
    head = f"{count(len(report.grants), 'row')} of {agencies} on {count(len(report.assets), 'asset')}"
    line = f"{head}: {parts}." if parts else f"{head}."
    held = held_words(report)
    return f"{line} {held}" if held else line


def held_words(report: Report) -> str:
    """Return `Held: 70 grants.`, `Held, as far as was read: 70 grants.`, or nothing where nobody looked."""
    held = held_of(report)
    if held is None:
        return ""
    read = "" if report.is_whole else ", as far as was read"
    return f"Held{read}: {count(held, 'grant')}."


def verb_of(report: Report) -> str:
    """Return what is said of the grants that count: `held`, or `declared` where nobody looked at Meta."""
    return "declared" if report.origin.way is Way.MANIFESTS else "held"


def coverage_lines(coverage: Coverage | None) -> tuple[str, ...]:
    """Say how much of live access is declared, and what is in none of these numbers."""
    if coverage is None:
        return ()
    total = coverage.total
    number = total.grants.part
    part = f" {number} more {'is' if number == 1 else 'are'} declared with fewer tasks than are live." if number else ""
    lines = [f"Declared are {share_words(total.grants, 'live grant')} and {share_words(total.assets, 'asset')}.{part}"]
    missing = [f"{count(coverage.unread_assets, 'asset')} that could not be read"] * bool(coverage.unread_assets)
    missing += [f"{count(coverage.unread_listings, 'unread listing')}"] * bool(coverage.unread_listings)
    missing += [f"{count(coverage.unknown_grants, 'grant')} of unknown status"] * bool(coverage.unknown_grants)
    return (*lines, f"In none of these numbers: {', '.join(missing)}.") if missing else tuple(lines)


def share_words(share: Share, one: str) -> str:
    """Return `70 of 84 live grants (83 %)`."""
    percent = "" if share.percent is None else f" ({share.percent} %)"
    return f"{share.covered} of {count(share.of, one)}{percent}"


def covered_name(name: str) -> str:
    """Return what a line of the coverage by market is called; the one of assets without a market is last."""
    return name or f"no {MARKET} label"


def tasks_words(grant: ReportedGrant) -> tuple[str, str]:
    """Return the tasks that are live or declared, in words where they are not held; and those Meta added by itself."""
    if grant.held:
        asked = [task for task in grant.held if task not in grant.server_added]
        return task_names(asked), task_names(grant.server_added) if grant.server_added else ""
    if grant.status in NOT_HELD and grant.tasks:
        return f"{NOT_HELD[grant.status]} {task_names(grant.tasks)}", ""
    if grant.status is Status.UNREADABLE:
        return "nobody knows", ""
    return "nothing" + f" (declared: {task_names(grant.declared)})" * bool(grant.declared), ""


def times_words(grant: ReportedGrant) -> str:
    """Return `since 2026-11-01 (granted by run ab12), until 2027-03-31`; nothing of what nobody holds or is to hold."""
    end = until_words(grant)
    times = [f"since {since_words(grant.since)}"] * (grant.status is Status.CONFIRMED)
    times += [end if end == NO_END else f"until {end}"] * bool(end)
    return ", ".join(times)


def since_words(since: Since | None) -> str:
    """Return `2026-11-01 (granted by run ab12)`, or that it is unknown."""
    return f"{since.at:%Y-%m-%d} ({since_note(since)})" if since else "unknown"


def since_note(since: Since) -> str:
    """Return what happened then and who says so: a run of ours, the journal as it was remembered, or Meta."""
    if since.run:
        return f"{since.what} by run {display(since.run, 40)}"
    return since.what if since.what == "granted" else f"{since.what}, says Meta"


def until_words(grant: ReportedGrant) -> str:
    """Return `2027-03-31`, or from when on only a part is left; no end where there is none."""
    first, last = grant.until
    if first is None:
        return NO_END if grant.declared else ""
    if first == last:
        return f"{last}"
    return f"{first} in part, the rest {last or NO_END}"


def waits_words(grant: ReportedGrant) -> str:
    """Return `waits for the client "Acme" (1001) since 2026-11-01 (20 days, stale): accept it: Business Settings`."""
    waits = grant.waits
    if waits is None:
        return ""
    who = f"{WHOM[waits.whom]} {business_in_words(waits.business)}"
    stale = ", stale" if waits.is_stale else ""
    since = f" since {waits.since:%Y-%m-%d} ({count(waits.days or 0, 'day')}{stale})" if waits.since else ""
    where = f": {waits.where}" if waits.where else ""
    return f"waits for {who}{since}: {waits.do}{where}"

"""The two tables of what a pair's declaration and live state call for, one side each. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from accessctl import tasks
from accessctl.model import ASK_AGAIN, IN_DOUBT, ClosedEdge, Grant, Kind, Status
from accessctl.plan.nouns import Reason, Verb

# How a row names the tasks that a second admin has yet to approve, so that they can be read back from it.
AWAITED = re.compile(r"a grant of (.+?) waits for a second admin, ", re.DOTALL)
# And how it names the day on which we have asked or granted before.
BEFORE = re.compile(r"(?:sent|asked) on ([0-9]{4}-[0-9]{2}-[0-9]{2}) (?:and never answered|already); ")


class Outcome(StrEnum):
    """What becomes of a pair when no action is planned for it."""

    UNCHANGED = "unchanged"
    WAITING = "waiting"
    BLOCKED = "blocked"
    UNMANAGED = "unmanaged"


@dataclass(frozen=True, slots=True)
class Pair:
    """All that a decision may look at.

    `declared` is None where no manifest names the pair, and has the status ABSENT where every declaration of
    it has expired.
    """

    kind: Kind
    declared: Grant | None
    live: Grant
    exclusive: bool
    decline_unexpected: bool = False

    @property
    def is_wanted(self) -> bool:
        """A declaration that still holds gives this pair access."""
        return self.declared is not None and self.declared.status is Status.CONFIRMED

    @property
    def is_ours_to_remove(self) -> bool:
        """A line somebody wrote says that this pair shall not have access."""
        return not self.is_wanted and (self.exclusive or self.declared is not None)


@dataclass(frozen=True, slots=True)
class Decision:
    """A verb, or the outcome of having none; and why. `closed` is the call that a person makes up for."""

    what: Verb | Outcome
    reason: Reason
    closed: ClosedEdge | None = None


UNCHANGED = Decision(Outcome.UNCHANGED, Reason("same", "live access is as declared"))


def decide_as_owner(pair: Pair) -> Decision:
    """Read the owner-side table (DESIGN, section 5)."""
    match pair.live.status:
        case Status.UNREADABLE | Status.UNKNOWN:
            return _cannot_tell(pair)
        case Status.ABSENT:
            return _grant(pair) if pair.is_wanted else UNCHANGED
        case Status.PENDING:
            return _pending_as_owner(pair)
        case Status.AWAITING_APPROVAL:
            return _awaiting_approval(pair)
        case Status.CONFIRMED if pair.is_wanted:
            return _change_if_different(pair)
        case _:
            return _remove(pair, Verb.REVOKE)


def decide_as_agency(pair: Pair) -> Decision:
    """Read the agency-side table (DESIGN, section 5)."""
    match pair.live.status:
        case Status.UNREADABLE | Status.UNKNOWN:
            return _cannot_tell(pair)
        case Status.ABSENT:
            return _request(pair) if pair.is_wanted else UNCHANGED
        case Status.PENDING if pair.is_wanted:
            return _decision(Outcome.WAITING, "client_response", "requested; the client has not answered yet")
        case Status.PENDING:
            return _remove(pair, Verb.WITHDRAW)
        case Status.CONFIRMED if pair.is_wanted:
            return _ask_client_if_different(pair)
        case Status.CONFIRMED:
            return _remove(pair, Verb.RELINQUISH)
        case _:  # only the owner's grants wait for a second admin
            return _cannot_tell(pair)


def _decision(what: Verb | Outcome, code: str, text: str) -> Decision:
    return Decision(what, Reason(code, text))


def _cannot_tell(pair: Pair) -> Decision:
    if not pair.is_wanted and not pair.is_ours_to_remove:
        return _decision(Outcome.UNMANAGED, "undeclared", "no manifest declares this")
    if pair.live.status is Status.UNKNOWN:
        return _decision(
            Outcome.BLOCKED,
            "unknown_status",
            f"Meta calls its status '{pair.live.detail}', which nobody here knows",
        )
    text = pair.live.detail or f"its status is {pair.live.status}, which makes no sense from this side"
    return _decision(Outcome.BLOCKED, "unreadable", text)


def _grant(pair: Pair) -> Decision:
    if pair.live.detail == IN_DOUBT:
        return _decision(
            Verb.GRANT,
            "sent_before",
            f"sent on {pair.live.since:%Y-%m-%d} and never answered; it does not show, but may wait for a second admin",
        )
    return _decision(Verb.GRANT, "declared", "declared, not granted yet")


def _pending_as_owner(pair: Pair) -> Decision:
    if pair.is_wanted:
        return _decision(Verb.ACCEPT, "request_declared", "the agency has asked, and the manifests declare it")
    if not pair.is_ours_to_remove:
        return _decision(Outcome.UNMANAGED, "undeclared", "the agency has asked; no manifest declares it")
    if pair.decline_unexpected:
        return _decision(Verb.REVOKE, "unexpected_request", "the agency has asked, and no manifest declares it")
    return _decision(
        Outcome.UNMANAGED,
        "unexpected_request",
        "the agency has asked; declare it to accept, or decline it at Meta",
    )


def _awaiting_approval(pair: Pair) -> Decision:
    if pair.declared and pair.is_wanted and not tasks.is_same(pair.kind, pair.declared.tasks, _awaited(pair.live)):
        awaited = ", ".join(sorted(_awaited(pair.live)))
        return _decision(
            Outcome.WAITING,
            "approval_not_wanted",
            f"a grant of {awaited} waits for a second admin, which is no longer what is declared: have it declined, "
            "then --ask-again",
        )
    if pair.is_wanted:
        return _decision(Outcome.WAITING, "admin_approval", "granted; a second admin of the owner must approve it")
    if pair.is_ours_to_remove:
        return _decision(
            Outcome.WAITING,
            "approval_not_wanted",
            "no longer declared, but a grant still waits for a second admin, who should decline it",
        )
    return _decision(Outcome.UNMANAGED, "undeclared", "a grant waits for a second admin; no manifest declares it")


def _awaited(live: Grant) -> frozenset[str]:
    """The tasks a second admin has yet to approve: beside what is held, or all there is."""
    return live.awaiting or live.tasks


def _difference_in_words(pair: Pair) -> str:
    wanted = pair.declared.tasks if pair.declared else frozenset[str]()
    missing, extra = tasks.difference(pair.kind, wanted, pair.live.tasks)
    parts = [f"lacks {', '.join(sorted(missing))}"] * bool(missing)
    parts += [f"holds {', '.join(sorted(extra))} beyond what is declared"] * bool(extra)
    return "; ".join(parts)


def _change_if_different(pair: Pair) -> Decision:
    words = _difference_in_words(pair)
    if words and pair.live.awaiting:
        return _awaiting_approval(pair)
    return _decision(Verb.CHANGE, "tasks_differ", words) if words else UNCHANGED


def _ask_client_if_different(pair: Pair) -> Decision:
    words = _difference_in_words(pair)
    if not words:
        return UNCHANGED
    return _decision(Outcome.WAITING, "ask_client", f"{words}; only the client can change it, so ask the client")


def _request(pair: Pair) -> Decision:
    if pair.live.since is None:
        return _decision(Verb.REQUEST, "declared", "declared, not requested yet")
    if pair.live.detail == ASK_AGAIN:
        return _decision(
            Verb.REQUEST, "asked_again", f"asked on {pair.live.since:%Y-%m-%d} already; asked again, as you say"
        )
    return _decision(
        Outcome.WAITING,
        "request_gone",
        f"asked on {pair.live.since:%Y-%m-%d}, and that request is gone: declined, withdrawn or expired. "
        "--ask-again sends a new one",
    )


def _remove(pair: Pair, verb: Verb) -> Decision:
    if not pair.is_ours_to_remove:
        return _decision(Outcome.UNMANAGED, "undeclared", "no manifest declares this")
    if pair.declared is not None:
        last = max((source.until for source in pair.declared.sources if source.until), default=None)
        return _decision(verb, "expired", f"its declaration ended on {last}" if last else "its declaration has ended")
    if verb is Verb.REVOKE:
        return _decision(verb, "not_declared", "no manifest gives this agency access, and the asset is exclusive")
    what = "request" if pair.live.status is Status.PENDING else "access"
    return _decision(verb, "not_declared", f"the manifests do not declare this {what} of ours")

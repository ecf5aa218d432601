"""On-behalf-of (OBO) requests: one business asks to act on behalf of another on an ad account. Pure.

GRAPH_API 1.5 has the node, its twelve statuses and what is not known: statuses nobody knows are kept as they are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from accessctl.called import called
from accessctl.clean import display
from accessctl.model import Asset, Business, Kind, frozen

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

CANCELED = "CANCELED"
IN_PROGRESS = "IN_PROGRESS"
FILTERS = ("APPROVE", "DECLINE", IN_PROGRESS)  # what Meta documents for the parameter status; GRAPH_API 1.5


class Phase(StrEnum):
    """What a status means for who waits."""

    WAITING = "waiting"
    APPROVED = "approved"
    ENDED = "ended"
    UNKNOWN = "unknown"


# The twelve of GRAPH_API 1.5, each with what it means and in words.
STATUSES: Mapping[str, tuple[Phase, str]] = MappingProxyType(
    {
        "APPROVE": (Phase.APPROVED, "approved"),
        CANCELED: (Phase.ENDED, "canceled"),
        "DECLINE": (Phase.ENDED, "declined"),
        "EXPIRED": (Phase.ENDED, "expired"),
        IN_PROGRESS: (Phase.WAITING, "waits for an answer"),
        "PENDING": (Phase.WAITING, "waits"),
        "PENDING_EMAIL_VERIFICATION": (Phase.WAITING, "waits for an e-mail address to be verified"),
        "PENDING_INTEGRITY_REVIEW": (Phase.WAITING, "waits for a review by Meta"),
        "MMA_DIRECT_ASSETS_APPROVED": (Phase.APPROVED, "approved"),
        "MMA_DIRECT_ASSETS_DECLINED": (Phase.ENDED, "declined"),
        "MMA_DIRECT_ASSETS_EXPIRED": (Phase.ENDED, "expired"),
        "MMA_DIRECT_ASSETS_PENDING": (Phase.WAITING, "waits"),
    }
)


class End(StrEnum):
    """Which end of a request an acting business is at."""

    RECEIVED = "received"
    SENT = "sent"


@dataclass(frozen=True, slots=True, order=True)
class OboRequest:
    """`requesting` asks to act on behalf of `receiving`. `status` is Meta's word, kept verbatim.

    `account` is the bare id of the ad account, empty where no answer told it.
    """

    id: str
    account: str
    receiving: Business
    requesting: Business
    status: str

    @property
    def asset(self) -> Asset | None:
        """The ad account it is about, as everything else names it."""
        return Asset(Kind.AD_ACCOUNT, self.account) if self.account else None

    @property
    def phase(self) -> Phase:
        """What its status means."""
        return STATUSES.get(self.status, (Phase.UNKNOWN, ""))[0]

    def concerns(self, business: str) -> bool:
        """Tell whether a business sent it or got it."""
        return business in (self.receiving.id, self.requesting.id)

    def ends(self, acting: Collection[str]) -> tuple[End, ...]:
        """Return at which ends of it an acting business is."""
        got = (End.RECEIVED,) * (self.receiving.id in acting)
        return got + (End.SENT,) * (self.requesting.id in acting)


@dataclass(frozen=True, slots=True)
class Wish:
    """Which requests are asked for: those with a status, at one end, or all where these are empty."""

    status: str = ""
    end: End | None = None

    def wants(self, request: OboRequest, acting: Collection[str]) -> bool:
        """Tell whether a request is asked for."""
        return self.status in ("", request.status) and (self.end is None or self.end in request.ends(acting))


@dataclass(frozen=True, slots=True, order=True)
class Unread:
    """What could not be read, named by its path at Meta, and why: requests there are not known to be absent.

    `todo` is the next step, empty where the reason names it or there is none.
    """

    what: str
    reason: str
    todo: str = ""


@dataclass(frozen=True, slots=True, order=True)
class NotKnown:
    """A part of the requests of some businesses that cannot be known by the calls there are: nothing has failed.

    `text` says which part, in a sentence; `accounts` are ids as Meta writes them, empty where nobody can name them.
    """

    text: str
    businesses: tuple[str, ...]
    accounts: tuple[str, ...] = ()


def by_reason(unread: Iterable[Unread]) -> dict[str, list[str]]:
    """Return what could not be read by the reason why, which then names no path of its own."""
    found: dict[str, list[str]] = {}
    for one in unread:
        node = one.what.partition("/")[0]
        reason = one.reason.replace(f"GET {one.what}", "the call").replace(f"'{node}'", "'…'")
        found.setdefault(reason, []).append(one.what)
    return found


@dataclass(frozen=True, slots=True)
class OboRequests:
    """The requests found, by id. `asked` are the ad accounts that were read to the end.

    `notes` say how it was read where that is not as expected; `names` are those of ad accounts, where read. Of what
    is `unread` a read failed; what is `not_known` no read tells.
    """

    requests: tuple[OboRequest, ...] = ()
    notes: tuple[str, ...] = ()
    unread: tuple[Unread, ...] = ()
    not_known: tuple[NotKnown, ...] = ()
    asked: frozenset[Asset] = frozenset()
    names: Mapping[Asset, str] = field(default_factory=lambda: frozen({}))

    @property
    def is_whole(self) -> bool:
        """Everything that can be read of what was asked for was read."""
        return not self.unread


def status_words(request: OboRequest) -> str:
    """Return `waits for an answer (IN_PROGRESS)`; a status nobody knows stands by itself."""
    word = display(request.status)
    known = STATUSES.get(request.status)
    return f"{known[1]} ({word})" if known else f"a status that accessctl does not know: {word}"


def asks(request: OboRequest) -> str:
    """Return `asks to act on behalf of`, in the past for a request that waits no more, or may wait no more."""
    return f"{'asks' if request.phase is Phase.WAITING else 'asked'} to act on behalf of"


def not_cancelable(request: OboRequest, acting: Collection[str]) -> str:
    """Say why a request is none to cancel, empty where it is one: an acting business sent it, and it waits."""
    match request.phase:
        case Phase.APPROVED:
            return f"it waits no more: {status_words(request)}"
        case Phase.ENDED:
            return f"it has ended: {status_words(request)}"
        case _ if request.requesting.id not in acting:
            sender = called(request.requesting)
            return f"only {sender}, who has sent it, can cancel it, and this project does not act for that business"
        case Phase.UNKNOWN:
            return f"nobody knows what its status {display(request.status) or '(none)'} means"
        case _:
            return ""

"""Which calls Meta does not open to this app: told from its refusals, remembered, and forgotten again. Pure."""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from accessctl.graph.codes import LACKING_WORDS
from accessctl.graph.errors import GraphError, Trouble
from accessctl.model import ClosedEdge, Kind
from accessctl.records import moment_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from accessctl.records import Row

USED = timedelta(days=90)  # then it is tried once more: Meta opens and closes endpoints without a word
CODES = frozenset({3, 10, 200})  # GRAPH_API 4.3: no code is documented
SURE = 3  # the app lacks the capability (GRAPH_API 4.2); the others are also those of a lack of permission
ALIKE = 3  # so many assets refused alike, and none that went through, are a closed endpoint

CLIENTS, AGENCIES = "GET clients", "GET agencies"
# The edges of on-behalf-of requests (GRAPH_API 1.3, 1.5): two are still in Meta's guide, its specification lost them.
OBO_WORDS: Mapping[str, str] = {
    "GET received_inprogress_onbehalf_requests": "listing the on-behalf-of requests that a business has got",
    "GET sent_inprogress_onbehalf_requests": "listing the on-behalf-of requests that a business has sent",
    "GET onbehalf_requests": "listing the on-behalf-of requests on an ad account",
}
# What each of them is for. S002 names them all but those that give up access, which it does not speak of.
WORDS: Mapping[str, str] = {
    **OBO_WORDS,
    "POST client_ad_accounts": "asking clients for ad accounts",
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
GONE_CODES = frozenset({100, 2500})  # of these edges they say too that there is no such edge, where their words do
_GONE = re.compile(
    r"nonexist(?:ing|ent) field|unknown path|deprecated|no longer (?:available|supported)", re.IGNORECASE
)
WHY = "since 8 June 2021 only some apps may make it, as a rule those that did so with success in the last 30 days"
OR = "; the same code says that the token lacks a permission for all of them"
GONE = "it answers that there is no such call, though its guide has one"
DOUBT = "a permission is missing here, or Meta does not open the endpoint to this app: its words do not tell which"


class Evidence(StrEnum):
    """What a refusal says of the endpoint."""

    CLOSED = "closed"
    EITHER = "either"  # closed, or a permission that is missing on this one asset: its code and words do not tell
    NONE = "none"


def evidence_of(error: GraphError, edge: str = "") -> Evidence:
    """Tell whether a refusal of a call says that its edge is closed to the app (GRAPH_API 4.3: 3, 10 or 200).

    Of an edge of on-behalf-of requests it is also enough that Meta says, by its name, that it is not there.
    """
    if edge in OBO_WORDS and error.code in GONE_CODES:
        return Evidence.CLOSED if _is_gone(edge, error.message) else Evidence.NONE
    if error.code not in CODES:
        return Evidence.NONE
    if error.trouble is Trouble.CAPABILITY_MISSING:
        return Evidence.CLOSED
    is_bare = error.trouble is Trouble.PERMISSION and not LACKING_WORDS.search(error.message)
    return Evidence.EITHER if is_bare else Evidence.NONE


def _is_gone(edge: str, message: str) -> bool:
    """Tell whether Meta says that an edge is not there; of a field or a parameter it says the same, by another name."""
    name = edge.partition(" ")[2]
    return bool(_GONE.search(message) and re.search(rf"\b{name}\b", message))


def codes_of(edge: str) -> frozenset[int]:
    """Return the codes that a refusal may have that closes this edge."""
    return CODES | GONE_CODES if edge in OBO_WORDS else CODES


def asset_edge(method: str, kind: Kind) -> str:
    """Return what the `agencies` edge of one kind of asset is remembered by."""
    return f"{method} {kind}/agencies"


def called(edge: str) -> str:
    """Return `asking clients for Pages (POST client_pages)`."""
    return f"{WORDS[edge]} ({edge})" if edge in WORDS else edge


def said(closed: ClosedEdge, *, dated: bool = True) -> str:
    """Return how it was refused, and when: `code 3 on 2026-11-21`."""
    return f"code {closed.code}" + f" on {closed.at:%Y-%m-%d}" * dated


def shut(closed: ClosedEdge, *, dated: bool = True) -> str:
    """Say that a call is closed; without the day for live access, as a plan's digest has no clock in it."""
    return f"Meta does not open {called(closed.edge)} to this app ({said(closed, dated=dated)})"


def not_opened(closed: ClosedEdge, *, dated: bool = True) -> str:
    """Say the same, and what it means: once for all that it keeps from being done."""
    meaning = GONE if closed.code in GONE_CODES else f"{WHY}{OR * (closed.code != SURE)}"
    return f"{shut(closed, dated=dated)}: {meaning}"


def in_plain_words(error: GraphError, closed: ClosedEdge | None) -> GraphError:
    """Return a refusal as what it is: an edge that is closed, one that may be, or as it came."""
    evidence = evidence_of(error, closed.edge if closed else "")
    if closed and evidence is not Evidence.NONE:
        what = shut(closed, dated=False)
    elif evidence is Evidence.EITHER:
        what = f"{error.steady}; {DOUBT}"
    else:
        return error
    return GraphError(what, error.hint, trouble=error.trouble, code=error.code, subcode=error.subcode)


def closed_edges(rows: Iterable[Row], url: str, now: datetime) -> Mapping[tuple[str, str], ClosedEdge]:
    """Return what is closed at one Graph URL, by business and edge; a row that makes no sense says nothing."""
    found: dict[tuple[str, str], ClosedEdge] = {}
    for row in sorted(rows, key=lambda one: str(one.get("at"))):
        at, business, edge, code = moment_of(row), row.get("business"), row.get("edge"), row.get("code")
        if row.get("url") != url or at is None or not now - USED < at <= now:
            continue
        if not isinstance(business, str) or not isinstance(edge, str) or edge not in WORDS:
            continue
        if row.get("open") is True:
            found.pop((business, edge), None)
        elif isinstance(code, int) and code in codes_of(edge):
            found[business, edge] = ClosedEdge(business, edge, code, at)
    return found


class Closing:
    """What is known to be closed, and what one command finds closed or open again. Safe for many threads.

    `keep` is handed each row that is worth remembering, at once.
    """

    def __init__(
        self,
        rows: Iterable[Row],
        url: str,
        clock: Callable[[], datetime],
        keep: Callable[[Row], None] = lambda _: None,
    ) -> None:
        self.url = url
        self._clock = clock
        self._keep = keep
        self._lock = threading.Lock()
        self._known = dict(closed_edges(rows, url, clock()))
        self._found: dict[tuple[str, str], ClosedEdge] = {}
        self._refused: dict[tuple[str, str], dict[int, set[str]]] = defaultdict(dict)
        self._worked: set[tuple[str, str]] = set()

    @property
    def closed(self) -> tuple[ClosedEdge, ...]:
        """All that is closed, in order."""
        return tuple(sorted(self._known.values()))

    @property
    def found(self) -> tuple[ClosedEdge, ...]:
        """What this command itself has found closed, in order."""
        return tuple(sorted(self._found.values()))

    def known(self, business: str, edge: str) -> ClosedEdge | None:
        """Return when an edge was found closed; None where it may be tried."""
        return self._known.get((business, edge))

    def just_found(self, business: str, edge: str) -> ClosedEdge | None:
        """Return the same where this very command was refused."""
        return self._found.get((business, edge))

    @contextmanager
    def around(self, business: str, edge: str, about: str = "") -> Iterator[None]:
        """Learn from how a call ends; `about` names the asset, if the edge is one of assets."""
        try:
            yield
        except GraphError as error:
            self.refused(business, edge, error, about)
            raise
        self.worked(business, edge)

    def refused(self, business: str, edge: str, error: GraphError, about: str = "") -> None:
        """Take in a refusal: one that says that the edge is closed is enough, others count in `conclude`."""
        evidence, key = evidence_of(error, edge), (business, edge)
        with self._lock:
            if evidence is Evidence.CLOSED:
                self._close(key, error.code, error.subcode)
            elif evidence is Evidence.EITHER and about:
                self._refused[key].setdefault(error.code, set()).add(about)

    def conclude(self) -> None:
        """Take for closed what refused all assets alike: ALIKE or more, with one code, where none went through.

        To be called when all were asked: the first few may be those for which a permission is missing.
        """
        with self._lock:
            for key, by_code in self._refused.items():
                codes = [code for code, assets in by_code.items() if len(assets) >= ALIKE]
                if len(by_code) == 1 and codes and key not in self._worked:
                    self._close(key, codes[0])

    def worked(self, business: str, edge: str) -> None:
        """Take in a success: what was closed is open again."""
        key = business, edge
        with self._lock:
            self._worked.add(key)
            self._found.pop(key, None)
            if self._known.pop(key, None):
                self._keep(self._row(key, self._clock()) | {"open": True})

    def _close(self, key: tuple[str, str], code: int, subcode: int = 0) -> None:
        if key not in self._known:
            at = self._clock()
            self._known[key] = ClosedEdge(*key, code, at)
            self._keep(self._row(key, at) | {"code": code, "subcode": subcode})
        self._found[key] = self._known[key]

    def _row(self, key: tuple[str, str], at: datetime) -> Row:
        return {"at": at.isoformat(), "url": self.url, "business": key[0], "edge": key[1]}


def nothing_known() -> Closing:
    """Return what knows of nothing closed, and keeps nothing: no time matters to it."""
    return Closing((), "", lambda: datetime.min.replace(tzinfo=UTC))

"""Which calls Meta does not open to this app: told from its refusals, remembered, and forgotten again. Pure."""

from __future__ import annotations

import re
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from accessctl.graph.codes import LACKING_WORDS
from accessctl.graph.errors import GraphError, Trouble
from accessctl.heard import Heard
from accessctl.limited import OBO_LISTS, OF_BUSINESS, WORDS, called, page_of, why
from accessctl.model import ClosedEdge, frozen
from accessctl.records import is_of_token, moment_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from accessctl.records import Row

USED = timedelta(days=90)  # then it is tried once more: Meta opens and closes endpoints without a word
CODES = frozenset({3, 10, 200})  # GRAPH_API 4.3: no code is documented
SURE = 3  # the app lacks the capability (GRAPH_API 4.2); the others are also those of a lack of permission
ALIKE = 3  # so many assets refused alike, and none that went through, are a closed endpoint
GONE_CODES = frozenset({100, 2500})  # of these edges they say too that there is no such edge, where their words do
_GONE = re.compile(
    r"nonexist(?:ing|ent) field|unknown path|deprecated|no longer (?:available|supported)", re.IGNORECASE
)
OR = "; the same code says that the token lacks a permission for all of them"
OR_ONE = "; the same code says that the token lacks a permission for it"
GONE = "it answers that there is no such call, though its guide has one"
NOT_ASKED = f"It is not asked again for {USED.days} days, but with --ask-again SELECTOR or with another token"
DOUBT = "a permission is missing here, or Meta does not open the endpoint to this app: its words do not tell which"

Key = tuple[str, str]  # a business and an edge
NO_TOKENS: Mapping[str, str] = frozen({})


class Evidence(StrEnum):
    """What a refusal says of the endpoint."""

    CLOSED = "closed"
    EITHER = "either"  # closed, or a permission that is missing on this one asset: its code and words do not tell
    NONE = "none"


def evidence_of(error: GraphError, edge: str = "") -> Evidence:
    """Tell whether a refusal of a call says that its edge is closed to the app (GRAPH_API 4.3: 3, 10 or 200).

    Of a listing of on-behalf-of requests it is also enough that Meta says, by its name, that it is not there.
    """
    if edge in OBO_LISTS and error.code in GONE_CODES:
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


def said(closed: ClosedEdge, *, dated: bool = True) -> str:
    """Return how it was refused, and when: `code 3 on 2026-11-21`."""
    return f"code {closed.code}" + f" on {closed.at:%Y-%m-%d}" * dated


def shut(closed: ClosedEdge, *, dated: bool = True) -> str:
    """Say that a call is closed; without the day for live access, as a plan's digest has no clock in it."""
    return f"Meta does not open {called(closed.edge)} to this app ({said(closed, dated=dated)})"


def not_opened(closed: ClosedEdge, *, dated: bool = True) -> str:
    """Say the same, and what it means: once for all that it keeps from being done."""
    doubt = (OR_ONE if closed.edge in OF_BUSINESS else OR) * (closed.code != SURE)
    return f"{shut(closed, dated=dated)}: {GONE if closed.code in GONE_CODES else why(closed.edge) + doubt}"


def unread(closed: ClosedEdge) -> str:
    """Say that a read is closed, and where a person looks by hand; without the day, as it stands in live access."""
    return f"{shut(closed, dated=False)}; by hand, look at {page_of(closed.edge, closed.business)}"


def unopened(closed: ClosedEdge) -> GraphError:
    """Return what stands for the answer of a read that is not made, as it is known to be closed."""
    return GraphError(unread(closed), trouble=Trouble.CAPABILITY_MISSING, code=closed.code)


def in_plain_words(error: GraphError, closed: ClosedEdge | None) -> GraphError:
    """Return a refusal as what it is: an edge that is closed, one that may be, or as it came."""
    evidence = evidence_of(error, closed.edge if closed else "")
    if closed and evidence is not Evidence.NONE:
        return unopened(closed)
    if evidence is not Evidence.EITHER:
        return error
    what = f"{error.steady}; {DOUBT}"
    return GraphError(what, error.hint, trouble=error.trouble, code=error.code, subcode=error.subcode)


def closed_edges(
    rows: Iterable[Row], url: str, now: datetime, tokens: Mapping[str, str] = NO_TOKENS
) -> Mapping[Key, ClosedEdge]:
    """Return what is closed at one Graph URL, by business and edge; a row that makes no sense says nothing.

    `tokens` are the fingerprints of the tokens by business: another token may be of another app, or have more
    permissions, so what was refused to it does not count. A row that names no token counts for each.
    Of two rows of one moment the one that opens counts: a command closes nothing that has worked in it.
    """
    found: dict[Key, ClosedEdge] = {}
    for row in sorted(rows, key=lambda one: (str(one.get("at")), one.get("open") is True)):
        at, business, edge, code = moment_of(row), row.get("business"), row.get("edge"), row.get("code")
        if row.get("url") != url or at is None or not now - USED < at <= now:
            continue
        if not isinstance(business, str) or not isinstance(edge, str) or edge not in WORDS:
            continue
        if not is_of_token(row, tokens):
            continue
        if row.get("open") is True:
            found.pop((business, edge), None)
        elif isinstance(code, int) and code in CODES | (GONE_CODES if edge in OBO_LISTS else set()):
            found[business, edge] = ClosedEdge(business, edge, code, at)
    return found


class Closing:
    """What is known to be closed, and what one command finds closed or open again. Safe for many threads.

    `keep` is handed each row that is worth remembering, at once; it names the token by its fingerprint in `tokens`,
    by business. What has worked in the command is not closed, whatever is refused before or after.

    A command that `is_narrow` tries a few assets of many: what only they were refused for, with a code that says
    less, tells nothing of the others.
    """

    def __init__(
        self,
        rows: Iterable[Row],
        url: str,
        clock: Callable[[], datetime],
        keep: Callable[[Row], None] = lambda _: None,
        tokens: Mapping[str, str] = NO_TOKENS,
        *,
        is_narrow: bool = False,
    ) -> None:
        self.url = url
        self._clock = clock
        self._keep = keep
        self._tokens = tokens
        self._lock = threading.Lock()
        self._known = dict(closed_edges(rows, url, clock(), tokens))
        self._found: dict[Key, ClosedEdge] = {}
        self._barred: set[Key] = set()
        self._tried: Mapping[Key, Collection[str]] = {}
        self._heard = Heard()
        self._is_narrow = is_narrow

    @property
    def closed(self) -> tuple[ClosedEdge, ...]:
        """All that is closed, in order."""
        return tuple(sorted(self._known.values()))

    @property
    def found(self) -> tuple[ClosedEdge, ...]:
        """What this command itself has found closed, in order."""
        return tuple(sorted(self._found.values()))

    @property
    def met(self) -> tuple[ClosedEdge, ...]:
        """What has kept this command from something, found now or known before, in order."""
        return tuple(one for one in self.closed if self.met_with(one.business, one.edge))

    def known(self, business: str, edge: str) -> ClosedEdge | None:
        """Return when an edge was found closed; None where it is not known to be."""
        return self._known.get((business, edge))

    def just_found(self, business: str, edge: str) -> ClosedEdge | None:
        """Return the same where this very command was refused."""
        return self._found.get((business, edge))

    def barred(self, business: str, edge: str) -> ClosedEdge | None:
        """Return the same where the call is not to be made: known before, and nobody wants it tried again."""
        key = business, edge
        with self._lock:
            if key in self._known and (key in self._found or key not in self._tried):
                self._barred.add(key)
                return self._known[key]
            return None

    def met_with(self, business: str, edge: str) -> ClosedEdge | None:
        """Return the same where it has kept this command from something."""
        return self._known.get((business, edge)) if (business, edge) in {*self._found, *self._barred} else None

    def try_again(self, tried: Mapping[Key, Collection[str]]) -> None:
        """Take in which reads a person wants tried although they are closed, each with the assets it is about."""
        self._tried = tried

    def tried(self, business: str, edge: str) -> Collection[str]:
        """Return the ids of the assets for which a closed read is tried again."""
        return self._tried.get((business, edge), ())

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
        """Take in a refusal: one that says that the edge is closed is enough where none has gone through, others count
        in `conclude`."""
        evidence, key = evidence_of(error, edge), (business, edge)
        with self._lock:
            if evidence is Evidence.CLOSED and not self._heard.has_worked(key):
                self._close(key, error.code, error.subcode)
            elif evidence is Evidence.EITHER:
                self._heard.doubtful(key, error.code, about)

    def conclude(self, keys: Collection[Key] | None = None) -> None:
        """Take for closed what refused ALIKE assets or more, with one code, where none went through; and a listing of
        a business whose token may read others of it. Of `keys`, or of all; one that was tried again stays closed.

        To be called when all were asked: the first few may be those for which a permission is missing.
        """
        with self._lock:
            for key in self._heard.in_doubt(keys):
                if code := self._code(key):
                    self._close(key, code)

    def _code(self, key: Key) -> int:
        """Return the code that says in the end that an edge is closed, 0 where none does."""
        if key in self._known:
            return self._heard.again(key)
        return (0 if self._is_narrow else self._heard.alike(key, ALIKE)) or self._heard.alone(key)

    def worked(self, business: str, edge: str) -> None:
        """Take in a success: what was closed is open again."""
        key = business, edge
        with self._lock:
            self._heard.worked(key)
            self._found.pop(key, None)
            if self._known.pop(key, None):
                self._keep(self._row(key, self._clock()) | {"open": True})

    def sighted(self, business: str) -> None:
        """Take in that a listing of a business went through: its token may read what belongs to the business."""
        with self._lock:
            self._heard.sighted(business)

    def _close(self, key: Key, code: int, subcode: int = 0) -> None:
        if key not in self._known:
            at = self._clock()
            self._known[key] = ClosedEdge(*key, code, at)
            self._keep(self._row(key, at) | {"code": code, "subcode": subcode})
        self._found[key] = self._known[key]

    def _row(self, key: Key, at: datetime) -> Row:
        token = {"token": self._tokens[key[0]]} if key[0] in self._tokens else {}
        return {"at": at.isoformat(), "url": self.url, "business": key[0], "edge": key[1], **token}


def nothing_known() -> Closing:
    """Return what knows of nothing closed, and keeps nothing: no time matters to it."""
    return Closing((), "", lambda: datetime.min.replace(tzinfo=UTC))

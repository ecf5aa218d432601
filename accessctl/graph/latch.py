"""Reads that would be refused as one before them was: these are not sent, as refused calls count (GRAPH_API 5.3)."""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from accessctl.graph.edges import CLIENT_EDGES
from accessctl.graph.errors import GraphError
from accessctl.graph.lacking import BUSINESS_MANAGEMENT, VERIFICATION, lacking, named
from accessctl.model import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence, Set

    from accessctl.graph.call import Value
    from accessctl.graph.secret import Secret

# The listings of a business (GRAPH_API 1.3), each with the kind of asset it is of; business_management opens them all.
LISTINGS: Mapping[str, Kind | None] = {
    "owned_ad_accounts": Kind.AD_ACCOUNT,
    "owned_pages": Kind.PAGE,
    **{edge: kind for kind, edges in CLIENT_EDGES.items() for edge in (edges.confirmed, edges.pending)},
    "agencies": None,
    "clients": None,
    "system_users": None,
    "received_inprogress_onbehalf_requests": None,
    "sent_inprogress_onbehalf_requests": None,
}
PREFIX = {Kind.AD_ACCOUNT: "ads_", Kind.PAGE: "pages_"}  # of the permissions that open one kind of asset
SURE = 2  # so many assets of a kind refused alike, and none that was not, are all of the kind
_BUSINESS = re.compile(r"[0-9]{1,20}", re.ASCII)
EDGES = frozenset({"agencies", "onbehalf_requests"})  # of an asset
_WHOSE = re.compile(r"\b(?:owner_business|access_token)\b")
_NESTED = re.compile(r"\bagencies\b")

Key = tuple["Secret", str]  # the token of the business, and what it may not read


@dataclass(frozen=True, slots=True)
class Read:
    """One read, as far as it matters here. `of` is the business it lists, empty where it is one of an asset.

    `edge` is empty for the node of an asset that is asked whose it is, which takes business_management (GRAPH_API 1.1).
    `nested` tells that it has the agencies of each ad account inside, which take permissions of their own.
    """

    token: Secret
    node: str
    edge: str
    of: str = ""
    kind: Kind | None = None
    nested: bool = False

    @property
    def keys(self) -> tuple[Key, ...]:
        """What would keep it from being sent, the widest first."""
        if not self.of:
            return (_assets(self.token, self.kind, self.edge),)
        return ((self.token, self.of), (self.token, f"{self.of} {self.kind}"), (self.token, f"{self.of}/{self.edge}"))

    def barred(self, lacks: frozenset[str], worked: Set[Key]) -> Key | None:
        """Return what a refusal for want of `lacks` of this listing bars; None where another may do better.

        Of what has worked before, all or one kind, it can be no more than this one.
        """
        all_, of_kind, this = self.keys
        if lacks & {BUSINESS_MANAGEMENT, VERIFICATION} and all_ not in worked:
            return all_
        if self.nested:
            return None
        prefix = PREFIX[self.kind] if self.kind else ""
        is_of_kind = prefix and all(one.startswith(prefix) for one in lacks)
        return of_kind if is_of_kind and of_kind not in worked else this


def read_of(token: Secret, path: Sequence[str], params: Mapping[str, Value], own: Secret | None = None) -> Read | None:
    """Return a read that may be refused like others; `own` is the token it goes with, where that is a Page's.

    None for any other read: of the app, of the person, of the business itself.
    """
    if len(path) == 1 and _WHOSE.search(str(params.get("fields", ""))):
        return Read(token, path[0], "")
    if len(path) != 2:
        return None
    node, edge = path
    is_own = own is None or own is token
    if is_own and edge in LISTINGS and _BUSINESS.fullmatch(node):
        nested = bool(_NESTED.search(str(params.get("fields", ""))))
        return Read(token, node, edge, of=node, kind=LISTINGS[edge], nested=nested)
    if edge in EDGES:
        return Read(token, node, edge, kind=Kind.AD_ACCOUNT if node.startswith("act_") else Kind.PAGE)
    return None


class Latch:
    """What one session has learned that its tokens may not read. Safe for many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._barred: dict[Key, GraphError] = {}
        self._worked: set[Key] = set()
        self._doubted: dict[Secret, set[str]] = {}  # tokens that were refused so, and what they lack for sure
        self._lacked: dict[Key, set[str]] = defaultdict(set)  # the assets of a kind that were refused so
        self._answered: dict[Key, threading.Event] = defaultdict(threading.Event)

    def answered(self, token: Secret, business: str) -> threading.Event:
        """Return what is set as soon as Meta has answered a listing of the business, in whatever way."""
        with self._lock:
            return self._answered[token, business]

    def refusal(self, read: Read | None) -> GraphError | None:
        """Return what a read would be refused with, None where it may be sent."""
        if read is None:
            return None
        with self._lock:
            found = next((self._barred[key] for key in read.keys if key in self._barred), None)
        return found if found is None or read.of else _not_asked(found)

    def enough(self, read: Read | None) -> int:
        """Return how many of its kind are to go before all, where all may well be refused alike; 0 for no such read."""
        if read is None or read.of:
            return 0
        key = read.keys[0]
        with self._lock:
            if key in self._worked | self._barred.keys() or read.token not in self._doubted:
                return 0
            return 1 if self._doubted[read.token] else SURE

    def hear(self, read: Read | None, error: GraphError | None) -> None:
        """Take in how a read has ended."""
        if read is None:
            return
        with self._lock:
            if error is None:
                self._worked.update(read.keys)
                if read.nested:
                    self._worked.add(_assets(read.token, Kind.AD_ACCOUNT, "agencies"))
            elif lacks := lacking(error) if read.of and not read.nested else named(error):
                sure = self._doubted.setdefault(read.token, set())
                if key := self._key_of(read, lacks):
                    self._barred.setdefault(key, error)
                    sure.update(lacks if read.of else ())
            if read.of:
                self._answered[read.token, read.of].set()

    def _key_of(self, read: Read, lacks: frozenset[str]) -> Key | None:
        """Return what is barred by a refusal, None where others may do better.

        One asset may be refused where another is not: two are enough, where none of their kind has worked, or one
        for what the token is known to lack.
        """
        if read.of:
            return read.barred(lacks, self._worked)
        key = read.keys[0]
        self._lacked[key].add(read.node)
        is_enough = lacks & self._doubted[read.token] or len(self._lacked[key]) >= SURE
        return key if is_enough and key not in self._worked else None


def _assets(token: Secret, kind: Kind | None, edge: str) -> Key:
    return token, f"{kind} {edge}"


def _not_asked(error: GraphError) -> GraphError:
    """Return the error of an asset that was not asked about: it has to say which one was."""
    what = f"not asked, as {error.steady}"
    told = {"code": error.code, "subcode": error.subcode, "message": error.message}
    return GraphError(what, error.hint, trouble=error.trouble, **told)  # type: ignore[arg-type]

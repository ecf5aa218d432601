"""All that planning may do at Meta: read."""

from __future__ import annotations

import copy
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from accessctl.graph.batch import CHUNK, BatchRead, read_batch, read_entry, write_batch
from accessctl.graph.call import Call, spell
from accessctl.graph.errors import GraphError, Trouble
from accessctl.graph.latch import Latch
from accessctl.graph.pace import TooLongError, shares_of
from accessctl.graph.pages import Onward, Page, Row, Trail, collect, read_page
from accessctl.graph.patience import may_pass
from accessctl.graph.secret import Secret
from accessctl.graph.verdict import untrusted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from accessctl.graph.call import Value
    from accessctl.graph.patience import Patience
    from accessctl.graph.wire import Reply, Wire

RE_READS = 2


class Reader:
    """Reads nodes, whole listings and batches. What it cannot read to the end is a GraphError, never less rows.

    `at_once` is how many batches may be on their way at a time.
    """

    def __init__(self, wire: Wire, patience: Patience, page_cap: int, at_once: int) -> None:
        self._wire = wire
        self._patience = patience
        self._page_cap = page_cap
        self._at_once = at_once
        self._latch = Latch()

    def heard_by(self, latch: Latch) -> Reader:
        """Return this reader for one look: a listing that `latch` knows to be refused ends so without a call."""
        found = copy.copy(self)
        found._latch = latch
        return found

    def get(self, token: Secret, *path: str, **params: Value) -> Row:
        """Read one node, or one page as it comes."""
        return self._patience.read(lambda: self._get_once(token, Call("GET", path), params))

    def page(self, token: Secret, *path: str, onward: Onward = (), **params: Value) -> Page:
        """Read one page of a listing: the first, or the one that `onward` leads to."""
        call = Call("GET", path)
        return read_page(self.get(token, *path, **{**params, **dict(onward)}), call, self._wire.base_url)

    def rows(
        self,
        token: Secret,
        *path: str,
        fields: str,
        limit: int = 100,
        tell: Callable[[int], None] = lambda _: None,
        **params: Value,
    ) -> tuple[Row, ...]:
        """Read a listing to its end, in Meta's order. Every row has an `id`, and no two the same.

        A listing that moved while it was read (an id came twice, or another number of rows than Meta says) is
        read again, twice at most. Where Meta wants fewer rows at once the page is halved. `tell` is given how
        many rows each page had.
        """
        return self.whole(path, self._shrinking(token, path, limit, {"fields": fields, **params}), tell)

    def whole(
        self, path: tuple[str, ...], fetch: Callable[[Onward], Page], tell: Callable[[int], None]
    ) -> tuple[Row, ...]:
        """Read the listing at `path` to its end as `rows` does, each page by `fetch`; () asks for the first."""
        flaw, call = "", Call("GET", path)
        for _ in range(1 + RE_READS):
            trail = Trail(call, self._page_cap)
            onward: Onward | None = ()
            while onward is not None:
                page = fetch(onward)
                tell(len(page.rows))
                onward = trail.add(page)
            if not (flaw := trail.flaw):
                return tuple(trail.rows)
        raise untrusted(call, f"{flaw}, also when read again")

    def rest(self, token: Secret, *path: str, fields: str, first: object, limit: int = 100) -> tuple[Row, ...]:
        """Complete the listing at `path` whose beginning `first` came inside another answer.

        `first` is that nested block; None where the answer had none, which is how Meta shows an edge without
        rows.
        """
        if first is None:
            return ()
        call = Call("GET", path)
        fetch = self._shrinking(token, path, limit, {"fields": fields})
        trail = collect(read_page(first, call, self._wire.base_url), fetch, call, self._page_cap)
        return self.rows(token, *path, limit=limit, fields=fields) if trail.flaw else tuple(trail.rows)

    def _shrinking(
        self, token: Secret, path: tuple[str, ...], limit: int, params: Mapping[str, Value]
    ) -> Callable[[Onward], Page]:
        """Return a way to read the pages of a listing that halves them, for good, where they are too large."""
        size = limit

        def fetch(onward: Onward) -> Page:
            nonlocal size
            while True:
                try:
                    return self.page(token, *path, onward=onward, limit=size, **params)
                except GraphError as error:
                    if error.trouble is not Trouble.TOO_LARGE or size == 1:
                        raise
                    size //= 2

        return fetch

    def batch(
        self, reads: Sequence[BatchRead], token: Secret, tell: Callable[[int], None] = lambda _: None
    ) -> tuple[Row | GraphError, ...]:
        """Read many nodes, 50 a request; the answers are in the order of `reads`. Raises nothing.

        A read that was left out, or that may do better alone, is made again by itself. After a token's end no
        further request is sent. `tell` is given how many reads each request had, from any thread.
        """

        def answered(chunk: Sequence[BatchRead]) -> Sequence[Row | GraphError]:
            try:
                return self._chunk(chunk, token)
            except GraphError as error:
                return [error] * len(chunk)
            finally:
                tell(len(chunk))

        chunks = [reads[start : start + CHUNK] for start in range(0, len(reads), CHUNK)]
        if len(chunks) < 2 or self._at_once < 2:
            return tuple(answer for chunk in chunks for answer in answered(chunk))
        pool = ThreadPoolExecutor(max_workers=self._at_once, thread_name_prefix="batch")
        try:
            return tuple(answer for answers in pool.map(answered, chunks) for answer in answers)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _get_once(self, token: Secret, call: Call, params: dict[str, Value]) -> Row:
        if refusal := self._latch.refusal(call.path):
            raise refusal.with_traceback(None)
        try:
            value = self._wire.send(call, token, spell(params)).value
        except GraphError as error:
            self._latch.hear(call.path, params, error)
            raise
        self._latch.hear(call.path, params, None)
        if not isinstance(value, dict):
            raise untrusted(call, "is not a JSON object")
        return value

    def _chunk(self, reads: Sequence[BatchRead], token: Secret) -> list[Row | GraphError]:
        call = Call("POST", ())
        own = [read.token for read in reads if read.token is not None]
        body = write_batch([(read, self._own(read, token)) for read in reads])
        shares = shares_of(call, token, len(reads)) | {read.call.node: 1.0 for read in reads}
        sent = [(read.call, read.token or token) for read in reads]

        def attempt() -> Reply:
            return self._wire.send(call, token, {"batch": body}, shares=shares, reads=sent, others=own)

        entries = read_batch(self._patience.read(attempt).value, len(reads), call)
        outcomes = []
        for entry, read in zip(entries, reads, strict=True):
            outcome, headers = read_entry(entry, read, [token, *own])
            error = outcome if isinstance(outcome, GraphError) else None
            self._wire.hear(read.call, read.token or token, headers, error)
            outcomes.append(outcome)
        are_good = [not isinstance(outcome, GraphError) for outcome in outcomes]
        self._wire.count_reads([(*one, is_good) for one, is_good in zip(sent, are_good, strict=True)])
        return [self._mended(read, outcome, token) for read, outcome in zip(reads, outcomes, strict=True)]

    def _own(self, read: BatchRead, token: Secret) -> dict[str, Secret]:
        if read.token is None or read.token is token:
            return {}
        return {"access_token": read.token, **self._wire.proof(read.token)}

    def _mended(self, read: BatchRead, outcome: Row | GraphError, token: Secret) -> Row | GraphError:
        """Make a read again, alone, that may do better so: at once, or when the throttling is over."""
        if not isinstance(outcome, GraphError):
            return outcome
        if outcome.trouble is not Trouble.THROTTLED and not may_pass(outcome):
            return outcome
        if any(isinstance(value, Secret) for value in read.params.values()):
            return outcome  # alone it would stand in an address
        try:
            return self._patience.read(lambda: self._get_once(read.token or token, read.call, dict(read.params)))
        except TooLongError:
            return outcome
        except GraphError as error:
            return error

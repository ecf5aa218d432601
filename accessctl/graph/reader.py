"""All that planning may do at Meta: read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.graph.batch import CHUNK, BatchRead, read_batch, read_entry, write_batch
from accessctl.graph.call import Call, spell
from accessctl.graph.errors import GraphError, Trouble
from accessctl.graph.pages import Onward, Page, Row, collect, is_repeating, read_page
from accessctl.graph.patience import may_pass
from accessctl.graph.verdict import untrusted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from accessctl.graph.call import Value
    from accessctl.graph.patience import Patience
    from accessctl.graph.secret import Secret
    from accessctl.graph.wire import Reply, Wire

RE_READS = 2


class Reader:
    """Reads nodes, whole listings and batches. What it cannot read to the end is a GraphError, never less rows."""

    def __init__(self, wire: Wire, patience: Patience, page_cap: int) -> None:
        self._wire = wire
        self._patience = patience
        self._page_cap = page_cap

    def get(self, token: Secret, *path: str, **params: Value) -> Row:
        """Read one node, or one page as it comes."""
        return self._patience.read(lambda: self._get_once(token, Call("GET", path), params))

    def rows(self, token: Secret, *path: str, fields: str, limit: int = 100, **params: Value) -> tuple[Row, ...]:
        """Read a listing to its end, in Meta's order. Every row has an `id`, and no two the same.

        A listing that moved while it was read (an id came twice) is read again, twice at most.
        """
        call = Call("GET", path)
        asked: dict[str, Value] = {"fields": fields, "limit": limit, **params}
        for _ in range(1 + RE_READS):
            rows = self._collect(self._page(token, call, asked), token, call, asked)
            if not is_repeating(rows):
                return rows
        raise untrusted(call, "lists an id twice, also when read again")

    def rest(
        self, token: Secret, *path: str, fields: str, first: object, limit: int = 100, **params: Value
    ) -> tuple[Row, ...]:
        """Complete the listing at `path` whose beginning `first` came inside another answer.

        `first` is that nested block; None where the answer had none, which is how Meta shows an edge without
        rows.
        """
        if first is None:
            return ()
        call = Call("GET", path)
        asked: dict[str, Value] = {"fields": fields, "limit": limit, **params}
        rows = self._collect(read_page(first, call, self._wire.base_url), token, call, asked)
        return self.rows(token, *path, limit=limit, fields=fields, **params) if is_repeating(rows) else rows

    def batch(self, reads: Sequence[BatchRead], token: Secret) -> tuple[Row | GraphError, ...]:
        """Read many nodes, 50 a request; the answers are in the order of `reads`. Raises nothing.

        A read that was left out, or that may do better alone, is made again by itself. After a token's end no
        further request is sent.
        """
        answers: list[Row | GraphError] = []
        for start in range(0, len(reads), CHUNK):
            chunk = reads[start : start + CHUNK]
            try:
                answers += self._chunk(chunk, token)
            except GraphError as error:
                if error.trouble in (Trouble.TOKEN, Trouble.NEEDS_HUMAN):
                    return (*answers, *[error] * (len(reads) - start))
                answers += [error] * len(chunk)
        return tuple(answers)

    def _get_once(self, token: Secret, call: Call, params: dict[str, Value]) -> Row:
        value = self._wire.send(call, token, spell(params)).value
        if not isinstance(value, dict):
            raise untrusted(call, "is not a JSON object")
        return value

    def _page(self, token: Secret, call: Call, params: dict[str, Value]) -> Page:
        return read_page(self.get(token, *call.path, **params), call, self._wire.base_url)

    def _collect(self, first: Page, token: Secret, call: Call, asked: dict[str, Value]) -> tuple[Row, ...]:
        def fetch(onward: Onward) -> Page:
            return self._page(token, call, {**asked, **dict(onward)})

        return collect(first, fetch, call, self._page_cap)

    def _chunk(self, reads: Sequence[BatchRead], token: Secret) -> list[Row | GraphError]:
        call = Call("POST", ())
        own = [read.token for read in reads if read.token is not None]
        body = write_batch([(read, self._own(read, token)) for read in reads])

        def attempt() -> Reply:
            return self._wire.send(call, token, {"batch": body}, calls=len(reads), others=own)

        entries = read_batch(self._patience.read(attempt).value, len(reads), call)
        outcomes = [read_entry(entry, read, [token, *own]) for entry, read in zip(entries, reads, strict=True)]
        self._wire.count_errors(sum(isinstance(outcome, GraphError) for outcome in outcomes))
        return self._mended(reads, outcomes, token)

    def _own(self, read: BatchRead, token: Secret) -> dict[str, Secret]:
        if read.token is None or read.token is token:
            return {}
        return {"access_token": read.token, **self._wire.proof(read.token)}

    def _mended(
        self, reads: Sequence[BatchRead], outcomes: list[Row | GraphError], token: Secret
    ) -> list[Row | GraphError]:
        """Make those reads again, each alone, that may do better so. Throttling is waited out once for all."""
        throttled = [
            error for error in outcomes if isinstance(error, GraphError) and error.trouble is Trouble.THROTTLED
        ]
        longest = max(throttled, key=lambda error: error.wait_seconds or 0.0, default=None)
        is_over = longest is not None and self._patience.wait_out(longest)
        return [
            self._alone(read, token)
            if isinstance(outcome, GraphError) and (may_pass(outcome) or (is_over and outcome in throttled))
            else outcome
            for read, outcome in zip(reads, outcomes, strict=True)
        ]

    def _alone(self, read: BatchRead, token: Secret) -> Row | GraphError:
        try:
            return self._patience.read(lambda: self._get_once(read.token or token, read.call, dict(read.params)))
        except GraphError as error:
            return error

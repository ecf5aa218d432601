"""The one place where bytes leave and arrive: one call, one answer, no second try."""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import httpx

from accessctl.clean import display
from accessctl.errors import AccessctlError
from accessctl.graph.address import join_path
from accessctl.graph.answer import OversizeError, UnreadableError, read_body
from accessctl.graph.ends import Ends
from accessctl.graph.errors import GraphError, Trouble
from accessctl.graph.pace import shares_of
from accessctl.graph.secret import Secret, redact
from accessctl.graph.usage import read_usage
from accessctl.graph.verdict import judge, trace_in, untrusted
from accessctl.model import Cost

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from accessctl.graph.call import Call
    from accessctl.graph.pace import Bucket, Pace

# After these no call with this token can do any good (FAULTS B1): blocked actions, limits of their own kind,
# a password, a second factor or a session that Meta wants to see first.
ENDING = frozenset((Trouble.NEEDS_HUMAN, code) for code in (368, 413, 415, 457, 613))

Params = Mapping[str, str | Secret]


@dataclass(frozen=True, slots=True)
class Reply:
    """A value that came with HTTP 200 and without an error, and the id of the call at Meta."""

    value: object
    trace: str


class _Bearer(httpx.Auth):
    """Puts the token into the header of one request, and nowhere a log or a URL shows it."""

    def __init__(self, token: Secret) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"Bearer {self._token.reveal()}"
        yield request


class Wire:
    """Sends calls of any number of threads and counts them."""

    def __init__(
        self,
        client: httpx.Client,
        pace: Pace,
        *,
        base_url: str,
        version: str,
        app_secret: Secret | None,
        at_once: int,
        permit: Callable[[], None] = lambda: None,
    ) -> None:
        self.base_url = base_url
        self.pace = pace
        self.ends = Ends()
        self._root = f"{base_url}/{version}/"
        self._client = client
        self._app_secret = app_secret
        self._lock = threading.Lock()
        self._cost = Cost()
        self._tiers: dict[str, str] = {}
        self._turns = threading.BoundedSemaphore(at_once)
        self._permit = permit
        self._over: dict[Secret, GraphError] = {}
        self.served_version = ""
        self.version_warning = ""

    @property
    def cost(self) -> Cost:
        """What was asked of Meta up to now."""
        return replace(self._cost, seconds_waited=self.pace.waited)

    def tier_of(self, token: Secret) -> str:
        """Return Meta's word for the tier of a token's app, empty as long as no answer had it (GRAPH_API 5.1)."""
        return self._tiers.get(token.fingerprint, "")

    def send(
        self,
        call: Call,
        token: Secret,
        params: Params,
        *,
        shares: Mapping[Bucket, float] | None = None,
        reads: Sequence[tuple[Call, Secret]] = (),
        others: Sequence[Secret] = (),
    ) -> Reply:
        """Send `call` once, when its turn has come, and return its answer; raises GraphError.

        `params` go into the query, those of a POST into a form. `shares` is what a batch counts for, bucket by
        bucket, and `reads` what is in it, each with its token; `others` are
        secrets in `params` that the answer may repeat. A token that was refused, or blocked, is not used again.
        """
        url = self._root + join_path(call.path)
        shares = shares or shares_of(call, token)
        outcome = None
        while outcome is None:
            outcome = self._in_turn(call, url, token, params, shares, reads, others)
        # Raised here and not where it arose: no frame that has seen the header is in the traceback.
        if isinstance(outcome, GraphError):
            raise outcome
        return outcome

    def _in_turn(
        self,
        call: Call,
        url: str,
        token: Secret,
        params: Params,
        shares: Mapping[Bucket, float],
        reads: Sequence[tuple[Call, Secret]],
        others: Sequence[Secret],
    ) -> Reply | GraphError | None:
        """Send a call when it is welcome; None where a block came up while it stood in line, and it was not sent."""
        self._check_token(token)
        self.pace.enter(shares)
        try:
            with self._turns:
                self._check_token(token)
                if self.pace.is_shut(shares):
                    return None
                self._check_permit(call)
                outcome, headers = self._exchange(call, url, token, {**params, **self.proof(token)}, others)
            error = outcome if isinstance(outcome, GraphError) else None
            self._count(requests=1, calls=len(reads) or 1, errors=int(error is not None))
            self._note_end(reads or [(call, token)], error, is_batch=bool(reads))
            self.hear(call, token, headers, error)
            self._note_version(headers)
        finally:
            self.pace.leave(shares)
        return outcome

    def _check_token(self, token: Secret) -> None:
        """Raise what a token was refused with before: it is of no use any more."""
        if token in self._over:
            raise self._over[token].with_traceback(None)

    def _check_permit(self, call: Call) -> None:
        """Raise GraphError for a write that is not permitted any more: the last moment at which it can be held back."""
        if call.is_write:
            try:
                self._permit()
            except AccessctlError as error:
                raise GraphError(error.what, error.hint, trouble=Trouble.NOT_ALONE) from None

    def hear(self, call: Call, token: Secret, headers: Mapping[str, str], error: GraphError | None) -> None:
        """Take in what the answer to a call, one of a batch too, says of pace and of its token."""
        usages = read_usage(headers, call.node)
        if tier := next((usage.tier for usage in usages if usage.tier), ""):
            self._tiers[token.fingerprint] = tier
        self.pace.hear(shares_of(call, token), usages, error)
        if error is not None and (error.trouble is Trouble.TOKEN or (error.trouble, error.code) in ENDING):
            self._over[token] = error

    def _note_version(self, headers: Mapping[str, str]) -> None:
        """Keep which version Meta answered with, and its warning about it (GRAPH_API 5.1, 6)."""
        self.served_version = display(headers.get("facebook-api-version", ""), 20) or self.served_version
        self.version_warning = display(headers.get("x-ad-api-version-warning", ""), 200) or self.version_warning

    def proof(self, token: Secret) -> dict[str, Secret]:
        """Return the parameter that proves we hold the app secret, made for this token (GRAPH_API 6)."""
        if self._app_secret is None:
            return {}
        key, message = self._app_secret.reveal().encode(), token.reveal().encode()
        return {"appsecret_proof": Secret(hmac.new(key, message, hashlib.sha256).hexdigest(), "appsecret_proof")}

    def count_reads(self, ends: Sequence[tuple[Call, Secret, bool]]) -> None:
        """Count how the reads inside a batch ended that itself came through: call, token, and whether it went well."""
        self._count(errors=sum(not is_good for *_, is_good in ends))
        for call, token, is_good in ends:
            self.ends.note(call, token, is_good=is_good)

    def _note_end(self, sent: Sequence[tuple[Call, Secret]], error: GraphError | None, *, is_batch: bool) -> None:
        """Note how calls ended, but for reads of a batch that came through, and what never got to Meta."""
        if (error is None and is_batch) or (error is not None and error.trouble is Trouble.NETWORK):
            return
        for call, token in sent:
            self.ends.note(call, token, is_good=error is None)

    def _exchange(
        self, call: Call, url: str, token: Secret, params: Params, others: Sequence[Secret]
    ) -> tuple[Reply | GraphError, Mapping[str, str]]:
        secrets = [token, *others, *(value for value in params.values() if isinstance(value, Secret))]
        if self._app_secret is not None:
            secrets.append(self._app_secret)
        is_form = call.method == "POST"
        headers: dict[str, str] = {}
        try:
            with self._client.stream(
                call.method,
                url,
                params=None if is_form else _revealed(params),
                data=_revealed(params) if is_form else None,
                auth=_Bearer(token),
            ) as response:
                status, headers = response.status_code, dict(response.headers.items())
                if 300 <= status < 400:
                    return untrusted(
                        call, f"is a redirect (HTTP status {status}), which is not followed", status
                    ), headers
                body = read_body(response)
        except OversizeError as why:
            trouble = Trouble.IN_DOUBT if call.is_write else Trouble.TOO_LARGE
            return GraphError(f"Meta's answer to {call} {why}", trouble=trouble), headers
        except UnreadableError as why:
            return untrusted(call, str(why), status, headers), headers
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            return _no_connection(call, self.base_url, display(redact(str(error), secrets))), headers
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return _no_answer(call, error), headers
        outcome = judge(call, status, headers, body, secrets)
        return (outcome if isinstance(outcome, GraphError) else Reply(outcome, trace_in(headers))), headers

    def _count(self, *, requests: int = 0, calls: int = 0, errors: int = 0) -> None:
        with self._lock:
            now = self._cost
            self._cost = replace(
                now, requests=now.requests + requests, calls=now.calls + calls, errors=now.errors + errors
            )


def _revealed(params: Params) -> dict[str, str]:
    return {name: value.reveal() if isinstance(value, Secret) else value for name, value in params.items()}


def _no_connection(call: Call, base_url: str, why: str) -> GraphError:
    return GraphError(f"no connection to {base_url} for {call}: {why or 'it took too long'}", trouble=Trouble.NETWORK)


def _no_answer(call: Call, error: Exception) -> GraphError:
    """Return the error for a call that was begun and has no whole answer."""
    why = "it took too long" if isinstance(error, httpx.TimeoutException) else "the connection broke"
    trouble = Trouble.IN_DOUBT if call.is_write else Trouble.TRANSIENT
    return GraphError(f"no whole answer to {call}: {why} ({type(error).__name__})", trouble=trouble)

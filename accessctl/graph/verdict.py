"""An answer judged: the value it holds, or the error it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from accessctl.clean import display
from accessctl.graph.answer import UnreadableError, parse
from accessctl.graph.codes import classify
from accessctl.graph.errors import GraphError, Trouble
from accessctl.graph.secret import redact
from accessctl.graph.usage import stated_wait

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from accessctl.graph.call import Call
    from accessctl.graph.secret import Secret

MESSAGE_LIMIT = 300

_TRACE = re.compile(r"[A-Za-z0-9_+/=-]{1,64}", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)


def judge(
    call: Call, status: int, headers: Mapping[str, str], body: bytes, secrets: Sequence[Secret]
) -> object | GraphError:
    """Return the value in `body`, or what is wrong with the answer.

    An `error` is one under any status, and a status other than 200 is one under any body. `headers` has
    lower-case names; `secrets` are those the call was made with, which the answer may repeat.
    """
    try:
        value = parse(body)
    except UnreadableError as why:
        return untrusted(call, str(why), status, headers)
    if isinstance(value, dict) and "error" in value:
        if isinstance(value["error"], dict):
            return _refusal(call, status, headers, value["error"], secrets)
        return untrusted(call, "holds an error nobody can read", status, headers)
    if status != 200:
        return untrusted(call, f"has HTTP status {status} and no explanation", status, headers)
    return value


def untrusted(call: Call, why: str, status: int = 200, headers: Mapping[str, str] | None = None) -> GraphError:
    """Return the error for an answer that says nothing reliable; `why` continues "Meta's answer to X ..."."""
    trouble = Trouble.INCOMPLETE
    if status == 429:
        trouble = Trouble.THROTTLED
    elif call.is_write:
        trouble = Trouble.IN_DOUBT
    elif status >= 500:
        trouble = Trouble.TRANSIENT
    return GraphError(
        f"Meta's answer to {call} {why}",
        trouble=trouble,
        http_status=status,
        trace=trace_in(headers or {}),
        wait_seconds=stated_wait(headers or {}),
    )


def trace_in(headers: Mapping[str, str]) -> str:
    """Return the id under which Meta's support finds the call, empty where the headers have none."""
    return _trace(headers.get("x-fb-trace-id")) or _trace(headers.get("x-fb-request-id"))


def _refusal(
    call: Call, status: int, headers: Mapping[str, str], error: Mapping[str, object], secrets: Sequence[Secret]
) -> GraphError:
    code, subcode = _number(error.get("code")), _number(error.get("error_subcode"))
    message = _words(error, secrets)
    trace = redact(_trace(error.get("fbtrace_id")), secrets) or trace_in(headers)
    trouble = classify(
        status,
        code,
        subcode,
        is_transient=error.get("is_transient") is True,
        message=message,
        is_write=call.is_write,
        edge=call.edge,
    )
    facts = [f"code {code}"] if code else [f"HTTP status {status}"]
    facts += [f"subcode {subcode}"] * bool(subcode) + [f"trace {trace}"] * bool(trace)
    return GraphError(
        f"Meta refused {call}: {message or 'it gave no reason'} ({', '.join(facts)})",
        trouble=trouble,
        code=code,
        subcode=subcode,
        http_status=status,
        trace=trace,
        message=message,
        wait_seconds=stated_wait(headers),
    )


def _words(error: Mapping[str, object], secrets: Sequence[Secret]) -> str:
    """Return Meta's message, and after it the words it has for the user where they say more."""
    said = [text for text in (error.get("message"), error.get("error_user_msg")) if isinstance(text, str) and text]
    return display(redact(": ".join(dict.fromkeys(said)), secrets), MESSAGE_LIMIT)


def _number(value: object) -> int:
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**18 else 0


def _trace(value: object) -> str:
    return value if isinstance(value, str) and _TRACE.fullmatch(value) else ""

"""Misbehaviour on demand: which request goes wrong next, and what then comes back."""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from accessctl.sandbox.auth import expired_token
from accessctl.sandbox.moving import MOVES
from accessctl.sandbox.paging import FIRST
from accessctl.sandbox.wire import Refusal, Response, json_bytes
from accessctl.sandbox.world import Mishap, World, frozen

if TYPE_CHECKING:
    from accessctl.sandbox.call import Call

# Nothing is done; the request goes wrong on its way in.
BEFORE = frozenset({"drop_before", "http_500", "throttle", "token_expired", "success_false_string"})
# These need something to spoil, so other requests do not count as fitting.
ONLY_BATCHED = frozenset({"null_batch_entry"})
BAD_PAGING = frozenset({"cursor_loop", "foreign_host_next"})
ONLY_GET = BAD_PAGING | MOVES
ONLY_WRITES = frozenset({"success_false_string"})
REGAIN_MINUTES = 1
NONE = Mishap("", "")


def next_mishap(world: World, call: Call) -> tuple[World, Mishap]:
    """Count this call against the mishaps, in order, and return what it must suffer, or NONE.

    The first that is due is used up; those behind it do not count a call that has gone wrong already.
    """
    mishaps = list(world.mishaps)
    for n, mishap in enumerate(mishaps):
        if mishap.done or not _fits(mishap.match, mishap.do, call):
            continue
        mishaps[n] = replace(mishap, seen=mishap.seen + 1, done=mishap.seen + 1 == mishap.nth)
        if mishaps[n].done:
            return replace(world, mishaps=tuple(mishaps)), mishap
    counted = tuple(mishaps)
    return (world if counted == world.mishaps else replace(world, mishaps=counted)), NONE


def _fits(match: str, do: str, call: Call) -> bool:
    if do in ONLY_BATCHED and not call.batched:
        return False
    if (do in ONLY_GET and call.method != "GET") or (do in ONLY_WRITES and call.method == "GET"):
        return False
    return fnmatchcase(f"{call.method} {call.path}", match)


def expire(world: World, token: str) -> World:
    """Return the world in which this token has expired, for good."""
    expired = expired_token(world, token)
    return world if expired is None else replace(world, tokens=frozen({**world.tokens, token: expired}))


def refusal_for(do: str, call: Call) -> Refusal | None:
    """Return the error that a mishap answers with, if it is one that does."""
    if do in ("http_500", "commit_then_500"):
        return Refusal(2, "An unexpected error has occurred. Please retry your request later", status=500)
    if do == "throttle":
        return throttled(call)
    return None


def throttled(call: Call, *, of_app: bool = False) -> Refusal:
    """Return the throttle of the bucket this call draws from, or of the app's; GRAPH_API 4.2."""
    first = call.steps[0] if call.steps and not of_app else ""
    if first.startswith("act_"):
        return Refusal(80004, "There have been too many calls to this ad account", 2446079)
    if first and "agencies" in call.steps[1:]:
        return Refusal(80001, "There have been too many calls to this Page")
    return Refusal(4, "(#4) Application request limit reached")


def spoil(do: str, response: Response, call: Call) -> Response:
    """Return the response as the mishap leaves it; what it does not concern stays as it is."""
    if do == "html_200":
        page = b"<!DOCTYPE html><html><body><h1>Sorry, something went wrong.</h1></body></html>"
        return Response(200, frozen({**response.headers, "Content-Type": "text/html; charset=utf-8"}), page)
    if do == "truncate":
        return replace(response, body=response.body[: len(response.body) // 2])
    if do in BAD_PAGING and response.status == 200:
        return replace(response, body=json_bytes(_with_bad_paging(do, response.json(), call)))
    return response


def _with_bad_paging(do: str, answer: Any, call: Call) -> Any:
    """Give a listing a cursor that leads back to itself, or a next page on somebody else's host."""
    if not isinstance(answer.get("data"), list):
        return answer
    paging = answer.setdefault("paging", {"cursors": {"before": "", "after": ""}})
    if do == "foreign_host_next":
        paging["next"] = f"https://graph.example.net/{call.version}/{call.path}?access_token={call.token}"
        return answer
    after = call.params.get("after") or FIRST  # the page just asked for, again
    paging.setdefault("cursors", {})["after"] = after
    paging["next"] = f"{call.root}/{call.path}?after={after}"
    return answer

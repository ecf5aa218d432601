"""Who calls: from the token in a request to a business, a role and perhaps one Page."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from accessctl.sandbox.wire import Refusal
from accessctl.sandbox.world import BUSINESS_MANAGEMENT, PAGE, SCOPES, SYSTEM_USER, Token

if TYPE_CHECKING:
    from datetime import datetime

    from accessctl.sandbox.world import Asset, World

_PAGE_TOKEN = re.compile(r"sandbox-page-([0-9]{1,20})-([0-9]{1,20})-(admin|employee)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls. `page` is the Page's id where the token is a Page token, else empty."""

    business: str
    role: str
    page: str = ""
    kind: str = SYSTEM_USER
    scopes: tuple[str, ...] = SCOPES


def caller_of(world: World, token: str, proof: str, now: datetime) -> Caller:
    """Return who stands behind `token`. Raise Refusal 2500, 190, 104 or 100.

    Where the world has an app secret, every token needs its own proof, a Page token the Page's.
    """
    if not token:
        raise Refusal(2500, "An active access token must come with this call")
    caller = _caller(find_token(world, token, now))
    if world.app_secret and not proof:
        raise Refusal(100, "API calls from the server need an appsecret_proof", kind="GraphMethodException")
    if world.app_secret and not hmac.compare_digest(
        proof_of(world.app_secret, token), proof.encode("utf-8", "replace")
    ):
        raise Refusal(104, "The appsecret_proof does not belong to this access token")
    return caller


def find_token(world: World, token: str, now: datetime) -> Token:
    """Return what stands behind `token` at `now`, without a proof. Raise Refusal 190."""
    known = _known_token(world, token)
    if known is None:
        raise Refusal(190, "Invalid OAuth access token: it cannot be parsed")
    if known.is_over(now):
        raise Refusal(190, "Error validating access token: the session has expired", 463)
    return known


def _known_token(world: World, token: str) -> Token | None:
    if token in world.tokens:
        return world.tokens[token]
    if token.startswith("sandbox-") and (business := token[8:]) in world.businesses:
        return Token(business)
    found = _PAGE_TOKEN.fullmatch(token)
    if found and found[1] in world.assets and found[2] in world.businesses:
        return Token(found[2], found[3], kind=PAGE, page=found[1])
    return None


def _caller(token: Token) -> Caller:
    return Caller(token.business, token.role, token.page, token.kind, token.scopes)


def need_scope(caller: Caller, *any_of: str) -> None:
    """Raise Refusal 200 unless the token has one of these permissions."""
    if not set(any_of) & set(caller.scopes):
        raise Refusal(200, f"(#200) Permissions error: the token lacks {' or '.join(any_of)}")


def page_token(page: Asset, caller: Caller) -> str | None:
    """Return the Page token for this caller, or None where there is none for it; GRAPH_API section 6.

    It takes a task on the Page, by ownership or as a confirmed agency, and the permissions of GRAPH_API 1.2.
    """
    scopes = set(caller.scopes)
    may = BUSINESS_MANAGEMENT in scopes or {"pages_manage_metadata", "pages_show_list"} <= scopes
    if not page.page_token or not may or not page.gives(caller.business):
        return None
    return f"sandbox-page-{page.id}-{caller.business}-{caller.role}"


def expired_token(world: World, token: str) -> Token | None:
    """Return what `token` is from now on when it has expired, or None where nobody knows it."""
    known = _known_token(world, token)
    return None if known is None else replace(known, expired=True)


def proof_of(app_secret: str, token: str) -> bytes:
    """Return the appsecret_proof: lower-case hex HMAC-SHA256 of the token; GRAPH_API section 6."""
    return hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest().encode()

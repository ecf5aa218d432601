"""Who calls: from the token in a request to a business, a role and perhaps one Page."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from accessctl.sandbox.app import VERIFIED, App, user_id
from accessctl.sandbox.wire import Refusal
from accessctl.sandbox.world import BUSINESS_MANAGEMENT, PAGE, SCOPES, SYSTEM_USER, USER, Token, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from accessctl.sandbox.world import Asset, World

APP = "app"  # the kind of who calls with an app token: id|secret, which no business stands behind
_PAGE_TOKEN = re.compile(r"sandbox-page-([0-9]{1,20})-([0-9]{1,20})-(admin|employee)(?:-([0-9a-f]{12}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls. `page` is the Page's id where the token is a Page token, else empty.

    `maker` stands for the person's token from which Page tokens are made, empty for other callers. `unverified` is
    the code that refuses calls for lack of access verification, 0 where nothing is refused for that.
    """

    business: str
    role: str
    page: str = ""
    kind: str = SYSTEM_USER
    scopes: tuple[str, ...] = SCOPES
    work_account: bool = False
    access_expires: Mapping[str, datetime] = field(default_factory=frozen)
    maker: str = ""
    app: App = field(default_factory=App)
    unverified: int = 0
    not_granted: Mapping[str, str] = field(default_factory=frozen)


def caller_of(world: World, token: str, proof: str, now: datetime) -> Caller:
    """Return who stands behind `token`. Raise Refusal 2500, 190, 104 or 100.

    Where the world has an app secret, every token needs its own proof, a Page token the Page's.
    """
    if not token:
        raise Refusal(2500, "An active access token must come with this call")
    if app := _app_of(world, token):
        return Caller("", "", kind=APP, scopes=(), app=app)
    caller = _caller(world, find_token(world, token, now), token, now)
    if world.app_secret and not proof:
        raise Refusal(100, "API calls from the server need an appsecret_proof", kind="GraphMethodException")
    if world.app_secret and not hmac.compare_digest(
        proof_of(world.app_secret, token), proof.encode("utf-8", "replace")
    ):
        raise Refusal(104, "The appsecret_proof does not belong to this access token")
    return caller


def _app_of(world: World, token: str) -> App | None:
    """Return the app whose token this is: its id and the world's app secret; the secret in it is proof enough."""
    number, bar, secret = token.partition("|")
    if not (bar and world.app_secret and hmac.compare_digest(secret.encode(), world.app_secret.encode())):
        return None
    apps = (world.app, *(one.app for one in world.tokens.values()))
    return next((app for app in apps if app.id == number), None)


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
        return Token(business, app=world.app)
    found = _PAGE_TOKEN.fullmatch(token)
    if found and found[1] in world.assets and found[2] in world.businesses:
        page = Token(found[2], found[3], kind=PAGE, page=found[1], app=world.app)
        return _of_person(world, page, found[4]) if found[4] else page
    return None


def _of_person(world: World, page: Token, maker: str) -> Token | None:
    """Return a Page token with what the person loses from whose token it was made, None where nobody has that."""
    person = next((token for key, token in world.tokens.items() if _maker(key) == maker), None)
    return replace(page, access_expires=person.access_expires, expired=person.expired) if person else None


def _maker(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()[:12]


def _caller(world: World, token: Token, text: str, now: datetime) -> Caller:
    loses = token.kind == USER and token.access_expires
    claimant = world.businesses.get(token.app.business)
    user = user_id(token.business, is_person=token.kind == USER)
    is_taken = token.app.takes(user, is_provider=claimant is not None and claimant.is_provider(now))
    return Caller(
        token.business,
        token.role,
        token.page,
        token.kind,
        token.scopes,
        token.work_account,
        token.access_expires,
        _maker(text) if loses else "",
        token.app,
        0 if is_taken else world.quirks.unverified_code,
        token.not_granted,
    )


def need_scope(caller: Caller, *any_of: str) -> None:
    """Raise Refusal unless the token has one of these permissions, and its app has what that one takes."""
    need_granted(caller, *any_of)
    if VERIFIED.intersection(any_of):
        need_verified(caller)


def need_granted(caller: Caller, *any_of: str) -> None:
    """Raise Refusal 200 unless the token has one of these permissions."""
    if not set(any_of) & set(caller.scopes):
        raise Refusal(200, f"(#200) Permissions error: the token lacks {' or '.join(any_of)}")


def need_verified(caller: Caller) -> None:
    """Raise Refusal where access verification is missing. Which code Meta gives is not documented."""
    if caller.unverified:
        text = "The business that claims this app has not completed access verification as a Tech Provider"
        raise Refusal(caller.unverified, f"(#{caller.unverified}) {text}, and the user has no role on the app")


def page_token(page: Asset, caller: Caller) -> str | None:
    """Return the Page token for this caller, or None where there is none for it; GRAPH_API section 6.

    It takes a task on the Page, by ownership or as a confirmed agency, and the permissions of GRAPH_API 1.2.
    """
    scopes = set(caller.scopes)
    may = BUSINESS_MANAGEMENT in scopes or {"pages_manage_metadata", "pages_show_list"} <= scopes
    if not page.page_token or not may or not page.gives(caller.business):
        return None
    need_verified(caller)
    return f"sandbox-page-{page.id}-{caller.business}-{caller.role}" + (f"-{caller.maker}" if caller.maker else "")


def expired_token(world: World, token: str) -> Token | None:
    """Return what `token` is from now on when it has expired, or None where nobody knows it."""
    known = _known_token(world, token)
    return None if known is None else replace(known, expired=True)


def proof_of(app_secret: str, token: str) -> bytes:
    """Return the appsecret_proof: lower-case hex HMAC-SHA256 of the token; GRAPH_API section 6."""
    return hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest().encode()

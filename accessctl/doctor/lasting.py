"""Will a token last as long as an apply may take, and may it do all of it? Asked before the first write (FAULTS B6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from accessctl.doctor.allowing import not_allowed
from accessctl.doctor.answers import token_facts
from accessctl.doctor.facts import TokenFacts
from accessctl.graph.batch import BatchRead
from accessctl.graph.errors import GraphError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Set

    from accessctl.graph.reader import Reader
    from accessctl.live.read import ActingBusiness
    from accessctl.model import Asset, Business, Side

MARGIN = timedelta(minutes=15)
A_WRITE = timedelta(seconds=3)  # with the look before and after it


@dataclass(frozen=True, slots=True)
class Told:
    """What debug_token says of the token of one business. `has_scopes` tells whether it speaks of permissions."""

    business: Business
    token: TokenFacts
    has_scopes: bool


def ask_tokens(reader: Reader, acting: Iterable[ActingBusiness]) -> Iterator[Told]:
    """Ask about the token of each business, one call each.

    A token Meta says nothing about is left out and so not held up: the first call will tell.
    """
    for one in acting:
        (answer,) = reader.batch([BatchRead(("debug_token",), {"input_token": one.token})], one.token)
        facts = token_facts(answer) if not isinstance(answer, GraphError) else None
        if isinstance(facts, TokenFacts) and not isinstance(answer, GraphError):
            data = answer["data"]
            yield Told(one.business, facts, isinstance(data, dict) and isinstance(data.get("scopes"), list))


def ending_soon(tokens: Iterable[Told], writes: int, now: datetime) -> tuple[str, ...]:
    """Say which tokens end before so many writes are surely made, a quarter of an hour on top."""
    latest = now + MARGIN + writes * A_WRITE
    found = []
    for one in tokens:
        if one.token.expires_at:
            end = datetime.fromtimestamp(one.token.expires_at, UTC)
            if end < latest:
                found.append(f"the token of {one.business.alias} ends on {end:%Y-%m-%d at %H:%M} UTC")
    return tuple(found)


def forbidden(tokens: Iterable[Told], writes: Mapping[str, Set[tuple[Side, Asset]]]) -> tuple[str, ...]:
    """Say what the tokens have no permission for of these writes, by the alias of the business that makes them.

    A token that is no good any more has none: its first call says that better.
    """
    return tuple(
        text
        for one in tokens
        if one.has_scopes and one.token.is_valid
        for text in not_allowed(one.business, one.token, writes.get(one.business.alias, frozenset()))
    )

"""Will a token last as long as an apply may take? Asked before the first write (FAULTS B6)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from accessctl.doctor.answers import token_facts
from accessctl.doctor.facts import TokenFacts
from accessctl.graph.batch import BatchRead
from accessctl.graph.errors import GraphError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accessctl.graph.reader import Reader
    from accessctl.live.read import ActingBusiness

MARGIN = timedelta(minutes=15)
A_WRITE = timedelta(seconds=3)  # with the look before and after it


def ending_soon(reader: Reader, acting: Iterable[ActingBusiness], writes: int, now: datetime) -> tuple[str, ...]:
    """Say which tokens end before so many writes are surely made, a quarter of an hour on top.

    One call for each business. A token Meta says nothing about is not held up: the first call will tell.
    """
    latest = now + MARGIN + writes * A_WRITE
    found = []
    for one in acting:
        (answer,) = reader.batch([BatchRead(("debug_token",), {"input_token": one.token})], one.token)
        facts = token_facts(answer) if not isinstance(answer, GraphError) else None
        if isinstance(facts, TokenFacts) and facts.expires_at:
            end = datetime.fromtimestamp(facts.expires_at, UTC)
            if end < latest:
                found.append(f"the token of {one.business.alias} ends on {end:%Y-%m-%d at %H:%M} UTC")
    return tuple(found)

"""Closed edges are remembered beside the journal; where that cannot be read or written, a look goes on without."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from accessctl.errors import AccessctlError
from accessctl.obo.closed import Memory
from accessctl.records import CLOSED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from accessctl.connection import Connection


@contextmanager
def remembering(connection: Connection, now: datetime, warn: Callable[[str], None]) -> Iterator[Memory]:
    """Give what is known to be closed, and keep what the block finds closed, also where it ends with an error."""
    memory = Memory(_known(connection, warn), connection.url, now)
    try:
        yield memory
    finally:
        if memory.new:
            try:
                connection.records.add(CLOSED, memory.new, now)
            except (OSError, AccessctlError) as error:
                warn(f"{connection.records.name} cannot be written, so closed edges are tried again: {error}")


def _known(connection: Connection, warn: Callable[[str], None]) -> tuple[dict[str, object], ...]:
    try:
        return connection.records.read(CLOSED)
    except (OSError, AccessctlError) as error:
        warn(f"{connection.records.name} cannot be read, so closed edges are tried again: {error}")
        return ()

"""Closed calls are remembered in the records beside the journal; who cannot write there meets them again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.closed import Closing
from accessctl.errors import AccessctlError
from accessctl.plan.nouns import Scope
from accessctl.records import CLOSED

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from accessctl.connection import Connection
    from accessctl.records import Row

EVERYTHING = Scope()


def closing_of(
    connection: Connection,
    clock: Callable[[], datetime],
    warn: Callable[[str], None] = lambda _: None,
    scope: Scope = EVERYTHING,
) -> Closing:
    """Return what is known to be closed, which keeps what it learns at once.

    It counts for the tokens of this connection alone. `scope` is what the command was narrowed to. Where the records
    cannot be read nothing is known: a call is then tried once more, which does no harm.
    """
    records = connection.records
    rows: tuple[Row, ...] = ()

    def keep(row: Row) -> None:
        now = clock()
        try:
            records.add(CLOSED, [row], now)
            records.tidy(CLOSED, now)
        except (OSError, AccessctlError) as error:
            warn(f"{records.name} cannot be written, so what Meta does not open is tried again: {error}")

    try:
        rows = records.read(CLOSED)
    except (OSError, AccessctlError) as error:
        warn(f"{records.name} cannot be read, so what Meta does not open is tried again: {error}")
    is_narrow = bool(scope.targets or scope.excludes)
    return Closing(rows, connection.url, clock, keep, fingerprints(connection), is_narrow=is_narrow)


def fingerprints(connection: Connection) -> dict[str, str]:
    """Return the fingerprints of the tokens, by business: what is remembered counts for the same token alone."""
    return {one.business.id: one.token.fingerprint for one in connection.acting}

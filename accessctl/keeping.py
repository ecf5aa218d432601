"""Where a project's journal and lock are: below the project, in a file that was named, or in an object store."""

from __future__ import annotations

import contextlib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from accessctl.journalfile import FileLedger
from accessctl.lock import LocalLock

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from accessctl.holder import Holder
    from accessctl.ledger import Ledger
    from accessctl.lock import Lock, Say
    from accessctl.way import Way


class Locks:
    """Several locks held as one, in their order."""

    def __init__(self, locks: Sequence[Lock]) -> None:
        self._locks = locks

    @contextmanager
    def hold(self, holder: Holder, patience: float = 0.0, say: Say = lambda _: None) -> Iterator[None]:
        """Hold all of them while the block runs. Raises LockedError where another run has one."""
        with contextlib.ExitStack() as held:
            for lock in self._locks:
                held.enter_context(lock.hold(holder, patience, say))
            yield

    def check(self) -> None:
        """Make sure that all are still ours. Raises LostLockError."""
        for lock in self._locks:
            lock.check()


def ledger_of(way: Way, usual: Path, environ: Mapping[str, str]) -> Ledger:
    """Return where the journal is; `usual` is where nobody says otherwise. Raises AccessctlError for a bad URL."""
    if way.journal:
        return FileLedger(Path(way.journal))
    if not way.state:
        return FileLedger(usual)
    from accessctl.state import ObjectLedger, open_store

    return ObjectLedger(open_store(way.state, environ))


def lock_of(way: Way, usual: Path, businesses: Sequence[str], environ: Mapping[str, str]) -> Lock:
    """Return what keeps other runs for these businesses away. Raises AccessctlError for a bad URL."""
    local = LocalLock(usual)
    if not way.state:
        return local
    from accessctl.state import RemoteLock, open_store

    alone = businesses if way.journal else (*businesses, "journal")  # nobody else writes to the journal meanwhile
    return Locks((local, RemoteLock(open_store(way.state, environ), alone)))

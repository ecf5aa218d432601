"""Where a project's journal and lock are: below the project, in a file that was named, or in an object store."""

from __future__ import annotations

import contextlib
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from accessctl.errors import AccessctlError, readable
from accessctl.journalfile import FileLedger
from accessctl.lock import LocalLock
from accessctl.recordfiles import FileRecords
from accessctl.records import ENDINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from accessctl.holder import Holder
    from accessctl.ledger import Ledger
    from accessctl.lock import Lock, Say
    from accessctl.records import Records
    from accessctl.way import Way


class Locks:
    """Several locks held as one, in their order."""

    def __init__(self, locks: Sequence[Lock]) -> None:
        self._locks = locks

    @contextmanager
    def hold(self, holder: Holder, patience: float = 0.0, say: Say = lambda _: None) -> Iterator[None]:
        """Hold all of them while the block runs. Raises LockedError where another run has one."""
        until = time.monotonic() + patience
        with contextlib.ExitStack() as held:
            for lock in self._locks:
                held.enter_context(lock.hold(holder, max(0.0, until - time.monotonic()), say))
            yield

    def check(self) -> None:
        """Make sure that all are still ours. Raises LostLockError."""
        for lock in self._locks:
            lock.check()


def ledger_of(way: Way, usual: Path, environ: Mapping[str, str], permit: Callable[[], None] = lambda: None) -> Ledger:
    """Return where the journal is; `usual` is where nobody says otherwise. Raises AccessctlError for a bad URL."""
    if way.journal:
        return FileLedger(Path(way.journal))
    if not way.state:
        return FileLedger(usual)
    from accessctl.state import ObjectLedger, open_store

    return ObjectLedger(open_store(way.state, environ), permit)


def records_of(way: Way, usual: Path, environ: Mapping[str, str]) -> Records:
    """Return where rows beside the journal are; `usual` is the directory where nobody says otherwise.

    Raises AccessctlError for a bad URL.
    """
    if not way.state:
        return FileRecords(usual)
    from accessctl.state import ObjectRecords, open_store

    return ObjectRecords(open_store(way.state, environ))


def check_moved(way: Way, usual: Path, ledger: Ledger) -> None:
    """Raise AccessctlError where the journal was kept in the usual place and the one named now is empty.

    Whom we have asked and what awaits an admin would be forgotten, and a client asked twice.
    """
    if not (way.state or way.journal) or not FileLedger(usual).read():
        return
    with readable(f"the journal {ledger.name}"):
        is_empty = not ledger.read()
    if is_empty:
        raise AccessctlError(
            f"there is no journal in {ledger.name} yet, and what {usual} remembers would be forgotten",
            f"copy it there, as the README shows; or move {usual} aside on purpose",
        )


def check_ends_moved(way: Way, usual: Path, records: Records) -> None:
    """Raise AccessctlError where ends of access were noted in the usual place, and the one named now has none.

    What a token has lost would pass for absent, and be asked for.
    """
    if not way.state:
        return
    with readable(str(usual)):
        is_noted = bool(FileRecords(usual).read(ENDINGS))
    with readable(records.name):
        is_forgotten = is_noted and not records.read(ENDINGS)
    if is_forgotten:
        raise AccessctlError(
            f"{records.name} knows of no end of access, and what {usual} has noted of them would be forgotten",
            "copy it there, as the README shows; or move it aside on purpose",
        )


def lock_of(way: Way, usual: Path, businesses: Sequence[str], environ: Mapping[str, str]) -> Lock:
    """Return what keeps other runs for these businesses away. Raises AccessctlError for a bad URL."""
    local = LocalLock(usual)
    if not way.state:
        return local
    from accessctl.state import RemoteLock, open_store

    alone = businesses if way.journal else (*businesses, "journal")  # nobody else writes to the journal meanwhile
    return Locks((local, RemoteLock(open_store(way.state, environ), alone)))

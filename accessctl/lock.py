"""One apply at a time on this machine, held by the operating system: gone as soon as its holder is."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TypeAlias

from accessctl.errors import AccessctlError
from accessctl.holder import Holder, holder_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from filelock import FileLock


Say: TypeAlias = Callable[[str], None]  # takes a line that a person may read at once


class LockedError(AccessctlError):
    """Another run holds the lock; nothing was done."""

    def __init__(self, holder: Holder | None) -> None:
        who = f": {holder.words()}" if holder else ""
        hint = "wait until it has ended, or give --lock-timeout; nothing was done"
        super().__init__(f"another apply is running{who}", hint)


class LostLockError(AccessctlError):
    """The lock is not surely ours any more: nothing may be sent."""

    def __init__(self, what: str) -> None:
        super().__init__(what, "see with history what the other run did; then make a new plan")


class Lock(Protocol):
    """What keeps two runs of apply from acting at the same time."""

    def hold(
        self, holder: Holder, patience: float = 0.0, say: Say = lambda _: None
    ) -> contextlib.AbstractContextManager[None]:
        """Hold it while the block runs, after waiting for at most `patience` seconds. Raises LockedError."""
        ...

    def check(self) -> None:
        """Make sure that it is still ours. Raises LostLockError."""
        ...


class LocalLock:
    """A lock on a file. Beside it another one tells who holds it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._note = path.with_name(f"{path.name}.json")

    @contextmanager
    def hold(self, holder: Holder, patience: float = 0.0, say: Say = lambda _: None) -> Iterator[None]:
        """Hold it while the block runs, after waiting for at most `patience` seconds. Raises LockedError."""
        lock = _acquire(self._path)
        if lock is None and patience:
            say(f"waiting for the lock: {LockedError(self._holder()).what}")
            lock = _acquire(self._path, patience)
        if lock is None:
            raise LockedError(self._holder())
        try:
            with contextlib.suppress(OSError):  # a courtesy to whoever finds it held
                self._note.touch(mode=0o600)
                self._note.write_text(json.dumps(holder.document()), encoding="utf-8")
            yield
        finally:
            lock.release()

    def check(self) -> None:
        """Do nothing: the operating system takes it from nobody."""

    def _holder(self) -> Holder | None:
        try:
            return holder_in(self._note.read_bytes())
        except OSError:
            return None


@contextmanager
def hold(path: Path, what: str, *, hint: str = "wait until it has ended; nothing was done") -> Iterator[None]:
    """Hold the lock file at `path` while the block runs.

    Raises AccessctlError at once where another process holds it; `what` says what that one does, `hint` what
    to do about it.
    """
    lock = _acquire(path)
    if lock is None:
        raise AccessctlError(f"{what} in this project already", hint)
    try:
        yield
    finally:
        lock.release()


def _acquire(path: Path, patience: float = 0.0) -> FileLock | None:
    """Return the lock, held; None where another process has had it for `patience` seconds."""
    from filelock import FileLock, Timeout

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path, timeout=patience, mode=0o600)
        lock.acquire()
    except Timeout:
        return None
    except OSError as error:
        raise AccessctlError(f"the lock {path} cannot be taken: {error.strerror}", "make it writable") from None
    return lock

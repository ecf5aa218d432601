"""One apply at a time on this machine, held by the operating system: gone as soon as its holder is."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from accessctl.errors import AccessctlError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def hold(path: Path, what: str, *, hint: str = "wait until it has ended; nothing was done") -> Iterator[None]:
    """Hold the lock file at `path` while the block runs.

    Raises AccessctlError at once where another process holds it; `what` says what that one does, `hint` what
    to do about it.
    """
    from filelock import FileLock, Timeout

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path, timeout=0, mode=0o600)
        lock.acquire()
    except Timeout:
        raise AccessctlError(f"{what} in this project already", hint) from None
    except OSError as error:
        raise AccessctlError(f"the lock {path} cannot be taken: {error.strerror}", "make it writable") from None
    try:
        yield
    finally:
        lock.release()

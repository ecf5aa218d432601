"""A document on disk: written whole or not at all, and read strictly."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from accessctl.errors import AccessctlError
from accessctl.strictjson import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BYTES = 256 * 1024 * 1024


def write_whole(path: Path, text: str) -> None:
    """Write `text` so that the file is never seen half-written; mode 0600. What fails leaves nothing behind.

    A link stays, and what it leads to is written. A pipe or a device stays too, and takes the text as it comes.
    Raises AccessctlError where it cannot be written; a file that was there is then as it was.
    """
    content = text.encode("utf-8")
    with _told(path, "written"):
        if _is_replaced(path):
            _replace(_end_of_links(path), content)
            return
        with os.fdopen(_opened(path), "wb") as file:
            file.write(content)


def check_writable(path: Path) -> None:
    """Raise AccessctlError where write_whole could not write. A file that is there stays as it is."""
    with _told(path, "written"):
        if _is_replaced(path):
            with _beside(_end_of_links(path)) as (handle, _):
                os.close(handle)
            return
        number = errno.EISDIR if path.is_dir() else errno.EACCES
        if path.is_dir() or not os.access(path, os.W_OK):  # a pipe is not opened: its reader would see it end
            raise OSError(number, os.strerror(number))


def remove_old(path: Path) -> None:
    """Remove what an earlier write_whole has left. A link, a pipe and a device stay.

    Raises AccessctlError where it cannot be removed.
    """
    with _told(path, "removed"):
        if _is_replaced(path):
            _end_of_links(path).unlink(missing_ok=True)


def _is_replaced(path: Path) -> bool:
    """Tell whether write_whole puts a new file there: nothing is there, or a file that is not our own output.

    Raises OSError where nobody can tell.
    """
    try:
        seen = path.stat()
    except FileNotFoundError:
        return True
    return stat.S_ISREG(seen.st_mode) and _our_output(seen) is None


def _our_output(seen: os.stat_result) -> int | None:
    """Return which of stdout and stderr this is, so that what is printed there as well is not lost."""
    for handle in (1, 2):
        with contextlib.suppress(OSError):  # it may be closed
            if os.path.samestat(os.fstat(handle), seen):
                return handle
    return None


def _opened(path: Path) -> int:
    """Return a handle to write to what is there: at the place where we are in our own output."""
    ours = _our_output(path.stat())
    return os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOCTTY) if ours is None else os.dup(ours)


def _end_of_links(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _replace(path: Path, content: bytes) -> None:
    with _beside(path) as (handle, name):
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        name.replace(path)


@contextlib.contextmanager
def _beside(path: Path) -> Iterator[tuple[int, Path]]:
    """Make a file beside `path` for what is to take its place; it is gone at the end unless it has."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        yield handle, Path(name)
    finally:
        _forget(Path(name))


@contextlib.contextmanager
def _told(path: Path, done: str) -> Iterator[None]:
    """Tell what the system says in words."""
    try:
        yield
    except OSError as error:
        raise AccessctlError(f"{path} cannot be {done}: {error.strerror}", "name a file that can be") from None


def _forget(path: Path) -> None:
    with contextlib.suppress(OSError):  # what is told is why it could not be written
        path.unlink()


def read_document(path: Path, what: str, maker: str) -> dict[str, Any]:
    """Return the object in a file of at most 256 MiB.

    `what` is what it should be, `maker` the command that makes one. Raises AccessctlError where the file
    cannot be read or holds anything but one plain JSON object.
    """
    hint = f"name a file made by {maker}"
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise AccessctlError(f"{path} cannot be read: {error.strerror}", hint) from None
    if len(content) > MAX_BYTES:
        raise AccessctlError(f"{path} is larger than any {what}", hint)
    try:
        document = parse(content)
    except ValueError:
        raise AccessctlError(f"{path} is no JSON", hint) from None
    if not isinstance(document, dict):
        raise AccessctlError(f"{path} is no {what}", hint)
    return document


def check_version(path: Path, document: dict[str, Any], what: str, maker: str) -> None:
    """Raise AccessctlError unless the document's `format_version` is 1 and a minor step."""
    version = document.get("format_version")
    if not isinstance(version, str) or version.partition(".")[0] != "1":
        raise AccessctlError(f"{path} is no {what} of format 1.x", f"make one with {maker}")

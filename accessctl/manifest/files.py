"""Find and read the project's files: regular ones inside the project, of bounded size, and nothing else."""

from __future__ import annotations

import os
import stat
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from accessctl.model import Place
from accessctl.slips import Slip

if TYPE_CHECKING:
    from collections.abc import Iterator

    from accessctl.manifest.findings import Findings

PROJECT_FILE = "accessctl.yaml"
SUFFIXES = (".yaml", ".yml")
LARGEST_FILE = 1024 * 1024
LARGEST_TREE = 64 * 1024 * 1024
MOST_FILES = 10_000
MOST_ENTRIES = 100_000
DEEPEST = 32

_KINDS = (
    (stat.S_ISLNK, "a symbolic link"),
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
)


class Refused(Exception):  # noqa: N818 (no error of the program: one file that is not read)
    """Why something is not read, in words for its place."""

    def __init__(self, text: str, slip: Slip = Slip.FILE_NOT_READ) -> None:
        super().__init__(text)
        self.slip = slip


class Content(NamedTuple):
    """One file as it was read. `file` is relative to the project, with forward slashes."""

    file: str
    data: bytes
    sha256: str


def read_file(root: Path, file: str) -> Content:
    """Read one regular file inside `root`. Raises `Refused`; never waits on a pipe, never follows a link."""
    if not file.isprintable():
        raise Refused("the file name holds characters that cannot be shown; rename the file")
    try:
        descriptor = os.open(root / file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise Refused(_why_closed(root / file, error)) from None
    try:
        _require_regular(os.fstat(descriptor).st_mode)
        with os.fdopen(descriptor, "rb", closefd=False) as stream:
            data = stream.read(LARGEST_FILE + 1)
    except OSError as error:
        raise Refused(f"cannot be read: {error.strerror}") from None
    finally:
        os.close(descriptor)
    if len(data) > LARGEST_FILE:
        raise Refused(f"is larger than {LARGEST_FILE // 1024**2} MiB; split it into several files", Slip.TOO_LARGE)
    return Content(file, data, sha256(data).hexdigest())


def read_tree(root: Path, wanted: str, at: Place, findings: Findings) -> Iterator[Content | None]:
    """Read one entry of `manifests`: a file, or a directory with all below it, in order of their names.

    Yields None in the place of what cannot be read; `findings` has the reason, at the place of the file or,
    where the entry itself is at fault, at `at`.
    """
    before = findings.count
    paths = _list(root, wanted, at, findings)
    if not paths and findings.count == before:
        text = f"there is no manifest in {wanted!r}: no file ends with .yaml or .yml"
        findings.problem(at, text, Slip.NO_MANIFEST)
    if findings.count > before:
        yield None
    for file in paths:
        try:
            yield read_file(root, file)
        except Refused as why:
            findings.problem(Place(printable(file)), str(why), why.slip)
            yield None


def printable(name: str) -> str:
    """Return a file name with everything that cannot be shown as an escape."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)


def _list(root: Path, wanted: str, at: Place, findings: Findings) -> list[str]:
    try:
        start = _inside(root, wanted)
        mode = os.lstat(root / start).st_mode
        if not stat.S_ISDIR(mode):
            _require_regular(mode)
            return [start]
        return sorted(_walk(root, start, findings))
    except FileNotFoundError:
        text = f"there is no {wanted!r} in the project; is the name right, and the directory?"
        findings.problem(at, text, Slip.NO_MANIFEST)
    except (Refused, OSError) as why:
        findings.problem(at, f"{wanted!r} {_reason(why)}", getattr(why, "slip", Slip.FILE_NOT_READ))
    return []


def _inside(root: Path, wanted: str) -> str:
    """Return the path in its plain form; refuse one that leaves the project by `..`, `/` or a link."""
    path = Path(wanted)
    if path.is_absolute() or ".." in path.parts:
        raise Refused("leads out of the project; manifests are inside it", Slip.OUTSIDE_PROJECT)
    for parent in (*reversed(path.parents), path):
        if stat.S_ISLNK(os.lstat(root / parent).st_mode) and parent != Path():
            raise Refused("is or goes through a symbolic link; links are not read", Slip.OUTSIDE_PROJECT)
    if not (root / path).resolve().is_relative_to(root.resolve()):
        raise Refused("leads out of the project; manifests are inside it", Slip.OUTSIDE_PROJECT)
    return path.as_posix()


def _walk(root: Path, start: str, findings: Findings) -> list[str]:
    """List the manifests below a directory; hidden files and directories are left alone."""
    found: list[str] = []
    seen = 0
    waiting = [start]
    while waiting:
        directory = waiting.pop()
        if directory.count("/") >= DEEPEST:
            raise Refused(f"is nested more than {DEEPEST} directories deep", Slip.TOO_LARGE)
        for name, mode in _entries(root, directory, findings):
            seen += 1
            path = name if directory == "." else f"{directory}/{name}"
            if name.endswith(SUFFIXES) and path != PROJECT_FILE:
                found.append(path)
            elif stat.S_ISDIR(mode):
                waiting.append(path)
            elif stat.S_ISLNK(mode):
                findings.problem(Place(printable(path)), "is a symbolic link; links are not read", Slip.FILE_NOT_READ)
            if len(found) > MOST_FILES or seen > MOST_ENTRIES:
                raise Refused(f"holds more than {MOST_FILES:,} manifests or {MOST_ENTRIES:,} files", Slip.TOO_LARGE)
    return found


def _entries(root: Path, directory: str, findings: Findings) -> list[tuple[str, int]]:
    try:
        with os.scandir(root / directory) as entries:
            return [
                (entry.name, entry.stat(follow_symlinks=False).st_mode)
                for entry in entries
                if not entry.name.startswith(".")
            ]
    except OSError as error:
        findings.problem(Place(printable(directory)), f"cannot be read: {error.strerror}", Slip.FILE_NOT_READ)
        return []


def _require_regular(mode: int) -> None:
    if not stat.S_ISREG(mode):
        kind = next((words for is_kind, words in _KINDS if is_kind(mode)), "a device")
        raise Refused(f"is {kind}, not a regular file; only regular files are read")


def _why_closed(path: Path, error: OSError) -> str:
    try:
        _require_regular(os.lstat(path).st_mode)
    except Refused as why:
        return str(why)
    except OSError:
        pass
    return f"cannot be read: {error.strerror}"


def _reason(why: Exception) -> str:
    return f"cannot be read: {why.strerror}" if isinstance(why, OSError) else str(why)

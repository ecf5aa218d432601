"""The journal's lines as a chain: each holds the hash of the one before, and a sum of itself."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from accessctl.errors import AccessctlError
from accessctl.garbage import held
from accessctl.strictjson import no_constant, once

if TYPE_CHECKING:
    from collections.abc import Sequence

    from accessctl.ledger import Ledger

FORMAT = 2
OLD_FORMAT = 1  # had neither `prev` nor `sum`
START = "0" * 64  # what the first line has for the hash of the one before
HINT = "the journal is the record of what was sent; restore it from a backup, or move it aside on purpose"
Entry: TypeAlias = "dict[str, Any]"

_SUM = re.compile(rb', "sum": "([0-9a-f]{64})"')  # as `sealed` spells it: never the first key of an entry
_READER = json.JSONDecoder(object_pairs_hook=once, parse_constant=no_constant)


class JournalError(AccessctlError):
    """The journal cannot be read or written. Nothing is sent to Meta without it."""


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain ends: how many lines it has, and the hash of the last one.

    A cut at the end cannot be seen in the chain itself: keep the digest somewhere else to see it.
    """

    lines: int = 0
    hash: str = START

    @property
    def digest(self) -> str:
        """The hash as a person is shown it: `sha256:` and 64 hex digits."""
        return f"sha256:{self.hash}"


@dataclass(frozen=True, slots=True)
class Chain:
    """A journal that was checked from end to end.

    `hashes` has the hash of each line, in order. The first `unchained` lines are of the old format: nothing
    protects them. `torn` counts the bytes of a last line without its end, which a crash has cut.
    """

    entries: tuple[Entry, ...] = ()
    hashes: tuple[str, ...] = ()
    unchained: int = 0
    torn: int = 0

    @property
    def head(self) -> Head:
        """Where the chain ends, the torn line left out."""
        return Head(len(self.hashes), self.hashes[-1]) if self.hashes else Head()

    def line_of(self, digest: str) -> int:
        """Return the number of the line with this digest, -1 where no line has it; the empty journal's is 0."""
        wanted = digest.strip().lower().removeprefix("sha256:")
        return (START, *self.hashes).index(wanted) if wanted in (START, *self.hashes) else -1


def hash_of(line: bytes) -> str:
    """Return the SHA-256 of a line without its end, in hex."""
    return hashlib.sha256(line).hexdigest()


def sealed(entry: Entry, prev: str) -> bytes:
    """Return the one spelling of an entry that follows the line with the hash `prev`, without its end."""
    body = {**entry, "v": FORMAT, "prev": prev}
    return _spelled({**body, "sum": hash_of(_spelled(body))})


def read_chain(ledger: Ledger) -> Chain:
    """Return the journal kept there; an empty one where there is none yet. Raises JournalError as `check` does."""
    try:
        return check(ledger.read(), ledger.name)
    except OSError as error:
        reason = error.strerror or error
        raise JournalError(f"the journal {ledger.name} cannot be read: {reason}", "make it readable") from None


def check(content: bytes, name: str) -> Chain:
    """Return the content of a journal, a torn last line left out.

    Raises JournalError with file and line for the first line that is no entry, or is not as it was written:
    changed, or with a line before it changed, taken out or put in.
    """
    *lines, torn = content.split(b"\n")
    with held():
        entries, hashes, unchained = _checked(lines, name)
    return Chain(tuple(entries), tuple(hashes), unchained, len(torn))


def _checked(lines: Sequence[bytes], name: str) -> tuple[list[Entry], list[str], int]:
    """Return the entries, the hash of each line, and how many lines at the beginning are of the old format."""
    entries: list[Entry] = []
    hashes: list[str] = []
    unchained = 0
    for number, line in enumerate(lines, 1):
        entry = _entry(line, f"{name}:{number}")
        if entry["v"] == OLD_FORMAT and "sum" not in entry and unchained == number - 1:
            unchained = number
        else:
            _check_link(entry, line, hashes[-1] if hashes else START, f"{name}:{number}")
        entries.append(entry)
        hashes.append(hash_of(line))
    return entries, hashes, unchained


def _entry(line: bytes, place: str) -> Entry:
    try:
        entry = _READER.decode(line.decode())
    except (ValueError, RecursionError):
        entry = None
    if not isinstance(entry, dict) or not isinstance(entry.get("event"), str):
        raise JournalError(f"{place}: this line is no journal entry", HINT)
    if entry.get("v") not in (OLD_FORMAT, FORMAT):
        raise JournalError(
            f"{place}: journal format {entry.get('v')} is not known to this accessctl", "use a newer accessctl"
        )
    return entry


def _check_link(entry: Entry, line: bytes, prev: str, place: str) -> None:
    if not _is_as_written(entry, line):
        raise JournalError(f"{place}: this line is not as it was written", HINT)
    if entry.get("prev") != prev:
        raise JournalError(f"{place}: this line does not follow the one before it; a line was moved or is gone", HINT)


def _is_as_written(entry: Entry, line: bytes) -> bool:
    """Tell whether the sum is that of all other bytes of the line.

    The sum stands once, as a key of the entry itself. No key stands twice, or the reader had refused the line.
    """
    parts = _SUM.split(line)
    if len(parts) != 3 or entry["v"] != FORMAT:
        return False
    before, found, after = parts
    return _ends_the_entry(after) and hash_of(before + after).encode() == found


def _ends_the_entry(after: bytes) -> bool:
    """Tell whether `after`, from between two keys on, closes one object and no more: that one is the entry."""
    if after.count(b"}") == 1:
        return True
    try:
        _READER.decode('{"": 0' + after.decode())
    except (ValueError, RecursionError):
        return False
    return True


def _spelled(entry: Entry) -> bytes:
    return json.dumps(entry, sort_keys=True, ensure_ascii=True, allow_nan=False).encode()

"""One place in a world file: asks for a value of one type, or says what is there instead."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NoReturn

from accessctl.sandbox.world import WorldError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

ID = re.compile(r"[1-9][0-9]{0,19}", re.ASCII)
TASK = re.compile(r"[A-Z][A-Z0-9_]{0,79}", re.ASCII)
SCOPE = re.compile(r"[a-z][a-z0-9_]{0,79}", re.ASCII)
TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", re.ASCII)
_MISSING: Any = object()


def time_text(moment: datetime) -> str:
    """Return a moment as world files and saved worlds write it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class Spot:
    """A value and the way to it. Every method raises WorldError where the value is of another type."""

    value: Any
    file: str
    path: str = ""

    def refuse(self, what: str, hint: str = "") -> NoReturn:
        """Raise what is wrong here, with file and path."""
        raise WorldError(f"{self.file}: {self.path + ': ' if self.path else ''}{what}", hint)

    def keys(self, required: Collection[str], optional: Collection[str] = ()) -> None:
        """See that this is a map with the required keys and no unknown ones."""
        tree = self._map()
        known = (*required, *optional)
        for key in tree:
            if key not in known:
                near = get_close_matches(key, known, 1)
                hint = f"did you mean {near[0]}?" if near else f"known here: {', '.join(known)}"
                self.at(key).refuse("unknown key", hint)
        for key in required:
            if key not in tree:
                self.refuse(f"{key} is missing", f"add {key}")

    def at(self, key: str) -> Spot:
        """Go one level down. A key that is not there gives a spot that `is_absent`."""
        below = f"{self.path}.{key}" if self.path else key
        return Spot(self._map().get(key, _MISSING), self.file, below)

    @property
    def is_absent(self) -> bool:
        """Nothing is written here."""
        return self.value is _MISSING

    @property
    def is_list(self) -> bool:
        """A list is written here."""
        return isinstance(self.value, list)

    def each(self) -> Iterator[tuple[str, Spot]]:
        """Yield each key with its spot; nothing where nothing is written."""
        if not self.is_absent:
            yield from ((key, self.at(key)) for key in self._map())

    def items(self) -> Iterator[Spot]:
        """Yield the spot of each list item; nothing where nothing is written."""
        if self.is_absent:
            return
        if not self.is_list:
            self.refuse("not a list", "write [...] or one item a line, each after a dash")
        yield from (Spot(item, self.file, f"{self.path}[{n}]") for n, item in enumerate(self.value))

    def text(self, default: str = "") -> str:
        """Return text, not empty where it is written."""
        if self.is_absent:
            return default
        if not isinstance(self.value, str) or not self.value:
            self.refuse("not a text", "put it in quotes")
        return self.value

    def word(self, *allowed: str, default: str) -> str:
        """Return one of the allowed words."""
        found = self.text(default)
        if found not in allowed:
            near = get_close_matches(found, allowed, 1)
            hint = f"did you mean {near[0]}?" if near else f"one of {', '.join(allowed)}"
            self.refuse(f"unknown word {found!r}", hint)
        return found

    def flag(self, default: bool = False) -> bool:
        """Return true or false."""
        if self.is_absent:
            return default
        if not isinstance(self.value, bool):
            self.refuse("neither true nor false", "write true or false, without quotes")
        return self.value

    def whole(self, default: int = 0, *, least: int = 0) -> int:
        """Return a whole number."""
        if self.is_absent:
            return default
        if not isinstance(self.value, int) or isinstance(self.value, bool) or self.value < least:
            self.refuse(f"not a whole number from {least} up", "write digits, without quotes")
        return self.value

    def seconds(self, default: float) -> float:
        """Return a length of time in seconds, above 0 and at most an hour."""
        if self.is_absent:
            return default
        if not isinstance(self.value, int | float) or isinstance(self.value, bool) or not 0 < self.value <= 3600:
            self.refuse("not a number of seconds above 0, at most 3600", "write digits, without quotes")
        return float(self.value)

    def moment(self) -> datetime | None:
        """Return a point in time, UTC, or None where nothing is written."""
        if self.is_absent:
            return None
        hint = 'write it like "2026-11-21T09:00:00Z", in quotes'
        if not TIME.fullmatch(found := self.text()):
            self.refuse(f"{found!r} is no time", hint)
        try:
            return datetime.strptime(found, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        except ValueError:
            self.refuse(f"{found!r} is no time", hint)

    def tasks(self) -> tuple[str, ...]:
        """Return task words, each once. Any word that looks like a task will do: Meta adds new ones."""
        return self.words(TASK, "a task", "ADVERTISE")

    def words(self, pattern: re.Pattern[str], what: str, example: str) -> tuple[str, ...]:
        """Return words that fit a pattern, each once; `what` and `example` say what they are."""
        found = []
        for item in self.items():
            found.append(item.text())
            if not pattern.fullmatch(found[-1]):
                item.refuse(f"{found[-1]!r} does not look like {what}", f"write it like {example}")
        if len(set(found)) < len(found):
            self.refuse(f"{what} twice", f"name each {what.partition(' ')[2]} once")
        return tuple(found)

    def _map(self) -> dict[str, Any]:
        if not isinstance(self.value, dict):
            self.refuse("not a map", "write keys and values here")
        return self.value

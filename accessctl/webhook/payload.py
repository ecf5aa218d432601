"""From the bytes Meta sends to notices: who moves, and until when they keep access. Pure.

Two forms are taken: Meta's usual envelope of entries and changes, and the bare change that the documentation of
managed Meta accounts shows; that one also as it is printed there, with `=>` in the place of a colon.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from accessctl.strictjson import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

FIELD = "migration_expire_time"
OLDEST = timedelta(hours=48)  # Meta sends again for 36 hours
AHEAD = timedelta(minutes=5)  # clocks differ
_PERSON = re.compile(r"[0-9]{1,32}", re.ASCII)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d)", re.ASCII)
_TEXT_OR_ARROW = re.compile(r'"(?:[^"\\]|\\.)*"?|=>', re.DOTALL)  # a text goes before what is in it
_IN_MILLISECONDS = 100_000_000_000  # a time from here up is one of Messenger's kind


@dataclass(frozen=True, slots=True)
class Notice:
    """A person, by the id Meta gave, keeps access until a time; `sent` is when Meta said so, None where unknown."""

    person: str
    until: datetime
    sent: datetime | None = None


@dataclass(frozen=True, slots=True)
class Payload:
    """What a body holds. `others` counts changes of other fields, `unfit` those of ours that make no sense."""

    notices: tuple[Notice, ...]
    others: int
    unfit: int
    sent: tuple[datetime, ...]

    def is_timely(self, now: datetime) -> bool:
        """Tell whether each entry is so young that Meta may still send it, and none is from the future."""
        return all(now - OLDEST <= one <= now + AHEAD for one in self.sent)


def read_payload(body: bytes) -> Payload:
    """Return what a body holds. Raises ValueError where it is neither form, or no JSON with one meaning."""
    changes = list(_changes(_tree(body)))
    ours = [(change["value"], sent) for change, sent in changes if change.get("field") == FIELD and "value" in change]
    notices = [_notice(value, sent) for value, sent in ours]
    found = tuple(dict.fromkeys(one for one in notices if one))
    times = tuple(dict.fromkeys(sent for _, sent in changes if sent))
    return Payload(found, len(changes) - len(ours), notices.count(None), times)


def _tree(body: bytes) -> object:
    try:
        return parse(body)
    except ValueError:
        if b"=>" not in body:
            raise
    text = body.decode("utf-8")
    return parse(_TEXT_OR_ARROW.sub(lambda found: ":" if found[0] == "=>" else found[0], text).encode())


def _changes(tree: object) -> Iterator[tuple[dict[str, Any], datetime | None]]:
    """Yield each change with the time of its entry."""
    if not isinstance(tree, dict):
        raise ValueError("it is no object")
    if "entry" not in tree:
        if not isinstance(tree.get("field"), str):
            raise ValueError("it is neither an envelope nor a change")
        yield tree, None
        return
    for entry in _objects(tree["entry"]):
        sent = _sent(entry["time"]) if "time" in entry else None
        changes = _objects(entry.get("changes", []))
        yield from ((change, sent) for change in changes)
        if not changes:
            yield {}, sent


def _objects(value: object) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise ValueError("entries and changes are lists of objects")
    return value


def _sent(value: object) -> datetime:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError("the time of an entry is a whole number of seconds")
    try:
        return datetime.fromtimestamp(value // 1000 if value >= _IN_MILLISECONDS else value, UTC)
    except (OverflowError, OSError):
        raise ValueError("the time of an entry is beyond all years") from None


def _notice(value: object, sent: datetime | None) -> Notice | None:
    """Return the notice in the value of a change, None where it makes no sense."""
    if not isinstance(value, dict):
        return None
    person, until = value.get("user_id"), value.get(FIELD)
    person = str(person) if isinstance(person, int) and not isinstance(person, bool) else person
    if not (isinstance(person, str) and _PERSON.fullmatch(person)):
        return None
    if not (isinstance(until, str) and _TIME.fullmatch(until)):
        return None
    try:
        return Notice(person, datetime.fromisoformat(until).astimezone(UTC).replace(microsecond=0), sent)
    except (ValueError, OverflowError):
        return None

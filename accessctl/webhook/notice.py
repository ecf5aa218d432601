"""Notices as rows, and back: whose access ends when. A person is a hash. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from accessctl.records import moment_of
from accessctl.webhook.payload import FIELD
from accessctl.webhook.signing import hashed_person

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from accessctl.graph.secret import Secret
    from accessctl.records import Row
    from accessctl.webhook.payload import Notice


def rows_of(notices: Sequence[Notice], body: str, app_secret: Secret, now: datetime) -> tuple[Row, ...]:
    """Return the rows of one body, whose digest is `body`. `of` says how many there are, for a crash may take some."""
    return tuple(
        {
            "at": _text(now),
            "body": body,
            "field": FIELD,
            "of": len(notices),
            "until": _text(one.until),
            "user": hashed_person(app_secret, one.person),
            **({"sent": _text(one.sent)} if one.sent else {}),
        }
        for one in notices
    )


def whole_bodies(rows: Iterable[Row]) -> set[str]:
    """Return the digests of the bodies of which every row is there."""
    found: dict[str, set[tuple[object, ...]]] = {}
    wanted: dict[str, int] = {}
    for row in rows:
        body, of = row.get("body"), row.get("of")
        if isinstance(body, str) and isinstance(of, int):
            found.setdefault(body, set()).add((str(row.get("user")), str(row.get("until")), str(row.get("sent"))))
            wanted[body] = of
    return {body for body, parts in found.items() if len(parts) >= wanted[body]}


def ends_of(rows: Iterable[Row]) -> Mapping[str, datetime]:
    """Return when each person's access ends, by hash, as the notice says that Meta sent last.

    One that comes late may be older than one that is there; a row that makes no sense counts for nothing.
    """
    latest: dict[str, tuple[datetime, datetime]] = {}
    for row in rows:
        person, until = row.get("user"), moment_of(row, "until")
        said = moment_of(row, "sent") or moment_of(row)
        if isinstance(person, str) and until and said and (person not in latest or latest[person][0] <= said):
            latest[person] = (said, until)
    return {person: until for person, (_, until) in latest.items()}


def _text(moment: datetime) -> str:
    """Return a time as RFC 3339, in UTC."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"

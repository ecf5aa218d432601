"""Notices as rows, and back: whose access ends when. A person is a hash. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import TYPE_CHECKING

from accessctl.records import moment_of
from accessctl.webhook.payload import FIELD, OLDEST
from accessctl.webhook.signing import hashed_person

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from accessctl.graph.secret import Secret
    from accessctl.records import Row
    from accessctl.webhook.payload import Notice

FARTHEST = timedelta(days=3 * 365)  # Meta tells an end about 30 days ahead, and again where it is put off


def is_likely(until: datetime, told: datetime) -> bool:
    """Tell whether an end is near enough to when it was told to be one. The years 1, 1970 and 9999 mean no day."""
    return abs(until - told) <= FARTHEST


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

    One that comes late may be older than one that is there. Where it does not tell its time, it is as old as the
    first arrival of its body, and replaces none if its end was long past by then: that is an old one. A row that
    makes no sense counts for nothing.
    """
    latest: dict[str, tuple[datetime, datetime]] = {}
    for came, row in _by_arrival(rows):
        person, until, sent = row.get("user"), moment_of(row, "until"), moment_of(row, "sent")
        if not isinstance(person, str) or until is None or not is_likely(until, came):
            continue
        said = sent or came
        if person not in latest or (latest[person][0] <= said and (sent or until > came - OLDEST)):
            latest[person] = (said, until)
    return {person: until for person, (_, until) in latest.items()}


def _by_arrival(rows: Iterable[Row]) -> Iterator[tuple[datetime, Row]]:
    """Yield the rows with the time at which their body came first, body by body in that order.

    What comes again is no news: each process that takes notices in may have kept it, for it knows only its own.
    """
    bodies: dict[str, list[tuple[datetime, Row]]] = {}
    dated = [(at, row) for row in rows if (at := moment_of(row)) is not None]
    for at, row in sorted(dated, key=itemgetter(0)):
        if isinstance(body := row.get("body"), str):
            bodies.setdefault(body, []).append((at, row))
    for told in bodies.values():
        yield from ((told[0][0], row) for _, row in told)


def _text(moment: datetime) -> str:
    """Return a time as RFC 3339, in UTC."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"

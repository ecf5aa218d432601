"""The second witness: what the business's own `agencies` edge says of the same pairs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from accessctl.called import quoted
from accessctl.closed import in_plain_words, not_opened
from accessctl.graph import edges
from accessctl.graph.edges import MalformedError
from accessctl.graph.errors import GraphError
from accessctl.limited import AGENCIES
from accessctl.live.reasons import reason_unless_it_stops_all
from accessctl.model import Asset, AssetAccess, Business, Grant, Kind, Side, Status, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accessctl.closed import Closing
    from accessctl.graph.reader import Reader
    from accessctl.graph.secret import Secret

LIMIT = 25  # a row holds every asset of one agency, so it may be long
SHOWN = 3
UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True)
class Testimony:
    """What a witness says: the agencies of each asset. `kinds` are those it speaks of at all.

    `silence` is empty, or why it says nothing.
    """

    pairs: Mapping[Asset, Mapping[str, Grant]] = field(default_factory=lambda: frozen({}))
    kinds: frozenset[Kind] = frozenset()
    silence: str = ""


def hear_witness(
    reader: Reader, business: str, token: Secret, names: dict[str, Business], closing: Closing
) -> Testimony:
    """Read `agencies` of a business to the end (GRAPH_API 1.3), in smaller pages where Meta wants them.

    It is a second witness and no more: one that cannot be heard says nothing, and where Meta is known not to open
    the edge it is not asked. Raises GraphError for what makes all reading pointless.
    """
    if closed := closing.barred(business, AGENCIES):
        return Testimony(silence=not_opened(closed, dated=False))
    try:
        with closing.around(business, AGENCIES):
            rows = reader.rows(token, business, "agencies", fields=edges.CLIENT_FIELDS, limit=LIMIT)
        return _testimony(rows, names)
    except MalformedError as malformed:
        return Testimony(silence=reason_unless_it_stops_all(malformed))
    except GraphError as error:
        return Testimony(silence=reason_unless_it_stops_all(in_plain_words(error, closing.known(business, AGENCIES))))


def _testimony(rows: tuple[edges.Row, ...], names: dict[str, Business]) -> Testimony:
    pairs: dict[Asset, dict[str, Grant]] = {}
    for row in rows:
        agency = edges.read_business(row)
        names.setdefault(agency.id, agency)
        for kind in Kind:
            for asset, item in edges.read_permissions(row, kind):
                pairs.setdefault(asset, {})[agency.id] = edges.read_grant(item)
    # An edge whose rows have no list of a kind does not say that there is none; one without rows does.
    kinds = frozenset(kind for kind in Kind if not rows or any(edges.PERMISSIONS_FIELD[kind] in row for row in rows))
    return Testimony(frozen({asset: frozen(told) for asset, told in pairs.items()}), kinds)


def cross_examine(
    assets: Mapping[Asset, AssetAccess],
    owner: Business,
    listed: frozenset[Kind],
    told: Testimony,
    names: Mapping[str, Business],
) -> dict[Asset, AssetAccess]:
    """Return those assets of an owner on which the two witnesses contradict each other, as uncertain. Pure.

    `assets` are all that were read, `listed` the kinds whose listing was read to the end, `names` how
    businesses are called. An asset of such a kind that only the second witness knows is uncertain too.
    """
    found = {}
    for asset in sorted({*assets, *told.pairs}):
        access = assets.get(asset)
        if asset.kind not in told.kinds or (access is None and asset.kind not in listed):
            continue
        if access is not None and (access.unreadable or (access.owner, access.side) != (owner.id, Side.OWNER)):
            continue
        shown = access.grants if access else {}
        if differences := contradictions(shown, told.pairs.get(asset, {})):
            what = asset.kind.noun if access else ""
            text = _words(what, owner, {_called(agency, names): both for agency, both in differences.items()})
            access = access or AssetAccess(asset, owner.id)
            found[asset] = replace(access, grants=frozen({}), unreadable=text, reason_code=UNCERTAIN)
    return found


def contradictions(
    shown: Mapping[str, Grant], told: Mapping[str, Grant]
) -> dict[str, tuple[Grant | None, Grant | None]]:
    """Return the agencies of which one side shows access that the other does not, with both answers.

    Only access counts: whether a business's own edge lists requests is not documented (GRAPH_API 7), and one
    without a status is taken for access.
    """
    found = {}
    for agency in sorted({*shown, *told}):
        here, there = shown.get(agency), told.get(agency)
        if Status.UNREADABLE in (here and here.status, there and there.status):
            continue
        if _is_access(here) != _is_access(there) and not (here and there and _has_no_word(here, there)):
            found[agency] = (here, there)
    return found


def is_held(grant: Grant) -> bool:
    """Tell whether a list of agencies shows access; a row without a status is taken for it."""
    return grant.status is Status.CONFIRMED or grant.detail == edges.NONE_GIVEN


def _is_access(grant: Grant | None) -> bool:
    return grant is not None and grant.status is not Status.PENDING


def _has_no_word(here: Grant, there: Grant) -> bool:
    """Tell whether one of two answers has no status to contradict the other with."""
    return edges.NONE_GIVEN in (here.detail, there.detail)


def _called(agency: str, names: Mapping[str, Business]) -> str:
    name = names[agency].name if agency in names else ""
    return f"{quoted(name)} ({agency})" if name else agency


def _words(asset: str, owner: Business, differences: Mapping[str, tuple[Grant | None, Grant | None]]) -> str:
    """Tell both answers; `asset` is empty for one that the owner does not list at all."""
    a_list = f"the list of agencies of {owner.alias} ({owner.id})"
    parts = [
        f"{f'the {asset}' if asset else 'what it owns'} {_says(agency, here)}, {a_list} {_says(agency, there)}"
        for agency, (here, there) in list(differences.items())[:SHOWN]
    ]
    more = f"; and {len(differences) - SHOWN} more" if len(differences) > SHOWN else ""
    return f"Meta contradicts itself: {'; '.join(parts)}{more}"


def _says(agency: str, grant: Grant | None) -> str:
    if grant is None:
        return f"does not name {agency}"
    status = f" ({grant.status})" if grant.status is not Status.CONFIRMED else ""
    return f"says that {agency} holds {', '.join(sorted(grant.tasks)) or 'no tasks'}{status}"

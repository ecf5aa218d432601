"""From a JSON document back to a snapshot; whatever does not fit is refused with its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accessctl.model import (
    Access,
    Asset,
    AssetAccess,
    Business,
    ClosedEdge,
    Cost,
    Ending,
    Gap,
    Grant,
    Kind,
    Remembered,
    Side,
    Status,
    frozen,
)
from accessctl.plan.nouns import BusinessRef
from accessctl.snapshot import shape
from accessctl.snapshot.nouns import Look, Snapshot
from accessctl.snapshot.shape import ID, Json, MisfitError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

KINDS = {str(kind): kind for kind in Kind}
SIDES = {str(side): side for side in Side}
STATUSES = {str(status): status for status in Status}


def from_document(document: Json) -> Snapshot:
    """Read a document back into a snapshot.

    Raises MisfitError for whatever schemas/snapshot.schema.json does not allow, and for what no schema can
    say: an asset or an agency twice, a look by a business that it does not act as, a day that no calendar
    has. Keys of a later minor version are ignored.
    """
    shape.text(document, "format_version", shape.FORMAT)
    shape.item(document, "complete", bool)  # for people and programs; what the rows say counts
    version, url, cost = shape.part(document, "graph", _graph)
    live = Access(
        assets=frozen(_by_key(shape.rows(document, "assets", _Assets().read), "assets")),
        businesses=frozen(_by_key(shape.rows(document, "businesses", _business), "businesses")),
        gaps=tuple(shape.rows(document, "gaps", _gap)),
        notes=tuple(_optional_texts(document, "notes")),
        endings=tuple(shape.rows(document, "endings", _ending)) if "endings" in document else (),
        closed=tuple(shape.rows(document, "closed", _closed)) if "closed" in document else (),
    )
    snapshot = Snapshot(
        live=live,
        remembered=frozen(_by_key(shape.rows(document, "remembered", _memory), "remembered")),
        looks=tuple(shape.rows(document, "sides", _look)),
        acts_as=tuple(shape.rows(document, "acts_as", _acting)),
        graph_version=version,
        graph_url=url,
        taken_at=shape.time(document, "taken_at"),
        cost=cost,
        tool_version=shape.text(document, "tool_version", shape.TOOL_VERSION),
        digest=shape.text(document, "digest", shape.DIGEST),
    )
    _check_acting(snapshot)
    return snapshot


def _by_key(pairs: Iterable[tuple[Any, Any]], key: str) -> Mapping[Any, Any]:
    pairs = list(pairs)
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MisfitError(f".{key}")
    return found


def _check_acting(snapshot: Snapshot) -> None:
    acting = {business.id for business in snapshot.acts_as}
    named = {
        "sides": [look.business for look in snapshot.looks],
        "gaps": [gap.business for gap in snapshot.live.gaps],
        "endings": [ending.business for ending in snapshot.live.endings],
        "closed": [closed.business for closed in snapshot.live.closed],
    }
    for key, businesses in named.items():
        for number, business in enumerate(businesses):
            if business not in acting:
                raise MisfitError(f".{key}[{number}].business")


def _acting(row: Json) -> BusinessRef:
    return BusinessRef(shape.text(row, "id", ID), shape.text(row, "alias", shape.ALIAS), shape.text(row, "name"))


def _graph(row: Json) -> tuple[str, str, Cost]:
    requests, calls, errors = (shape.whole(row, key) for key in ("requests", "calls", "errors"))
    cost = Cost(requests, calls, errors, shape.seconds(row, "seconds_waited"))
    return shape.text(row, "version", shape.GRAPH_VERSION), shape.text(row, "url"), cost


def _look(row: Json) -> Look:
    kinds = tuple(_word(kind, KINDS, f".kinds[{n}]") for n, kind in enumerate(shape.item(row, "kinds", list)))
    return Look(shape.text(row, "business", ID), shape.word(row, "side", SIDES), kinds)


def _word(value: object, words: Mapping[str, Any], place: str) -> Any:
    if not isinstance(value, str) or value not in words:
        raise MisfitError(place)
    return words[value]


def _business(row: Json) -> tuple[str, Business]:
    business = Business(shape.text(row, "id", ID), name=shape.text(row, "name"))
    return business.id, business


def _gap(row: Json) -> Gap:
    return Gap(
        shape.text(row, "business", ID),
        shape.word(row, "side", SIDES),
        shape.word(row, "kind", KINDS),
        shape.text(row, "reason"),
    )


def _ending(row: Json) -> Ending:
    asset = Asset(shape.word(row, "kind", KINDS), shape.text(row, "id", ID)) if "kind" in row else None
    return Ending(shape.text(row, "business", ID), asset, shape.time(row, "at"))


def _closed(row: Json) -> ClosedEdge:
    edge = shape.text(row, "edge", shape.EDGE)
    return ClosedEdge(shape.text(row, "business", ID), edge, shape.whole(row, "code"), shape.time(row, "at"))


def _texts(row: Json, key: str) -> list[str]:
    found = shape.item(row, key, list)
    for number, value in enumerate(found):
        if not isinstance(value, str) or not value:
            raise MisfitError(f".{key}[{number}]")
    return found


def _optional_texts(row: Json, key: str) -> list[str]:
    return _texts(row, key) if key in row else []


def _memory(row: Json) -> tuple[tuple[Asset, str], Remembered]:
    def before(part: Json) -> tuple[str, frozenset[str]]:
        return shape.word(part, "status", STATUSES), frozenset(_texts(part, "tasks"))

    pair = Asset(shape.word(row, "kind", KINDS), shape.text(row, "id", ID)), shape.text(row, "agency", ID)
    return pair, Remembered(
        since=shape.time(row, "since"),
        plan=shape.optional_text(row, "plan"),
        is_request=_flag(row, "is_request"),
        is_doubtful=_flag(row, "is_doubtful"),
        awaiting=frozenset(_optional_texts(row, "awaiting")),
        before=shape.part(row, "before", before),
    )


def _flag(row: Json, key: str) -> bool:
    return shape.item(row, key, bool) if key in row else False


class _Assets:
    """Reads assets; task lists that are the same become one set, as most are."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, ...], frozenset[str]] = {}

    def read(self, row: Json) -> tuple[Asset, AssetAccess]:
        asset = Asset(shape.word(row, "kind", KINDS), shape.text(row, "id", ID))
        grants = shape.rows(row, "grants", self._grant)
        return asset, AssetAccess(
            asset,
            shape.optional_text(row, "owner", ID),
            shape.optional_text(row, "name"),
            frozen(_by_key(grants, "grants")),
            shape.optional_text(row, "unreadable"),
            shape.optional_text(row, "reason_code", shape.WORD),
            shape.word(row, "side", SIDES),
        )

    def _grant(self, row: Json) -> tuple[str, Grant]:
        return shape.text(row, "agency", ID), Grant(
            self._tasks(row, "tasks"),
            shape.word(row, "status", STATUSES),
            shape.optional_text(row, "detail"),
            shape.time(row, "since") if "since" in row else None,
            awaiting=self._tasks(row, "awaiting") if "awaiting" in row else frozenset(),
        )

    def _tasks(self, row: Json, key: str) -> frozenset[str]:
        names = _texts(row, key)
        known = self._seen.get(tuple(names))
        if known is None:
            known = self._seen[tuple(names)] = frozenset(names)
        return known

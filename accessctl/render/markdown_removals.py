"""The removals of a plan that does not fit: all of them, each with as much detail as there is room for."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from accessctl.render.escape import fenced
from accessctl.render.markdown_rows import MARKS, block, by_asset, node_of
from accessctl.render.names import asset_name, business_name
from accessctl.render.plan_text import task_change

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from accessctl.plan.nouns import Action

    Size = Callable[[str], int]

BETWEEN = "\n\n"
IDS = 6  # in a line
FENCE = 60  # characters of a fence around ids
FENCES = 300  # of a fence around names, which may hold long runs of backticks


class Told(NamedTuple):
    """Removals as text, how many of them it shows, and in which detail."""

    text: str
    shown: int
    detail: str


class _Level(NamedTuple):
    """One way to tell the removals of an asset, and its name; all but the first stand in one fence."""

    words: str
    piece: Callable[[Sequence[Action]], str]


class _Line(NamedTuple):
    text: str
    number: int


def tell(removals: Sequence[Action], size: Size, most: int, most_detail: int) -> Told:
    """Return the removals in at most `most`, those with a risk first; more than their ids only up to `most_detail`.

    All are told in the finest detail in which all fit. With the room that is left the first of them are told in the
    next finer one.
    """
    groups = sorted(by_asset(removals), key=lambda group: not any(one.risk for one in group))
    for finer, level in zip((None, *LEVELS), LEVELS, strict=False):
        is_last = level is LEVELS[-1]
        pieces = _all(groups, level, size, most - FENCE if is_last else most_detail - FENCES)
        if pieces:
            return _filled(groups, pieces, level, finer, size, most_detail - FENCES)
    return _ids_alone(removals, size, most - FENCE)


def _all(groups: Iterable[Sequence[Action]], level: _Level, size: Size, most: int) -> list[str]:
    """Return the pieces of all assets; none as soon as they do not fit."""
    pieces = []
    for group in groups:
        pieces.append(level.piece(group))
        most -= size(pieces[-1]) + len(BETWEEN)
        if most < 0:
            return []
    return pieces


def _filled(
    groups: Sequence[Sequence[Action]],
    pieces: Sequence[str],
    level: _Level,
    finer: _Level | None,
    size: Size,
    most: int,
) -> Told:
    """Return the pieces, as many of the first as fit told in the finer way."""
    number = sum(map(len, groups))
    if finer is None:
        return Told(BETWEEN.join(pieces), number, "")
    left, fine, in_detail = most - sum(size(piece) + len(BETWEEN) for piece in pieces), list[str](), 0
    for group, piece in zip(groups, pieces, strict=True):
        better = finer.piece(group)
        left -= size(better) - size(piece)
        if left < 0:
            break
        fine.append(better)
        in_detail += len(group)
    rest = list(pieces[len(fine) :])
    text = BETWEEN.join([*fine, fenced(rest)]) if finer is LEVELS[0] else fenced([*fine, *rest])
    return Told(text, number, f"{in_detail:,} {finer.words}, the others {level.words}" if fine else level.words)


def _ids_alone(removals: Sequence[Action], size: Size, most: int) -> Told:
    """Return as many as fit by their ids, told by asset or by agency, whichever shows more."""
    best = max((_fitting(lines(removals), size, most) for lines in (_by_asset, _by_agency)), key=_number)
    shown = _number(best)
    return Told(fenced(line.text for line in best) if best else "", shown, "by their ids alone")


def _number(lines: Iterable[_Line]) -> int:
    return sum(line.number for line in lines)


def _fitting(lines: Iterable[_Line], size: Size, most: int) -> list[_Line]:
    fitting = []
    for line in lines:
        most -= size(line.text) + 1
        if most < 0:
            break
        fitting.append(line)
    return fitting


def _full(group: Sequence[Action]) -> str:
    return block(group, None)


def _with_tasks(group: Sequence[Action]) -> str:
    return _named(group, lambda action: f": {task_change(action)}")


def _with_names(group: Sequence[Action]) -> str:
    return _named(group, lambda _: "")


def _with_ids(group: Sequence[Action]) -> str:
    return "\n".join(line.text for line in _by_asset(group))


def _named(group: Sequence[Action], tail: Callable[[Action], str]) -> str:
    """Return a line a removal, below its asset; that of an asset with one removal has the asset in it."""
    heads = [f"{MARKS[action.verb]} {action.verb} {business_name(action.agency)}" for action in group]
    where = asset_name(group[0].asset)
    if len(group) == 1:
        return f"{heads[0]} on {where}{tail(group[0])}"
    return "\n".join([where, *(head + tail(action) for head, action in zip(heads, group, strict=True))])


def _by_asset(removals: Iterable[Action]) -> Iterator[_Line]:
    """Yield `- revoke 2002, 3003 on act_1029384756`."""
    for group in by_asset(removals):
        for verb, actions in groupby(sorted(group, key=_verb), key=_verb):
            for ids in _some([action.agency.id for action in actions]):
                yield _Line(f"{verb} {', '.join(ids)} on {node_of(group[0].asset)}", len(ids))


def _by_agency(removals: Iterable[Action]) -> Iterator[_Line]:
    """Yield `- revoke 2002 on act_1, act_2, 3`; more than a line of what an agency loses begins as the first does."""

    def place(action: Action) -> tuple[str, str]:
        return action.agency.id, _verb(action)

    for (agency, verb), actions in groupby(sorted(removals, key=place), key=place):
        for nodes in _some([node_of(action.asset) for action in actions]):
            yield _Line(f"{verb} {agency} on {', '.join(nodes)}", len(nodes))


def _verb(action: Action) -> str:
    return f"{MARKS[action.verb]} {action.verb}"


def _some(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), IDS):
        yield ids[start : start + IDS]


LEVELS = (
    _Level("in full", _full),
    _Level("without their reasons", _with_tasks),
    _Level("without their reasons and tasks", _with_names),
    _Level("by their ids alone", _with_ids),
)

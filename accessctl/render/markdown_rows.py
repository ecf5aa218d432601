"""The changes and rows of a plan as Markdown: a diff fence for each asset, and the lines of manifests as links."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, TypeVar

from accessctl.model import Asset
from accessctl.plan.nouns import Action, Row, Verb
from accessctl.render.escape import fenced, markdown_code
from accessctl.render.names import asset_name
from accessctl.render.paper import Paper
from accessctl.render.plan_text import action_text, row_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from accessctl.plan.nouns import AssetRef, Source
    from accessctl.render.forge import Forge

T = TypeVar("T", Action, Row)
# GitHub colours a line of a diff by its first character, and knows these alone: green, orange, red. They say which
# way access goes; the word behind them says what is done, so a reader without colour misses nothing.
MARKS = {
    Verb.GRANT: "+",
    Verb.ACCEPT: "+",
    Verb.CHANGE: "!",
    Verb.REVOKE: "-",
    Verb.WITHDRAW: "-",
    Verb.RELINQUISH: "-",
    Verb.REQUEST: "+",
}
PAPER = Paper(100)  # about what a comment shows without a bar to scroll
LEGEND = (
    "`+` gives access or asks for it, `-` takes it, `!` changes its tasks or is blocked; each row says which in words."
)
LINKS = 20  # of one asset or section; the fence has every file and line
LABELS = 5  # of one asset; the manifest has them all
LABEL = 40  # characters of one


def blocks(actions: Iterable[Action], forge: Forge | None) -> Iterator[str]:
    """Yield the changes of one asset after the other, in the order in which a person reads them."""
    for group in by_asset(actions):
        yield block(group, forge)


def rows_text(word: str, rows: Sequence[Row], now: datetime, forge: Forge | None) -> str:
    """Return rows that are `waiting`, `blocked` or `unmanaged`, below their assets, in one fence."""
    lines: list[str] = []
    for found in by_asset(rows):
        lines += [*[""] * bool(lines), asset_name(found[0].asset)]
        lines += [row_text(word, row, now, PAPER, first=0) for row in found]
    return "\n".join([fenced(lines), *_links((source for row in rows for source in row.sources), forge)])


def details(summary: str, content: str) -> str:
    """Return what a click unfolds. `summary` is our own words and numbers, never a name."""
    return "\n\n".join(fold(summary, [content]))


def fold(summary: str, content: Iterable[str]) -> Iterator[str]:
    """Yield the same part by part, each to be followed by an empty line."""
    yield f"<details>\n<summary>{summary}</summary>"
    yield from content
    yield "</details>"


def block(actions: Sequence[Action], forge: Forge | None) -> str:
    """Return the changes of one asset: its name, what is done and why, and where that is declared."""
    parts = [
        _heading(actions[0].asset),
        fenced(action_text(one, PAPER, mark=MARKS[one.verb], first=0) for one in actions),
    ]
    parts += _links((source for action in actions for source in action.sources), forge)
    return "\n".join(parts)


def _heading(asset: AssetRef) -> str:
    """`**ad account** `de-brand` `act_102` `Acme DE Brand``: each part set apart, so that no name can pose as more."""
    parts = [part for part in (asset.alias, node_of(asset), asset.name) if part]
    return " ".join([f"**{asset.kind.noun}**", *map(markdown_code, parts)]) + _labels(asset) + "\n"


def _labels(asset: AssetRef) -> str:
    """Return `, labels `brand acme` `market de``, a few of them and short; nothing for an asset without."""
    shown = [markdown_code(f"{key} {value}", LABEL) for key, value in asset.labels[:LABELS]]
    more = len(asset.labels) - len(shown)
    return f", labels {' '.join(shown)}{f' and {more} more' * bool(more)}" if shown else ""


def _links(sources: Iterable[Source], forge: Forge | None) -> Iterator[str]:
    if forge is None:
        return
    places = list(dict.fromkeys((source.file, source.line) for source in sources))
    links = [(place, forge.link(*place)) for place in places]
    shown = [f"[{markdown_code(f'{file}:{line}', 200)}]({link})" for (file, line), link in links if link]
    more = [f"and {len(shown) - LINKS} more"] * (len(shown) > LINKS)
    if shown:
        yield "\nDeclared in " + ", ".join([*shown[:LINKS], *more]) + "."


def by_asset(found: Iterable[T]) -> Iterator[list[T]]:
    """Group by asset, in the order of the text form; within an asset the plan's own order stays."""
    for _, group in groupby(sorted(found, key=_place), key=_place):
        yield list(group)


def _place(one: Action | Row) -> tuple[str, str, str]:
    return one.asset.kind, one.asset.alias, one.asset.id


def node_of(asset: AssetRef) -> str:
    """Return the id by which Meta knows an asset: `act_102` for an ad account."""
    return Asset(asset.kind, asset.id).node

"""Explanations as Markdown: the same sentences as in text, each made harmless."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.render.escape import markdown_text
from accessctl.render.explain import end_of_agency, end_of_asset, facts, managed, pair_words, story, unseen_words
from accessctl.render.names import asset_name, business_in_words, business_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from accessctl.explain import Holding
    from accessctl.model import AssetAccess
    from accessctl.plan.nouns import BusinessRef
    from accessctl.plan.refs import Names

LONG = 1_000  # characters of a sentence


def asset_markdown(
    access: AssetAccess, holdings: Sequence[Holding], names: Names, *, is_ours: bool = True, is_looked_at: bool = True
) -> str:
    """Return who holds what on one asset; `is_ours` tells that an acting business owns it, `is_looked_at` of live."""
    owner = business_in_words(names.business(access.owner))
    parts = [f"## {_plain(asset_name(names.asset(access)))}", _plain(f"owned by {owner}")]
    parts.append(_plain(managed(access, is_ours=is_ours)))
    for one in holdings:
        who = business_name(names.business(one.agency)) if one.agency else "anybody else"
        parts += [f"### {_plain(who)}", _list(facts(one, names))]
    return _joined([*parts, *map(_plain, end_of_asset(holdings, is_looked_at=is_looked_at))])


def agency_markdown(
    agency: BusinessRef, holdings: Sequence[Holding], names: Names, unseen: tuple[int, int] | None = (0, 0)
) -> str:
    """Return what one agency holds. `unseen` is how many assets, and listings, could not be read; None: no look."""
    parts = [f"## {_plain(business_name(agency))}"]
    for one in holdings:
        parts += [f"### {_plain(asset_name(names.asset(one.asset)))}", _list(facts(one, names))]
    if unseen and any(unseen):
        parts.append(f"**{unseen_words(unseen)}**")
    return _joined([*parts, *map(_plain, end_of_agency(holdings, unseen))])


def pair_markdown(holding: Holding, names: Names) -> str:
    """Return why one agency has, or has not, access to one asset."""
    return _joined([f"**Why?** {_plain(pair_words(holding, names))}", _list(story(holding, names))])


def _plain(text: str) -> str:
    return markdown_text(text, LONG)


def _list(lines: Iterable[str]) -> str:
    return "\n".join(_items(lines))


def _items(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield f"- {_plain(line)}"


def _joined(parts: Iterable[str]) -> str:
    return "\n\n".join(part for part in parts if part) + "\n"

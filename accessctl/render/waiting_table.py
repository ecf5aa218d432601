"""What waits for whom, as a Markdown table: names of strangers can neither format, link nor call anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.clean import display
from accessctl.model import Asset
from accessctl.plan.byhand import BY_HAND
from accessctl.render.waiting import age_words, count_line, unread_lines, where_words
from accessctl.waiting import REVIEWS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from accessctl.plan.nouns import AssetRef, BusinessRef, Plan
    from accessctl.waiting import Wait

MOST = 60_000  # characters of a table; a comment on GitHub holds 65,536
HEAD = "| waits | for | asset | agency | tasks | do |\n| --- | --- | --- | --- | --- | --- |"
# As numbers, these are only ever letters. The invisible break after @ and # keeps them from being a mention.
UNSAFE = {ord(char): f"&#{ord(char)};" for char in "\\`*_{}[]<>|~!&$^="} | {
    ord("@"): "&#64;&#8203;",
    ord("#"): "&#35;&#8203;",
}
LINKS = (("://", "&#58;//"), ("www.", "www&#46;"), ("WWW.", "WWW&#46;"))


def plain(text: str, limit: int = 120) -> str:
    """Return text that came from strangers so that Markdown shows it as it is, on one line."""
    shown = display(text, limit).translate(UNSAFE)
    for link, broken in LINKS:
        shown = shown.replace(link, broken)
    return shown.strip()


def waiting_markdown(waits: Sequence[Wait], plan: Plan) -> str:
    """Return the count and a table, cut where a comment would not hold it; the rest is counted."""
    parts = [f"**{count_line(waits)}**", *(plain(line, 400) for line in unread_lines(plan))]
    if waits:
        parts.append(_table(waits))
    return "\n\n".join(parts) + "\n"


def _table(waits: Sequence[Wait]) -> str:
    lines, length = [HEAD], 0
    for number, wait in enumerate(waits):
        line = _line(wait)
        length += len(line.encode()) + 1
        if length > MOST:
            lines.append(f"\n… and {len(waits) - number} more; `--format json` lists them all")
            break
        lines.append(line)
    return "\n".join(lines)


def _line(wait: Wait) -> str:
    whom = wait.whom.replace("_", " ")
    cells = (
        age_words(wait),
        f"{whom}: {_business(wait.business)}",
        _asset(wait.row.asset),
        _business(wait.row.agency) if wait.row.agency else "everybody",
        plain(", ".join(wait.tasks), 400),
        # A link of our own stays one.
        where_words(wait) if wait.where == REVIEWS else _do(wait),
    )
    return f"| {' | '.join(cells)} |"


def _do(wait: Wait) -> str:
    if wait.row.reason.code == BY_HAND:
        return f"{plain(wait.todo, 400)}: {wait.where}"
    return plain(where_words(wait), 400)


def _asset(asset: AssetRef) -> str:
    return plain(f"{asset.kind.noun} {asset.name or asset.alias} ({Asset(asset.kind, asset.id).node})", 200)


def _business(business: BusinessRef) -> str:
    return plain(f"{business.name or business.alias} ({business.id})" if business.id else business.alias, 200)

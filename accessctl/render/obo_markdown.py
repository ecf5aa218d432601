"""On-behalf-of requests as Markdown: a table, each name set apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.obo.requests import status_words
from accessctl.render.escape import markdown_cell, markdown_text
from accessctl.render.names import asset_name, business_name
from accessctl.render.obo import (
    asset_ref,
    business_ref,
    canceled_words,
    counted,
    ends_words,
    next_step,
    notes_of,
    unread_lines,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from accessctl.obo.cancel import Canceled
    from accessctl.obo.requests import OboRequest, OboRequests
    from accessctl.plan.refs import Names

HEAD = ("request", "status", "from", "to act on behalf of", "on", "")
LONG = 600  # characters of a sentence


def obo_list_markdown(found: OboRequests, names: Names, acting: Collection[str]) -> str:
    """Return the requests as a table, then what the text says below them."""
    parts = ["## On-behalf-of requests", _table(found.requests, names, acting), counted(found)]
    parts += [markdown_text(note, LONG) for note in notes_of(found)]
    for line, todo in unread_lines(found):
        parts += [f"**{markdown_text(line, LONG)}**", markdown_text(todo, LONG) if todo else ""]
    return "\n\n".join(part for part in parts if part) + "\n"


def obo_markdown(request: OboRequest, names: Names, acting: Collection[str]) -> str:
    """Return one request, and what can be done about it."""
    return f"{_table([request], names, acting)}\n\n{markdown_text(next_step(request, acting), LONG)}\n"


def canceled_markdown(ended: Canceled, names: Names, acting: Collection[str]) -> str:
    """Return the request as it was seen last, how its cancel ended, and what to do where it is not done."""
    said = [canceled_words(ended).partition(" ")[2], *[f"do: {ended.hint}"] * bool(ended.hint)]
    return "\n\n".join([_table([ended.request], names, acting), *(markdown_text(one, LONG) for one in said)]) + "\n"


def unread_markdown(lines: Iterable[str]) -> str:
    """Return what could not be read of the requests, below an explanation of grants."""
    return "".join(f"\n**{markdown_text(line, LONG)}**\n" for line in lines)


def _table(requests: Sequence[OboRequest], names: Names, acting: Collection[str]) -> str:
    rows = [_row(one, names, acting) for one in requests]
    lines = [" | ".join(row) for row in (HEAD, ("---",) * len(HEAD), *rows)]
    return "\n".join(f"| {line} |" for line in lines) if rows else ""


def _row(request: OboRequest, names: Names, acting: Collection[str]) -> tuple[str, ...]:
    asset = asset_ref(request, names)
    cells = (
        request.id,
        status_words(request),
        business_name(business_ref(request.requesting, names)),
        business_name(business_ref(request.receiving, names)),
        asset_name(asset) if asset else "",
        ends_words(request, acting),
    )
    return tuple(markdown_cell(cell) if cell else "" for cell in cells)

"""Messages to send to those who have to act: one a client, one for the second admins of an owner. Plain text."""

from __future__ import annotations

import json
from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING

from accessctl.called import quoted
from accessctl.clean import display
from accessctl.counting import count
from accessctl.limited import PARTNERS_PAGE
from accessctl.model import Asset
from accessctl.plan.byhand import BY_HAND
from accessctl.render.names import business_in_words, business_name, task_names
from accessctl.render.paper import Paper
from accessctl.render.waiting import FORMAT_VERSION
from accessctl.waiting import PARTNERS, REQUESTS, REVIEWS, Whom, change_in_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from accessctl.plan.nouns import AssetRef, BusinessRef
    from accessctl.waiting import Wait

PAPER = Paper()
RULE = "-" * 72

# What a message asks for, by reason code: the words before the list, and after it. {us} is who asks.
ASKS = {
    "client_response": (
        "{us} has asked you for access, and waits for your answer:",
        f"Please accept or decline each under {REQUESTS}.",
    ),
    "ask_client": (
        "{us} needs other tasks than it holds now, which only you can change:",
        f"Please change them under {PARTNERS}.",
    ),
    "admin_approval": (
        "Access was granted to {us}. It takes effect when a second admin approves it:",
        f"Please approve or decline each at {REVIEWS}",
    ),
    "approval_not_wanted": (
        "Access granted to {us} waits for a second admin, and is no longer wanted as it is:",
        f"Please decline each at {REVIEWS}",
    ),
    BY_HAND: (
        "{us} needs access, and Meta lets it send you no request for it:",
        f"Please add this business as a partner under {PARTNERS}, {PARTNERS_PAGE} and assign these to it.",
    ),
}


def nudge_text(waits: Sequence[Wait]) -> str:
    """Return every message, a line between two of them."""
    messages = [f"To: {_to(group[0])}\n\n{message(group)}" for group in addressed(waits)]
    return f"\n{RULE}\n\n".join(messages) or "Nobody has to be reminded.\n"


def nudge_json(waits: Sequence[Wait]) -> str:
    """Return every message with whom it is for and how many pairs it is about."""
    messages = [
        {"who": group[0].whom, "to": asdict(group[0].business), "pairs": len(group), "text": message(group)}
        for group in addressed(waits)
    ]
    return json.dumps({"format_version": FORMAT_VERSION, "messages": messages}, indent=2, sort_keys=True)


def addressed(waits: Sequence[Wait]) -> tuple[tuple[Wait, ...], ...]:
    """Return what each message is about: by client, then by owner whose second admin has to act."""

    def receiver(wait: Wait) -> tuple[Whom, str, str]:
        return wait.whom, wait.business.name or wait.business.alias, wait.business.id

    asked = sorted((wait for wait in waits if wait.row.reason.code in ASKS and wait.whom is not Whom.US), key=receiver)
    return tuple(tuple(group) for _, group in groupby(asked, key=receiver))


def message(waits: Sequence[Wait]) -> str:
    """Return one message: what is asked, for which business, asset by asset, and where to click."""
    parts = ["Hello,", *_paragraphs(waits), "Thank you."]
    return "\n\n".join(parts) + "\n"


def _paragraphs(waits: Sequence[Wait]) -> Iterator[str]:
    def subject(wait: Wait) -> tuple[int, str]:
        return list(ASKS).index(wait.row.reason.code), wait.row.agency.id if wait.row.agency else ""

    for _, group in groupby(sorted(waits, key=subject), key=subject):
        found = list(group)
        before, after = ASKS[found[0].row.reason.code]
        us = _outward(found[0].row.agency) if found[0].row.agency else "An agency"
        yield PAPER.wrap(before.format(us=us))
        yield "\n".join(f"- {_about(wait)}" for wait in found)  # not broken: whatever it is pasted into does that
        yield PAPER.wrap(after)


def _about(wait: Wait) -> str:
    if wait.row.reason.code == "ask_client":
        return f"{_asset(wait.row.asset)}: {display(change_in_words(wait.missing, wait.extra), 400)}"
    tasks = f": {task_names(wait.tasks)}" if wait.tasks else ""
    age = f", {count(wait.days, 'day')}" if wait.days else ""
    since = f" (since {wait.row.since:%Y-%m-%d}{age})" if wait.row.since else ""
    return f"{_asset(wait.row.asset)}{tasks}{since}"


def _asset(asset: AssetRef) -> str:
    """The name and id, or the id alone: a manifest's alias says nothing to a stranger."""
    node = Asset(asset.kind, asset.id).node
    return f"{asset.kind.noun} {quoted(asset.name)} ({node})" if asset.name.strip() else f"{asset.kind.noun} {node}"


def _outward(business: BusinessRef) -> str:
    return f"{quoted(business.name)} (business {business.id})" if business.name.strip() else f"business {business.id}"


def _to(wait: Wait) -> str:
    if wait.whom is Whom.CLIENT:
        return business_name(wait.business)
    return f"a second admin of {business_in_words(wait.business)}"

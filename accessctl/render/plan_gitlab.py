"""A plan as GitLab's merge request widget counts it (`artifacts:reports:terraform`). Pure."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from accessctl.plan.nouns import COUNTED_AS

if TYPE_CHECKING:
    from accessctl.plan.document import SavedPlan

# The widget knows three words: what gives access or asks for it, what changes its tasks, what takes it away.
WIDGET = {"grant": "create", "request": "create", "change": "update", "revoke": "delete"}


def plan_gitlab(saved: SavedPlan) -> str:
    """Return `{"create":n,"update":n,"delete":n}`, counted as the plan's last line counts.

    `create` is grant, accept and request; `update` is change; `delete` is revoke, withdraw and relinquish. The
    widget has no word for the rest: what waits, is blocked or refused is in the other formats and the exit code.
    """
    counts = Counter(WIDGET[COUNTED_AS[action.verb]] for action in saved.plan.actions)
    return json.dumps({word: counts[word] for word in ("create", "update", "delete")}, separators=(",", ":"))

"""That no newer manifests were applied since a plan was made: what they changed must not be turned back. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from accessctl.errors import StaleError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accessctl.chain import Entry
    from accessctl.plan.document import SavedPlan


def check_not_overtaken(saved: SavedPlan, entries: Iterable[Entry], graph_url: str, now: datetime) -> None:
    """Raise StaleError where the journal knows of a newer plan, of other manifests, that was applied.

    Two runs of a CI system may end in another order than they began: the older plan fits its own checkout still.
    Plans from after `now` were made by a clock that was wrong, and count for nothing; nor do those of a project
    that acts as other businesses and only keeps its journal in the same place.
    """
    acting = {business.id for business in saved.origin.acts_as}
    for entry in entries:
        if entry["event"] != "run_started" or entry["graph"]["url"] != graph_url:
            continue
        if acting.isdisjoint(entry.get("acts_as", acting)):
            continue
        made = _made(entry)
        others = entry.get("manifests", saved.origin.manifests_digest) != saved.origin.manifests_digest
        if others and made and saved.created_at < made <= now:
            what = f"a plan of other manifests, made after this one, was applied on {str(entry['at'])[:10]}"
            raise StaleError(what, "make a plan of the manifests as they are now, review it, and apply that")


def _made(entry: Entry) -> datetime | None:
    """Return when the plan of a run was made; it stands at the end of the plan's name."""
    try:
        made = datetime.fromisoformat(str(entry.get("plan", "")).rpartition(" ")[2])
    except ValueError:
        return None
    return made if made.tzinfo else None

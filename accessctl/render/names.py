"""How an asset, a business and a line of a manifest are named in text; every name cleaned, the id beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.clean import display
from accessctl.model import Asset

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accessctl.plan.nouns import AssetRef, BusinessRef, Source, State


def asset_name(asset: AssetRef) -> str:
    """Return `ad account de-brand (act_102) Acme DE Brand`."""
    node = Asset(asset.kind, asset.id).node
    called = f"{asset.alias} ({node})" if asset.alias else node
    return f"{asset.kind.noun} {called} {display(asset.name)}".rstrip()


def business_name(business: BusinessRef) -> str:
    """Return `Mediahouse Ltd (mediahouse, 2002)`, with whatever of it is known."""
    known = ", ".join(part for part in (business.alias, business.id) if part)
    return (
        f"{display(business.name)} ({known})"
        if business.name
        else f"business {known.replace(', ', ' (')}" + (")" if business.alias else "")
    )


def task_names(tasks: Iterable[str]) -> str:
    """Return task names in order, `nothing` for none."""
    return ", ".join(display(task, 60) for task in tasks) or "nothing"


def state_tasks(state: State) -> str:
    """Return the tasks of a state; those Meta added by itself stand apart."""
    asked = [task for task in state.tasks if task not in state.server_added]
    added = f" (and {task_names(state.server_added)}, added by Meta)" if state.server_added else ""
    return task_names(asked) + added


def source_name(source: Source) -> str:
    """Return `access/de.yaml:31 (rule r, profile buyer, until 2027-03-31: ADS-1423)`."""
    parts = (("rule", source.rule), ("profile", source.profile), ("until", source.until))
    notes = [f"{word} {display(said)}" for word, said in parts if said]
    said = ", ".join(notes) + (f": {display(source.reason)}" if source.reason and notes else "")
    said = said or display(source.reason)
    return f"{display(source.file, 200)}:{source.line}" + (f" ({said})" if said else "")

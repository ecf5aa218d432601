"""How an asset, a business and a line of a manifest are named in text; every name cleaned, the id beside it.

In a row a name stands by itself; inside a sentence it stands in quotes, so that it is not read as words of ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.called import quoted
from accessctl.clean import display
from accessctl.model import Asset

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accessctl.plan.nouns import AssetRef, BusinessRef, Source, State


def asset_name(asset: AssetRef) -> str:
    """Return `ad account de-brand (act_102) Acme DE Brand`."""
    return f"{_asset(asset)} {display(asset.name.strip())}".rstrip()


def asset_in_words(asset: AssetRef) -> str:
    """Return `ad account de-brand (act_102) "Acme DE Brand"`, for inside a sentence."""
    return f"{_asset(asset)} {quoted(asset.name)}" if asset.name.strip() else _asset(asset)


def business_name(business: BusinessRef) -> str:
    """Return `Mediahouse Ltd (mediahouse, 2002)`, with whatever of it is known."""
    name = business.name.strip()
    return f"{display(name)} ({_known(business)})" if name else _nameless(business)


def business_in_words(business: BusinessRef) -> str:
    """Return `"Mediahouse Ltd" (mediahouse, 2002)`, for inside a sentence."""
    return f"{quoted(business.name)} ({_known(business)})" if business.name.strip() else _nameless(business)


def _asset(asset: AssetRef) -> str:
    node = Asset(asset.kind, asset.id).node
    return f"{asset.kind.noun} {asset.alias} ({node})" if asset.alias else f"{asset.kind.noun} {node}"


def _known(business: BusinessRef) -> str:
    return ", ".join(part for part in (business.alias, business.id) if part)


def _nameless(business: BusinessRef) -> str:
    return f"business {_known(business).replace(', ', ' (')}" + ")" * bool(business.alias)


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

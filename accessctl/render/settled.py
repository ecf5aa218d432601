"""How a write that a crash left open turned out, as a line and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accessctl.apply.outcomes import Outcome
from accessctl.clean import display
from accessctl.model import Asset

if TYPE_CHECKING:
    from accessctl.apply.outcomes import Settled
    from accessctl.plan.nouns import AssetRef, BusinessRef
    from accessctl.plan.refs import Names

WORDS = {None: "still open", Outcome.FAILED: "not applied"}


def settled_text(settled: Settled, names: Names | None = None) -> str:
    """Return `a write that a crash left open: grant for mediahouse on de-brand (ad account 1029384756): applied`.

    Ids stand for what `names` does not know.
    """
    action = settled.action
    word = WORDS.get(settled.outcome) or str(settled.outcome).replace("_", " ")
    why = f": {display(settled.text, 300)}" if settled.text else ""
    where = f"{_business(action.agency, names)} on {_asset(action.asset, names)}"
    return f"a write that a crash left open: {action.verb} for {where}: {word}{why}"


def settled_row(settled: Settled) -> dict[str, Any]:
    """Return the same for JSON; `outcome` is null where it stays open, `failed` where it was not applied."""
    action, live = settled.action, settled.live
    return {
        "id": action.id,
        "run": settled.run,
        "sent_at": settled.sent_at.isoformat(),
        "action": action.verb,
        "asset": {"kind": action.asset.kind, "id": action.asset.id},
        "agency": {"id": action.agency.id},
        "outcome": settled.outcome,
        "text": settled.text,
        "live": {"status": live.status, "tasks": list(live.tasks)} if live else None,
    }


def _business(business: BusinessRef, names: Names | None) -> str:
    return (names and names.business(business.id).alias) or f"business {display(business.id, 40)}"


def _asset(asset: AssetRef, names: Names | None) -> str:
    plain = f"{asset.kind.noun} {display(asset.id, 40)}"
    declared = names.desired.assets.get(Asset(asset.kind, asset.id)) if names else None
    return f"{declared.alias} ({plain})" if declared else plain

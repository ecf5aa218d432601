"""Canceled on-behalf-of requests as the journal tells of them: a sentence, and an object of the JSON form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accessctl.clean import display
from accessctl.model import AssetAccess
from accessctl.render.names import asset_in_words, business_in_words

if TYPE_CHECKING:
    from accessctl.obo.settle import OboSettled
    from accessctl.obo.told import OboTold
    from accessctl.plan.nouns import AssetRef
    from accessctl.plan.refs import Names

NO_ANSWER = "it may have been sent, and no answer was recorded: the next obo cancel or obo show looks"
WORDS = {"": NO_ANSWER, "converged": "no change, it was so already"}


def obo_sentence(told: OboTold, names: Names) -> str:
    """Return `"Acme GmbH" (acme, 1001) canceled its request 9001 to act on behalf of ...: applied`."""
    did = "canceled" if told.outcome in ("applied", "converged") else "was to cancel"
    sender, receiver = (business_in_words(names.business(one)) for one in (told.requesting, told.receiving))
    asset = _asset(told, names)
    where = f" on {asset_in_words(asset)}" if asset else ""
    return f"{sender} {did} its request {told.request} to act on behalf of {receiver}{where}: {_how_it_ended(told)}"


def obo_row(told: OboTold, names: Names) -> dict[str, Any]:
    """Return it as an object of the JSON form; the run's own facts are not among it."""
    asset = _asset(told, names)
    sender, receiver = names.business(told.requesting), names.business(told.receiving)
    return {
        "event": "obo_cancel",
        "line": told.line,
        "at": told.at.isoformat(),
        "request": told.request,
        "ad_account": {"id": asset.id, "alias": asset.alias} if asset else None,
        "requesting_business": {"id": sender.id, "alias": sender.alias, "name": sender.name},
        "receiving_business": {"id": receiver.id, "alias": receiver.alias, "name": receiver.name},
        "via": told.via,
        "before": told.before,
        "after": told.after,
        "outcome": told.outcome or None,
        "text": told.text or ("" if told.outcome else NO_ANSWER),
        "code": told.code,
        "fbtrace_id": told.trace,
        "settled": {"run": told.settled_by, "at": told.settled_at.isoformat()} if told.settled_at else None,
    }


def settled_words(settled: OboSettled) -> str:
    """Say how a cancel turned out that a crash had left open."""
    told = settled.told
    ends = {"applied": "it was canceled", "failed": "it was not canceled", "unknown": "how it ended is not known"}
    word = ends.get(settled.outcome or "", "it stays open")
    said = f": {settled.text}" if settled.text else ""
    return f"run {told.run.id} left the cancel of request {told.request} open; {word}{said}"


def _asset(told: OboTold, names: Names) -> AssetRef | None:
    if told.asset is None:
        return None
    return names.asset(names.desired.assets.get(told.asset) or AssetAccess(told.asset, ""))


def _how_it_ended(told: OboTold) -> str:
    word = WORDS.get(told.outcome) or display(told.outcome.replace("_", " "), 60)
    if told.settled_at and told.outcome == "failed":
        word = "not applied"
    said = f"{word}: {display(told.text, 400)}" if told.outcome in ("failed", "unknown") and told.text else word
    if told.settled_at is None:
        return said
    return f"{said}; settled by run {display(told.settled_by, 40)} on {told.settled_at:%Y-%m-%d}"

"""The guards a plan was made under, and in what they are looser than those of another plan. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accessctl.plan.nouns import BusinessRef, Limits
from accessctl.plan.rowdocument import flat, read_flat

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accessctl.model import Business, Policy


def limits_of(policy: Policy, businesses: Mapping[str, Business]) -> Limits:
    """Return the guards of a project; `businesses` has what the manifests call them, by id."""
    guards = policy.guards
    return Limits(
        guards.max_revokes,
        guards.max_revoke_percent,
        tuple(_ref(business, businesses) for business in sorted(guards.protect)),
        "decline" if policy.decline_unexpected else "report",
    )


def loosened(before: Limits, now: Limits) -> tuple[str, ...]:
    """Say in what `now` lets more through than `before`; nothing where it is as strict or stricter."""
    kept = {business.id for business in now.protect}
    found = [
        f"guards.{word} is {new}, it was {old}"
        for word, old, new in (
            ("max_revokes", before.max_revokes, now.max_revokes),
            ("max_revoke_percent", before.max_revoke_percent, now.max_revoke_percent),
        )
        if new > old
    ]
    found += [f"guards.protect no longer has {_called(one)}" for one in before.protect if one.id not in kept]
    if (before.unexpected, now.unexpected) == ("report", "decline"):
        found.append("requests.unexpected is decline, it was report")
    return tuple(found)


def limits_document(limits: Limits) -> dict[str, Any]:
    """Return the limits as schemas/plan.schema.json has them."""
    return {
        "max_revokes": limits.max_revokes,
        "max_revoke_percent": limits.max_revoke_percent,
        "protect": [flat(one) for one in limits.protect],
        "unexpected": limits.unexpected,
    }


def read_limits(item: Mapping[str, Any]) -> Limits:
    """Return the limits of a document that fits schemas/plan.schema.json."""
    protect = tuple(read_flat(BusinessRef, one) for one in item["protect"])
    return Limits(item["max_revokes"], item["max_revoke_percent"], protect, item["unexpected"])


def _ref(business: str, businesses: Mapping[str, Business]) -> BusinessRef:
    known = businesses.get(business)
    return BusinessRef(business, known.alias, known.name) if known else BusinessRef(business)


def _called(business: BusinessRef) -> str:
    return f"{business.alias} ({business.id})" if business.alias and business.id else business.alias or business.id

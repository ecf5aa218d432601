"""When a person's access to an asset ends: managed Meta accounts, as Meta's guide to them and GRAPH_API 6 have it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from accessctl.sandbox.wire import Refusal
from accessctl.sandbox.world import USER, frozen

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from accessctl.sandbox.call import View
    from accessctl.sandbox.spot import Spot
    from accessctl.sandbox.world import World

FIELD = "user_access_expire_time"
REFUSED, ONLY_PEOPLE, ONLY_BUSINESSES = "refused", "only_people", "only_businesses"  # words of expire_time
_REVIEW = "https://developers.facebook.com/docs/apps/review"
# Meta's own text, from its guide to managed Meta accounts; it comes without a subcode.
LOST = (
    "(#100) Object does not exist, cannot be loaded due to missing permission or reviewable feature, or does not "
    "support this operation. This endpoint requires the 'pages_read_engagement' permission or the 'Page Public "
    "Content Access' feature or the 'Page Public Metadata Access' feature. Refer to "
    f"{_REVIEW}/login-permissions#manage-pages, {_REVIEW}/feature#reference-PAGES_ACCESS and "
    f"{_REVIEW}/feature#page-public-metadata-access for details."
)


def need_access(view: View, node: str) -> None:
    """Raise Refusal 100 where the person's access to the node has ended."""
    if node in view.lost:
        raise Refusal(100, LOST)


def expire_time(view: View, node: str) -> str | None:
    """Return when the person's access to the node ends, as Meta writes it; None where it has no end yet to be told.

    Meta's guide has it told in a window of 30 days; the quirk `expire_days` says another number, 0 always.
    """
    end, days = view.caller.access_expires.get(node), view.world.quirks.expire_days
    if end is None or (days and end - view.now > timedelta(days=days)):
        return None
    return end.strftime("%Y-%m-%dT%H:%M:%S+00:00")


def need_expire_time(view: View, *, is_business: bool) -> None:
    """Raise Refusal 100 where this token may not ask for the field here, or at all."""
    said = view.world.quirks.expire_time
    is_refused = said == REFUSED or (said == ONLY_PEOPLE and view.caller.kind != USER)
    if is_refused or (said == ONLY_BUSINESSES and not is_business):
        raise Refusal(100, f"(#100) Tried accessing nonexisting field ({FIELD})")


def without_ends(world: World, node: str) -> World:
    """Return the world in which nobody loses an asset that is no more."""
    tokens = {
        key: replace(token, access_expires=frozen({n: end for n, end in token.access_expires.items() if n != node}))
        for key, token in world.tokens.items()
    }
    return replace(world, tokens=frozen(tokens))


def read_access_expires(spot: Spot, kind: str, known: Collection[str]) -> Mapping[str, datetime]:
    """Read which of the `known` ids a person loses, and when; no other token loses any."""
    if not spot.is_absent and kind != USER:
        spot.refuse("only a person's access ends", "leave it out, or write kind: user")
    found = {}
    for key, one in spot.each():
        if key not in known:
            one.refuse(f'no asset or business "{key}"', 'write it like "act_123", or "123" for a Page or a business')
        moment = one.moment()
        assert moment is not None
        found[key] = moment
    return frozen(found)


def read_acts_with(spot: Spot, businesses: Collection[str], tokens: Collection[str]) -> Mapping[str, str]:
    """Read with which of the `tokens` --sandbox acts as a business, where it is not the business's own."""
    found = {}
    for key, one in spot.each():
        if key not in businesses:
            one.refuse(f'no business "{key}"', "add it under businesses, or correct the id")
        found[key] = one.text()
        if found[key] not in tokens:
            one.refuse(f'no token "{found[key]}"', "add it under tokens, or correct its name")
    return frozen(found)

"""Where Meta does not open the canceling of on-behalf-of requests to the app: no call is made, and a person is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.closed import USED, shut
from accessctl.errors import AccessctlError
from accessctl.limited import CANCEL_OBO, page_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from accessctl.closed import Closing


def check_may_cancel(request_id: str, businesses: Collection[str], closing: Closing) -> None:
    """Raise AccessctlError where the call is known to be closed to each of these acting businesses."""
    closed = [closing.barred(business, CANCEL_OBO) for business in businesses]
    if closed and (first := closed[0]) and all(closed):
        raise AccessctlError(
            f"on-behalf-of request {request_id} is not canceled: {shut(first)}",
            f"cancel it by hand, at {page_of(CANCEL_OBO, first.business)}; accessctl tries the call again with another "
            f"token, or after {USED.days} days",
        )

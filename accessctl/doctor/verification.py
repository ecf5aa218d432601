"""Access verification: whether Meta takes calls of an app that a business claims, and by when it must be done. Pure.

Source: Meta's page "Tech Provider Access Verification". No field shows whether a business is verified as a Tech
Provider (GRAPH_API 1.3), so who knows may say it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

# The permissions that take access verification, in Meta's order.
PERMISSIONS = (
    "ads_management",
    "ads_read",
    "attribution_read",
    "business_management",
    "catalog_management",
    "email",
    "instagram_basic",
    "instagram_content_publish",
    "instagram_manage_insights",
    "leads_retrieval",
    "page_events",
    "pages_manage_ads",
    "pages_manage_cta",
    "pages_manage_engagement",
    "pages_manage_instant_articles",
    "pages_manage_posts",
    "pages_read_engagement",
    "pages_read_user_content",
    "pages_show_list",
    "public_profile",
    "publish_to_groups",
    "publish_video",
    "read_insights",
)
WINDOW = timedelta(days=60)  # for existing apps, from the day of Meta's email
REVIEW = 5  # business days a review takes at most, as Meta says
SATURDAY = 5  # of date.weekday


class Window(StrEnum):
    """How the 60 days stand in which an app that has its access already keeps it."""

    NONE = "none"  # nobody has stated the day of Meta's email
    RUNS = "runs"
    OVER = "over"


class Decision(StrEnum):
    """What the endpoint does with a call."""

    NOT_CONCERNED = "not_concerned"  # no permission that takes access verification
    UNCLAIMED = "unclaimed"  # no business claims the app
    ROLE = "role"  # who granted the permission has a role on the app
    PROVIDER = "provider"  # the claimant is verified as a Tech Provider
    IN_WINDOW = "in_window"  # it would be refused but for the 60 days, which run
    FADING = "fading"  # the 60 days are over, and calls gradually begin to fail
    REFUSED = "refused"
    OPEN = "open"  # what decides it cannot be read


REFUSALS = {Window.NONE: Decision.REFUSED, Window.RUNS: Decision.IN_WINDOW, Window.OVER: Decision.FADING}


@dataclass(frozen=True, slots=True)
class Stated:
    """What no field shows, as the user has stated it; None is not stated.

    `is_provider`: the business that claims the app is verified as a Tech Provider. `email` is the day on which
    Meta's email asked for access verification, `submitted` the day on which it was sent in.
    """

    is_provider: bool | None = None
    email: date | None = None
    submitted: date | None = None

    def window(self, today: date) -> Window:
        """Return how the 60 days stand on a day, their last one included."""
        if self.email is None:
            return Window.NONE
        return Window.RUNS if today <= last_day(self.email) else Window.OVER


def concerned(permissions: Iterable[str]) -> frozenset[str]:
    """Return those of the permissions for which Meta asks for access verification."""
    return frozenset(PERMISSIONS) & frozenset(permissions)


def decide(
    permissions: Iterable[str],
    *,
    is_claimed: bool | None,
    has_role: bool | None,
    is_provider: bool | None,
    window: Window = Window.NONE,
) -> Decision:
    """Return what the endpoint does with calls that need these permissions; None is not known.

    First it looks whether who granted the permission has a role on the app, then whether the claimant is verified
    as a Tech Provider. What it then would refuse it takes in the 60 days of `window`, and in part after them.
    """
    if not concerned(permissions):
        return Decision.NOT_CONCERNED
    if is_claimed is False:
        return Decision.UNCLAIMED
    if has_role:
        return Decision.ROLE
    if is_provider:
        return Decision.PROVIDER
    is_certain = is_claimed and has_role is False and is_provider is False
    return REFUSALS[window] if is_certain else Decision.OPEN


def last_day(email: date) -> date:
    """Return the last day of the window that Meta's email has opened."""
    return email + WINDOW


def expected_by(submitted: date) -> date:
    """Return the day by which the review is to be done: five business days on, weekends skipped."""
    return _business_days(submitted, REVIEW, timedelta(days=1))


def submit_by(last: date) -> date:
    """Return the latest day to send it in so that the review is done by `last`."""
    back = timedelta(days=-1)
    while last.weekday() >= SATURDAY:
        last += back
    return _business_days(last, REVIEW, back)


def _business_days(day: date, number: int, step: timedelta) -> date:
    while number:
        day += step
        number -= day.weekday() < SATURDAY
    return day

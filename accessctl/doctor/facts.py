"""What was asked of Meta, without any judgement. No token is in here."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from accessctl.model import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from accessctl.model import Asset, Business

SYSTEM_USER = "SYSTEM_USER"
USER = "USER"
PAGE = "PAGE"
APP = "APP"
EMPLOYEE = "EMPLOYEE"  # a role; GRAPH_API 1.3


@dataclass(frozen=True, slots=True)
class Unread:
    """A question without an answer. `code` is Meta's, 0 where it gave none."""

    reason: str
    code: int = 0
    token_refused: bool = False


NOT_ASKED = Unread("it was not asked, for Meta would refuse to say")


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """What debug_token says of a token (GRAPH_API 1.6).

    Times are Unix seconds, 0 for never, None where the answer has none. `targets` has the ids a permission is
    narrowed to; one that is not in it covers all.
    """

    type: str
    app_id: str = ""
    app: str = ""
    is_valid: bool = True
    error: str = ""
    expires_at: int | None = None
    data_access_expires_at: int | None = None
    scopes: frozenset[str] = frozenset()
    targets: Mapping[str, frozenset[str]] = field(default_factory=lambda: frozen({}))


@dataclass(frozen=True, slots=True)
class Me:
    """Who the token speaks for."""

    id: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class LiveBusiness:
    """An acting business as Meta shows it.

    `two_factor` and `verification` are Meta's words, empty where they were not told.
    """

    id: str
    name: str = ""
    two_factor: str = ""
    verification: str = ""


@dataclass(frozen=True, slots=True)
class AppFacts:
    """The app a token was made with, as its node shows it.

    `claimant` is the id of the business that claims it, empty where Meta says that none does, None where that is
    not known, for which `open` has the reason. `claimant_verified` is Meta's word for how far it is verified.
    """

    id: str
    name: str = ""
    claimant: str | None = None
    claimant_name: str = ""
    claimant_verified: str = ""
    open: str = ""


@dataclass(frozen=True, slots=True)
class Granted:
    """What GET /me/permissions says of permissions (GRAPH_API 1.6), by status; `permissions` are those granted."""

    permissions: frozenset[str]
    declined: frozenset[str] = frozenset()
    expired: frozenset[str] = frozenset()


class Home(StrEnum):
    """Does the token belong to the acting business?"""

    PROVED = "proved"
    OTHER = "other"
    NOT_LISTED = "not_listed"


@dataclass(frozen=True, slots=True)
class Belonging:
    """What tells whose the token is. `others` names the businesses it was found in instead.

    `role` is Meta's word for what it is in the acting business (GRAPH_API 1.3), empty where it was not told.
    """

    home: Home
    others: tuple[str, ...] = ()
    role: str = ""


@dataclass(frozen=True, slots=True)
class Managed:
    """What Meta says of the account of a person's token (GRAPH_API 6).

    `work_account` is None where it was not told. `ends` are when the token loses what it sees, None for the
    business itself, `seen` the assets it sees; `unread` is empty, or why there may be more of both.
    """

    work_account: bool | None
    ends: Mapping[Asset | None, datetime]
    seen: frozenset[Asset]
    unread: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """All that was asked for one acting business, which is as the manifests name it.

    `tier` is Meta's word for the app's access tier, empty where no answer had it; `fingerprint` tells the token from
    others. `codes` are those of all
    refusals; `unverified` is what one said that spoke of verification. `reviewed` maps permissions of the app to
    Meta's word for what App Review says of them, `roles` are the ids of who has a role on the app, and
    `system_users` the roles of all system users of the business, each empty where it was not told. `granted` is
    asked where debug_token has not answered, and of a person who lacks a permission.
    """

    business: Business
    token: TokenFacts | Unread
    me: Me | Unread
    live: LiveBusiness | Unread
    belonging: Belonging | Unread
    tier: str = ""
    codes: frozenset[int] = frozenset()
    managed: Managed | Unread = NOT_ASKED
    app: AppFacts | Unread = NOT_ASKED
    reviewed: Mapping[str, str] | Unread = NOT_ASKED
    roles: frozenset[str] | Unread = NOT_ASKED
    system_users: tuple[str, ...] | Unread = NOT_ASKED
    unverified: str = ""
    fingerprint: str = ""
    granted: Granted | Unread = NOT_ASKED

    @property
    def scopes(self) -> frozenset[str] | None:
        """The permissions of the token, None where they are not known."""
        if isinstance(self.token, TokenFacts):
            return self.token.scopes
        return self.granted.permissions if isinstance(self.granted, Granted) else None

    @property
    def is_refused(self) -> bool:
        """Meta does not take the token, so nothing was learned with it."""
        return isinstance(self.me, Unread) and self.me.token_refused

    @property
    def is_employee(self) -> bool:
        """Meta says that the token is an employee's, who reads and does not write."""
        return isinstance(self.belonging, Belonging) and self.belonging.role == EMPLOYEE

    @property
    def is_claimed(self) -> bool | None:
        """A business claims the app; None where that is not known."""
        told = self.app.claimant if isinstance(self.app, AppFacts) else None
        return None if told is None else bool(told)

    @property
    def has_role(self) -> bool | None:
        """Who the token speaks for has a role on the app; None where that is not known.

        A person may be listed under another id than the one the token gives, so only a system user has none.
        """
        if isinstance(self.roles, Unread) or isinstance(self.me, Unread):
            return None
        is_system_user = isinstance(self.token, TokenFacts) and self.token.type == SYSTEM_USER
        return self.me.id in self.roles or (False if is_system_user else None)

    @property
    def is_own_app(self) -> bool | None:
        """The app is the business's own, or who the token speaks for has a role on it; None where nobody says."""
        claimant = self.app.claimant if isinstance(self.app, AppFacts) else None
        if self.has_role or claimant == self.business.id:
            return True
        return False if claimant and self.has_role is False else None


@dataclass(frozen=True, slots=True)
class Service:
    """The API that was asked. `served` is the version that answered, `warning` Meta's own about it.

    Both are empty where no answer had them.
    """

    version: str
    served: str = ""
    warning: str = ""

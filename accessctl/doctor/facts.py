"""What was asked of Meta, without any judgement. No token is in here."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from accessctl.model import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accessctl.model import Business

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
    """An acting business as Meta shows it. `two_factor` is Meta's word, empty where it was not told."""

    id: str
    name: str = ""
    two_factor: str = ""


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
class Facts:
    """All that was asked for one acting business, which is as the manifests name it.

    `tier` is Meta's word for the app's access tier, empty where no answer had it. `codes` are those of all
    refusals.
    """

    business: Business
    token: TokenFacts | Unread
    me: Me | Unread
    live: LiveBusiness | Unread
    belonging: Belonging | Unread
    tier: str = ""
    codes: frozenset[int] = frozenset()

    @property
    def is_refused(self) -> bool:
        """Meta does not take the token, so nothing was learned with it."""
        return isinstance(self.me, Unread) and self.me.token_refused

    @property
    def is_employee(self) -> bool:
        """Meta says that the token is an employee's, who reads and does not write."""
        return isinstance(self.belonging, Belonging) and self.belonging.role == EMPLOYEE


@dataclass(frozen=True, slots=True)
class Service:
    """The API that was asked. `served` is the version that answered, `warning` Meta's own about it.

    Both are empty where no answer had them.
    """

    version: str
    served: str = ""
    warning: str = ""

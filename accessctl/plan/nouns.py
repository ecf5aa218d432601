"""What a plan is made of: actions, and the pairs on which nothing is done. Frozen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from accessctl.model import Kind, Status

FORMAT_VERSION = "1.4"


class Verb(StrEnum):
    """The seven steps a plan can hold."""

    GRANT = "grant"
    ACCEPT = "accept"
    CHANGE = "change"
    REVOKE = "revoke"
    REQUEST = "request"
    WITHDRAW = "withdraw"
    RELINQUISH = "relinquish"


REMOVING = frozenset({Verb.REVOKE, Verb.WITHDRAW, Verb.RELINQUISH})

# The word under which the summary line counts each verb (DESIGN, section 6).
COUNTED_AS = {
    Verb.GRANT: "grant",
    Verb.ACCEPT: "grant",
    Verb.CHANGE: "change",
    Verb.REVOKE: "revoke",
    Verb.WITHDRAW: "revoke",
    Verb.RELINQUISH: "revoke",
    Verb.REQUEST: "request",
}


@dataclass(frozen=True, slots=True, order=True)
class AssetRef:
    """An asset as a row shows it. `alias` is empty for an undeclared one; `name` is Meta's, if read.

    `labels` are the manifests', by key; empty in plans before format 1.3.
    """

    kind: Kind
    id: str
    alias: str = ""
    name: str = ""
    labels: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class BusinessRef:
    """A business as a row shows it."""

    id: str
    alias: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """A pair at one moment. `tasks` are sorted and in normal form.

    `server_added` are those of `tasks` that nobody asked for and Meta adds by itself; `detail` is Meta's own
    word for a status nobody knows.
    """

    status: Status
    tasks: tuple[str, ...] = ()
    server_added: tuple[str, ...] = ()
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why, as a code for machines and words for people."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Source:
    """A line of a manifest that says so. Optional parts are empty where they do not apply."""

    file: str
    line: int
    rule: str = ""
    profile: str = ""
    until: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A pair that needs a word but no call. `agency` is None where the row is about the whole asset.

    `since` and `stale_at` are set for pairs that wait.
    """

    asset: AssetRef
    agency: BusinessRef | None
    via: str
    before: State
    reason: Reason
    after: State | None = None
    sources: tuple[Source, ...] = ()
    since: datetime | None = None
    stale_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """One step: the pair, what it holds before and after, and why. `via` is the acting business's alias.

    `owner` is the id of the business that owns the asset. `risk` holds codes a reviewer should look at:
    `manage` (widens to MANAGE-like tasks), `gap` (done as revoke-then-grant if need be), `asked_before`
    (an earlier request for this is gone), `own_access` (takes from a business we act as), `last_holder` (no
    agency is left that advertises or manages), `first_grant` (the agency holds nothing yet, as far as was read),
    `first_in_part` (nothing on the part that was read, and nobody says more), `name_unread` (its name at Meta
    could not be read).
    """

    verb: Verb
    asset: AssetRef
    agency: BusinessRef
    owner: str
    via: str
    before: State
    after: State
    reason: Reason
    sources: tuple[Source, ...] = ()
    risk: tuple[str, ...] = ()
    replace_with_gap: bool = False

    @property
    def id(self) -> str:
        """Stable name of the step: a plan holds at most one action a pair."""
        return f"{self.verb}/{self.asset.kind}/{self.asset.id}/{self.agency.id}"


@dataclass(frozen=True, slots=True)
class Summary:
    """The counts of the summary line. `live` counts confirmed grants on declared assets in scope."""

    grant: int = 0
    change: int = 0
    revoke: int = 0
    request: int = 0
    waiting: int = 0
    blocked: int = 0
    unmanaged: int = 0
    unchanged: int = 0
    live: int = 0


@dataclass(frozen=True, slots=True)
class Held:
    """How many confirmed grants on declared assets in scope an agency (its id) has, before this plan."""

    agency: str
    live: int


@dataclass(frozen=True, slots=True)
class Losing:
    """A declared asset that the token of an acting business is foretold to lose; the business itself for None."""

    asset: AssetRef | None
    business: BusinessRef
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Closed:
    """A model.ClosedEdge of an acting business; `steps` counts the waiting rows for which it would have been called."""

    business: BusinessRef
    edge: str
    code: int
    at: datetime
    steps: int


@dataclass(frozen=True, slots=True)
class Limits:
    """The guards a plan was made under. `protect` is sorted; `unexpected` is `report` or `decline`."""

    max_revokes: int
    max_revoke_percent: int
    protect: tuple[BusinessRef, ...] = ()
    unexpected: str = "report"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the guards say of a plan; `reasons` is empty when it may run."""

    reasons: tuple[str, ...] = ()

    @property
    def word(self) -> str:
        """`allowed` or `refused`, as the plan file has it."""
        return "refused" if self.reasons else "allowed"


@dataclass(frozen=True, slots=True)
class Scope:
    """What a person asked of the plan, as given: selectors that narrow it or ask again, and the gap's flag."""

    targets: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    ask_again: tuple[str, ...] = ()
    replace_with_gap: bool = False


@dataclass(frozen=True, slots=True)
class SnapshotRef:
    """The snapshot a plan was made from: when it was taken, its digest, and whether all could be read."""

    taken_at: datetime
    digest: str
    is_complete: bool


@dataclass(frozen=True, slots=True)
class Origin:
    """What a plan was made from: apply refuses a plan whose origin is not what it finds.

    `snapshot` is None where live access was read for this plan, `limits` in plans before format 1.2.
    """

    manifests_digest: str
    manifest_files: tuple[str, ...]
    graph_version: str
    graph_url: str
    acts_as: tuple[BusinessRef, ...]
    scope: Scope = Scope()
    snapshot: SnapshotRef | None = None
    limits: Limits | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The ordered actions, with everything that needs no action or cannot be acted on.

    `headlines` are the sentences a reader must not miss: who loses what, what widens. `unread` are those of
    listings that could not be read to the end, on which anything may hide. `held` has the agencies from which
    an action may take something; it is empty in plans before format 1.2. `losing` is what the tokens are foretold
    to lose, the next first, and `closed` the calls that are done by hand; both are empty in plans before format 1.4.
    """

    actions: tuple[Action, ...] = ()
    waiting: tuple[Row, ...] = ()
    blocked: tuple[Row, ...] = ()
    unmanaged: tuple[Row, ...] = ()
    summary: Summary = Summary()
    headlines: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    held: tuple[Held, ...] = ()
    losing: tuple[Losing, ...] = ()
    closed: tuple[Closed, ...] = ()

    @property
    def is_whole(self) -> bool:
        """All that was to be read could be read, and every status in it is a known one."""
        return not self.blocked and not self.unread

    @property
    def matches(self) -> bool:
        """Live access is as declared, but for what waits for an answer."""
        odd = {"ask_client", "approval_not_wanted", "request_gone", "by_hand", "after_by_hand"}
        return self.is_whole and not self.actions and not any(row.reason.code in odd for row in self.waiting)

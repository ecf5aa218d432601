"""What the journal says of canceled on-behalf-of requests: intent, outcome, how a crash was settled. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from accessctl.model import Asset, Kind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from accessctl.chain import Entry
    from accessctl.history import RunTold, Told
    from accessctl.model import Business
    from accessctl.obo.requests import OboRequest

INTENT, OUTCOME, SETTLED = "obo_intent", "obo_outcome", "obo_settled"
EVENTS = frozenset({INTENT, OUTCOME, SETTLED})


@dataclass(frozen=True, slots=True)
class OboTold:
    """One cancel of a request: an intent, and the outcome that belongs to it.

    `before` and `after` are Meta's words for its status, `after` empty where nobody could look. `receiving` and
    `requesting` are business ids, `via` is the alias of the one that acted. `outcome` is empty where none was
    recorded; a run that settled it later is `settled_by`.
    """

    run: RunTold
    line: int
    at: datetime
    request: str
    account: str
    receiving: str
    requesting: str
    via: str
    before: str
    after: str = ""
    outcome: str = ""
    text: str = ""
    trace: str = ""
    code: int = 0
    settled_by: str = ""
    settled_at: datetime | None = None

    @property
    def asset(self) -> Asset | None:
        """The ad account it is about, None where nobody knows."""
        return Asset(Kind.AD_ACCOUNT, self.account) if self.account else None

    def is_about(self, assets: Collection[Asset], businesses: Collection[str]) -> bool:
        """Tell whether it is about any of these."""
        return self.asset in assets or self.receiving in businesses or self.requesting in businesses


class OboTeller:
    """Reads the entries of cancels one by one; `told` has them by the line of their intent."""

    def __init__(self) -> None:
        self.told: dict[int, OboTold] = {}
        self._open: dict[tuple[str, str], int] = {}

    def take_in(self, entry: Entry, number: int, run: RunTold, at: datetime) -> None:
        """Take in an entry. Raises KeyError, TypeError or ValueError for one that makes no sense."""
        about: Mapping[str, Any] = entry["request"]
        request = str(about["id"])
        if entry["event"] == INTENT:
            self._open[run.id, request] = number
            account, receiving, requesting = (str(about[name]) for name in ("ad_account", "receiving", "requesting"))
            via, before = str(entry["via"]), str(entry["status"])
            self.told[number] = OboTold(run, number, at, request, account, receiving, requesting, via, before)
            return
        is_late = entry["event"] == SETTLED
        line = self._open.pop((str(entry["of_run"]) if is_late else run.id, request))
        found = replace(
            self.told[line],
            outcome=str(entry["outcome"]),
            text=str(entry.get("text", "")),
            after=str(entry.get("status", "")),
            trace=str(entry.get("fbtrace_id", "")),
            code=int((entry.get("answer") or {}).get("code", 0)),
        )
        self.told[line] = replace(found, settled_by=run.id, settled_at=at) if is_late else found


def last_cancels(told: Iterable[Told], graph_url: str = "") -> Mapping[tuple[Asset, str], OboTold]:
    """Return the last cancel of a request of each pair, at either end of it; at one Graph API where one is named."""
    found: dict[tuple[Asset, str], OboTold] = {}
    for one in told:
        if isinstance(one, OboTold) and one.asset and graph_url in ("", one.run.graph_url):
            found |= {(one.asset, end): one for end in (one.receiving, one.requesting)}
    return found


def about(request: OboRequest) -> dict[str, str]:
    """Return what each entry says of a request."""
    ends: dict[str, Business] = {"receiving": request.receiving, "requesting": request.requesting}
    return {"id": request.id, "ad_account": request.account} | {name: end.id for name, end in ends.items()}


def about_told(told: OboTold) -> dict[str, str]:
    """Return the same of a request that the journal tells of."""
    return {
        "id": told.request,
        "ad_account": told.account,
        "receiving": told.receiving,
        "requesting": told.requesting,
    }

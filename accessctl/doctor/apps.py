"""Which app each acting business's token is of, and what the call ledger has of each app. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from accessctl.called import quoted
from accessctl.calls import app_row, apps_of, tally
from accessctl.doctor import facts as f

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from accessctl.calls import CallTally
    from accessctl.doctor.facts import Facts
    from accessctl.records import Row


@dataclass(frozen=True, slots=True)
class AppCalls:
    """An app and the calls with its tokens. `id` is empty where nobody says which app a token is of.

    `called` names it for a person; `tiers` are Meta's words for its access tier, as far as they were told. `others`
    are the calls with tokens of which nobody knows the app.
    """

    id: str
    called: str
    tiers: frozenset[str]
    tally: CallTally
    others: CallTally


def calls_by_app(rows: Sequence[Row], url: str, every: Sequence[Facts], now: datetime) -> tuple[AppCalls, ...]:
    """Return each app of the acting businesses, with the calls that were made with its tokens, old and new."""
    known = dict(apps_of(rows, url)) | {facts.fingerprint: app for facts in every if (app := _app(facts))}
    grouped: dict[str, list[Facts]] = {}
    for facts in every:
        grouped.setdefault(known.get(facts.fingerprint) or f"token {facts.fingerprint}", []).append(facts)
    told = {str(row["token"]) for row in rows if row.get("url") == url and row.get("token")}
    others = tally([row for row in rows if row.get("token")], url, now, told - known.keys() - _tokens(every))
    found = []
    for key, of_it in grouped.items():
        tokens = _tokens(of_it) | {token for token, app in known.items() if app == key}
        tiers = frozenset(facts.tier for facts in of_it) - {""}
        app = key if key in known.values() else ""
        found.append(AppCalls(app, _called(app, of_it), tiers, tally(rows, url, now, tokens), others))
    return tuple(found)


def app_rows(every: Sequence[Facts], url: str, now: datetime) -> Iterator[Row]:
    """Yield what is to be remembered: of which app each token is."""
    for token, app in {facts.fingerprint: app for facts in every if (app := _app(facts))}.items():
        yield app_row(url, token, app, now)


def _app(facts: Facts) -> str:
    return facts.token.app_id if isinstance(facts.token, f.TokenFacts) else ""


def _tokens(every: Sequence[Facts]) -> frozenset[str]:
    return frozenset(facts.fingerprint for facts in every)


def _called(app: str, of_it: Sequence[Facts]) -> str:
    names: Mapping[str, None] = dict.fromkeys(
        facts.token.app for facts in of_it if isinstance(facts.token, f.TokenFacts) and facts.token.app
    )
    if not app:
        return f"the app of the token of {of_it[0].business.alias}, which Meta did not name"
    return f"the app {quoted(next(iter(names)))} ({app})" if names else f"the app {app}"

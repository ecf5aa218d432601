"""Ask Meta about a token: about eight calls for each acting business, and none that is expected to be refused."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from accessctl.called import quoted
from accessctl.doctor import facts as f
from accessctl.doctor.answers import live_business, text_of, token_facts
from accessctl.doctor.ask_app import APPROVED, ask_app, ask_roles
from accessctl.doctor.ask_ending import ask_managed
from accessctl.doctor.needs import ADS_MANAGEMENT, ADS_READ, BUSINESS_MANAGEMENT
from accessctl.doctor.verification import Decision, decide
from accessctl.graph.batch import BatchRead
from accessctl.graph.errors import GraphError, Trouble, speaks_of_verification
from accessctl.model import Kind, Side

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from accessctl.doctor.needs import Needs
    from accessctl.graph.reader import Reader
    from accessctl.live.read import ActingBusiness

_ONE_FIELD = (Trouble.PERMISSION, Trouble.PARAMETER)
NODE_FIELDS = "id,name,two_factor_type,verification_status"


def ask(
    reader: Reader,
    acting: Sequence[ActingBusiness],
    needs: Mapping[str, Needs],
    tier: Callable[[], str] = lambda: "",
    *,
    is_provider: bool | None = None,
) -> tuple[f.Facts, ...]:
    """Return the facts of each acting business. `tier` tells the access tier that the last answers had.

    Where access verification is known to be missing, also by `is_provider`, calls that take it are not made.
    What Meta refuses is a fact, too. Raises GraphError where there is no connection.
    """
    return tuple(_Asking(reader, one, needs[one.business.id]).facts(tier, is_provider) for one in acting)


class _Asking:
    """The questions for one acting business; `codes` collects those of refusals, `unverified` the words of one."""

    def __init__(self, reader: Reader, acting: ActingBusiness, needs: Needs) -> None:
        self.reader = reader
        self.business = acting.business
        self.token = acting.token
        self.needs = needs
        self.codes: set[int] = set()
        self.system_users: tuple[str, ...] | f.Unread = f.NOT_ASKED
        self.unverified = ""

    def facts(self, tier: Callable[[], str], is_provider: bool | None) -> f.Facts:
        token, me, live = self._who()
        facts = self._app(f.Facts(self.business, token, me, live, f.NOT_ASKED), is_provider)
        belonging = f.NOT_ASKED if self._is_refused(facts, is_provider) else self._belonging(token, me, live)
        self._see_ad_account(token, belonging)
        is_seen = isinstance(belonging, f.Belonging) and belonging.home is not f.Home.OTHER
        is_seen = is_seen and _may_list(token, self.business.id)
        asked = self.needs if is_seen else None
        managed = ask_managed(self.reader, self.token, self.business.id, asked, token, self._unread)
        facts = replace(facts, belonging=belonging, managed=managed, system_users=self.system_users)
        return replace(facts, tier=tier(), codes=frozenset(self.codes), unverified=self.unverified)

    def _is_refused(self, facts: f.Facts, is_provider: bool | None) -> bool:
        """Tell whether it is known that access verification is missing, so that Meta refuses what takes it."""
        known = {"is_claimed": facts.is_claimed, "has_role": facts.has_role, "is_provider": is_provider}
        return decide(self.needs.permissions(), **known) is Decision.REFUSED

    def _app(self, facts: f.Facts, is_provider: bool | None) -> f.Facts:
        """Ask about the app, and who has a role on it where that decides something."""
        if isinstance(facts.me, f.Unread):
            return facts
        app, reviewed = ask_app(self.reader, self.token, facts.token, self._unread)
        facts = replace(facts, app=app, reviewed=reviewed)
        is_approved = not isinstance(reviewed, f.Unread) and set(reviewed.values()) <= {APPROVED}
        if not isinstance(app, f.AppFacts) or not app.claimant or (is_provider and is_approved):
            return facts
        user = facts.me.id if isinstance(facts.me, f.Me) else ""
        roles = ask_roles(self.reader, self.token, self.business.id, user, app, self._unread)
        return replace(facts, roles=roles)

    def _who(self) -> tuple[f.TokenFacts | f.Unread, f.Me | f.Unread, f.LiveBusiness | f.Unread]:
        """Ask three things in one request.

        debug_token wants the token as a parameter. In a batch it travels in the body of a POST, in no URL.
        """
        reads = (
            BatchRead(("debug_token",), {"input_token": self.token}),
            BatchRead(("me",), {"fields": "id,name"}),
            BatchRead((self.business.id,), {"fields": NODE_FIELDS}),
        )
        token, me, live = self.reader.batch(reads, self.token)
        if not isinstance(me, GraphError) and isinstance(live, GraphError) and _is_of_a_field(live):
            live = self._plain_business()
        return (
            self._unread(token) if isinstance(token, GraphError) else token_facts(token),
            self._unread(me) if isinstance(me, GraphError) else f.Me(text_of(me, "id"), text_of(me, "name")),
            self._unread(live) if isinstance(live, GraphError) else live_business(live),
        )

    def _plain_business(self) -> dict[str, object] | GraphError:
        """Ask without two_factor_type: one field that may not be read fails the whole read (GRAPH_API 1.1)."""
        try:
            return self.reader.get(self.token, self.business.id, fields="id,name")
        except GraphError as error:
            return error

    def _belonging(
        self, token: f.TokenFacts | f.Unread, me: f.Me | f.Unread, live: f.LiveBusiness | f.Unread
    ) -> f.Belonging | f.Unread:
        if isinstance(me, f.Unread) or isinstance(live, f.Unread):
            return f.NOT_ASKED
        if isinstance(token, f.TokenFacts) and token.type == f.USER:
            return self._of_person()
        if not _may_list(token, self.business.id) or (isinstance(token, f.TokenFacts) and token.type != f.SYSTEM_USER):
            return f.NOT_ASKED
        try:
            rows = self._rows_with_role(self.business.id, "system_users", "id,name")
        except GraphError as error:
            self.system_users = self._unread(error)
            return self.system_users
        self.system_users = tuple(text_of(row, "role") for row in rows)
        own = next((row for row in rows if row["id"] == me.id), None)
        return f.Belonging(f.Home.NOT_LISTED) if own is None else f.Belonging(f.Home.PROVED, role=text_of(own, "role"))

    def _rows_with_role(self, node: str, edge: str, fields: str) -> tuple[dict[str, object], ...]:
        """List users, without their role where that one field may not be read. Raises GraphError."""
        try:
            return self.reader.rows(self.token, node, edge, fields=f"{fields},role")
        except GraphError as error:
            if not _is_of_a_field(error):
                raise
            return self.reader.rows(self.token, node, edge, fields=fields)

    def _of_person(self) -> f.Belonging | f.Unread:
        """Ask in which businesses the person is; their members have other ids than the person (GRAPH_API 1.6)."""
        try:
            rows = self._rows_with_role("me", "business_users", "id,business{id,name}")
        except GraphError as error:
            return self._unread(error)
        homes = [(one, text_of(row, "role")) for row in rows if isinstance(one := row.get("business"), dict)]
        found = {text_of(one, "id"): text_of(one, "name") for one, _ in homes}
        for one, role in homes:
            if text_of(one, "id") == self.business.id:
                return f.Belonging(f.Home.PROVED, role=role)
        others = tuple(f"{quoted(name)} ({key})" if name else key for key, name in sorted(found.items()))
        return f.Belonging(f.Home.OTHER if others else f.Home.NOT_LISTED, others)

    def _see_ad_account(self, token: f.TokenFacts | f.Unread, belonging: f.Belonging | f.Unread) -> None:
        """Look at one ad account: only answers about one have the tier in their headers (GRAPH_API 5.1)."""
        scopes = token.scopes if isinstance(token, f.TokenFacts) else frozenset[str]()
        is_ours = isinstance(belonging, f.Belonging) and belonging.home is not f.Home.OTHER
        if not self.needs.ad_accounts or not is_ours or not scopes & {ADS_READ, ADS_MANAGEMENT}:
            return
        if not _may_list(token, self.business.id):
            return
        edge = "owned_ad_accounts" if self.needs.assets(Side.OWNER, Kind.AD_ACCOUNT) else "client_ad_accounts"
        try:
            page = self.reader.get(self.token, self.business.id, edge, fields="id", limit=1)
            rows = page.get("data")
            first = rows[0] if isinstance(rows, list) and rows and isinstance(rows[0], dict) else {}
            if node := text_of(first, "id"):
                self.reader.get(self.token, node, fields="id")
        except GraphError as error:
            self._unread(error)

    def _unread(self, error: GraphError) -> f.Unread:
        if error.trouble is Trouble.NETWORK:
            raise error
        self.codes |= {error.code} - {0}
        if speaks_of_verification(error.code, error.message):
            self.unverified = error.steady
        return f.Unread(error.what, error.code, token_refused=error.trouble is Trouble.TOKEN)


def _is_of_a_field(error: GraphError) -> bool:
    """Tell whether a read may do better without a field that it asked for."""
    return error.trouble in _ONE_FIELD and not speaks_of_verification(error.code, error.message)


def _may_list(token: f.TokenFacts | f.Unread, business: str) -> bool:
    """Tell whether Meta will list edges of the business; where debug_token has not answered it may."""
    if isinstance(token, f.Unread):
        return not token.token_refused
    covered = token.targets.get(BUSINESS_MANAGEMENT)
    return BUSINESS_MANAGEMENT in token.scopes and (covered is None or business in covered)

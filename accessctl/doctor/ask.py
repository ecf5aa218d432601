"""Ask Meta about a token: about eight calls for each acting business, and none that is expected to be refused."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from accessctl.called import quoted
from accessctl.doctor import facts as f
from accessctl.doctor.answers import live_business, roles, text_of, token_facts
from accessctl.doctor.ask_app import APPROVED, ask_app, ask_granted, ask_roles, is_of_a_field
from accessctl.doctor.ask_ending import ask_managed
from accessctl.doctor.needs import ADS_MANAGEMENT, ADS_READ, BUSINESS_MANAGEMENT
from accessctl.doctor.verification import Decision, Window, decide
from accessctl.graph.batch import BatchRead
from accessctl.graph.errors import GraphError, Trouble, speaks_of_verification
from accessctl.model import Kind, Side

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from accessctl.doctor.needs import Needs
    from accessctl.graph.reader import Reader
    from accessctl.graph.secret import Secret
    from accessctl.live.read import ActingBusiness

NODE_FIELDS = "id,name,two_factor_type,verification_status"


def ask(
    reader: Reader,
    acting: Sequence[ActingBusiness],
    needs: Mapping[str, Needs],
    tier: Callable[[Secret], str] = lambda _: "",
    *,
    is_provider: bool | None = None,
    window: Window = Window.NONE,
) -> tuple[f.Facts, ...]:
    """Return the facts of each acting business. `tier` tells the access tier that answers to a token had.

    Where access verification is known to be missing, also by `is_provider`, calls that take it are not made,
    unless the `window` runs in which Meta takes them all the same.
    What Meta refuses is a fact, too. Raises GraphError where there is no connection.
    """
    asking = [_Asking(reader, one, needs[one.business.id]) for one in acting]
    begun = _with_roles([one.begin(is_provider) for one in asking], asking)
    found = [one.facts(facts, tier, is_provider, window) for one, facts in zip(asking, begun, strict=True)]
    return tuple(replace(facts, tier=facts.tier or _tier_of_app(facts, found)) for facts in found)


def _with_roles(every: Sequence[f.Facts], asking: Sequence[_Asking]) -> list[f.Facts]:
    """Return the facts with who has a role on the app. Whichever token has listed that, it goes for all of the app."""
    told = {one.app_id: one.role_list for one in asking if not isinstance(one.role_list, f.Unread)}
    return [_with_role_list(facts, told) for facts in every]


def _with_role_list(facts: f.Facts, told: Mapping[str, dict[str, object]]) -> f.Facts:
    listed = told.get(facts.app.id) if isinstance(facts.app, f.AppFacts) and facts.app.claimant else None
    if listed is None or isinstance(facts.me, f.Unread):
        return facts
    return replace(facts, roles=roles(listed, facts.me.id))


def _tier_of_app(facts: f.Facts, every: Sequence[f.Facts]) -> str:
    """Return the tier that another token of the same app was told; the tier is the app's."""
    if not isinstance(facts.token, f.TokenFacts) or not facts.token.app_id:
        return ""
    same = (one for one in every if isinstance(one.token, f.TokenFacts) and one.token.app_id == facts.token.app_id)
    return next((one.tier for one in same if one.tier), "")


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
        self.app_id = ""
        self.role_list: dict[str, object] | f.Unread = f.NOT_ASKED

    def begin(self, is_provider: bool | None) -> f.Facts:
        """Ask who the token is, and about its app."""
        token, me, live = self._who()
        facts = f.Facts(self.business, token, me, live, f.NOT_ASKED)
        return self._app(replace(facts, granted=self._granted(facts)), is_provider)

    def facts(self, facts: f.Facts, tier: Callable[[Secret], str], is_provider: bool | None, window: Window) -> f.Facts:
        """Ask the rest, as far as what is known by now says that Meta would answer."""
        token = facts.token
        is_refused = self._is_refused(facts, is_provider, window)
        belonging = f.NOT_ASKED if is_refused else self._belonging(facts)
        self._see_ad_account(facts, belonging)
        is_seen = isinstance(belonging, f.Belonging) and belonging.home is not f.Home.OTHER
        is_seen = is_seen and _may_list(facts) and not self.unverified
        asked = self.needs if is_seen else None
        managed = ask_managed(self.reader, self.token, self.business.id, asked, token, self._unread)
        facts = replace(facts, belonging=belonging, managed=managed, system_users=self.system_users)
        facts = replace(facts, tier=tier(self.token), fingerprint=self.token.fingerprint)
        return replace(facts, codes=frozenset(self.codes), unverified=self.unverified)

    def _granted(self, facts: f.Facts) -> f.Granted | f.Unread:
        """Ask for permissions where debug_token has not told them, and of a person why there is one too few."""
        is_person = isinstance(facts.token, f.TokenFacts) and facts.token.type == f.USER
        is_short = is_person and not self.needs.permissions() <= (facts.scopes or frozenset())
        if isinstance(facts.me, f.Unread) or not (isinstance(facts.token, f.Unread) or is_short):
            return f.NOT_ASKED
        return ask_granted(self.reader, self.token, self._unread)

    def _is_refused(self, facts: f.Facts, is_provider: bool | None, window: Window) -> bool:
        """Tell whether it is known that access verification is missing, so that Meta refuses what takes it, or may."""
        known = {"is_claimed": facts.is_claimed, "has_role": facts.has_role, "is_provider": is_provider}
        return decide(self.needs.permissions(), **known, window=window) in (Decision.REFUSED, Decision.FADING)

    def _app(self, facts: f.Facts, is_provider: bool | None) -> f.Facts:
        """Ask about the app, and who has a role on it where that decides something."""
        if isinstance(facts.me, f.Unread):
            return facts
        app, reviewed = ask_app(self.reader, self.token, facts.token, facts.scopes, self._unread)
        facts = replace(facts, app=app, reviewed=reviewed)
        is_approved = not isinstance(reviewed, f.Unread) and set(reviewed.values()) <= {APPROVED}
        if not isinstance(app, f.AppFacts) or not app.claimant or (is_provider and is_approved):
            return facts
        self.app_id = app.id
        self.role_list = ask_roles(self.reader, self.token, self.business.id, app, self._unread)
        return replace(facts, roles=self.role_list) if isinstance(self.role_list, f.Unread) else facts

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
        if not isinstance(me, GraphError) and isinstance(live, GraphError) and is_of_a_field(live):
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

    def _belonging(self, facts: f.Facts) -> f.Belonging | f.Unread:
        token, me = facts.token, facts.me
        if isinstance(me, f.Unread) or isinstance(facts.live, f.Unread):
            return f.NOT_ASKED
        may_list = _may_list(facts)
        if isinstance(token, f.TokenFacts) and token.type == f.USER:
            found = self._of_person()
            if may_list and isinstance(found, f.Belonging) and found.home is f.Home.PROVED:
                self._list_system_users()
            return found
        if not may_list or (isinstance(token, f.TokenFacts) and token.type != f.SYSTEM_USER):
            return f.NOT_ASKED
        rows = self._list_system_users()
        if isinstance(rows, f.Unread):
            return rows
        own = next((row for row in rows if row["id"] == me.id), None)
        return f.Belonging(f.Home.NOT_LISTED) if own is None else f.Belonging(f.Home.PROVED, role=text_of(own, "role"))

    def _list_system_users(self) -> tuple[dict[str, object], ...] | f.Unread:
        """List the system users of the business, and note their roles. Its people may do so, too (GRAPH_API 1.3)."""
        try:
            rows = self._rows_with_role(self.business.id, "system_users", "id,name")
        except GraphError as error:
            self.system_users = self._unread(error)
            return self.system_users
        self.system_users = tuple(text_of(row, "role") for row in rows)
        return rows

    def _rows_with_role(self, node: str, edge: str, fields: str) -> tuple[dict[str, object], ...]:
        """List users, without their role where that one field may not be read. Raises GraphError."""
        try:
            return self.reader.rows(self.token, node, edge, fields=f"{fields},role")
        except GraphError as error:
            if not is_of_a_field(error):
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

    def _see_ad_account(self, facts: f.Facts, belonging: f.Belonging | f.Unread) -> None:
        """Look at one ad account: only answers about one have the tier in their headers (GRAPH_API 5.1)."""
        scopes = facts.scopes or frozenset()
        is_ours = isinstance(belonging, f.Belonging) and belonging.home is not f.Home.OTHER
        if not self.needs.ad_accounts or not is_ours or not scopes & {ADS_READ, ADS_MANAGEMENT}:
            return
        if not _may_list(facts) or self.unverified:  # one refusal for want of that is enough
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


def _may_list(facts: f.Facts) -> bool:
    """Tell whether Meta will list edges of the business; where nothing tells the permissions it may."""
    if facts.scopes is None:
        return not (isinstance(facts.token, f.Unread) and facts.token.token_refused)
    covered = facts.token.targets.get(BUSINESS_MANAGEMENT) if isinstance(facts.token, f.TokenFacts) else None
    return BUSINESS_MANAGEMENT in facts.scopes and (covered is None or facts.business.id in covered)

"""accessctl never probes by failing: what one refusal has told is not asked again (GRAPH_API 5.3)."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from accessctl.apply import GraphDoor, Outcome, Run, Writer
from accessctl.doctor.allowing import WRITING, not_allowed
from accessctl.doctor.ask import ask
from accessctl.doctor.facts import SYSTEM_USER, TokenFacts
from accessctl.doctor.findings import Level
from accessctl.doctor.needs import NEEDS, needs_of
from accessctl.doctor.permissions import permission_findings
from accessctl.errors import RefusedError
from accessctl.gate import check_tokens
from accessctl.graph.client import connect
from accessctl.graph.codes import classify
from accessctl.graph.errors import GraphError, Trouble
from accessctl.graph.lacking import ADMIN, VERIFICATION, lacking, lacking_to_write, named
from accessctl.graph.latch import LISTINGS, Latch, read_of
from accessctl.graph.secret import Secret
from accessctl.journal import Journal
from accessctl.live import ActingBusiness, read_live
from accessctl.live.obo import read_accounts
from accessctl.live.wanted import everything, wanted_of
from accessctl.model import Access, Asset, Business, Kind, Side, frozen
from accessctl.plan.nouns import Verb
from accessctl.sandbox import Sandbox
from accessctl.sandbox.edges_read import EDGES
from accessctl.sandbox.transport import SandboxTransport
from accessctl.sandbox.worldfile import load_world
from accessctl.workflow import Wish, plan_project
from tests.company import ACME, CLIENT, MEDIAHOUSE, NOW, SISTER, Company

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BUYER = ["ADVERTISE", "ANALYZE"]
TOKEN = f"sandbox-{ACME}"
CLAIMED = {"id": "4242", "name": "Access app", "business": CLIENT}  # by one who is no Tech Provider
BUSINESS_WIDE = "(#200) The caller needs business_management on this business"
LACKING_ADS = "(#200) Permissions error: the token lacks ads_read or ads_management"
OF_THE_OWNER = "(#200) Ad account owner has NOT granted ads_management or ads_read permission"
TO_GRANT = frozenset({"business_management", "ads_management"})


class Recorded(httpx.BaseTransport):
    """A sandbox whose refusals are written down; `refuse` gives a call, also one of a batch, other words."""

    def __init__(self, sandbox: Sandbox, refuse: Callable[[str], str]) -> None:
        self.inner = SandboxTransport(sandbox)
        self.refuse = refuse
        self.sent: list[str] = []
        self.refused: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self.inner.handle_request(request)
        body = json.loads(answer.read())
        if not isinstance(body, list):
            call = f"{request.method} {request.url.path.removeprefix('/v26.0/')}"
            status, body = self._heard(call, answer.status_code, body)
            return httpx.Response(status, json=body)
        form = dict(httpx.QueryParams(request.read().decode()))
        for read, entry in zip(json.loads(form["batch"]), body, strict=True):
            call = f"GET {read['relative_url'].partition('?')[0]}"
            entry["code"], inner = self._heard(call, entry["code"], json.loads(entry["body"]))
            entry["body"] = json.dumps(inner)
        return httpx.Response(200, json=body)

    def _heard(self, call: str, status: int, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self.sent.append(call)
        if words := self.refuse(call):
            status, body = 403, {"error": {"message": words, "code": 200, "type": "OAuthException"}}
        if "error" in body:
            self.refused.append(call)
        return status, body


@contextmanager
def recorded(company: Company, refuse: Callable[[str], str] = lambda _: "") -> Iterator[tuple[Any, Recorded]]:
    """Open a session to the company's world."""
    company.write()
    sandbox = Sandbox(load_world(company.directory / "world.yaml"))
    transport = Recorded(sandbox, refuse)
    clock = {"sleep": sandbox.pass_time, "clock": lambda: sandbox.elapsed}
    with connect(
        base_url="http://localhost", version="v26.0", app_secret=None, transport=transport, **clock
    ) as session:
        yield session, transport


def acting_of(company: Company) -> list[ActingBusiness]:
    ids = {alias: one["id"] for alias, one in company.manifest["businesses"].items()}
    return [
        ActingBusiness(Business(ids[alias], alias), Secret(f"sandbox-{ids[alias]}", "a token"))
        for alias in company.project["acts_as"]
    ]


def read(company: Company, refuse: Callable[[str], str] = lambda _: "") -> tuple[Access | GraphError, Recorded]:
    """Read live access; the error where that is what it ends with."""
    with recorded(company, refuse) as (session, transport):
        project = company.load()
        try:
            wanted = everything(project.desired, project.policy.acts_as)
            return read_live(session.reader, acting_of(company), wanted), transport
        except GraphError as error:
            return error, transport


def filled(company: Company, **token: object) -> Company:
    """Return a company with assets of all sides and kinds, whose token is as given."""
    for number in range(71, 75):
        company.asset("ad_account", f"own-{number}", str(number), agencies={"mediahouse": BUYER}, live={})
    company.asset("page", "own-page", "81", agencies={"mediahouse": ["ANALYZE"]}, live={MEDIAHOUSE: ["ANALYZE"]})
    company.asset("page", "other-page", "82", agencies={"mediahouse": ["ANALYZE"]}, live={})
    company.asset("ad_account", "theirs", "91", owner="client", agencies={"acme": BUYER}, live={ACME: BUYER})
    company.asset("page", "their-page", "92", owner="client", agencies={"acme": ["ANALYZE"]}, live={})
    company.world["tokens"] = {TOKEN: {"business": ACME, **token}} if token else {}
    return company


def unverified(company: Company) -> Company:
    filled(company).world["app"] = CLAIMED
    return company


def refusal(message: str, code: int = 200) -> GraphError:
    return GraphError("x", trouble=classify(403, code, message=message), code=code, message=message)


# -- what a refusal says --


@pytest.mark.parametrize(
    ("message", "code", "lacks"),
    [
        ("(#200) Permissions error: the token lacks business_management", 200, {"business_management"}),
        (BUSINESS_WIDE, 200, {"business_management"}),
        (LACKING_ADS, 200, {"ads_read", "ads_management"}),
        ("(#10) Requires pages_manage_metadata permission to manage the object", 10, {"pages_manage_metadata"}),
        ("(#283) That action requires an extended permission", 283, {"pages_show_list"}),
        ("(#294) Managing advertisements requires more", 294, {"ads_management"}),
        ("(#200) The business has not completed access verification as a Tech Provider", 200, {VERIFICATION}),
        (OF_THE_OWNER, 200, set()),
        ("(#200) The field user_access_expire_time takes business_management", 200, set()),
        ("(#200) user_access_expire_time takes business_management", 200, set()),
        ("(#200) Permissions error", 200, set()),
        ("(#200) Listing owned_pages is not allowed", 200, set()),
        ("(#100) business_management is no parameter", 100, set()),
        ("(#4) Application request limit reached for ads_management", 4, set()),
        ("Error validating access token: ads_management", 190, set()),
        ("(#3) Application does not have the capability to make this API call", 3, set()),
    ],
)
def test_a_refusal_names_what_the_token_lacks_by_its_words_or_its_code(message, code, lacks):
    assert lacking(refusal(message, code)) == lacks


@pytest.mark.parametrize("code", [283, 294])
def test_of_one_asset_of_many_a_code_without_words_says_nothing_of_the_token(code):
    assert named(refusal("(#1) Permissions error", code)) == set()


def test_a_write_may_lack_an_admins_role_too():
    employee = refusal("(#200) An employee's token may read, not write: the caller must be an admin")
    assert (lacking(employee), lacking_to_write(employee)) == (set(), {ADMIN})
    assert lacking_to_write(refusal("(#200) the caller must be an admin, with ads_management")) == {"ads_management"}


def test_trouble_that_passes_says_nothing_of_the_token():
    assert lacking(GraphError("x", trouble=Trouble.TRANSIENT, code=283)) == set()


def test_every_listing_of_a_business_is_known():
    there = {edge for kind, edge in EDGES if kind == "business"}
    assert there - LISTINGS.keys() == {"business_users"}  # which nothing asks of a business


# -- reads: one refusal of a business is enough --

NO_USE = [
    {"scopes": []},
    {"scopes": ["ads_management", "ads_read"]},
    {"kind": "page", "page": "81"},
    {"business": MEDIAHOUSE},
    {"kind": "user", "scopes": ["ads_management"]},
]


@pytest.mark.parametrize("token", NO_USE)
def test_a_token_that_may_see_nothing_of_its_business_is_refused_once(company, token):
    found, meta = read(filled(company, **token))
    assert isinstance(found, GraphError)
    assert "may see nothing of what acme (1001) owns" in found.what
    assert "business_management" in found.what
    assert len(meta.refused) == 1
    assert len(meta.sent) == 2  # who it is, and that one


@pytest.mark.parametrize("sides", ["owner", "agency", "both"])
def test_what_is_not_verified_is_refused_once_for_each_business(company, sides):
    unverified(company)
    company.project["acts_as"] = ["acme", "sister"]
    if sides != "both":
        left = {"owner": "client", "agency": "acme"}[sides]
        for section in ("ad_accounts", "pages"):
            assets = company.manifest[section].items()
            company.manifest[section] = {alias: one for alias, one in assets if one["owner"] != left}
    found, meta = read(company)
    assert isinstance(found, GraphError)
    assert "access verification" in found.what
    assert len(meta.refused) == 2
    assert {call.split("/")[0] for call in meta.refused} == {f"GET {ACME}", f"GET {SISTER}"}


@pytest.mark.parametrize("token", [{"scopes": []}, {}])
def test_assets_that_are_read_alone_cost_one_refusal_more(company, token):
    (filled(company, **token) if token else unverified(company)).write()
    with recorded(company) as (session, meta):
        project = company.load()
        selectors = [f"own-{number}" for number in range(71, 75)] + ["own-page", "other-page"]
        wanted = wanted_of(project.desired, project.policy.acts_as, selectors, ())
        live = read_live(session.reader, acting_of(company), wanted)
    assert len(meta.refused) == 2
    assert all(live.assets[asset].unreadable for asset in wanted.alone[ACME])
    assert len(live.assets) == 6


def test_on_behalf_of_requests_of_many_ad_accounts_are_refused_three_times_at_most(company):
    filled(company, scopes=["business_management"])
    accounts = [Asset(Kind.AD_ACCOUNT, str(number)) for number in range(71, 75)]
    with recorded(company) as (session, meta):
        (one,) = acting_of(company)
        read_live(session.reader, [one], everything(company.load().desired, (ACME,)))
        before = len(meta.refused)
        answers = read_accounts(session.reader, one.token, accounts)
    assert all(isinstance(answer, GraphError) for answer in answers)
    assert len(meta.refused) - before == 2


# -- reads: no more is left out than is refused alike --


def test_a_token_without_ads_permissions_reads_pages_and_asks_for_two_ad_accounts(company):
    for number in range(300, 420):
        company.asset("ad_account", f"a-{number}", str(number), agencies={"mediahouse": BUYER}, live={})
    found, meta = read(filled(company, scopes=["business_management"]))
    assert isinstance(found, Access)
    unreadable = {asset for asset, access in found.assets.items() if access.unreadable}
    assert len(meta.refused) == 3
    assert unreadable == {asset for asset in found.assets if asset.kind is Kind.AD_ACCOUNT and asset.id != "91"}
    assert all("lacks ads_read or ads_management" in found.assets[asset].unreadable for asset in unreadable)
    page = found.assets[Asset(Kind.PAGE, "81")]
    assert page.grants[MEDIAHOUSE].tasks == {"ANALYZE"}


def test_an_ad_account_that_was_not_asked_about_says_which_was(company):
    found, _ = read(filled(company, scopes=["business_management"]))
    assert isinstance(found, Access)
    first, last = (found.assets[Asset(Kind.AD_ACCOUNT, number)].unreadable for number in ("71", "74"))
    assert first == f"Meta refused GET act_71/agencies: {LACKING_ADS} (code 200)"
    assert last == f"not asked, as Meta refused GET act_72/agencies: {LACKING_ADS} (code 200)"


@pytest.mark.parametrize("words", [LACKING_ADS, OF_THE_OWNER, "(#200) Permissions error"])
@pytest.mark.parametrize("bad", ["71", "72", "73", "74"])
def test_one_ad_account_that_is_refused_hides_no_other_whatever_its_words(company, bad, words):
    filled(company).world["ad_accounts"][bad]["fault"] = {"code": 200, "message": words}
    found, _ = read(company)
    assert isinstance(found, Access)
    assert [one.asset.id for one in found.assets.values() if one.unreadable] == [bad]
    assert words in found.assets[Asset(Kind.AD_ACCOUNT, bad)].unreadable


@pytest.mark.parametrize("bad", ["81", "82"])
def test_one_page_that_is_refused_hides_no_other_whatever_its_words(company, bad):
    words = "(#200) Requires pages_manage_metadata permission to manage the object"
    filled(company).world["pages"][bad]["fault"] = {"code": 200, "message": words}
    found, _ = read(company)
    assert isinstance(found, Access)
    assert [one.asset.id for one in found.assets.values() if one.unreadable] == [bad]


def test_a_refusal_after_the_business_was_seen_is_that_listings_alone(company):
    found, _ = read(filled(company), lambda call: BUSINESS_WIDE * (call == f"GET {ACME}/agencies"))
    assert isinstance(found, Access)
    assert not any(one.unreadable for one in found.assets.values())
    assert any(BUSINESS_WIDE in note for note in found.notes)


@pytest.mark.parametrize("words", ["(#200) Permissions error", "(#10) Not allowed", "(#100) no such thing"])
def test_a_refusal_that_names_nothing_keeps_nothing_else_from_being_asked(company, words):
    found, meta = read(filled(company), lambda call: words * (call == f"GET {ACME}/clients"))
    assert isinstance(found, Access)
    assert {gap.side for gap in found.gaps} == {Side.AGENCY}
    assert {f"GET {ACME}/{edge}" for edge in ("owned_ad_accounts", "owned_pages", "agencies")} <= set(meta.sent)
    assert not any(one.unreadable for one in found.assets.values() if one.owner == ACME)
    assert meta.refused == [f"GET {ACME}/clients"]  # which is asked for once, for both kinds


def test_a_listing_that_lacks_a_permission_of_its_kind_ends_that_kind_alone(company):
    words = "(#200) Requires ads_management permission"
    found, meta = read(filled(company), lambda call: words * (call == f"GET {ACME}/client_ad_accounts"))
    assert isinstance(found, Access)
    assert f"GET {ACME}/client_pages" in meta.sent
    assert meta.refused.count(f"GET {ACME}/client_ad_accounts") == 1
    assert {gap.kind for gap in found.gaps} == {Kind.AD_ACCOUNT}


def test_a_token_with_all_permissions_costs_not_one_call_more(company):
    found, meta = read(filled(company))
    assert isinstance(found, Access)
    assert meta.refused == []
    assert len(meta.sent) == 11  # who, 2 owned, 2 Pages, clients, 4 of clients, agencies; and one name
    assert f"GET {ACME}/clients" == meta.sent[1]


def test_of_several_businesses_one_that_is_refused_keeps_no_other_from_being_read(company):
    company.asset("ad_account", "sisters", "77", owner="sister", agencies={"mediahouse": BUYER}, live={})
    company.project["acts_as"] = ["acme", "sister"]
    _, meta = read(filled(company, scopes=[]))
    assert [call for call in meta.refused if call.startswith(f"GET {SISTER}")] == []
    assert len(meta.refused) == 1


def test_one_bad_ad_account_on_a_later_page_costs_no_read_of_each(company):
    for number in range(300, 480):
        company.asset("ad_account", f"a-{number}", str(number), agencies={"mediahouse": BUYER}, live={})
    filled(company).world["ad_accounts"]["479"]["fault"] = {"code": 200, "message": LACKING_ADS}
    found, meta = read(company)
    assert isinstance(found, Access)
    assert [one.asset.id for one in found.assets.values() if one.unreadable] == ["479"]
    assert len([call for call in meta.sent if call.startswith("GET act_")]) <= 25


def test_nothing_of_a_business_is_asked_before_its_first_answer(company):
    another = threading.Event()

    def slow(call: str) -> str:
        """Hold the first answer back as long as another listing could be on its way."""
        if call.startswith(f"GET {ACME}/"):
            another.wait(0.0 if first else 0.5)
            first.append(call)
        return BUSINESS_WIDE * call.startswith(f"GET {ACME}/")

    first: list[str] = []
    found, meta = read(filled(company), slow)
    assert isinstance(found, GraphError)
    assert len(meta.refused) == 1


# -- the latch itself --

A_TOKEN = Secret("t", "a token")


def latched(*heard: tuple[str, str, GraphError | None], fields: str = "id") -> Callable[[str], bool]:
    """Return what tells whether a read is barred after these: node, edge and how it ended."""
    latch = Latch()
    for node, edge, error in heard:
        nested = "id,agencies{id}" if edge == "owned_ad_accounts" else fields
        latch.hear(read_of(A_TOKEN, (node, edge), {"fields": nested}), error)
    return lambda path: latch.refusal(read_of(A_TOKEN, path.split("/"), {"fields": fields})) is not None


WIDE, ADS, PAGES = refusal(BUSINESS_WIDE), refusal(LACKING_ADS), refusal("(#200) it takes pages_show_list")
ALL = ("owned_ad_accounts", "owned_pages", "client_ad_accounts", "client_pages", "clients", "agencies", "system_users")


def test_what_opens_all_listings_bars_all_of_that_business_and_of_no_other():
    barred = latched((ACME, "owned_pages", WIDE))
    assert all(barred(f"{ACME}/{edge}") for edge in ALL)
    assert not any(barred(f"{SISTER}/{edge}") for edge in ALL)
    assert not barred(ACME)


def test_where_a_listing_has_worked_no_other_bars_more_than_itself():
    barred = latched((ACME, "clients", None), (ACME, "owned_pages", WIDE))
    assert [edge for edge in ALL if barred(f"{ACME}/{edge}")] == ["owned_pages"]


@pytest.mark.parametrize(
    ("edge", "error", "expected"),
    [
        ("client_ad_accounts", ADS, ["owned_ad_accounts", "client_ad_accounts"]),
        ("client_pages", PAGES, ["owned_pages", "client_pages"]),
        ("client_pages", ADS, ["client_pages"]),
        ("clients", ADS, ["clients"]),
        ("owned_ad_accounts", ADS, []),  # the agencies inside take it, the listing may not
        ("owned_ad_accounts", WIDE, list(ALL)),
        ("clients", refusal("(#200) no"), []),
    ],
)
def test_what_opens_one_kind_bars_that_kind(edge, error, expected):
    barred = latched((ACME, edge, error))
    assert [one for one in ALL if barred(f"{ACME}/{one}")] == expected


def test_a_kind_that_has_worked_is_not_barred_by_another_listing_of_it():
    barred = latched((ACME, "client_pages", None), (ACME, "pending_client_pages", PAGES))
    assert [one for one in ALL if barred(f"{ACME}/{one}")] == []
    assert barred(f"{ACME}/pending_client_pages")


@pytest.mark.parametrize(
    ("heard", "is_barred"),
    [
        ([("act_71", "agencies", ADS)], False),
        ([("act_71", "agencies", ADS), ("act_71", "agencies", ADS)], False),
        ([("act_71", "agencies", ADS), ("act_72", "agencies", ADS)], True),
        ([("act_70", "agencies", None), ("act_71", "agencies", ADS), ("act_72", "agencies", ADS)], False),
        ([(ACME, "owned_ad_accounts", None), ("act_71", "agencies", ADS), ("act_72", "agencies", ADS)], False),
        ([(ACME, "owned_ad_accounts", ADS), ("act_71", "agencies", ADS)], False),  # may be the same one
        ([(ACME, "clients", ADS), ("act_71", "agencies", ADS)], True),
        ([("act_71", "agencies", refusal("no", 294)), ("act_72", "agencies", refusal("no", 294))], False),
        ([("act_71", "agencies", refusal(OF_THE_OWNER)), ("act_72", "agencies", refusal(OF_THE_OWNER))], False),
        ([("act_71", "onbehalf_requests", ADS), ("act_72", "onbehalf_requests", ADS)], False),
        ([("81", "agencies", ADS), ("82", "agencies", ADS)], False),
    ],
)
def test_ad_accounts_are_barred_when_two_are_refused_alike_and_none_was_read(heard, is_barred):
    assert latched(*heard)("act_99/agencies") == is_barred


# -- doctor --


@pytest.mark.parametrize("token", [{"kind": "user"}, {"kind": "system_user"}])
def test_doctor_asks_nothing_after_a_refusal_for_want_of_verification_that_must_be_refused_alike(company, token):
    filled(company, **token).world["app"] = CLAIMED
    with recorded(company) as (session, meta):
        project = company.load()
        needs = needs_of(project.desired, project.policy.acts_as)
        (facts,) = ask(session.reader, acting_of(company), needs)
    assert "access verification" in facts.unverified
    assert len([call for call in meta.refused if call.startswith(f"GET {ACME}/")]) == 1


# -- writes: what a token may not do is not begun --


def token_of(*scopes: str, targets: dict[str, list[str]] | None = None) -> TokenFacts:
    found = frozen({scope: frozenset(ids) for scope, ids in (targets or {}).items()})
    return TokenFacts(SYSTEM_USER, scopes=frozenset(scopes), targets=found)


def told(token: TokenFacts, *writes: tuple[Side, Asset]) -> str:
    return "; ".join(not_allowed(Business(ACME, "acme"), token, set(writes)))


OWN_ACCOUNT, OWN_PAGE = (Side.OWNER, Asset(Kind.AD_ACCOUNT, "71")), (Side.OWNER, Asset(Kind.PAGE, "81"))
THEIR_ACCOUNT, THEIR_PAGE = (Side.AGENCY, Asset(Kind.AD_ACCOUNT, "91")), (Side.AGENCY, Asset(Kind.PAGE, "92"))


@pytest.mark.parametrize(
    ("write", "scopes", "lacks"),
    [
        (OWN_ACCOUNT, {"business_management", "ads_management"}, ""),
        (OWN_ACCOUNT, {"business_management", "ads_read"}, "lacks ads_management,"),
        (OWN_ACCOUNT, {"business_management"}, "lacks ads_management,"),
        (OWN_ACCOUNT, {"ads_management"}, "lacks business_management,"),
        (OWN_ACCOUNT, set(), "lacks ads_management and business_management,"),
        (OWN_PAGE, {"business_management"}, ""),
        (OWN_PAGE, {"pages_manage_metadata", "pages_show_list"}, ""),  # a Page that is reached by these
        (OWN_PAGE, {"pages_show_list", "ads_management"}, "lacks business_management,"),
        (THEIR_ACCOUNT, {"business_management"}, ""),
        (THEIR_ACCOUNT, {"ads_management"}, "lacks business_management,"),
        (THEIR_PAGE, {"business_management"}, ""),
        (THEIR_PAGE, {"pages_manage_metadata", "pages_show_list"}, "lacks business_management,"),
    ],
)
def test_each_write_takes_the_permissions_of_its_side_and_kind(write, scopes, lacks):
    found = told(token_of(*scopes), write)
    assert (lacks in found) if lacks else not found
    assert found.count("lacks") == bool(lacks)


SCOPES = ("business_management", "ads_management", "ads_read", "pages_manage_metadata", "pages_show_list")


@pytest.mark.parametrize("write", [OWN_ACCOUNT, OWN_PAGE, THEIR_ACCOUNT, THEIR_PAGE])
def test_the_gate_lets_through_what_doctor_finds_no_problem_with(company, write):
    side, asset = write
    filled(company).write()
    project = company.load()
    needs = needs_of(project.desired, project.policy.acts_as)[ACME]
    (need,) = (one for one in NEEDS if one.id in WRITING and (one.side, one.kind) == (side, asset.kind))
    with company.connected() as (_, connection):
        (facts,) = ask(connection.reader, connection.acting, {ACME: needs})
    for chosen in product([False, True], repeat=len(SCOPES)):
        token = token_of(*(scope for scope, has in zip(SCOPES, chosen, strict=True) if has))
        found = permission_findings(replaced(facts, token), needs, "v26.0")
        is_problem = any(one.level is Level.PROBLEM and one.id == f"permission.{need.id}" for one in found)
        is_another_way = bool(need.better) and need.better <= token.scopes
        assert bool(told(token, write)) == (is_problem and not is_another_way), token.scopes


def replaced(facts: Any, token: TokenFacts) -> Any:
    return replace(facts, token=token)


@pytest.mark.parametrize(
    ("targets", "said"),
    [
        ({}, ""),
        ({"business_management": [ACME]}, ""),
        ({"business_management": [MEDIAHOUSE]}, f"covers {MEDIAHOUSE}, and not {ACME}"),
        ({"ads_management": ["71", "72"]}, ""),
        ({"ads_management": ["72"]}, "do not cover ad account 71"),
        ({"ads_management": [ACME]}, ""),  # all that the business owns
        ({"ads_read": ["72"], "pages_show_list": ["72"]}, ""),  # not what a grant takes
    ],
)
def test_a_permission_that_is_narrowed_is_one_for_what_it_names(targets, said):
    found = told(token_of(*TO_GRANT, targets=targets), OWN_ACCOUNT)
    assert (said in found) if said else not found


@pytest.mark.parametrize(
    ("token", "said"),
    [
        ({"scopes": ["business_management", "ads_read"]}, "the token of acme lacks ads_management, without which"),
        ({"granular_scopes": {"business_management": [MEDIAHOUSE]}}, f"covers {MEDIAHOUSE}, and not {ACME}"),
        ({"granular_scopes": {"ads_management": ["72", "73", "74"]}}, "do not cover ad account 71"),
    ],
)
def test_apply_begins_nothing_that_its_token_may_not_do(company, run, token, said):
    filled(company, **token).write()
    result = run("apply", "--auto-approve", "--sandbox", "world.yaml")
    assert result.returncode == 3
    assert "refused: " in result.stderr
    assert said in " ".join(result.stderr.split())
    assert "nothing was sent" in result.stderr
    assert company.writes == ()
    assert company.journal == []


def test_what_needs_no_more_than_the_token_has_is_applied(company, run):
    filled(company, scopes=["business_management", "ads_read"]).write()
    result = run("apply", "--auto-approve", "--sandbox", "world.yaml", "--target", "kind:page")
    assert result.returncode == 0
    assert {write.asset for write in company.writes} == {"82", "92"}


@pytest.mark.parametrize("answer", [{"data": {"is_valid": True}}, {"data": {"is_valid": False, "scopes": []}}, {}])
def test_a_token_whose_permissions_are_not_told_is_not_held_up(company, answer):
    with filled(company).connected() as (project, connection):
        saved = plan_project(project, connection, Wish(), NOW)
        connection.reader.batch = lambda *_: (answer,)
        check_tokens(saved, connection, NOW)


def test_permissions_that_are_told_to_be_none_are_none(company):
    with filled(company).connected() as (project, connection):
        saved = plan_project(project, connection, Wish(), NOW)
        connection.reader.batch = lambda *_: ({"data": {"is_valid": True, "scopes": []}},)
        with pytest.raises(RefusedError, match="the token of acme lacks ads_management and business_management"):
            check_tokens(saved, connection, NOW)


# -- writes: where nothing was told before --


def ended(result: Any) -> dict[str, str]:
    return {step.action.asset.id: step.outcome.value for step in result.steps}


def refused_writes(company: Company) -> list[str]:
    outcomes = [line for line in company.journal if line["event"] == "outcome"]
    return [line["action"] for line in outcomes if line["outcome"] == "failed"]


@pytest.mark.parametrize("parallelism", [1, 8])
def test_one_refusal_that_names_a_permission_ends_its_kind_of_call_and_no_other(company, parallelism):
    filled(company, scopes=["business_management", "ads_read"])
    for expected in ({"82": "applied", "92": "waiting_for_client"}, {}):  # nor is it tried more often the next time
        result = company.apply(parallelism=parallelism)
        accounts = [ended(result)[number] for number in ("71", "72", "73", "74")]
        assert sorted(accounts) == ["failed", "skipped", "skipped", "skipped"]
        assert {key: ended(result).get(key) for key in expected} == expected
    assert len(refused_writes(company)) == 2
    skipped = [step for step in result.steps if step.outcome is Outcome.SKIPPED]
    assert {step.text for step in skipped} == {
        "not tried: Meta has just refused another of this kind for want of ads_management"
    }
    assert "by hand" not in "".join(step.hint for step in skipped)


def test_an_employees_token_is_refused_once_for_each_kind_of_call(company):
    result = filled(company, role="employee").apply(parallelism=8)
    assert sorted(ended(result).values()).count("failed") == 3  # giving on ad accounts, on Pages; asking for a Page
    assert len(refused_writes(company)) == 3


@pytest.mark.parametrize("words", ["(#200) Permissions error: it takes ads_management", "(#200) Permissions error"])
def test_a_refusal_after_a_success_is_that_assets_alone(company, words):
    saved = filled(company).plan(Wish())
    actions = [one for one in saved.plan.actions if one.asset.kind is Kind.AD_ACCOUNT and one.verb is Verb.GRANT]
    with company.connected() as (_, connection):
        door = GraphDoor(connection.reader, connection.writer, connection.acting)
        real = door.send

        def send(action):
            if action.asset.id == "72":
                raise GraphError("Meta refused", trouble=Trouble.PERMISSION, code=200, message=words)
            return real(action)

        door.send = send
        with Journal(connection.journal, "r1") as journal:
            result = Run(Writer(door, journal, lambda _: None), {}).carry_out(actions, 1)
    assert ended(result) == {"71": "applied", "72": "failed", "73": "applied", "74": "applied"}


def test_a_refusal_that_names_no_permission_is_that_assets_alone(company):
    saved = filled(company).plan(Wish())
    actions = [one for one in saved.plan.actions if one.asset.kind is Kind.AD_ACCOUNT and one.verb is Verb.GRANT]
    with company.connected() as (_, connection):
        door = GraphDoor(connection.reader, connection.writer, connection.acting)
        real = door.send

        def send(action):
            if action.asset.id == "71":
                raise GraphError("Meta refused", trouble=Trouble.PERMISSION, code=200, message=OF_THE_OWNER)
            return real(action)

        door.send = send
        with Journal(connection.journal, "r1") as journal:
            result = Run(Writer(door, journal, lambda _: None), {}).carry_out(actions, 1)
    assert ended(result) == {"71": "failed", "72": "applied", "73": "applied", "74": "applied"}

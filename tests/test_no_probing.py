"""accessctl never probes by failing: what one refusal has told is not asked again (GRAPH_API 5.3)."""

from __future__ import annotations

import json
import random
import shutil
import threading
import time
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
from accessctl.graph.lacking import VERIFICATION, named
from accessctl.graph.latch import Latch
from accessctl.graph.secret import Secret
from accessctl.journal import Journal
from accessctl.live import ActingBusiness, read_live
from accessctl.live.wanted import everything, wanted_of
from accessctl.model import Access, Asset, Business, Kind, Side, frozen
from accessctl.plan.nouns import Verb
from accessctl.sandbox import Sandbox
from accessctl.sandbox import sandbox as sandbox_module
from accessctl.sandbox.transport import SandboxTransport
from accessctl.sandbox.wire import Refusal
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
OF_THE_OWNER = "(#200) Ad account owner has NOT grant ads_management or ads_read permission"  # Meta's own spelling
TO_GRANT = frozenset({"business_management", "ads_management"})


class Recorded(httpx.BaseTransport):
    """A sandbox whose refusals are written down; `refuse` gives a call, also one of a batch, other words.

    `query` does so for an edge with what is asked of it.
    """

    def __init__(self, sandbox: Sandbox, refuse: Callable[[str], str], query: Callable[[str], str]) -> None:
        self.inner = SandboxTransport(sandbox)
        self.refuse = refuse
        self.query = query
        self.sent: list[str] = []
        self.refused: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self.inner.handle_request(request)
        body = json.loads(answer.read())
        if not isinstance(body, list):
            call = f"{request.method} {request.url.path.removeprefix('/v26.0/')}"
            asked = f"{call}?{request.url.query.decode()}".partition("/")[2]
            status, body = self._heard(call, answer.status_code, body, self.query(f"/{asked}"))
            return httpx.Response(status, json=body)
        form = dict(httpx.QueryParams(request.read().decode()))
        for read, entry in zip(json.loads(form["batch"]), body, strict=True):
            call = f"GET {read['relative_url'].partition('?')[0]}"
            entry["code"], inner = self._heard(call, entry["code"], json.loads(entry["body"]))
            entry["body"] = json.dumps(inner)
        return httpx.Response(200, json=body)

    def _heard(self, call: str, status: int, body: dict[str, Any], said: str = "") -> tuple[int, dict[str, Any]]:
        self.sent.append(call)
        if words := said or self.refuse(call):
            status, body = 403, {"error": {"message": words, "code": 200, "type": "OAuthException"}}
        if "error" in body:
            self.refused.append(call)
        return status, body


@contextmanager
def recorded(
    company: Company, refuse: Callable[[str], str] = lambda _: "", query: Callable[[str], str] = lambda _: ""
) -> Iterator[tuple[Any, Recorded]]:
    """Open a session to the company's world."""
    company.write()
    sandbox = Sandbox(load_world(company.directory / "world.yaml"))
    transport = Recorded(sandbox, refuse, query)
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


def read(
    company: Company, refuse: Callable[[str], str] = lambda _: "", query: Callable[[str], str] = lambda _: ""
) -> tuple[Access | GraphError, Recorded]:
    """Read live access; the error where that is what it ends with."""
    with recorded(company, refuse, query) as (session, transport):
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
        ("(#283) That action requires an extended permission", 283, set()),
        ("(#294) Managing advertisements requires more", 294, set()),
        ("(#200) The business has not completed access verification as a Tech Provider", 200, {VERIFICATION}),
        (OF_THE_OWNER, 200, set()),
        (OF_THE_OWNER.replace("grant ", "granted "), 200, set()),
        ("(#200) The owners have not granted ads_read", 200, set()),
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
def test_a_refusal_names_what_the_token_lacks_by_its_words_alone(message, code, lacks):
    assert named(refusal(message, code)) == lacks


def test_trouble_that_passes_says_nothing_of_the_token():
    assert named(GraphError("x", trouble=Trouble.TRANSIENT, message=BUSINESS_WIDE)) == set()


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
    each = 2 if sides == "owner" else 1  # where the ends of the token are asked for, once more without these
    assert len(meta.refused) == 2 * each
    assert {call.split("/")[0] for call in meta.refused} == {f"GET {ACME}", f"GET {SISTER}"}


def test_of_several_businesses_each_that_is_not_verified_is_refused_once(company):
    unverified(company).project["acts_as"] = ["acme", "sister", "mediahouse"]
    found, meta = read(company)
    assert isinstance(found, GraphError)
    assert len(meta.refused) <= 3
    assert len(set(meta.refused)) == len(meta.refused)


@pytest.mark.parametrize("token", [{"scopes": []}, {}])
def test_each_asset_that_is_read_alone_is_asked_about_by_itself(company, token):
    (filled(company, **token) if token else unverified(company)).write()
    with recorded(company) as (session, meta):
        project = company.load()
        selectors = [f"own-{number}" for number in range(71, 75)] + ["own-page", "other-page"]
        wanted = wanted_of(project.desired, project.policy.acts_as, selectors, ())
        live = read_live(session.reader, acting_of(company), wanted)
    assert [call for call in meta.refused if call.startswith(f"GET {ACME}/")] == [f"GET {ACME}/agencies"]
    assert all(live.assets[asset].unreadable for asset in wanted.alone[ACME])
    assert len(live.assets) == 6


# -- reads: no more is left out than is refused alike --


def test_a_token_without_ads_permissions_reads_pages_and_says_of_each_ad_account_why_not(company):
    found, _ = read(filled(company, scopes=["business_management"]))
    assert isinstance(found, Access)
    unreadable = {asset for asset, access in found.assets.items() if access.unreadable}
    assert unreadable == {asset for asset in found.assets if asset.kind is Kind.AD_ACCOUNT and asset.id != "91"}
    for asset in unreadable:
        words = f"Meta refused GET act_{asset.id}/agencies: {LACKING_ADS} (code 200)"
        assert found.assets[asset].unreadable == words
    page = found.assets[Asset(Kind.PAGE, "81")]
    assert page.grants[MEDIAHOUSE].tasks == {"ANALYZE"}


@pytest.mark.parametrize("words", [LACKING_ADS, OF_THE_OWNER, "(#200) Permissions error"])
@pytest.mark.parametrize("bad", [["71"], ["74"], ["71", "72"], ["71", "72", "73"]])
def test_ad_accounts_that_are_refused_hide_no_other_whatever_their_words(company, bad, words):
    filled(company)
    for number in bad:
        company.world["ad_accounts"][number]["fault"] = {"code": 200, "message": words}
    found, _ = read(company)
    assert isinstance(found, Access)
    assert [one.asset.id for one in found.assets.values() if one.unreadable] == bad
    assert all(words in found.assets[Asset(Kind.AD_ACCOUNT, number)].unreadable for number in bad)


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


@pytest.mark.parametrize("edge", ["owned_ad_accounts", "owned_pages", "client_ad_accounts", "pending_client_pages"])
@pytest.mark.parametrize("words", [LACKING_ADS, "(#200) it takes pages_show_list", BUSINESS_WIDE])
def test_a_listing_that_is_refused_after_the_first_is_a_gap_of_itself_alone(company, edge, words):
    found, meta = read(filled(company), lambda call: words * (call == f"GET {ACME}/{edge}"))
    if isinstance(found, Access):
        assert {gap.reason for gap in found.gaps} == {f"Meta refused GET {ACME}/{edge}: {words} (code 200)"}
        assert len(found.gaps) == 1
    assert {call.split("/")[1] for call in meta.refused} == {edge}
    others = {"clients", "owned_ad_accounts", "owned_pages", "client_ad_accounts", "client_pages", "agencies"}
    assert {f"GET {ACME}/{one}" for one in others} <= set(meta.sent)


def test_a_listing_that_lacks_a_permission_of_its_kind_ends_that_kind_alone(company):
    words = "(#200) Requires ads_management permission"
    found, meta = read(filled(company), lambda call: words * (call == f"GET {ACME}/client_ad_accounts"))
    assert isinstance(found, Access)
    assert f"GET {ACME}/client_pages" in meta.sent
    assert set(meta.refused) == {f"GET {ACME}/client_ad_accounts"}
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


@pytest.mark.parametrize("kind", ["page", "ad_account"])
def test_a_field_that_takes_what_the_listing_does_not_is_left_out_and_the_listing_read(company, kind):
    company.asset(kind, "own", "71", agencies={"mediahouse": ["ANALYZE"]}, live={})
    found, _ = read(company, query=lambda call: BUSINESS_WIDE * ("user_access_expire_time" in call and "/" in call))
    assert isinstance(found, Access)
    assert not any(one.unreadable for one in found.assets.values())
    assert not found.gaps


def test_what_was_refused_in_one_look_is_asked_again_after_it(company):
    refused: list[str] = []

    def once(call: str) -> str:
        if refused or not call.startswith(f"GET {ACME}/"):
            return ""
        refused.append(call)
        return BUSINESS_WIDE

    with recorded(filled(company), once) as (session, _):
        wanted = everything(company.load().desired, (ACME,))
        with pytest.raises(GraphError, match="may see nothing of what acme"):
            read_live(session.reader, acting_of(company), wanted)
        (one,) = acting_of(company)
        assert session.reader.rows(one.token, ACME, "clients", fields="id")  # as apply does
        assert not read_live(session.reader, [one], wanted).gaps


# -- the latch itself --


def latched(*heard: tuple[str, GraphError | None], fields: str = "id") -> Callable[[str], bool]:
    """Return what tells whether a read is left out after these: path and how it ended."""
    latch = Latch([ACME, SISTER])
    for path, error in heard:
        latch.hear(path.split("/"), {"fields": fields}, error)
    return lambda path: latch.refusal(path.split("/")) is not None


WIDE, ADS = refusal(BUSINESS_WIDE), refusal(LACKING_ADS)
UNVERIFIED = refusal("(#200) The business has not completed access verification as a Tech Provider")
OWNED, CLIENTS = f"{ACME}/owned_pages", f"{ACME}/clients"


@pytest.mark.parametrize("error", [WIDE, UNVERIFIED])
def test_what_opens_all_listings_ends_all_of_that_business_and_of_no_other(error):
    is_barred = latched((CLIENTS, error))
    assert all(is_barred(f"{ACME}/{edge}") for edge in ("clients", "owned_pages", "agencies"))
    assert not is_barred(f"{SISTER}/owned_pages")
    assert not any(is_barred(path) for path in (ACME, "81", "81/agencies", "act_71/agencies"))


@pytest.mark.parametrize(
    "heard",
    [
        [(CLIENTS, None), (OWNED, WIDE)],
        [(CLIENTS, None), (CLIENTS, WIDE)],
        [(CLIENTS, ADS), (OWNED, WIDE)],
        [(CLIENTS, refusal("(#200) no")), (OWNED, WIDE)],
        [("act_71/agencies", WIDE), ("act_72/agencies", WIDE)],
        [("81", WIDE), ("82", WIDE), (ACME, WIDE)],
    ],
)
def test_nothing_else_ends_any_read(heard):
    is_barred = latched(*heard)
    assert not any(is_barred(path) for path in (CLIENTS, OWNED, ACME, "81", "81/agencies", "act_71/agencies"))


@pytest.mark.parametrize("fields", ["id,user_access_expire_time", "id,agencies.limit(100){id}"])
def test_a_read_with_a_field_that_may_be_refused_alone_does_not_tell_of_the_listing(fields):
    assert not latched((OWNED, WIDE), fields=fields)(OWNED)
    latch = Latch([ACME])
    latch.hear((ACME, "owned_pages"), {"fields": fields}, WIDE)
    assert not latch.answered[ACME].is_set()
    latch.hear((ACME, "owned_pages"), {"fields": "id"}, WIDE)
    assert latch.answered[ACME].is_set()
    assert latch.refusal((ACME, "clients")) is WIDE


# -- whole plans --

WANTS_METADATA = "(#200) Requires pages_manage_metadata permission to manage the object"


def many(company: Company, kind: str, number: int, bad: dict[int, str]) -> Company:
    """Return a company with so many assets, some of which Meta refuses in these words."""
    for n in range(number):
        more = {"fault": {"code": 200, "message": bad[n]}} if n in bad else {}
        company.asset(kind, f"a-{n:03}", str(1000000 + n), agencies={"mediahouse": ["ANALYZE"]}, live={}, **more)
    return company


@pytest.mark.parametrize(
    ("kind", "words"), [("ad_account", OF_THE_OWNER), ("ad_account", LACKING_ADS), ("page", WANTS_METADATA)]
)
@pytest.mark.parametrize("bad", [(0, 1), (30, 31), (58, 59)])
def test_two_assets_that_are_refused_block_themselves_alone(company, kind, words, bad):
    plan = many(company, kind, 60, dict.fromkeys(bad, words)).plan().plan
    assert len(plan.actions) == 58
    assert [row.asset.id for row in plan.blocked] == [str(1000000 + n) for n in bad]


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every answer a delay of its own, so that what is read side by side ends in another order each time."""
    answer, chance = SandboxTransport.handle_request, random.Random(7)

    def late(self: SandboxTransport, request: httpx.Request) -> httpx.Response:
        time.sleep(chance.random() * 0.004)
        return answer(self, request)

    monkeypatch.setattr(SandboxTransport, "handle_request", late)


def plans(company: Company, times: int = 20) -> set[tuple[str, int]]:
    """Plan so often, each time as if for the first time; return the digests and how many actions."""
    found = set()
    for _ in range(times):
        shutil.rmtree(company.directory / ".accessctl", ignore_errors=True)
        saved = company.plan()
        found.add((saved.digest, len(saved.plan.actions)))
    return found


def test_refused_assets_in_batches_that_race_make_one_plan(company, slow):
    bad = {n: WANTS_METADATA for n in range(50, 250) if n % 50 < 2} | dict.fromkeys(range(50), "(#200) no")
    found = plans(many(company, "page", 250, bad))
    assert {actions for _, actions in found} == {192}
    assert len(found) == 1


@pytest.mark.parametrize("edge", ["owned_ad_accounts", "client_ad_accounts", "owned_pages", "client_pages"])
def test_a_refused_listing_beside_others_makes_one_plan(company, slow, monkeypatch, edge):
    words = {"accounts": LACKING_ADS, "pages": "(#200) it takes pages_show_list"}[edge.rpartition("_")[2]]
    answer = sandbox_module.read

    def refusing(view: Any, *more: Any) -> Any:
        if view.call.path == f"{ACME}/{edge}":
            raise Refusal(200, words)
        return answer(view, *more)

    monkeypatch.setattr(sandbox_module, "read", refusing)
    filled(company).write()
    assert len(plans(company)) == 1


def test_pages_that_left_the_business_and_hide_keep_no_other_from_being_written_to(company, monkeypatch):
    many(company, "page", 6, {})
    gone = ("901", "902", "903")
    for number in gone:
        company.manifest["pages"][f"gone-{number}"] = {"id": number, "owner": "acme", "agencies": {}}
    answer = sandbox_module.read

    def refusing(view: Any, *more: Any) -> Any:
        if view.call.path in gone:
            raise Refusal(200, BUSINESS_WIDE)
        return answer(view, *more)

    monkeypatch.setattr(sandbox_module, "read", refusing)
    result = company.apply()  # plans and applies with one session
    assert set(ended(result).values()) == {"applied"}
    assert len(result.steps) == 6


def test_a_listing_that_is_refused_once_later_fails_that_step_alone(company, monkeypatch):
    for number in range(300, 308):
        company.asset("page", f"c-{number}", str(number), owner="client", agencies={"acme": ["ANALYZE"]}, live={})
    asked, answer = [], sandbox_module.read

    def refusing(view: Any, *more: Any) -> Any:
        if view.call.path == f"{ACME}/clients":
            asked.append(view.call.path)
            if len(asked) == 4:
                raise Refusal(200, BUSINESS_WIDE)
        return answer(view, *more)

    monkeypatch.setattr(sandbox_module, "read", refusing)
    result = company.apply(parallelism=1)
    assert sorted(ended(result).values()).count("waiting_for_client") == 7


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
        ({"ads_management": []}, ""),  # what that means is documented nowhere
        ({"business_management": [], "ads_management": []}, ""),
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
def test_two_assets_refused_in_words_that_name_a_permission_end_their_kind_of_call_and_no_other(company, parallelism):
    filled(company, scopes=["business_management", "ads_read"])
    for expected in ({"82": "applied", "92": "waiting_for_client"}, {}):  # nor is it tried more often the next time
        result = company.apply(parallelism=parallelism)
        accounts = [ended(result)[number] for number in ("71", "72", "73", "74")]
        assert sorted(accounts) == ["failed", "failed", "skipped", "skipped"]
        assert {key: ended(result).get(key) for key in expected} == expected
    assert len(refused_writes(company)) == 4
    skipped = [step for step in result.steps if step.outcome is Outcome.SKIPPED]
    assert {step.text for step in skipped} == {
        "not tried: Meta has just refused others of this kind for want of ads_management"
    }
    assert "by hand" not in "".join(step.hint for step in skipped)


def carried_out(company: Company, refused: dict[str, str], parallelism: int = 1) -> dict[str, str]:
    """Grant on the four ad accounts, of which Meta refuses some in these words; return how each ended."""
    saved = filled(company).plan(Wish())
    actions = [one for one in saved.plan.actions if one.asset.kind is Kind.AD_ACCOUNT and one.verb is Verb.GRANT]
    with company.connected() as (_, connection):
        door = GraphDoor(connection.reader, connection.writer, connection.acting)
        real = door.send

        def send(action):
            if words := refused.get(action.asset.id):
                raise GraphError("Meta refused", trouble=Trouble.PERMISSION, code=200, message=words)
            return real(action)

        door.send = send
        with Journal(connection.journal, "r1") as journal:
            return ended(Run(Writer(door, journal, lambda _: None), {}).carry_out(actions, parallelism))


FAILED, APPLIED, SKIPPED = "failed", "applied", "skipped"


@pytest.mark.parametrize(
    ("words", "refused", "expected"),
    [
        (LACKING_ADS, ["71"], [FAILED, APPLIED, APPLIED, APPLIED]),
        (LACKING_ADS, ["71", "72"], [FAILED, FAILED, SKIPPED, SKIPPED]),
        (LACKING_ADS, ["71", "73", "74"], [FAILED, APPLIED, FAILED, FAILED]),
        (LACKING_ADS, ["72", "73"], [APPLIED, FAILED, FAILED, APPLIED]),
        (OF_THE_OWNER, ["71"], [FAILED, APPLIED, APPLIED, APPLIED]),
        (OF_THE_OWNER, ["71", "72", "73"], [FAILED, FAILED, FAILED, APPLIED]),
        ("(#200) Permissions error", ["71", "72"], [FAILED, FAILED, APPLIED, APPLIED]),
    ],
)
def test_less_than_two_refusals_with_no_success_end_nothing(company, words, refused, expected):
    assert list(carried_out(company, dict.fromkeys(refused, words)).values()) == expected


@pytest.mark.parametrize("parallelism", [1, 8])
def test_of_the_words_about_one_ad_account_no_other_is_skipped(company, parallelism):
    found = carried_out(company, {"71": OF_THE_OWNER}, parallelism)
    assert found == {"71": FAILED, "72": APPLIED, "73": APPLIED, "74": APPLIED}

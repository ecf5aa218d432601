"""On-behalf-of requests: what their statuses mean, where they are looked for, and what is said of what is not seen."""

from __future__ import annotations

import gc
import json
import warnings
from datetime import timedelta
from pathlib import Path

import pytest

from accessctl.closed import USED, Closing, Evidence, closed_edges, evidence_of
from accessctl.connection import connect
from accessctl.graph.codes import classify
from accessctl.graph.errors import HINT_UNVERIFIED, GraphError, Trouble
from accessctl.limited import OBO_LISTS, REQUESTS_PAGE
from accessctl.live.obo import read_one
from accessctl.model import Access, Asset, Business, Kind
from accessctl.obo.hints import OF_REQUEST, of_request, unreadable
from accessctl.obo.look import LISTING, LISTING_ON_ACCOUNT, ONLY_IN_PROGRESS, OboLook
from accessctl.obo.requests import (
    FILTERS,
    STATUSES,
    End,
    NotKnown,
    OboRequest,
    OboRequests,
    Phase,
    Unread,
    Wish,
    asks,
    not_cancelable,
)
from accessctl.records import CLOSED
from accessctl.render.obo import names_of, obo_list_json, obo_list_text
from accessctl.render.obo_markdown import obo_list_markdown
from accessctl.render.paper import Paper
from accessctl.sandbox import Sandbox, load_world
from accessctl.sandbox.server import serve
from accessctl.sandbox.store import Store
from accessctl.way import Way
from tests.company import ACME, CLIENT, DATACO, MEDIAHOUSE, NOW, SISTER, STRANGER
from tests.hostile import names as hostile_names

SANDBOX = ("--sandbox", "world.yaml")
URL = "https://graph.facebook.com"


def request(status: str = "IN_PROGRESS", *, receiving: str = MEDIAHOUSE, requesting: str = ACME) -> OboRequest:
    return OboRequest("9001", "71", Business(receiving, name="R"), Business(requesting, name="S"), status)


@pytest.fixture
def asked(company):
    """Acme has got two requests on its ad accounts and has sent one to its sister."""
    for number in (71, 72):
        company.asset("ad_account", f"de-{number}", str(number), agencies={"mediahouse": ["ANALYZE"]}, live={})
    company.asset("ad_account", "unmanaged", "73", live={})
    company.world["obo_requests"] = {
        "9001": {"ad_account": "71", "receiving": ACME, "requesting": MEDIAHOUSE},
        "9002": {"ad_account": "72", "receiving": ACME, "requesting": DATACO, "status": "APPROVE"},
        "9003": {"ad_account": "73", "receiving": SISTER, "requesting": ACME},
        "9004": {"ad_account": "73", "receiving": ACME, "requesting": STRANGER, "status": "BRAND_NEW"},
    }
    return company


def nothing_kept(connection) -> Closing:
    return Closing((), connection.url, lambda: NOW)


def looked(company, wish=Wish(), account=None, closing=None) -> OboRequests:  # noqa: B008  frozen
    with company.connected() as (project, connection):
        look = OboLook(connection.reader, connection.acting, project.desired, closing or nothing_kept(connection))
        return look.on_accounts([account], wish) if account else look.everywhere(wish)


def ids(found: OboRequests) -> list[str]:
    return [one.id for one in found.requests]


@pytest.mark.parametrize("status", STATUSES)
def test_only_a_request_that_waits_and_that_we_have_sent_is_ours_to_cancel(status):
    waits = STATUSES[status][0] is Phase.WAITING
    assert (not_cancelable(request(status), [ACME]) == "") is waits
    reason = not_cancelable(request(status), [MEDIAHOUSE])
    assert ('only "S" (1001), who has sent it, can cancel it, and this project' in reason) is waits
    assert reason


def test_there_are_twelve_statuses_and_five_of_them_wait():
    assert len(STATUSES) == 12
    assert [status for status, (phase, _) in STATUSES.items() if phase is Phase.WAITING] == [
        "IN_PROGRESS",
        "PENDING",
        "PENDING_EMAIL_VERIFICATION",
        "PENDING_INTEGRITY_REVIEW",
        "MMA_DIRECT_ASSETS_PENDING",
    ]


@pytest.mark.parametrize("status", [*STATUSES, "BRAND_NEW"])
def test_only_what_waits_is_told_in_the_present(status):
    waits = STATUSES.get(status, (Phase.UNKNOWN, ""))[0] is Phase.WAITING
    assert asks(request(status)) == ("asks" if waits else "asked") + " to act on behalf of"


def test_who_got_a_request_is_told_to_answer_it_and_of_another_its_name_is_told():
    assert of_request(request(), [MEDIAHOUSE]).startswith("you answer it, in Business Settings > Requests, at https://")
    assert of_request(request(), [ACME]) == '"R" (2002) answers it, in Business Settings > Requests'


def test_where_meta_does_not_show_all_that_there_are_none_is_no_fact():
    shown = OboRequests(not_known=(NotKnown("Meta does not show us some", (ACME,)),))
    for found, said in (
        (OboRequests(), "No on-behalf-of requests."),
        (shown, "No on-behalf-of requests in what Meta shows us."),
        (OboRequests(unread=(Unread("act_71", "no"),)), "No on-behalf-of requests in what could be read."),
    ):
        names = names_of(Access({}, {}), found)
        assert said in obo_list_text(found, names, [ACME], Paper())
        assert said in obo_list_markdown(found, names, [ACME])


def test_a_request_is_shown_with_the_name_of_its_ad_account(asked, run):
    asked.asset("ad_account", "theirs", "74", owner="client", agencies={"acme": ["ANALYZE"]}, live={ACME: ["ANALYZE"]})
    asked.world["ad_accounts"]["74"]["name"] = "Theirs"
    asked.asset("ad_account", "hidden", "75", owner="client", agencies={"acme": ["ANALYZE"]}, live={})
    for number, account in (("9005", "74"), ("9006", "75")):
        asked.world["obo_requests"][number] = {"ad_account": account, "receiving": CLIENT, "requesting": ACME}
    asked.write()
    listed = json.loads(run("obo", "list", "--format", "json", *SANDBOX).stdout)["requests"]
    names = {one["id"]: one["ad_account"]["name"] for one in listed}
    assert names["9005"] == "Theirs"
    assert [one for one, name in names.items() if not name] == ["9006"]
    for one, name in names.items():
        shown = json.loads(run("obo", "show", one, "--format", "json", *SANDBOX).stdout)
        assert (one, shown["ad_account"]["name"]) == (one, name)


@pytest.mark.parametrize(("status", "near"), [("APPROVED", "APPROVE"), ("in-progress", "IN_PROGRESS")])
def test_a_status_that_is_nearly_one_is_told_as_meta_spells_it(asked, run, status, near):
    asked.write()
    found = run("obo", "list", "--status", status, *SANDBOX)
    assert found.returncode == 64
    assert f"(did you mean {near}?); there are APPROVE, CANCELED, DECLINE," in found.stderr
    assert "approve'" not in found.stderr


@pytest.mark.parametrize("status", ["approve", "Approve", "APPROVE"])
def test_a_status_is_taken_in_any_case_and_one_that_only_meta_knows_is_listed(asked, run, status):
    asked.write()
    found = json.loads(run("obo", "list", "--status", status, "--format", "json", *SANDBOX).stdout)
    assert [one["id"] for one in found["requests"]] == ["9002"]
    listed = json.loads(run("obo", "list", "--format", "json", *SANDBOX).stdout)
    assert "BRAND_NEW" in {one["status"] for one in listed["requests"]}


def test_a_status_nobody_knows_is_kept_and_never_canceled():
    assert request("BRAND_NEW").phase is Phase.UNKNOWN
    assert "nobody knows what its status BRAND_NEW means" in not_cancelable(request("BRAND_NEW"), [ACME])


def test_where_meta_no_longer_lists_a_whole_business_each_ad_account_is_asked_and_it_says_so(asked):
    found = looked(asked)
    assert ids(found) == ["9001", "9002", "9003", "9004"]
    assert found.is_whole
    (note,) = found.notes
    assert note.startswith("Meta no longer answers 1001/received_inprogress_onbehalf_requests, 1001/sent_")
    assert "each declared ad account, and each that it owns or that is shared with it, was asked instead" in note


def test_where_meta_lists_a_whole_business_no_ad_account_is_asked_and_it_says_what_is_not_listed(asked):
    asked.world["quirks"]["obo_business_edges"] = "open"
    found = looked(asked)
    assert (ids(found), found.notes) == (["9001", "9003"], (ONLY_IN_PROGRESS,))
    assert found.asked == frozenset()
    assert ids(looked(asked, Wish(end=End.SENT))) == ["9003"]
    assert ids(looked(asked, Wish("IN_PROGRESS"))) == ["9001", "9003"]
    assert ids(looked(asked, Wish("APPROVE"))) == ["9002"]  # only ad accounts have those


@pytest.mark.parametrize("status", [*STATUSES, "BRAND_NEW"])
def test_every_status_can_be_listed_by_though_meta_filters_three(asked, status):
    asked.world["obo_requests"] |= {
        f"91{number:02}": {"ad_account": "71", "receiving": ACME, "requesting": DATACO, "status": one}
        for number, one in enumerate((*STATUSES, "BRAND_NEW"))
    }
    found = looked(asked, Wish(status), Asset(Kind.AD_ACCOUNT, "71"))
    assert found.is_whole  # the sandbox refuses a filter that is none of the three
    assert {one.status for one in found.requests} == {status}
    assert len(found.requests) == 1 + (status == "IN_PROGRESS")
    assert len(FILTERS) == 3


def test_a_filtered_listing_of_many_pages_is_read_to_its_end(asked):
    asked.world["obo_requests"] |= {
        f"9{number}": {
            "ad_account": "71",
            "receiving": ACME,
            "requesting": DATACO,
            "status": ("APPROVE", "DECLINE")[number % 2],
        }
        for number in range(100, 550)
    }
    assert len(looked(asked, Wish("DECLINE"), Asset(Kind.AD_ACCOUNT, "71")).requests) == 225
    assert len(looked(asked, Wish(), Asset(Kind.AD_ACCOUNT, "71")).requests) == 451


def test_received_and_sent_are_told_apart(asked):
    assert ids(looked(asked, Wish(end=End.RECEIVED))) == ["9001", "9002", "9004"]
    assert ids(looked(asked, Wish(end=End.SENT))) == ["9003"]


def test_a_closed_listing_is_refused_once_and_then_remembered(asked, run):
    asked.write()
    first, second = (run("obo", "list", *SANDBOX) for _ in range(2))
    assert first.returncode == second.returncode == 0
    assert "no longer answers" in second.stdout
    with asked.connected() as (_, connection):
        rows = connection.records.read(CLOSED)
        recent = [row for row in connection.records.read(CLOSED) if row["business"] == ACME]
    assert {(row["edge"], row["code"]) for row in recent} == {
        ("GET received_inprogress_onbehalf_requests", 100),
        ("GET sent_inprogress_onbehalf_requests", 100),
    }
    assert len(rows) == 2
    assert set(rows[0]) == {"at", "url", "business", "edge", "code", "subcode", "token"}


def test_a_closed_edge_is_tried_again_after_a_season_and_only_at_the_same_place():
    row = {"at": NOW.isoformat(), "url": URL, "business": ACME, "edge": LISTING_ON_ACCOUNT, "code": 100, "subcode": 0}
    key, day = (ACME, LISTING_ON_ACCOUNT), timedelta(days=1)
    for code in (3, 10, 100, 200, 2500):
        assert closed_edges([row | {"code": code}], URL, NOW + day)[key].code == code
    assert key in closed_edges([row | {"at": NOW.isoformat(timespec="seconds")}], URL, NOW + day)
    assert not closed_edges([row], URL, NOW + USED)
    assert not closed_edges([row, row | {"open": True}], URL, NOW + day)
    assert not closed_edges([row], "sandbox:w.yaml", NOW)
    assert (SISTER, LISTING_ON_ACCOUNT) not in closed_edges([row, {"at": 1}, {}], URL, NOW)


def test_each_edge_that_is_looked_at_is_one_that_can_be_remembered():
    assert {*LISTING.values(), LISTING_ON_ACCOUNT} == set(OBO_LISTS)


@pytest.mark.parametrize(
    ("code", "message", "closed"),
    [
        (100, "(#100) Tried accessing nonexisting field (EDGE) on node type (Business)", True),
        (100, "(#100) EDGE is deprecated for versions v6.0 and higher", True),
        (100, "(#100) EDGE is no longer available", True),
        (2500, "Unknown path components: /EDGE", True),
        (100, "(#100) Tried accessing nonexisting field (status) on node type (Business)", False),
        (100, "(#100) Tried accessing nonexisting field (old_EDGE) on node type (Business)", False),
        (100, "(#100) EDGE needs a status", False),
        (10, "(#10) Application does not have permission for this action", False),
        (200, "(#200) The caller has no part in requests on this ad account", False),
        (3, "(#3) Application does not have the capability to make this API call", True),
        (10, "(#10) Application does not have the capability", True),
        (200, "(#200) The app lacks the capability", True),
        (100, "Object does not exist, cannot be loaded due to missing permissions", False),
        (200, "(#200) Requires business_management permission", False),
        (10, "(#10) The caller must be an admin of the business", False),
        (4, "(#4) Application request limit reached", False),
    ],
)
@pytest.mark.parametrize("edge", OBO_LISTS)
def test_only_a_refusal_that_speaks_of_the_edge_itself_closes_it(code, message, closed, edge):
    message = message.replace("EDGE", edge.removeprefix("GET "))
    trouble = classify(400, code, message=message)
    found = GraphError("no", trouble=trouble, code=code, message=message)
    assert (evidence_of(found, edge) is Evidence.CLOSED) is closed
    closing = Closing((), URL, lambda: NOW)
    closing.refused(ACME, edge, found)
    assert bool(closing.known(ACME, edge)) is closed
    assert trouble is not Trouble.TOKEN


@pytest.mark.parametrize("edge", ["GET clients", "POST client_pages", "GET ad_account/agencies"])
def test_that_an_edge_is_not_there_is_evidence_only_for_requests(edge):
    message = f"(#100) Tried accessing nonexisting field ({edge.rpartition(' ')[2]}) on node type (Business)"
    assert evidence_of(GraphError("no", trouble=Trouble.PARAMETER, code=100, message=message), edge) is Evidence.NONE


def test_an_ad_account_that_cannot_be_read_is_said_so_and_is_not_without_requests(asked, run):
    asked.world["ad_accounts"]["72"]["fault"] = {"code": 10, "message": "not today"}
    asked.write()
    found = run("obo", "list", *SANDBOX)
    assert found.returncode == 5
    assert "! act_72/onbehalf_requests could not be read, so requests there are not known" in found.stdout
    alone = run("obo", "list", "de-72", *SANDBOX)
    assert (alone.returncode, "No on-behalf-of requests in what could be read." in alone.stdout) == (5, True)
    assert json.loads(run("obo", "list", "de-72", "--format", "json", *SANDBOX).stdout)["is_complete"] is False


def test_a_listing_of_owned_ad_accounts_that_fails_leaves_the_answer_incomplete(asked):
    asked.world["faults"] = [{"match": f"GET {ACME}/owned_ad_accounts", "do": "html_200"} for _ in range(9)]
    found = looked(asked)
    assert ids(found) == ["9001", "9002"]  # the declared ones
    assert [one.what for one in found.unread] == [f"{ACME}/owned_ad_accounts"]


def test_where_the_edge_of_ad_accounts_is_closed_one_refusal_is_enough(asked):
    for number in ("71", "72", "73"):
        asked.world["ad_accounts"][number]["fault"] = {"code": 3, "message": "(#3) no capability"}
    with asked.connected() as (project, connection):
        closing = nothing_kept(connection)
        found = OboLook(connection.reader, connection.acting, project.desired, closing).everywhere(Wish("APPROVE"))
        assert len(found.unread) == 3
        assert connection.cost.errors == 1
        assert [one.edge for one in closing.found] == ["GET onbehalf_requests"]
        (known,) = {one.reason for one in found.unread[1:]}
        assert known == (
            f"Meta does not open {OBO_LISTS[LISTING_ON_ACCOUNT]} (GET onbehalf_requests) to this app (code 3 on "
            f"2026-11-21); look in Business Settings > Requests, at {REQUESTS_PAGE}?business_id={ACME}"
        )


@pytest.mark.parametrize("edge", OBO_LISTS)
def test_every_edge_of_requests_may_be_closed_like_the_others(asked, edge):
    asked.world["quirks"] |= {"obo_business_edges": "open", "closed": {edge: 3}}
    with asked.connected() as (project, connection):
        closing = nothing_kept(connection)
        wish = Wish("APPROVE" if edge == LISTING_ON_ACCOUNT else "IN_PROGRESS")
        found = OboLook(connection.reader, connection.acting, project.desired, closing).everywhere(wish)
        assert {(one.edge, one.code) for one in closing.found} == {(edge, 3)}
        assert found.is_whole is (edge != LISTING_ON_ACCOUNT)


def test_what_is_known_of_requests_is_no_part_of_live_access(asked, run):
    def digest() -> str:
        assert run("snapshot", "--out", "live.json", *SANDBOX).returncode == 0
        return json.loads((asked.directory / "live.json").read_text())["digest"]

    asked.write()
    before = digest()
    assert run("obo", "list", *SANDBOX).returncode == 0
    assert digest() == before


def test_where_nothing_can_be_kept_requests_are_listed_all_the_same_and_it_is_said(asked, run):
    asked.write()
    place = Store(asked.directory / ".accessctl" / "sandbox", asked.directory / "world.yaml").records
    place.parent.mkdir(parents=True)
    place.write_text("no directory")
    found = run("obo", "list", *SANDBOX)
    assert (found.returncode, "9001" in found.stdout) == (0, True)
    assert "what Meta does not open is tried again" in " ".join(found.stderr.split())


@pytest.mark.parametrize("shape", ["bare", "list"])
def test_one_request_is_read_bare_or_in_a_list(asked, run, shape):
    asked.world["quirks"]["obo_shape"] = shape
    asked.write()
    found = run("obo", "show", "9003", "--format", "json", *SANDBOX)
    assert found.returncode == 0
    assert json.loads(found.stdout) == {
        "id": "9003",
        "status": "IN_PROGRESS",
        "phase": "waiting",
        "ad_account": {"id": "73", "alias": "", "name": "Unmanaged"},
        "receiving_business": {"id": SISTER, "alias": "sister", "name": "Sister SA"},
        "requesting_business": {"id": ACME, "alias": "acme", "name": "Acme GmbH"},
        "ends": ["sent"],
        "why_not": "",
    }


@pytest.mark.parametrize(
    "answer",
    [
        {"id": "9002", "status": "IN_PROGRESS"},
        {"id": "9001"},
        {"id": "9001", "status": 1},
        {"id": "9001", "status": "X" * 300},
        {"data": []},
        {"data": [{"id": "9001"}, {"id": "9002"}]},
        {"id": "9001", "status": "PENDING", "receiving_business": {"id": "x"}},
        {"id": "9001", "status": "PENDING", "receiving_business": None, "requesting_business": {"id": "1"}},
    ],
)
def test_an_answer_that_is_no_request_is_not_taken_for_one(answer):
    class OneAnswer:
        def get(self, *_: object, **__: object) -> object:
            return answer

    with pytest.raises(GraphError) as caught:
        read_one(OneAnswer(), None, "9001")  # type: ignore[arg-type]
    assert caught.value.trouble is Trouble.INCOMPLETE


def test_a_request_nobody_may_see_is_an_error_with_a_next_step(asked, run):
    asked.write()
    found = run("obo", "show", "8888", *SANDBOX)
    assert (found.returncode, found.stdout) == (1, "")
    assert found.stderr.startswith("error: on-behalf-of request 8888 cannot be read:")
    assert "hint: accessctl obo list shows the requests there are" in found.stderr
    assert run("obo", "show", "act_1/../me", *SANDBOX).stderr.startswith("error: 'act_1/../me' is no id")


@pytest.mark.parametrize("command", ["show", "cancel"])
@pytest.mark.parametrize(
    ("request_id", "hint"),
    [
        (ACME, "check the id, accessctl obo list shows the requests there are; this one may be gone"),
        ("8888", "accessctl obo list shows the requests there are; this one may be gone"),
    ],
)
def test_an_id_that_is_no_request_is_told_with_a_hint_about_requests_and_none_about_manifests(
    asked, run, command, request_id, hint
):
    asked.write()
    found = run("obo", command, request_id, *SANDBOX)
    assert (found.returncode, found.stdout) == (1, "")
    assert found.stderr.startswith(f"error: on-behalf-of request {request_id} cannot be read:")
    assert f"hint: {hint}" in found.stderr
    assert "manifest" not in found.stderr


@pytest.mark.parametrize("trouble", [one for one in Trouble if one in OF_REQUEST])
def test_what_meta_names_as_the_reason_has_its_own_hint_also_of_a_request(trouble):
    plain = unreadable("9001", GraphError("no", trouble=trouble, code=77))
    assert (plain.hint, plain.trouble, plain.code) == (OF_REQUEST[trouble], trouble, 77)
    special = GraphError("no", trouble=trouble, code=200, message="business verification is missing")
    assert unreadable("9001", special).hint == special.hint == HINT_UNVERIFIED


@pytest.mark.parametrize("kind", ["text", "markdown", "json"])
def test_an_ad_account_whose_requests_cannot_be_listed_comes_with_what_to_do(asked, run, kind):
    asked.world["ad_accounts"]["72"]["fault"] = {"code": 100, "message": "Invalid parameter"}
    asked.write()
    found = run("obo", "list", "de-72", *SANDBOX, "--format", kind)
    said = " ".join(found.stdout.split()).replace("`", "")
    assert found.returncode == 5
    assert ("do: " if kind != "json" else '"do": "') + "check the id of the ad account, or look in Business" in said


def test_a_page_has_no_such_requests(asked, run):
    asked.asset("page", "shop", "81", agencies={}, live={})
    asked.write()
    assert run("obo", "list", "shop", *SANDBOX).stderr.startswith("error: shop is a Page")
    assert run("obo", "list", "--received", "--sent", *SANDBOX).returncode == 64
    assert run("obo", "list", "--status", "BRAND_NEW", *SANDBOX).returncode == 64


def test_an_agency_sees_the_requests_it_has_sent_to_its_clients(company):
    held = {ACME: ["ANALYZE"]}
    company.asset("ad_account", "theirs", "75", owner="client", agencies={"acme": ["ANALYZE"]}, live=held)
    company.world["obo_requests"] = {
        "9001": {"ad_account": "75", "receiving": "5005", "requesting": ACME},
        "9002": {"ad_account": "75", "receiving": "5005", "requesting": STRANGER},
    }
    assert ids(looked(company)) == ["9001"]


def test_text_names_both_businesses_with_their_ids_and_what_the_status_means(asked, run):
    asked.write()
    assert run("obo", "list", "de-71", *SANDBOX).stdout == (
        "9001  waits for an answer (IN_PROGRESS), received\n"
        "    from Mediahouse Ltd (mediahouse, 2002)\n"
        "    to act on behalf of Acme GmbH (acme, 1001)\n"
        "    on ad account de-71 (act_71)\n"
        "\n"
        "1 request: 1 waiting.\n"
    )
    readme = (Path(__file__).parent.parent / "README.md").read_text()
    assert run("obo", "list", "de-71", *SANDBOX).stdout in readme
    shown = run("obo", "list", "unmanaged", *SANDBOX)
    assert shown.returncode == 1  # no manifest has that alias
    assert "a status that accessctl does not know: BRAND_NEW" in run("obo", "list", "act_73", *SANDBOX).stdout


@pytest.mark.parametrize("name", hostile_names(60))
def test_names_of_strangers_are_harmless_in_every_format(asked, name):
    strange = OboRequest("9001", "71", Business(ACME, name=name), Business(STRANGER, name=name), name[:50] or "X")
    found = OboRequests((strange,), unread=(Unread("act_1/onbehalf_requests", name),))
    desired = asked_desired(asked)
    names = names_of(desired, found)
    text = obo_list_text(found, names, [ACME], Paper())
    assert all(line.isprintable() for line in text.splitlines())
    called = f"({STRANGER})" if name.strip() else f"business {STRANGER}"
    assert called in " ".join(text.split())
    assert json.loads(obo_list_json(found, names, [ACME]))["requests"][0]["requesting_business"]["name"] == name
    table = [line for line in obo_list_markdown(found, names, [ACME]).splitlines() if line.startswith("| `9001`")]
    assert len(table) == 1
    assert table[0].replace("\\|", "").count("|") == 7


def asked_desired(company):
    company.write()
    return company.load().desired


def test_the_sdk_and_accessctl_see_the_same_requests(asked, monkeypatch):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the SDK's own imports, not ours to mend
        from facebook_business.adobjects.adaccount import AdAccount
        from facebook_business.api import FacebookAdsApi
        from facebook_business.session import FacebookSession

    asked.write()
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    fields = ["id", "status", "receiving_business", "requesting_business"]
    with serve(Sandbox(load_world(asked.directory / "world.yaml"))) as server:
        monkeypatch.setattr(FacebookSession, "GRAPH", server.url)
        session = FacebookSession(access_token=f"sandbox-{ACME}", timeout=10)
        api = FacebookAdsApi(session, api_version="v26.0")
        theirs = {
            (row["id"], row["status"], row["receiving_business"]["id"], row["requesting_business"]["id"])
            for account in ("act_71", "act_72", "act_73")
            for row in AdAccount(account, api=api).get_on_behalf_requests(fields=fields)
        }
        session.requests.close()
        project, environ = asked.load(), {"ACCESSCTL_TOKEN": f"sandbox-{ACME}"}
        with connect(project, asked.directory, Way(graph_url=server.url), environ) as connection:
            closing = nothing_kept(connection)
            found = OboLook(connection.reader, connection.acting, project.desired, closing).everywhere(Wish())
    ours = {(one.id, one.status, one.receiving.id, one.requesting.id) for one in found.requests}
    assert ours == theirs
    assert len(ours) == 4
    del session, api
    gc.collect()
